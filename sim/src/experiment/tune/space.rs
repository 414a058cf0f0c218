//! The space a search looks at: axes, the values on them, and points. Knows paths, ranges and texts of values; must not know
//! what a setting does, or how a point is judged.

use crate::rng::Rng;
use crate::scenario::setting::Setting;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use tidegate_core::Span;
use tidegate_core::document::{duration_text, parse_duration};

/// Steps between the ends of a range, about: a finer difference of a threshold is not worth a line in a policy.
const STEPS: f64 = 50.0;

/// Ends that are further apart than this are divided by ratio, not by difference.
const WIDE: f64 = 9.0;

/// One setting that is varied.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Its path, as `--set` takes it.
    pub path: String,
    /// What it may be.
    pub range: Range,
    /// Why this range; empty where the command line asks for it.
    pub why: String,
    /// What the files say, as a place on the axis; `None` where that is off it or not known.
    pub base: Option<f64>,
}

/// The values of an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Range {
    /// Whole numbers.
    Whole(i64, i64),
    /// Numbers.
    Number(f64, f64),
    /// Durations.
    Time(Span, Span),
    /// A share of what the files say, in percent, of several paths together: caps that grow and shrink as one.
    Percent(i64, i64, Vec<(String, u32)>),
    /// Words.
    Words(Vec<String>),
}

/// A place on each axis, from 0 to 1; `None`: as the files say.
pub type Point = Vec<Option<f64>>;

impl Axis {
    /// An axis as it is typed: `PATH=a..b` with whole numbers, numbers or durations, or `PATH=x|y|z`.
    ///
    /// # Errors
    /// What was expected, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}`: expected PATH=a..b or PATH=x|y, such as spillover.stopAt=0.5..0.9");
        let (path, values) = text.split_once('=').ok_or_else(wrong)?;
        let (path, values) = (path.trim(), values.trim());
        if path.is_empty() || values.is_empty() {
            return Err(wrong());
        }
        let range = match values.split_once("..") {
            Some((from, to)) => Range::parse(from.trim(), to.trim()).map_err(|what| format!("`{text}`: {what}"))?,
            None if values.contains('|') => {
                Range::Words(values.split('|').map(|word| word.trim().to_owned()).collect())
            }
            None => return Err(wrong()),
        };
        if let Range::Percent(..) = range
            && path != "maxRunners"
        {
            return Err(format!("`{text}`: shares in percent are for maxRunners alone, of each region's own"));
        }
        Ok(Self { path: path.to_owned(), range, why: String::new(), base: None })
    }

    /// What a place means, in a file's words.
    #[must_use]
    pub fn text(&self, at: f64) -> String {
        match &self.range {
            Range::Whole(from, to) => whole(at, *from, *to).to_string(),
            Range::Number(from, to) => number(at, *from, *to),
            Range::Time(from, to) => time(at, *from, *to),
            Range::Percent(from, to, _) => format!("{}%", whole(at, *from, *to)),
            Range::Words(words) => words[word(at, words.len())].clone(),
        }
    }

    /// The ends, or all words.
    #[must_use]
    pub fn ends(&self) -> String {
        match &self.range {
            Range::Words(words) => words.join(" | "),
            Range::Whole(..) | Range::Number(..) | Range::Time(..) | Range::Percent(..) => {
                format!("{} .. {}", self.text(0.0), self.text(1.0))
            }
        }
    }

    /// The settings that a place means.
    #[must_use]
    pub fn settings(&self, at: f64) -> Vec<Setting> {
        let Range::Percent(from, to, paths) = &self.range else {
            return vec![Setting::new(&self.path, &self.text(at))];
        };
        let percent = whole(at, *from, *to) as f64;
        let one = |(path, base): &(String, u32)| {
            Setting::new(path, &format!("{:.0}", (f64::from(*base) * percent / 100.0).round().max(1.0)))
        };
        paths.iter().map(one).collect()
    }

    /// A place near another: a normal step, thrown back at the ends; of words now and then another one.
    fn near(&self, at: f64, step: f64, rng: &mut Rng) -> f64 {
        if matches!(self.range, Range::Words(_)) {
            return rng.random();
        }
        let normal: f64 = StandardNormal.sample(rng);
        let moved = (at + step * normal).rem_euclid(2.0);
        if moved > 1.0 { 2.0 - moved } else { moved }
    }
}

impl Range {
    fn parse(from: &str, to: &str) -> Result<Self, String> {
        let percent = |text: &str| text.strip_suffix('%').and_then(|text| text.trim().parse::<i64>().ok());
        let range = if let (Some(from), Some(to)) = (percent(from), percent(to)) {
            (from < to && from > 0).then_some(Self::Percent(from, to, Vec::new()))
        } else if let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>()) {
            (from < to).then_some(Self::Whole(from, to))
        } else if let (Ok(from), Ok(to)) = (from.parse::<f64>(), to.parse::<f64>()) {
            (from < to && (to - from).is_finite()).then_some(Self::Number(from, to))
        } else if let (Ok(from), Ok(to)) = (parse_duration(from), parse_duration(to)) {
            (from < to).then_some(Self::Time(from, to))
        } else {
            return Err("both ends must be numbers, both durations such as 5s, or both shares such as 50%".to_owned());
        };
        range.ok_or_else(|| format!("{from} must be less than {to}"))
    }
}

/// Between two positive ends that are far apart by ratio, else by difference.
fn between(at: f64, from: f64, to: f64) -> f64 {
    if from > 0.0 && to / from > WIDE { from * (to / from).powf(at) } else { from + (to - from) * at }
}

fn whole(at: f64, from: i64, to: i64) -> i64 {
    (between(at, from as f64, to as f64).round() as i64).clamp(from, to)
}

/// Rounded to a step of one, two or five of a decade, about a fiftieth of where it stands.
fn rounded(value: f64, scale: f64) -> f64 {
    let decade = 10_f64.powf((scale / STEPS).log10().floor());
    let step = [5.0, 2.0, 1.0].into_iter().map(|m| m * decade).find(|step| *step <= scale / STEPS).unwrap_or(decade);
    (value / step).round() * step
}

fn number(at: f64, from: f64, to: f64) -> String {
    let value = between(at, from, to);
    let scale = if from > 0.0 && to / from > WIDE { value } else { to - from };
    // The ends are tried as they were typed.
    let value = if at <= 0.0 || at >= 1.0 { value } else { rounded(value, scale).clamp(from, to) };
    // Nine digits hide the dust of binary fractions.
    let text = format!("{value:.9}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn time(at: f64, from: Span, to: Span) -> String {
    let value = between(at, from.0 as f64, to.0 as f64);
    let scale = if to.0 as f64 > WIDE * from.0 as f64 { value } else { (to.0 - from.0) as f64 };
    // Whole seconds, or whole milliseconds where it begins below a second.
    let least = if from < Span::from_secs(1) { 1e3 } else { 1e6 };
    // The ends are tried as they were typed.
    let value = if at <= 0.0 || at >= 1.0 { value } else { (rounded(value, scale) / least).round() * least };
    duration_text(Span((value as u64).clamp(from.0, to.0)))
}

fn word(at: f64, count: usize) -> usize {
    ((at * count as f64) as usize).min(count - 1)
}

/// A Latin hypercube: `count` points, and on every axis one in each of `count` equal parts (McKay, Beckman and Conover,
/// Technometrics 21(2), 1979).
#[must_use]
pub fn latin_hypercube(axes: usize, count: usize, rng: &mut Rng) -> Vec<Point> {
    let mut points = vec![Point::with_capacity(axes); count];
    for _ in 0..axes {
        let mut parts: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            parts.swap(last, rng.random_range(0..=last));
        }
        for (point, part) in points.iter_mut().zip(parts) {
            point.push(Some((part as f64 + rng.random::<f64>()) / count as f64));
        }
    }
    points
}

/// A point near another: each axis is moved with a chance of `share`, and one at least.
#[must_use]
pub fn near(axes: &[Axis], parent: &Point, step: f64, share: f64, rng: &mut Rng) -> Point {
    let sure = rng.random_range(0..axes.len().max(1));
    let mut child = parent.clone();
    for (index, axis) in axes.iter().enumerate() {
        // Drawn for every axis, so that one more does not shift the others.
        let (moves, anywhere): (f64, f64) = (rng.random(), rng.random());
        let from = parent[index].or(axis.base).unwrap_or(anywhere);
        let moved = axis.near(from, step, rng);
        if index == sure || moves < share {
            child[index] = Some(moved);
        }
    }
    child
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::stream;

    fn axis(text: &str) -> Axis {
        Axis::parse(text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_range_is_what_it_looks_like() {
        let texts = |text: &str| [0.0, 0.5, 1.0].map(|at| axis(text).text(at));
        assert_eq!(texts("a=10..20"), ["10", "15", "20"]);
        assert_eq!(texts("a=10..1000"), ["10", "100", "1000"], "by ratio where the ends are far apart");
        assert_eq!(texts("a=0.3..0.9"), ["0.3", "0.6", "0.9"]);
        assert_eq!(texts("a=5s..5m"), ["5s", "38s400ms", "5m"].map(|t| t.replace("38s400ms", "39s")));
        assert_eq!(texts("a=x|y"), ["x", "y", "y"]);
        assert_eq!(axis("maxRunners=50%..100%").text(0.5), "75%");
        assert_eq!(axis("a=5s..10s").ends(), "5s .. 10s");
    }

    #[test]
    fn what_is_no_range_says_what_was_expected() {
        let said = |text: &str| Axis::parse(text).expect_err("no range");
        for text in ["a", "a=", "=1..2", "a=3"] {
            assert!(said(text).contains("expected PATH=a..b or PATH=x|y"), "{}", said(text));
        }
        assert!(said("a=5..2").contains("5 must be less than 2"));
        assert!(said("a=1s..5").contains("both ends must be"));
        assert!(said("a=50%..90%").contains("for maxRunners alone"));
    }

    #[test]
    fn a_share_of_caps_is_taken_of_each_region() {
        let mut caps = axis("maxRunners=50%..100%");
        caps.range =
            Range::Percent(50, 100, vec![("regions.a.maxRunners".into(), 400), ("regions.b.maxRunners".into(), 25)]);
        let said: Vec<String> = caps.settings(0.0).iter().map(ToString::to_string).collect();
        assert_eq!(said, ["regions.a.maxRunners=200", "regions.b.maxRunners=13"]);
    }

    #[test]
    fn a_latin_hypercube_has_one_point_in_each_part_of_each_axis() {
        let points = latin_hypercube(3, 20, &mut stream(7, "test"));
        for axis in 0..3 {
            let mut parts: Vec<usize> = points.iter().map(|p| (p[axis].expect("a place") * 20.0) as usize).collect();
            parts.sort_unstable();
            assert_eq!(parts, (0..20).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_child_differs_and_stays_on_the_axes() {
        let axes = [axis("a=0..1000"), axis("b=x|y|z"), axis("c=0.1..0.9")];
        let parent = vec![Some(0.02), None, Some(0.99)];
        let mut rng = stream(3, "test");
        for _ in 0..200 {
            let child = near(&axes, &parent, 0.2, 0.3, &mut rng);
            assert_ne!(child, parent);
            assert!(child.iter().flatten().all(|at| (0.0..=1.0).contains(at)), "{child:?}");
        }
    }
}
