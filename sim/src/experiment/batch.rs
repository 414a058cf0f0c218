//! Many runs of a scenario, each of which leaves only its numbers: what comparisons, sweeps and searches are made of. Knows
//! which simulations give which numbers; must not know what they are compared with.

use super::{Progress, best_of, caught, order_regions, single_region};
use crate::checker::Broken;
use crate::digest::Digest;
use crate::run::{self, Keep, Outcome};
use crate::scenario::Scenario;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tidegate_core::id::RegionId;
use tidegate_reports::fold::RunMeasures;
use tidegate_reports::objective::Objective;
use tidegate_reports::values::{RunValues, of_runs};

/// What the runs of a scenario came to.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// By seed, in the order in which seeds were given.
    pub runs: Vec<(u64, RunValues)>,
    /// Hash of all decisions of all runs.
    pub digest: String,
    /// Broken promises by seed: bugs, not missed objectives. A run that stopped there is not among `runs`.
    pub broken: Vec<(u64, Broken)>,
    /// Events handled.
    pub events: u64,
}

impl Batch {
    /// The numbers of the runs, without their seeds.
    #[must_use]
    pub fn values(&self) -> Vec<&RunValues> {
        self.runs.iter().map(|(_, values)| values).collect()
    }
}

/// What a load costs in the best single region, by seed: the denominator of `costRatio`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Singles {
    /// The region's name.
    pub region: String,
    /// USD in the measured time, by the order in which seeds were given.
    pub totals: Vec<f64>,
}

/// Whether any of the objectives needs [`singles`].
#[must_use]
pub fn needs_singles(objectives: &[Objective]) -> bool {
    objectives.iter().any(|objective| objective.measure == "costRatio")
}

/// Simulations that [`singles`] takes: one in each region, and those of the best with the other seeds.
#[must_use]
pub fn simulations_of_singles(scenario: &Scenario, seeds: &[u64]) -> u64 {
    if scenario.world.ideal { 0 } else { scenario.policy.regions.len() as u64 + seeds.len().saturating_sub(1) as u64 }
}

/// Simulates a scenario's load in each single region with the runners of all and nothing broken, and takes the cheapest
/// under the first seed. `None` where nothing has a price (world `ideal`), without seeds, or when such a run breaks.
#[must_use]
pub fn singles(scenario: &Scenario, seeds: &[u64], progress: &dyn Progress) -> Option<Singles> {
    let first = *seeds.first().filter(|_| !scenario.world.ideal)?;
    let regions: Vec<RegionId> = scenario.policy.ids().collect();
    let cost = |region: RegionId, seed: u64| {
        let outcome = outcome(&single_region(scenario, region), seed);
        progress.done();
        outcome.ok().map(|outcome| outcome.measures.cost_total())
    };
    let firsts: Vec<Option<f64>> = regions.par_iter().map(|region| cost(*region, first)).collect();
    let totals = regions.iter().zip(&firsts).filter_map(|(region, total)| Some(((*total)?, *region)));
    let (total, best) = best_of(totals)?;
    let rest: Option<Vec<f64>> = seeds[1..].par_iter().map(|seed| cost(best, *seed)).collect();
    let totals = std::iter::once(total).chain(rest?).collect();
    Some(Singles { region: scenario.policy.region(best).name.clone(), totals })
}

/// Simulates a scenario with each of the seeds, in parallel; the result does not depend on the number of threads. `singles`:
/// by seed; without it there is no `costRatio`.
#[must_use]
pub fn batch(scenario: &Scenario, seeds: &[u64], singles: Option<&Singles>, progress: &dyn Progress) -> Batch {
    let mut scenario = scenario.clone();
    order_regions(&mut scenario);
    let one = |seed: &u64| {
        let done = outcome(&scenario, *seed);
        progress.done();
        done
    };
    let outcomes: Vec<Result<Outcome, Broken>> = seeds.par_iter().map(one).collect();
    gather(&scenario, seeds, outcomes, singles)
}

/// One simulation of a scenario whose regions are in order, or the assertion that ended it.
pub(crate) fn outcome(scenario: &Scenario, seed: u64) -> Result<Outcome, Broken> {
    let frame = run::frame(scenario, false);
    caught(scenario, || run::run(scenario, seed, &frame, Keep::default()))
}

/// The numbers of the outcomes of a scenario whose regions are in order, by seed.
pub(crate) fn gather(
    scenario: &Scenario,
    seeds: &[u64],
    outcomes: Vec<Result<Outcome, Broken>>,
    singles: Option<&Singles>,
) -> Batch {
    let (mut out, mut digest) = (Batch::default(), Digest::default());
    let (mut measures, mut done, mut totals): (Vec<RunMeasures>, Vec<u64>, Vec<f64>) = Default::default();
    for (index, (seed, outcome)) in seeds.iter().zip(outcomes).enumerate() {
        match outcome {
            Ok(outcome) => {
                digest.word(*seed);
                outcome.digest.bytes().for_each(|byte| digest.word(u64::from(byte)));
                out.events += outcome.events;
                out.broken.extend(outcome.broken.into_iter().map(|what| (*seed, what)));
                measures.push(outcome.measures);
                done.push(*seed);
                totals.extend(singles.and_then(|singles| singles.totals.get(index)));
            }
            Err(broken) => out.broken.push((*seed, broken)),
        }
    }
    let totals = Some(totals).filter(|totals| totals.len() == measures.len());
    let values = of_runs(&run::frame(scenario, false), &measures, totals.as_deref());
    out.runs = done.into_iter().zip(values).collect();
    out.digest = digest.text();
    out
}

#[cfg(test)]
mod tests {
    use super::super::{Silent, run};
    use super::*;
    use crate::scenario::file::{Overrides, read};
    use std::path::Path;

    #[test]
    fn a_batch_has_the_numbers_and_the_digest_of_the_report() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/home-region-outage.toml");
        let overrides = Overrides { runs: Some(3), ..Overrides::default() };
        let mut scenario = read(&path, overrides).unwrap_or_else(|error| panic!("{error}"));
        order_regions(&mut scenario);
        let seeds: Vec<u64> = (0..3).map(|n| scenario.seed + n).collect();
        let singles = singles(&scenario, &seeds, &Silent).expect("a world with prices");
        let batch = batch(&scenario, &seeds, Some(&singles), &Silent);
        let report = run(&scenario, Keep::default(), &Silent).report;
        assert_eq!(batch.digest, report.summary.digest);
        assert!(needs_singles(&scenario.objectives), "the scenario asks for a costRatio");
        let judged: Vec<_> =
            scenario.objectives.iter().map(|o| tidegate_reports::values::judge_runs(o, batch.values())).collect();
        assert_eq!(judged, report.summary.objectives);
    }
}
