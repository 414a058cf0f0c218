//! Deadlines of many things, most of which are put off before they fire. Knows when; must not know what a deadline
//! means.

use crate::map::IdMap;
use crate::slab::Slab;
use crate::time::{Span, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Reverse;

/// The finest and the coarsest rounding of a deadline. It is rounded up to a quarter of the time until then, so that
/// one wake serves many, and short waits stay short.
const GRAIN: (Span, Span) = (Span::from_millis(10), Span::from_secs(30));

/// A thing's own deadline, kept in the thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// When it is really due.
    at: Timestamp,
    /// The one live entry in the queue; earlier than `at` when the deadline was put off since.
    queued: Timestamp,
}

/// A thing and the place where its owner keeps it, so that nobody has to look for it when its deadline fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The thing.
    pub id: u64,
    /// Where it was when the deadline was set; [`Entry::NOWHERE`] in what was saved.
    pub place: u32,
}

impl Entry {
    /// The place is not known: the owner has to look.
    pub const NOWHERE: u32 = u32::MAX;
}

/// The queue of deadlines. A thing has one live entry at the most: putting a deadline off costs nothing, and the entry
/// that fires too early is queued again.
///
/// Rounding makes many deadlines share few times, so entries lie in one bucket a time: putting one in is a look-up among
/// some dozens of times and a push.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Deadlines {
    /// Entries by time, as they were set; the soonest bucket last.
    #[serde(with = "by_time")]
    buckets: Vec<(Timestamp, Vec<Entry>)>,
    /// The bucket that fires: its time, and its entries from the highest to the lowest id, taken from the end.
    firing: (Timestamp, Vec<Entry>),
    len: usize,
    /// For some times, where their buckets were when they were looked for last. Many deadlines are set to a time, one after the
    /// other.
    #[serde(skip)]
    last: [u32; LAST],
    /// Empty buckets for reuse.
    #[serde(skip)]
    spare: Vec<Vec<Entry>>,
}

/// Times whose buckets are remembered, a power of two.
const LAST: usize = 16;

/// Empty buckets that are kept, and the room in entries that one may keep.
const SPARE: (usize, usize) = (32, 1_024);

impl Deadlines {
    /// Sets the deadline of a thing to `at`, rounded up to about a quarter of the time until then: of ten seconds
    /// to the next two, of a second to the next 128 ms.
    pub fn set(&mut self, thing: Entry, due: &mut Due, at: Timestamp, now: Timestamp) {
        let quarter = (at.since(now).0 / 4).clamp(GRAIN.0.0, GRAIN.1.0);
        // A power of two, so that deadlines set at different times fall together.
        let grain = 1u64 << (63 - quarter.leading_zeros());
        let at = Timestamp(at.0.saturating_add(grain - 1) & !(grain - 1));
        due.at = at;
        if due.queued == Timestamp::ZERO || at < due.queued {
            due.queued = at;
            self.enqueue(thing, at);
        }
    }

    #[inline(never)]
    fn enqueue(&mut self, thing: Entry, at: Timestamp) {
        self.len += 1;
        let last = (at.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - LAST.ilog2())) as usize;
        match self.buckets.get_mut(self.last[last] as usize) {
            Some(bucket) if bucket.0 == at => bucket.1.push(thing),
            _ => {
                let place = self.look_up(thing, at);
                self.last[last] = place as u32;
            }
        }
    }

    /// Finds the bucket of a time and puts a thing into it.
    fn look_up(&mut self, thing: Entry, at: Timestamp) -> usize {
        let place = self.buckets.partition_point(|bucket| bucket.0 > at);
        match self.buckets.get_mut(place) {
            Some(bucket) if bucket.0 == at => bucket.1.push(thing),
            _ => self.open(place, thing, at),
        }
        place
    }

    #[cold]
    fn open(&mut self, place: usize, thing: Entry, at: Timestamp) {
        let mut things = self.spare.pop().unwrap_or_default();
        things.push(thing);
        self.buckets.insert(place, (at, things));
    }

    /// When the next entry fires.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        if self.firing.1.is_empty() { self.buckets.last().map(|bucket| bucket.0) } else { Some(self.firing.0) }
    }

    /// The next entry that fires at `now` or before. Ask the thing with [`Self::is_due`].
    pub fn pop(&mut self, now: Timestamp) -> Option<(Timestamp, Entry)> {
        if self.firing.1.is_empty() {
            let (at, mut things) = self.buckets.pop_if(|bucket| bucket.0 <= now)?;
            things.sort_unstable_by_key(|thing| Reverse(thing.id));
            let empty = std::mem::replace(&mut self.firing, (at, things)).1;
            if self.spare.len() < SPARE.0 && empty.capacity() <= SPARE.1 {
                self.spare.push(empty);
            }
        }
        // What began to fire was due by a time that does not go back.
        let thing = self.firing.1.pop()?;
        self.len -= 1;
        Some((self.firing.0, thing))
    }

    /// Lets the processor fetch what an owner keeps of the thing that [`Self::pop`] gives next, of those that fire already.
    #[inline]
    pub fn prefetch_upcoming<T>(&self, index: &IdMap<u32>, rows: &Slab<T>) {
        if let Some(next) = self.firing.1.last() {
            rows.prefetch(next.place);
            index.prefetch(next.id);
        }
    }

    /// Whether a fired entry is the thing's live one and the thing is really due. Puts it back when it was put off.
    pub fn is_due(&mut self, thing: Entry, due: &mut Due, fired: Timestamp, now: Timestamp) -> bool {
        if due.queued != fired {
            return false;
        }
        due.queued = Timestamp::ZERO;
        if due.at <= now {
            return true;
        }
        let at = due.at;
        self.set(thing, due, at, now);
        false
    }

    /// Entries in the queue, those of things that are gone included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// As its id: places are not saved.
impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.id.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { id: u64::deserialize(deserializer)?, place: Self::NOWHERE })
    }
}

/// Buckets as a map from times to ids, the soonest first.
mod by_time {
    use super::Entry;
    use crate::time::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};
    use std::collections::BTreeMap;

    pub(super) fn serialize<S: Serializer>(
        buckets: &[(Timestamp, Vec<Entry>)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(buckets.iter().rev().map(|(at, ids)| (at, ids)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<(Timestamp, Vec<Entry>)>, D::Error> {
        Ok(BTreeMap::deserialize(deserializer)?.into_iter().rev().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thing(id: u64) -> Entry {
        Entry { id, place: 0 }
    }

    #[test]
    fn a_deadline_put_off_fires_once_and_late() {
        let (mut queue, mut due) = (Deadlines::default(), Due::default());
        queue.set(thing(1), &mut due, Timestamp(1_000_000), Timestamp(0));
        queue.set(thing(1), &mut due, Timestamp(5_000_000), Timestamp(0));
        assert_eq!(queue.len(), 1, "putting off costs no entry");
        let (fired, id) = queue.pop(Timestamp(1_200_000)).unwrap();
        assert!(!queue.is_due(id, &mut due, fired, Timestamp(1_200_000)));
        let (fired, id) = queue.pop(Timestamp(9_000_000)).unwrap();
        assert!(queue.is_due(id, &mut due, fired, Timestamp(9_000_000)));
    }

    #[test]
    fn deadlines_fire_in_the_order_of_their_times_and_ids_and_outlast_a_snapshot() {
        let mut queue = Deadlines::default();
        for id in [3u64, 1, 2, 7, 5, 6, 4] {
            // Two ids a time: 1 with 2, 3 with 4, and so on.
            queue.set(thing(id), &mut Due::default(), Timestamp(1 + id.div_ceil(2) * 1_000_000), Timestamp(0));
        }
        let text = serde_json::to_string(&queue).unwrap();
        let times: Vec<usize> =
            ["1048576", "2097152", "3145728", "4194304"].iter().filter_map(|at| text.find(at)).collect();
        assert!(times.len() == 4 && times.is_sorted(), "{text}");
        let mut again: Deadlines = serde_json::from_str(&text).unwrap();
        assert_eq!(again.next(), queue.next());
        let order = |queue: &mut Deadlines| -> Vec<u64> {
            std::iter::from_fn(|| queue.pop(Timestamp(9_000_000))).map(|(_, thing)| thing.id).collect()
        };
        assert_eq!(order(&mut again), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(order(&mut queue), [1, 2, 3, 4, 5, 6, 7]);
        assert!(queue.is_empty() && queue.next().is_none());
    }

    #[test]
    fn a_deadline_brought_forward_fires_once() {
        let (mut queue, mut due) = (Deadlines::default(), Due::default());
        queue.set(thing(1), &mut due, Timestamp(5_000_000), Timestamp(0));
        queue.set(thing(1), &mut due, Timestamp(1_000_000), Timestamp(0));
        let (fired, id) = queue.pop(Timestamp(9_000_000)).unwrap();
        assert!(queue.is_due(id, &mut due, fired, Timestamp(9_000_000)));
        let (fired, id) = queue.pop(Timestamp(9_000_000)).unwrap();
        assert!(!queue.is_due(id, &mut due, fired, Timestamp(9_000_000)), "the older entry is dead");
    }
}
