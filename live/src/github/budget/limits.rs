//! What the headers of an answer say of a budget. Knows GitHub's headers; must not know budgets.

use axum::http::HeaderMap;
use tidegate_core::document::parse_timestamp;
use tidegate_core::{Span, Timestamp};

/// What GitHub says with an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests left in this window: `x-ratelimit-remaining`.
    pub remaining: Option<u64>,
    /// Requests of a whole window: `x-ratelimit-limit`.
    pub all: Option<u64>,
    /// Time until the window ends: `x-ratelimit-reset` less `date`, so that our clock does not matter.
    pub resets_in: Option<Span>,
    /// The wait that is asked of us: `retry-after`, in seconds or as a date less `date`.
    pub retry_after: Option<Span>,
    /// Whether this is the budget of registrations, which GitHub may count apart.
    pub of_registrations: bool,
}

impl Limits {
    /// Reads them. `now` stands in for the answer's `date`. What is no number counts as not given, and so does a budget
    /// that is none of ours, such as that of searches.
    #[must_use]
    pub fn of(headers: &HeaderMap, now: Timestamp) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let number = |name: &str| text(name).and_then(|value| value.trim().parse::<u64>().ok());
        let date = text("date").and_then(http_date).unwrap_or(now);
        let until = || text("retry-after").and_then(|text| http_date(text.trim())).map(|at| at.since(date));
        let retry_after = number("retry-after").map(seconds).or_else(until);
        let of_registrations = match text("x-ratelimit-resource") {
            None | Some("core") => false,
            Some("actions_runner_registration") => true,
            Some(_) => return Self { retry_after, ..Self::default() },
        };
        let resets_in = number("x-ratelimit-reset").map(|at| (Timestamp::ZERO + seconds(at)).since(date));
        let (all, remaining) = (number("x-ratelimit-limit"), number("x-ratelimit-remaining"));
        Self { remaining, all, resets_in, retry_after, of_registrations }
    }
}

fn seconds(count: u64) -> Span {
    Span(count.saturating_mul(1_000_000))
}

/// A date as HTTP writes it: `Tue, 24 Nov 2026 14:00:00 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let (day, month, year, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    parse_timestamp(&format!("{year}-{month:02}-{day}T{time}Z")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> Limits {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().expect("the test writes it right"));
        }
        Limits::of(&headers, Timestamp::ZERO + Span::from_secs(1_000))
    }

    #[test]
    fn the_reset_is_told_by_githubs_own_clock() {
        let told = read(&[
            ("date", "Tue, 24 Nov 2026 14:00:00 GMT"),
            ("x-ratelimit-reset", "1795531500"), // 14:45
            ("x-ratelimit-remaining", "17"),
            ("x-ratelimit-limit", "5000"),
            ("x-ratelimit-resource", "core"),
        ]);
        assert_eq!((told.remaining, told.all, told.resets_in), (Some(17), Some(5_000), Some(Span::from_mins(45))));
        let told = read(&[("x-ratelimit-reset", "1060"), ("date", "yesterday")]);
        assert_eq!(told.resets_in, Some(Span::from_secs(60)), "ours, where there is no date");
        assert_eq!(read(&[("x-ratelimit-reset", "18446744073709551615")]).resets_in.map(|span| span.0 > 0), Some(true));
    }

    #[test]
    fn a_wait_is_told_in_seconds_or_as_a_date() {
        let wait = |text| read(&[("date", "Tue, 24 Nov 2026 14:00:00 GMT"), ("retry-after", text)]).retry_after;
        assert_eq!(wait("90"), Some(Span::from_secs(90)));
        assert_eq!(wait("Tue, 24 Nov 2026 14:02:00 GMT"), Some(Span::from_mins(2)));
        assert_eq!(wait("Tue, 24 Nov 2026 13:00:00 GMT"), Some(Span::from_secs(0)), "it is over");
        for none in ["", "soon", "-5", "Tue, 24 Nov", "Tue, 99 Nov 2026 14:02:00 GMT"] {
            assert_eq!(wait(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_no_number_or_not_ours_is_not_given() {
        assert_eq!(read(&[("retry-after", "soon"), ("x-ratelimit-remaining", "-1")]), Limits::default());
        let other = read(&[("x-ratelimit-resource", "search"), ("x-ratelimit-remaining", "0"), ("retry-after", "9")]);
        assert_eq!(other, Limits { retry_after: Some(Span::from_secs(9)), ..Limits::default() });
        assert!(read(&[("x-ratelimit-resource", "actions_runner_registration")]).of_registrations);
    }
}
