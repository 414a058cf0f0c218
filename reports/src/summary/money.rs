//! Costs over runs. Knows money, months and jobs; must not know prices.

use super::single;
use crate::estimate::{estimate, estimate_within};
use crate::fold::counts::Count;
use crate::fold::{CostComponent, RunMeasures};
use crate::frame::Frame;
use crate::model::{CostSummary, Costs, Estimate, Measure, SingleRegion};
use std::collections::BTreeMap;
use tidegate_core::id::RegionId;
use tidegate_core::time::Span;

/// What costs are scaled to.
pub(crate) const MONTH: Span = Span::from_hours(30 * 24);
/// What costs of no region are filed under.
const GLOBAL: &str = "global";

/// What the same load costs in the best single region, run by run (paired by seed).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// Its name.
    pub region: String,
    /// USD in the measured time, by run in the order of the runs.
    pub totals: Vec<f64>,
    /// The same by component.
    pub components: BTreeMap<String, Vec<f64>>,
}

pub(super) fn costs(frame: &Frame, runs: &[RunMeasures], baseline: Option<&Baseline>) -> CostSummary {
    let totals: Vec<f64> = runs.iter().map(RunMeasures::cost_total).collect();
    let measured = frame.measured_span().as_secs_f64();
    let months: Vec<f64> =
        totals.iter().filter(|_| measured > 0.0).map(|usd| usd * MONTH.as_secs_f64() / measured).collect();
    let completed = runs.iter().map(|run| run.counts().get(Count::JobsCompleted) as f64);
    let thousands: Vec<f64> =
        totals.iter().zip(completed).filter(|(_, n)| *n > 0.0).map(|(usd, n)| usd / n * 1e3).collect();
    CostSummary {
        components: components(frame, runs),
        total: amount(&totals),
        per_month: amount(&months),
        per_thousand_jobs: amount(&thousands),
        single_region: baseline.map(single_region),
        ratio: baseline.map_or_else(Estimate::default, |baseline| amount(&ratios(&totals, baseline))),
    }
}

/// `cost`, `costPerThousandJobs` and `costRatio`.
pub(super) fn measures(cost: &CostSummary, runs: u64, baseline: Option<&Baseline>) -> [(String, Measure); 3] {
    let pairs = baseline.map_or(0, |baseline| runs.min(baseline.totals.len() as u64));
    [
        ("cost".into(), single("USD", runs, cost.per_month)),
        ("costPerThousandJobs".into(), single("USD", runs, cost.per_thousand_jobs)),
        ("costRatio".into(), single("ratio", pairs, cost.ratio)),
    ]
}

/// Money spent is not negative, and nor is its interval.
fn amount(usd: &[f64]) -> Estimate {
    if usd.iter().any(|v| *v < 0.0) { estimate(usd) } else { estimate_within(usd, 0.0, f64::INFINITY) }
}

/// Run by run: common random numbers make the ratio far surer than either cost.
fn ratios(totals: &[f64], baseline: &Baseline) -> Vec<f64> {
    totals.iter().zip(&baseline.totals).filter(|(_, single)| **single > 0.0).map(|(usd, single)| usd / single).collect()
}

fn single_region(baseline: &Baseline) -> SingleRegion {
    let components = baseline.components.iter().map(|(name, usd)| (name.clone(), amount(usd)));
    SingleRegion { region: baseline.region.clone(), total: amount(&baseline.totals), components: components.collect() }
}

/// What was spent on anything anywhere in any run.
fn components(frame: &Frame, runs: &[RunMeasures]) -> Costs {
    let mut costs = Costs::new();
    let places = (0..frame.regions.len()).map(|i| (frame.regions[i].as_str(), Some(RegionId::at(i))));
    let places: Vec<_> = places.chain([(GLOBAL, None)]).collect();
    for component in CostComponent::ALL {
        for (name, region) in &places {
            let usd: Vec<f64> = runs.iter().map(|run| run.ledger().spent(component, *region)).collect();
            if usd.iter().any(|v| *v != 0.0) {
                costs.entry(component.name().to_owned()).or_default().insert((*name).to_owned(), amount(&usd));
            }
        }
    }
    costs
}
