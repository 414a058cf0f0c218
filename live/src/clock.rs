//! The one clock of the daemon. Knows how to tell a time that never goes back; must not know who asks.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tidegate_core::{Span, Timestamp};

/// The wall clock may run ahead of the steady one by so much before it is followed: after a suspend, or a step by whoever
/// keeps the time. Less is drift between the two, which nobody notices.
const STEP: Duration = Duration::from_secs(1);

/// A clock that shows the time of day and never goes back.
///
/// It follows the steady clock of the machine. A wall clock that steps forward is followed; one that steps back is not:
/// until it has caught up, this clock runs ahead of it.
#[derive(Debug)]
pub struct Clock {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    anchor: Instant,
    at_anchor: Duration,
    last: Timestamp,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// A clock that shows the time of day.
    #[must_use]
    pub fn new() -> Self {
        let state = State { anchor: Instant::now(), at_anchor: wall(), last: Timestamp::ZERO };
        Self { state: Mutex::new(state) }
    }

    /// Now. Never before an answer given earlier, nor before [`Clock::not_before`].
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (steady, wall) = (state.at_anchor + state.anchor.elapsed(), wall());
        let shown = if wall > steady + STEP {
            (state.anchor, state.at_anchor) = (Instant::now(), wall);
            wall
        } else {
            steady
        };
        let micros = u64::try_from(shown.as_micros()).expect("the year 586,000 is far away");
        state.last = state.last.max(Timestamp(micros));
        state.last
    }

    /// Shows nothing before this from now on: the last time in the journal of an earlier process.
    pub fn not_before(&self, at: Timestamp) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (steady, least) = (state.at_anchor + state.anchor.elapsed(), duration(Span(at.0)));
        if least > steady {
            // It goes on from there: a clock that stood still would wake nobody.
            (state.anchor, state.at_anchor) = (Instant::now(), least);
        }
        state.last = state.last.max(at);
    }

    /// How long it is until a time; nothing when it has come.
    #[must_use]
    pub fn until(&self, at: Timestamp) -> Duration {
        duration(at.since(self.now()))
    }
}

/// A span as the standard library writes it.
#[must_use]
pub const fn duration(span: Span) -> Duration {
    Duration::from_micros(span.0)
}

/// The time of day since the Unix epoch, for what only a date will do: signatures, expiry. It may go back.
#[expect(clippy::disallowed_methods, reason = "this is the one clock")]
pub(crate) fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_goes_back() {
        let clock = Clock::new();
        let first = clock.now();
        assert!(first > Timestamp(1_700_000_000_000_000), "after 2023");
        let later = first + Span::from_hours(1);
        clock.not_before(later);
        let then = clock.now();
        assert!(then >= later && then < later + Span::from_mins(1), "an earlier process lived in the future");
        std::thread::sleep(Duration::from_millis(2));
        assert!(clock.now() > then, "and time goes on from there");
        assert_eq!(clock.until(first), Duration::ZERO);
        assert!(clock.until(later + Span::from_hours(1)) > Duration::from_secs(3_000));
    }
}
