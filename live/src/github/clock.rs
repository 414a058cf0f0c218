//! The clock of the GitHub side. Knows tokio's clock and the wall's at one moment; must not know what time is used for.

use std::time::Duration;
use tidegate_core::{Span, Timestamp};
use tokio::time::Instant;

/// Time that never goes back: the wall's when it was made, and from then on the machine's own count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    began: Instant,
    wall: Timestamp,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), wall: Timestamp(micros(crate::clock::wall())) }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.wall + Span(micros(self.began.elapsed()))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
