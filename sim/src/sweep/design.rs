//! Which points a sweep has: a grid, or a Latin hypercube. Knows axes and random numbers; must not know what is simulated.

use super::axis::Axis;
use crate::rng;
use rand::RngExt;

/// The most points of a sweep.
pub const MOST_POINTS: u64 = 100_000;

/// The values of every point, a value for each axis: all with all, the last axis changing fastest.
///
/// # Errors
/// When a range does not say how many values it has, or there are more than [`MOST_POINTS`] points.
pub fn grid(axes: &[Axis]) -> Result<Vec<Vec<String>>, String> {
    let mut all = Vec::new();
    for axis in axes {
        all.push(axis.values().ok_or_else(|| {
            format!("`{axis}`: how many values? Write {axis}/10, or --lhs N for points drawn from the whole range")
        })?);
    }
    let count = all.iter().try_fold(1_u64, |product, values| product.checked_mul(values.len() as u64));
    if count.is_none_or(|count| count > MOST_POINTS) {
        let sizes: Vec<String> = all.iter().map(|values| values.len().to_string()).collect();
        return Err(format!(
            "{} points: expected at most {MOST_POINTS}; take fewer values, or --lhs N for N points of the whole space",
            sizes.join(" x ")
        ));
    }
    let mut points: Vec<Vec<String>> = vec![Vec::new()];
    for values in &all {
        let each = |point: &Vec<String>| {
            let point = point.clone();
            values.iter().map(move |value| point.iter().cloned().chain([value.clone()]).collect()).collect::<Vec<_>>()
        };
        points = points.iter().flat_map(each).collect();
    }
    Ok(points)
}

/// The values of so many points: each axis is cut into as many parts of the same size, and each part is drawn from once
/// (McKay, Beckman and Conover 1979). The same seed gives the same points; each axis has a stream of its own.
#[must_use]
pub fn hypercube(axes: &[Axis], count: u32, seed: u64) -> Vec<Vec<String>> {
    let mut points: Vec<Vec<String>> = vec![Vec::new(); count as usize];
    for axis in axes {
        let mut draws = rng::stream(seed, &format!("sweep {}", axis.path()));
        let mut parts: Vec<u32> = (0..count).collect();
        for last in (1..parts.len()).rev() {
            parts.swap(last, draws.random_range(0..=last));
        }
        for (point, part) in points.iter_mut().zip(parts) {
            let within: f64 = draws.random();
            point.push(axis.at((f64::from(part) + within) / f64::from(count)));
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn axes(texts: &[&str]) -> Vec<Axis> {
        texts.iter().map(|text| Axis::parse(text).unwrap_or_else(|error| panic!("{error}"))).collect()
    }

    #[test]
    fn a_grid_has_all_with_all() {
        let points = grid(&axes(&["a=1..3/3", "b=x,y"])).expect("few points");
        let words: Vec<String> = points.iter().map(|point| point.join("")).collect();
        assert_eq!(words, ["1x", "1y", "2x", "2y", "3x", "3y"]);
    }

    #[test]
    fn a_grid_that_is_too_large_or_not_told_is_refused() {
        let said = |texts: &[&str]| grid(&axes(texts)).expect_err("no grid");
        assert!(said(&["a=1..1000/1000", "b=1..1000/101"]).starts_with("1000 x 101 points: expected at most 100000"));
        assert!(said(&["a=1..9"]).contains("`a=1..9`: how many values? Write a=1..9/10, or --lhs N"));
        assert_eq!(grid(&axes(&["a=1..1000/1000", "b=1..1000/100"])).map(|points| points.len()), Ok(100_000));
    }

    #[test]
    fn a_hypercube_draws_once_from_each_part_of_each_axis() {
        let axes = axes(&["a=0.0..1.0", "b=1..50", "c=x,y"]);
        let points = hypercube(&axes, 50, 7);
        let parts: BTreeSet<u32> =
            points.iter().map(|point| (point[0].parse::<f64>().expect("a number") * 50.0) as u32).collect();
        assert!(parts.len() >= 49, "rounding may move one value over the edge of its part: {parts:?}");
        let whole: BTreeSet<&String> = points.iter().map(|point| &point[1]).collect();
        assert_eq!(whole.len(), 50, "each whole number once");
        assert_eq!(points.iter().filter(|point| point[2] == "x").count(), 25);
        assert_eq!(points, hypercube(&axes, 50, 7));
        assert_ne!(points, hypercube(&axes, 50, 8));
    }
}
