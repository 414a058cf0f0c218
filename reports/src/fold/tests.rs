//! Facts by hand, measures by hand.

mod episodes;
mod measures;
mod series;

use super::*;
use tidegate_core::controller::phase::Cause;
use tidegate_core::fact::{Considered, Decision};
use tidegate_core::id::{JobId, Name, PlacementId, RunId};
use tidegate_core::port::Reason;
use tidegate_core::time::Span;

pub(crate) const A: RegionId = RegionId(0);
pub(crate) const B: RegionId = RegionId(1);
pub(crate) const C: RegionId = RegionId(2);

/// Some day, so that nothing works only at the epoch.
const START: Timestamp = Timestamp(1_795_478_400_000_000);

/// A frame of so many hours and three regions of ten runners.
pub(crate) fn frame(hours: u64) -> Frame {
    let names = ["a", "b", "c"].map(str::to_owned).to_vec();
    Frame::new(names, vec![10; 3], START, START + Span::from_hours(hours))
}

/// Seconds after the start.
pub(crate) fn at(seconds: u64) -> Timestamp {
    START + Span::from_secs(seconds)
}

pub(crate) fn placement(attempt: u16) -> PlacementId {
    PlacementId { job: JobId(1), run_attempt: 1, attempt }
}

pub(crate) fn placed(home: RegionId, region: RegionId, reason: Reason) -> Fact {
    let decision = Decision { region, reason, considered: [Considered::NotAsked; 8] };
    let (run, organization) = (RunId(1), Name(1));
    Fact::JobPlaced { placement: placement(1), run, organization, home, regional: true, decision }
}

pub(crate) fn queued(home: RegionId) -> Fact {
    Fact::JobQueued { job: JobId(1), home }
}

/// A start at some second after a wait of so many seconds.
pub(crate) fn started(at_second: u64, home: RegionId, region: RegionId, wait: u64) -> (Timestamp, Fact) {
    let wait = Span::from_secs(wait);
    let (job, reason, regional) = (JobId(1), Reason::Home, home == region);
    let queued_at = at(at_second) - wait;
    (at(at_second), Fact::JobStarted { job, region, home, reason, regional, queued_at, wait, attempts: 1 })
}

pub(crate) fn completed(queued: u64, region: RegionId, wait: u64, ran: u64) -> (Timestamp, Fact) {
    let (ran, total) = (Span::from_secs(ran), Span::from_secs(wait + ran));
    (at(queued) + total, Fact::JobCompleted { job: JobId(1), region, queued_at: at(queued), ran, total })
}

pub(crate) fn phase(observer: RegionId, region: RegionId, to: Phase) -> Fact {
    Fact::PhaseChanged { observer, region, from: Phase::Active, to, cause: Cause::Quorum }
}
