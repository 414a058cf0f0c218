//! Receipts of messages: our numbers and the queue's handles. Knows which is which and for how long; must not know what
//! a message says.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tidegate_core::port::dequeue::Receipt;

/// Handles kept at the most: SQS allows 120,000 messages in flight in a queue.
const MAX: usize = 120_000;

/// A message cannot be hidden for longer, and its handle is worth nothing then.
const KEPT_FOR: Duration = Duration::from_hours(12);

/// The handles behind receipts. Numbers begin at the time the process started, in microseconds, so that a number of an
/// earlier process never means another message: nobody receives a million messages a second.
#[derive(Debug)]
pub(crate) struct Receipts {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    next: u64,
    handles: BTreeMap<u64, (String, Instant)>,
}

impl Receipts {
    pub(crate) fn new(started_at_micros: u64) -> Self {
        Self { inner: Mutex::new(Inner { next: started_at_micros, handles: BTreeMap::new() }) }
    }

    /// A receipt for a handle; the oldest go when there are too many.
    pub(crate) fn note(&self, handle: String) -> Receipt {
        let mut inner = self.lock();
        let (number, now) = (inner.next, Instant::now());
        inner.next += 1;
        inner.handles.insert(number, (handle, now));
        while inner.handles.len() > MAX || inner.oldest_is_spent(now) {
            inner.handles.pop_first();
        }
        Receipt(number)
    }

    /// The handle of a receipt, while it is kept.
    pub(crate) fn handle(&self, receipt: Receipt) -> Option<String> {
        self.lock().handles.get(&receipt.0).map(|(handle, _)| handle.clone())
    }

    /// Its message is deleted.
    pub(crate) fn forget(&self, receipt: Receipt) {
        self.lock().handles.remove(&receipt.0);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn oldest_is_spent(&self, now: Instant) -> bool {
        self.handles.first_key_value().is_some_and(|(_, (_, at))| now.duration_since(*at) > KEPT_FOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_from_the_start_and_the_oldest_handle_goes_first() {
        let receipts = Receipts::new(1_000);
        assert_eq!(receipts.note("a".to_owned()), Receipt(1_000));
        assert_eq!(receipts.note("b".to_owned()), Receipt(1_001));
        assert_eq!(receipts.handle(Receipt(1_000)).as_deref(), Some("a"));
        receipts.forget(Receipt(1_001));
        assert_eq!(receipts.handle(Receipt(1_001)), None);
        for n in 0..MAX {
            receipts.note(n.to_string());
        }
        assert_eq!(receipts.handle(Receipt(1_000)), None, "dropped");
        assert_eq!(receipts.handle(Receipt(1_002)).as_deref(), Some("0"));
    }
}
