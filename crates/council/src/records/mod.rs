//! Work on everything that the council holds: backups, retention, subject access, refolding, and
//! checking that nothing was altered.

pub mod backup;
pub mod drill_report;
pub mod logs;
pub mod nightly;
pub mod refold;
pub mod restore;
pub mod retention;
pub mod subject_access;
pub mod verify;
