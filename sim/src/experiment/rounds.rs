//! How many runs are enough. Knows when to go on with further seeds; must not know how runs are made.

use super::Done;
use crate::run;
use crate::scenario::Scenario;
use std::collections::BTreeMap;
use tidegate_reports::fold::RunMeasures;
use tidegate_reports::precision::{Precision, asked, precision};
use tidegate_reports::values::{RunValues, of_runs};

/// The fewest runs before intervals are looked at: half widths of fewer come out narrow by chance too often.
const FEWEST: u32 = 10;

/// Runs go on until intervals are narrow, or there are many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Until {
    /// The largest half width, as a share of the value.
    pub half_width: f64,
    /// The most runs.
    pub most: u32,
}

impl Until {
    /// Runs of the first round.
    pub(super) fn first(&self, asked: u32) -> u32 {
        asked.max(FEWEST).min(self.most)
    }

    /// Runs to add to those that were done: as many again, so that few looks are taken at the same intervals; `None` when
    /// the intervals are narrow, the cap is reached, or a promise of the simulator broke.
    pub(super) fn more(&self, scenario: &Scenario, runs: u32, done: &[Done]) -> Option<u32> {
        let over = runs >= self.most || done.iter().any(is_broken);
        if over || self.told(scenario, &values(scenario, done)).reached {
            None
        } else {
            Some(runs.min(self.most - runs))
        }
    }

    /// How narrow they are.
    pub(super) fn told<'a>(
        &self,
        scenario: &Scenario,
        runs: impl IntoIterator<Item = &'a RunValues> + Clone,
    ) -> Precision {
        precision(self.half_width, &asked(&scenario.objectives), runs)
    }
}

fn is_broken(done: &Done) -> bool {
    match done {
        Done::Main(outcome) | Done::NMinusOne(outcome) => !outcome.broken.is_empty(),
        Done::Broken(..) => true,
        Done::Single(..) => false,
    }
}

/// The numbers of the runs so far, by seed.
fn values(scenario: &Scenario, done: &[Done]) -> Vec<RunValues> {
    let (mut mains, mut singles): (BTreeMap<u64, &RunMeasures>, BTreeMap<u64, f64>) = Default::default();
    for done in done {
        match done {
            Done::Main(outcome) => {
                mains.insert(outcome.seed, &outcome.measures);
            }
            Done::Single(_, totals) => {
                singles.insert(totals.seed, totals.total);
            }
            Done::NMinusOne(_) | Done::Broken(..) => {}
        }
    }
    let (mains, totals): (Vec<_>, Vec<_>) = (mains.into_values().collect(), singles.into_values().collect());
    let totals = Some(totals).filter(|totals| totals.len() == mains.len());
    of_runs(&run::frame(scenario, false), &mains, totals.as_deref())
}

#[cfg(test)]
mod tests {
    use super::super::{Silent, run, run_until};
    use super::*;
    use crate::run::Keep;
    use crate::scenario::file::{Overrides, read};
    use crate::scenario::setting::Setting;
    use std::path::Path;

    fn scenario(runs: u32) -> Scenario {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/home-region-outage.toml");
        let settings = [Setting::new("load.*.pushesPerDay", "60")];
        let overrides = Overrides { runs: Some(runs), settings: &settings, ..Overrides::default() };
        read(&path, overrides).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn rounds_come_to_what_as_many_runs_from_the_start_come_to() {
        let until = |half_width, most| {
            let until = Until { half_width, most };
            run_until(&scenario(2), Some(until), Keep::default(), &Silent).report.summary
        };
        // The first look is at 10 runs, the next at 20, and the cap cuts the third round.
        let capped = until(1e-6, 23);
        let told = capped.precision.clone().expect("asked for");
        assert!(!told.reached && told.half_width.is_some_and(|share| share > 1e-6), "{told:?}");
        let plain = run(&scenario(23), Keep::default(), &Silent).report.summary;
        assert_eq!(capped.seeds, plain.seeds);
        assert_eq!(capped.digest, plain.digest);
        assert_eq!(capped.objectives, plain.objectives);
        assert_eq!((capped.cost, capped.n_minus_one), (plain.cost, plain.n_minus_one));
        assert!(plain.precision.is_none());

        let easy = until(10.0, 200);
        assert_eq!((easy.seeds.len(), easy.precision.map(|told| told.reached)), (10, Some(true)));
    }
}
