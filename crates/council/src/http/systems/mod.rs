//! What the council's other systems ask, by a token of their own.

pub(crate) mod appointments;
pub(crate) mod odata;
