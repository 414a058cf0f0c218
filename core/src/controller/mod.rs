//! The controller.
pub mod phase;
