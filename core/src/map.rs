//! Maps from ids to values without an order anybody could see. Knows hashing; must not offer iteration.

use prefetch_index::prefetch_index;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Spreads the bits of an id over the word: the finalizer of SplitMix64 (Steele, Lea, Flood 2014), a bijection, so
/// that consecutive job numbers do not share buckets.
#[must_use]
pub const fn mix(id: u64) -> u64 {
    let mut z = id.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The places of the smallest map that holds anything.
const LEAST: usize = 8;

/// The id of a place that is free. An entry of that very id lies beside the places.
const FREE: u64 = u64::MAX;

/// A map from 64-bit ids to small values. It cannot be iterated, so no decision can come to depend on a hash order.
///
/// An id lies at the place that the upper bits of its product with the golden ratio name, or at the next free one after it; what
/// is taken out leaves no gap between an id and its place. Ids of jobs are counted up, and such products lie evenly. A look-up
/// is mostly one line of memory. That a place is free is told by its id, so that places are small and many lie in a cache.
#[derive(Clone, Debug)]
pub struct IdMap<V> {
    /// None, or a power of two of them.
    places: Vec<Place<V>>,
    /// The value of the id that free places have.
    odd: Option<V>,
    len: usize,
    /// 64 less the bits of a place's number.
    shift: u32,
}

#[derive(Clone, Debug)]
struct Place<V> {
    id: u64,
    value: V,
}

impl<V> Default for IdMap<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> IdMap<V> {
    /// An empty map.
    #[must_use]
    pub const fn new() -> Self {
        Self { places: Vec::new(), odd: None, len: 0, shift: 63 }
    }

    /// How many entries it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where an id should lie.
    const fn home(&self, id: u64) -> usize {
        (id.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize
    }

    /// The place after another.
    const fn after(&self, at: usize) -> usize {
        (at + 1) & (self.places.len() - 1)
    }

    /// Where an id lies, or the free place where it would; of a map without places, nowhere.
    fn place(&self, id: u64) -> (usize, bool) {
        let mut at = self.home(id);
        while let Some(place) = self.places.get(at)
            && place.id != FREE
        {
            if place.id == id {
                return (at, true);
            }
            at = self.after(at);
        }
        (at, false)
    }

    /// Lets the processor fetch the place of an id, which will be looked at soon.
    #[inline]
    pub fn prefetch(&self, id: u64) {
        prefetch_index(&self.places, self.home(id));
    }

    /// The value of an id.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&V> {
        let (at, found) = self.place(id);
        if found {
            return Some(&self.places[at].value);
        }
        if id == FREE { self.odd.as_ref() } else { None }
    }

    /// The value of an id, to change.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut V> {
        let (at, found) = self.place(id);
        if found {
            return Some(&mut self.places[at].value);
        }
        if id == FREE { self.odd.as_mut() } else { None }
    }

    /// Whether the id is there.
    #[must_use]
    pub fn contains(&self, id: u64) -> bool {
        self.get(id).is_some()
    }
}

impl<V: Default> IdMap<V> {
    /// Sets the value of an id and gives back the one before.
    pub fn insert(&mut self, id: u64, value: V) -> Option<V> {
        if id == FREE {
            self.len += usize::from(self.odd.is_none());
            return self.odd.replace(value);
        }
        let (at, found) = self.place_for(id);
        let place = &mut self.places[at];
        if found {
            return Some(std::mem::replace(&mut place.value, value));
        }
        *place = Place { id, value };
        self.len += 1;
        None
    }

    /// The value of an id, made by `make` when there is none.
    pub fn get_or_insert_with(&mut self, id: u64, make: impl FnOnce() -> V) -> &mut V {
        if id == FREE {
            self.len += usize::from(self.odd.is_none());
            return self.odd.get_or_insert_with(make);
        }
        let (at, found) = self.place_for(id);
        self.len += usize::from(!found);
        let place = &mut self.places[at];
        if !found {
            *place = Place { id, value: make() };
        }
        &mut place.value
    }

    /// Where an id lies, or a free place for it after which others are left.
    fn place_for(&mut self, id: u64) -> (usize, bool) {
        let (at, found) = self.place(id);
        if found || (self.len + 1) * 8 <= self.places.len() * 5 {
            return (at, found);
        }
        self.resize((self.places.len() * 2).max(LEAST));
        self.place(id)
    }

    /// Takes an id out. Gives room back when a burst has long passed.
    pub fn remove(&mut self, id: u64) -> Option<V> {
        let (mut hole, found) = self.place(id);
        if !found {
            let odd = if id == FREE { self.odd.take() } else { None };
            self.len -= usize::from(odd.is_some());
            return odd;
        }
        let value = std::mem::take(&mut self.places[hole].value);
        self.places[hole].id = FREE;
        self.len -= 1;
        // Whoever would be looked for in vain behind the hole moves into it.
        let mut at = self.after(hole);
        let last = self.places.len() - 1;
        while self.places[at].id != FREE {
            let home = self.home(self.places[at].id);
            if at.wrapping_sub(home) & last >= at.wrapping_sub(hole) & last {
                self.places.swap(hole, at);
                hole = at;
            }
            at = self.after(at);
        }
        if self.places.len() > 4_096 && self.len * 16 < self.places.len() {
            self.resize((self.len * 4).next_power_of_two().max(LEAST));
        }
        Some(value)
    }

    #[cold]
    fn resize(&mut self, places: usize) {
        let mut free = Vec::new();
        free.resize_with(places, || Place { id: FREE, value: V::default() });
        self.shift = u64::BITS - places.ilog2();
        for place in std::mem::replace(&mut self.places, free) {
            if place.id != FREE {
                let (at, _) = self.place(place.id);
                self.places[at] = place;
            }
        }
    }
}

impl<V: Serialize> Serialize for IdMap<V> {
    /// A list of pairs by ascending id, so that equal maps are saved alike.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let held = self.places.iter().filter(|place| place.id != FREE).map(|place| (place.id, &place.value));
        let mut pairs: Vec<(u64, &V)> = held.chain(self.odd.iter().map(|value| (FREE, value))).collect();
        pairs.sort_by_key(|pair| pair.0);
        serializer.collect_seq(pairs)
    }
}

impl<'de, V: Deserialize<'de> + Default> Deserialize<'de> for IdMap<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map = Self::new();
        for (id, value) in Vec::<(u64, V)>::deserialize(deserializer)? {
            map.insert(id, value);
        }
        Ok(map)
    }
}

/// The ids of things that ended lately: two generations, so that forgetting is one swap.
///
/// An id is remembered for at least one and at most two spans of `keep`, and never more than `limit` ids a
/// generation: when that is full the older generation goes at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recent {
    young: IdMap<()>,
    old: IdMap<()>,
    limit: usize,
}

impl Recent {
    /// Remembers at most `2 * limit` ids.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { young: IdMap::new(), old: IdMap::new(), limit }
    }

    /// Remembers an id.
    pub fn insert(&mut self, id: u64) {
        if self.young.len() >= self.limit {
            self.rotate();
        }
        self.young.insert(id, ());
    }

    /// See [`IdMap::prefetch`].
    #[inline]
    pub fn prefetch(&self, id: u64) {
        self.young.prefetch(id);
        self.old.prefetch(id);
    }

    /// Whether the id ended lately.
    #[must_use]
    pub fn contains(&self, id: u64) -> bool {
        self.young.contains(id) || self.old.contains(id)
    }

    /// Forgets the older generation; the younger one becomes the older.
    pub fn rotate(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }

    /// How many ids are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether none is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Ids of all sorts: counted up, with the lower bits empty, at the ends.
        #[test]
        fn it_is_a_map(steps in proptest::collection::vec((0..4u8, 0..4u8, 0..40u64), 0..400)) {
            let (mut map, mut expected) = (IdMap::new(), BTreeMap::new());
            for (step, kind, number) in steps {
                let id = [number, number << 20, u64::MAX - number, number << 59][usize::from(kind)];
                match step {
                    0 => prop_assert_eq!(map.insert(id, number), expected.insert(id, number)),
                    1 => prop_assert_eq!(map.remove(id), expected.remove(&id)),
                    2 => {
                        let ours = *map.get_or_insert_with(id, || number + 1);
                        prop_assert_eq!(ours, *expected.entry(id).or_insert(number + 1));
                    }
                    _ => prop_assert_eq!(map.get_mut(id), expected.get_mut(&id)),
                }
                prop_assert_eq!(map.len(), expected.len());
            }
            for (id, value) in &expected {
                prop_assert_eq!(map.get(*id), Some(value));
            }
        }
    }

    #[test]
    fn a_map_that_was_large_gives_room_back_and_keeps_the_rest() {
        let mut map = IdMap::new();
        (0..100_000u64).for_each(|id| assert_eq!(map.insert(id, id), None));
        (0..99_000u64).for_each(|id| assert_eq!(map.remove(id), Some(id)));
        assert!(map.places.len() <= 16_384, "{}", map.places.len());
        assert!((99_000..100_000).all(|id| map.get(id) == Some(&id)) && map.get(98_999).is_none());
    }

    #[test]
    fn a_map_gives_back_what_it_was_given() {
        let mut map = IdMap::new();
        for id in 0..10_000 {
            assert_eq!(map.insert(id, id * 2), None);
        }
        assert_eq!(map.insert(7, 1), Some(14));
        assert_eq!(map.remove(8), Some(16));
        assert_eq!(map.get(8), None);
        assert_eq!(*map.get_or_insert_with(8, || 3), 3);
        assert_eq!(map.len(), 10_000);
    }

    #[test]
    fn recent_ids_are_forgotten_after_two_generations() {
        let mut recent = Recent::new(100);
        recent.insert(1);
        recent.rotate();
        assert!(recent.contains(1));
        recent.rotate();
        assert!(!recent.contains(1));
        (0..1_000).for_each(|id| recent.insert(id));
        assert!(recent.len() <= 200 && recent.contains(999));
    }
}
