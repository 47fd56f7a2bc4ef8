//! Who may come in: roles, sessions, passwords, the second factor, tokens, the council's own sign-in. There is no HTTP in it.

pub mod openid;
pub(crate) mod seats;
pub(crate) mod second_factor;
pub(crate) mod token;
