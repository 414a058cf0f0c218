//! The hour with the most arriving work, for the N-1 verdict. Knows one seed's stream; must not know capacity.

use super::Loads;
use crate::scenario::{Load, Scenario};
use tidegate_core::{Span, Timestamp};

/// The hour in which the most work arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorstHour {
    /// When it begins: a whole number of hours after the scenario's start.
    pub start: Timestamp,
    /// Jobs that are queued in it.
    pub jobs: u64,
    /// The sum of their durations; over one hour, the mean number of runners they keep busy.
    pub work: Span,
}

/// The hour after the warm-up in which the most work (the sum of the durations of the jobs queued in it) arrives under a
/// seed; the first of several alike. When nothing arrives, or the warm-up leaves no whole hour to begin, it begins with
/// the end of the warm-up.
#[must_use]
pub fn worst_hour(scenario: &Scenario, seed: u64) -> WorstHour {
    worst_of(&scenario.loads, scenario.start, scenario.duration, scenario.warm_up, seed)
}

pub(super) fn worst_of(loads: &[Load], start: Timestamp, duration: Span, warm_up: Span, seed: u64) -> WorstHour {
    let hour = Span::from_hours(1);
    let mut stream = Loads::of(loads, start, start + duration, seed);
    let mut worst = WorstHour { start: start + warm_up, jobs: 0, work: Span::ZERO };
    let mut current = worst;
    let mut batch = Vec::new();
    while let Some(at) = stream.pop_batch(&mut batch) {
        let begin = start + hour * (at.since(start).0 / hour.0);
        if begin < start + warm_up {
            continue;
        }
        if begin != current.start {
            current = WorstHour { start: begin, jobs: 0, work: Span::ZERO };
        }
        current.jobs += batch.len() as u64;
        batch.iter().for_each(|job| current.work += job.duration);
        if current.work > worst.work {
            worst = current;
        }
    }
    worst
}
