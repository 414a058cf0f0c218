//! Durations as text: `90s`, `1h30m`, `1.5s`. Knows the units; must not know files.

use super::nearest::nearest;
use crate::time::Span;

/// The units from the longest, with their microseconds.
const UNITS: [(&str, u64); 6] =
    [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];

/// Other ways in which people write the units.
const ALIASES: [(&str, &str); 22] = [
    ("day", "d"),
    ("days", "d"),
    ("hour", "h"),
    ("hours", "h"),
    ("hr", "h"),
    ("hrs", "h"),
    ("min", "m"),
    ("mins", "m"),
    ("minute", "m"),
    ("minutes", "m"),
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("msec", "ms"),
    ("millis", "ms"),
    ("millisecond", "ms"),
    ("milliseconds", "ms"),
    ("micros", "us"),
    ("microseconds", "us"),
    ("µs", "us"),
    ("μs", "us"),
];

/// What a JSON Schema can check of a duration.
#[cfg(feature = "text")]
pub(super) const PATTERN: &str = r"^[0-9]+(\.[0-9]+)?(d|h|m|s|ms|us)( ?[0-9]+(\.[0-9]+)?(d|h|m|s|ms|us))*$";

/// Reads a duration such as `90s`, `5m`, `250ms`, `24h`, `7d`, `10us`, `1h30m` or `1.5s`.
///
/// # Errors
/// What to do about it, in words.
pub fn parse_duration(text: &str) -> Result<Span, String> {
    if text.starts_with('-') {
        return Err("a duration must not be negative".to_owned());
    }
    if text.trim() != text || text.is_empty() {
        return Err("write a number and a unit and nothing around them, e.g. \"30s\"".to_owned());
    }
    let (mut rest, mut total, mut longest) = (text, 0u64, usize::MAX);
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail.find(|c: char| c.is_ascii_digit() || matches!(c, ' ' | '.' | '-')).unwrap_or(tail.len());
        if tail.starts_with(' ') {
            return Err("write each unit right behind its number, e.g. \"30s\"".to_owned());
        }
        let (unit, tail) = tail.split_at(unit_end);
        let place = unit_place(unit, text)?;
        let order = UNITS.len() - place;
        if order >= longest {
            return Err("write each unit once, the longest first, e.g. \"1h30m\"".to_owned());
        }
        longest = order;
        let part = micros(number, UNITS[place].1)?;
        total = total.checked_add(part).ok_or_else(too_long)?;
        rest = tail.strip_prefix(' ').unwrap_or(tail);
    }
    Ok(Span(total))
}

/// Where in [`UNITS`] a unit stands.
fn unit_place(unit: &str, whole: &str) -> Result<usize, String> {
    if unit.is_empty() {
        let number = if whole.parse::<f64>().is_ok() { whole } else { "30" };
        return Err(format!("write a unit, e.g. \"{number}s\""));
    }
    if let Some(place) = UNITS.iter().position(|(name, _)| *name == unit) {
        return Ok(place);
    }
    let lower = unit.to_lowercase();
    let meant = ALIASES.iter().find(|(alias, _)| *alias == lower).map(|(_, unit)| *unit);
    let meant = meant.or_else(|| nearest(&lower, UNITS.map(|(name, _)| name)));
    let ask = meant.map_or(String::new(), |unit| format!("; did you mean `{unit}`?"));
    Err(format!("`{}` is no unit: they are us, ms, s, m, h and d{ask}", super::problem::quoted(unit)))
}

/// A decimal number of a unit as whole microseconds, without the rounding of floats.
fn micros(number: &str, unit: u64) -> Result<u64, String> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let lone_point = number.contains('.') && fraction.is_empty();
    if whole.is_empty() || lone_point || fraction.contains('.') {
        return Err("write a number before each unit, e.g. \"1.5s\"".to_owned());
    }
    if whole.len() > 18 || fraction.len() > 18 {
        return Err(too_long());
    }
    let digits: u128 = format!("{whole}{fraction}").parse().map_err(|_| too_long())?;
    let scale = 10u128.pow(u32::try_from(fraction.len()).unwrap_or(0));
    let scaled = digits * u128::from(unit);
    if !scaled.is_multiple_of(scale) {
        return Err("durations are whole microseconds".to_owned());
    }
    u64::try_from(scaled / scale).map_err(|_| too_long())
}

fn too_long() -> String {
    "that is too many digits for a duration".to_owned()
}

/// A duration as a file would write it: `1m30s`, read back as the same.
#[must_use]
pub fn duration_text(span: Span) -> String {
    let (mut rest, mut text) = (span.0, String::new());
    for (unit, micros) in UNITS {
        if rest / micros > 0 {
            text += &format!("{}{unit}", rest / micros);
            rest %= micros;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        let good = [
            ("90s", Span::from_secs(90)),
            ("5m", Span::from_mins(5)),
            ("250ms", Span::from_millis(250)),
            ("24h", Span::from_hours(24)),
            ("7d", Span::from_hours(168)),
            ("1h30m", Span::from_mins(90)),
            ("1h 30m", Span::from_mins(90)),
            ("10us", Span::from_micros(10)),
            ("1.5s", Span::from_millis(1_500)),
            ("0.1s", Span::from_millis(100)),
            ("0s", Span::ZERO),
            ("1d2h3m4s5ms6us", Span(93_784_005_006)),
        ];
        for (text, span) in good {
            assert_eq!(parse_duration(text), Ok(span), "{text}");
        }
    }

    #[test]
    fn durations_are_refused_each_with_its_reason() {
        let bad = [
            ("", "a number and a unit"),
            (" 5s", "nothing around"),
            ("30", "write a unit, e.g. \"30s\""),
            ("1h30", "write a unit, e.g. \"30s\""),
            ("-5s", "must not be negative"),
            ("s", "write a number"),
            ("1.s", "write a number"),
            (".5s", "write a number"),
            ("1.2.3s", "write a number"),
            ("5sec", "did you mean `s`?"),
            ("5 minutes", "right behind"),
            ("5S", "did you mean `s`?"),
            ("30m1h", "the longest first"),
            ("1h1h", "each unit once"),
            ("1.5us", "whole microseconds"),
            ("99999999999999999d", "too many digits"),
            ("9999999999999999999999s", "too many digits"),
            ("1h-5m", "write a unit"),
            ("1e3s", "no unit"),
            ("5ż", "no unit"),
        ];
        for (text, reason) in bad {
            let error = parse_duration(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for micros in [0, 1, 999, 1_000, 1_500_000, 90_000_000, 86_400_000_000, 93_784_005_006, u64::MAX] {
            assert_eq!(parse_duration(&duration_text(Span(micros))), Ok(Span(micros)));
        }
        assert_eq!(duration_text(Span::from_secs(90)), "1m30s");
        assert_eq!(duration_text(Span::from_hours(6)), "6h");
    }
}
