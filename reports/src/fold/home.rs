//! The last hour of a home region, minute by minute. Knows waits and jobs that wait; must not know faults.

use crate::histogram::Coarse;
use tidegate_core::time::Span;

/// How far back it looks, in minutes.
const HOUR: usize = 60;

/// One minute.
#[derive(Clone, Debug, Default)]
struct Minute {
    starts: Coarse,
    queued: u32,
    backlog: u64,
}

/// What a minute that is over came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Closed {
    /// p95 of the waits of jobs that started, seconds; `None` without any.
    pub(super) p95: Option<f64>,
    /// Jobs queued and not yet started at its end.
    pub(super) backlog: u64,
}

/// What an hour came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Past {
    /// p95 of the waits of jobs that started, seconds; `None` without any.
    pub(super) p95: Option<f64>,
    /// Jobs queued and not yet started, on average.
    pub(super) backlog: f64,
}

/// A home region: a ring of an hour, whatever the number of jobs.
#[derive(Clone, Debug)]
pub(super) struct Home {
    /// Signed: a start may be reported before its job.
    waiting: i64,
    now: Minute,
    ring: Vec<Minute>,
    closed: usize,
}

impl Home {
    pub(super) fn new() -> Self {
        Self { waiting: 0, now: Minute::default(), ring: vec![Minute::default(); HOUR], closed: 0 }
    }

    pub(super) fn queued(&mut self) {
        self.waiting += 1;
        self.now.queued += 1;
    }

    pub(super) fn started(&mut self, wait: Span) {
        self.waiting -= 1;
        self.now.starts.record(wait);
    }

    /// The minute is over.
    pub(super) fn close(&mut self) -> Closed {
        let backlog = self.waiting.max(0) as u64;
        self.now.backlog = backlog;
        let p95 = self.now.starts.quantile(0.95);
        std::mem::swap(&mut self.now, &mut self.ring[self.closed % HOUR]);
        self.now.starts.clear();
        self.now.queued = 0;
        self.closed += 1;
        Closed { p95, backlog }
    }

    /// Jobs queued in so many seconds up to the end of the last closed minute, an hour at most.
    pub(super) fn queued_within(&self, seconds: f64) -> f64 {
        let (mut left, mut queued) = (seconds / 60.0, 0.0);
        for back in 1..=self.closed.min(HOUR) {
            queued += f64::from(self.ring[(self.closed - back) % HOUR].queued) * left.clamp(0.0, 1.0);
            left -= 1.0;
        }
        queued
    }

    /// The hour before the open minute, or as much of it as there was.
    pub(super) fn past(&self) -> Past {
        let minutes = &self.ring[..self.closed.min(HOUR)];
        let mut starts = Coarse::default();
        minutes.iter().for_each(|m| starts.merge(&m.starts));
        let backlog: u64 = minutes.iter().map(|m| m.backlog).sum();
        Past { p95: starts.quantile(0.95), backlog: backlog as f64 / minutes.len().max(1) as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_tells_its_backlog_and_its_waits() {
        let mut home = Home::new();
        (0..12).for_each(|_| home.queued());
        (0..2).for_each(|_| home.started(Span::from_secs(40)));
        let closed = home.close();
        assert_eq!(closed, Closed { p95: Some(40.0), backlog: 10 }, "the largest is exact");
        assert_eq!((home.queued_within(30.0), home.queued_within(90.0)), (6.0, 12.0));
        assert_eq!(home.close(), Closed { p95: None, backlog: 10 });
        assert_eq!((home.queued_within(60.0), home.queued_within(75.0), home.queued_within(1e9)), (0.0, 3.0, 12.0));
        assert_eq!(home.past(), Past { p95: Some(40.0), backlog: 10.0 });
    }

    #[test]
    fn the_past_is_one_hour_long() {
        let mut home = Home::new();
        home.queued();
        home.started(Span::from_secs(600));
        (0..60).for_each(|_| assert_eq!(home.close().backlog, 0));
        assert_eq!(home.past().p95, Some(600.0));
        home.close();
        assert_eq!(home.past(), Past { p95: None, backlog: 0.0 });
        home.started(Span::ZERO);
        assert_eq!(home.close().backlog, 0, "a start without its job is no negative backlog");
    }
}
