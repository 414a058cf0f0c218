//! What commands over several scenarios have in common: reading all of them, their warm-up, and threads. Knows that mistakes are told at
//! once; must not know what is done with a scenario.

use super::End;
use crate::experiment::warm_up;
use crate::scenario::Scenario;
use crate::scenario::file::{self, Overrides};
use std::path::PathBuf;
use tidegate_core::document::duration_text;

/// More threads than any machine has processors only take memory.
const MOST_THREADS: usize = 1_024;

/// Reads scenarios, and tells all mistakes of all files; `None` when there are any: nothing is done on half of the input.
pub(super) fn read_all(paths: &[PathBuf], overrides: Overrides<'_>) -> Option<Vec<Scenario>> {
    let read: Vec<_> = paths.iter().map(|path| file::read(path, overrides)).collect();
    let mut scenarios = Vec::new();
    for scenario in read {
        match scenario {
            Ok(scenario) => {
                warn(&scenario);
                scenarios.push(scenario);
            }
            Err(error) => eprintln!("{error}"),
        }
    }
    (scenarios.len() == paths.len()).then_some(scenarios)
}

/// Says what was left out or made up of a scenario's loads.
pub(super) fn warn(scenario: &Scenario) {
    scenario.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
}

/// Finds the warm-up of each scenario that asks for it, and says what was found; `false` where one does not settle. What is
/// found stands in the lines that reproduce, as if it had been given.
pub(super) fn find_warm_ups(scenarios: &mut [Scenario]) -> bool {
    let mut settled = true;
    for scenario in scenarios.iter_mut().filter(|scenario| scenario.warm_up_auto) {
        match warm_up::find(scenario) {
            Ok(found) => {
                eprintln!(
                    "{}: warm-up of {found}, found by MSER-5 in {} pilot runs",
                    scenario.input.name,
                    warm_up::PILOTS
                );
                scenario.warm_up = found;
                scenario.warm_up_auto = false;
                scenario.over += &format!(" --set warmUp={}", duration_text(found));
            }
            Err(error) => {
                eprintln!("{}: {error}", scenario.input.path);
                settled = false;
            }
        }
    }
    settled
}

/// Threads, as many as asked for.
pub(super) fn threads(count: Option<usize>) -> Result<rayon::ThreadPool, End> {
    if let Some(count) = count.filter(|count| *count > MOST_THREADS) {
        eprintln!(
            "tidegate: --threads {count}: expected {MOST_THREADS} at the most, or 0 for as many as there are processors"
        );
        return Err(End::Input);
    }
    rayon::ThreadPoolBuilder::new().num_threads(count.unwrap_or(0)).build().map_err(|error| {
        eprintln!("tidegate: cannot start threads: {error}");
        End::Environment
    })
}
