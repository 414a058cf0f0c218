//! The front: the soonest events, in order. Knows how to sort few events fast; must not know slots' places or levels.

use super::slot::{Entry, Slot};
use super::width;

/// The most events that are sorted into the front at once. At most 255, for counters are one byte each.
const MOST: usize = 128;
/// The least that is worth sorting at once, however few events are pending.
const LEAST: usize = 16;
/// Events that may come into the front, beside half of those it was filled with, before it counts as too long.
const ROOM: usize = 32;

/// Places at the end of the front that are looked at one by one.
const NEAR: usize = 8;

/// The soonest events, the very next one last, so that it comes out at no cost. Of events due at the same time the
/// first scheduled stands last.
#[derive(Debug)]
pub(super) struct Front<E> {
    entries: Vec<Entry<E>>,
    /// The length at which the front counts as too long.
    limit: usize,
}

impl<E: Copy> Front<E> {
    pub(super) fn new() -> Self {
        Self { entries: Vec::with_capacity(MOST + MOST / 2 + ROOM), limit: ROOM }
    }

    /// How many events at most to fill the front with while `pending` are pending. Of a few, many would be
    /// scheduled into the front again, and inserting costs more there than in a slot.
    pub(super) fn most(pending: usize) -> usize {
        (pending / 2).clamp(LEAST, MOST)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The number of events there is memory for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.entries.capacity()
    }

    /// The time of the next event.
    pub(super) fn next(&self) -> Option<u64> {
        self.entries.last().map(|entry| entry.at)
    }

    /// The time of the last event in a front that is not empty.
    pub(super) fn latest(&self) -> u64 {
        self.entries[0].at
    }

    /// Takes the next event.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Entry<E>> {
        self.entries.pop()
    }

    /// Adds an event after all those due at the same time, unless the front is too long already.
    pub(super) fn insert(&mut self, entry: Entry<E>) -> bool {
        let room = self.entries.len() < self.limit;
        if room {
            self.entries.insert(self.place(entry.at), entry);
        }
        room
    }

    /// Where an event due at `at` stands. Most come in soon to be next, so the last few places are looked at first.
    #[inline]
    fn place(&self, at: u64) -> usize {
        let sooner = self.entries.iter().rev().take(NEAR).take_while(|other| other.at <= at).count();
        let place = self.entries.len() - sooner;
        if sooner < NEAR { place } else { self.entries[..place].partition_point(|other| other.at > at) }
    }

    /// Fills the empty front with events all due at the same time.
    pub(super) fn load_equals(&mut self, chunk: &[Entry<E>]) {
        self.entries.extend(chunk.iter().rev());
        self.limit = 0;
    }

    /// Fills the empty front with the events of a slot, at most [`MOST`] of them.
    ///
    /// Counters, twice as many as events, one for each value of the upper bits in which the times differ, give every
    /// event a place that is right but for its few nearest neighbours; a sort by insertion puts these right.
    pub(super) fn load(&mut self, slot: &Slot<E>) {
        let count = slot.len();
        assert!(0 < count && count <= MOST, "a front is filled with at least one event and at most {MOST}");
        self.limit = count + count / 2 + ROOM;
        let digit = width(count as u64 - 1) + 1;
        let shift = width(slot.earliest ^ slot.latest).saturating_sub(digit);
        let (mask, mut places) = ((1usize << digit) - 1, [0u8; 2 * MOST]);
        for chunk in slot.chunks() {
            for entry in chunk {
                places[(entry.at >> shift) as usize & mask] += 1;
            }
        }
        // From the latest to the earliest, the place after the last event of each counter.
        let mut sum = 0;
        for place in places[..=mask].iter_mut().rev() {
            sum += *place;
            *place = sum;
        }
        self.entries.resize(count, slot.tail[0]);
        for chunk in slot.chunks() {
            for entry in chunk {
                let place = &mut places[(entry.at >> shift) as usize & mask];
                *place -= 1;
                self.entries[usize::from(*place)] = *entry;
            }
        }
        sort_by_insertion(&mut self.entries);
    }
}

/// Sorts from the latest to the earliest and keeps the order of equal times; fast when nearly everything is in place.
fn sort_by_insertion<E: Copy>(entries: &mut [Entry<E>]) {
    for end in 1..entries.len() {
        let entry = entries[end];
        let mut place = end;
        while place > 0 && entries[place - 1].at < entry.at {
            entries[place] = entries[place - 1];
            place -= 1;
        }
        if place < end {
            entries[place] = entry;
        }
    }
}
