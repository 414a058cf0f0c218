//! Campaigns: many cases, 30 runs each, and how many of their 95 % intervals hold the exact value. Knows intervals; must
//! not know queues.

#![allow(clippy::print_stdout, reason = "a campaign shows its table")]

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use tidegate_core::Span;
use tidegate_reports::estimate::{estimate, student_95};
use tidegate_reports::fold::RunMeasures;
use tidegate_sim::run::{self, Keep};
use tidegate_sim::scenario::Scenario;

/// Runs of a case.
pub(crate) const RUNS: u64 = 30;

/// The values of each run of a scenario, by seed from `first`, on all cores. Every invariant of every run must hold,
/// Little's law with them.
pub(crate) fn each_run<const N: usize>(
    scenario: &Scenario,
    first: u64,
    values: impl Fn(&RunMeasures) -> [f64; N] + Sync,
) -> Vec<[f64; N]> {
    each_of(RUNS, scenario, first, values)
}

/// The same of so many runs.
pub(crate) fn each_of<const N: usize>(
    runs: u64,
    scenario: &Scenario,
    first: u64,
    values: impl Fn(&RunMeasures) -> [f64; N] + Sync,
) -> Vec<[f64; N]> {
    let (next, done) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let mut frame = run::frame(scenario, false);
    frame.start_within = Span::from_micros(1); // availability is the share that did not wait
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= runs {
                return;
            }
            let outcome = run::run(scenario, first + number, &frame, Keep::default());
            assert!(outcome.broken.is_empty(), "seed {}: {:?}", first + number, outcome.broken);
            let found = (number, values(&outcome.measures));
            done.lock().unwrap_or_else(PoisonError::into_inner).push(found);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(done.len() as u64, runs, "a run failed");
    done.sort_by_key(|run| run.0);
    done.into_iter().map(|run| run.1).collect()
}

/// What was found of one case, against what is exact.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) name: String,
    pub(crate) exact: f64,
    pub(crate) found: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Verdict {
    pub(crate) fn new(name: String, exact: f64, values: &[f64]) -> Self {
        let estimate = estimate(values);
        let known = |value: Option<f64>| value.expect("30 runs have an interval");
        Self { name, exact, found: known(estimate.value), low: known(estimate.low), high: known(estimate.high) }
    }

    pub(crate) fn inside(&self) -> bool {
        (self.low..=self.high).contains(&self.exact)
    }

    /// How far off, in half-widths of the interval.
    pub(crate) fn off(&self) -> f64 {
        let half = (self.high - self.low) / 2.0;
        if half > 0.0 { (self.found - self.exact) / half } else { f64::from(u8::from(!self.inside())) * f64::INFINITY }
    }
}

/// Cases from which on the share of intervals is judged by itself: of fewer, chance alone leaves too often fewer than
/// 93 % of 95 % intervals over the exact value.
const MANY: f64 = 90.0;

/// Prints the table of a campaign and judges it: the exact value lies inside the interval in at least 93 % of the cases
/// (of a few cases: in so many that chance does not explain it once in a thousand times), no case is off by more than
/// five half-widths, and the cases are not off to one side together.
pub(crate) fn judge(title: &str, unit: &str, verdicts: &[Verdict]) {
    let mut table = format!(
        "\n{title}\n\n| case | exact | simulated | 95 % interval | inside |\n| --- | --- | --- | --- | --- |\n"
    );
    for v in verdicts {
        let inside = if v.inside() { "yes" } else { "no" };
        let Verdict { name, exact, found, low, high } = v;
        let _ = writeln!(table, "| {name} | {exact:.4} {unit} | {found:.4} | {low:.4} to {high:.4} | {inside} |");
    }
    let (cases, inside) = (verdicts.len() as f64, verdicts.iter().filter(|v| v.inside()).count() as f64);
    // Each case's distance in standard errors is Student's t: mean 0, variance df / (df - 2).
    let t = student_95(RUNS as u32 - 1);
    let drift = verdicts.iter().map(|v| v.off() * t).sum::<f64>() / (cases * 29.0 / 27.0).sqrt();
    println!("{table}\n{inside} of {cases} inside: {:.1} %; drift {drift:+.2} standard errors", 100.0 * inside / cases);
    let far: Vec<_> = verdicts.iter().filter(|v| v.off().abs() > 5.0).collect();
    assert!(far.is_empty(), "off by more than five half-widths: {far:?}");
    let enough = if cases >= MANY { inside >= 0.93 * cases } else { chance(cases, inside) > 0.001 };
    assert!(enough, "{title}: only {inside} of {cases} intervals hold the exact value");
    assert!(drift.abs() < 3.3, "{title}: all cases together are off by {drift:+.2} standard errors");
}

/// The chance that of so many 95 % intervals no more than `inside` hold the exact value.
fn chance(cases: f64, inside: f64) -> f64 {
    let missed = cases - inside;
    let mut term = 0.95_f64.powf(cases); // of no miss at all
    let mut fewer = 0.0;
    for misses in 0..missed as u32 {
        fewer += term;
        term *= (cases - f64::from(misses)) / f64::from(misses + 1) * (0.05 / 0.95);
    }
    1.0 - fewer
}

#[test]
fn chance_is_that_of_the_binomial_distribution() {
    assert_eq!(chance(36.0, 36.0), 1.0);
    assert!((chance(1.0, 0.0) - 0.05).abs() < 1e-12);
    assert!((chance(36.0, 32.0) - 0.103_679).abs() < 1e-5, "{}", chance(36.0, 32.0));
    assert!((chance(20.0, 16.0) - 0.015_902).abs() < 1e-5, "{}", chance(20.0, 16.0));
}
