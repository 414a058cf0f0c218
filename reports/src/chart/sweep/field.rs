//! The fields of a map: for each value of two axes one point. Knows which point stands for others; must not know pixels.

use crate::objective::Bound;
use crate::sweep::{Point, Sweep};
use crate::values::Quantity;
use std::cmp::Ordering;

/// The most columns and rows of a map: more than that is no picture.
const MOST: usize = 60;

/// Columns from left to right and rows from below, as places on the axes, and the points by column, then row.
pub(super) struct Fields<'a> {
    pub(super) columns: Vec<usize>,
    pub(super) rows: Vec<usize>,
    pub(super) points: Vec<Vec<Option<&'a Point>>>,
}

/// The fields of a grid. Where other axes were varied too, the best point stands for the others: the one whose objectives
/// are in the best state, and of these the one with the best value of what is shown.
pub(super) fn fields(sweep: &Sweep, y: usize) -> Fields<'_> {
    let x = sweep.map.x;
    let thin = |count: usize| -> Vec<usize> {
        let shown = count.min(MOST);
        (0..shown).map(|n| if shown < 2 { n } else { n * (count - 1) / (shown - 1) }).collect()
    };
    let size = |axis: usize| sweep.axes.get(axis).map_or(0, |axis| axis.values.len());
    let (columns, rows) = (thin(size(x)), thin(size(y)));
    let mut points: Vec<Vec<Option<&Point>>> = vec![vec![None; rows.len()]; columns.len()];
    for point in &sweep.points {
        let at = |axis: usize, shown: &[usize]| shown.binary_search(point.place.get(axis)?).ok();
        let (Some(column), Some(row)) = (at(x, &columns), at(y, &rows)) else { continue };
        let field = &mut points[column][row];
        if field.is_none_or(|known| compare(point, known, &sweep.map.show).is_lt()) {
            *field = Some(point);
        }
    }
    Fields { columns, rows, points }
}

/// Which of two points stands for both.
fn compare(a: &Point, b: &Point, show: &str) -> Ordering {
    let more = Quantity::named(show).is_some_and(|quantity| quantity.bound() == Bound::AtLeast);
    let value = |point: &Point| point.value(show).map_or(f64::INFINITY, |value| if more { -value } else { value });
    a.outcome().cmp(&b.outcome()).then(value(a).total_cmp(&value(b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::sample;

    #[test]
    fn a_field_shows_the_best_point_of_the_other_axes() {
        let mut sweep = sample::grid();
        // The second axis is not in the map any more, the third has one value.
        let one =
            crate::sweep::Axis { path: "b".into(), values: vec![sweep.axes[0].values[0].clone()], unit: String::new() };
        sweep.axes.push(one);
        sweep.points.iter_mut().for_each(|point| point.place.push(0));
        let found = fields(&sweep, 2);
        for column in &found.points {
            let shown = column[0].expect("a point");
            let others = sweep.points.iter().filter(|point| point.place[0] == shown.place[0]);
            assert!(others.into_iter().all(|other| !compare(other, shown, "cost").is_lt()));
        }
    }

    #[test]
    fn a_large_grid_is_thinned_with_both_ends() {
        let mut sweep = sample::grid();
        let value = sweep.axes[0].values[0].clone();
        sweep.axes[0].values = vec![value; 500];
        let found = fields(&sweep, 1);
        assert_eq!((found.columns.len(), found.columns[0], found.columns[MOST - 1]), (MOST, 0, 499));
    }
}
