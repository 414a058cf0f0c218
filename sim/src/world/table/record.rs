//! One writer's record of a job, and the item of a job that holds them. Knows what a record says; must not know who reads it
//! when.

use tidegate_core::Timestamp;
use tidegate_core::id::{JobId, PlacementId, RegionId, RegionSet};
use tidegate_core::port::table::Standing;
use tidegate_core::port::{Stage, Ticket};
use tidegate_core::slab::Slab;

/// No place in a slab.
const NONE: u32 = u32::MAX;

/// One writer's record: its newest version, and the one before for replicas that do not show the newest yet.
///
/// The fields lie as they are written here, see [`Item`].
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Record {
    pub(super) before: Option<View>,
    pub(super) at: Timestamp,
    /// Seeds the lags: the number of the write, without what is over 32 bits of it.
    pub(super) write: u32,
    /// The item's next older record.
    pub(super) next: u32,
    /// From when on the replicas that are `late` have it on its way.
    pub(super) released_at: Timestamp,
    /// The attempt that the writer claimed last; 0: it has only marked.
    pub(super) claimed: u16,
    pub(super) writer: RegionId,
    /// Replicas that do not get it until the regions exchange writes again.
    pub(super) held: RegionSet,
    /// Replicas that got it late.
    pub(super) late: RegionSet,
    pub(super) view: View,
}

impl Record {
    /// The first version of a writer, or one beside an older record that some replica does not show.
    pub(super) const fn new(
        writer: RegionId,
        view: View,
        claimed: u16,
        held: RegionSet,
        write: u32,
        at: Timestamp,
    ) -> Self {
        let (late, released_at) = (RegionSet::EMPTY, Timestamp::ZERO);
        Self { before: None, at, write, released_at, next: NONE, claimed, writer, held, view, late }
    }
}

/// Whether a write is held back. Two bytes, so that it has more unused values than any other field: those tell an empty place of
/// a slab, which is asked whenever an item is looked for, and thus should lie in the line that is looked at anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Held {
    No,
    Yes,
}

/// What is written of a job. Items are kept for an hour and thus most of them lie far from the processor: what a look at one
/// needs lies in the first two lines of memory, whether it is over in the second of them; the ticket, for those who list open
/// claims, is in the third.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Item {
    /// The newest record: mostly the only one, for most jobs have one writer. Its `next` leads to the others.
    pub(super) first: Record,
    /// Of the ticket.
    pub(super) placement: PlacementId,
    /// Of the ticket.
    pub(super) region: RegionId,
    /// Whether a write is held back from some replica.
    pub(super) held: Held,
    pub(super) ticket: Ticket,
}

impl Item {
    pub(super) const fn new(ticket: Ticket, first: Record) -> Self {
        Self { first, placement: ticket.placement, region: ticket.region, held: Held::No, ticket }
    }

    /// Where a placement was made, if it is the newest.
    pub(super) fn region_of(&self, placement: Option<PlacementId>) -> Option<RegionId> {
        placement.filter(|placement| *placement == self.placement).map(|_| self.region)
    }

    /// Its records, the newest first.
    pub(super) fn records<'a>(&'a self, older: &'a Slab<Record>) -> impl Iterator<Item = &'a Record> {
        std::iter::successors(Some(&self.first), |record| older.get(record.next))
    }

    /// A writer's newest record, to change.
    pub(super) fn latest_mut<'a>(
        &'a mut self,
        older: &'a mut Slab<Record>,
        writer: RegionId,
    ) -> Option<&'a mut Record> {
        if self.first.writer == writer {
            return Some(&mut self.first);
        }
        let mut at = self.first.next;
        while older.get(at)?.writer != writer {
            at = older.get(at)?.next;
        }
        older.get_mut(at)
    }
}

/// What a record, or all records of a job together, say: a [`Standing`] in less room, and who is served by whom.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct View {
    /// The job whose runner took this job; 0: not known.
    pub(super) served_by: u64,
    /// The job that took this one's runner; 0: none.
    taken_by: u64,
    pub(super) run_attempt: u16,
    pub(super) attempt: u16,
    pub(super) region: RegionId,
    pub(super) stage: Stage,
}

impl View {
    /// Before anything is written.
    pub(super) const fn fresh(run_attempt: u16, region: RegionId) -> Self {
        Self { served_by: 0, taken_by: 0, run_attempt, attempt: 0, region, stage: Stage::Placed }
    }

    /// What a claim says.
    pub(super) const fn claim(ticket: &Ticket) -> Self {
        let placement = ticket.placement;
        Self { attempt: placement.attempt, ..Self::fresh(placement.run_attempt, ticket.region) }
    }

    pub(super) fn standing(self) -> Standing {
        let Self { taken_by, run_attempt, attempt, region, stage, .. } = self;
        Standing { run_attempt, attempt, region, stage, taken_by: (taken_by > 0).then_some(JobId(taken_by)) }
    }

    fn set(&mut self, standing: Standing) {
        let Standing { run_attempt, attempt, region, stage, taken_by } = standing;
        let taken_by = taken_by.map_or(0, |taker| taker.0);
        *self = Self { served_by: self.served_by, taken_by, run_attempt, attempt, region, stage };
    }

    /// Notes that a runner is taken, see [`Standing::note_taken`].
    pub(super) fn note_taken(&mut self, runner: PlacementId, region: Option<RegionId>, taker: JobId) {
        let mut standing = self.standing();
        standing.note_taken(runner, region.unwrap_or(standing.region), taker);
        self.set(standing);
    }

    pub(super) fn join(self, other: Self) -> Self {
        let mut joined = Self { served_by: self.served_by.max(other.served_by), ..self };
        joined.set(self.standing().join(other.standing()));
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    #[test]
    fn an_item_lies_as_it_says() {
        assert_eq!((size_of::<Item>(), size_of::<Option<Item>>()), (192, 192));
        assert!(offset_of!(Item, first) + offset_of!(Record, view) + offset_of!(View, stage) >= 64);
        assert!(offset_of!(Item, held) < 128);
    }
}
