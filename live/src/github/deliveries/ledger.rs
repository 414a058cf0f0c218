//! Which deliveries failed and how often they were asked for again. Knows counts; must not know HTTP.

use crate::github::bounded::Bounded;
use std::collections::BTreeSet;
use tidegate_core::Timestamp;

/// Failed deliveries kept at the most. An ingress that was down for hours at a hundred a minute is within it.
const FAILED_MAX: usize = 50_000;
/// Deliveries that were taken at a later try, kept so that their earlier failure, met afterwards, is not believed.
const TAKEN_MAX: usize = 50_000;
/// Times one delivery is asked for again.
const TRIES: usize = 5;

/// One try at a delivery.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) id: u64,
    pub(super) at: Timestamp,
    pub(super) success: bool,
    /// Whether it was asked for.
    pub(super) redelivery: bool,
}

/// The deliveries that matter, by GitHub's name of the delivery, which all tries at it share.
pub(super) struct Ledger {
    failed: Bounded<String, Failed>,
    taken: Bounded<String, Timestamp>,
}

/// A delivery that was never taken, as far as is known.
struct Failed {
    /// Its failed tries. They are on GitHub's list, so that what we asked for is known after a restart too.
    tries: BTreeSet<u64>,
    /// Its latest try, and when that was.
    latest: (Timestamp, u64),
    first: Timestamp,
    /// Times it was asked for by us.
    asked: usize,
    given_up: bool,
}

impl Failed {
    fn is_spent(&self) -> bool {
        self.given_up || self.asked.max(self.tries.len().saturating_sub(1)) >= TRIES
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self { failed: Bounded::new(FAILED_MAX), taken: Bounded::new(TAKEN_MAX) }
    }
}

impl Ledger {
    /// Enters a try, in any order and any number of times.
    pub(super) fn enter(&mut self, guid: &str, seen: Seen) {
        let guid = guid.to_owned();
        if seen.success {
            self.failed.remove(&guid);
            // Only what was asked for can have failed before.
            if seen.redelivery {
                self.taken.put(guid, seen.at);
            }
            return;
        }
        if self.taken.get(&guid).is_some() {
            return;
        }
        if let Some(failed) = self.failed.get_mut(&guid) {
            if failed.tries.len() <= TRIES {
                failed.tries.insert(seen.id);
            }
            failed.latest = failed.latest.max((seen.at, seen.id));
            failed.first = failed.first.min(seen.at);
            return;
        }
        let (tries, latest) = (BTreeSet::from([seen.id]), (seen.at, seen.id));
        self.failed.put(guid, Failed { tries, latest, first: seen.at, asked: 0, given_up: false });
    }

    /// Those to be asked for again, by name and number, oldest first.
    pub(super) fn due(&self, most: usize) -> Vec<(String, u64)> {
        let open = self.failed.iter().filter(|(_, failed)| !failed.is_spent());
        let mut due: Vec<_> = open.map(|(guid, failed)| (failed.first, guid.clone(), failed.latest.1)).collect();
        due.sort_unstable();
        due.into_iter().take(most).map(|(_, guid, id)| (guid, id)).collect()
    }

    pub(super) fn asked(&mut self, guid: &str) {
        if let Some(failed) = self.failed.get_mut(&guid.to_owned()) {
            failed.asked += 1;
        }
    }

    pub(super) fn give_up(&mut self, guid: &str) {
        if let Some(failed) = self.failed.get_mut(&guid.to_owned()) {
            failed.given_up = true;
        }
    }

    /// How many may still be asked for, and how many not.
    pub(super) fn left(&self) -> (usize, usize) {
        let spent = self.failed.iter().filter(|(_, failed)| failed.is_spent()).count();
        (self.failed.iter().count() - spent, spent)
    }

    /// Forgets what GitHub no longer delivers.
    pub(super) fn forget_before(&mut self, moment: Timestamp) {
        self.failed.retain(|_, failed| failed.latest.0 >= moment);
        self.taken.retain(|_, at| *at >= moment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(id: u64, success: bool) -> Seen {
        Seen { id, at: Timestamp(id * 1_000), success, redelivery: id > 10 }
    }

    #[test]
    fn a_success_ends_it_in_any_order() {
        let mut ledger = Ledger::default();
        ledger.enter("a", seen(1, false));
        ledger.enter("a", seen(11, true));
        ledger.enter("b", seen(12, true));
        ledger.enter("b", seen(2, false));
        ledger.enter("c", seen(3, false));
        ledger.enter("d", seen(4, true));
        assert_eq!(ledger.due(9), [("c".to_owned(), 3)]);
        assert_eq!(ledger.left(), (1, 0));
        ledger.forget_before(Timestamp(3_001));
        assert_eq!(ledger.left(), (0, 0));
    }

    #[test]
    fn after_five_more_tries_it_is_given_up() {
        let mut ledger = Ledger::default();
        ledger.enter("a", seen(1, false));
        for id in 11..16 {
            assert_eq!(ledger.due(9).len(), 1, "before {id}");
            ledger.enter("a", seen(id, false)); // as after a restart: on the list, and not asked for by us
            ledger.enter("a", seen(id, false));
        }
        ledger.enter("b", seen(2, false));
        for _ in 0..5 {
            assert_eq!(ledger.due(9), [("b".to_owned(), 2)]);
            ledger.asked("b");
        }
        ledger.enter("c", seen(3, false));
        ledger.give_up("c");
        assert!(ledger.due(9).is_empty());
        assert_eq!(ledger.left(), (0, 3));
    }

    #[test]
    fn the_oldest_is_first_by_its_latest_try() {
        let mut ledger = Ledger::default();
        ledger.enter("young", seen(9, false));
        ledger.enter("old", seen(12, false));
        ledger.enter("old", seen(1, false));
        assert_eq!(ledger.due(1), [("old".to_owned(), 12)]);
    }
}
