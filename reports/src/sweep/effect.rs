//! How much each axis moves a measure. Knows points, and groups of them; must not know how an effect is drawn.

use super::{Design, Point, Sweep};

/// Parts into which the points of a Latin hypercube are grouped along an axis: few enough for a mean, enough to see a bend.
const GROUPS: usize = 5;

/// A measure along one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Which axis.
    pub axis: usize,
    /// What stands at each place of the axis, a value or `20 to 55` of a group, and what was measured there.
    pub places: Vec<(String, f64)>,
}

impl Effect {
    /// The places with the lowest and the highest measure; of equals the first.
    #[must_use]
    pub fn ends(&self) -> Option<[&(String, f64); 2]> {
        let low = self.places.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let high = self.places.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some([low, high])
    }

    /// From the lowest to the highest.
    #[must_use]
    pub fn span(&self) -> f64 {
        self.ends().map_or(0.0, |[low, high]| high.1 - low.1)
    }
}

/// The effect of each axis on a measure, the largest first. On a grid one axis is moved at a time, and the others stay where
/// they are at [`Sweep::centre`]; of a Latin hypercube the mean of each fifth of the points along the axis is taken, over
/// which the other axes even out. Axes along which less than two places were measured are left out.
#[must_use]
pub fn effects(sweep: &Sweep, key: &str) -> Vec<Effect> {
    let Some(centre) = sweep.centre() else { return Vec::new() };
    let along = |axis| match sweep.design {
        Design::Grid => one_at_a_time(sweep, centre, axis, key),
        Design::LatinHypercube => by_groups(sweep, axis, key),
    };
    let all = (0..sweep.axes.len()).map(|axis| Effect { axis, places: along(axis) });
    let mut effects: Vec<Effect> = all.filter(|effect| effect.places.len() > 1).collect();
    effects.sort_by(|a, b| b.span().total_cmp(&a.span()));
    effects
}

fn one_at_a_time(sweep: &Sweep, centre: &Point, axis: usize, key: &str) -> Vec<(String, f64)> {
    let beside = |point: &Point| {
        let apart = point.place.iter().zip(&centre.place).enumerate().filter(|(_, (a, b))| a != b);
        apart.into_iter().all(|(other, _)| other == axis)
    };
    let found = along(sweep, axis, key, beside);
    found.into_iter().map(|(at, value)| (sweep.axes[axis].text(at).to_owned(), value)).collect()
}

fn by_groups(sweep: &Sweep, axis: usize, key: &str) -> Vec<(String, f64)> {
    let (found, of) = (along(sweep, axis, key, |_| true), &sweep.axes[axis]);
    let groups: Vec<&[(usize, f64)]> = if of.values.len() <= GROUPS {
        found.chunk_by(|a, b| a.0 == b.0).collect()
    } else {
        found.chunks(found.len().div_ceil(GROUPS).max(1)).collect()
    };
    let told = |group: &&[(usize, f64)]| {
        let (first, last) = (group.first()?.0, group.last()?.0);
        let from = of.text(first).to_owned();
        let name = if first == last { from } else { format!("{from} to {}", of.text(last)) };
        Some((name, group.iter().map(|(_, value)| value).sum::<f64>() / group.len() as f64))
    };
    groups.iter().filter_map(told).collect()
}

/// Where the wanted points lie along an axis, in its order, and what was measured there.
fn along(sweep: &Sweep, axis: usize, key: &str, wanted: impl Fn(&Point) -> bool) -> Vec<(usize, f64)> {
    let points = sweep.points.iter().filter(|point| wanted(point));
    let mut found: Vec<(usize, f64)> =
        points.filter_map(|point| Some((*point.place.get(axis)?, point.value(key)?))).collect();
    found.sort_by_key(|(at, _)| *at);
    found
}
