//! Rows that keep their place while they live. Knows slots; must not know what lies in them.

use serde::{Deserialize, Serialize};

/// Rows of a chunk. A slab grows by chunks, so a row never moves and growing never needs room for two copies.
const CHUNK: usize = 512;

/// Rows in chunks, free places reused last-in first-out; the place of a row does not change while it lives.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Slab<T> {
    chunks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
    len: usize,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), free: Vec::new(), len: 0 }
    }
}

impl<T> Slab<T> {
    /// How many rows live.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether none lives.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts a row in and gives its place.
    ///
    /// # Panics
    /// With 2^32 rows.
    pub fn insert(&mut self, row: T) -> u32 {
        self.len += 1;
        if let Some(slot) = self.free.pop() {
            self.chunks[slot as usize / CHUNK][slot as usize % CHUNK] = Some(row);
            return slot;
        }
        self.insert_at_the_end(row)
    }

    #[cold]
    fn insert_at_the_end(&mut self, row: T) -> u32 {
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let full = (self.chunks.len() - 1) * CHUNK;
        let chunk = self.chunks.last_mut().expect("just made");
        chunk.push(Some(row));
        u32::try_from(full + chunk.len() - 1).expect("fewer than 2^32 rows")
    }

    /// The row at a place.
    #[must_use]
    pub fn get(&self, slot: u32) -> Option<&T> {
        self.chunks.get(slot as usize / CHUNK)?.get(slot as usize % CHUNK)?.as_ref()
    }

    /// The row at a place, to change.
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.chunks.get_mut(slot as usize / CHUNK)?.get_mut(slot as usize % CHUNK)?.as_mut()
    }

    /// Takes the row out of its place; when the last one goes, the room goes too, but for one chunk.
    pub fn remove(&mut self, slot: u32) -> Option<T> {
        let row = self.chunks.get_mut(slot as usize / CHUNK)?.get_mut(slot as usize % CHUNK)?.take()?;
        self.len -= 1;
        self.free.push(slot);
        if self.len == 0 {
            self.begin_anew();
        }
        Some(row)
    }

    #[cold]
    fn begin_anew(&mut self) {
        self.chunks.truncate(1);
        self.chunks.iter_mut().for_each(Vec::clear);
        self.free.clear();
        self.free.shrink_to(CHUNK);
    }

    /// The living rows in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let rows = self.chunks.iter().flatten().enumerate();
        rows.filter_map(|(slot, row)| Some((slot as u32, row.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_reused_and_kept() {
        let mut slab = Slab::default();
        let (a, b) = (slab.insert("a"), slab.insert("b"));
        assert_eq!(slab.remove(a), Some("a"));
        assert_eq!(slab.remove(a), None);
        assert_eq!(slab.insert("c"), a);
        assert_eq!((slab.get(a), slab.get(b), slab.len()), (Some(&"c"), Some(&"b"), 2));
    }

    #[test]
    fn many_rows_lie_in_the_order_of_their_places() {
        let mut slab = Slab::default();
        let places: Vec<u32> = (0..2_000).map(|n| slab.insert(n)).collect();
        assert!(slab.iter().map(|(slot, n)| (slot, *n)).eq(places.iter().map(|slot| (*slot, *slot as i32))));
        places.iter().for_each(|slot| assert!(slab.remove(*slot).is_some()));
        assert!(slab.is_empty() && slab.iter().next().is_none());
        assert_eq!(slab.insert(7), 0, "empty, it begins anew");
    }
}
