//! The N-1 question: does the fleet hold at its worst hour without its largest region, which region breaks first if not,
//! and how many more runners would mend it? Knows which simulations answer it; must not know how a report shows it.

use super::{Progress, caught};
use crate::checker::Broken;
use crate::load::worst_hour;
use crate::run::{self, Keep, Outcome};
use crate::scenario::{FaultKind, FaultPlan, Scenario, When};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use tidegate_core::Policy;
use tidegate_core::id::RegionId;
use tidegate_core::time::Span;
use tidegate_reports::fold::RunMeasures;
use tidegate_reports::frame::Frame;
use tidegate_reports::model::{BreaksFirst, Judged, Mend, NMinusOne, SeriesRow, Verdict};
use tidegate_reports::objective::Objective;
use tidegate_reports::summary::summarize;

/// Runs of the N-1 question: enough for an interval, few enough not to double the work.
pub(super) const RUNS: u32 = 5;

/// Rows of the series of the worst hour.
const MINUTES: usize = 60;

/// The most runners that are tried, as a multiple of what the survivors have.
const MOST: f64 = 4.0;
/// Steps from what they have to the most, each the same multiple of the one before (1.19 times). Halving finds the first that
/// mends in three looks after the one at the most: four looks of [`RUNS`] simulations at the very worst.
const STEPS: u32 = 8;

/// The scenario of the question.
#[derive(Clone, Debug)]
pub(super) struct Lesser {
    pub(super) scenario: Scenario,
    /// The region taken away.
    lost: RegionId,
    /// Where the worst hour begins.
    at: Span,
}

/// What was found, and what it took beyond the runs that were given.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) verdict: NMinusOne,
    pub(super) events: u64,
    pub(super) broken: Vec<(u64, Broken)>,
}

/// The scenario up to the end of its worst hour, its largest region lost in that hour and nothing else broken.
///
/// # Panics
/// When the policy has no region.
pub(super) fn without_largest(scenario: &Scenario) -> Lesser {
    let worst = worst_hour(scenario, scenario.seed).start;
    let largest = scenario.policy.ids().max_by_key(|id| {
        // The most runners; of equals the one with the most home jobs is the first by priority.
        (scenario.policy.region(*id).max_runners, std::cmp::Reverse(*id))
    });
    let at = worst.since(scenario.start);
    let hour = Span::from_hours(1).min(scenario.duration.saturating_sub(at));
    let lost = FaultPlan { kind: FaultKind::RegionOutage, region: largest, when: When::At { at, lasts: hour } };
    let lesser = Scenario { faults: vec![lost], warm_up: at, duration: at + hour, ..scenario.clone() };
    Lesser { scenario: lesser, lost: largest.expect("a policy has a region"), at }
}

impl Lesser {
    /// Whether there is a promise to hold the runs against: without any they would tell nothing.
    pub(super) fn is_judged(&self) -> bool {
        !self.promised().is_empty()
    }

    /// The frame of its runs: with a series of the worst hour, a row a minute, in which the first region that runs out is
    /// looked up.
    pub(super) fn frame(&self) -> Frame {
        let frame = run::frame(&self.scenario, true);
        Frame { series_from: frame.warm_up_until, buckets: MINUTES, ..frame }
    }

    /// Money needs the single region beside it, and is no question of holding out; and the loss of a region is a change of
    /// its phase, so that a promise of none could never be kept.
    fn promised(&self) -> Vec<Objective> {
        let asked = |objective: &&Objective| !["costRatio", "phaseChanges"].contains(&objective.measure.as_str());
        self.scenario.objectives.iter().filter(asked).cloned().collect()
    }

    fn judged(&self, runs: &[RunMeasures]) -> Vec<Judged> {
        summarize(&run::frame(&self.scenario, false), runs, None, &self.promised()).summary.objectives
    }

    fn name(&self, region: RegionId) -> &str {
        &self.scenario.policy.region(region).name
    }
}

/// What one region alone is told.
pub(super) fn alone() -> Found {
    let why = "with one region there is nothing left when it goes".to_owned();
    Found { verdict: NMinusOne { why, ..NMinusOne::default() }, ..Found::default() }
}

/// The verdict of the runs of a lesser scenario, which are simulated already; looks for what would mend it only where it
/// does not hold.
pub(super) fn verdict(lesser: &Lesser, outcomes: Vec<Outcome>, progress: &dyn Progress) -> Found {
    let seeds: Vec<u64> = outcomes.iter().map(|outcome| outcome.seed).collect();
    let runs: Vec<RunMeasures> = outcomes.into_iter().map(|outcome| outcome.measures).collect();
    let objectives = lesser.judged(&runs);
    let holds = (!objectives.is_empty()).then(|| objectives.iter().all(|o| o.verdict == Verdict::Met));
    let region = lesser.name(lesser.lost).to_owned();
    let why = match holds {
        None => "the scenario promises nothing that could be judged".to_owned(),
        Some(true) => format!("all objectives are met in that hour without {region}"),
        Some(false) => format!("without {region}: {}", open(&objectives).join(", ")),
    };
    let worst_hour = lesser.at.as_secs_f64();
    let mut found = Found {
        verdict: NMinusOne { region, worst_hour, objectives, holds, why, ..NMinusOne::default() },
        ..Found::default()
    };
    if holds == Some(false) && !seeds.is_empty() {
        found.verdict.breaks_first = breaks_first(lesser, &runs);
        found.verdict.mend = Some(match &found.verdict.breaks_first {
            Some(_) => Search { lesser, seeds: &seeds, progress }.run(&mut found.events, &mut found.broken),
            None => Mend {
                why: "no other region runs out of runners, so more of them mend nothing".to_owned(),
                ..Mend::default()
            },
        });
    }
    found
}

/// The objectives that are not met.
fn open(objectives: &[Judged]) -> Vec<String> {
    let open = objectives.iter().filter(|judged| judged.verdict != Verdict::Met);
    open.map(|judged| format!("{} {}", judged.measure, judged.stat)).collect()
}

/// The survivor that is over a limit first in most of the runs; of equals the one that is so sooner.
fn breaks_first(lesser: &Lesser, runs: &[RunMeasures]) -> Option<BreaksFirst> {
    let frame = lesser.frame();
    let firsts: Vec<(RegionId, f64, &'static str)> =
        runs.iter().filter_map(|run| first_over(lesser, &run.series(&frame))).collect();
    let mut by_region: BTreeMap<RegionId, Vec<f64>> = BTreeMap::new();
    for (region, after, _) in &firsts {
        by_region.entry(*region).or_default().push(*after);
    }
    let mean = |times: &[f64]| times.iter().sum::<f64>() / times.len() as f64;
    let (region, times) =
        by_region.iter().max_by(|(_, a), (_, b)| a.len().cmp(&b.len()).then(mean(b).total_cmp(&mean(a))))?;
    let limits = firsts.iter().filter(|(first, ..)| first == region).map(|(.., limit)| *limit);
    let runners = limits.filter(|limit| *limit == RUNNERS).count();
    Some(BreaksFirst {
        region: lesser.name(*region).to_owned(),
        after: mean(times),
        limit: if 2 * runners >= times.len() { RUNNERS } else { QUEUE }.to_owned(),
        runs: (times.len() as u32, runs.len() as u32),
    })
}

/// All runners are in use: nothing more can start there.
const RUNNERS: &str = "maxRunners";
/// More messages wait than the region is to take before it spills.
const QUEUE: &str = "queueDepth";

/// The first survivor over a limit in the worst hour of a run, how many seconds into it, and which limit.
fn first_over(lesser: &Lesser, rows: &[SeriesRow]) -> Option<(RegionId, f64, &'static str)> {
    let policy = &lesser.scenario.policy;
    let at = lesser.at.as_secs_f64();
    rows.iter().find_map(|row| {
        let id = policy.ids().find(|id| policy.region(*id).name == row.region && *id != lesser.lost)?;
        let region = policy.region(id);
        let limit = if row.running + row.starting >= f64::from(region.max_runners) {
            RUNNERS
        } else if row.queue_depth > f64::from(region.spill.queue_depth) {
            QUEUE
        } else {
            return None;
        };
        Some((id, row.time - at, limit))
    })
}

/// Looks for the fewest runners that mend it.
struct Search<'a> {
    lesser: &'a Lesser,
    seeds: &'a [u64],
    progress: &'a dyn Progress,
}

impl Search<'_> {
    fn run(&self, events: &mut u64, broken: &mut Vec<(u64, Broken)>) -> Mend {
        let mut look = |step: u32| {
            let (judged, more, what) = self.look(factor(step));
            *events += more;
            broken.extend(what);
            judged
        };
        let at_most = look(STEPS);
        if !holds(&at_most) {
            let open = open(&at_most).join(", ");
            let why = format!("even {MOST} times the runners of the other regions do not mend it: {open}");
            return Mend { factor: MOST, why, ..Mend::default() };
        }
        let (mut fails, mut mends) = (0, STEPS);
        while mends - fails > 1 {
            let middle = u32::midpoint(fails, mends);
            if holds(&look(middle)) { mends = middle } else { fails = middle }
        }
        self.mend(factor(mends))
    }

    fn mend(&self, factor: f64) -> Mend {
        let (before, after) = (&self.lesser.scenario.policy, self.scaled(factor));
        let survivors = before.ids().filter(|id| *id != self.lesser.lost);
        let more: BTreeMap<String, u32> = survivors
            .map(|id| (self.lesser.name(id).to_owned(), after.region(id).max_runners - before.region(id).max_runners))
            .collect();
        let total = more.values().sum();
        let list: Vec<String> = more.iter().map(|(region, count)| format!("{count} in {region}")).collect();
        let why = match list.as_slice() {
            [one] => {
                format!("with {} more runners in {} it would hold", total, one.split(" in ").nth(1).unwrap_or_default())
            }
            _ => format!("with {total} more runners it would hold: {}", list.join(", ")),
        };
        Mend { holds: true, factor, total, more, why }
    }

    /// The objectives with so many times the runners in the regions that are left; also events and what broke.
    fn look(&self, factor: f64) -> (Vec<Judged>, u64, Vec<(u64, Broken)>) {
        let scenario = Scenario { policy: Arc::new(self.scaled(factor)), ..self.lesser.scenario.clone() };
        let frame = run::frame(&scenario, false);
        self.progress.more(self.seeds.len() as u64);
        let one = |seed: &u64| {
            let done = caught(&scenario, || run::run(&scenario, *seed, &frame, Keep::default()));
            self.progress.done();
            done.map_err(|broken| (*seed, broken))
        };
        let done: Vec<Result<Outcome, (u64, Broken)>> = self.seeds.par_iter().map(one).collect();
        let (mut runs, mut events, mut broken) = (Vec::new(), 0, Vec::new());
        for done in done {
            match done {
                Ok(outcome) => {
                    events += outcome.events;
                    broken.extend(outcome.broken.into_iter().map(|what| (outcome.seed, what)));
                    runs.push(outcome.measures);
                }
                Err(what) => broken.push(what),
            }
        }
        (self.lesser.judged(&runs), events, broken)
    }

    /// The policy with so many times the runners, and the vCPUs they need, in the regions that are left.
    fn scaled(&self, factor: f64) -> Policy {
        let mut policy = Policy::clone(&self.lesser.scenario.policy);
        for (index, region) in policy.regions.iter_mut().enumerate() {
            if RegionId::at(index) != self.lesser.lost {
                region.max_runners = (f64::from(region.max_runners) * factor).ceil() as u32;
                region.max_vcpu_milli = region.max_vcpu_milli.map(|most| (most as f64 * factor).ceil() as u64);
            }
        }
        policy
    }
}

fn factor(step: u32) -> f64 {
    MOST.powf(f64::from(step) / f64::from(STEPS))
}

fn holds(objectives: &[Judged]) -> bool {
    objectives.iter().all(|judged| judged.verdict == Verdict::Met)
}

#[cfg(test)]
mod tests;
