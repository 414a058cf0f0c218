//! The map of a grid: two axes, a measure as colour, and the region where all objectives are met outlined. Knows fields and
//! their edges; must not judge.

use super::super::canvas::{Canvas, Drawing, Failed, Form, Frame, LINE, Legend, Sample, Sits, fit, sheet, text_width};
use super::super::human;
use super::super::ink::Ink;
use super::field::{Fields, fields};
use super::{bounds, heat_legend, opacity, unit};
use crate::sweep::{Axis, Outcome, Sweep};

/// A field is no higher than this, and the map no higher than that.
const FIELD: f64 = 34.0;
const HIGHEST: f64 = 480.0;
/// Between a field and its text.
const GAP: f64 = 6.0;

/// The map with one axis from left to right and the other upwards.
pub(super) fn draw(sweep: &Sweep, y: usize, form: Form) -> Drawing {
    let fields = fields(sweep, y);
    let (x_axis, y_axis) = (&sweep.axes[sweep.map.x], &sweep.axes[y]);
    let shown = fields.points.iter().flatten().filter_map(|point| *point);
    let range = bounds(shown, &sweep.map.show).unwrap_or((0.0, 0.0));
    let legend = legend(sweep, &fields, range);
    let width = form.width();
    let widest = fields.rows.iter().map(|row| text_width(y_axis.text(*row))).fold(0.0, f64::max);
    let left = (widest + 8.0).clamp(24.0, form.pick(190.0, 84.0));
    let (columns, rows) = (fields.columns.len().max(1) as f64, fields.rows.len().max(1) as f64);
    let (w, h) = ((width - left - 2.0) / columns, FIELD.min(HIGHEST / rows));
    let top = legend.height(width) + LINE + 6.0;
    let frame = Frame { x: left, y: top, w: w * columns, h: h * rows };
    sheet(width, top + frame.h + 2.0 * LINE + 6.0, |canvas| {
        legend.draw(canvas, (0.0, 0.0), width)?;
        let name = fit(&format!("↑ {}", y_axis.path), width);
        canvas.text(&name, (0.0, top - LINE / 2.0 - 1.0), Sits::Start, Ink::Muted)?;
        let grid = Grid { canvas, frame, size: (w, h), fields: &fields };
        grid.fill(sweep, range)?;
        grid.outline()?;
        grid.texts(x_axis, y_axis, left)?;
        let below = top + frame.h + LINE * 1.5 + 4.0;
        canvas.text(&fit(&format!("{} →", x_axis.path), width), (width, below), Sits::End, Ink::Muted)
    })
}

fn legend(sweep: &Sweep, fields: &Fields<'_>, range: (f64, f64)) -> Legend {
    let shown = |outcome| fields.points.iter().flatten().flatten().any(|point| point.outcome() == outcome);
    let mut legend = Legend::default();
    heat_legend(&mut legend, &sweep.map.show, range);
    if shown(Outcome::Met) {
        legend.add(Sample::Line, Ink::Good, "within: all objectives met");
    }
    for (outcome, words) in
        [(Outcome::Inconclusive, "? inconclusive"), (Outcome::Missed, "✗ missed"), (Outcome::Broken, "! broken")]
    {
        if shown(outcome) {
            legend.add(Sample::Square(0.0), Ink::Muted, words);
        }
    }
    legend
}

/// What stands in a field beside its value, so that colours are not all that tells.
const fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Met | Outcome::NoObjectives => "",
        Outcome::Inconclusive => "?",
        Outcome::Missed => "✗",
        Outcome::Broken => "!",
    }
}

/// Fields on a sheet.
struct Grid<'a, 'c> {
    canvas: &'a Canvas<'c>,
    frame: Frame,
    size: (f64, f64),
    fields: &'a Fields<'a>,
}

impl Grid<'_, '_> {
    /// The left and the lower edge of a field.
    fn corner(&self, column: usize, row: usize) -> (f64, f64) {
        (self.frame.x + column as f64 * self.size.0, self.frame.y + self.frame.h - row as f64 * self.size.1)
    }

    fn fill(&self, sweep: &Sweep, range: (f64, f64)) -> Result<(), Failed> {
        let (w, h) = self.size;
        let show = &sweep.map.show;
        for (column, points) in self.fields.points.iter().enumerate() {
            for (row, point) in points.iter().enumerate() {
                let Some(point) = point else { continue };
                let (x, y) = self.corner(column, row);
                let gap = if w.min(h) > 8.0 { 1.0 } else { 0.0 };
                if let Some(value) = point.value(show) {
                    let field = Frame { x, y: y - h, w: w - gap, h: h - gap };
                    self.canvas.rect(field, Ink::Heat, opacity(value, range))?;
                }
                let mark = mark(point.outcome());
                let value = point.value(show).map_or_else(String::new, |value| human::quantity(unit(show), value));
                let both = format!("{mark} {value}");
                let fits = |text: &&str| text_width(text) <= w - GAP && h >= LINE - 3.0;
                if let Some(text) = [both.trim(), mark].into_iter().find(fits).filter(|text| !text.is_empty()) {
                    self.canvas.text(text, (x + w / 2.0, y - h / 2.0), Sits::Middle, Ink::Text)?;
                }
            }
        }
        Ok(())
    }

    /// A line between each field where all objectives are met and each where they are not.
    fn outline(&self) -> Result<(), Failed> {
        let (columns, rows) = (self.fields.columns.len(), self.fields.rows.len());
        let met = |column: Option<usize>, row: Option<usize>| {
            let point = self.fields.points.get(column?)?.get(row?)?;
            point.filter(|point| point.outcome() == Outcome::Met)
        };
        for column in 0..columns {
            for row in 0..rows {
                if met(Some(column), Some(row)).is_none() {
                    continue;
                }
                let ((left, low), (right, high)) = (self.corner(column, row), self.corner(column + 1, row + 1));
                let sides = [
                    (met(column.checked_sub(1), Some(row)), (left, low), (left, high)),
                    (met(Some(column + 1), Some(row)), (right, low), (right, high)),
                    (met(Some(column), row.checked_sub(1)), (left, low), (right, low)),
                    (met(Some(column), Some(row + 1)), (left, high), (right, high)),
                ];
                for (_, from, to) in sides.into_iter().filter(|(beyond, ..)| beyond.is_none()) {
                    self.canvas.line(from, to, Ink::Good, 6)?;
                }
            }
        }
        Ok(())
    }

    fn texts(&self, x_axis: &Axis, y_axis: &Axis, left: f64) -> Result<(), Failed> {
        let (w, h) = self.size;
        let every = |room: f64, needed: f64| (needed / room).ceil().max(1.0) as usize;
        for (row, at) in self.fields.rows.iter().enumerate().step_by(every(h, LINE - 3.0)) {
            let (x, y) = self.corner(0, row);
            self.canvas.text(&fit(y_axis.text(*at), left - GAP), (x - GAP, y - h / 2.0), Sits::End, Ink::Muted)?;
        }
        // Long texts are cut rather than left out, as long as a few characters of each can stand.
        let widest = self.fields.columns.iter().map(|at| text_width(x_axis.text(*at))).fold(0.0, f64::max);
        let step = every(w, (widest + GAP).min(90.0));
        for (column, at) in self.fields.columns.iter().enumerate().step_by(step) {
            let (x, _) = self.corner(column, 0);
            let text = fit(
                x_axis.text(*at),
                (w * step as f64 - GAP).min(2.0 * (self.frame.x + self.frame.w - x - w / 2.0).max(w / 2.0)),
            );
            let below = self.frame.y + self.frame.h + LINE / 2.0 + 2.0;
            self.canvas.text(&text, (x + w / 2.0, below), Sits::Middle, Ink::Muted)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::sample;

    #[test]
    fn the_region_that_keeps_all_is_outlined_and_the_rest_is_marked() {
        let sweep = sample::grid();
        let wide = draw(&sweep, 1, Form::Wide);
        assert!(wide.body.contains("s-good") && wide.body.contains("✗ $"), "{}", wide.body);
        let none = draw(&sample::without_objectives(), 1, Form::Wide);
        assert!(!none.body.contains("s-good") && !none.body.contains('✗'));
        assert!(none.body.matches("f-heat").count() >= 60, "a field for each point");
    }
}
