//! The only reader of facts: which measure each goes to. Knows every fact; must not know how measures are kept.
//!
//! Two matches without a wildcard, so that a new fact must be looked at twice: is it counted, is it measured?

use super::RunMeasures;
use super::counts::Count;
use super::times::Timed;
use tidegate_core::Fact;
use tidegate_core::fact::WaitReason;
use tidegate_core::port::runner::StopCause;
use tidegate_core::time::Timestamp;

/// What a fact is counted as, how often, and by which time it is in the measured time or not.
const fn count_of(at: Timestamp, fact: &Fact) -> Option<(Count, u64, Timestamp)> {
    let what = match *fact {
        Fact::JobWaits { why: WaitReason::Capacity, .. } => Count::CapacityWaits,
        Fact::JobWaits { why: WaitReason::Residency, .. } => Count::ResidencyWaits,
        Fact::JobWaits { why: WaitReason::Unsupported, .. } => Count::UnsupportedWaits,
        Fact::ClaimConflict { .. } => Count::ClaimConflicts,
        Fact::Retried { .. } => Count::Retries,
        Fact::JobAbandoned { .. } => Count::JobsAbandoned,
        Fact::JobRecovered { .. } => Count::JobsRecovered,
        Fact::JobsAdopted { count, .. } => return Some((Count::Adopted, count as u64, at)),
        Fact::PhaseChanged { .. } => Count::PhaseChanges,
        Fact::FailoverProposed { .. } => Count::Proposals,
        Fact::HoldChanged { .. } => Count::HoldChanges,
        Fact::SpillChanged { spilling: true, .. } => Count::Spills,
        Fact::PanicChanged { panic: true, .. } => Count::Panics,
        Fact::Ignored { .. } => Count::Ignored,
        Fact::AttemptDropped { .. } => Count::AttemptsDropped,
        Fact::NameTaken { .. } => Count::NamesTaken,
        Fact::LaunchAccepted { .. } => Count::Launches,
        Fact::LaunchFailed { .. } => Count::LaunchFailures,
        Fact::TaskStopped { cause: StopCause::Interrupted, .. } => Count::SpotInterruptions,
        Fact::SurplusReaped { .. } => Count::SurplusReaped,
        Fact::CapReached { .. } => Count::CapReached,
        Fact::DeliveryLost { .. } => Count::DeliveriesLost,
        Fact::JobQueued { .. } => Count::JobsQueued,
        Fact::JobStarted { queued_at, .. } => return Some((Count::JobsStarted, 1, queued_at)),
        Fact::JobCompleted { queued_at, .. } => return Some((Count::JobsCompleted, 1, queued_at)),
        Fact::JobLost { queued_at, .. } => return Some((Count::JobsLost, 1, queued_at)),
        Fact::JobUnstarted { queued_at, .. } => return Some((Count::JobsUnstarted, 1, queued_at)),
        // Placements are counted by home, region and reason; the rest is measured or said by a later fact.
        Fact::JobPlaced { .. }
        | Fact::JobClaimed { .. }
        | Fact::JobEnqueued { .. }
        | Fact::SpillChanged { spilling: false, .. }
        | Fact::PanicChanged { panic: false, .. }
        | Fact::JobReceived { .. }
        | Fact::TaskOnline { .. }
        | Fact::TaskStopped {
            cause: StopCause::Done | StopCause::FailedToStart | StopCause::Lost | StopCause::Requested,
            ..
        }
        | Fact::DeliveryAcked { .. } => return None,
    };
    Some((what, 1, at))
}

impl RunMeasures {
    pub(super) fn count_fact(&mut self, at: Timestamp, fact: &Fact) {
        if let Some((what, count, when)) = count_of(at, fact)
            && when >= self.warm_up_until
        {
            self.counts.add(what, count);
        }
    }

    pub(super) fn measure_fact(&mut self, at: Timestamp, fact: &Fact) {
        let measured = at >= self.warm_up_until;
        match *fact {
            Fact::JobPlaced { home, decision, .. } => {
                self.counts.place(home, decision.region, decision.reason, u64::from(measured));
                if let Some(series) = &mut self.series {
                    series.placed(at, decision.region, decision.reason);
                }
            }
            Fact::PhaseChanged { observer, region, to, cause, .. } => self.watch.phase(at, observer, region, to, cause),
            Fact::JobReceived { region, wait, .. } if measured => self.times.record(Timed::QueueWait, region, wait),
            Fact::LaunchAccepted { placement, region, regional, wait, .. } if measured => {
                self.times.record_job(Timed::Placement, region, regional, wait);
                self.counts.add(Count::Relaunches, u64::from(placement.attempt > 1));
            }
            Fact::DeliveryAcked { region, took } if measured => self.times.record(Timed::Ack, region, took),
            Fact::JobQueued { home, .. } => self.watch.queued(home),
            Fact::JobStarted { region, home, regional, queued_at, wait, .. } => {
                self.watch.started(at, home, region, wait);
                if let Some(series) = &mut self.series {
                    series.started(at, home, wait);
                }
                if queued_at >= self.warm_up_until {
                    self.times.record_job(Timed::Start, region, regional, wait);
                    self.availability.started(queued_at, wait);
                }
            }
            Fact::JobCompleted { region, queued_at, ran, total, .. } if queued_at >= self.warm_up_until => {
                self.times.record(Timed::Run, region, ran);
                self.times.record(Timed::Total, region, total);
            }
            Fact::JobLost { queued_at, ran, by_us: true, .. } if queued_at >= self.warm_up_until => {
                self.counts.add(Count::JobsLostByUs, 1);
                self.availability.lost_by_us(queued_at, at - ran);
            }
            Fact::JobUnstarted { regional, queued_at, waited, .. } if queued_at >= self.warm_up_until => {
                self.availability.unstarted(queued_at, waited, regional);
            }
            // In the warm-up, or counted and no more.
            Fact::JobReceived { .. }
            | Fact::LaunchAccepted { .. }
            | Fact::DeliveryAcked { .. }
            | Fact::JobCompleted { .. }
            | Fact::JobLost { .. }
            | Fact::JobUnstarted { .. }
            | Fact::JobWaits { .. }
            | Fact::JobClaimed { .. }
            | Fact::ClaimConflict { .. }
            | Fact::JobEnqueued { .. }
            | Fact::Retried { .. }
            | Fact::JobAbandoned { .. }
            | Fact::JobRecovered { .. }
            | Fact::JobsAdopted { .. }
            | Fact::FailoverProposed { .. }
            | Fact::HoldChanged { .. }
            | Fact::SpillChanged { .. }
            | Fact::PanicChanged { .. }
            | Fact::Ignored { .. }
            | Fact::AttemptDropped { .. }
            | Fact::NameTaken { .. }
            | Fact::LaunchFailed { .. }
            | Fact::TaskOnline { .. }
            | Fact::TaskStopped { .. }
            | Fact::SurplusReaped { .. }
            | Fact::CapReached { .. }
            | Fact::DeliveryLost { .. } => {}
        }
    }
}
