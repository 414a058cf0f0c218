//! `compare.json` and `compare.csv`. Knows the formats; must not know what the numbers mean.

use super::{Comparison, Difference, Says};
use serde::Serialize;

/// The text of `compare.json`.
///
/// # Panics
/// Never: every part of it can be written as JSON.
#[must_use]
pub fn json(comparison: &Comparison) -> String {
    serde_json::to_string_pretty(comparison).expect("data") + "\n"
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    variant: &'a str,
    measure: &'a str,
    unit: &'a str,
    base: Option<f64>,
    value: Option<f64>,
    difference: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    unpaired_low: Option<f64>,
    unpaired_high: Option<f64>,
    pairs: usize,
    says: Says,
}

/// The text of `compare.csv`: a row for each variant but the first and each quantity.
///
/// # Panics
/// Never: a vector takes all.
#[must_use]
pub fn csv(comparison: &Comparison) -> String {
    let mut out = csv::Writer::from_writer(Vec::new());
    for against in &comparison.against {
        for found in &against.differences {
            out.serialize(row(&against.name, found)).expect("a vector takes all");
        }
    }
    String::from_utf8(out.into_inner().expect("a vector flushes")).expect("it was text")
}

fn row<'a>(variant: &'a str, found: &'a Difference) -> Row<'a> {
    Row {
        variant,
        measure: &found.measure,
        unit: &found.unit,
        base: found.base,
        value: found.value,
        difference: found.difference.value,
        low: found.difference.low,
        high: found.difference.high,
        unpaired_low: found.unpaired.low,
        unpaired_high: found.unpaired.high,
        pairs: found.pairs,
        says: found.says,
    }
}
