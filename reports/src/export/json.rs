//! `summary.json` and `sweep.json`. Knows JSON; must not know what the numbers mean.

use crate::model::Summary;
use crate::sweep::Sweep;

/// The text of `summary.json`.
#[must_use]
pub fn summary_json(summary: &Summary) -> String {
    pretty(summary)
}

/// The text of `sweep.json`.
#[must_use]
pub fn sweep_json(sweep: &Sweep) -> String {
    pretty(sweep)
}

/// The same on one line.
#[must_use]
pub fn sweep_line(sweep: &Sweep) -> String {
    let mut text = serde_json::to_string(sweep).expect("a sweep has text keys and nothing that can fail");
    text.push('\n');
    text
}

fn pretty(results: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(results).expect("results have text keys and nothing that can fail");
    text.push('\n');
    text
}
