//! Cost against start latency: all points, and those on the Pareto front. Knows dots; must not know which points those are.

use super::super::canvas::{Drawing, Form, Frame, LINE, Legend, Sample, Sits, fit, sheet};
use super::super::human;
use super::super::ink::Ink;
use super::super::plot::Plot;
use super::{bounds, ink, name, opacity, scale, unit};
use crate::sweep::front::front;
use crate::sweep::{Outcome, Sweep};

/// Room for the texts of the upward axis.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 30.0;
/// The most points beside the front that are drawn, evenly over the sweep: more are a cloud.
const MOST: usize = 2_000;

const X: &str = "cost";
const Y: &str = "start.p95";
const SHADE: &str = "failoverTime.max";

/// The front in words, for those who cannot see the chart.
pub(super) fn describe(sweep: &Sweep) -> String {
    let front = front(sweep);
    let mut text = format!("{} against {}; {} points are on the front.", name(X), name(Y), front.points.len());
    for (point, _) in front.points.iter().take(8) {
        let value = |key: &str| human::value(unit(key), &point.estimate(key));
        text += &format!(" {} and {}: {}.", value(X), value(Y), sweep.words(point));
    }
    text
}

/// Small dots in the colour of their outcome; large ones on the front, darker where failover takes longer.
pub(super) fn draw(sweep: &Sweep, form: Form) -> Drawing {
    let front = front(sweep);
    let on_front = || front.points.iter().map(|(point, _)| *point);
    let shades = bounds(on_front(), SHADE);
    let width = form.width();
    let legend = legend(sweep, shades);
    let top = legend.height(width) + LINE + 12.0;
    let frame = Frame { x: LEFT, y: top, w: width - LEFT - RIGHT, h: form.pick(380.0, 300.0) };
    let range = |key| bounds(sweep.points.iter(), key).unwrap_or((0.0, 1.0));
    let x = scale::enclosing(unit(X), range(X), form.pick(8, 3));
    let y = scale::enclosing(unit(Y), range(Y), 6);
    sheet(width, top + frame.h + 2.0 * LINE + 4.0, |canvas| {
        legend.draw(canvas, (0.0, 0.0), width)?;
        canvas.text(&fit(&format!("↑ {}", name(Y)), width), (0.0, top - LINE / 2.0 - 8.0), Sits::Start, Ink::Muted)?;
        Plot::new(canvas, frame, &x, &y)?;
        let every = sweep.points.len().div_ceil(MOST).max(1);
        for point in sweep.points.iter().step_by(every) {
            if let (Some(cost), Some(start)) = (point.value(X), point.value(Y)) {
                let at = scale::pixel(frame, (&x, &y), (cost, start));
                canvas.dot(at, 3.0, ink(point.outcome()), 0.4)?;
            }
        }
        for point in on_front() {
            if let (Some(cost), Some(start)) = (point.value(X), point.value(Y)) {
                let at = scale::pixel(frame, (&x, &y), (cost, start));
                let shade = shades.zip(point.value(SHADE)).map_or(0.6, |(range, value)| opacity(value, range));
                canvas.dot(at, 6.5, Ink::Heat, 0.15 + shade)?;
                canvas.ring(at, 6.5, Ink::Tail, 3)?;
            }
        }
        let below = top + frame.h + LINE * 1.5 + 2.0;
        canvas.text(&fit(&format!("{} →", name(X)), width), (width, below), Sits::End, Ink::Muted)
    })
}

fn legend(sweep: &Sweep, shades: Option<(f64, f64)>) -> Legend {
    let mut legend = Legend::default();
    legend.add(Sample::Square(0.75), Ink::Heat, "on the front");
    if let Some((low, high)) = shades.filter(|(low, high)| high > low) {
        let text = |value| human::quantity(unit(SHADE), value);
        legend.add(Sample::Square(0.15 + opacity(low, (low, high))), Ink::Heat, &format!("failover {}", text(low)));
        legend.add(Sample::Square(0.15 + opacity(high, (low, high))), Ink::Heat, &text(high));
    }
    for (outcome, words) in [
        (Outcome::Met, "all objectives met"),
        (Outcome::NoObjectives, "other points"),
        (Outcome::Inconclusive, "inconclusive"),
        (Outcome::Missed, "missed, or broken"),
    ] {
        if sweep.points.iter().any(|point| ink(point.outcome()) == ink(outcome)) {
            legend.add(Sample::Square(0.5), ink(outcome), words);
        }
    }
    legend
}
