//! Finds how long a scenario's runs take to settle. Knows pilot runs and a rule for where to cut them; must not know what is
//! measured afterwards.

use super::{caught, order_regions};
use crate::run::{self, Keep};
use crate::scenario::Scenario;
use rayon::prelude::*;
use tidegate_core::Span;
use tidegate_reports::frame::Frame;
use tidegate_reports::model::SeriesRow;

/// Pilot runs, with the first seeds.
pub const PILOTS: u64 = 5;
/// Intervals that a pilot run is observed in, if they are not too short: the more, the less chance decides.
const INTERVALS: usize = 5_000;
/// Observations in a batch: the 5 of MSER-5.
const BATCH: usize = 5;
/// The fewest batches that a cut is looked for in.
const FEWEST: usize = 10;

/// Runs that do not settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "warmUp = \"auto\": the jobs in the system have not settled by the middle of {PILOTS} pilot runs of {0} (MSER-5): \
     simulate longer, or say how long the warm-up is"
)]
pub struct Unsettled(Span);

/// How much of the beginning to leave out, by MSER-5 (White, Cobb and Spratt, A comparison of five steady-state truncation
/// heuristics for simulation, Winter Simulation Conference 2000) on the jobs in the system: messages waiting, runners
/// starting and runners online of all regions, on average over an interval and over pilot runs. Faults do
/// not strike in those: what follows them is no warm-up.
///
/// # Errors
/// When the best cut is at the middle of the runs, or beyond it, or the runs are too short to tell.
pub fn find(scenario: &Scenario) -> Result<Span, Unsettled> {
    let mut pilot = Scenario { faults: Vec::new(), objectives: Vec::new(), warm_up: Span::ZERO, ..scenario.clone() };
    order_regions(&mut pilot);
    let frame = Frame { buckets: INTERVALS, ..run::frame(&pilot, true) };
    let seeds: Vec<u64> = (0..PILOTS).map(|n| pilot.seed + n).collect();
    // A run in which a promise of the simulator breaks is told when it is measured.
    let series = |seed: &u64| caught(&pilot, || run::run(&pilot, *seed, &frame, Keep::default())).ok();
    let series: Vec<Vec<SeriesRow>> =
        seeds.par_iter().filter_map(series).map(|outcome| outcome.measures.series(&frame)).collect();
    let (times, levels) = levels(&series, pilot.policy.regions.len());
    let cut = mser(&levels).ok_or(Unsettled(pilot.duration))?;
    times.get(cut).copied().map(Span::from_secs_f64).ok_or(Unsettled(pilot.duration))
}

/// Begin of each interval in seconds, and the jobs in the system in it, summed over regions and runs.
fn levels(series: &[Vec<SeriesRow>], regions: usize) -> (Vec<f64>, Vec<f64>) {
    let times: Vec<f64> =
        series.first().map_or_else(Vec::new, |rows| rows.iter().step_by(regions).map(|row| row.time).collect());
    let mut levels = vec![0.0; times.len()];
    for rows in series {
        for (level, interval) in levels.iter_mut().zip(rows.chunks(regions)) {
            *level += interval.iter().map(|row| row.queue_depth + row.starting + row.running).sum::<f64>();
        }
    }
    (times, levels)
}

/// Observations to leave out, a multiple of five: with `z` the means of batches of five, the `d` that makes
/// `sum((z_j - mean)^2, j >= d) / (m - d)^2` least. `None` when that is not in the first half.
fn mser(levels: &[f64]) -> Option<usize> {
    let batches: Vec<f64> = levels.chunks_exact(BATCH).map(|batch| batch.iter().sum::<f64>() / BATCH as f64).collect();
    let m = batches.len();
    if m < FEWEST {
        return None;
    }
    let error = |cut: usize| {
        let rest = &batches[cut..];
        let count = rest.len() as f64;
        let mean = rest.iter().sum::<f64>() / count;
        rest.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / count.powi(2)
    };
    // Beyond three quarters the few batches that are left agree by chance.
    let best = (0..m * 3 / 4).min_by(|a, b| error(*a).total_cmp(&error(*b)))?;
    Some(best * BATCH).filter(|_| best < m / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::file::{Overrides, read};
    use crate::scenario::setting::Setting;
    use std::path::Path;

    #[test]
    fn the_cut_is_where_the_rise_ends() {
        // A ramp of 60 observations and then a level with small waves: 12 batches, give or take one.
        let wave = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        let ramp: Vec<f64> = (0..400).map(|i| (i.min(60) * 2) as f64 + wave(i / 5)).collect();
        let cut = mser(&ramp).expect("it settles");
        assert!((55..=65).contains(&cut), "{cut}");
        assert_eq!(mser(&vec![3.0; 100]), Some(0), "what is level from the start needs none");
        let rising: Vec<f64> = (0..400).map(f64::from).collect();
        assert_eq!(mser(&rising), None, "it never settles");
        assert_eq!(mser(&[1.0; 49]), None, "too few batches");
    }

    #[test]
    fn a_busy_queue_is_cut_after_it_filled_and_an_idle_one_hardly() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/theory/mmc-17-load-90.toml");
        let found = |duration: &str| {
            let settings = [Setting::new("warmUp", "auto"), Setting::new("duration", duration)];
            let overrides = Overrides { settings: &settings, ..Overrides::default() };
            let scenario = read(&path, overrides).unwrap_or_else(|error| panic!("{error}"));
            assert!(scenario.warm_up_auto);
            find(&scenario)
        };
        let cut = found("60h").expect("it settles");
        assert!(cut > Span::ZERO && cut < Span::from_mins(30 * 60), "{cut}");
        assert_eq!(found("60h"), Ok(cut), "the same again");
    }
}
