//! `summary.json`. Knows JSON; must not know what the numbers mean.

use crate::model::Summary;

/// The text of `summary.json`.
#[must_use]
pub fn summary_json(summary: &Summary) -> String {
    let mut text = serde_json::to_string_pretty(summary).expect("a summary has text keys and nothing that can fail");
    text.push('\n');
    text
}
