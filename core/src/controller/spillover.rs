//! The pressure of a region: when it begins and ceases to spill. Knows load reports and our own placements since; must
//! not know phases or jobs.

use crate::policy::{Share, Spillover, Threshold};
use crate::port::probe::Load;
use crate::time::Timestamp;
use crate::unit::Ratio;
use serde::{Deserialize, Serialize};

/// What a node knows of a region's load.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pressure {
    /// The last report.
    load: Load,
    /// When it came; `None`: never.
    heard_at: Option<Timestamp>,
    /// Since when every report said that nothing waits.
    empty_since: Timestamp,
    /// Our placements there, ever.
    placed: u64,
    /// Our placements at the time the report was asked for.
    placed_before: u64,
    spilling: bool,
    /// When spilling last began or ceased.
    changed_at: Timestamp,
}

/// A report with our own placements added (rule 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Estimate {
    depth: u64,
    busy: u64,
    limit: u64,
}

impl Pressure {
    /// Counts a placement of ours.
    pub(crate) fn on_placed(&mut self) {
        self.placed += 1;
    }

    /// Our placements so far: to be handed back with the answer to a probe that is sent now.
    pub(crate) fn mark(&self) -> u64 {
        self.placed
    }

    /// Takes a report; `mark` is from when it was asked for.
    pub(crate) fn on_load(&mut self, load: Load, mark: u64, now: Timestamp) {
        if load.waiting > 0 || self.load.waiting > 0 || self.heard_at.is_none() {
            self.empty_since = now;
        }
        self.load = load;
        self.heard_at = Some(now);
        self.placed_before = mark;
    }

    pub(crate) fn load(&self) -> &Load {
        &self.load
    }

    /// Since when nothing waits there, as far as the reports tell: whatever was sent before has been received.
    pub(crate) fn empty_since(&self) -> Timestamp {
        self.empty_since
    }

    pub(crate) fn spilling(&self) -> bool {
        self.spilling
    }

    /// Whether the report is too old to be believed.
    pub(crate) fn is_stale(&self, policy: &Spillover, now: Timestamp) -> bool {
        self.heard_at.is_none_or(|at| now.since(at) > policy.stale_after)
    }

    /// Work in the region over its limit, in basis points: to compare regions when all are full.
    pub(crate) fn crowding(&self, max_runners: u32) -> u64 {
        let e = self.estimate(max_runners);
        (e.depth + e.busy) * 10_000 / e.limit.max(1)
    }

    fn estimate(&self, max_runners: u32) -> Estimate {
        let limit = if self.load.limit == 0 { u64::from(max_runners) } else { u64::from(self.load.limit) };
        let own = self.placed - self.placed_before;
        let reported = u64::from(self.load.starting) + u64::from(self.load.running);
        let room = limit.saturating_sub(reported);
        Estimate {
            depth: u64::from(self.load.waiting) + own.saturating_sub(room),
            busy: (reported + own).min(limit),
            limit,
        }
    }

    /// Whether any measure is at `share` of its threshold, or above.
    fn reached(&self, max_runners: u32, at: &Threshold, share: Ratio, min_samples: u32) -> bool {
        let e = self.estimate(max_runners);
        let depth = e.depth * 10_000 >= u64::from(at.queue_depth) * u64::from(share.0);
        let busy = at.concurrency.times(share).reached(e.busy, e.limit);
        let sampled = self.load.launches >= min_samples;
        let errors = at.error_rate.times(share).reached(u64::from(self.load.failed), u64::from(self.load.launches));
        depth || busy || (sampled && errors)
    }

    /// Starts or stops spilling where thresholds and dwell say so. True when it changed.
    pub(crate) fn update(&mut self, max_runners: u32, at: &Threshold, policy: &Spillover, now: Timestamp) -> bool {
        if self.changed_at != Timestamp::ZERO && now.since(self.changed_at) < policy.min_dwell {
            return false;
        }
        let change = if self.spilling {
            !self.reached(max_runners, at, policy.stop_at, policy.min_samples)
        } else {
            self.reached(max_runners, at, Ratio::ONE, policy.min_samples)
        };
        if change {
            self.spilling = !self.spilling;
            self.changed_at = now;
        }
        change
    }

    /// Whether the next job of this home should go elsewhere.
    pub(crate) fn sheds(&self, max_runners: u32, at: &Threshold, policy: &Spillover) -> bool {
        self.spilling
            && match policy.share {
                Share::All => true,
                Share::Excess => self.reached(max_runners, at, Ratio::ONE, policy.min_samples),
            }
    }

    /// Whether it has room for guests: below where spilling would stop, so that a guest does not push it over.
    pub(crate) fn takes_guests(&self, max_runners: u32, at: &Threshold, policy: &Spillover) -> bool {
        !self.spilling && !self.reached(max_runners, at, policy.stop_at, policy.min_samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    fn at(seconds: u64) -> Timestamp {
        Timestamp(1) + Span::from_secs(seconds)
    }

    fn loaded(waiting: u32, running: u32) -> Load {
        Load { waiting, running, limit: 400, ..Load::default() }
    }

    #[test]
    fn it_starts_at_the_threshold_and_stops_below_the_share() {
        let (policy, threshold, mut p) = (Spillover::default(), Threshold::default(), Pressure::default());
        p.on_load(loaded(99, 100), 0, at(0));
        assert!(!p.update(400, &threshold, &policy, at(0)));
        p.on_load(loaded(100, 100), 0, at(10));
        assert!(p.update(400, &threshold, &policy, at(10)) && p.spilling());
        p.on_load(loaded(10, 100), 0, at(20));
        assert!(!p.update(400, &threshold, &policy, at(20)), "the dwell is not over");
        p.on_load(loaded(70, 100), 0, at(50));
        assert!(!p.update(400, &threshold, &policy, at(50)), "70 is still 70 % of 100");
        p.on_load(loaded(69, 100), 0, at(60));
        assert!(p.update(400, &threshold, &policy, at(60)) && !p.spilling());
    }

    #[test]
    fn own_placements_count_on_top_of_an_old_report() {
        let (policy, threshold, mut p) = (Spillover::default(), Threshold::default(), Pressure::default());
        p.on_load(loaded(0, 300), 0, at(0));
        (0..19).for_each(|_| p.on_placed());
        assert!(p.takes_guests(
            400,
            &Threshold { concurrency: Ratio::ONE, ..threshold },
            &Spillover { stop_at: Ratio::ONE, ..policy.clone() }
        ));
        assert!(!p.update(400, &threshold, &policy, at(5)), "319 of 400 is below 80 %");
        p.on_placed();
        assert!(p.update(400, &threshold, &policy, at(5)), "320 of 400 is 80 %");
    }

    #[test]
    fn a_few_samples_say_nothing_about_errors() {
        let (policy, threshold, mut p) = (Spillover::default(), Threshold::default(), Pressure::default());
        p.on_load(Load { launches: 19, failed: 19, limit: 400, ..Load::default() }, 0, at(0));
        assert!(!p.update(400, &threshold, &policy, at(0)));
        p.on_load(Load { launches: 20, failed: 1, limit: 400, ..Load::default() }, 0, at(1));
        assert!(p.update(400, &threshold, &policy, at(1)), "1 of 20 is 5 %");
    }
}
