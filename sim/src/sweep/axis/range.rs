//! Ranges of an axis: `20..200/10`, `0.5..0.9/5`, `10s..60s/6`. Knows numbers, durations and how they are written; must not
//! know paths.

use tidegate_core::Span;
use tidegate_core::document::{duration_text, parse_duration};

/// The most values of one range.
const MOST: u32 = 100_000;
/// A value between two ends is written with so many digits more than they have.
const MORE_DIGITS: usize = 3;
/// Lengths of time to which values between two durations are rounded, in microseconds, the longest first.
const QUANTA: [u64; 3] = [1_000_000, 1_000, 1];
/// A value is rounded to such a length where a step is at least so many of them.
const QUANTA_A_STEP: f64 = 10.0;
/// A range that is drawn from counts as one of so many steps: readable values, and some 30 of them at the least.
const DRAWN: f64 = 3.0;

/// Values from one end to the other.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    from: f64,
    to: f64,
    scale: Scale,
    /// How many; `None` where the range does not say.
    levels: Option<u32>,
}

/// What the ends are, and how values between them are written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    /// Whole numbers.
    Whole,
    /// Numbers with so many digits behind the point.
    Decimal(usize),
    /// Microseconds.
    Time,
}

impl Range {
    /// Whether a range is meant, and no list: it has two points and begins with a digit. A path may have two points too.
    pub(super) fn is_meant(text: &str) -> bool {
        text.contains("..") && !text.contains(',') && text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
    }

    pub(super) fn parse(path: &str, text: &str) -> Result<Self, String> {
        let fail = |why: String| Err(format!("`{path}={text}`: {why}"));
        let (from, rest) = text.split_once("..").unwrap_or((text, ""));
        let (to, levels) = rest.split_once('/').map_or((rest, None), |(to, levels)| (to, Some(levels)));
        let Some((from, to, scale)) = ends(from.trim(), to.trim()) else {
            return fail("expected two numbers or two durations, such as 20..200/10 or 10s..60s/6".to_owned());
        };
        if from >= to {
            return fail("expected the lower end first, and a higher one behind it".to_owned());
        }
        let Some(levels) = levels else { return Ok(Self { from, to, scale, levels: None }) };
        let Some(levels) = levels.trim().parse().ok().filter(|levels| (2..=MOST).contains(levels)) else {
            return fail(format!("`{levels}` is no number of values: expected 2 to {MOST}, such as {from}..{to}/5"));
        };
        let range = Self { from, to, scale, levels: Some(levels) };
        if range.values().is_some_and(|values| values.windows(2).any(|two| two[0] == two[1])) {
            let there = to - from + 1.0;
            let help = if scale == Scale::Whole {
                format!(
                    "there are {there} whole numbers from {from} to {to}; write {from}..{to}/{there}, or the ends with a point"
                )
            } else {
                "the values lie so close that two are written alike; take fewer".to_owned()
            };
            return fail(help);
        }
        Ok(range)
    }

    /// As many values as the range says, both ends included.
    pub(super) fn values(&self) -> Option<Vec<String>> {
        let last = self.levels? - 1;
        Some((0..=last).map(|level| self.text(self.between(f64::from(level) / f64::from(last)))).collect())
    }

    /// The value at a share of the range, from 0 up to but without 1; whole numbers are as likely as each other.
    pub(super) fn at(&self, share: f64) -> String {
        let wide = if self.scale == Scale::Whole { self.to - self.from + 1.0 } else { self.to - self.from };
        let value = self.from + wide * share;
        self.text(if self.scale == Scale::Whole { value.floor().min(self.to) } else { value })
    }

    fn between(&self, share: f64) -> f64 {
        if share >= 1.0 { self.to } else { self.from + (self.to - self.from) * share }
    }

    fn text(&self, value: f64) -> String {
        match self.scale {
            Scale::Whole => format!("{:.0}", value.round()),
            Scale::Decimal(digits) => {
                let text = format!("{value:.*}", digits + MORE_DIGITS);
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            Scale::Time => {
                let quantum = self.quantum();
                duration_text(Span((value / quantum).round() as u64 * quantum as u64))
            }
        }
    }

    /// The length of time to which values are rounded.
    fn quantum(&self) -> f64 {
        let steps = self.levels.map_or(DRAWN, |levels| f64::from(levels - 1));
        let step = (self.to - self.from) / steps;
        let fits = |quantum: &u64| {
            let ends = [self.from, self.to].iter().all(|end| (*end as u64).is_multiple_of(*quantum));
            ends && step >= QUANTA_A_STEP * *quantum as f64
        };
        QUANTA.into_iter().find(fits).unwrap_or(1) as f64
    }
}

/// Both ends as numbers, and of which kind they are.
fn ends(from: &str, to: &str) -> Option<(f64, f64, Scale)> {
    let digits = |text: &str| text.split_once('.').map_or(0, |(_, digits)| digits.len());
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-'));
    if let (Ok(low), Ok(high), true) = (from.parse::<f64>(), to.parse::<f64>(), plain(from) && plain(to)) {
        let whole = !from.contains('.') && !to.contains('.');
        let scale = if whole { Scale::Whole } else { Scale::Decimal(digits(from).max(digits(to))) };
        return Some((low, high, scale));
    }
    let micros = |text: &str| parse_duration(text).ok().map(|span| span.0 as f64);
    Some((micros(from)?, micros(to)?, Scale::Time))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        let range = Range::parse("a", text).unwrap_or_else(|error| panic!("{error}"));
        range.values().expect("as many as it says")
    }

    #[test]
    fn a_range_has_as_many_values_as_it_says_and_both_ends() {
        assert_eq!(values("20..200/10"), (1..=10).map(|n| (20 * n).to_string()).collect::<Vec<_>>());
        assert_eq!(values("0.5..0.9/5"), ["0.5", "0.6", "0.7", "0.8", "0.9"]);
        assert_eq!(values("10..95/4"), ["10", "38", "67", "95"]);
        assert_eq!(values("0.0..1.0/4"), ["0", "0.3333", "0.6667", "1"]);
        assert_eq!(values("-1..1/3"), ["-1", "0", "1"]);
    }

    #[test]
    fn durations_are_rounded_to_what_people_would_write() {
        assert_eq!(values("10s..60s/6"), ["10s", "20s", "30s", "40s", "50s", "1m"]);
        assert_eq!(values("30s..2m/4"), ["30s", "1m", "1m30s", "2m"]);
        assert_eq!(values("10s..100s/4"), ["10s", "40s", "1m10s", "1m40s"]);
        assert_eq!(values("0s..100s/4"), ["0s", "33s", "1m7s", "1m40s"]);
        assert_eq!(values("1s..2s/4"), ["1s", "1s333ms", "1s667ms", "2s"]);
    }

    #[test]
    fn shares_of_a_range_stay_within_it() {
        let range = Range::parse("a", "1..3").expect("a range");
        assert_eq!([0.0, 0.34, 0.5, 0.67, 0.999_999].map(|share| range.at(share)), ["1", "2", "2", "3", "3"]);
        assert_eq!(range.values(), None);
        assert_eq!(Range::parse("a", "1m..3m").expect("a range").at(0.25), "1m30s");
    }

    #[test]
    fn what_is_no_range_says_what_was_expected() {
        let said = |text| Range::parse("a", text).expect_err("no range");
        assert!(said("20..x/3").contains("`a=20..x/3`: expected two numbers or two durations"));
        assert!(said("10s..60/3").contains("two numbers or two durations"));
        assert!(said("5..5/2").contains("the lower end first"));
        assert!(said("1..9/0").contains("`0` is no number of values: expected 2 to 100000"));
        assert!(said("0..3/10").contains("there are 4 whole numbers from 0 to 3; write 0..3/4"), "{}", said("0..3/10"));
        assert!(Range::is_meant("20..x/3") && !Range::is_meant("../a.json") && !Range::is_meant("1..2,3"));
    }
}
