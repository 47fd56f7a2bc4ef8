//! Who may use the service: roles, sessions, passwords, the second factor, tokens, and sign-in with
//! the council's own accounts. Nothing here depends on HTTP.

pub(crate) mod accounts;
pub(crate) mod actor;
pub mod openid;
pub(crate) mod openid_attempt;
pub(crate) mod passkey;
pub(crate) mod password;
pub(crate) mod roles;
pub(crate) mod second_factor;
pub(crate) mod session;
pub(crate) mod sign_in;
pub mod token;
