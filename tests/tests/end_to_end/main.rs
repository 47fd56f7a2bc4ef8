//! The scenes. One binary, so that there is one link.

mod generated;
mod simulation;
mod window;
