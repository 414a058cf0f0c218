//! A measure along the one axis of a sweep, with intervals and outcomes. Knows points; must not judge.

use super::super::canvas::{Drawing, Form, Frame, LINE, Legend, Sample, Sits, fit, sheet};
use super::super::ink::Ink;
use super::super::plot::Plot;
use super::{ink, name, scale, unit};
use crate::sweep::{Outcome, Point, Sweep};

/// Room for the texts of the upward axis.
const LEFT: f64 = 66.0;
const RIGHT: f64 = 24.0;

/// Dots in the colour of their outcome, joined where the axis has numbers; whiskers are the intervals.
pub(super) fn draw(sweep: &Sweep, form: Form) -> Drawing {
    let (axis, show) = (&sweep.axes[sweep.map.x], sweep.map.show.as_str());
    let frame_width = form.width() - LEFT - RIGHT;
    let x = scale::varied(axis, frame_width, form.pick(10, 4));
    let at = |point: &Point| scale::place(axis, point.place.first().copied().unwrap_or_default());
    let mut dots: Vec<(f64, f64, &Point)> =
        sweep.points.iter().filter_map(|point| Some((at(point), point.value(show)?, point))).collect();
    dots.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ends = dots.iter().flat_map(|(_, value, point)| {
        let estimate = point.estimate(show);
        [Some(*value), estimate.low, estimate.high].into_iter().flatten().filter(|value| value.is_finite())
    });
    let range = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (f64::min(low, v), f64::max(high, v)));
    let y = scale::enclosing(unit(show), range, 5);
    let mut legend = Legend::default();
    for (outcome, words) in [
        (Outcome::Met, "all objectives met"),
        (Outcome::NoObjectives, "no objectives"),
        (Outcome::Inconclusive, "inconclusive"),
        (Outcome::Missed, "missed, or broken"),
    ] {
        if sweep.points.iter().any(|point| ink(point.outcome()) == ink(outcome)) {
            legend.add(Sample::Square(1.0), ink(outcome), words);
        }
    }
    let width = form.width();
    let top = legend.height(width) + LINE + 12.0;
    let frame = Frame { x: LEFT, y: top, w: frame_width, h: 260.0 };
    sheet(width, top + frame.h + 2.0 * LINE + 4.0, |canvas| {
        legend.draw(canvas, (0.0, 0.0), width)?;
        canvas.text(&fit(&name(show), width), (0.0, top - LINE / 2.0 - 8.0), Sits::Start, Ink::Muted)?;
        let mut plot = Plot::new(canvas, frame, &x, &y)?;
        if axis.values.iter().all(|value| value.number.is_some()) {
            plot.line(&dots.iter().map(|(x, y, _)| (*x, *y)).collect::<Vec<_>>(), Ink::Axis, 3)?;
        }
        for (place, value, point) in &dots {
            let pixel = |value| scale::pixel(frame, (&x, &y), (*place, value));
            let (estimate, ink) = (point.estimate(show), ink(point.outcome()));
            if let (Some(low), Some(high)) = (estimate.low, estimate.high) {
                canvas.line(pixel(low), pixel(high), ink, 3)?;
            }
            canvas.dot(pixel(*value), 4.5, ink, 1.0)?;
        }
        let below = top + frame.h + LINE * 1.5 + 2.0;
        canvas.text(&fit(&format!("{} →", axis.path), width), (width, below), Sits::End, Ink::Muted)
    })
}
