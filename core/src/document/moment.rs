//! Points in time as text, after RFC 3339. Knows the calendar; must not know files or any clock.

use crate::time::{Timestamp, days_from_civil};

/// Reads a point in time such as `2026-11-24T00:00:00Z` or `2026-11-24T01:30:00.5+01:30`.
///
/// # Errors
/// What to do about it, in words.
pub fn parse_timestamp(text: &str) -> Result<Timestamp, String> {
    let bytes = text.as_bytes();
    let days = date(bytes).ok_or("write it as 2026-11-24T00:00:00Z")?;
    if bytes.len() == 10 {
        return Err(format!("add the time of day, e.g. {text}T00:00:00Z"));
    }
    let (seconds, micros, used) = time_of_day(&bytes[10..])?;
    let offset = match &bytes[10 + used..] {
        [] => return Err(format!("add the offset from UTC, e.g. {text}Z")),
        [b'Z' | b'z'] => 0,
        zone => offset(zone).ok_or("write the offset from UTC as Z, +01:00 or -05:00")?,
    };
    let seconds = i64::try_from(days * 86_400 + seconds).unwrap_or(i64::MAX) - offset;
    let seconds = u64::try_from(seconds).map_err(|_| "times before 1970 are not supported")?;
    Ok(Timestamp(seconds * 1_000_000 + micros))
}

/// Two digits, as many as `most`.
fn pair(bytes: &[u8], at: usize, most: u64) -> Option<u64> {
    let (tens, ones) = (bytes.get(at)?, bytes.get(at + 1)?);
    if !tens.is_ascii_digit() || !ones.is_ascii_digit() {
        return None;
    }
    Some(u64::from(tens - b'0') * 10 + u64::from(ones - b'0')).filter(|n| *n <= most)
}

/// Days since 1970 of `YYYY-MM-DD` at the start of a text.
fn date(bytes: &[u8]) -> Option<u64> {
    let year = pair(bytes, 0, 99)? * 100 + pair(bytes, 2, 99)?;
    let (month, day) = (pair(bytes, 5, 12)?, pair(bytes, 8, 31)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + u64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let good = bytes[4] == b'-' && bytes[7] == b'-' && year >= 1970 && month > 0 && day > 0 && day <= last;
    good.then(|| days_from_civil(year, month, day))
}

/// Seconds of the day, microseconds of the second and the bytes used by `THH:MM:SS[.fraction]`.
fn time_of_day(bytes: &[u8]) -> Result<(u64, u64, usize), String> {
    let clock = || {
        let good = matches!(bytes.first()?, b'T' | b't' | b' ') && *bytes.get(3)? == b':' && *bytes.get(6)? == b':';
        let seconds = pair(bytes, 1, 23)? * 3600 + pair(bytes, 4, 59)? * 60 + pair(bytes, 7, 59)?;
        good.then_some(seconds)
    };
    let seconds = clock().ok_or("write the time of day as T14:30:00")?;
    if bytes.get(9) != Some(&b'.') {
        return Ok((seconds, 0, 9));
    }
    let digits: Vec<u8> = bytes[10..].iter().copied().take_while(u8::is_ascii_digit).collect();
    if digits.is_empty() {
        return Err("write digits behind the point of the seconds".to_owned());
    }
    let micros = (0..6).fold(0, |sum, at| sum * 10 + digits.get(at).map_or(0, |d| u64::from(d - b'0')));
    Ok((seconds, micros, 10 + digits.len()))
}

/// Seconds east of Greenwich of `+HH:MM`.
fn offset(zone: &[u8]) -> Option<i64> {
    if zone.len() != 6 || zone[3] != b':' {
        return None;
    }
    let seconds = i64::try_from(pair(zone, 1, 23)? * 3600 + pair(zone, 4, 59)? * 60).ok()?;
    match zone[0] {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_with_any_offset() {
        let noon = parse_timestamp("2026-11-24T12:00:00Z").expect("good");
        assert_eq!(noon.to_string(), "2026-11-24T12:00:00.000Z");
        for same in ["2026-11-24 13:30:00+01:30", "2026-11-24t07:00:00.000-05:00", "2026-11-24T12:00:00.000000999z"] {
            assert_eq!(parse_timestamp(same), Ok(noon), "{same}");
        }
        assert_eq!(parse_timestamp("1970-01-01T00:00:00.25Z"), Ok(Timestamp(250_000)));
        assert!(parse_timestamp("2024-02-29T00:00:00Z").is_ok());
        assert!(parse_timestamp("9999-12-31T23:59:59Z").is_ok());
    }

    #[test]
    fn moments_are_refused_each_with_its_reason() {
        let bad = [
            ("", "write it as"),
            ("tomorrow, at the latest", "write it as"),
            ("2026-13-01T00:00:00Z", "write it as"),
            ("2025-02-29T00:00:00Z", "write it as"),
            ("1969-12-31T00:00:00Z", "write it as"),
            ("2026-11-24", "add the time of day"),
            ("2026-11-24T25:00:00Z", "time of day"),
            ("2026-11-24T12:00", "time of day"),
            ("2026-11-24T12:00:00", "offset from UTC, e.g. 2026-11-24T12:00:00Z"),
            ("2026-11-24T12:00:00.Z", "digits"),
            ("2026-11-24T12:00:00+1", "offset"),
            ("2026-11-24T12:00:00Żó", "offset"),
            ("1970-01-01T00:00:00+01:00", "before 1970"),
        ];
        for (text, reason) in bad {
            let error = parse_timestamp(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
