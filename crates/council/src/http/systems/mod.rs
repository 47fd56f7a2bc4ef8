//! Requests from the council's other systems, each with its own token.

pub(crate) mod appointments;
pub(crate) mod backups;
pub(crate) mod odata;
