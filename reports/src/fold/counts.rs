//! How often things happened, and where jobs went. Knows names of counts; must not know facts.

use tidegate_core::id::{PerRegion, RegionId};
use tidegate_core::port::Reason;

/// What is counted, besides placements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Count {
    /// Jobs that nodes took over from others.
    Adopted,
    /// Attempts dropped by dispatchers.
    AttemptsDropped,
    /// Messages put back because a cap was reached.
    CapReached,
    /// Waits because every allowed region refused or failed.
    CapacityWaits,
    /// Claims that another attempt had.
    ClaimConflicts,
    /// Deliveries not answered in time.
    DeliveriesLost,
    /// Changes of an operator's hold, as seen by every node.
    HoldChanges,
    /// Events not acted on.
    Ignored,
    /// Jobs given up after all retries.
    JobsAbandoned,
    /// Jobs completed.
    JobsCompleted,
    /// Jobs whose runner was lost under them.
    JobsLost,
    /// Those of them that are our doing.
    JobsLostByUs,
    /// Jobs queued.
    JobsQueued,
    /// Jobs found by reconcile whose webhook was lost.
    JobsRecovered,
    /// Jobs started.
    JobsStarted,
    /// Jobs still queued at the end.
    JobsUnstarted,
    /// Failed launches.
    LaunchFailures,
    /// Launches accepted.
    Launches,
    /// Registrations of a name that GitHub had: the fence.
    NamesTaken,
    /// Times a node began to believe nothing.
    Panics,
    /// Changes of phase, as seen by every node.
    PhaseChanges,
    /// Failovers proposed to operators.
    Proposals,
    /// Launches accepted of a second or later placement of a job.
    Relaunches,
    /// Waits because every region that residency allows is closed.
    ResidencyWaits,
    /// Effects tried again.
    Retries,
    /// Times a region began to spill, as seen by every node.
    Spills,
    /// Spot tasks taken back.
    SpotInterruptions,
    /// Runners that no job took.
    SurplusReaped,
    /// Waits because no region can run such a job.
    UnsupportedWaits,
}

/// All counts and their names.
const NAMES: [(Count, &str); 29] = [
    (Count::Adopted, "adopted"),
    (Count::AttemptsDropped, "attemptsDropped"),
    (Count::CapReached, "capReached"),
    (Count::CapacityWaits, "capacityWaits"),
    (Count::ClaimConflicts, "claimConflicts"),
    (Count::DeliveriesLost, "deliveriesLost"),
    (Count::HoldChanges, "holdChanges"),
    (Count::Ignored, "ignored"),
    (Count::JobsAbandoned, "jobsAbandoned"),
    (Count::JobsCompleted, "jobsCompleted"),
    (Count::JobsLost, "jobsLost"),
    (Count::JobsLostByUs, "jobsLostByUs"),
    (Count::JobsQueued, "jobsQueued"),
    (Count::JobsRecovered, "jobsRecovered"),
    (Count::JobsStarted, "jobsStarted"),
    (Count::JobsUnstarted, "jobsUnstarted"),
    (Count::LaunchFailures, "launchFailures"),
    (Count::Launches, "launches"),
    (Count::NamesTaken, "namesTaken"),
    (Count::Panics, "panics"),
    (Count::PhaseChanges, "phaseChanges"),
    (Count::Proposals, "proposals"),
    (Count::Relaunches, "relaunches"),
    (Count::ResidencyWaits, "residencyWaits"),
    (Count::Retries, "retries"),
    (Count::Spills, "spills"),
    (Count::SpotInterruptions, "spotInterruptions"),
    (Count::SurplusReaped, "surplusReaped"),
    (Count::UnsupportedWaits, "unsupportedWaits"),
];

/// The reasons of placements and the names of their counts, in order.
pub const REASONS: [(Reason, &str, &str); 4] = [
    (Reason::Home, "home", "placementsHome"),
    (Reason::Sticky, "sticky", "placementsSticky"),
    (Reason::Spillover, "spillover", "placementsSpillover"),
    (Reason::Failover, "failover", "placementsFailover"),
];

/// Counts of a run.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    counted: [u64; NAMES.len()],
    flows: PerRegion<PerRegion<[u64; REASONS.len()]>>,
    given: Vec<(String, f64)>,
}

impl Counts {
    pub(super) fn add(&mut self, what: Count, count: u64) {
        self.counted[what as usize] += count;
    }

    pub(super) fn place(&mut self, home: RegionId, region: RegionId, reason: Reason, count: u64) {
        self.flows[home.index()][region.index()][reason as usize] += count;
    }

    pub(super) fn give(&mut self, name: &str, value: f64) {
        match self.given.iter_mut().find(|(n, _)| n == name) {
            Some((_, given)) => *given = value,
            None => self.given.push((name.to_owned(), value)),
        }
    }

    /// One count.
    #[must_use]
    pub const fn get(&self, what: Count) -> u64 {
        self.counted[what as usize]
    }

    /// Placements from a home to a region, by reason in the order of [`REASONS`].
    #[must_use]
    pub const fn flow(&self, home: RegionId, region: RegionId) -> [u64; REASONS.len()] {
        self.flows[home.index()][region.index()]
    }

    /// Placements in a region, of every home.
    #[must_use]
    pub fn placed_in(&self, region: RegionId) -> [u64; REASONS.len()] {
        let mut sum = [0; REASONS.len()];
        for row in &self.flows {
            for (sum, count) in sum.iter_mut().zip(row[region.index()]) {
                *sum += count;
            }
        }
        sum
    }

    /// Everything counted, placements by reason, and what was given, by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, f64)> {
        let placed = REASONS.iter().map(|(reason, _, name)| {
            let count: u64 = self.flows.iter().flatten().map(|flow| flow[*reason as usize]).sum();
            (*name, count as f64)
        });
        let counted = NAMES.iter().map(|(what, name)| (*name, self.get(*what) as f64));
        counted.chain(placed).chain(self.given.iter().map(|(name, value)| (name.as_str(), *value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_the_order_of_their_enums() {
        assert!(NAMES.iter().enumerate().all(|(i, (what, _))| *what as usize == i));
        assert!(REASONS.iter().enumerate().all(|(i, (reason, _, _))| *reason as usize == i));
        assert!(NAMES.is_sorted_by_key(|(_, name)| *name), "in the order of the alphabet");
    }
}
