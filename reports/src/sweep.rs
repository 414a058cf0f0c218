//! What a sweep came to: its axes, its points, and which of them is best. Knows points and verdicts; must not know how
//! runs are made, nor how a sweep is drawn.

pub mod effect;
pub mod front;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

use crate::model::{Estimate, Input, Judged, Program, Verdict};
use crate::objective::Bound;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is told of every point beside its objectives, as keys of [`crate::values::Quantity`].
pub const TOLD: [&str; 4] = ["cost", "start.p95", "availability", "failoverTime.max"];

/// What the Pareto front weighs up against each other; the less the better of each.
pub const WEIGHED: [&str; 3] = ["cost", "start.p95", "failoverTime.max"];

/// `sweep.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sweep {
    /// 1.
    pub schema: u32,
    /// The program.
    pub tidegate: Program,
    /// The scenario file.
    pub scenario: Input,
    /// The policy file.
    pub policy: Input,
    /// What the scenario says of itself.
    pub about: String,
    /// The seeds, the same at each point.
    pub seeds: Vec<u64>,
    /// How points were chosen.
    pub design: Design,
    /// What was varied.
    pub axes: Vec<Axis>,
    /// What the map of the sweep shows.
    pub map: Map,
    /// By index.
    pub points: Vec<Point>,
    /// The command that does the same again.
    pub reproduce: String,
}

/// How points were chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Design {
    /// Every value of each axis with every value of the others.
    Grid,
    /// A Latin hypercube: each axis is cut into as many parts as there are points, and each part is drawn from once.
    LatinHypercube,
}

/// What was varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// The path of the value within the files, as it was given.
    pub path: String,
    /// The values that occur, in the order of the axis.
    pub values: Vec<AxisValue>,
    /// `s` where the values are durations, else empty.
    pub unit: String,
}

/// A value of an axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AxisValue {
    /// As it stands in a setting.
    pub text: String,
    /// As a number, where all values of the axis are such; durations in seconds.
    pub number: Option<f64>,
}

/// What the map shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Map {
    /// Which axis runs from left to right.
    pub x: usize,
    /// Which runs upwards; `None` with one axis.
    pub y: Option<usize>,
    /// Which measure, as a key of a point's estimates.
    pub show: String,
}

/// What the runs with one choice of values came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Its number, from 0.
    pub index: u32,
    /// Which value it has on each axis.
    pub place: Vec<usize>,
    /// Estimates by key, of [`TOLD`] and of what the map shows; what was not measured is left out.
    pub estimates: BTreeMap<String, Estimate>,
    /// The scenario's objectives, judged.
    pub objectives: Vec<Judged>,
    /// Whether an invariant broke: a bug, and nothing is judged by it.
    pub broken: bool,
    /// Hash of all decisions of its runs.
    pub digest: String,
    /// The command that simulates this point alone and writes its report.
    pub reproduce: String,
}

/// What the objectives of a point come to: the worst of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// All are met.
    Met,
    /// There are none.
    NoObjectives,
    /// One can be said neither to be met nor to be missed.
    Inconclusive,
    /// One is missed.
    Missed,
    /// An invariant broke.
    Broken,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Met, Self::NoObjectives, Self::Inconclusive, Self::Missed, Self::Broken];

    /// Its name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NoObjectives => "noObjectives",
            Self::Inconclusive => "inconclusive",
            Self::Missed => "missed",
            Self::Broken => "broken",
        }
    }
}

impl Point {
    /// By how much its objectives are missed in all, each as a share of its limit, of a share as one of what may be lost.
    fn short(&self) -> f64 {
        let one = |judged: &Judged| {
            let value = judged.estimate.value?;
            let way = if judged.bound == Bound::AtMost.name() { value - judged.limit } else { judged.limit - value };
            let size = if judged.unit == "share" { 1.0 - judged.limit } else { judged.limit.abs() };
            Some(way.max(0.0) / if size > 0.0 { size } else { 1.0 })
        };
        self.objectives.iter().filter_map(one).sum()
    }

    /// What its objectives come to.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let any = |verdict| self.objectives.iter().any(|objective| objective.verdict == verdict);
        match () {
            () if self.broken => Outcome::Broken,
            () if any(Verdict::Missed) => Outcome::Missed,
            () if any(Verdict::Inconclusive) => Outcome::Inconclusive,
            () if self.objectives.is_empty() => Outcome::NoObjectives,
            () => Outcome::Met,
        }
    }

    /// Whether nothing speaks against it: all objectives are met, or the scenario sets none.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.outcome() <= Outcome::NoObjectives
    }

    /// The estimate of a key; empty where it was not measured.
    #[must_use]
    pub fn estimate(&self, key: &str) -> Estimate {
        self.estimates.get(key).copied().unwrap_or_default()
    }

    /// The value of a key that can be shown.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<f64> {
        self.estimate(key).value.filter(|value| value.is_finite())
    }
}

impl Sweep {
    /// How many points came to this.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.points.iter().filter(|point| point.outcome() == outcome).count()
    }

    /// The cheapest point against which nothing speaks; of equals the first. `None` where no point is such.
    #[must_use]
    pub fn best(&self) -> Option<&Point> {
        self.cheapest(self.points.iter().filter(|point| point.is_good()))
    }

    /// The best point, or where there is none, of those that miss the fewest objectives, that which misses them by the least:
    /// the one around which the effect of each axis is shown. `None` without points.
    #[must_use]
    pub fn centre(&self) -> Option<&Point> {
        self.best().or_else(|| {
            let of =
                |point: &Point, verdict| point.objectives.iter().filter(|judged| judged.verdict == verdict).count();
            let rank = |point: &Point| (point.broken, of(point, Verdict::Missed), of(point, Verdict::Inconclusive));
            let least = self.points.iter().map(rank).min()?;
            let nearest = self.points.iter().filter(|point| rank(point) == least).collect::<Vec<_>>();
            let short = nearest.iter().map(|point| point.short()).min_by(f64::total_cmp)?;
            self.cheapest(nearest.into_iter().filter(|point| point.short() <= short))
        })
    }

    fn cheapest<'a>(&self, points: impl Iterator<Item = &'a Point>) -> Option<&'a Point> {
        let cost = |point: &Point| point.value("cost").unwrap_or(f64::INFINITY);
        points.min_by(|a, b| cost(a).total_cmp(&cost(b)))
    }

    /// The values of a point in words: `queueDepth=60, failover.mode=automatic`.
    #[must_use]
    pub fn words(&self, point: &Point) -> String {
        let axes = self.axes.iter().zip(&point.place);
        let parts: Vec<String> = axes.map(|(axis, at)| format!("{}={}", axis.path, axis.text(*at))).collect();
        parts.join(", ")
    }

    /// How often each objective is not met, by its key, those that stand in the way most often first.
    #[must_use]
    pub fn hurdles(&self) -> Vec<(String, usize)> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for judged in self.points.iter().flat_map(|point| &point.objectives) {
            *counts.entry(key_of(judged)).or_default() += usize::from(judged.verdict != Verdict::Met);
        }
        let mut counts: Vec<(String, usize)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }
}

impl Axis {
    /// The text of a value.
    #[must_use]
    pub fn text(&self, at: usize) -> &str {
        self.values.get(at).map_or("", |value| value.text.as_str())
    }
}

/// The key of a judged objective, as [`crate::values::Quantity::key`] writes it.
#[must_use]
pub fn key_of(judged: &Judged) -> String {
    let of = if judged.of == "regional" { "regional." } else { "" };
    let several = crate::objective::measure(&judged.measure).is_some_and(|spec| spec.stats.len() > 1);
    if several { format!("{of}{}.{}", judged.measure, judged.stat) } else { format!("{of}{}", judged.measure) }
}
