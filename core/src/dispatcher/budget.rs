//! What may be used up: GitHub's registrations, spot's patience, a window of launches. Knows counting over time; must
//! not know tasks.

use crate::policy::SpotBreaker;
use crate::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A token bucket in whole microtokens: never negative (invariant I10), exact on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bucket {
    /// Millionths of a token.
    level: u64,
    /// Tokens it holds, and gains in a minute.
    per_minute: u64,
    at: Timestamp,
}

const TOKEN: u64 = 1_000_000;

impl Bucket {
    /// A full bucket that gains `per_minute` tokens a minute and holds as many.
    pub(crate) fn per_minute(per_minute: u32, now: Timestamp) -> Self {
        let per_minute = u64::from(per_minute);
        Self { level: per_minute * TOKEN, per_minute, at: now }
    }

    /// Another policy may be in force: it gains and holds so many from now on, and what was taken stays taken.
    pub(crate) fn allow(&mut self, per_minute: u32) {
        let per_minute = u64::from(per_minute);
        if per_minute != self.per_minute {
            let taken = self.per_minute * TOKEN - self.level;
            self.level = (per_minute * TOKEN).saturating_sub(taken);
            self.per_minute = per_minute;
        }
    }

    fn refill(&mut self, now: Timestamp) {
        let gained = now.since(self.at).0.checked_mul(self.per_minute).map_or(u64::MAX, |product| product / 60);
        let room = self.per_minute * TOKEN - self.level;
        self.level += gained.min(room);
        self.at = now;
    }

    /// Takes a token, or tells how long until there is one.
    pub(crate) fn take(&mut self, now: Timestamp) -> Result<(), Span> {
        self.refill(now);
        if self.level >= TOKEN {
            self.level -= TOKEN;
            return Ok(());
        }
        let missing = TOKEN - self.level;
        Err(Span(missing * 60 / self.per_minute.max(1) + 1))
    }
}

/// Launches and failures over a sliding window, in slices: exact to a twelfth of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Window {
    slices: [(u32, u32); Self::SLICES],
    /// Number of the newest slice since the epoch.
    newest: u64,
}

impl Window {
    const SLICES: usize = 12;

    fn turn_to(&mut self, window: Span, now: Timestamp) -> usize {
        let slice = Self::slice(window, now);
        if slice < self.newest {
            // Time does not go back: another policy has wider slices, and what was counted in others says nothing.
            *self = Self { newest: slice, ..Self::default() };
        }
        let behind = (slice.saturating_sub(self.newest)).min(Self::SLICES as u64);
        for n in 1..=behind {
            self.slices[((self.newest + n) % Self::SLICES as u64) as usize] = (0, 0);
        }
        if behind == Self::SLICES as u64 {
            self.slices = Default::default();
        }
        self.newest = slice.max(self.newest);
        (self.newest % Self::SLICES as u64) as usize
    }

    pub(crate) fn count(&mut self, failed: bool, window: Span, now: Timestamp) {
        let at = self.turn_to(window, now);
        self.slices[at].0 += 1;
        self.slices[at].1 += u32::from(failed);
    }

    /// Launches and failures in the window.
    pub(crate) fn totals(&self, window: Span, now: Timestamp) -> (u32, u32) {
        let slice = Self::slice(window, now);
        let Some(behind) = slice.checked_sub(self.newest) else { return (0, 0) }; // as in `turn_to`
        let oldest = (slice + 1).saturating_sub(Self::SLICES as u64);
        let counted = (oldest..=slice - behind).map(|n| self.slices[(n % Self::SLICES as u64) as usize]);
        counted.fold((0, 0), |sum, slice| (sum.0 + slice.0, sum.1 + slice.1))
    }

    const fn slice(window: Span, now: Timestamp) -> u64 {
        let length = window.0 / Self::SLICES as u64;
        now.0 / if length == 0 { 1 } else { length }
    }
}

/// Spot is left alone after too many interruptions or refusals in a window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Breaker {
    strikes: VecDeque<Timestamp>,
    open_until: Timestamp,
}

impl Breaker {
    pub(crate) fn strike(&mut self, policy: &SpotBreaker, now: Timestamp) {
        self.strikes.push_back(now);
        while self.strikes.front().is_some_and(|at| now.since(*at) > policy.window) {
            self.strikes.pop_front();
        }
        if self.strikes.len() >= policy.count as usize {
            self.strikes.clear();
            self.open_until = now + policy.pause;
        }
    }

    pub(crate) fn allows(&self, now: Timestamp) -> bool {
        now >= self.open_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_what_it_gains() {
        let mut now = Timestamp(1);
        let mut bucket = Bucket::per_minute(180, now);
        let mut taken = 0;
        for _ in 0..600_000 {
            now += Span::from_millis(1);
            taken += u32::from(bucket.take(now).is_ok());
        }
        assert!((1_979..=1_980).contains(&taken), "a full bucket and ten minutes, not {taken}");
        let wait = bucket.take(now).unwrap_err();
        assert!(bucket.take(now + wait).is_ok(), "the wait it tells is long enough");
    }

    // Broken: a bucket keeps the rate that it was made with when another policy is in force.
    #[test]
    fn a_bucket_follows_another_policy_and_what_was_taken_stays_taken() {
        let now = Timestamp(1);
        let mut bucket = Bucket::per_minute(10, now);
        let taken = |bucket: &mut Bucket, now| (0..1_000).take_while(|_| bucket.take(now).is_ok()).count();
        assert!(bucket.take(now).is_ok());
        bucket.allow(5);
        assert_eq!(taken(&mut bucket, now), 4);
        bucket.allow(100);
        assert_eq!(taken(&mut bucket, now), 95);
        assert_eq!(taken(&mut bucket, now + Span::from_secs(30)), 50, "half a minute's");
    }

    #[test]
    fn the_window_forgets() {
        let (window, mut w) = (Span::from_secs(120), Window::default());
        w.count(true, window, Timestamp(0) + Span::from_secs(5));
        w.count(false, window, Timestamp(0) + Span::from_secs(60));
        assert_eq!(w.totals(window, Timestamp(0) + Span::from_secs(100)), (2, 1));
        assert_eq!(w.totals(window, Timestamp(0) + Span::from_secs(130)), (1, 0));
        assert_eq!(w.totals(window, Timestamp(0) + Span::from_secs(9_000)), (0, 0));
    }

    #[test]
    fn two_strikes_in_the_window_open_the_breaker() {
        let (policy, mut breaker) = (SpotBreaker::default(), Breaker::default());
        let minute = |n| Timestamp(1) + Span::from_mins(n);
        breaker.strike(&policy, minute(0));
        breaker.strike(&policy, minute(20));
        assert!(breaker.allows(minute(20)), "the first strike is out of the window");
        breaker.strike(&policy, minute(21));
        assert!(!breaker.allows(minute(50)));
        assert!(breaker.allows(minute(51)));
    }
}
