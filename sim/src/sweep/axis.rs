//! Axes of a sweep as they are typed: `queueDepth=20..200/10`, `failover.mode=automatic,supervised`. Knows ranges, lists and
//! units; must not know what a path leads to.

mod range;

use range::Range;
use std::collections::BTreeSet;
use std::fmt;
use tidegate_core::document::parse_duration;
use tidegate_reports::sweep::AxisValue;

/// How an axis is typed, for messages.
const EXPECTED: &str = "expected PATH=VALUES, such as queueDepth=20..200/10, failover.suspectFor=10s..60s/6 or \
                        failover.mode=automatic,supervised";

/// What is varied, and over which values.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    path: String,
    given: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Range(Range),
    List(Vec<String>),
}

impl Axis {
    /// An axis as it is typed: a path, an equals sign, and a range (`a..b/n`: n values from a to b, both included) or a
    /// list with commas. Ends of a range are two numbers or two durations; where both are whole numbers, so are the values.
    ///
    /// # Errors
    /// When it is neither, in words with what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (path, given) = text.split_once('=').unwrap_or((text, ""));
        let (path, given) = (path.trim(), given.trim());
        if path.is_empty() || given.is_empty() {
            return Err(format!("`{text}`: {EXPECTED}"));
        }
        let kind = if Range::is_meant(given) { Kind::Range(Range::parse(path, given)?) } else { list(path, given)? };
        Ok(Self { path: path.to_owned(), given: given.to_owned(), kind })
    }

    /// The path as it was given.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The values of a grid, in order; `None` of a range that does not say how many.
    #[must_use]
    pub fn values(&self) -> Option<Vec<String>> {
        match &self.kind {
            Kind::Range(range) => range.values(),
            Kind::List(values) => Some(values.clone()),
        }
    }

    /// The value at a share of the axis, from 0 up to but without 1.
    #[must_use]
    pub fn at(&self, share: f64) -> String {
        match &self.kind {
            Kind::Range(range) => range.at(share),
            Kind::List(values) => values[((share * values.len() as f64) as usize).min(values.len() - 1)].clone(),
        }
    }

    /// Those of these values that differ, in the order of the axis, and their unit.
    pub(super) fn known<'a>(&self, found: impl Iterator<Item = &'a String>) -> (Vec<AxisValue>, String) {
        let found: BTreeSet<&String> = found.collect();
        let mut texts: Vec<&String> = match &self.kind {
            Kind::List(values) => values.iter().filter(|value| found.contains(value)).collect(),
            Kind::Range(_) => found.into_iter().collect(),
        };
        let numbers: Option<Vec<f64>> = texts.iter().map(|text| text.parse().ok()).collect();
        let seconds: Option<Vec<f64>> =
            texts.iter().map(|text| parse_duration(text).ok().map(tidegate_core::Span::as_secs_f64)).collect();
        let unit = if numbers.is_none() && seconds.is_some() { "s" } else { "" };
        let number = |text: &str| {
            let second = || parse_duration(text).ok().map(tidegate_core::Span::as_secs_f64);
            text.parse::<f64>().ok().or_else(second).filter(|_| numbers.is_some() || seconds.is_some())
        };
        if matches!(self.kind, Kind::Range(_)) {
            texts.sort_by(|a, b| number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0)));
        }
        let values = texts.into_iter().map(|text| AxisValue { text: text.clone(), number: number(text) });
        (values.collect(), unit.to_owned())
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.path, self.given)
    }
}

fn list(path: &str, given: &str) -> Result<Kind, String> {
    let values: Vec<String> = split(given).into_iter().map(|value| value.trim().to_owned()).collect();
    if values.iter().any(String::is_empty) {
        return Err(format!("`{path}={given}`: there is no value between two commas; {EXPECTED}"));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = values.iter().find(|value| !seen.insert(*value)) {
        return Err(format!("`{path}={given}`: `{twice}` stands there twice"));
    }
    Ok(Kind::List(values))
}

/// Splits at commas, but not within brackets, braces or quotes: a value may be JSON.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth, mut quoted) = (Vec::new(), 0, 0_i32, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth <= 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        Axis::parse(text).unwrap_or_else(|error| panic!("{error}")).values().expect("as many as it says")
    }

    #[test]
    fn a_list_has_its_values_whatever_they_are() {
        assert_eq!(values("failover.mode=automatic, supervised"), ["automatic", "supervised"]);
        assert_eq!(values("policy=../a.json,../b.json"), ["../a.json", "../b.json"]);
        let json = r#"x={"dist":"uniform","from":1,"to":2},{"dist":"constant","value":"a,b"}"#;
        assert_eq!(values(json).len(), 2);
        assert_eq!(values("policy=../a.json"), ["../a.json"]);
    }

    #[test]
    fn what_is_no_axis_says_what_one_looks_like() {
        let said = |text| Axis::parse(text).expect_err("no axis");
        for text in ["queueDepth", "=1,2", "queueDepth="] {
            assert!(said(text).contains("expected PATH=VALUES, such as queueDepth=20..200/10"), "{}", said(text));
        }
        assert!(said("a=1,,2").contains("no value between two commas"));
        assert!(said("a=1,2,1").contains("`1` stands there twice"));
    }

    #[test]
    fn values_have_numbers_where_all_are_such() {
        let known = |text| {
            let axis = Axis::parse(text).expect("an axis");
            let all = axis.values().expect("values");
            let (values, unit) = axis.known(all.iter());
            (values.into_iter().map(|value| value.number).collect::<Vec<_>>(), unit)
        };
        assert_eq!(known("a=1,2.5"), (vec![Some(1.0), Some(2.5)], String::new()));
        assert_eq!(known("a=30s,2m"), (vec![Some(30.0), Some(120.0)], "s".to_owned()));
        assert_eq!(known("a=30s,never"), (vec![None, None], String::new()));
    }

    #[test]
    fn a_share_of_a_list_is_one_of_its_values() {
        let axis = Axis::parse("a=x,y,z").expect("an axis");
        assert_eq!([0.0, 0.34, 0.999_999].map(|share| axis.at(share)), ["x", "y", "z"]);
    }
}
