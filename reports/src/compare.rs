//! Variants of a scenario side by side: what differs between them, run by run with the same seeds, and how sure that is.
//! Knows numbers of runs; must not know how runs are made.

pub mod export;
pub mod page;
pub mod terminal;
pub(crate) mod words;

use crate::model::{Estimate, Input, Judged, Program};
use crate::objective::{Bound, Objective};
use crate::student::{Spread, student_above};
use crate::values::{Quantity, RunValues, judge_runs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is told of every variant on a screen, in this order, as keys of [`Quantity`]; and what objectives are about.
pub const TOLD: [&str; 9] = [
    "start.p50",
    "start.p95",
    "start.p99",
    "availability",
    "failoverTime.max",
    "cost",
    "jobsLost",
    "relaunches",
    "surplusReaped",
];

/// The chance that any of the intervals of one quantity misses its true difference.
const RISK: f64 = 0.05;

/// What a variant's runs came to.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Its name.
    pub name: String,
    /// The policy file.
    pub policy: Input,
    /// What was put over the files, as arguments.
    pub over: String,
    /// Hash of its decisions.
    pub digest: String,
    /// What it promises.
    pub objectives: Vec<Objective>,
    /// By run, in the order of the seeds, which are the same for all.
    pub runs: Vec<RunValues>,
}

/// `compare.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// 1.
    pub schema: u32,
    /// The program.
    pub tidegate: Program,
    /// The scenario file.
    pub scenario: Input,
    /// What the scenario says of itself.
    pub about: String,
    /// The seeds, the same for every variant.
    pub seeds: Vec<u64>,
    /// The variants; the first is the one the others are held against.
    pub variants: Vec<Variant>,
    /// Each of the others against the first.
    pub against: Vec<Against>,
    /// The command that does the same again.
    pub reproduce: String,
}

/// One variant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// The policy file.
    pub policy: Input,
    /// What was put over the files, as arguments.
    pub over: String,
    /// Hash of its decisions.
    pub digest: String,
    /// By [`Quantity::key`].
    pub measures: BTreeMap<String, Estimate>,
    /// Judged.
    pub objectives: Vec<Judged>,
}

/// A variant against the first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// Its name.
    pub name: String,
    /// What came of it, in words.
    pub verdict: String,
    /// By quantity, in the order of [`Quantity::all`].
    pub differences: Vec<Difference>,
}

/// How much more a variant has of a quantity than the first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// [`Quantity::key`].
    pub measure: String,
    /// `s`, `share`, `USD`, `ratio` or `count`.
    pub unit: String,
    /// Of the first.
    pub base: Option<f64>,
    /// Of the variant.
    pub value: Option<f64>,
    /// The mean of the runs' differences, with an interval that holds for all variants at once.
    pub difference: Estimate,
    /// The same without pairing, to see what the common random numbers gain.
    pub unpaired: Estimate,
    /// Runs in which both have it.
    pub pairs: usize,
    /// Whether that of the first is only known to be at least so much: jobs that never started, a failover not over.
    pub base_at_least: bool,
    /// Whether that of the variant is.
    pub value_at_least: bool,
    /// What the interval says.
    pub says: Says,
    /// How many runs would tell, if the difference is what it looks like; `None` when it is told, or looks like nothing.
    pub runs_to_tell: Option<u32>,
}

/// What the interval of a difference says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Says {
    /// It holds zero, or there is none, or the side that looks larger may be larger still.
    #[default]
    CannotTell,
    /// All runs agree that there is none.
    Same,
    /// It lies on the wanted side.
    Better,
    /// It lies on the other side.
    Worse,
}

impl Difference {
    /// Of a quantity, between the runs of two variants, as one of so many comparisons with the same base.
    #[must_use]
    pub fn of(quantity: Quantity, base: &[RunValues], other: &[RunValues], comparisons: usize) -> Self {
        let key = quantity.key();
        let both = |(a, b): (&RunValues, &RunValues)| Some((*a.get(&key)?, *b.get(&key)?));
        let pairs: Vec<_> = base.iter().zip(other).filter_map(both).collect();
        let [first, second]: [Vec<f64>; 2] =
            [pairs.iter().map(|(a, _)| a.value).collect(), pairs.iter().map(|(_, b)| b.value).collect()];
        let differences: Vec<f64> = first.iter().zip(&second).map(|(a, b)| b - a).collect();
        let risk = RISK / 2.0 / comparisons.max(1) as f64;
        let difference = paired(&differences, risk);
        let open = (pairs.iter().any(|(a, _)| a.at_least), pairs.iter().any(|(_, b)| b.at_least));
        let says = says(&difference, quantity.bound(), open);
        let mean = |values: &[f64]| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        Self {
            unit: quantity.unit().to_owned(),
            base: mean(&first),
            value: mean(&second),
            difference,
            unpaired: unpaired(&first, &second, risk),
            pairs: pairs.len(),
            base_at_least: open.0,
            value_at_least: open.1,
            says,
            runs_to_tell: runs_to_tell(&difference, pairs.len()).filter(|_| open == (false, false)),
            measure: key,
        }
    }

    /// The difference over the base's value; `None` of a base of zero.
    #[must_use]
    pub fn relative(&self) -> Option<Estimate> {
        let base = self.base.filter(|base| *base != 0.0)?.abs();
        let over = |value: Option<f64>| value.map(|value| value / base);
        let Estimate { value, low, high } = self.difference;
        Some(Estimate { value: over(value), low: over(low), high: over(high) })
    }
}

/// Student's interval of a mean of differences: also of percentiles, for runs are independent and the mean of their
/// differences is what is asked for.
fn paired(differences: &[f64], risk: f64) -> Estimate {
    let Some(spread) = Spread::of(differences) else {
        return Estimate { value: differences.first().copied(), low: None, high: None };
    };
    Estimate { value: Some(spread.mean), low: Some(spread.end(-1.0, risk)), high: Some(spread.end(1.0, risk)) }
}

/// Welch's interval of the difference of two means, for runs that have nothing in common (B. L. Welch, Biometrika 34, 1947).
fn unpaired(base: &[f64], other: &[f64], risk: f64) -> Estimate {
    let (Some(a), Some(b)) = (Spread::of(base), Spread::of(other)) else { return Estimate::default() };
    let [va, vb] = [a, b].map(|spread| spread.variance / spread.count as f64);
    let mean = b.mean - a.mean;
    if va + vb == 0.0 {
        return Estimate { value: Some(mean), low: Some(mean), high: Some(mean) };
    }
    let freedom = (va + vb).powi(2) / (va.powi(2) / (a.count as f64 - 1.0) + vb.powi(2) / (b.count as f64 - 1.0));
    let half = student_above((freedom.floor() as u32).max(1), risk) * (va + vb).sqrt();
    Estimate { value: Some(mean), low: Some(mean - half), high: Some(mean + half) }
}

/// What is only known to be at least so much is no better than anything, and nothing is worse than it.
fn says(difference: &Estimate, wanted: Bound, open: (bool, bool)) -> Says {
    match signed(difference, wanted) {
        Says::Worse if open.0 => Says::CannotTell,
        Says::Better if open.1 => Says::CannotTell,
        Says::Same if open.0 || open.1 => Says::CannotTell,
        said @ (Says::Worse | Says::Better | Says::Same | Says::CannotTell) => said,
    }
}

fn signed(difference: &Estimate, wanted: Bound) -> Says {
    let (Some(low), Some(high)) = (difference.low, difference.high) else { return Says::CannotTell };
    let less = wanted == Bound::AtMost;
    match (low, high) {
        (0.0, 0.0) => Says::Same,
        (low, _) if low > 0.0 => {
            if less {
                Says::Worse
            } else {
                Says::Better
            }
        }
        (_, high) if high < 0.0 => {
            if less {
                Says::Better
            } else {
                Says::Worse
            }
        }
        _ => Says::CannotTell,
    }
}

/// The half width of an interval falls with the root of the number of runs.
fn runs_to_tell(difference: &Estimate, runs: usize) -> Option<u32> {
    let (mean, low, high) = (difference.value?, difference.low?, difference.high?);
    if mean == 0.0 || low > 0.0 || high < 0.0 {
        return None;
    }
    let needed = runs as f64 * ((high - low) / 2.0 / mean).powi(2);
    (needed <= 1e6).then_some(needed.ceil() as u32)
}

/// Holds every variant against the first. The caller fills `tidegate`, `scenario`, `about`, `seeds` and `reproduce`.
///
/// # Panics
/// Without a variant.
#[must_use]
pub fn compare(measured: &[Measured]) -> Comparison {
    let (base, others) = measured.split_first().expect("there is something to compare");
    let variants: Vec<Variant> = measured.iter().map(judged).collect();
    let against = |(other, variant): (&Measured, &Variant)| {
        let of = |quantity| Difference::of(quantity, &base.runs, &other.runs, others.len());
        let differences: Vec<Difference> = Quantity::all().map(of).filter(|found| found.pairs > 0).collect();
        let verdict = words::verdict(&variants[0], variant, &differences);
        Against { name: other.name.clone(), verdict, differences }
    };
    let against = others.iter().zip(&variants[1..]).map(against).collect();
    Comparison { schema: 1, variants, against, ..Comparison::default() }
}

fn judged(variant: &Measured) -> Variant {
    let runs = &variant.runs;
    Variant {
        name: variant.name.clone(),
        policy: variant.policy.clone(),
        over: variant.over.clone(),
        digest: variant.digest.clone(),
        measures: Quantity::all()
            .map(|quantity| (quantity.key(), quantity.estimate(runs)))
            .filter(|(_, estimate)| estimate.value.is_some())
            .collect(),
        objectives: variant.objectives.iter().map(|objective| judge_runs(objective, runs)).collect(),
    }
}

impl Comparison {
    /// The keys that are told of on a screen: the usual ones and those of the objectives, as far as they were measured.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        let objectives = self.variants.first().map(|variant| &variant.objectives[..]).unwrap_or_default();
        let of_objective = |judged: &Judged| {
            let of = if judged.of == "regional" { "regional." } else { "" };
            [format!("{of}{}.{}", judged.measure, judged.stat), format!("{of}{}", judged.measure)]
        };
        let asked: Vec<String> = objectives.iter().flat_map(of_objective).collect();
        let told = |key: &str| TOLD.contains(&key) || asked.iter().any(|asked| asked == key);
        let all = self.against.first().map(|against| &against.differences[..]).unwrap_or_default();
        all.iter().map(|difference| difference.measure.clone()).filter(|key| told(key)).collect()
    }
}

impl Against {
    /// The difference of a quantity.
    #[must_use]
    pub fn of(&self, key: &str) -> Option<&Difference> {
        self.differences.iter().find(|difference| difference.measure == key)
    }
}

#[cfg(test)]
pub(crate) mod tests;
