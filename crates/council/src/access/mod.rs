//! Who may come in: roles, sessions, passwords, the second factor, tokens, the council's own
//! sign-in. There is no HTTP in it.

pub(crate) mod actor;
pub mod openid;
pub(crate) mod password;
pub(crate) mod roles;
pub(crate) mod second_factor;
pub(crate) mod session;
pub(crate) mod sign_in;
pub mod token;
