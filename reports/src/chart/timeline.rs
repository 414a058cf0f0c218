//! What a region did over time: runners, waiting messages, phase and faults. Knows the series; must not know statistics.

use super::canvas::{Canvas, Drawing, Failed, Form, Frame, LINE, Legend, Sample, Sits, sheet};
use super::ink::Ink;
use super::plot::{Axis, Plot, span, thin};
use super::tick::{self, Clock};
use super::{human, spell};
use crate::model::{FaultSpan, Report, SeriesRow};

/// Left of the plotted area there is room for `10,000`.
pub(super) const LEFT: f64 = 54.0;
/// Right of it for half a tick's text.
pub(super) const RIGHT: f64 = 24.0;

/// A stretch of one phase: from, to, name.
type Stretch = (f64, f64, String);

/// What one region's chart shows.
struct Timeline<'r> {
    report: &'r Report,
    region: &'r str,
    rows: Vec<&'r SeriesRow>,
    limit: Option<f64>,
    stretches: Vec<Stretch>,
}

/// The chart of a region.
pub(super) fn draw(report: &Report, region: &str, form: Form) -> Drawing {
    let timeline = Timeline::new(report, region);
    let legend = timeline.legend();
    let width = form.width();
    let inner = width - LEFT - RIGHT;
    // The title's row, then the legend below it.
    let edge = form.pick(LEFT, 0.0);
    let room = width - edge;
    let top = LINE + legend.height(room) + 4.0;
    let (runners, waiting, band) = form.pick((120.0, 64.0, 12.0), (96.0, 56.0, 12.0));
    let height = top + LINE + runners + 6.0 + LINE + waiting + 8.0 + band + LINE + 6.0;
    sheet(width, height, |canvas| {
        canvas.bold(&super::canvas::fit(region, room * 0.85), (edge, LINE / 2.0), Sits::Start)?;
        legend.draw(canvas, (edge, LINE), room)?;
        let x = Axis::time(report, form.pick(9, 4));
        let mut frame = Frame { x: LEFT, y: top + LINE, w: inner, h: runners };
        timeline.runners(canvas, frame, &x)?;
        frame = Frame { y: frame.y + runners + 6.0 + LINE, h: waiting, ..frame };
        timeline.waiting(canvas, frame, &x)?;
        frame = Frame { y: frame.y + waiting + 8.0, h: band, ..frame };
        timeline.phases(canvas, frame, &x)
    })
}

/// Phases and faults in words, for those who cannot see the chart.
pub(super) fn describe(report: &Report, region: &str) -> String {
    let timeline = Timeline::new(report, region);
    let clock = Clock::new(&report.summary.start);
    let peak = |of: fn(&SeriesRow) -> f64| {
        human::count(timeline.rows.iter().map(|row| of(row)).filter(|v| v.is_finite()).fold(0.0, f64::max).round())
    };
    let mut text = format!(
        "Runners (most: {}), messages waiting (most: {}) and phase over simulated time.",
        peak(|row| row.running + row.starting),
        peak(|row| row.queue_depth)
    );
    for (from, to, phase) in timeline.stretches.iter().take(12) {
        text += &format!(" {} from {} to {}.", human::label(phase), clock.stamp(*from), clock.stamp(*to));
    }
    for fault in faults(report, region).iter().take(8) {
        text += &format!(
            " Fault: {} from {} to {}.",
            human::words(&fault.kind),
            clock.stamp(fault.from),
            clock.stamp(fault.to)
        );
    }
    text
}

/// The faults that hit a region, or all regions.
pub(super) fn faults<'r>(report: &'r Report, region: &str) -> Vec<&'r FaultSpan> {
    report.faults.iter().filter(|fault| fault.region.is_empty() || fault.region == region).collect()
}

fn warms_up(report: &Report) -> bool {
    report.summary.warm_up > 0.0 && report.summary.warm_up.is_finite()
}

/// Shades warm-up and faults.
pub(super) fn shade(plot: &mut Plot<'_>, report: &Report, region: &str) -> Result<(), Failed> {
    if warms_up(report) {
        plot.shade(0.0, report.summary.warm_up, Ink::WarmUp, 0.13)?;
    }
    faults(report, region).into_iter().try_for_each(|fault| plot.shade(fault.from, fault.to, Ink::Fault, 0.17))
}

/// Legend entries for what `shade` drew in these regions.
pub(super) fn shade_legend(legend: &mut Legend, report: &Report, regions: &[&str]) {
    let mut kinds: Vec<String> = Vec::new();
    for fault in regions.iter().flat_map(|region| faults(report, region)) {
        let kind = human::words(&fault.kind);
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    if !kinds.is_empty() {
        legend.add(Sample::Square(0.35), Ink::Fault, &format!("fault: {}", spell(&kinds, 3)));
    }
    if warms_up(report) {
        legend.add(Sample::Square(0.3), Ink::WarmUp, "warm-up");
    }
}

impl<'r> Timeline<'r> {
    fn new(report: &'r Report, region: &'r str) -> Self {
        let rows: Vec<_> = report.series.iter().filter(|row| row.region == region && row.time.is_finite()).collect();
        let place = report.regions.iter().position(|name| name == region);
        let limit = place.and_then(|at| report.max_runners.get(at)).map(|most| f64::from(*most));
        let stretches = stretches(&rows, span(report));
        Self { report, region, rows, limit, stretches }
    }

    fn values(&self, width: f64, of: impl Fn(&SeriesRow) -> f64) -> Vec<(f64, f64)> {
        let values: Vec<_> = self.rows.iter().map(|row| (row.time, of(row).max(0.0))).collect();
        thin(&values, span(self.report), width)
    }

    fn legend(&self) -> Legend {
        let mut legend = Legend::default();
        legend.add(Sample::Square(1.0), Ink::Running, "running");
        legend.add(Sample::Square(1.0), Ink::Starting, "starting");
        legend.add(Sample::Line, Ink::Waiting, "waiting");
        if self.limit.is_some() {
            legend.add(Sample::Line, Ink::Limit, "limit");
        }
        shade_legend(&mut legend, self.report, &[self.region]);
        let mut seen: Vec<(u8, &str)> = Vec::new();
        for (_, _, phase) in &self.stretches {
            if seen.iter().all(|(_, name)| name != phase) {
                seen.push((order(phase), phase));
            }
        }
        seen.sort_by_key(|(order, _)| *order);
        for (place, (_, phase)) in seen.into_iter().enumerate() {
            let of = if place == 0 { "phase: " } else { "" };
            legend.add(Sample::Square(1.0), ink(phase), &format!("{of}{}", human::words(phase)));
        }
        legend
    }

    fn runners(&self, canvas: &Canvas<'_>, frame: Frame, x: &Axis) -> Result<(), Failed> {
        let running = self.values(frame.w, |row| row.running);
        let online = self.values(frame.w, |row| row.running + row.starting);
        let peak = online.iter().map(|(_, v)| *v).fold(1.0, f64::max);
        // A limit far above the load would press the load flat: it is then told, not drawn.
        let limit = self.limit.filter(|limit| *limit <= peak * 4.0);
        let mut caption = "Runners".to_owned();
        if let (Some(most), None) = (self.limit, limit) {
            caption += &format!(" (limit {}, above the scale)", human::count(most));
        }
        canvas.text(&caption, (frame.x, frame.y - LINE / 2.0), Sits::Start, Ink::Muted)?;
        let mut plot = Plot::new(canvas, frame, &x.mute(), &counts(peak.max(limit.unwrap_or(0.0)), 4))?;
        shade(&mut plot, self.report, self.region)?;
        plot.between(&online, &running, Ink::Starting, 1.0)?;
        plot.area(&running, Ink::Running, 0.8)?;
        if let Some(limit) = limit {
            plot.level(limit, Ink::Limit, 2)?;
        }
        plot.level(0.0, Ink::Axis, 2)
    }

    fn waiting(&self, canvas: &Canvas<'_>, frame: Frame, x: &Axis) -> Result<(), Failed> {
        canvas.text("Messages waiting", (frame.x, frame.y - LINE / 2.0), Sits::Start, Ink::Muted)?;
        let depth = self.values(frame.w, |row| row.queue_depth);
        let peak = depth.iter().map(|(_, v)| *v).fold(1.0, f64::max);
        let mut plot = Plot::new(canvas, frame, &x.mute(), &counts(peak, 2))?;
        shade(&mut plot, self.report, self.region)?;
        plot.area(&depth, Ink::Waiting, 0.25)?;
        plot.level(0.0, Ink::Axis, 2)?;
        plot.line(&depth, Ink::Waiting, 3)
    }

    fn phases(&self, canvas: &Canvas<'_>, frame: Frame, x: &Axis) -> Result<(), Failed> {
        Plot::new(canvas, frame, x, &Axis { range: (0.0, 1.0), ticks: Vec::new() })?;
        canvas.text("Phase", (frame.x - 6.0, frame.y + frame.h / 2.0), Sits::End, Ink::Muted)?;
        let at = |time: f64| frame.x + (time / x.range.1).clamp(0.0, 1.0) * frame.w;
        // Active first: a short phase is drawn over its neighbours, two pixels wide at least.
        let (active, rest): (Vec<_>, Vec<_>) = self.stretches.iter().partition(|(_, _, phase)| order(phase) == 0);
        for (from, to, phase) in active.into_iter().chain(rest) {
            let w = (at(*to) - at(*from)).max(2.0);
            let x = at(*from).min(frame.x + frame.w - w);
            canvas.rect(Frame { x, w, ..frame }, ink(phase), 1.0)?;
        }
        Ok(())
    }
}

/// An axis of counts from zero.
fn counts(peak: f64, most: usize) -> Axis {
    let ticks = tick::linear(peak, most, 1.0);
    let end = ticks.last().copied().unwrap_or(1.0).max(1.0);
    Axis { range: (0.0, end), ticks: ticks.into_iter().map(|at| (at, human::count(at))).collect() }
}

fn stretches(rows: &[&SeriesRow], end: f64) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for row in rows {
        match stretches.last_mut() {
            Some((_, _, phase)) if *phase == row.phase => {}
            Some((_, to, _)) => {
                *to = row.time;
                stretches.push((row.time, end, row.phase.clone()));
            }
            None => stretches.push((row.time, end, row.phase.clone())),
        }
    }
    stretches
}

fn ink(phase: &str) -> Ink {
    [Ink::Active, Ink::Suspect, Ink::Awaiting, Ink::Evacuating, Ink::Out, Ink::Probation]
        .get(usize::from(order(phase)))
        .copied()
        .unwrap_or(Ink::Other)
}

/// Place of a phase in its life, however it is spelt.
fn order(phase: &str) -> u8 {
    let plain: String = phase.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let known = ["active", "suspect", "awaitingapproval", "evacuating", "out", "probation"];
    known.iter().zip(0..).find(|(name, _)| **name == plain).map_or(6, |(_, place)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_join_into_stretches() {
        let row = |time: f64, phase: &str| SeriesRow { time, phase: phase.to_owned(), ..SeriesRow::default() };
        let rows = [row(0.0, "Active"), row(60.0, "Active"), row(120.0, "Out"), row(180.0, "Active")];
        let told = stretches(&rows.iter().collect::<Vec<_>>(), 240.0);
        let meant = [(0.0, 120.0, "Active"), (120.0, 180.0, "Out"), (180.0, 240.0, "Active")];
        assert_eq!(told, meant.map(|(from, to, phase)| (from, to, phase.to_owned())));
    }

    #[test]
    fn each_phase_has_its_colour_in_any_spelling() {
        assert_eq!(ink("awaitingApproval"), ink("AwaitingApproval"));
        assert_eq!(ink("awaiting-approval"), Ink::Awaiting);
        assert_eq!(ink("draining"), Ink::Other);
    }

    #[test]
    fn the_axis_of_an_idle_region_is_not_empty() {
        assert_eq!(counts(0.0, 4).range, (0.0, 1.0));
        assert_eq!(counts(437.0, 4).range, (0.0, 600.0));
    }
}
