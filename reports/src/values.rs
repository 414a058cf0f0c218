//! What each run came to, one number for each statistic of each measure: the ground that comparisons, sweeps and checks
//! against a baseline stand on. Knows measures and runs; must not know what is done with the numbers.

use crate::estimate::{estimate, estimate_stat};
use crate::fold::RunMeasures;
use crate::fold::counts::Count;
use crate::fold::times::Timed;
use crate::frame::Frame;
use crate::model::{Estimate, Judged};
use crate::objective::{Bound, MEASURES, Objective, Of, STATS, Stat, judge_estimate, measure};
use crate::summary::{failover, hides, money, value};
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::collections::BTreeMap;
use tidegate_core::time::Span;

/// A statistic of a measure of some jobs: what a number is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    /// Name of the measure: one of [`MEASURES`].
    pub measure: &'static str,
    /// Of which jobs.
    pub of: Of,
    /// Which statistic.
    pub stat: Stat,
}

/// A number of one run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunValue {
    /// In the measure's unit: seconds, a share, USD, a ratio or a count.
    pub value: f64,
    /// Whether it is only known to be at least so much: jobs that never started, a failover not over at the end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
}

/// The numbers of one run, by [`Quantity::key`]; what had no sample is left out.
pub type RunValues = BTreeMap<String, RunValue>;

impl Quantity {
    /// All that are measured, in the order of [`MEASURES`].
    pub fn all() -> impl Iterator<Item = Self> {
        MEASURES.iter().flat_map(|spec| {
            let of = [Of::All, Of::Regional].into_iter().filter(|of| *of == Of::All || spec.regional);
            of.flat_map(move |of| spec.stats.iter().map(move |stat| Self { measure: spec.name, of, stat: *stat }))
        })
    }

    /// What an objective is about; `None` for a measure that is not measured.
    #[must_use]
    pub fn of_objective(objective: &Objective) -> Option<Self> {
        measure(&objective.measure).map(|spec| Self { measure: spec.name, of: objective.of, stat: objective.stat })
    }

    /// Its name in files and in axes: `start.p95`, `regional.placement.p95`, `availability`.
    #[must_use]
    pub fn key(&self) -> String {
        let of = if self.of == Of::Regional { "regional." } else { "" };
        let several = measure(self.measure).is_some_and(|spec| spec.stats.len() > 1);
        if several { format!("{of}{}.{}", self.measure, self.stat) } else { format!("{of}{}", self.measure) }
    }

    /// That of a key, or of a measure's bare name, which means its usual statistic.
    #[must_use]
    pub fn named(key: &str) -> Option<Self> {
        Self::all().find(|quantity| quantity.key() == key).or_else(|| {
            let (of, name) = key.strip_prefix("regional.").map_or((Of::All, key), |name| (Of::Regional, name));
            let spec = measure(name).filter(|spec| of == Of::All || spec.regional)?;
            Some(Self { measure: spec.name, of, stat: spec.default_stat })
        })
    }

    /// In words: "start p95", "availability".
    #[must_use]
    pub fn words(&self) -> String {
        self.key().replace('.', " ")
    }

    /// `s`, `share`, `USD`, `ratio` or `count`.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        measure(self.measure).map_or("", |spec| spec.unit)
    }

    /// Which direction is wanted of it.
    #[must_use]
    pub fn bound(&self) -> Bound {
        measure(self.measure).map_or(Bound::AtMost, |spec| spec.bound)
    }

    /// Its estimate over runs. Runs without it are left out.
    #[must_use]
    pub fn estimate<'a>(&self, runs: impl IntoIterator<Item = &'a RunValues>) -> Estimate {
        let key = self.key();
        let values: Vec<f64> = runs.into_iter().filter_map(|run| run.get(&key)).map(|found| found.value).collect();
        let most = if self.unit() == "share" { 1.0 } else { f64::INFINITY };
        if values.iter().any(|value| *value < 0.0) {
            estimate(&values)
        } else {
            estimate_stat(self.stat, &values, 0.0, most)
        }
    }
}

/// An objective, judged by the numbers of runs.
#[must_use]
pub fn judge_runs<'a>(objective: &Objective, runs: impl IntoIterator<Item = &'a RunValues> + Clone) -> Judged {
    let found = Quantity::of_objective(objective).map_or_else(Default::default, |quantity| {
        let key = quantity.key();
        let at_least = runs.clone().into_iter().filter_map(|run| run.get(&key)).any(|found| found.at_least);
        (quantity.estimate(runs.clone()), at_least)
    });
    let runs_beyond = runs_beyond(objective, runs.clone());
    Judged { runs_beyond, ..judge_estimate(objective, found, runs.into_iter().count()) }
}

/// Runs that miss an objective by themselves: a verdict on the typical run may hide some bad ones.
#[must_use]
pub fn runs_beyond<'a>(objective: &Objective, runs: impl IntoIterator<Item = &'a RunValues>) -> u32 {
    let Some(key) = Quantity::of_objective(objective).map(|quantity| quantity.key()) else { return 0 };
    let beyond = |found: &&RunValue| match objective.bound {
        Bound::AtMost => found.value > objective.limit,
        Bound::AtLeast => found.value < objective.limit,
    };
    runs.into_iter().filter_map(|run| run.get(&key)).filter(beyond).count() as u32
}

/// The numbers of each of several runs of one scenario, which are finished. `singles`: what the same load costs in the
/// best single region, by run; without it there is no `costRatio`.
#[must_use]
pub fn of_runs<R: Borrow<RunMeasures>>(frame: &Frame, runs: &[R], singles: Option<&[f64]>) -> Vec<RunValues> {
    let failovers = failover::clocks(frame, runs);
    let one = |(index, run): (usize, &R)| {
        let run = run.borrow();
        let mut out = RunValues::new();
        times(run, &mut out);
        for stat in STATS {
            if let Some(clock) = failover::value(&failovers[index], stat) {
                put(&mut out, "failoverTime", Of::All, stat, RunValue { value: clock.seconds, at_least: clock.open });
            }
        }
        single_numbers(frame, run, singles.and_then(|singles| singles.get(index)).copied(), &mut out);
        out
    };
    runs.iter().enumerate().map(one).collect()
}

/// Of the numbers of runs those of some quantities.
#[must_use]
pub fn kept(of: &[Quantity], runs: Vec<RunValues>) -> Vec<RunValues> {
    let keys: Vec<String> = of.iter().map(Quantity::key).collect();
    let only = |mut run: RunValues| {
        run.retain(|key, _| keys.contains(key));
        run
    };
    runs.into_iter().map(only).collect()
}

fn put(out: &mut RunValues, measure: &'static str, of: Of, stat: Stat, value: RunValue) {
    out.insert(Quantity { measure, of, stat }.key(), value);
}

fn times(run: &RunMeasures, out: &mut RunValues) {
    for what in Timed::ALL {
        let all = run.times().all(what);
        for stat in STATS {
            let at_least = hides(what, stat, all.count(), run.availability().overdue());
            if let Some(value) = value(&all, stat) {
                put(out, what.name(), Of::All, stat, RunValue { value, at_least });
            }
            let regional = run.times().regional(what);
            if let Some((times, value)) = regional.and_then(|times| Some((times, value(times, stat)?))) {
                let at_least = hides(what, stat, times.count(), run.availability().overdue_regional());
                put(out, what.name(), Of::Regional, stat, RunValue { value, at_least });
            }
        }
    }
}

fn single_numbers(frame: &Frame, run: &RunMeasures, single: Option<f64>, out: &mut RunValues) {
    let mut one = |name, value: Option<f64>| {
        if let Some(value) = value {
            put(out, name, Of::All, Stat::Mean, RunValue { value, at_least: false });
        }
    };
    let total = run.cost_total();
    let measured = frame.measured_span();
    one("availability", run.availability().share());
    one("goodMinutes", run.availability().good_minutes().1);
    one("cost", Some(total * money::MONTH.as_secs_f64() / measured.as_secs_f64()).filter(|_| measured > Span::ZERO));
    let completed = run.counts().get(Count::JobsCompleted) as f64;
    one("costPerThousandJobs", Some(total / completed * 1e3).filter(|_| completed > 0.0));
    one("costRatio", single.filter(|single| *single > 0.0).map(|single| total / single));
    let counts: BTreeMap<&str, f64> = run.counts().all().collect();
    for spec in MEASURES.iter().filter(|spec| spec.unit == "count") {
        one(spec.name, counts.get(spec.name).copied());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::summarize;
    use crate::summary::tests::sample;

    #[test]
    fn a_key_names_one_quantity_and_a_bare_name_its_usual_statistic() {
        let all: Vec<Quantity> = Quantity::all().collect();
        assert!(all.iter().all(|quantity| Quantity::named(&quantity.key()) == Some(*quantity)));
        assert_eq!(Quantity::named("start").map(|quantity| quantity.key()).as_deref(), Some("start.p95"));
        let regional = Quantity::named("regional.placement").map(|quantity| quantity.key());
        assert_eq!(regional.as_deref(), Some("regional.placement.p95"));
        assert!(Quantity::named("regional.run").is_none() && Quantity::named("speed").is_none());
    }

    #[test]
    fn numbers_of_runs_add_up_to_what_the_report_says() {
        let (frame, runs, baseline) = sample();
        let report = summarize(&frame, &runs, Some(&baseline), &[]);
        let values = of_runs(&frame, &runs, Some(&baseline.totals));
        let mut seen = 0;
        for quantity in Quantity::all() {
            let summary = &report.summary;
            let reported = if quantity.unit() == "count" {
                summary.counts.get(quantity.measure).copied().unwrap_or_default()
            } else {
                let of = if quantity.of == Of::All { &summary.measures } else { &summary.regional };
                quantity.stat.of(&of[quantity.measure])
            };
            assert_eq!(quantity.estimate(&values), reported, "{}", quantity.key());
            seen += u32::from(reported.value.is_some());
        }
        assert!(seen > 30, "only {seen} quantities have a value: the sample proves little");
    }

    #[test]
    fn objectives_are_judged_as_in_the_report() {
        let (frame, runs, baseline) = sample();
        let objectives: Vec<Objective> =
            MEASURES.iter().filter_map(|spec| Objective::new(spec.name, 1.0).ok()).collect();
        let report = summarize(&frame, &runs, Some(&baseline), &objectives);
        let values = of_runs(&frame, &runs, Some(&baseline.totals));
        let judged: Vec<Judged> = objectives.iter().map(|objective| judge_runs(objective, &values)).collect();
        assert!(judged.iter().any(|judged| judged.runs_beyond > 0), "a limit of 1 is missed by most");
        let uncounted: Vec<Judged> = judged.into_iter().map(|judged| Judged { runs_beyond: 0, ..judged }).collect();
        assert_eq!(uncounted, report.summary.objectives);
    }
}
