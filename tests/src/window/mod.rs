//! The app's real window, on a display and with a key store of its own. Tests drive it as a person
//! would, by what is on the screen.

mod desk;
mod driven;

pub use desk::{Desk, Look};
pub use driven::Window;
