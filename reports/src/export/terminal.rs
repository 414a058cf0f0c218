//! The result on one screen. Knows columns and colours; must not ask the environment for either.

use crate::model::Report;

/// The result on one screen of that many columns. `lies` says where the report is; empty when it was not written.
#[must_use]
pub fn terminal(report: &Report, width: usize, colour: bool, lies: &str) -> String {
    todo!("{} {width} {colour} {lies}", report.reproduce)
}
