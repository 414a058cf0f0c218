//! Tests from outside, in one binary.

mod action;
mod bad_input;
mod check;
mod cli;
mod compare;
mod daemon;
mod deploy;
mod determinism;
mod replay;
mod scenarios;
mod studies;
mod sweep;
mod theory;
mod tidy;
mod tune;

use tidegate_tests::Session;

/// A call of the program under test.
fn tidegate() -> Session {
    Session::new(env!("CARGO_BIN_EXE_tidegate-under-test"))
}
