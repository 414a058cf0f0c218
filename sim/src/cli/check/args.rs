//! Arguments that `check` alone has. Knows their words; must not know what is done with them.

use clap::Args;
use std::path::PathBuf;

/// What a check does beside judging.
#[derive(Debug, Args)]
pub(in crate::cli) struct More {
    /// Write a JUnit report: a test case for each scenario and objective
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
}
