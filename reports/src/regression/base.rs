//! The base of a comparison: what is taken of an earlier `summary.json`. Knows its keys; must not know where it lies.

use crate::estimate::student_95;
use crate::model::{Estimate, Input, Measure, Program};
use crate::objective::Of;
use crate::student::Spread;
use crate::values::{Quantity, RunValues};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The schema of `summary.json` that is read.
pub const SCHEMA: u32 = 1;

/// An earlier result.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Base {
    /// The program that made it.
    pub tidegate: Program,
    /// Its scenario.
    pub scenario: Input,
    /// Its policy.
    pub policy: Input,
    /// Its seeds.
    pub seeds: Vec<u64>,
    /// The numbers of its runs, by seed; empty in a summary of a program that did not write them.
    #[serde(default)]
    pub runs: BTreeMap<u64, RunValues>,
    /// What stands in for them: measures, by name.
    measures: BTreeMap<String, Measure>,
    /// The same of regional jobs.
    regional: BTreeMap<String, Measure>,
    /// Counts.
    counts: BTreeMap<String, Estimate>,
}

impl Base {
    /// A base that is nothing but runs, by seed.
    #[must_use]
    pub fn of_runs(runs: BTreeMap<u64, RunValues>) -> Self {
        Self { seeds: runs.keys().copied().collect(), runs, ..Self::default() }
    }

    /// Reads the text of a `summary.json`.
    ///
    /// # Errors
    /// Why it is none, and what to do.
    pub fn parse(text: &str) -> Result<Self, String> {
        let again = "write it anew with `tidegate run SCENARIO --out DIR`";
        let none = |error: serde_json::Error| format!("is no summary.json: {error}; {again}");
        let value: serde_json::Value = serde_json::from_str(text).map_err(none)?;
        match value.get("schema").map(serde_json::Value::as_u64) {
            Some(Some(schema)) if schema == u64::from(SCHEMA) => serde_json::from_value(value).map_err(none),
            Some(Some(schema)) => Err(format!("is a summary of schema {schema}, expected {SCHEMA}; {again}")),
            Some(None) | None => Err(format!("is no summary.json: it has no `schema`; {again}")),
        }
    }

    /// A quantity's mean and spread by its interval, where there are no numbers of runs; and whether it is only known to be
    /// at least so much.
    pub(super) fn spread(&self, quantity: &Quantity) -> (Option<Spread>, bool) {
        let (estimate, at_least) = self.estimate(quantity);
        let (Some(mean), Some(low), Some(high)) = (estimate.value, estimate.low, estimate.high) else {
            return (None, at_least);
        };
        let count = self.seeds.len();
        if count < 2 {
            return (None, at_least);
        }
        // An end may have been cut off where the measure ends; the other one is whole.
        let half = (mean - low).max(high - mean);
        let error = half / student_95(count as u32 - 1);
        (Some(Spread { count, mean, variance: error * error * count as f64 }), at_least)
    }

    fn estimate(&self, quantity: &Quantity) -> (Estimate, bool) {
        if quantity.unit() == "count" {
            return (self.counts.get(quantity.measure).copied().unwrap_or_default(), false);
        }
        let measures = if quantity.of == Of::All { &self.measures } else { &self.regional };
        let found = |measure: &Measure| {
            let at_least = measure.censored.iter().any(|stat| stat == quantity.stat.name());
            (quantity.stat.of(measure), at_least)
        };
        measures.get(quantity.measure).map_or_else(Default::default, found)
    }
}
