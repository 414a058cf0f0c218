//! Where ticks go and what they say. Knows clock time, round steps and decades; must not know pixels or colours.

use super::human;

/// Steps of a time axis, in seconds.
const STEPS: [f64; 22] = [
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1_800.0,
    3_600.0,
    7_200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    345_600.0,
    604_800.0,
    1_209_600.0,
];

/// Decades of a latency axis, in seconds, at values people know.
const DECADES: [f64; 11] = [0.001, 0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3_600.0, 36_000.0, 360_000.0, 3_600_000.0];

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const DAY: i64 = 86_400;

/// Simulated seconds as clock time, where the start is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    epoch: Option<i64>,
}

impl Clock {
    /// From an RFC 3339 start; anything else counts from zero. The offset is left as written.
    pub(crate) fn new(start: &str) -> Self {
        Self { epoch: parse(start) }
    }

    /// Whether times are clock times.
    pub(crate) fn is_known(self) -> bool {
        self.epoch.is_some()
    }

    /// A moment: `24 Nov 14:00`, or `14 h` after an unknown start.
    pub(crate) fn stamp(self, seconds: f64) -> String {
        match self.at(seconds) {
            Some(at) => format!("{} {}", date(at), time(at, false)),
            None => human::duration(seconds),
        }
    }

    /// At most `most` ticks in `0..=to`, each with its text.
    pub(super) fn ticks(self, to: f64, most: usize) -> Vec<(f64, String)> {
        let step = step(to, most);
        #[expect(clippy::cast_precision_loss, reason = "dates are far below 2^52")]
        let shift = self.epoch.unwrap_or(0).rem_euclid(14 * DAY) as f64;
        let mut at = (shift / step).ceil() * step - shift;
        let mut ticks = Vec::new();
        while at <= to + step * 1e-6 && ticks.len() <= most {
            ticks.push((at, self.label(at, step)));
            at += step;
        }
        ticks
    }

    fn label(self, seconds: f64, step: f64) -> String {
        match self.at(seconds) {
            Some(at) if at.rem_euclid(DAY) == 0 => date(at),
            Some(at) => time(at, step < 60.0),
            None => human::duration(seconds),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "saturates, and such a date is nonsense anyhow")]
    fn at(self, seconds: f64) -> Option<i64> {
        self.epoch.filter(|_| seconds.is_finite()).map(|epoch| epoch.saturating_add(seconds.round() as i64))
    }
}

/// At most `most + 1` round durations from zero to at least `to`.
pub(super) fn durations(to: f64, most: usize) -> Vec<f64> {
    multiples(to, step(to, most))
}

/// Round numbers from zero to at least `to`, about `most` of them.
pub(super) fn linear(to: f64, most: usize, least_step: f64) -> Vec<f64> {
    let rough = (to / most.max(1) as f64).max(least_step).max(f64::MIN_POSITIVE);
    let decade = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * decade).find(|s| *s >= rough * 0.999_999);
    multiples(to, step.unwrap_or(rough).max(least_step))
}

/// Decades that enclose `low..=high`; never fewer than two.
pub(super) fn decades(low: f64, high: f64) -> Vec<f64> {
    let from = DECADES.iter().rposition(|d| *d <= low).unwrap_or(0).min(DECADES.len() - 2);
    let to = DECADES.iter().position(|d| *d >= high).unwrap_or(DECADES.len() - 1).max(from + 1);
    DECADES[from..=to].to_vec()
}

fn multiples(to: f64, step: f64) -> Vec<f64> {
    let mut ticks = vec![0.0];
    let mut i = 1.0;
    while ticks.len() < 50 && ticks.last().is_some_and(|last| *last < to * 0.999_999) {
        ticks.push(i * step);
        i += 1.0;
    }
    ticks
}

/// A round length of time of which `most` reach `to`.
pub(super) fn step(to: f64, most: usize) -> f64 {
    let rough = to / most.max(1) as f64;
    let week = 604_800.0;
    STEPS.into_iter().find(|s| *s >= rough).unwrap_or_else(|| (rough / week).ceil() * week)
}

fn date(at: i64) -> String {
    let (_, month, day) = civil(at.div_euclid(DAY));
    format!("{day} {}", MONTHS[month - 1])
}

fn time(at: i64, seconds: bool) -> String {
    let t = at.rem_euclid(DAY);
    let text = format!("{:02}:{:02}", t / 3_600, t / 60 % 60);
    if seconds { format!("{text}:{:02}", t % 60) } else { text }
}

/// Seconds since 1970 of `2026-11-24T00:00:00...`.
fn parse(start: &str) -> Option<i64> {
    let field = |from: usize, to: usize| start.get(from..to).and_then(|text| text.parse::<i64>().ok());
    let (year, month, day) = (field(0, 4)?, field(5, 7)?, field(8, 10)?);
    let (hour, minute, second) = (field(11, 13)?, field(14, 16)?, field(17, 19)?);
    let shape = start.get(10..11)?.eq_ignore_ascii_case("t") && (1..=12).contains(&month) && (1..=31).contains(&day);
    shape.then(|| days(year, month, day) * DAY + hour * 3_600 + minute * 60 + second)
}

/// Days since 1970 of a civil date: the well-known algorithm, with years that begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    y.div_euclid(400) * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The civil date (year, month 1..=12, day) of days since 1970.
fn civil(days: i64) -> (i64, usize, i64) {
    let z = days + 719_468;
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march = (5 * day_of_year + 2) / 153;
    let month = (march + 2) % 12 + 1;
    let year = z.div_euclid(146_097) * 400 + year_of_era + i64::from(month <= 2);
    (year, usize::try_from(month).unwrap_or(1), day_of_year - (153 * march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_few_round_ticks() {
        let ticks = Clock::new("2026-11-24T00:00:00Z").ticks(86_400.0, 5);
        let texts: Vec<_> = ticks.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["24 Nov", "06:00", "12:00", "18:00", "25 Nov"]);
    }

    #[test]
    fn ticks_fall_on_the_clock_not_on_the_start() {
        let ticks = Clock::new("2024-02-28T22:30:00Z").ticks(7_200.0, 3);
        assert_eq!(ticks, [(1_800.0, "23:00".to_owned()), (5_400.0, "29 Feb".to_owned())]);
    }

    #[test]
    fn an_unknown_start_counts_hours() {
        let clock = Clock::new("soon");
        assert!(!clock.is_known());
        assert_eq!(clock.stamp(50_400.0), "14 h");
        assert_eq!(clock.ticks(0.0, 5).len(), 1);
        assert!(clock.ticks(1e12, 5).len() <= 6);
    }

    #[test]
    fn dates_go_both_ways() {
        for day in (-800_000..800_000).step_by(997) {
            let (year, month, dom) = civil(day);
            assert_eq!(days(year, i64::try_from(month).expect("twelve"), dom), day);
        }
    }

    #[test]
    fn axes_enclose_their_data() {
        assert_eq!(linear(437.0, 4, 1.0), [0.0, 200.0, 400.0, 600.0]);
        assert_eq!(linear(0.0, 4, 1.0), [0.0]);
        assert_eq!(decades(0.4, 700.0), [0.1, 1.0, 10.0, 60.0, 600.0, 3_600.0]);
        assert_eq!(decades(0.0, 0.0).len(), 2);
        assert!(durations(754.0, 5).last().is_some_and(|last| *last >= 754.0));
    }
}
