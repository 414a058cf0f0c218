//! Where facts go: digest, measures, checkers, and whoever wants to read decisions. Knows its readers; must not change
//! what happens.

use crate::checker::Checkers;
use crate::digest::Digest;
use tidegate_core::id::{JobId, RegionId};
use tidegate_core::machine::Journal;
use tidegate_core::{Fact, Timestamp};
use tidegate_reports::fold::RunMeasures;

/// Takes decisions as they are made.
pub type Take = Box<dyn FnMut(Timestamp, &Fact) + Send>;

/// Decisions as they are made: of all jobs, or all facts of one; and what happens to regions.
pub struct Decisions {
    /// Only this job's facts, and those about regions.
    pub only: Option<JobId>,
    /// Where to.
    pub take: Take,
}

impl std::fmt::Debug for Decisions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decisions").field("only", &self.only).finish_non_exhaustive()
    }
}

/// Takes every fact of a run.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) digest: Digest,
    pub(crate) measures: RunMeasures,
    pub(crate) checkers: Checkers,
    pub(crate) decisions: Option<Decisions>,
    /// Failovers proposed in this turn.
    pub(crate) proposed: Vec<RegionId>,
    /// World time: nodes may have other clocks.
    pub(crate) now: Timestamp,
}

impl Recorder {
    pub(crate) fn take(&mut self, fact: &Fact) {
        self.digest.fact(self.now, fact);
        self.measures.fold(self.now, fact);
        self.checkers.fact(self.now, fact);
        if let Fact::FailoverProposed { region, .. } = fact {
            self.proposed.push(*region);
        }
        if let Some(decisions) = &mut self.decisions {
            decisions.take(self.now, fact);
        }
    }
}

/// The job a fact is about, for those that tell the story of a job.
#[must_use]
pub fn job_of(fact: &Fact) -> Option<JobId> {
    match fact {
        Fact::JobPlaced { placement, .. }
        | Fact::JobClaimed { placement, .. }
        | Fact::ClaimConflict { placement }
        | Fact::JobEnqueued { placement, .. }
        | Fact::Retried { placement, .. }
        | Fact::JobReceived { placement, .. }
        | Fact::AttemptDropped { placement, .. }
        | Fact::NameTaken { placement, .. }
        | Fact::LaunchAccepted { placement, .. }
        | Fact::LaunchFailed { placement, .. }
        | Fact::TaskOnline { placement, .. }
        | Fact::TaskStopped { placement, .. }
        | Fact::SurplusReaped { placement, .. }
        | Fact::CapReached { placement, .. } => Some(placement.job),
        Fact::JobWaits { job, .. }
        | Fact::JobAbandoned { job, .. }
        | Fact::JobRecovered { job }
        | Fact::DeliveryLost { job }
        | Fact::JobQueued { job, .. }
        | Fact::JobStarted { job, .. }
        | Fact::JobCompleted { job, .. }
        | Fact::JobLost { job, .. }
        | Fact::JobUnstarted { job, .. } => Some(*job),
        Fact::JobsAdopted { .. }
        | Fact::PhaseChanged { .. }
        | Fact::FailoverProposed { .. }
        | Fact::HoldChanged { .. }
        | Fact::SpillChanged { .. }
        | Fact::PanicChanged { .. }
        | Fact::Ignored { .. }
        | Fact::DeliveryAcked { .. } => None,
    }
}

impl Decisions {
    fn take(&mut self, at: Timestamp, fact: &Fact) {
        let wanted = match (self.only, job_of(fact)) {
            (Some(only), Some(job)) => job == only,
            (None, Some(_)) => matches!(
                fact,
                Fact::JobPlaced { .. }
                    | Fact::JobWaits { .. }
                    | Fact::JobAbandoned { .. }
                    | Fact::AttemptDropped { .. }
            ),
            (_, None) => !matches!(fact, Fact::Ignored { .. } | Fact::DeliveryAcked { .. }),
        };
        if wanted {
            (self.take)(at, fact);
        }
    }
}

/// The recorder as a machine's journal: events are not kept here.
pub(crate) struct Into<'a>(pub(crate) &'a mut Recorder);

impl<V> Journal<V> for Into<'_> {
    fn event(&mut self, _now: Timestamp, _event: &V) {}

    fn fact(&mut self, _now: Timestamp, fact: &Fact) {
        self.0.take(fact);
    }
}
