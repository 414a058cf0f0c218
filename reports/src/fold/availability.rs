//! Who got a runner in time. Knows waits and minutes; must not know regions or why a job waited.
//!
//! A job is judged once, at its start or when it is overdue, whichever is first, and belongs to that minute. One that
//! is still queued at the end is a failure if it is overdue and is left out otherwise: nobody can know. An abandoned job
//! is still queued at GitHub, where any idle runner may take it, so it is judged like any other, by its start or at
//! the end, and not when we gave it up. A job lost by us had started: its judgement is turned.

use tidegate_core::time::{Span, Timestamp};

const MINUTE: Span = Span::from_mins(1);

/// Jobs judged in one minute.
#[derive(Clone, Copy, Debug, Default)]
struct Minute {
    judged: u32,
    bad: u32,
}

/// Availability of a run. Its memory grows with simulated minutes, not with jobs.
#[derive(Clone, Debug)]
pub struct Availability {
    start: Timestamp,
    within: Span,
    judged: u64,
    bad: u64,
    overdue: u64,
    overdue_regional: u64,
    minutes: Vec<Minute>,
}

impl Availability {
    pub(super) fn new(start: Timestamp, minutes: usize, within: Span) -> Self {
        Self {
            start,
            within,
            judged: 0,
            bad: 0,
            overdue: 0,
            overdue_regional: 0,
            minutes: vec![Minute::default(); minutes],
        }
    }

    pub(super) fn started(&mut self, queued_at: Timestamp, wait: Span) {
        let late = wait > self.within;
        self.judge(queued_at + wait.min(self.within), late);
    }

    pub(super) fn unstarted(&mut self, queued_at: Timestamp, waited: Span, regional: bool) {
        if waited > self.within {
            self.overdue += 1;
            self.overdue_regional += u64::from(regional);
            self.judge(queued_at + self.within, true);
        }
    }

    pub(super) fn lost_by_us(&mut self, queued_at: Timestamp, started_at: Timestamp) {
        if started_at.since(queued_at) <= self.within {
            self.bad += 1;
            self.minute(started_at).bad += 1;
        }
    }

    fn judge(&mut self, at: Timestamp, bad: bool) {
        self.judged += 1;
        self.bad += u64::from(bad);
        let minute = self.minute(at);
        minute.judged += 1;
        minute.bad += u32::from(bad);
    }

    fn minute(&mut self, at: Timestamp) -> &mut Minute {
        let last = self.minutes.len() - 1; // what happens at the very end belongs to the last minute
        &mut self.minutes[((at.since(self.start).0 / MINUTE.0) as usize).min(last)]
    }

    /// Jobs that can be judged.
    #[must_use]
    pub const fn judged(&self) -> u64 {
        self.judged
    }

    /// Jobs that were overdue and still queued at the end.
    #[must_use]
    pub const fn overdue(&self) -> u64 {
        self.overdue
    }

    /// Those of them whose home was active and not spilling when they were first placed, or that never were.
    #[must_use]
    pub const fn overdue_regional(&self) -> u64 {
        self.overdue_regional
    }

    /// Share of jobs that started in time and were not lost by us.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.judged > 0).then(|| (self.judged - self.bad) as f64 / self.judged as f64)
    }

    /// Minutes in which a job was judged, and the share of them in which at least 99 % were good.
    #[must_use]
    pub fn good_minutes(&self) -> (u64, Option<f64>) {
        let (mut all, mut good) = (0u64, 0u64);
        for minute in self.minutes.iter().filter(|m| m.judged > 0) {
            all += 1;
            good += u64::from(u64::from(minute.bad) * 100 <= u64::from(minute.judged));
        }
        (all, (all > 0).then(|| good as f64 / all as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: u64) -> Timestamp {
        Timestamp(1_000) + Span::from_mins(minutes)
    }

    fn empty() -> Availability {
        Availability::new(at(0), 60, Span::from_mins(10))
    }

    #[test]
    fn late_lost_and_overdue_jobs_are_failures_and_young_ones_are_left_out() {
        let mut found = empty();
        found.started(at(0), Span::from_secs(30)); // good, minute 0
        found.started(at(1), Span::from_mins(10)); // just in time, minute 11
        found.started(at(2), Span::from_mins(45)); // overdue in minute 12
        found.started(at(3), Span::from_secs(1)); // good, minute 3, but then
        found.lost_by_us(at(3), at(3) + Span::from_secs(1));
        found.lost_by_us(at(2), at(47)); // bad already
        found.unstarted(at(50), Span::from_mins(10), true); // not overdue yet
        found.unstarted(at(40), Span::from_mins(20), false); // overdue in minute 50
        assert_eq!((found.judged(), found.overdue(), found.overdue_regional()), (5, 1, 0));
        assert_eq!(found.share(), Some(2.0 / 5.0));
        assert_eq!(found.good_minutes(), (5, Some(2.0 / 5.0)));
    }

    #[test]
    fn a_minute_is_good_at_ninety_nine_percent() {
        let mut found = empty();
        for minute in [15, 16] {
            (0..99 - (minute - 15)).for_each(|_| found.started(at(minute), Span::from_secs(1)));
            found.started(at(minute - 10), Span::from_mins(11)); // overdue in this minute
        }
        let (minutes, share) = found.good_minutes();
        assert_eq!((minutes, share), (2, Some(0.5)), "99 of 100 is good, 98 of 99 is not");
    }

    #[test]
    fn nothing_is_neither_available_nor_not() {
        assert_eq!((empty().share(), empty().good_minutes()), (None, (0, None)));
    }
}
