//! Rows that keep their place while they live. Knows slots; must not know what lies in them.

use prefetch_index::prefetch_index;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Rows of a chunk. A slab grows by chunks, so a row never moves and growing never needs room for two copies.
const CHUNK: usize = 128;
/// Bytes of a line of memory in the processor's caches, of nearly all processors.
const LINE: usize = 64;

/// Rows in chunks, free places reused last-in first-out; the place of a row does not change while it lives.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    chunks: Vec<Box<[Option<T>; CHUNK]>>,
    /// Places that were given out so far, free ones included.
    used: u32,
    free: Vec<u32>,
    len: usize,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), used: 0, free: Vec::new(), len: 0 }
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
        let slot = self.free.pop().unwrap_or_else(|| self.next());
        self.len += 1;
        self.chunks[slot as usize / CHUNK][slot as usize % CHUNK] = Some(row);
        slot
    }

    /// The first place that was not given out yet.
    #[cold]
    fn next(&mut self) -> u32 {
        let slot = self.used;
        self.used = slot.checked_add(1).expect("fewer than 2^32 rows");
        if slot as usize / CHUNK == self.chunks.len() {
            let rows: Box<[Option<T>]> = std::iter::repeat_with(|| None).take(CHUNK).collect();
            self.chunks.push(rows.try_into().ok().expect("as many as a chunk has"));
        }
        slot
    }

    /// Lets the processor fetch the row at a place, which will be looked at soon: all its lines of memory, if rows begin where lines
    /// do; else it may miss the last one.
    #[inline]
    pub fn prefetch(&self, slot: u32) {
        let near: &[u8] = &[];
        if let Some(chunk) = self.chunks.get(slot as usize / CHUNK) {
            // The hint takes any distance from any place, so that it can be given for the middle of a row as well.
            let row = (&raw const chunk[slot as usize % CHUNK]).addr();
            for line in (0..size_of::<Option<T>>()).step_by(LINE) {
                prefetch_index(near, (row + line).wrapping_sub(near.as_ptr().addr()));
            }
        }
    }

    /// The row at a place.
    #[must_use]
    pub fn get(&self, slot: u32) -> Option<&T> {
        self.chunks.get(slot as usize / CHUNK)?[slot as usize % CHUNK].as_ref()
    }

    /// The row at a place, to change.
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.chunks.get_mut(slot as usize / CHUNK)?[slot as usize % CHUNK].as_mut()
    }

    /// Takes the row out of its place; when the last one goes, the room goes too, but for one chunk.
    pub fn remove(&mut self, slot: u32) -> Option<T> {
        let row = self.vacate(slot)?;
        if self.len == 0 {
            self.begin_anew();
        }
        Some(row)
    }

    /// The same for rows that come and go so fast that the last one goes often, and whose places nobody looks at: while
    /// there is but one chunk, they are not given out from the first again.
    pub fn take(&mut self, slot: u32) -> Option<T> {
        let row = self.vacate(slot)?;
        if self.len == 0 && self.chunks.len() > 1 {
            self.begin_anew();
        }
        Some(row)
    }

    fn vacate(&mut self, slot: u32) -> Option<T> {
        let row = self.chunks.get_mut(slot as usize / CHUNK)?[slot as usize % CHUNK].take()?;
        self.len -= 1;
        self.free.push(slot);
        Some(row)
    }

    #[cold]
    fn begin_anew(&mut self) {
        self.chunks.truncate(1);
        self.used = 0;
        self.free.clear();
        self.free.shrink_to(CHUNK);
    }

    /// All places that were given out.
    fn places(&self) -> impl Iterator<Item = &Option<T>> {
        self.chunks.iter().flat_map(|chunk| chunk.iter()).take(self.used as usize)
    }

    /// The living rows in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.places().enumerate().filter_map(|(slot, row)| Some((slot as u32, row.as_ref()?)))
    }
}

/// As it is saved: chunks of any size, one after the other.
#[derive(Deserialize)]
struct Saved<T> {
    chunks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
    len: usize,
}

impl<T: Serialize> Serialize for Slab<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let places: Vec<&Option<T>> = self.places().collect();
        let mut saved = serializer.serialize_struct("Slab", 3)?;
        saved.serialize_field("chunks", &places.chunks(CHUNK).collect::<Vec<_>>())?;
        saved.serialize_field("free", &self.free)?;
        saved.serialize_field("len", &self.len)?;
        saved.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Slab<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = Saved::deserialize(deserializer)?;
        let mut slab = Self { free: saved.free, len: saved.len, ..Self::default() };
        for row in saved.chunks.into_iter().flatten() {
            let slot = slab.next() as usize;
            slab.chunks[slot / CHUNK][slot % CHUNK] = row;
        }
        Ok(slab)
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

    #[test]
    fn what_is_saved_is_taken_up_with_the_same_places() {
        let mut slab = Slab::default();
        let places: Vec<u32> = (0..300).map(|n| slab.insert(n)).collect();
        [7, 299, 130].iter().for_each(|n| assert_eq!(slab.remove(places[*n]), Some(*n as i32)));
        let text = serde_json::to_string(&slab).unwrap();
        let mut again: Slab<i32> = serde_json::from_str(&text).unwrap();
        assert!(again.iter().eq(slab.iter()) && again.len() == slab.len());
        let order: Vec<u32> = (0..5).map(|n| again.insert(n)).collect();
        assert_eq!(order, [130, 299, 7, 300, 301]);
        let older = r#"{"chunks":[[null,5],[6]],"free":[0],"len":2}"#;
        let older: Slab<i32> = serde_json::from_str(older).unwrap();
        assert!(older.iter().eq([(1, &5), (2, &6)]));
    }
}
