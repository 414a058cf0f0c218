//! Charts of a sweep: its map, the effect of each axis, the Pareto front. Knows which there are; must not compute statistics.

mod effect;
mod field;
mod front;
mod line;
mod map;
mod scale;
mod scatter;

use super::canvas::{Form, Legend, Sample};
use super::ink::Ink;
use super::{Figure, figure, human};
use crate::objective::Stat;
use crate::sweep::{Design, Outcome, Point, Sweep};
use crate::values::Quantity;

/// What is drawn of a sweep.
pub(crate) struct SweepFigures {
    /// Two axes and a measure; of one axis a line.
    pub(crate) map: Option<Figure>,
    /// How much each axis moves what is weighed up.
    pub(crate) effects: Option<Figure>,
    /// Cost against start latency.
    pub(crate) front: Option<Figure>,
}

/// All charts of a sweep as files: name and content. What has no data has no chart.
#[must_use]
pub fn all(sweep: &Sweep) -> Vec<(String, String)> {
    let SweepFigures { map, effects, front } = figures(sweep);
    let every = [map, effects, front].into_iter().flatten();
    every.map(|figure| (format!("{}.svg", figure.name), figure.file())).collect()
}

/// Draws all.
pub(crate) fn figures(sweep: &Sweep) -> SweepFigures {
    let show = &sweep.map.show;
    let seen = |key: &str| sweep.points.iter().any(|point| point.value(key).is_some());
    let map = seen(show).then(|| {
        let title = format!("{} over {}", name(show), axes_in_words(sweep));
        let draw = |form: Form| match (sweep.map.y, sweep.design) {
            (None, _) => line::draw(sweep, form),
            (Some(y), Design::Grid) => map::draw(sweep, y, form),
            (Some(y), Design::LatinHypercube) => scatter::draw(sweep, y, form),
        };
        figure("map".to_owned(), title, describe(sweep), draw)
    });
    let effects = effect::has(sweep).then(|| {
        let title = "What each axis moves".to_owned();
        figure("effects".to_owned(), title, effect::describe(sweep), |form| effect::draw(sweep, form))
    });
    let front = (seen("cost") && seen("start.p95")).then(|| {
        let title = "Cost against start latency".to_owned();
        figure("front".to_owned(), title, front::describe(sweep), |form| front::draw(sweep, form))
    });
    SweepFigures { map, effects, front }
}

/// The name of a key for people: `Cost of 30 days`, `Start latency p95`.
pub(crate) fn name(key: &str) -> String {
    let Some(quantity) = Quantity::named(key) else { return key.to_owned() };
    let of = if key.starts_with("regional.") { ", regional jobs" } else { "" };
    let several = key.trim_start_matches("regional.").contains('.');
    let stat = match quantity.stat {
        Stat::Max => ", longest".to_owned(),
        Stat::Mean | Stat::P50 | Stat::P90 | Stat::P95 | Stat::P99 => format!(" {}", quantity.stat),
    };
    let stat = if several { stat } else { String::new() };
    format!("{}{stat}{of}", human::label(quantity.measure))
}

/// The unit of a key.
pub(crate) fn unit(key: &str) -> &'static str {
    Quantity::named(key).map_or("", |quantity| quantity.unit())
}

fn axes_in_words(sweep: &Sweep) -> String {
    let path = |at: usize| sweep.axes.get(at).map_or("", |axis| axis.path.as_str());
    let y = sweep.map.y.map_or_else(String::new, |y| format!(" and {}", path(y)));
    format!("{}{y}", path(sweep.map.x))
}

/// The map in words, for those who cannot see it.
fn describe(sweep: &Sweep) -> String {
    let (all, good) = (sweep.points.len(), sweep.points.iter().filter(|point| point.is_good()).count());
    let (show, unit) = (&sweep.map.show, unit(&sweep.map.show));
    let mut text = format!("{} at {all} points, {good} of which keep all objectives.", name(show));
    if let Some((low, high)) = bounds(sweep.points.iter(), show) {
        text += &format!(" It lies between {} and {}.", human::quantity(unit, low), human::quantity(unit, high));
    }
    if let Some(best) = sweep.best() {
        text += &format!(" The cheapest that keeps all objectives is {}.", sweep.words(best));
    }
    text
}

/// The lowest and the highest value of a key.
fn bounds<'a>(points: impl Iterator<Item = &'a Point>, key: &str) -> Option<(f64, f64)> {
    points.filter_map(|point| point.value(key)).fold(None, |known, value| match known {
        None => Some((value, value)),
        Some((low, high)) => Some((f64::min(low, value), f64::max(high, value))),
    })
}

/// Differences smaller than this share of a value are not worth a colour.
const FLAT: f64 = 0.01;

fn is_flat((low, high): (f64, f64)) -> bool {
    high - low <= FLAT * high.abs()
}

/// How opaque a value is drawn between the lowest and the highest: text must stay legible on it in light and in dark.
fn opacity(value: f64, (low, high): (f64, f64)) -> f64 {
    let share = if is_flat((low, high)) { 0.3 } else { (value - low) / (high - low) };
    0.06 + 0.56 * share
}

/// The colour of an outcome.
fn ink(outcome: Outcome) -> Ink {
    match outcome {
        Outcome::Met => Ink::Good,
        Outcome::NoObjectives => Ink::Clock,
        Outcome::Inconclusive => Ink::Unsure,
        Outcome::Missed | Outcome::Broken => Ink::Bad,
    }
}

/// The scale of a measure's colours, from the lowest to the highest.
fn heat_legend(legend: &mut Legend, key: &str, (low, high): (f64, f64)) {
    let text = |value| human::quantity(unit(key), value);
    legend.add(Sample::Square(opacity(low, (low, high))), Ink::Heat, &format!("{}: {}", name(key), text(low)));
    if !is_flat((low, high)) {
        let middle = f64::midpoint(low, high);
        legend.add(Sample::Square(opacity(middle, (low, high))), Ink::Heat, &text(middle));
        legend.add(Sample::Square(opacity(high, (low, high))), Ink::Heat, &text(high));
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;
    use crate::sweep::sample;

    #[test]
    fn every_chart_is_well_formed_and_says_no_nonsense() {
        let sweeps =
            [sample::grid(), sample::line(), sample::hypercube(), sample::without_objectives(), sample::hostile()];
        for sweep in sweeps {
            let charts = all(&sweep);
            assert!(charts.len() >= 2, "{} charts", charts.len());
            for (name, svg) in charts {
                assert_eq!(check::well_formed(&svg), Ok(()), "{name}");
                assert!(!svg.contains("NaN") && !svg.contains(">inf") && !svg.contains("#01"), "{name}");
                assert!(svg.contains("<title id=") && svg.contains("<desc id="), "{name}");
            }
        }
    }

    #[test]
    fn a_sweep_without_points_has_no_charts() {
        let mut sweep = sample::grid();
        sweep.points.clear();
        assert_eq!(all(&sweep), []);
    }

    #[test]
    fn text_stays_on_the_sheet() {
        for sweep in [sample::grid(), sample::line(), sample::hypercube(), sample::hostile()] {
            let SweepFigures { map, effects, front } = figures(&sweep);
            for figure in [map, effects, front].into_iter().flatten() {
                super::super::tests::inside(&figure.wide);
                super::super::tests::inside(&figure.narrow);
            }
        }
    }

    #[test]
    fn keys_have_names_for_people() {
        assert_eq!(name("cost"), "Cost of 30 days");
        assert_eq!(name("start.p95"), "Start latency p95");
        assert_eq!(name("regional.placement.p99"), "Placement p99, regional jobs");
    }
}
