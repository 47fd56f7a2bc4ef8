//! What the council's other systems ask.

pub(crate) mod odata;
