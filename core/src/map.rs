//! Maps from ids to values without an order anybody could see. Knows hashing; must not offer iteration.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
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

/// Where an id lies in a table: the two halves of its product with the golden ratio, one over the other. The table takes the
/// bucket from the lower bits and a tag from the upper ones; both depend on all bits of an id, at a third of what [`mix`] costs.
const fn spread(id: u64) -> u64 {
    let product = id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    product ^ product >> 32
}

/// A map from 64-bit ids to small values. It cannot be iterated, so no decision can come to depend on a hash order.
#[derive(Clone, Debug)]
pub struct IdMap<V> {
    table: HashTable<(u64, V)>,
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
        Self { table: HashTable::new() }
    }

    /// How many entries it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The value of an id.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&V> {
        self.table.find(spread(id), |(key, _)| *key == id).map(|(_, value)| value)
    }

    /// The value of an id, to change.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut V> {
        self.table.find_mut(spread(id), |(key, _)| *key == id).map(|(_, value)| value)
    }

    /// Whether the id is there.
    #[must_use]
    pub fn contains(&self, id: u64) -> bool {
        self.get(id).is_some()
    }

    /// Sets the value of an id and gives back the one before.
    pub fn insert(&mut self, id: u64, value: V) -> Option<V> {
        match self.table.entry(spread(id), |(key, _)| *key == id, |(key, _)| spread(*key)) {
            Entry::Occupied(mut old) => Some(std::mem::replace(&mut old.get_mut().1, value)),
            Entry::Vacant(free) => {
                free.insert((id, value));
                None
            }
        }
    }

    /// The value of an id, made by `make` when there is none.
    pub fn get_or_insert_with(&mut self, id: u64, make: impl FnOnce() -> V) -> &mut V {
        let entry = self.table.entry(spread(id), |(key, _)| *key == id, |(key, _)| spread(*key));
        &mut entry.or_insert_with(|| (id, make())).into_mut().1
    }

    /// Takes an id out. Gives room back when a burst has long passed.
    pub fn remove(&mut self, id: u64) -> Option<V> {
        let entry = self.table.find_entry(spread(id), |(key, _)| *key == id).ok()?;
        let ((_, value), _) = entry.remove();
        let (len, room) = (self.table.len(), self.table.capacity());
        if room > 4_096 && len * 8 < room {
            self.table.shrink_to(len * 2, |(key, _)| spread(*key));
        }
        Some(value)
    }
}

impl<V: Serialize> Serialize for IdMap<V> {
    /// A list of pairs by ascending id, so that equal maps are saved alike.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pairs: Vec<&(u64, V)> = self.table.iter().collect();
        pairs.sort_by_key(|pair| pair.0);
        serializer.collect_seq(pairs)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for IdMap<V> {
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
