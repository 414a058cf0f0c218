//! What commands over several scenarios have in common: reading all of them, and threads. Knows that mistakes are told at
//! once; must not know what is done with a scenario.

use super::End;
use crate::scenario::Scenario;
use crate::scenario::file::{self, Overrides};
use std::path::PathBuf;

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

/// Threads, as many as asked for.
pub(super) fn threads(count: Option<usize>) -> Result<rayon::ThreadPool, End> {
    rayon::ThreadPoolBuilder::new().num_threads(count.unwrap_or(0)).build().map_err(|error| {
        eprintln!("tidegate: cannot start threads: {error}");
        End::Environment
    })
}
