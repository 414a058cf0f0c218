//! Reads distributions and quantities. Knows how they are written; must not know what is drawn from them.

use crate::dist::{Dist, DistError};
use std::ops::Bound;
use tidegate_core::document::{Arm, Context, FromNode, Kind, Node, NodeReader, TableReader, Value};
use tidegate_core::time::Span;

/// What a distribution is of: plain numbers, or seconds that may be written as durations.
pub(crate) trait Quantity: FromNode + Copy + Default + PartialOrd {
    /// The name of such a distribution among the definitions of a schema.
    const NAME: &'static str;
    /// The name of a part of a mixture of such.
    const PART: &'static str;
    /// Nothing of it.
    const ZERO: Self;
    /// More of it than there is.
    const INFINITE: Self;

    /// As the simulator holds it.
    fn number(self) -> f64;
}

impl Quantity for f64 {
    const NAME: &'static str = "numbers";
    const PART: &'static str = "numbersPart";
    const ZERO: Self = 0.0;
    const INFINITE: Self = Self::INFINITY;

    fn number(self) -> f64 {
        self
    }
}

/// A length of time in seconds: a number, or a duration as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub(crate) struct Seconds(pub(crate) f64);

impl Quantity for Seconds {
    const NAME: &'static str = "seconds";
    const PART: &'static str = "secondsPart";
    const ZERO: Self = Self(0.0);
    const INFINITE: Self = Self(f64::INFINITY);

    fn number(self) -> f64 {
        self.0
    }
}

impl FromNode for Seconds {
    fn from_node(node: &Node, context: &mut Context) -> Option<Self> {
        match node.value {
            Value::Text(_) => Span::from_node(node, context).map(|span| Self(span.as_secs_f64())),
            Value::Int(_) | Value::Float(_) => f64::from_node(node, context).map(Self),
            Value::Null | Value::Bool(_) | Value::DateTime(_) | Value::List(_) | Value::Table(_) => {
                context.wrong(node, Self::kind().expected(), "");
                None
            }
        }
    }

    fn kind() -> Kind {
        Kind::Either(vec![Span::kind(), Kind::Number])
    }

    fn to_value(&self) -> Value {
        Value::Float(self.0)
    }
}

/// One point of an empirical distribution: a probability and the value below which it lies.
#[derive(Clone, Copy)]
struct Point<Q>(f64, Q);

impl<Q: Quantity> FromNode for Point<Q> {
    fn from_node(node: &Node, context: &mut Context) -> Option<Self> {
        if let Value::List(items) = &node.value
            && let [share, value] = &items[..]
        {
            let (share, value) = (f64::from_node(share, context), Q::from_node(value, context));
            return Some(Self(share?, value?));
        }
        context.wrong(node, "a pair of a probability and a value such as [0.5, 12]", "");
        None
    }

    fn kind() -> Kind {
        Kind::List { item: Box::new(Kind::Either(vec![Kind::Number, Q::kind()])), least: 2 }
    }

    fn to_value(&self) -> Value {
        Value::List(vec![Node::new(Value::Float(self.0)), Node::new(self.1.to_value())])
    }
}

/// Reads a distribution: a table, or a bare value, which is a constant.
pub(crate) fn dist<Q: Quantity>(node: &mut NodeReader<'_>) -> Option<Dist> {
    let constant = |value: Q, node: &mut NodeReader<'_>| {
        if value < Q::ZERO {
            node.wrong("a value of at least 0", "");
            return None;
        }
        Some(Some(Dist::constant(value.number())))
    };
    node.named(Q::NAME, |node| node.either(constant, table::<Q>).flatten())
}

fn table<Q: Quantity>(t: &mut TableReader<'_>) -> Option<Dist> {
    let min = t.optional_in_range::<Q>("min", Q::ZERO.., "what is drawn below is drawn as this");
    let max = t.optional_in_range::<Q>("max", Q::ZERO.., "what is drawn above is drawn as this");
    let arms: [(&'static str, Arm<Option<Dist>>); 7] = [
        ("constant", constant::<Q>),
        ("uniform", uniform::<Q>),
        ("exponential", exponential::<Q>),
        ("lognormal", lognormal::<Q>),
        ("gamma", gamma::<Q>),
        ("empirical", empirical::<Q>),
        ("mixture", mixture::<Q>),
    ];
    let dist = t.tagged("dist", &arms, "the kind of distribution").flatten();
    let (low, high) = (min.map(Q::number), max.map(Q::number));
    if low.zip(high).is_some_and(|(low, high)| low > high) {
        t.problem_at("min", "is above `max`", "make `min` at most `max`");
        return None;
    }
    let dist = dist?;
    let dist = low.map_or(Ok(dist.clone()), |low| dist.with_min(low));
    made(t, dist.and_then(|dist| high.map_or(Ok(dist.clone()), |high| dist.with_max(high))))
}

/// A distribution, or the reason why its parameters make none.
fn made(t: &mut TableReader<'_>, dist: Result<Dist, DistError>) -> Option<Dist> {
    dist.map_err(|error| t.problem(t.place(), error.to_string(), "")).ok()
}

/// A value that must be given and not be negative.
fn given<Q: Quantity>(t: &mut TableReader<'_>, key: &'static str, doc: &'static str) -> Option<f64> {
    t.required_node(key, doc, |node| node.in_range(Q::ZERO..)).map(Q::number)
}

/// A value that must be given and be more than nothing.
fn positive<Q: Quantity>(t: &mut TableReader<'_>, key: &'static str, doc: &'static str) -> Option<f64> {
    t.required_node(key, doc, above_zero).map(Q::number)
}

fn above_zero<Q: Quantity>(node: &mut NodeReader<'_>) -> Option<Q> {
    node.in_range((Bound::Excluded(Q::ZERO), Bound::Unbounded))
}

fn constant<Q: Quantity>(t: &mut TableReader<'_>) -> Option<Dist> {
    given::<Q>(t, "value", "the value").map(Dist::constant)
}

fn uniform<Q: Quantity>(t: &mut TableReader<'_>) -> Option<Dist> {
    let (from, to) = (given::<Q>(t, "from", "the least value"), given::<Q>(t, "to", "the greatest value"));
    let (from, to) = (from?, to?);
    if from > to {
        t.problem_at("from", "is above `to`", "make `from` at most `to`");
        return None;
    }
    made(t, Dist::uniform(from, to))
}

fn exponential<Q: Quantity>(t: &mut TableReader<'_>) -> Option<Dist> {
    let mean = positive::<Q>(t, "mean", "the mean")?;
    made(t, Dist::exponential(mean))
}

fn lognormal<Q: Quantity>(t: &mut TableReader<'_>) -> Option<Dist> {
    let median = positive::<Q>(t, "median", "the median");
    let p90 = t.node("p90", "the 90th percentile", above_zero::<Q>).map(Q::number);
    let p99 = t.node("p99", "the 99th percentile", above_zero::<Q>).map(Q::number);
    let sigma = t.optional_in_range("sigma", 0.0..=10.0, "the standard deviation of the logarithm");
    let given: Vec<&str> = ["p90", "p99", "sigma"].into_iter().filter(|key| t.has(key)).collect();
    if given.len() != 1 && !t.context().is_describing() {
        let message = if given.is_empty() { "a lognormal has no spread" } else { "a lognormal has two spreads" };
        t.problem(t.place(), message, "give one of `p90`, `p99` and `sigma`");
        return None;
    }
    let median = median?;
    for (key, value) in [("p90", p90), ("p99", p99)] {
        if value.is_some_and(|value| value < median) {
            t.problem_at(key, "is below the median", "raise it, or lower `median`");
            return None;
        }
    }
    let dist = match (p90, p99, sigma) {
        (Some(p90), _, _) => Dist::lognormal_p90(median, p90),
        (_, Some(p99), _) => Dist::lognormal_p99(median, p99),
        (_, _, Some(sigma)) => Dist::lognormal(median, sigma),
        (None, None, None) => return None,
    };
    made(t, dist)
}

fn gamma<Q: Quantity>(t: &mut TableReader<'_>) -> Option<Dist> {
    let over = (Bound::Excluded(0.0), Bound::Unbounded);
    let mean = t.node("mean", "the mean", above_zero::<Q>).map(Q::number);
    let cv = t.optional_in_range("cv", over, "the coefficient of variation");
    let shape = t.optional_in_range("shape", over, "the shape");
    let scale = t.node("scale", "the scale", above_zero::<Q>).map(Q::number);
    let has = |key| t.has(key);
    let (by_mean, by_shape) = (has("mean") && has("cv"), has("shape") && has("scale"));
    let count = ["mean", "cv", "shape", "scale"].into_iter().filter(|key| t.has(key)).count();
    if count != 2 || !(by_mean || by_shape) {
        t.problem(t.place(), "a gamma needs two numbers", "give `mean` and `cv`, or `shape` and `scale`");
        return None;
    }
    let (mean, cv) = if by_mean { (mean?, cv?) } else { (shape? * scale?, 1.0 / shape?.sqrt()) };
    made(t, Dist::gamma(mean, cv))
}

fn empirical<Q: Quantity>(t: &mut TableReader<'_>) -> Option<Dist> {
    let doc = "pairs of a probability and the value below which it lies, both rising";
    let mut whole = true;
    let points = t.required_node("quantiles", doc, |node| {
        Some(node.list(1, |item| {
            let point = item.read::<Point<Q>>();
            whole &= point.is_some();
            point
        }))
    })?;
    let points: Vec<(f64, f64)> = points.into_iter().map(|Point(share, value)| (share, value.number())).collect();
    if !whole || points.is_empty() {
        return None;
    }
    if points.iter().any(|(_, value)| *value < 0.0) {
        t.problem_at("quantiles", "has a value below 0", "write values of at least 0");
        return None;
    }
    made(t, Dist::empirical(points))
}

fn mixture<Q: Quantity>(t: &mut TableReader<'_>) -> Option<Dist> {
    let mut whole = true;
    let parts = t.required_node("parts", "distributions, each with its `weight`", |node| {
        Some(node.list(1, |item| {
            let part = item.named(Q::PART, |item| item.table(part::<Q>).flatten());
            whole &= part.is_some();
            part
        }))
    })?;
    if !whole || parts.is_empty() {
        return None;
    }
    made(t, Dist::mixture(parts))
}

fn part<Q: Quantity>(t: &mut TableReader<'_>) -> Option<(f64, Dist)> {
    let weight = positive::<f64>(t, "weight", "how often this part is drawn, beside the weights of the others");
    let dist = table::<Q>(t);
    Some((weight?, dist?))
}
