//! The agenda: the events still to come, soonest first. Knows when each is due and which was scheduled first;
//! must not know what an event means.
//!
//! # How it works
//!
//! Time never runs backwards, so an event needs no exact place until it is nearly due. Three parts hold the events:
//!
//! * the *front*: the few soonest, in order;
//! * *slots*: events in the order they came, alike in the upper bits of their times, 64 slots to a *level*. A level
//!   covers the bits of a time between its own lowest bit and that of the level above it. An event goes to the
//!   level that covers the highest bit in which its time differs from now, hence to a slot found by one table
//!   look-up and one shift, whatever the number of events;
//! * the *burst*: what remains of many events due at the very same time.
//!
//! When the front runs out, the soonest slot takes its place. A slot with few events is sorted into the front; a
//! larger one is first spread over a new level below it, whose slots are made just narrow enough, for the number of
//! events and the range of their times, to hold a few events each. That is what makes the cost per event the same
//! for any number of events and any time scale, where levels of a fixed width are at their best for some only.
//!
//! # Why equal times keep their order
//!
//! Of events due at the same time, those in the front came first, then those in the burst, and all others are in one
//! slot, in order. Every move (to a lower level, into the front, back from a full front) keeps the order and goes to
//! an empty place. No sequence number is needed.

mod front;
mod slot;
#[cfg(test)]
mod tests;

use front::Front;
use slot::{Chunk, Chunks, Entry, Slot};
use std::iter::once;
use tidegate_core::time::Timestamp;

/// How many bits of the time tell the slots of one level apart.
const DIGIT: u32 = 6;
/// Slots in a level; one word of bits says which of them hold events.
const SLOTS: usize = 1 << DIGIT;
/// The lowest bit of the top level, which covers the six bits above it.
const TOP: u32 = u64::BITS - DIGIT;
/// More levels than there can be: each takes at least one bit from the level above.
const LEVELS: usize = 64;
/// A slot is spread over as many slots as leave about this many events in each.
const PER_SLOT: usize = 16;

/// The future events of one simulation, given out in order of time and, at equal times, of scheduling.
///
/// Scheduling and popping take constant time, on average, whatever the number of pending events. Memory is little more
/// than that of the pending events, beside room for 64 of them in each stretch of time in use: 0.1 MB for a hundred
/// events of 32 bytes, 40 MB for a million.
///
/// ```
/// use tidegate_core::time::{Span, Timestamp};
/// use tidegate_sim::agenda::Agenda;
///
/// let mut agenda = Agenda::new(Timestamp::ZERO);
/// agenda.schedule(Timestamp(5), "second");
/// agenda.schedule(Timestamp(5), "third");
/// agenda.schedule(Timestamp(1), "first");
/// assert_eq!(agenda.pop(), Some((Timestamp(1), "first")));
/// agenda.schedule(agenda.now() + Span(4), "fourth");
/// assert_eq!(agenda.pop(), Some((Timestamp(5), "second")));
/// assert_eq!(agenda.len(), 2);
/// ```
#[derive(Debug)]
pub struct Agenda<E> {
    now: u64,
    len: usize,
    /// Times that differ from now by less than this (by exclusive or) belong in the front.
    reach: u64,
    front: Front<E>,
    /// Chunks of events that are all due at the same time, the next one last.
    burst: Vec<Chunk<E>>,
    /// For the length in bits of the difference between a time and now: where that time belongs.
    routes: [Route; 65],
    /// The level whose slot the front was filled from; no level below it holds events.
    level: usize,
    /// The lowest bit of each level.
    low: [u8; LEVELS],
    /// Bit by bit, the levels that hold events.
    levels: u64,
    /// Bit by bit, the slots of each level that hold events.
    occupied: [u64; LEVELS],
    slots: Vec<Slot<E>>,
    chunks: Chunks<E>,
}

/// A level, and its lowest bit.
#[derive(Clone, Copy, Debug)]
struct Route {
    level: u8,
    low: u8,
}

impl Route {
    fn slot(self, at: u64) -> usize {
        usize::from(self.level) * SLOTS + (at >> self.low) as usize % SLOTS
    }
}

/// The number of bits it takes to write `value`.
fn width(value: u64) -> u32 {
    u64::BITS - value.leading_zeros()
}

impl<E: Copy> Agenda<E> {
    /// An empty agenda at the time `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        let mut slots = Vec::new();
        slots.resize_with(SLOTS, Slot::default);
        Self {
            now: start.0,
            len: 0,
            reach: 0,
            front: Front::new(),
            burst: Vec::new(),
            routes: [Route { level: 0, low: TOP as u8 }; 65],
            level: 0,
            low: [TOP as u8; LEVELS],
            levels: 0,
            occupied: [0; LEVELS],
            slots,
            chunks: Chunks::new(),
        }
    }

    /// The time of the last event popped; the start before the first.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(self.now)
    }

    /// The number of pending events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no event is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an event, due after all those already scheduled for the same time.
    ///
    /// # Panics
    ///
    /// When `at` is before [`now`](Self::now).
    #[inline]
    pub fn schedule(&mut self, at: Timestamp, event: E) {
        let at = at.0;
        assert!(at >= self.now, "no wake in the past: {at} us is before now, {} us", self.now);
        self.len += 1;
        let (difference, entry) = (at ^ self.now, Entry { at, event });
        if difference < self.reach {
            self.put_in_front(entry);
        } else {
            self.put(self.routes[width(difference) as usize], entry);
        }
    }

    /// Takes the next event out and moves [`now`](Self::now) to its time; `None` when no event is pending.
    #[inline]
    pub fn pop(&mut self) -> Option<(Timestamp, E)> {
        if self.front.is_empty() {
            if self.len == 0 {
                return None;
            }
            self.refill();
        }
        let entry = self.front.pop().expect("a front that was refilled holds an event");
        self.len -= 1;
        self.now = entry.at;
        Some((Timestamp(entry.at), entry.event))
    }

    /// The time of the next event, which stays where it is; `None` when no event is pending.
    #[inline]
    #[must_use]
    pub fn peek_time(&self) -> Option<Timestamp> {
        let at = match (self.front.next(), self.burst.last()) {
            (Some(at), _) => at,
            (None, Some(chunk)) => chunk[0].at,
            (None, None) if self.len == 0 => return None,
            (None, None) => self.slots[self.soonest_slot()].earliest,
        };
        Some(Timestamp(at))
    }

    /// The number of events there is memory for.
    #[cfg(test)]
    fn capacity(&self) -> usize {
        self.front.capacity() + self.chunks.capacity()
    }

    /// The first slot of the lowest level that holds events: none is due before those in it.
    fn soonest_slot(&self) -> usize {
        assert!(self.levels != 0, "an event that is not in front is in a slot");
        let level = self.levels.ilog2() as usize;
        level * SLOTS + self.occupied[level].trailing_zeros() as usize
    }

    /// Adds an event to its slot on the level of `route`.
    #[inline]
    fn put(&mut self, route: Route, entry: Entry<E>) {
        let index = route.slot(entry.at);
        if !self.slots[index].push(entry) {
            self.put_in_new_chunk(index, entry);
        }
    }

    /// Adds an event to a slot that has no room for it.
    #[inline(never)]
    fn put_in_new_chunk(&mut self, index: usize, entry: Entry<E>) {
        let (level, digit) = (index / SLOTS, index % SLOTS);
        self.levels |= 1 << level;
        self.occupied[level] |= 1 << digit;
        self.slots[index].push_chunk(self.chunks.lend(), entry);
    }

    /// Adds an event to the front or, when too many have come in since it was filled, moves the whole front to a
    /// lower level: inserting takes time in proportion to its length.
    #[inline(never)]
    fn put_in_front(&mut self, entry: Entry<E>) {
        if self.front.insert(entry) {
            return;
        }
        let count = self.front.len();
        let route = self.open_level(self.level, self.front.latest() ^ self.now, count);
        self.reach = 0;
        while let Some(entry) = self.front.pop() {
            self.put(route, entry);
        }
        self.put(self.routes[width(entry.at ^ self.now) as usize], entry);
    }

    /// Fills the empty front with the next events. The caller pops one at once: until then, now is out of step with
    /// the levels.
    #[inline(never)]
    fn refill(&mut self) {
        if let Some(chunk) = self.burst.pop() {
            self.front.load_equals(&chunk);
            self.chunks.take_back(chunk);
            if self.burst.is_empty() {
                self.burst = Vec::new(); // it may have been long
            }
            return;
        }
        let most = Front::<E>::most(self.len);
        loop {
            let index = self.soonest_slot();
            let (level, slot) = (index / SLOTS, self.empty_slot(index));
            let count = slot.len();
            if count <= most {
                return self.fill_front(level, slot);
            } else if slot.earliest == slot.latest {
                return self.start_burst(slot);
            }
            let route = self.open_level(level, slot.earliest ^ slot.latest, count);
            for chunk in slot.full.into_iter().chain(once(slot.tail)) {
                for &entry in &chunk {
                    self.put(route, entry);
                }
                self.chunks.take_back(chunk);
            }
        }
    }

    /// Takes everything out of a slot.
    fn empty_slot(&mut self, index: usize) -> Slot<E> {
        let (level, digit) = (index / SLOTS, index % SLOTS);
        self.occupied[level] &= !(1 << digit);
        if self.occupied[level] == 0 {
            self.levels &= !(1 << level);
        }
        std::mem::take(&mut self.slots[index])
    }

    /// Sorts the events of a slot into the front, which from now on takes all events that would go to that slot.
    fn fill_front(&mut self, level: usize, slot: Slot<E>) {
        self.level = level;
        // On a level that goes down to the last bit a slot is a single time. Its later events can wait in the slot,
        // in order, where they cost less than in the front.
        self.reach = (1 << self.low[level]) & !1;
        self.front.load(&slot);
        for chunk in slot.full.into_iter().chain(once(slot.tail)) {
            self.chunks.take_back(chunk);
        }
    }

    /// Sets apart the events of a slot when they are more than the front should hold and all due at the same time.
    /// Those scheduled for that time from now on go to a slot, and hence after these.
    fn start_burst(&mut self, slot: Slot<E>) {
        self.reach = 0;
        self.burst = slot.full;
        self.burst.push(slot.tail);
        self.burst.reverse();
        self.refill();
    }

    /// Opens a level under `level`, and as many between them as its slots must be told apart by; the levels under
    /// `level` hold no events. Its slots suit `count` events whose times differ in the bits set in `difference`
    /// and lower ones.
    fn open_level(&mut self, level: usize, difference: u64, count: usize) -> Route {
        let digit = width((count / PER_SLOT) as u64).clamp(1, DIGIT);
        let (top, lowest) = (u32::from(self.low[level]), width(difference).saturating_sub(digit));
        assert!(lowest < top, "a level takes at least one bit from the level above");
        let last = level + (top - lowest).div_ceil(DIGIT) as usize;
        if self.slots.len() <= last * SLOTS {
            self.slots.resize_with((last + 1) * SLOTS, Slot::default);
        }
        let (mut low, mut bits) = (lowest, 0);
        for level in (level + 1..=last).rev() {
            let route = Route { level: level as u8, low: low as u8 };
            self.low[level] = route.low;
            low = (low + DIGIT).min(top);
            self.routes[bits..=low as usize].fill(route);
            bits = low as usize + 1;
        }
        self.routes[0]
    }
}
