//! When pushes arrive. Knows rates and hours of the week; must not know what a push brings.

use crate::dist::Dist;
use crate::rng::{Rng, stream};
use crate::scenario::Arrivals;
use rand_distr::{Distribution, Exp1};
use tidegate_core::{Span, Timestamp};

const HOUR: f64 = 3_600.0;
const HOURS_PER_WEEK: u64 = 168;
/// 1970-01-01 was a Thursday: three days after the Monday on which a week begins.
const EPOCH_HOUR_OF_WEEK: u64 = 72;
/// The most pushes a second; GitHub as a whole sees fewer. Higher rates are cut, so that time always goes on.
const MAX_RATE: f64 = 10_000.0;

/// The hour of the week of a point in time, in UTC: 0 is Monday 0 h, 167 is Sunday 23 h.
#[must_use]
pub const fn hour_of_week(at: Timestamp) -> usize {
    ((hours(at) + EPOCH_HOUR_OF_WEEK) % HOURS_PER_WEEK) as usize
}

/// Whole hours since the epoch.
const fn hours(at: Timestamp) -> u64 {
    at.0 / Span::from_hours(1).0
}

/// A Poisson process whose rate is constant within each hour of the clock. Exact: the integral of the rate between
/// two pushes is exponential, so nothing is drawn and thrown away.
#[derive(Clone, Debug)]
pub(super) struct Pushes {
    arrivals: Arrivals,
    gaps: Rng,
    bursts: Rng,
    burst: Dist,
    end: Timestamp,
    /// Hours since the epoch.
    hour: u64,
    /// Seconds into that hour.
    offset: f64,
    /// Pushes a second in that hour.
    rate: f64,
}

impl Pushes {
    pub(super) fn new(arrivals: &Arrivals, start: Timestamp, end: Timestamp, seed: u64, load: u16) -> Self {
        let cv = match arrivals {
            Arrivals::Poisson { .. } => 0.0,
            Arrivals::Weekly { burstiness, .. } => *burstiness,
        };
        // What is no coefficient of variation a gamma distribution can have is none.
        let burst = Dist::gamma(1.0, cv).unwrap_or(Dist::constant(1.0));
        let mut pushes = Self {
            arrivals: arrivals.clone(),
            gaps: stream(seed, &format!("arrivals/{load}")),
            bursts: stream(seed, &format!("burst/{load}")),
            burst,
            end,
            hour: hours(start),
            offset: 0.0,
            rate: 0.0,
        };
        pushes.offset = start.since(pushes.hour_start()).as_secs_f64();
        pushes.rate = pushes.draw_rate();
        pushes
    }

    /// The next push, not before the last; `None` from the end on.
    pub(super) fn next(&mut self) -> Option<Timestamp> {
        let mut left: f64 = Exp1.sample(&mut self.gaps);
        loop {
            let room = (HOUR - self.offset) * self.rate;
            if left < room {
                self.offset += left / self.rate;
                let at = self.hour_start() + Span::from_secs_f64(self.offset.min(HOUR));
                return (at < self.end).then_some(at);
            }
            left -= room;
            self.hour += 1;
            self.offset = 0.0;
            if self.hour_start() >= self.end {
                return None;
            }
            self.rate = self.draw_rate();
        }
    }

    fn hour_start(&self) -> Timestamp {
        Timestamp::ZERO + Span::from_hours(1) * self.hour
    }

    /// The rate of the present hour, with the hour's own factor.
    fn draw_rate(&mut self) -> f64 {
        let factor = self.burst.sample(&mut self.bursts);
        let per_hour = match &self.arrivals {
            Arrivals::Poisson { per_hour } => *per_hour,
            Arrivals::Weekly { per_day, profile, .. } => {
                let share = profile.get(hour_of_week(self.hour_start())).copied().unwrap_or(0.0);
                per_day / 24.0 * share * factor
            }
        };
        (per_hour / HOUR).clamp(0.0, MAX_RATE)
    }
}
