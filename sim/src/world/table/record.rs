//! One writer's record of a job. Knows what a record says; must not know who reads it when.

use tidegate_core::Timestamp;
use tidegate_core::id::{RegionId, RegionSet};
use tidegate_core::port::table::Standing;
use tidegate_core::port::{Stage, Ticket};

/// One writer's record: its newest version, and the one before for replicas that do not show the newest yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) at: Timestamp,
    /// Seeds the lags.
    pub(super) write: u64,
    /// Replicas that do not get it until the regions exchange writes again.
    pub(super) held: RegionSet,
    /// Replicas that got it late, from `released_at` on.
    pub(super) late: RegionSet,
    pub(super) released_at: Timestamp,
    pub(super) view: View,
    pub(super) before: Option<View>,
    pub(super) writer: RegionId,
    /// The attempt that the writer claimed last; 0: it has only marked.
    pub(super) claimed: u16,
    pub(super) next: u32,
}

/// What a record, or all records of a job together, say.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) standing: Standing,
    /// The job whose runner took this job; 0: not known.
    pub(super) served_by: u64,
}

impl View {
    /// Before anything is written.
    pub(super) fn fresh(ticket: &Ticket) -> Self {
        let standing = Standing {
            run_attempt: ticket.placement.run_attempt,
            attempt: 0,
            region: ticket.region,
            stage: Stage::Placed,
            taken_by: None,
        };
        Self { standing, served_by: 0 }
    }

    pub(super) fn join(self, other: Self) -> Self {
        Self { standing: self.standing.join(other.standing), served_by: self.served_by.max(other.served_by) }
    }
}
