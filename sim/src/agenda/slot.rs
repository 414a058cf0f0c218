//! Slots: unsorted events of one stretch of time. Knows memory, which all slots share in chunks of one size;
//! must not know levels or the order of slots.

/// Events in a chunk: enough that a chunk is changed seldom, few enough that a slot of one event wastes little.
pub(super) const CHUNK: usize = 64;
/// Unused chunks that are kept in any case, so that a small agenda never allocates.
const KEPT: usize = 16;

/// An event and the time it is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<E> {
    pub(super) at: u64,
    pub(super) event: E,
}

/// Room for [`CHUNK`] events.
pub(super) type Chunk<E> = Vec<Entry<E>>;

/// The events of one slot in the order they came. It is one cache line long.
#[derive(Debug)]
pub(super) struct Slot<E> {
    /// Where events are added; without room of its own while the slot is empty.
    pub(super) tail: Chunk<E>,
    /// The chunks that came before, each full.
    pub(super) full: Vec<Chunk<E>>,
    /// The soonest time in the slot.
    pub(super) earliest: u64,
    /// The last time in the slot.
    pub(super) latest: u64,
}

impl<E> Default for Slot<E> {
    fn default() -> Self {
        Self { tail: Vec::new(), full: Vec::new(), earliest: u64::MAX, latest: 0 }
    }
}

impl<E: Copy> Slot<E> {
    /// Adds an event, unless there is no chunk yet or the last one is full.
    #[inline]
    pub(super) fn push(&mut self, entry: Entry<E>) -> bool {
        let room = !self.tail.len().is_multiple_of(CHUNK);
        if room {
            self.add(entry);
        }
        room
    }

    #[inline]
    fn add(&mut self, entry: Entry<E>) {
        self.earliest = self.earliest.min(entry.at);
        self.latest = self.latest.max(entry.at);
        self.tail.push(entry);
    }

    /// Adds an event in a new, empty chunk.
    pub(super) fn push_chunk(&mut self, chunk: Chunk<E>, entry: Entry<E>) {
        let before = std::mem::replace(&mut self.tail, chunk);
        if !before.is_empty() {
            self.full.push(before);
        }
        self.add(entry);
    }

    /// The number of events.
    pub(super) fn len(&self) -> usize {
        self.full.len() * CHUNK + self.tail.len()
    }

    /// The chunks in the order they were filled.
    pub(super) fn chunks(&self) -> impl Iterator<Item = &Chunk<E>> {
        self.full.iter().chain(std::iter::once(&self.tail))
    }
}

/// The chunks no slot uses at the moment.
#[derive(Debug)]
pub(super) struct Chunks<E> {
    unused: Vec<Chunk<E>>,
    lent: usize,
}

impl<E> Chunks<E> {
    pub(super) fn new() -> Self {
        Self { unused: Vec::new(), lent: 0 }
    }

    /// An empty chunk.
    pub(super) fn lend(&mut self) -> Chunk<E> {
        self.lent += 1;
        self.unused.pop().unwrap_or_else(|| Vec::with_capacity(CHUNK))
    }

    /// Takes a chunk back, and gives memory up when more is unused than used. Between one and the other limit lies a
    /// factor of two, so that an agenda of steady size does not allocate.
    pub(super) fn take_back(&mut self, mut chunk: Chunk<E>) {
        self.lent -= 1;
        let most = self.lent + KEPT;
        if self.unused.len() < most {
            chunk.clear();
            self.unused.push(chunk);
        } else {
            self.unused.truncate(most);
            if self.unused.capacity() > 4 * most {
                self.unused.shrink_to(2 * most);
            }
        }
    }

    /// The number of events there is memory for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        (self.lent + self.unused.len()) * CHUNK
    }
}
