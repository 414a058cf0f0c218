//! What is kept of a point: the numbers of each of its runs. Knows its shape; must not know what is made of it.

use super::hash::program;
use crate::experiment::batch::Batch;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tidegate_reports::model::{Judged, Program};
use tidegate_reports::objective::Objective;
use tidegate_reports::sweep::{Point, TOLD};
use tidegate_reports::values::{Quantity, RunValues, judge_runs};

/// `points/HASH.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// 1.
    pub schema: u32,
    /// The program that made it.
    pub tidegate: Program,
    /// What it is recognised by: the program, what the files mean with the settings, and the seeds.
    pub hash: String,
    /// The settings, for people.
    pub settings: Vec<String>,
    /// Seed and numbers of each run that came to its end.
    pub runs: Vec<(u64, RunValues)>,
    /// Seed and words of each broken invariant.
    pub broken: Vec<(u64, String)>,
    /// Hash of all decisions.
    pub digest: String,
}

impl Record {
    /// The name under which the record of a hash is kept.
    #[must_use]
    pub fn name(hash: &str) -> String {
        format!("points/{hash}.json")
    }

    /// Of the runs of a point.
    pub(super) fn new(hash: &str, settings: Vec<String>, batch: Batch) -> Self {
        let words = |broken: &crate::checker::Broken| format!("{} at {}: {}", broken.invariant, broken.at, broken.what);
        Self {
            schema: 1,
            tidegate: program(),
            hash: hash.to_owned(),
            settings,
            broken: batch.broken.iter().map(|(seed, broken)| (*seed, words(broken))).collect(),
            runs: batch.runs,
            digest: batch.digest,
        }
    }

    /// As it is kept, a line.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("text keys and nothing that can fail");
        bytes.push(b'\n');
        bytes
    }

    /// The record in bytes, if it is that of a hash: what is something else, or cut off, is simulated again.
    #[must_use]
    pub fn of(bytes: &[u8], hash: &str) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|record: &Self| record.schema == 1 && record.hash == hash)
    }

    /// Judges the runs, and takes the estimates that are told of every point.
    pub(super) fn point(&self, index: u32, place: Vec<usize>, about: &About<'_>) -> Point {
        let runs: Vec<&RunValues> = self.runs.iter().map(|(_, values)| values).collect();
        let keys = TOLD.into_iter().chain([about.show]);
        let estimate = |key: &str| {
            let found = Quantity::named(key)?.estimate(runs.iter().copied());
            found.value.map(|_| (key.to_owned(), found))
        };
        let estimates: BTreeMap<_, _> = keys.filter_map(estimate).collect();
        let judge = |objective: &Objective| -> Judged { judge_runs(objective, runs.iter().copied()) };
        Point {
            index,
            place,
            estimates,
            objectives: about.objectives.iter().map(judge).collect(),
            broken: !self.broken.is_empty(),
            digest: self.digest.clone(),
            reproduce: about.reproduce.clone(),
        }
    }
}

/// What a point's runs are held against, and what is told of it.
pub(super) struct About<'a> {
    pub(super) objectives: &'a [Objective],
    /// The key that the map shows.
    pub(super) show: &'a str,
    pub(super) reproduce: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_reports::values::RunValue;

    #[test]
    fn a_record_comes_back_to_the_last_bit() {
        let value = |value| RunValue { value, at_least: false };
        // A careless reader takes a few of a thousand numbers for their neighbours.
        let odd = |n: u64| tidegate_core::map::mix(n) as f64 / 7e15;
        let run: RunValues = (0..1_000).map(|n| (n.to_string(), value(odd(n)))).collect();
        let record = Record {
            schema: 1,
            tidegate: program(),
            hash: "abc".into(),
            settings: vec!["a=1".into()],
            runs: vec![(1, run)],
            broken: vec![(2, "I1".into())],
            digest: "d".into(),
        };
        assert_eq!(Record::of(&record.bytes(), "abc"), Some(record.clone()));
        assert_eq!(Record::of(&record.bytes(), "abd"), None, "of another point");
        let bytes = record.bytes();
        assert_eq!(Record::of(&bytes[..bytes.len() / 2], "abc"), None, "cut off");
    }
}
