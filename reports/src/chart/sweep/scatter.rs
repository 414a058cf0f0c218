//! The map of a Latin hypercube: its points on two axes, a measure as colour. Knows places; must not judge.

use super::super::canvas::{Drawing, Form, Frame, LINE, Legend, Sample, Sits, fit, sheet};
use super::super::ink::Ink;
use super::super::plot::Plot;
use super::{bounds, heat_legend, ink, opacity, scale};
use crate::sweep::{Outcome, Point, Sweep};

/// Room for the texts of the upward axis.
const LEFT: f64 = 66.0;
const RIGHT: f64 = 24.0;
/// A point's size in pixels: of few and of many.
const RADIUS: (f64, f64) = (7.0, 4.0);
const MANY: usize = 500;

/// Dots, darker where the measure is larger; a ring around each whose objectives are all met.
pub(super) fn draw(sweep: &Sweep, y: usize, form: Form) -> Drawing {
    let (x_axis, y_axis) = (&sweep.axes[sweep.map.x], &sweep.axes[y]);
    let range = bounds(sweep.points.iter(), &sweep.map.show).unwrap_or((0.0, 0.0));
    let mut legend = Legend::default();
    heat_legend(&mut legend, &sweep.map.show, range);
    for (outcome, words) in [(Outcome::Met, "ring: all objectives met"), (Outcome::Inconclusive, "ring: inconclusive")]
    {
        if sweep.count(outcome) > 0 {
            legend.add(Sample::Line, ink(outcome), words);
        }
    }
    let width = form.width();
    let top = legend.height(width) + LINE + 12.0;
    let frame = Frame { x: LEFT, y: top, w: width - LEFT - RIGHT, h: form.pick(420.0, 300.0) };
    let x = scale::varied(x_axis, frame.w, form.pick(10, 4));
    let upwards = scale::varied(y_axis, LEFT * y_axis.values.len() as f64, 6);
    let radius = if sweep.points.len() > MANY { RADIUS.1 } else { RADIUS.0 };
    sheet(width, top + frame.h + 2.0 * LINE + 4.0, |canvas| {
        legend.draw(canvas, (0.0, 0.0), width)?;
        let name = fit(&format!("↑ {}", y_axis.path), width);
        canvas.text(&name, (0.0, top - LINE / 2.0 - 8.0), Sits::Start, Ink::Muted)?;
        Plot::new(canvas, frame, &x, &upwards)?;
        for point in &sweep.points {
            let Some(value) = point.value(&sweep.map.show) else { continue };
            let at = scale::pixel(frame, (&x, &upwards), (place(x_axis, point, sweep.map.x), place(y_axis, point, y)));
            canvas.dot(at, radius, Ink::Heat, 0.15 + opacity(value, range))?;
            match point.outcome() {
                outcome @ (Outcome::Met | Outcome::Inconclusive) => canvas.ring(at, radius + 1.0, ink(outcome), 4)?,
                Outcome::NoObjectives | Outcome::Missed | Outcome::Broken => {}
            }
        }
        let below = top + frame.h + LINE * 1.5 + 2.0;
        canvas.text(&fit(&format!("{} →", x_axis.path), width), (width, below), Sits::End, Ink::Muted)
    })
}

fn place(axis: &crate::sweep::Axis, point: &Point, at: usize) -> f64 {
    scale::place(axis, point.place.get(at).copied().unwrap_or_default())
}
