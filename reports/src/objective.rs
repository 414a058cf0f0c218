//! Objectives: which measures and statistics exist, and when one is met. Knows limits and intervals; must not know how
//! anything was measured.

mod judge;

use crate::model::{Estimate, Measure};
pub use judge::{judge, judge_estimate};
use std::fmt;

/// Which side of its limit a value must be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// `atMost`: not above the limit.
    AtMost,
    /// `atLeast`: not below the limit.
    AtLeast,
}

/// Of which jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// All of them.
    #[default]
    All,
    /// Those whose home was active and not spilling when they were first placed.
    Regional,
}

/// A statistic of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stat {
    /// The mean; of a share, an amount of money or a count the value itself.
    Mean,
    /// Median.
    P50,
    /// 90th percentile.
    P90,
    /// 95th percentile.
    P95,
    /// 99th percentile.
    P99,
    /// The largest.
    Max,
}

/// All statistics.
pub const STATS: [Stat; 6] = [Stat::Mean, Stat::P50, Stat::P90, Stat::P95, Stat::P99, Stat::Max];
/// What makes sense of a share, an amount of money, a ratio or a count: there is one of it in a run.
const ONE: [Stat; 1] = [Stat::Mean];

/// A measure that an objective can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeasureSpec {
    /// Its name in scenarios and in `summary.json`.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// `s`, `share`, `USD`, `ratio` or `count`.
    pub unit: &'static str,
    /// Which statistics it has.
    pub stats: &'static [Stat],
    /// The one meant when none is named.
    pub default_stat: Stat,
    /// The direction that makes sense.
    pub bound: Bound,
    /// Whether it can be asked of regional jobs.
    pub regional: bool,
}

impl MeasureSpec {
    const fn time(name: &'static str, about: &'static str, regional: bool) -> Self {
        let (unit, default_stat, bound) = ("s", Stat::P95, Bound::AtMost);
        Self { name, about, unit, stats: &STATS, default_stat, bound, regional }
    }

    const fn one(name: &'static str, about: &'static str, unit: &'static str, bound: Bound) -> Self {
        Self { name, about, unit, stats: &ONE, default_stat: Stat::Mean, bound, regional: false }
    }

    const fn count(name: &'static str, about: &'static str) -> Self {
        Self::one(name, about, "count", Bound::AtMost)
    }
}

/// All measures that an objective can be about.
pub const MEASURES: [MeasureSpec; 19] = [
    MeasureSpec::time("ack", "delivery sent to 2xx answered", false),
    MeasureSpec::time("placement", "delivery received to launch accepted", true),
    MeasureSpec::time("queueWait", "message enqueued to received by a dispatcher with room", false),
    MeasureSpec::time("start", "job queued to in progress", true),
    MeasureSpec::time("run", "job in progress to completed", false),
    MeasureSpec::time("total", "job queued to completed", false),
    MeasureSpec {
        default_stat: Stat::Max,
        ..MeasureSpec::time("failoverTime", "impact of a fault to recovered, of every failover of a run", false)
    },
    MeasureSpec::one("availability", "share of jobs started in time and not lost by us", "share", Bound::AtLeast),
    MeasureSpec::one("goodMinutes", "share of minutes in which 99 % of jobs were good", "share", Bound::AtLeast),
    MeasureSpec::one("cost", "USD in 30 days", "USD", Bound::AtMost),
    MeasureSpec::one("costPerThousandJobs", "USD for 1,000 completed jobs", "USD", Bound::AtMost),
    MeasureSpec::one("costRatio", "cost over that of the best single region", "ratio", Bound::AtMost),
    MeasureSpec::count("jobsLost", "jobs whose runner was lost under them"),
    MeasureSpec::count("jobsLostByUs", "jobs whose runner we took away under them"),
    MeasureSpec::count("jobsAbandoned", "jobs given up after all retries"),
    MeasureSpec::count("jobsUnstarted", "jobs still queued at the end"),
    MeasureSpec::count("relaunches", "launches of a second or later placement of a job"),
    MeasureSpec::count("surplusReaped", "runners that no job took"),
    MeasureSpec::count("phaseChanges", "changes of phase, as seen by every node"),
];

/// The measure of a name.
#[must_use]
pub fn measure(name: &str) -> Option<&'static MeasureSpec> {
    MEASURES.iter().find(|m| m.name == name)
}

impl Bound {
    /// `atMost` or `atLeast`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AtMost => "atMost",
            Self::AtLeast => "atLeast",
        }
    }
}

impl Of {
    /// `all` or `regional`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Regional => "regional",
        }
    }

    /// Of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::All, Self::Regional].into_iter().find(|of| of.name() == name)
    }
}

impl Stat {
    /// `mean`, `p50`, `p90`, `p95`, `p99` or `max`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Max => "max",
        }
    }

    /// Of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        STATS.into_iter().find(|s| s.name() == name)
    }

    /// The share of values that a quantile is not exceeded by; of the mean and the largest all of them.
    #[must_use]
    pub const fn share(self) -> f64 {
        match self {
            Self::P50 => 0.5,
            Self::P90 => 0.9,
            Self::P95 => 0.95,
            Self::P99 => 0.99,
            Self::Mean | Self::Max => 1.0,
        }
    }

    /// Its estimate in a measure.
    #[must_use]
    pub const fn of(self, measure: &Measure) -> Estimate {
        match self {
            Self::Mean => measure.mean,
            Self::P50 => measure.p50,
            Self::P90 => measure.p90,
            Self::P95 => measure.p95,
            Self::P99 => measure.p99,
            Self::Max => measure.max,
        }
    }
}

impl fmt::Display for Stat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a fleet is held to.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// Name of the measure: one of [`MEASURES`].
    pub measure: String,
    /// Of which jobs.
    pub of: Of,
    /// Which statistic.
    pub stat: Stat,
    /// Which side of the limit.
    pub bound: Bound,
    /// The limit: seconds, a share of 1, USD, a ratio or a count, as the measure's unit is.
    pub limit: f64,
}

/// Why an objective makes no sense, in words that name what would.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnObjective {
    /// There is no such measure.
    #[error("no measure is named {0}")]
    Measure(String),
    /// The measure has no such statistic.
    #[error("{measure} has no {stat}: it has {has}")]
    Stat {
        /// The measure.
        measure: &'static str,
        /// The statistic asked for.
        stat: &'static str,
        /// Those it has.
        has: String,
    },
    /// The measure cannot be asked of regional jobs.
    #[error("{0} is not measured of regional jobs alone: of = \"all\"")]
    Of(&'static str),
    /// The direction makes no sense.
    #[error("{0} is wanted {1}")]
    Bound(&'static str, &'static str),
    /// The limit is not a number.
    #[error("the limit of {0} is not a number")]
    Limit(&'static str),
}

impl Objective {
    /// An objective on all jobs, by the measure's default statistic and direction.
    ///
    /// # Errors
    /// When there is no such measure.
    pub fn new(name: &str, limit: f64) -> Result<Self, NotAnObjective> {
        let spec = measure(name).ok_or_else(|| NotAnObjective::Measure(name.into()))?;
        Ok(Self { measure: name.into(), of: Of::All, stat: spec.default_stat, bound: spec.bound, limit })
    }

    /// Whether it can be judged at all.
    ///
    /// # Errors
    /// When the measure, its statistic, its direction or its limit makes no sense.
    pub fn check(&self) -> Result<&'static MeasureSpec, NotAnObjective> {
        let spec = measure(&self.measure).ok_or_else(|| NotAnObjective::Measure(self.measure.clone()))?;
        if !spec.stats.contains(&self.stat) {
            let has = spec.stats.iter().map(|s| s.name()).collect::<Vec<_>>().join(", ");
            return Err(NotAnObjective::Stat { measure: spec.name, stat: self.stat.name(), has });
        }
        if self.of == Of::Regional && !spec.regional {
            return Err(NotAnObjective::Of(spec.name));
        }
        if self.bound != spec.bound {
            return Err(NotAnObjective::Bound(spec.name, spec.bound.name()));
        }
        if !self.limit.is_finite() {
            return Err(NotAnObjective::Limit(spec.name));
        }
        Ok(spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_that_make_no_sense_are_refused_with_what_would() {
        let new = |name| Objective::new(name, 1.0).expect("a measure");
        assert_eq!(Objective::new("speed", 1.0), Err(NotAnObjective::Measure("speed".into())));
        assert!(new("failoverTime").stat == Stat::Max && new("start").stat == Stat::P95);
        let said = |objective: Objective| objective.check().expect_err("it makes no sense").to_string();
        assert_eq!(said(Objective { stat: Stat::P99, ..new("costRatio") }), "costRatio has no p99: it has mean");
        assert_eq!(said(Objective { bound: Bound::AtMost, ..new("availability") }), "availability is wanted atLeast");
        assert_eq!(
            said(Objective { of: Of::Regional, ..new("run") }),
            "run is not measured of regional jobs alone: of = \"all\""
        );
        assert_eq!(said(Objective { limit: f64::NAN, ..new("run") }), "the limit of run is not a number");
    }

    #[test]
    fn every_measure_has_one_name_and_its_default_is_one_of_its_statistics() {
        for (i, spec) in MEASURES.iter().enumerate() {
            assert!(spec.stats.contains(&spec.default_stat), "{}", spec.name);
            assert!(MEASURES[..i].iter().all(|earlier| earlier.name != spec.name), "{}", spec.name);
            assert_eq!(Objective::new(spec.name, 1.0).expect("a measure").check(), Ok(spec));
        }
    }

    #[test]
    fn names_go_there_and_back() {
        assert!(STATS.into_iter().all(|stat| Stat::named(stat.name()) == Some(stat)));
        assert_eq!((Of::named("regional"), Of::named("some")), (Some(Of::Regional), None));
    }
}
