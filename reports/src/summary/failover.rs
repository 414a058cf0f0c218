//! Failovers over runs. Knows episodes and their clocks; must not know how they were found.

use crate::estimate::{estimate_stat, estimate_within};
use crate::fold::RunMeasures;
use crate::fold::episode::Episode;
use crate::frame::Frame;
use crate::model::{Estimate, Failover, Measure};
use crate::objective::{STATS, Stat};
use std::borrow::Borrow;
use tidegate_core::time::Timestamp;

/// Kinds of faults that a failover is the answer to.
const ANSWERED: [&str; 5] = ["gray", "operator", "partition", "regionOutage", "serviceOutage"];

/// The same episode in all runs: a fault of the frame, or the nth evacuation of a region without one.
struct Row<'a> {
    first: &'a Episode,
    /// By run; `None` where it did not happen.
    runs: Vec<Option<&'a Episode>>,
}

impl<'a> Row<'a> {
    fn happened(&self) -> impl Iterator<Item = &'a Episode> {
        self.runs.iter().flatten().copied()
    }

    fn decided(&self) -> usize {
        self.happened().filter(|e| e.decided.is_some()).count()
    }
}

/// One row for each episode, by time.
pub(super) fn rows(frame: &Frame, runs: &[RunMeasures]) -> Vec<Failover> {
    let mut rows: Vec<Failover> = gather(runs).iter().map(|row| failover(frame, runs.len(), row)).collect();
    rows.sort_by(|a, b| a.at.total_cmp(&b.at));
    rows
}

/// The measure `failoverTime`: of every episode that was answered by a failover in any run, the time to recovered in
/// each run. A run that recovered without a failover where others needed one counts with its own time, so that runs which
/// never decided do not make the measure look better; one that did not recover counts with the time to its end.
pub(super) fn time(frame: &Frame, runs: &[RunMeasures]) -> Measure {
    let clocks = clocks(frame, runs);
    let stat = |stat: Stat| {
        let values: Vec<f64> = clocks.iter().filter_map(|run| Some(value(run, stat)?.seconds)).collect();
        estimate_stat(stat, &values, 0.0, f64::INFINITY)
    };
    let censored = |stat: &&Stat| clocks.iter().filter_map(|run| value(run, **stat)).any(|clock| clock.open);
    Measure {
        unit: "s".into(),
        count: clocks.iter().map(|run| run.len() as u64).sum(),
        mean: stat(Stat::Mean),
        p50: stat(Stat::P50),
        p90: stat(Stat::P90),
        p95: stat(Stat::P95),
        p99: stat(Stat::P99),
        max: stat(Stat::Max),
        censored: STATS.iter().filter(censored).map(|s| s.name().to_owned()).collect(),
    }
}

/// By run, the clocks of its episodes that `failoverTime` is about, in ascending order.
pub(crate) fn clocks<R: Borrow<RunMeasures>>(frame: &Frame, runs: &[R]) -> Vec<Vec<Clock>> {
    let rows = gather(runs);
    let answered = |row: &&Row<'_>| row.decided() > 0 && ANSWERED.contains(&row.first.kind.as_str());
    let in_run = |index: usize| {
        let mine = rows.iter().filter(answered).filter_map(|row| row.runs[index]);
        let mut clocks: Vec<Clock> = mine.map(|e| clock(e, frame.end)).collect();
        clocks.sort_by(|a, b| a.seconds.total_cmp(&b.seconds).then(a.open.cmp(&b.open)));
        clocks
    };
    (0..runs.len()).map(in_run).collect()
}

/// Impact to recovered, or to the end while it is still open.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) seconds: f64,
    pub(crate) open: bool,
}

fn clock(episode: &Episode, end: Timestamp) -> Clock {
    let until = episode.recovered.unwrap_or(end);
    Clock { seconds: until.since(episode.from).as_secs_f64(), open: episode.recovered.is_none() }
}

/// A statistic of one run's clocks in ascending order. It is open when a clock that is open could, by running on, move it:
/// one at or below its rank.
pub(crate) fn value(clocks: &[Clock], stat: Stat) -> Option<Clock> {
    let rank = match stat {
        Stat::Mean | Stat::Max => clocks.len(),
        Stat::P50 | Stat::P90 | Stat::P95 | Stat::P99 => (stat.share() * clocks.len() as f64).ceil() as usize,
    };
    let last = clocks.get(rank.checked_sub(1)?)?;
    let open = clocks[..rank].iter().any(|clock| clock.open);
    let mean = clocks.iter().map(|clock| clock.seconds).sum::<f64>() / clocks.len() as f64;
    Some(Clock { seconds: if stat == Stat::Mean { mean } else { last.seconds }, open })
}

fn gather<R: Borrow<RunMeasures>>(runs: &[R]) -> Vec<Row<'_>> {
    let mut rows: Vec<(Row<'_>, usize)> = Vec::new();
    for (index, run) in runs.iter().map(Borrow::borrow).enumerate() {
        for (place, episode) in run.episodes().iter().enumerate() {
            let nth = run.episodes()[..place].iter().filter(|earlier| alike(earlier, episode)).count();
            let known = rows.iter().position(|(row, n)| *n == nth && alike(row.first, episode));
            let known = known.unwrap_or_else(|| {
                rows.push((Row { first: episode, runs: vec![None; runs.len()] }, nth));
                rows.len() - 1
            });
            rows[known].0.runs[index] = Some(episode);
        }
    }
    rows.into_iter().map(|(row, _)| row).collect()
}

fn alike(a: &Episode, b: &Episode) -> bool {
    a.mark == b.mark && a.region == b.region && a.kind == b.kind
}

fn failover(frame: &Frame, runs: usize, row: &Row<'_>) -> Failover {
    let clock = |of: &dyn Fn(&Episode) -> Option<Timestamp>| -> Estimate {
        let after = |e: &Episode| Some(of(e)?.since(e.from).as_secs_f64());
        estimate_within(&row.happened().filter_map(after).collect::<Vec<_>>(), 0.0, f64::INFINITY)
    };
    let at: f64 = row.happened().map(|e| e.from.since(frame.start).as_secs_f64()).sum();
    Failover {
        region: frame.regions[row.first.region.index()].clone(),
        fault: row.first.kind.clone(),
        at: at / row.happened().count() as f64,
        runs: (row.decided() as u32, runs as u32),
        detected: clock(&|e| e.detected),
        decided: clock(&|e| e.decided),
        first_success: clock(&|e| e.first_success),
        recovered: clock(&|e| e.recovered),
        unrecovered: row.happened().filter(|e| e.recovered.is_none()).count() as u32,
        failed_back: clock(&|e| e.failed_back),
    }
}
