//! Where workflow runs began. Knows runs and an expiry; must not know routing or health.

use crate::id::{RegionId, RunId};
use crate::map::IdMap;
use crate::policy;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Where a run is, and until when that is believed: both in one word, for there are many runs.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
struct Entry(u64);

/// An entry as it is saved.
#[derive(Serialize, Deserialize)]
struct Saved {
    region: RegionId,
    until: Timestamp,
}

impl Entry {
    const fn new(region: RegionId, until: Timestamp) -> Self {
        let latest = u64::MAX >> u8::BITS; // in the year 4253
        Self(if until.0 < latest { until.0 } else { latest } << u8::BITS | region.0 as u64)
    }

    const fn region(self) -> RegionId {
        RegionId(self.0 as u8)
    }

    /// Not believed from then on.
    const fn until(self) -> Timestamp {
        Timestamp(self.0 >> u8::BITS)
    }
}

impl From<Saved> for Entry {
    fn from(saved: Saved) -> Self {
        Self::new(saved.region, saved.until)
    }
}

impl From<Entry> for Saved {
    fn from(entry: Entry) -> Self {
        Self { region: entry.region(), until: entry.until() }
    }
}

/// The remembered region of each workflow run: bounded, expiring, the oldest forgotten first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sticky {
    entries: IdMap<Entry>,
    /// Runs in the order they were first remembered, each with the time it may be looked at for expiry.
    order: VecDeque<(Timestamp, RunId)>,
}

impl Sticky {
    /// See [`IdMap::prefetch`].
    #[inline]
    pub(crate) fn prefetch(&self, run: RunId) {
        self.entries.prefetch(run.0);
    }

    /// The region of a run, if it is remembered and not expired.
    pub(crate) fn region(&self, run: RunId, now: Timestamp) -> Option<RegionId> {
        self.entries.get(run.0).filter(|entry| entry.until() > now).map(|entry| entry.region())
    }

    /// Remembers where a run is, or that it still is there.
    pub(crate) fn remember(&mut self, run: RunId, region: RegionId, policy: &policy::Sticky, now: Timestamp) {
        let until = now + policy.ttl;
        if let Some(entry) = self.entries.get_mut(run.0) {
            *entry = Entry::new(region, until);
            return;
        }
        self.expire(policy, now);
        self.entries.insert(run.0, Entry::new(region, until));
        self.order.push_back((until, run));
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Looks at the oldest entries: at the expired ones, and at as many as it takes to stay under the limit.
    fn expire(&mut self, policy: &policy::Sticky, now: Timestamp) {
        while let Some((look_at, run)) = self.order.front().copied() {
            let full = self.entries.len() >= policy.max_entries as usize;
            if look_at > now && !full {
                return;
            }
            self.order.pop_front();
            match self.entries.get(run.0) {
                Some(entry) if entry.until() > now && !full => self.order.push_back((entry.until(), run)),
                Some(_) => {
                    self.entries.remove(run.0);
                }
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    #[test]
    fn a_run_is_remembered_for_its_time_and_under_the_limit() {
        let policy = policy::Sticky { ttl: Span::from_secs(10), max_entries: 3 };
        let (mut sticky, t0) = (Sticky::default(), Timestamp(1_000_000));
        sticky.remember(RunId(1), RegionId(2), &policy, t0);
        assert_eq!(sticky.region(RunId(1), t0), Some(RegionId(2)));
        assert_eq!(sticky.region(RunId(1), t0 + Span::from_secs(10)), None);
        for run in 2..9 {
            sticky.remember(RunId(run), RegionId(0), &policy, t0);
            assert!(sticky.len() <= 3);
        }
        assert_eq!(sticky.region(RunId(1), t0), None, "the oldest goes first");
        sticky.remember(RunId(20), RegionId(0), &policy, t0 + Span::from_secs(60));
        assert_eq!(sticky.len(), 1, "expired entries give their room back");
    }
}
