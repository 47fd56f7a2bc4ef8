//! What is done with all that is held: backups, retention, subject access, checking that nothing
//! was altered.

pub mod backup;
pub mod refold;
pub mod retention;
pub mod subject_access;
pub mod verify;
