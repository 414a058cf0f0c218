//! The Pareto front: points of which no other is better in one respect and as good in the others. Knows numbers alone; must
//! not know what is good about a small one.

use super::{Point, Sweep, WEIGHED};
use std::cmp::Ordering;

/// The front of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Front<'a> {
    /// The keys that are weighed up: those of [`WEIGHED`] that were measured at some point.
    pub keys: Vec<&'static str>,
    /// Whether only points that keep all objectives were looked at, because some do.
    pub good_alone: bool,
    /// The points, the cheapest first, each with the number of later points that came to the very same numbers.
    pub points: Vec<(&'a Point, usize)>,
}

/// The front over the means of the points.
#[must_use]
pub fn front(sweep: &Sweep) -> Front<'_> {
    let measured = |key: &&str| sweep.points.iter().any(|point| point.value(key).is_some());
    let keys: Vec<&'static str> = WEIGHED.into_iter().filter(measured).collect();
    let good_alone = sweep.best().is_some();
    let looked_at = sweep.points.iter().filter(|point| !point.broken && (!good_alone || point.is_good()));
    let numbers = |point: &Point| keys.iter().map(|key| point.value(key)).collect::<Option<Vec<f64>>>();
    let mut all: Vec<(Vec<f64>, &Point)> = looked_at.filter_map(|point| Some((numbers(point)?, point))).collect();
    all.sort_by(|(a, p), (b, q)| compare(a, b).then(p.index.cmp(&q.index)));
    // In this order a point can only be beaten by an earlier one.
    let mut kept: Vec<(Vec<f64>, &Point, usize)> = Vec::new();
    for (numbers, point) in all.into_iter().filter(|(numbers, _)| !numbers.is_empty()) {
        let beats = |(other, ..): &&mut (Vec<f64>, &Point, usize)| other.iter().zip(&numbers).all(|(a, b)| a <= b);
        match kept.iter_mut().find(beats) {
            Some((other, _, same)) => *same += usize::from(*other == numbers),
            None => kept.push((numbers, point, 0)),
        }
    }
    Front { keys, good_alone, points: kept.into_iter().map(|(_, point, same)| (point, same)).collect() }
}

fn compare(a: &[f64], b: &[f64]) -> Ordering {
    a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
