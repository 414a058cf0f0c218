//! The last hour of a home region, minute by minute. Knows waits and jobs that wait; must not know faults.

use crate::histogram::Coarse;
use tidegate_core::time::Span;

/// How far back it looks, in minutes.
const HOUR: usize = 60;
/// Over how many minutes the rate of arrivals is taken.
const RATE: usize = 10;

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
    /// Jobs queued a second, over the last ten minutes.
    pub(super) rate: f64,
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
        let minutes = self.closed.min(RATE);
        let queued: u32 = (1..=minutes).map(|back| self.ring[(self.closed - back) % HOUR].queued).sum();
        Closed { p95, backlog, rate: f64::from(queued) / (60 * minutes) as f64 }
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
    fn a_minute_tells_its_backlog_its_waits_and_the_rate() {
        let mut home = Home::new();
        (0..12).for_each(|_| home.queued());
        (0..2).for_each(|_| home.started(Span::from_secs(40)));
        let closed = home.close();
        assert_eq!((closed.backlog, closed.rate), (10, 0.2));
        assert_eq!(closed.p95, Some(40.0), "the largest is exact");
        assert_eq!(home.close(), Closed { p95: None, backlog: 10, rate: 0.1 });
        assert_eq!(home.past(), Past { p95: Some(40.0), backlog: 10.0 });
    }

    #[test]
    fn the_past_is_one_hour_long() {
        let mut home = Home::new();
        home.queued();
        home.started(Span::from_secs(600));
        (0..60).for_each(|_| drop(home.close()));
        assert_eq!(home.past().p95, Some(600.0));
        home.close();
        assert_eq!(home.past(), Past { p95: None, backlog: 0.0 });
        home.started(Span::ZERO);
        assert_eq!(home.close().backlog, 0, "a start without its job is no negative backlog");
    }
}
