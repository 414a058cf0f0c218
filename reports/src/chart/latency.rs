//! How long jobs waited for their start, by home region, over time. Knows the percentiles of the series; must not
//! compute any.

use super::canvas::{Canvas, Drawing, Failed, Form, Frame, LINE, Legend, Sample, Sits, fit, sheet};
use super::human;
use super::ink::Ink;
use super::plot::{Axis, Plot, span, thin};
use super::tick;
use super::timeline::{LEFT, RIGHT, shade, shade_legend};
use crate::model::{Report, SeriesRow};

/// Points without a gap between them.
type Stretch = Vec<(f64, f64)>;

/// Whether any job of this home started within the series.
pub(super) fn has(report: &Report, region: &str) -> bool {
    report.series.iter().any(|row| row.region == region && human::finite(row.start_p95).is_some())
}

/// One strip for each home, on one scale.
pub(super) fn draw(report: &Report, regions: &[&str], form: Form) -> Drawing {
    let width = form.width();
    let columns = if regions.len() > 4 { form.pick(2, 1) } else { 1 };
    let gap = 8.0;
    let cell = (width - gap * (columns as f64 - 1.0)) / columns as f64;
    let (strip, rows) = (form.pick(92.0, 84.0), regions.len().div_ceil(columns));
    let mut legend = Legend::default();
    legend.add(Sample::Line, Ink::Median, "median (p50)");
    legend.add(Sample::Line, Ink::Tail, "p95");
    shade_legend(&mut legend, report, regions);
    let edge = form.pick(LEFT, 0.0);
    let top = legend.height(width - edge) + 2.0;
    let row_height = LINE + strip + 8.0;
    let y = scale(report, regions);
    sheet(width, top + row_height * rows as f64 + LINE + 4.0, |canvas| {
        legend.draw(canvas, (edge, 0.0), width - edge)?;
        let x = Axis::time(report, if columns == 2 { 5 } else { form.pick(9, 4) });
        let mute = x.mute();
        for (i, region) in regions.iter().enumerate() {
            let (row, column) = (i / columns, i % columns);
            let frame = Frame {
                x: LEFT + column as f64 * (cell + gap),
                y: top + row as f64 * row_height + LINE,
                w: cell - LEFT - RIGHT,
                h: strip,
            };
            let lowest = i + columns >= regions.len();
            one(canvas, report, region, frame, (if lowest { &x } else { &mute }, &y))?;
        }
        Ok(())
    })
}

fn one(canvas: &Canvas<'_>, report: &Report, region: &str, frame: Frame, axes: (&Axis, &Axis)) -> Result<(), Failed> {
    canvas.bold(&fit(region, frame.w), (frame.x, frame.y - LINE / 2.0), Sits::Start)?;
    let mut plot = Plot::new(canvas, frame, axes.0, axes.1)?;
    shade(&mut plot, report, region)?;
    let rows: Vec<_> = report.series.iter().filter(|row| row.region == region).collect();
    let lines = |of: fn(&SeriesRow) -> Option<f64>| stretches(&rows, of, span(report), frame.w);
    let (median, tail) = (lines(|row| row.start_p50), lines(|row| row.start_p95));
    for (low, high) in median.iter().zip(&tail) {
        // The same rows have both, so that the stretches pair up; where they do not, the band is left out.
        if low.len() == high.len() {
            plot.between(high, low, Ink::Tail, 0.16)?;
        }
    }
    tail.iter().try_for_each(|points| plot.line(points, Ink::Tail, 3))?;
    median.iter().try_for_each(|points| plot.line(points, Ink::Median, 3))
}

/// Lines with a gap where there were no jobs, as powers of ten.
fn stretches(rows: &[&SeriesRow], of: fn(&SeriesRow) -> Option<f64>, end: f64, width: f64) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = vec![Vec::new()];
    for row in rows.iter().filter(|row| row.time.is_finite()) {
        match (human::finite(of(row)), stretches.last_mut()) {
            (Some(seconds), Some(last)) => last.push((row.time, power(seconds))),
            (None, Some(last)) if !last.is_empty() => stretches.push(Vec::new()),
            (_, _) => {}
        }
    }
    stretches.into_iter().map(|points| thin(&points, end, width)).filter(|points| !points.is_empty()).collect()
}

/// One scale for all homes: decades that people know.
fn scale(report: &Report, regions: &[&str]) -> Axis {
    let shown = report.series.iter().filter(|row| regions.contains(&row.region.as_str()));
    let values: Vec<f64> =
        shown.flat_map(|row| [row.start_p50, row.start_p95]).filter_map(human::finite).filter(|v| *v > 0.0).collect();
    let low = values.iter().copied().fold(f64::INFINITY, f64::min).min(1e6);
    let high = values.iter().copied().fold(low, f64::max);
    let decades = tick::decades(low.max(0.001), high);
    let range = (power(decades[0]), power(decades[decades.len() - 1]));
    // More than five ticks would touch: every other one goes, counted from the top.
    let keep = if decades.len() > 5 { 2 } else { 1 };
    let last = decades.len() - 1;
    let kept = decades.iter().enumerate().filter(|(i, _)| (last - i).is_multiple_of(keep));
    Axis { range, ticks: kept.map(|(_, at)| (power(*at), human::duration(*at))).collect() }
}

fn power(seconds: f64) -> f64 {
    seconds.max(1e-9).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_without_jobs_is_a_gap() {
        let row = |time: f64, p50: Option<f64>| SeriesRow { time, start_p50: p50, ..SeriesRow::default() };
        let rows =
            [row(0.0, None), row(1.0, Some(10.0)), row(2.0, None), row(3.0, Some(f64::NAN)), row(4.0, Some(100.0))];
        let told = stretches(&rows.iter().collect::<Vec<_>>(), |row| row.start_p50, 10.0, 100.0);
        assert_eq!(told, [vec![(1.0, 1.0)], vec![(4.0, 2.0)]]);
    }
}
