//! Points in time and lengths of time, in whole microseconds. Knows arithmetic; must not know any clock.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

/// A point in time: microseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

/// A length of time in microseconds. Eight bytes, where `std::time::Duration` takes sixteen: events carry many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(pub u64);

impl Timestamp {
    /// The Unix epoch.
    pub const ZERO: Self = Self(0);
    /// Later than anything; never reached.
    pub const MAX: Self = Self(u64::MAX);

    /// The time since `earlier`, zero when `earlier` is in fact later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Whole seconds since the epoch as a float, for charts and tables.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longer than any wait.
    pub const MAX: Self = Self(u64::MAX);

    /// That many microseconds.
    #[must_use]
    pub const fn from_micros(n: u64) -> Self {
        Self(n)
    }

    /// That many milliseconds.
    #[must_use]
    pub const fn from_millis(n: u64) -> Self {
        Self(n * 1_000)
    }

    /// That many seconds.
    #[must_use]
    pub const fn from_secs(n: u64) -> Self {
        Self(n * 1_000_000)
    }

    /// That many minutes.
    #[must_use]
    pub const fn from_mins(n: u64) -> Self {
        Self(n * 60_000_000)
    }

    /// That many hours.
    #[must_use]
    pub const fn from_hours(n: u64) -> Self {
        Self(n * 3_600_000_000)
    }

    /// Seconds, rounded to the nearest microsecond; negative and not-a-number become zero.
    #[must_use]
    pub fn from_secs_f64(seconds: f64) -> Self {
        // Adding a half is faster than a call to `round`, and a cast to a signed number is half of one to an unsigned one.
        let micros = seconds * 1e6 + 0.5;
        if micros < i64::MAX as f64 { Self((micros as i64).max(0) as u64) } else { Self::beyond(micros) }
    }

    /// Of what is too long for a signed number, or no number. The cast ends at zero and at the largest number.
    #[cold]
    fn beyond(micros: f64) -> Self {
        Self(micros as u64)
    }

    /// Seconds as a float, for statistics and charts.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Whole microseconds.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The difference, zero at the least.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Doubled `times` times, at most `cap`.
    #[must_use]
    pub fn doubled(self, times: u32, cap: Self) -> Self {
        let factor = 1u64.checked_shl(times).unwrap_or(u64::MAX);
        Self(self.0.saturating_mul(factor)).min(cap)
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Timestamp {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<u64> for Span {
    type Output = Self;
    fn mul(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, to the millisecond: `2026-11-24T14:00:00.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, micros) = (self.0 / 86_400_000_000, self.0 % 86_400_000_000);
        let (year, month, day) = civil(days);
        let (s, ms) = (micros / 1_000_000, micros / 1_000 % 1_000);
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{ms:03}Z", s / 3600, s / 60 % 60, s % 60)
    }
}

impl fmt::Display for Span {
    /// The two largest units: `2h 5m`, `1m 30s`, `12.3s`, `45ms`, `7us`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (us, s) = (self.0, self.0 / 1_000_000);
        if us == u64::MAX {
            write!(f, "for ever")
        } else if s >= 86_400 {
            write!(f, "{}d {}h", s / 86_400, s / 3600 % 24)
        } else if s >= 3600 {
            write!(f, "{}h {}m", s / 3600, s / 60 % 60)
        } else if s >= 60 {
            write!(f, "{}m {}s", s / 60, s % 60)
        } else if us >= 1_000_000 {
            write!(f, "{:.1}s", self.as_secs_f64())
        } else if us >= 1_000 {
            write!(f, "{}ms", us / 1_000)
        } else {
            write!(f, "{us}us")
        }
    }
}

/// Year, month and day of a count of days since 1970-01-01: the proleptic Gregorian calendar over 400-year eras
/// that begin on 1 March, so that the leap day is the last of its year.
#[must_use]
pub fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let (era, doe) = (z / 146_097, z % 146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + u64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar; the inverse of [`civil`].
#[must_use]
pub fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let y = year - u64::from(month <= 2);
    let (era, yoe) = (y / 400, y % 400);
    let mp = if month > 2 { month - 3 } else { month + 9 };
    let doy = (153 * mp + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_there_and_back() {
        for days in (0..80_000).step_by(13) {
            let (y, m, d) = civil(days);
            assert_eq!(days_from_civil(y, m, d), days);
        }
        assert_eq!(civil(20_781), (2026, 11, 24));
    }

    #[test]
    fn seconds_are_rounded_and_end_at_zero_and_at_the_longest() {
        let micros = |seconds| Span::from_secs_f64(seconds).0;
        assert_eq!(
            [micros(1.234_567_4), micros(1.234_567_6), micros(-3.0), micros(f64::NAN)],
            [1_234_567, 1_234_568, 0, 0]
        );
        assert_eq!(
            [micros(1e13), micros(1e19), micros(f64::INFINITY)],
            [10_000_000_000_000_000_000, u64::MAX, u64::MAX]
        );
    }

    #[test]
    fn a_timestamp_prints_as_a_date() {
        let t = Timestamp(days_from_civil(2026, 11, 24) * 86_400_000_000) + Span::from_hours(14);
        assert_eq!(t.to_string(), "2026-11-24T14:00:00.000Z");
    }

    #[test]
    fn doubling_stops_at_the_cap() {
        let base = Span::from_mins(5);
        assert_eq!(base.doubled(0, Span::from_hours(1)), base);
        assert_eq!(base.doubled(2, Span::from_hours(1)), Span::from_mins(20));
        assert_eq!(base.doubled(90, Span::from_hours(1)), Span::from_hours(1));
    }
}
