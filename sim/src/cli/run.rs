//! `tidegate run`: scenarios in, a report for each out. Knows which and where to; must not know how a report comes about.

use super::report::{self, Wanted};
use super::{End, RunArgs, inputs};
use crate::scenario::Scenario;
use crate::scenario::file::quoted;
use std::path::{Path, PathBuf};

pub(super) fn run(args: &RunArgs) -> End {
    let overrides = args.over.overrides(args.runs, args.seed);
    let Some(mut scenarios) = inputs::read_all(&args.scenarios, overrides) else { return End::Input };
    // Each report has a folder of its own.
    let twin = |(n, one): (usize, &Scenario)| scenarios[..n].iter().find(|other| other.input.name == one.input.name);
    if let Some(name) = scenarios.iter().enumerate().find_map(twin).map(|scenario| &scenario.input.name) {
        eprintln!(
            "tidegate: two scenarios are called `{name}`, and so would be the folders of their reports: rename one"
        );
        return End::Input;
    }
    let pool = match inputs::threads(args.usual.threads) {
        Ok(pool) => pool,
        Err(end) => return end,
    };
    if !pool.install(|| inputs::find_warm_ups(&mut scenarios)) {
        return End::Input;
    }
    let mut end = End::Well;
    for scenario in &scenarios {
        let folder = folder(args.out.as_deref(), scenario, scenarios.len() > 1);
        let wanted = Wanted {
            folder: &folder,
            again: format!("tidegate run {}{}", quoted(&scenario.input.path), scenario.over),
            until: args.rounds.until(),
            jobs_csv: args.jobs_csv,
            decisions: args.decisions,
            format: args.usual.format,
            quiet: args.usual.quiet,
        };
        end = end.max(pool.install(|| report::one(scenario, &wanted)).unwrap_or_else(|error| {
            eprintln!("tidegate: {error}");
            End::Environment
        }));
    }
    end
}

/// Where a scenario's report goes; `several` share the folder given.
pub(super) fn folder(out: Option<&Path>, scenario: &Scenario, several: bool) -> PathBuf {
    match out {
        Some(out) if several => out.join(&scenario.input.name),
        Some(out) => out.to_owned(),
        None => Path::new("target/tidegate").join(&scenario.input.name),
    }
}
