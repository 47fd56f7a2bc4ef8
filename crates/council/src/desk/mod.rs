//! What people can do at the desk. The console, the command line and the tests call the same functions.

pub(crate) mod office;
