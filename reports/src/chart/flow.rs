//! Which jobs went from their home to which region, and why. Knows ribbons between two columns; must not count jobs.

use super::canvas::{Canvas, Drawing, Failed, Form, Frame, LINE, Legend, Sample, Sits, fit, sheet};
use super::human;
use super::ink::Ink;
use crate::model::{Flow, Report};

/// The reasons in the order of `Flow::jobs`.
pub(crate) const REASONS: [&str; 4] = ["home", "sticky", "spillover", "failover"];

const INKS: [Ink; 4] = [Ink::Home, Ink::Sticky, Ink::Spillover, Ink::Failover];
const NODE: f64 = 9.0;
/// What a column's jobs are high, all together.
const JOBS: f64 = 210.0;
/// Room for a name and a number, one above the other.
const SLOT: f64 = 36.0;

/// A region's place in a column: its top, its height and how much of it has been used up.
struct Place {
    top: f64,
    used: f64,
    jobs: u64,
}

/// One column of regions.
struct Column {
    places: Vec<Place>,
    height: f64,
    per_job: f64,
}

impl Column {
    fn new(jobs: &[u64]) -> Self {
        let total: u64 = jobs.iter().sum();
        let per_job = JOBS / (total.max(1)) as f64;
        let mut column = Self { places: Vec::new(), height: 0.0, per_job };
        for jobs in jobs {
            let own = *jobs as f64 * per_job;
            let slot = own.max(SLOT - 8.0) + 8.0;
            column.places.push(Place { top: column.height + (slot - own) / 2.0, used: 0.0, jobs: *jobs });
            column.height += slot;
        }
        column
    }

    /// Takes the next piece of a region's height: from, to.
    fn take(&mut self, region: usize, jobs: u64) -> (f64, f64) {
        let place = &mut self.places[region];
        let from = place.top + place.used;
        place.used += jobs as f64 * self.per_job;
        (from, place.top + place.used)
    }
}

/// Home on the left, where the job went on the right, ribbons by reason.
pub(super) fn draw(report: &Report, regions: &[&str], form: Form) -> Drawing {
    let (mut homes, mut places) = columns(report, regions);
    let mut legend = Legend::default();
    for (reason, ink) in REASONS.iter().zip(INKS) {
        legend.add(Sample::Square(alpha(ink)), ink, reason);
    }
    let width = form.width();
    let top = legend.height(width) + LINE + 8.0;
    let (left, right) = (form.pick(190.0, 124.0), width - form.pick(190.0, 124.0));
    sheet(width, top + homes.height.max(places.height), |canvas| {
        legend.draw(canvas, (0.0, 0.0), width)?;
        canvas.text("home", (left - NODE, top - LINE / 2.0), Sits::End, Ink::Muted)?;
        canvas.text("placed in", (right + NODE, top - LINE / 2.0), Sits::Start, Ink::Muted)?;
        let mut placed: Vec<_> = ribbons(report, regions)
            .into_iter()
            .map(|(from, to, reason, jobs)| (reason, homes.take(from, jobs), places.take(to, jobs)))
            .collect();
        // What moved is drawn over what stayed.
        placed.sort_by_key(|(reason, ..)| *reason);
        for (reason, a, b) in placed {
            ribbon(canvas, (left, top + a.0, top + a.1), (right, top + b.0, top + b.1), INKS[reason])?;
        }
        for (i, region) in regions.iter().enumerate() {
            let room = left - NODE - 8.0;
            let h = |column: &Column| column.places[i].jobs as f64 * column.per_job;
            node(canvas, region, (left - NODE, top, room), Sits::End, &homes.places[i], h(&homes))?;
            node(canvas, region, (right, top, room), Sits::Start, &places.places[i], h(&places))?;
        }
        Ok(())
    })
}

/// The two columns: jobs by home and jobs by region.
fn columns(report: &Report, regions: &[&str]) -> (Column, Column) {
    let column = |of: fn(&Flow) -> &str| {
        let flows =
            |region: &str| report.flows.iter().filter(|flow| of(flow) == region).flat_map(|flow| flow.jobs).sum();
        Column::new(&regions.iter().map(|region| flows(region)).collect::<Vec<u64>>())
    };
    (column(|flow| &flow.home), column(|flow| &flow.region))
}

/// The flows in words, the largest that left their home first.
pub(super) fn describe(report: &Report) -> String {
    let mut moved: Vec<_> = report.flows.iter().filter(|flow| flow.home != flow.region).collect();
    moved.sort_by_key(|flow| std::cmp::Reverse(flow.jobs.iter().sum::<u64>()));
    let mut text = "Jobs from their home to the region they were placed in, by reason.".to_owned();
    for flow in moved.into_iter().take(8) {
        let jobs = flow.jobs.iter().sum::<u64>();
        text += &format!(" {} to {}: {}.", flow.home, flow.region, human::count(jobs as f64));
    }
    text
}

/// From, to, reason, jobs; in the order in which they leave home, so that ribbons of a region do not cross.
fn ribbons(report: &Report, regions: &[&str]) -> Vec<(usize, usize, usize, u64)> {
    let place = |name: &str| regions.iter().position(|region| *region == name);
    let mut ribbons = Vec::new();
    for flow in &report.flows {
        if let (Some(from), Some(to)) = (place(&flow.home), place(&flow.region)) {
            let some = flow.jobs.iter().enumerate().filter(|(_, jobs)| **jobs > 0);
            ribbons.extend(some.map(|(reason, jobs)| (from, to, reason, *jobs)));
        }
    }
    ribbons.sort_unstable();
    ribbons
}

fn alpha(ink: Ink) -> f64 {
    if matches!(ink, Ink::Home | Ink::Sticky) { 0.4 } else { 0.8 }
}

fn ribbon(canvas: &Canvas<'_>, from: (f64, f64, f64), to: (f64, f64, f64), ink: Ink) -> Result<(), Failed> {
    // Half a pixel at least, so that few jobs among many are still seen.
    let thick = |(x, top, bottom): (f64, f64, f64)| (x, top, bottom.max(top + 0.75));
    let (from, to) = (thick(from), thick(to));
    let steps = 24;
    let edge = |a: f64, b: f64| {
        (0..=steps).map(move |i| {
            let t = f64::from(i) / f64::from(steps);
            let eased = t * t * (3.0 - 2.0 * t);
            (from.0 + (to.0 - from.0) * t, a + (b - a) * eased)
        })
    };
    let mut points: Vec<_> = edge(from.1, to.1).collect();
    let mut under: Vec<_> = edge(from.2, to.2).collect();
    under.reverse();
    points.append(&mut under);
    // What stayed where it belongs is quiet, what moved stands out.
    canvas.polygon(&points, ink, alpha(ink))
}

/// A region's bar with its name and jobs on the outer side, in `room` pixels.
fn node(
    canvas: &Canvas<'_>,
    region: &str,
    at: (f64, f64, f64),
    sits: Sits,
    place: &Place,
    h: f64,
) -> Result<(), Failed> {
    let (x, top, room) = at;
    let outer = if matches!(sits, Sits::End) { x - 7.0 } else { x + NODE + 7.0 };
    canvas.rect(Frame { x, y: top + place.top, w: NODE, h }, Ink::Muted, 1.0)?;
    let middle = top + place.top + h / 2.0;
    canvas.text(&fit(region, room), (outer, middle - 8.0), sits, Ink::Text)?;
    canvas.text(&human::count(place.jobs as f64), (outer, middle + 8.0), sits, Ink::Muted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_jobs_keep_room_for_their_name() {
        let column = Column::new(&[10_000, 0, 1]);
        let tops: Vec<_> = column.places.iter().map(|p| p.top + p.jobs as f64 * column.per_job / 2.0).collect();
        assert!(tops.windows(2).all(|two| two[1] - two[0] >= SLOT), "{tops:?}");
        assert!(Column::new(&[]).height == 0.0 && Column::new(&[0]).per_job.is_finite());
    }

    #[test]
    fn pieces_of_a_region_follow_each_other() {
        let mut column = Column::new(&[30, 10]);
        let (first, second) = (column.take(0, 20), column.take(0, 10));
        assert_eq!(first.1, second.0);
        assert!((second.1 - first.0 - JOBS * 0.75).abs() < 1e-9);
    }
}
