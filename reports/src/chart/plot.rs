//! A plot over simulated time. Knows axes, bands, lines and gaps; must not know what the values are.

use super::canvas::{Canvas, Failed, Frame, LINE, ZOOM, font, px};
use super::ink::Ink;
use super::tick::Clock;
use crate::model::Report;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use std::ops::Range;

/// Ticks with their texts; the axis runs from the first value of `range` to the second.
#[derive(Clone, Debug, Default)]
pub(super) struct Axis {
    /// Where it begins and ends.
    pub(super) range: (f64, f64),
    /// Ticks.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// Simulated time from zero to the report's end.
    pub(super) fn time(report: &Report, most: usize) -> Self {
        let end = span(report);
        Self { range: (0.0, end), ticks: Clock::new(&report.summary.start).ticks(end, most) }
    }

    /// The same without texts.
    pub(super) fn mute(&self) -> Self {
        Self { range: self.range, ticks: self.ticks.iter().map(|(at, _)| (*at, String::new())).collect() }
    }
}

/// Plotters' view of an axis: the ticks are given, not sought.
impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        RangedCoordf64::from(self.range()).map(value, limit)
    }

    fn key_points<H: KeyPointHint>(&self, hint: H) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.iter().map(|(at, _)| *at).collect() }
    }

    fn range(&self) -> Range<f64> {
        self.range.0..self.range.1
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, at: &f64) -> String {
        let tick = self.ticks.iter().find(|tick| tick.0.total_cmp(at).is_eq());
        tick.map_or_else(String::new, |(_, text)| text.clone())
    }
}

/// The simulated time that charts show.
pub(super) fn span(report: &Report) -> f64 {
    let last = report.series.iter().map(|row| row.time).filter(|t| t.is_finite()).fold(0.0, f64::max);
    let said = report.summary.duration;
    match if said.is_finite() { said.max(last) } else { last } {
        end if end > 0.0 => end,
        _ => 3_600.0,
    }
}

/// A plot with its grid drawn.
pub(super) struct Plot<'a> {
    chart: ChartContext<'a, SVGBackend<'a>, Cartesian2d<Axis, Axis>>,
    x: (f64, f64),
    y: (f64, f64),
}

impl<'a> Plot<'a> {
    /// `frame` is the plotted area itself; tick texts go to its left and below.
    pub(super) fn new(canvas: &Canvas<'a>, frame: Frame, x: &Axis, y: &Axis) -> Result<Self, Failed> {
        let below = if x.ticks.iter().any(|(_, text)| !text.is_empty()) { LINE } else { 0.0 };
        let part = canvas.part(Frame { x: 0.0, y: frame.y, w: frame.x + frame.w, h: frame.h + below });
        let mut chart = ChartBuilder::on(&part)
            .set_label_area_size(LabelAreaPosition::Left, px(frame.x))
            .set_label_area_size(LabelAreaPosition::Bottom, px(below))
            .build_cartesian_2d(x.clone(), y.clone())?;
        chart
            .configure_mesh()
            .bold_line_style(Ink::Grid.sentinel().stroke_width(2))
            .light_line_style(TRANSPARENT)
            .axis_style(TRANSPARENT)
            .set_all_tick_mark_size(px(3.0))
            .label_style(font(FontStyle::Normal).color(&Ink::Muted.sentinel()))
            .draw()?;
        Ok(Self { chart, x: x.range, y: y.range })
    }

    /// Shades a span of time over the whole height; spans off the plot are left out.
    pub(super) fn shade(&mut self, from: f64, to: f64, ink: Ink, alpha: f64) -> Result<(), Failed> {
        if from.is_nan() || to.is_nan() || to < from || from >= self.x.1 || to < self.x.0 {
            return Ok(());
        }
        let least = (self.x.1 - self.x.0) / 700.0;
        let (from, to) = (from.max(self.x.0), to.max(from + least).min(self.x.1));
        let corners = [(from, self.y.0), (to, self.y.1)];
        self.chart.draw_series([Rectangle::new(corners, ink.sentinel().mix(alpha).filled())])?;
        Ok(())
    }

    /// Fills between the base and a line.
    pub(super) fn area(&mut self, points: &[(f64, f64)], ink: Ink, alpha: f64) -> Result<(), Failed> {
        let floor: Vec<_> = points.iter().map(|(x, _)| (*x, self.y.0)).collect();
        self.between(points, &floor, ink, alpha)
    }

    /// Fills between two lines.
    pub(super) fn between(
        &mut self,
        over: &[(f64, f64)],
        under: &[(f64, f64)],
        ink: Ink,
        alpha: f64,
    ) -> Result<(), Failed> {
        let edge: Vec<_> = over.iter().chain(under.iter().rev()).map(|p| self.inside(*p)).collect();
        if over.len() > 1 {
            self.chart.draw_series([Polygon::new(edge, ink.sentinel().mix(alpha))])?;
        }
        Ok(())
    }

    /// A line; one point alone becomes a dot.
    pub(super) fn line(&mut self, points: &[(f64, f64)], ink: Ink, width: u32) -> Result<(), Failed> {
        let points: Vec<_> = points.iter().map(|p| self.inside(*p)).collect();
        if let [alone] = points[..] {
            self.chart.draw_series([Circle::new(alone, width, ink.sentinel().filled())])?;
        } else if !points.is_empty() {
            self.chart.draw_series(LineSeries::new(points, ink.sentinel().stroke_width(width)))?;
        }
        Ok(())
    }

    /// A level over the whole width.
    pub(super) fn level(&mut self, at: f64, ink: Ink, width: u32) -> Result<(), Failed> {
        self.line(&[(self.x.0, at), (self.x.1, at)], ink, width)
    }

    fn inside(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (x.clamp(self.x.0, self.x.1), y.clamp(self.y.0, self.y.1))
    }
}

/// Where several values fall on one column of pixels, the largest stands for them.
pub(super) fn thin(values: &[(f64, f64)], end: f64, width: f64) -> Vec<(f64, f64)> {
    let column = |at: f64| (at / end * width * ZOOM / 2.0).floor();
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for (at, value) in values.iter().copied().filter(|(at, value)| at.is_finite() && value.is_finite()) {
        match kept.last_mut() {
            Some(last) if column(last.0) == column(at) => last.1 = last.1.max(value),
            _ => kept.push((at, value)),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_peaks_and_drops_what_is_no_number() {
        let values = [(0.0, 1.0), (0.1, 9.0), (0.2, f64::NAN), (5.0, 2.0), (f64::NAN, 3.0)];
        assert_eq!(thin(&values, 10.0, 10.0), [(0.0, 9.0), (5.0, 2.0)]);
    }

    #[test]
    fn ticks_find_their_text() {
        let axis = Axis { range: (0.0, 10.0), ticks: vec![(0.0, "zero".to_owned()), (7.5, "high".to_owned())] };
        assert_eq!([axis.format_ext(&7.5), axis.format_ext(&1.0)], ["high", ""]);
        assert_eq!(axis.mute().format_ext(&7.5), "");
    }
}
