//! What changed since a base: a difference for each quantity, with an interval that tells a regression from noise. Knows runs
//! and intervals; must not know files, nor what is done about a regression.

mod base;

use crate::model::Estimate;
use crate::objective::{Bound, Objective};
use crate::student::{Spread, student_above};
use crate::values::{Quantity, RunValues};
pub use base::{Base, SCHEMA};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What is compared whatever the objectives are: how soon jobs start, what it costs, whether it is there.
const ALWAYS: [&str; 3] = ["start.p95", "cost", "availability"];
/// Student's interval of two values a side is wider than anything it could tell; of paired ones two will do.
const LEAST_UNPAIRED: usize = 3;

/// What a comparison is held to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// A change smaller than this share of the base is none that matters; of a measure that is a share itself, this part
    /// of what the base lacks to 1.
    pub tolerance: f64,
    /// How many comparisons are made in all: the intervals of all of them hold together with 95 % (Bonferroni).
    pub comparisons: usize,
}

/// What two sides were compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum How {
    /// Seed by seed: both sides saw the same load.
    Paired,
    /// Welch's interval of two means: the seeds differ.
    Unpaired,
    /// The same from the base's interval: it holds no numbers of runs.
    Intervals,
}

/// What became of a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// Clearly better, and by more than the tolerance.
    Improvement,
    /// No difference, or none that can be told from noise, or none that matters.
    NoDifference,
    /// It cannot be told.
    Unknown,
    /// Clearly worse, and by more than the tolerance.
    Regression,
}

/// A quantity, held against the base.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    /// Its key: `start.p95`.
    pub quantity: String,
    /// Its unit.
    pub unit: String,
    /// Its mean over the runs of the base.
    pub base: Option<f64>,
    /// Its mean over the runs held against it.
    pub now: Option<f64>,
    /// The difference, now less base, with its interval.
    pub difference: Estimate,
    /// By what.
    pub how: How,
    /// Runs of the base and runs held against them.
    pub runs: (usize, usize),
    /// What became of it.
    pub change: Change,
    /// Why it cannot be told, or does not matter; else empty.
    pub why: String,
}

/// What is compared of a scenario with these objectives, each quantity once.
#[must_use]
pub fn quantities(objectives: &[Objective]) -> Vec<Quantity> {
    let promised = objectives.iter().filter_map(Quantity::of_objective);
    let mut all: Vec<Quantity> = Vec::new();
    for quantity in promised.chain(ALWAYS.iter().filter_map(|key| Quantity::named(key))) {
        if !all.contains(&quantity) {
            all.push(quantity);
        }
    }
    all
}

/// Holds the runs of a scenario, by seed, against a base of the same scenario.
///
/// Where at least half the seeds of the smaller side are on both, the differences of the same seeds are a sample of their
/// own, with Student's interval; else it is Welch's (Biometrika 34, 1947, 28-35), with the degrees of freedom rounded down.
/// A regression is a difference whose interval lies wholly on the unfavourable side and which is larger than the tolerance.
///
/// # Panics
/// When the terms speak of no comparison.
#[must_use]
pub fn compare(base: &Base, now: &BTreeMap<u64, RunValues>, of: &[Quantity], terms: Terms) -> Vec<Compared> {
    assert!(terms.comparisons > 0, "at least the one that is made");
    of.iter().map(|quantity| Case::of(quantity, base, now).judged(quantity, terms)).collect()
}

/// A quantity on both sides.
struct Case {
    how: How,
    base: Option<Spread>,
    now: Option<Spread>,
    /// The differences of pairs.
    pairs: Option<Spread>,
    runs: (usize, usize),
    /// Whether the values of the base, and those held against it, are only known to be at least so much.
    at_least: (bool, bool),
}

impl Case {
    fn of(quantity: &Quantity, base: &Base, now: &BTreeMap<u64, RunValues>) -> Self {
        let (then, now) = (Sample::of(quantity, &base.runs), Sample::of(quantity, now));
        let shared: BTreeSet<u64> =
            then.by_seed.keys().filter(|seed| now.by_seed.contains_key(seed)).copied().collect();
        if shared.len() >= 2 && 2 * shared.len() >= then.by_seed.len().min(now.by_seed.len()) {
            let (then, now) = (then.only(&shared), now.only(&shared));
            let differences: Vec<f64> = then.values().iter().zip(now.values()).map(|(then, now)| now - then).collect();
            return Self { pairs: Spread::of(&differences), ..Self::unpaired(How::Paired, &then, &now) };
        }
        if !base.runs.is_empty() {
            return Self::unpaired(How::Unpaired, &then, &now);
        }
        let (spread, at_least) = base.spread(quantity);
        let old = Self { base: spread, ..Self::unpaired(How::Intervals, &then, &now) };
        Self { runs: (base.seeds.len(), old.runs.1), at_least: (at_least, old.at_least.1), ..old }
    }

    fn unpaired(how: How, then: &Sample, now: &Sample) -> Self {
        Self {
            how,
            base: Spread::of(&then.values()),
            now: Spread::of(&now.values()),
            pairs: None,
            runs: (then.by_seed.len(), now.by_seed.len()),
            at_least: (then.at_least, now.at_least),
        }
    }

    fn judged(&self, quantity: &Quantity, terms: Terms) -> Compared {
        let difference = self.difference(0.025 / terms.comparisons as f64);
        let (base, now) = (self.base.map(|spread| spread.mean), self.now.map(|spread| spread.mean));
        let (change, why) = match difference {
            Ok(difference) => self.change(quantity, difference, base.unwrap_or_default(), terms.tolerance),
            Err(why) => (Change::Unknown, why.to_owned()),
        };
        Compared {
            quantity: quantity.key(),
            unit: quantity.unit().to_owned(),
            base,
            now,
            difference: difference.map_or_else(
                |_| Estimate::default(),
                |[low, value, high]| Estimate { value: Some(value), low: Some(low), high: Some(high) },
            ),
            how: self.how,
            runs: self.runs,
            change,
            why,
        }
    }

    /// Lower end, value and upper end of the difference, each end with that risk; or why there is none.
    fn difference(&self, risk: f64) -> Result<[f64; 3], &'static str> {
        if let Some(pairs) = self.pairs {
            return Ok([pairs.end(-1.0, risk), pairs.mean, pairs.end(1.0, risk)]);
        }
        let enough = |runs: usize| self.how == How::Paired || runs >= LEAST_UNPAIRED;
        let (base, now) = match (self.base, self.now) {
            (Some(base), Some(now)) if enough(self.runs.0) && enough(self.runs.1) => (base, now),
            _ if self.runs.0 == 0 => return Err("the base has no such number"),
            _ if self.runs.1 == 0 => return Err("no samples"),
            _ => return Err("too few runs: --runs 10"),
        };
        let of = |spread: Spread| spread.variance / spread.count as f64;
        let error = of(base) + of(now);
        let value = now.mean - base.mean;
        let half = if error > 0.0 { student_above(freedom(base, now), risk) * error.sqrt() } else { 0.0 };
        Ok([value - half, value, value + half])
    }

    fn change(&self, quantity: &Quantity, [low, value, high]: [f64; 3], base: f64, tolerance: f64) -> (Change, String) {
        // Now all that is worse is above zero.
        let (low, value, high) = match quantity.bound() {
            Bound::AtMost => (low, value, high),
            Bound::AtLeast => (-high, -value, -low),
        };
        let least = tolerance * if quantity.unit() == "share" { (1.0 - base).max(0.0) } else { base.abs() };
        let (worse, better) = (low > 0.0, high < 0.0);
        let why = |text: &str| text.to_owned();
        match (worse, better, value.abs() > least) {
            (true, _, true) if self.at_least.0 => {
                (Change::Unknown, why("the base is only known to be at least so much"))
            }
            (_, true, true) if self.at_least.1 => (Change::Unknown, why("it is only known to be at least so much")),
            (true, _, true) => (Change::Regression, String::new()),
            (_, true, true) => (Change::Improvement, String::new()),
            (true, _, false) | (_, true, false) => {
                (Change::NoDifference, why("the difference is within the tolerance"))
            }
            (false, false, _) => (Change::NoDifference, String::new()),
        }
    }
}

/// The degrees of freedom of Welch and Satterthwaite, whole, and no fewer than those of the smaller side.
fn freedom(a: Spread, b: Spread) -> u32 {
    let of = |spread: Spread| (spread.variance / spread.count as f64, spread.count as f64 - 1.0);
    let ((a, a_free), (b, b_free)) = (of(a), of(b));
    let free = (a + b).powi(2) / (a * a / a_free + b * b / b_free);
    free.max(a_free.min(b_free)) as u32
}

/// The values of a quantity, by seed.
struct Sample {
    by_seed: BTreeMap<u64, f64>,
    at_least: bool,
}

impl Sample {
    fn of(quantity: &Quantity, runs: &BTreeMap<u64, RunValues>) -> Self {
        let key = quantity.key();
        let found: Vec<_> = runs.iter().filter_map(|(seed, run)| Some((*seed, *run.get(&key)?))).collect();
        Self {
            at_least: found.iter().any(|(_, value)| value.at_least),
            by_seed: found.into_iter().map(|(seed, value)| (seed, value.value)).collect(),
        }
    }

    fn only(mut self, seeds: &BTreeSet<u64>) -> Self {
        self.by_seed.retain(|seed, _| seeds.contains(seed));
        self
    }

    fn values(&self) -> Vec<f64> {
        self.by_seed.values().copied().collect()
    }
}

#[cfg(test)]
mod tests;
