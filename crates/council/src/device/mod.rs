//! What phones can do: enrol, send records and photos, and learn what is new.

pub(crate) mod ingest;
pub(crate) mod photo_upload;
