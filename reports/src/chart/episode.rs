//! The clocks of each failover, from the impact on. Knows the clocks' order and words; must not know how they were
//! measured.

use super::canvas::{Canvas, Drawing, Failed, Form, Frame, LINE, Sits, fit, sheet};
use super::human;
use super::ink::Ink;
use super::tick::{self, Clock};
use crate::model::{Estimate, Failover, Report};

/// More failovers than this are in the table only.
const MOST: usize = 10;

const ROW: f64 = 22.0;
const HEAD: f64 = 44.0;

/// The clocks in their order.
pub(crate) fn clocks(failover: &Failover) -> [(&'static str, Estimate); 4] {
    [
        ("detected", failover.detected),
        ("decided", failover.decided),
        ("first success", failover.first_success),
        ("recovered", failover.recovered),
    ]
}

/// What happened to whom: `us-east-1: region outage`.
pub(crate) fn what(failover: &Failover) -> String {
    format!("{}: {}", failover.region, human::words(&failover.fault))
}

/// When, and in how many runs: `24 Nov 14:00, failover in 20 of 20 runs, 3 not recovered`.
pub(crate) fn when(failover: &Failover, clock: Clock) -> String {
    let (hit, all) = failover.runs;
    let runs = match hit {
        0 => ", no failover".to_owned(),
        _ if all > 1 => format!(", failover in {hit} of {all} runs"),
        _ => String::new(),
    };
    let open = match failover.unrecovered {
        0 => String::new(),
        open => format!(", {open} not recovered"),
    };
    format!("{}{runs}{open}", clock.stamp(failover.at))
}

/// Those that somebody noticed: of the others there is only one clock, or none.
pub(super) fn shown(report: &Report) -> impl Iterator<Item = &Failover> {
    let noticed = |f: &&Failover| [f.detected, f.decided].iter().any(|clock| human::finite(clock.value).is_some());
    report.summary.failovers.iter().filter(noticed).take(MOST)
}

/// One block of four bars for each failover, on one scale.
pub(super) fn draw(report: &Report, form: Form) -> Drawing {
    let shown: Vec<&Failover> = shown(report).collect();
    let clock = Clock::new(&report.summary.start);
    let width = form.width();
    let (left, right) = form.pick((110.0, 270.0), (96.0, 84.0));
    let ends = shown.iter().copied().flat_map(clocks).flat_map(|(_, e)| [e.value, e.high]).filter_map(human::finite);
    let ticks = tick::durations(ends.fold(1.0, f64::max), form.pick(8, 3));
    let end = ticks.last().copied().unwrap_or(1.0);
    let block = HEAD + 4.0 * ROW + 8.0;
    let height = shown.len() as f64 * block + LINE + 4.0;
    let plot = Frame { x: left, y: 0.0, w: width - left - right, h: height - LINE - 4.0 };
    let blocks = Blocks { plot, end, form };
    sheet(width, height, |canvas| {
        for (i, failover) in shown.iter().enumerate() {
            blocks.grid(canvas, i as f64 * block + HEAD, &ticks)?;
            let y = i as f64 * block;
            canvas.bold(&fit(&what(failover), width * 0.92), (0.0, y + LINE / 2.0), Sits::Start)?;
            canvas.text(&fit(&when(failover, clock), width), (0.0, y + LINE * 1.5), Sits::Start, Ink::Muted)?;
            blocks.bars(canvas, failover, y + HEAD)?;
        }
        for at in &ticks {
            canvas.text(&human::duration(*at), (blocks.x(*at), height - LINE / 2.0), Sits::Middle, Ink::Muted)?;
        }
        Ok(())
    })
}

/// The clocks in words.
pub(super) fn describe(report: &Report) -> String {
    let clock = Clock::new(&report.summary.start);
    let mut text = "Time from the impact to each clock of a failover.".to_owned();
    for failover in shown(report) {
        text += &format!(" {}, {}.", what(failover), when(failover, clock));
        for (name, estimate) in clocks(failover) {
            text += &format!(" {}: {}.", human::label(name), human::value("s", &estimate));
        }
    }
    text
}

struct Blocks {
    plot: Frame,
    end: f64,
    form: Form,
}

impl Blocks {
    fn x(&self, seconds: f64) -> f64 {
        self.plot.x + (seconds / self.end).clamp(0.0, 1.0) * self.plot.w
    }

    fn grid(&self, canvas: &Canvas<'_>, top: f64, ticks: &[f64]) -> Result<(), Failed> {
        let bottom = top + 4.0 * ROW;
        ticks.iter().try_for_each(|at| {
            let ink = if *at == 0.0 { Ink::Axis } else { Ink::Grid };
            canvas.line((self.x(*at), top), (self.x(*at), bottom), ink, 2)
        })
    }

    /// Each bar begins where the clock before it stopped.
    fn bars(&self, canvas: &Canvas<'_>, failover: &Failover, top: f64) -> Result<(), Failed> {
        let mut before = 0.0;
        for (i, (name, estimate)) in clocks(failover).into_iter().enumerate() {
            let middle = top + ROW * (i as f64 + 0.5);
            canvas.text(name, (self.plot.x - 8.0, middle), Sits::End, Ink::Muted)?;
            let told = (self.plot.x + self.plot.w + 12.0, middle);
            let Some(value) = human::finite(estimate.value) else {
                canvas.text("–", told, Sits::Start, Ink::Muted)?;
                continue;
            };
            let (from, to) = (self.x(value.min(before)), self.x(value));
            canvas.rect(Frame { x: from, y: middle - 5.0, w: (to - from).max(1.5), h: 10.0 }, Ink::Clock, 0.75)?;
            self.whisker(canvas, &estimate, middle)?;
            canvas.text(&self.told(&estimate), told, Sits::Start, Ink::Text)?;
            before = before.max(value);
        }
        Ok(())
    }

    fn told(&self, estimate: &Estimate) -> String {
        let interval = human::interval("s", estimate).filter(|_| self.form == Form::Wide);
        [Some(human::value("s", estimate)), interval].into_iter().flatten().collect::<Vec<_>>().join("  ")
    }

    fn whisker(&self, canvas: &Canvas<'_>, estimate: &Estimate, middle: f64) -> Result<(), Failed> {
        let (Some(low), Some(high)) = (human::finite(estimate.low), human::finite(estimate.high)) else {
            return Ok(());
        };
        let (low, high) = (self.x(low), self.x(high));
        if high - low < 3.0 {
            return Ok(());
        }
        canvas.line((low, middle), (high, middle), Ink::Text, 3)?;
        [low, high].into_iter().try_for_each(|x| canvas.line((x, middle - 4.0), (x, middle + 4.0), Ink::Text, 3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_says_what_where_and_when() {
        let mut failover =
            Failover { region: "eu-west-1".to_owned(), fault: "regionOutage".to_owned(), ..Failover::default() };
        (failover.at, failover.runs) = (50_400.0, (19, 20));
        let clock = Clock::new("2026-11-24T00:00:00Z");
        assert_eq!(what(&failover), "eu-west-1: region outage");
        assert_eq!(when(&failover, clock), "24 Nov 14:00, failover in 19 of 20 runs");
        (failover.runs, failover.unrecovered) = ((20, 20), 3);
        assert_eq!(when(&failover, clock), "24 Nov 14:00, failover in 20 of 20 runs, 3 not recovered");
        (failover.runs, failover.unrecovered) = ((1, 1), 0);
        assert_eq!(when(&failover, clock), "24 Nov 14:00");
        failover.runs = (0, 20);
        assert_eq!(when(&failover, clock), "24 Nov 14:00, no failover");
    }
}
