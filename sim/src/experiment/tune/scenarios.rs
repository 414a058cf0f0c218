//! Scenarios as a problem to search. Knows which simulations a sample takes; must not know how candidates are found.

use super::Problem;
use super::sample::{Constraint, Sample};
use crate::experiment::Progress;
use crate::experiment::batch::{Singles, batch, needs_singles, singles};
use crate::scenario::Scenario;
use crate::scenario::file::{Overrides, ReadError, quoted, read};
use crate::scenario::setting::Setting;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use tidegate_core::policy::Policy;
use tidegate_reports::objective::Objective;
use tidegate_reports::values::{Quantity, RunValues};

/// What is minimised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Minimized {
    /// A quantity that is measured.
    Measured(Quantity),
    /// Runners that all regions together may have, which is known without a simulation.
    MaxRunners,
}

impl Minimized {
    /// Of a name: `cost`, `start.p95`, `maxRunners`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == "maxRunners" { Some(Self::MaxRunners) } else { Quantity::named(name).map(Self::Measured) }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Measured(quantity) => quantity.key(),
            Self::MaxRunners => "maxRunners".to_owned(),
        }
    }

    /// `s`, `share`, `USD`, `ratio` or `count`.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Measured(quantity) => quantity.unit(),
            Self::MaxRunners => "count",
        }
    }

    fn of(&self, scenario: &Scenario, values: &RunValues) -> Option<f64> {
        match self {
            Self::Measured(quantity) => values.get(&quantity.key()).filter(|found| !found.at_least).map(|v| v.value),
            Self::MaxRunners => Some(runners(&scenario.policy)),
        }
    }
}

fn runners(policy: &Policy) -> f64 {
    policy.regions.iter().map(|region| f64::from(region.max_runners)).sum()
}

/// One or more scenarios under one policy.
pub struct Scenarios<'a> {
    files: Vec<PathBuf>,
    /// What the command line says over the files, before a candidate's own settings.
    over: Overrides<'a>,
    /// As the files say.
    base: Vec<Scenario>,
    minimized: Minimized,
    constraints: Vec<Constraint>,
    /// By constraint: its scenario and its objective.
    objectives: Vec<(usize, Objective)>,
    progress: &'a dyn Progress,
    /// By scenario and seed: what the load costs in the best single region, under the scenario's own policy.
    yardsticks: Mutex<BTreeMap<(usize, u64), f64>>,
    /// The seed of run 0, for all scenarios.
    first: u64,
}

impl std::fmt::Debug for Scenarios<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scenarios").field("files", &self.files).finish_non_exhaustive()
    }
}

impl<'a> Scenarios<'a> {
    /// Of scenarios that were read, with what was put over their files.
    #[must_use]
    pub fn new(base: &[Scenario], over: Overrides<'a>, minimized: Minimized, progress: &'a dyn Progress) -> Self {
        let several = base.len() > 1;
        let all = base
            .iter()
            .enumerate()
            .flat_map(|(at, scenario)| scenario.objectives.iter().map(move |objective| (at, objective.clone())));
        let objectives: Vec<(usize, Objective)> = all.collect();
        let constraint = |(at, objective): &(usize, Objective)| {
            let quantity = Quantity::of_objective(objective);
            let words = quantity.map_or_else(|| objective.measure.clone(), |quantity| quantity.words());
            let name = if several { format!("{}: {words}", base[*at].input.name) } else { words };
            let unit = quantity.map_or("", |quantity| quantity.unit()).to_owned();
            Constraint { name, unit, bound: objective.bound, limit: objective.limit }
        };
        Self {
            files: base.iter().map(|scenario| PathBuf::from(&scenario.input.path)).collect(),
            over,
            base: base.to_vec(),
            minimized,
            constraints: objectives.iter().map(constraint).collect(),
            objectives,
            progress,
            yardsticks: Mutex::default(),
            first: base.first().map_or(1, |scenario| scenario.seed),
        }
    }

    /// The seed of a run.
    #[must_use]
    pub const fn seed(&self, run: u64) -> u64 {
        self.first + run
    }

    /// Simulations that `costRatio` took beside those of the candidates.
    #[must_use]
    pub fn yardsticks(&self) -> u64 {
        self.yardsticks.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    fn read(&self, settings: &[Setting]) -> Result<Vec<Scenario>, ReadError> {
        let all: Vec<Setting> = self.over.settings.iter().chain(settings).cloned().collect();
        let over = Overrides { settings: &all, ..self.over };
        self.files.iter().map(|path| read(path, over)).collect()
    }

    /// Makes sure that there is what `costRatio` is a ratio to, for each of these runs.
    fn measure_yardsticks(&self, runs: &[u64]) {
        for (at, scenario) in self.base.iter().enumerate() {
            let known = |run: &u64| self.yardstick(at, *run).is_some();
            let wanting: Vec<u64> = runs.iter().copied().filter(|run| !known(run)).collect();
            if wanting.is_empty() || !needs_singles(&scenario.objectives) && !self.minimizes_ratio() {
                continue;
            }
            // The region is chosen by the first seed, so that it goes with every call.
            let seeds: Vec<u64> =
                std::iter::once(self.first).chain(wanting.iter().map(|run| self.seed(*run))).collect();
            let Some(Singles { totals, .. }) = singles(scenario, &seeds, &crate::experiment::Silent) else { continue };
            let mut yardsticks = self.yardsticks.lock().unwrap_or_else(PoisonError::into_inner);
            yardsticks.extend(wanting.iter().zip(&totals[1..]).map(|(run, total)| ((at, *run), *total)));
        }
    }

    fn minimizes_ratio(&self) -> bool {
        self.minimized.name() == "costRatio"
    }

    fn yardstick(&self, scenario: usize, run: u64) -> Option<f64> {
        self.yardsticks.lock().unwrap_or_else(PoisonError::into_inner).get(&(scenario, run)).copied()
    }

    /// One run of one scenario of a candidate.
    fn one(&self, at: usize, scenario: &Scenario, run: u64) -> (RunValues, Option<String>) {
        let total = self.yardstick(at, run);
        let singles = total.map(|total| Singles { region: String::new(), totals: vec![total] });
        let done = batch(scenario, &[self.seed(run)], singles.as_ref(), &crate::experiment::Silent);
        self.progress.done();
        let again = || {
            format!("tidegate run {}{} --runs 1 --seed {}", quoted(&scenario.input.path), scenario.over, self.seed(run))
        };
        let broken = done.broken.first().map(|(_, broken)| {
            format!("{} is broken at {}: {}; to see it again: {}", broken.invariant, broken.at, broken.what, again())
        });
        (done.runs.into_iter().next().map(|(_, values)| values).unwrap_or_default(), broken)
    }

    fn sample(&self, scenarios: &[Scenario], runs: &[(RunValues, Option<String>)]) -> Sample {
        let costs = scenarios.iter().zip(runs).map(|(scenario, (values, _))| self.minimized.of(scenario, values));
        let costs: Option<Vec<f64>> = costs.collect();
        let reading =
            |(at, objective): &(usize, Objective)| runs[*at].0.get(&Quantity::of_objective(objective)?.key()).copied();
        Sample {
            // Several scenarios count alike: who thinks one of them more likely gives it more of its time.
            cost: costs.map(|costs| costs.iter().sum::<f64>() / costs.len() as f64),
            readings: self.objectives.iter().map(reading).collect(),
            broken: runs.iter().find_map(|(_, broken)| broken.clone()),
        }
    }
}

impl Problem for Scenarios<'_> {
    fn constraints(&self) -> &[Constraint] {
        &self.constraints
    }

    fn simulations(&self) -> u64 {
        self.base.len() as u64
    }

    fn admit(&self, settings: &[Setting]) -> Result<String, String> {
        let scenarios = self.read(settings).map_err(|error| error.to_string())?;
        Ok(scenarios.iter().map(|scenario| format!("{:?}\n", scenario.policy)).collect())
    }

    fn evaluate(&self, work: &[(&[Setting], Range<u64>)]) -> Vec<Vec<Sample>> {
        let mut runs: Vec<u64> = work.iter().flat_map(|(_, runs)| runs.clone()).collect();
        runs.sort_unstable();
        runs.dedup();
        self.measure_yardsticks(&runs);
        let candidates: Vec<Vec<Scenario>> = work
            .par_iter()
            .map(|(settings, _)| self.read(settings).expect("a candidate was read before it was admitted"))
            .collect();
        let several = self.base.len();
        let each: Vec<(usize, u64, usize)> = work
            .iter()
            .enumerate()
            .flat_map(|(index, (_, runs))| {
                runs.clone().flat_map(move |run| (0..several).map(move |at| (index, run, at)))
            })
            .collect();
        let done: Vec<(RunValues, Option<String>)> =
            each.par_iter().map(|(index, run, at)| self.one(*at, &candidates[*index][*at], *run)).collect();
        let mut done = done.chunks(several);
        let of = |(scenarios, (_, runs)): (&Vec<Scenario>, &(&[Setting], Range<u64>))| {
            let each = runs.clone().map(|_| done.next().expect("a chunk for each run"));
            each.map(|runs| self.sample(scenarios, runs)).collect()
        };
        candidates.iter().zip(work).map(of).collect()
    }
}
