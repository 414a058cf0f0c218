//! A map that holds only so much: what was put in first goes first. Knows keys and their order of arrival; must not know
//! what is kept.

use std::collections::BTreeMap;

/// A map of at most so many entries (rule 14: nothing grows without a limit).
#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    entries: BTreeMap<K, (V, u64)>,
    /// By arrival, oldest first.
    order: BTreeMap<u64, K>,
    clock: u64,
    most: usize,
}

impl<K: Ord + Clone, V> Bounded<K, V> {
    pub(super) const fn new(most: usize) -> Self {
        Self { entries: BTreeMap::new(), order: BTreeMap::new(), clock: 0, most }
    }

    /// Puts a value in, in place of the key's earlier one; the key counts as new again.
    pub(super) fn put(&mut self, key: K, value: V) {
        self.clock += 1;
        if let Some((_, before)) = self.entries.insert(key.clone(), (value, self.clock)) {
            self.order.remove(&before);
        }
        self.order.insert(self.clock, key);
        if self.entries.len() > self.most
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.entries.remove(&oldest);
        }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(value, _)| value)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(value, _)| value)
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let (value, at) = self.entries.remove(key)?;
        self.order.remove(&at);
        Some(value)
    }

    /// Drops what does not pass.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        let order = &mut self.order;
        self.entries.retain(|key, (value, at)| {
            let kept = keep(key, value);
            if !kept {
                order.remove(at);
            }
            kept
        });
    }

    /// All values, by key, to change.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.values_mut().map(|(value, _)| value)
    }

    /// All entries, by key.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, (value, _))| (key, value))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_first_goes_first() {
        let mut map = Bounded::new(2);
        map.put("a", 1);
        map.put("b", 2);
        map.put("a", 3);
        map.put("c", 4);
        assert_eq!(map.get(&"b"), None, "it was the oldest");
        assert_eq!((map.get(&"a"), map.get(&"c"), map.len()), (Some(&3), Some(&4), 2));
        map.retain(|key, _| *key != "a");
        assert_eq!(map.remove(&"a"), None);
        map.put("d", 5);
        map.put("e", 6);
        assert_eq!(map.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["d", "e"]);
    }
}
