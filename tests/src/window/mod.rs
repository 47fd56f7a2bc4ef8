//! The real window on a display of its own, with a key store of its own, driven as a person would:
//! by what is on it.

mod desk;
mod driven;

pub use desk::{Desk, Look};
pub use driven::Window;
