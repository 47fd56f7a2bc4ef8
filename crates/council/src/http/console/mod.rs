//! The console's requests, with one file for each page.

pub(crate) mod accounts;
pub(crate) mod appointments;
pub(crate) mod audit;
pub(crate) mod cases;
pub(crate) mod code;
pub(crate) mod concerns;
pub(crate) mod exports;
pub(crate) mod no_access;
pub(crate) mod openid;
pub(crate) mod own_sessions;
pub(crate) mod pages;
pub(crate) mod passkeys;
pub(crate) mod people;
pub(crate) mod phones;
pub(crate) mod reports;
pub(crate) mod safeguarding;
pub(crate) mod set_aside;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod today;
pub(crate) mod visits;
