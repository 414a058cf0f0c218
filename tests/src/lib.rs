//! Harness of the tests from outside: the house, a desk for files, a program to be driven, journals.
//!
//! Knows paths, processes and marked texts. Must not know what is right: that is said by the tests in `it/`.

pub mod daemon;
mod desk;
pub mod examples;
pub mod house;
pub mod journal;
mod marked;
pub mod relay;
pub mod rig;
pub mod sample;
mod session;
pub mod wait;

/// Whether what takes long is asked for: `TIDEGATE_LONG=1`.
#[must_use]
pub fn long() -> bool {
    std::env::var_os("TIDEGATE_LONG").is_some_and(|value| value == "1")
}

pub use desk::Desk;
pub use marked::Marked;
pub use session::{Ran, Session};
