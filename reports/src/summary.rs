//! From runs to one result. Knows runs and estimates; must not know how facts are folded or how a result is drawn.

pub(crate) mod failover;
pub(crate) mod money;

use crate::estimate::{estimate, estimate_stat, estimate_within};
use crate::fold::RunMeasures;
use crate::fold::counts::REASONS;
use crate::fold::times::Timed;
use crate::frame::Frame;
use crate::histogram::Fine;
use crate::model::{Estimate, FaultSpan, Flow, Measure, RegionSummary, Report, Summary};
use crate::objective::{Objective, STATS, Stat, judge};
pub use money::Baseline;
use std::borrow::Cow;
use std::collections::BTreeMap;
use tidegate_core::id::RegionId;
use tidegate_core::time::Span;

/// Everything of a report that follows from the measures, of runs that are finished. The caller fills `tidegate`,
/// `scenario`, `policy`, `about`, `seeds`, `digest`, `engine` and `n_minus_one` of the summary, and `reproduce`.
#[must_use]
pub fn summarize(frame: &Frame, runs: &[RunMeasures], baseline: Option<&Baseline>, objectives: &[Objective]) -> Report {
    let cost = money::costs(frame, runs, baseline);
    let mut measures: BTreeMap<String, Measure> = Timed::ALL
        .into_iter()
        .map(|what| {
            let all = |run: &RunMeasures| Some(Cow::Owned(run.times().all(what)));
            (what.name().to_owned(), timed(runs, all, what, |run| run.availability().overdue()))
        })
        .collect();
    measures.insert("failoverTime".into(), failover::time(frame, runs));
    measures.extend(shares(runs));
    measures.extend(money::measures(&cost, runs.len() as u64, baseline));
    let mut summary = Summary {
        schema: 1,
        start: frame.start.to_string(),
        duration: frame.end.since(frame.start).as_secs_f64(),
        warm_up: frame.warm_up_until.since(frame.start).as_secs_f64(),
        measures,
        regional: regional(runs),
        regions: regions(frame, runs),
        counts: counts(runs),
        cost,
        failovers: failover::rows(frame, runs),
        ..Summary::default()
    };
    summary.objectives = objectives.iter().map(|o| judge(o, &summary, runs.len())).collect();
    let first = runs.first();
    Report {
        summary,
        series: first.map_or_else(Vec::new, |run| run.series(frame)),
        regions: frame.regions.clone(),
        max_runners: frame.max_runners.clone(),
        faults: faults(frame),
        flows: first.map_or_else(Vec::new, |run| flows(frame, run)),
        reproduce: String::new(),
    }
}

/// The regions of a frame.
fn ids(frame: &Frame) -> impl Iterator<Item = RegionId> + use<> {
    (0..frame.regions.len()).map(RegionId::at)
}

/// A measure of times: every statistic of each run, then over runs.
fn timed<'a>(
    runs: &'a [RunMeasures],
    of: impl Fn(&'a RunMeasures) -> Option<Cow<'a, Fine>>,
    what: Timed,
    overdue: impl Fn(&RunMeasures) -> u64,
) -> Measure {
    let histograms: Vec<(&RunMeasures, Cow<'a, Fine>)> = runs.iter().filter_map(|run| Some((run, of(run)?))).collect();
    let stat = |stat: Stat| {
        let values: Vec<f64> = histograms.iter().filter_map(|(_, times)| value(times, stat)).collect();
        estimate_stat(stat, &values, 0.0, f64::INFINITY)
    };
    let censored = |stat: &Stat| histograms.iter().any(|(run, times)| hides(what, *stat, times.count(), overdue(run)));
    Measure {
        unit: "s".into(),
        count: histograms.iter().map(|(_, times)| times.count()).sum(),
        mean: stat(Stat::Mean),
        p50: stat(Stat::P50),
        p90: stat(Stat::P90),
        p95: stat(Stat::P95),
        p99: stat(Stat::P99),
        max: stat(Stat::Max),
        censored: STATS.iter().filter(|s| censored(s)).map(|s| s.name().to_owned()).collect(),
    }
}

pub(crate) fn value(times: &Fine, stat: Stat) -> Option<f64> {
    match stat {
        Stat::Mean => times.mean(),
        Stat::Max => times.max(),
        Stat::P50 | Stat::P90 | Stat::P95 | Stat::P99 => times.quantile(stat.share()),
    }
}

/// Whether jobs that never started, whose waits nobody knows, reach down to a statistic of those that did.
pub(crate) fn hides(what: Timed, stat: Stat, started: u64, never: u64) -> bool {
    match stat {
        _ if !what.waits() => false,
        Stat::Mean | Stat::Max => never > 0,
        Stat::P50 | Stat::P90 | Stat::P95 | Stat::P99 => never as f64 > (1.0 - stat.share()) * (started + never) as f64,
    }
}

/// A measure of which each run has one value.
fn single(unit: &str, count: u64, mean: Estimate) -> Measure {
    Measure { unit: unit.into(), count, mean, ..Measure::default() }
}

fn shares(runs: &[RunMeasures]) -> [(String, Measure); 2] {
    let all: Vec<_> = runs.iter().map(RunMeasures::availability).collect();
    let jobs: Vec<f64> = all.iter().filter_map(|run| run.share()).collect();
    let minutes: Vec<f64> = all.iter().filter_map(|run| run.good_minutes().1).collect();
    let (judged, good) = (all.iter().map(|run| run.judged()).sum(), all.iter().map(|run| run.good_minutes().0).sum());
    [
        ("availability".into(), single("share", judged, estimate_within(&jobs, 0.0, 1.0))),
        ("goodMinutes".into(), single("share", good, estimate_within(&minutes, 0.0, 1.0))),
    ]
}

fn regional(runs: &[RunMeasures]) -> BTreeMap<String, Measure> {
    let known = |what: &Timed| runs.first().is_some_and(|run| run.times().regional(*what).is_some());
    let overdue = |run: &RunMeasures| run.availability().overdue_regional();
    let of = |what| timed(runs, move |run| run.times().regional(what).map(Cow::Borrowed), what, overdue);
    Timed::ALL.into_iter().filter(known).map(|what| (what.name().to_owned(), of(what))).collect()
}

fn regions(frame: &Frame, runs: &[RunMeasures]) -> BTreeMap<String, RegionSummary> {
    ids(frame).map(|id| (frame.regions[id.index()].clone(), region(frame, runs, id))).collect()
}

fn region(frame: &Frame, runs: &[RunMeasures], id: RegionId) -> RegionSummary {
    // A job that never started has no region.
    let of = |what| timed(runs, move |run| Some(Cow::Borrowed(run.times().of(id, what))), what, |_| 0);
    let most = f64::from(frame.max_runners[id.index()].max(1));
    let over = |value: &dyn Fn(crate::fold::ledger::Gauge) -> f64| {
        let values: Vec<f64> = runs.iter().filter_map(|run| run.ledger().levels(id)).map(value).collect();
        estimate_within(&values, 0.0, f64::INFINITY)
    };
    let placed = |index: usize| {
        let values: Vec<f64> = runs.iter().map(|run| run.counts().placed_in(id)[index] as f64).collect();
        estimate_within(&values, 0.0, f64::INFINITY)
    };
    RegionSummary {
        measures: Timed::ALL.into_iter().map(|what| (what.name().to_owned(), of(what))).collect(),
        peak_runners: over(&|gauge| f64::from(gauge.peak_runners)),
        utilisation: over(&|gauge| gauge.mean_runners / most),
        peak_queue_depth: over(&|gauge| f64::from(gauge.peak_queue)),
        placements: REASONS.iter().enumerate().map(|(i, (_, name, _))| ((*name).to_owned(), placed(i))).collect(),
    }
}

fn counts(runs: &[RunMeasures]) -> BTreeMap<String, Estimate> {
    let mut by_name: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (name, value) in runs.iter().flat_map(|run| run.counts().all()) {
        by_name.entry(name.to_owned()).or_default().push(value);
    }
    by_name.into_iter().map(|(name, values)| (name, within_reason(&values))).collect()
}

/// Counts are not negative, and nor is their interval; what the world gives may be.
fn within_reason(values: &[f64]) -> Estimate {
    if values.iter().any(|v| *v < 0.0) { estimate(values) } else { estimate_within(values, 0.0, f64::INFINITY) }
}

fn faults(frame: &Frame) -> Vec<FaultSpan> {
    let seconds = |span: Span| span.as_secs_f64();
    let spans = frame.faults.iter().map(|fault| FaultSpan {
        region: fault.region.map_or_else(String::new, |id| frame.regions[id.index()].clone()),
        kind: fault.kind.clone(),
        from: seconds(fault.from.since(frame.start)),
        to: seconds(fault.to.min(frame.end).since(frame.start)),
    });
    spans.collect()
}

fn flows(frame: &Frame, run: &RunMeasures) -> Vec<Flow> {
    let name = |id: RegionId| frame.regions[id.index()].clone();
    let pairs = ids(frame).flat_map(|home| ids(frame).map(move |region| (home, region)));
    let flow = |(home, region)| Flow { home: name(home), region: name(region), jobs: run.counts().flow(home, region) };
    pairs.map(flow).filter(|flow| flow.jobs.iter().any(|jobs| *jobs > 0)).collect()
}

#[cfg(test)]
pub(crate) mod tests;
