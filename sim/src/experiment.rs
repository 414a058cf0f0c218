//! A scenario's runs, and the runs it is held against: the best single region, and its worst hour without its largest
//! region. Knows which simulations a report needs; must not know files or terminals.

pub mod batch;
mod n_minus_one;
#[cfg(test)]
mod noise;
mod rounds;
pub mod tune;
pub mod warm_up;

use crate::checker::Broken;
use crate::digest::Digest;
use crate::run::{self, Keep, Outcome};
use crate::scenario::Scenario;
use crate::scenario::file::quoted;
use n_minus_one::Lesser;
use rayon::prelude::*;
pub use rounds::Until;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tidegate_core::Policy;
use tidegate_core::id::RegionId;
use tidegate_core::policy::Order;
use tidegate_reports::fold::{CostComponent, RunMeasures};
use tidegate_reports::frame::Frame;
use tidegate_reports::model::{Engine, FaultSpan, Program, Report};
use tidegate_reports::regression;
use tidegate_reports::summary::{Baseline, summarize};
use tidegate_reports::values::{kept, of_runs, runs_beyond};

/// What came of a scenario.
#[derive(Debug)]
pub struct Experiment {
    /// Everything to show.
    pub report: Report,
    /// Broken promises by seed: bugs, not missed objectives.
    pub broken: Vec<(u64, Broken)>,
    /// The first run's rows and decisions, if kept.
    pub first: Option<Outcome>,
}

/// Told after each simulation.
pub trait Progress: Sync {
    /// So many simulations are to be done in all.
    fn begin(&self, simulations: u64);
    /// One is done.
    fn done(&self);
    /// So many more are to be done than were told.
    fn more(&self, _simulations: u64) {}
}

/// Nobody looks.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _simulations: u64) {}
    fn done(&self) {}
}

/// One simulation to be done.
enum Work {
    Main(u64),
    NMinusOne(u64),
    Single(RegionId, u64),
}

enum Done {
    Main(Box<Outcome>),
    NMinusOne(Box<Outcome>),
    Single(RegionId, Totals),
    Broken(u64, Broken),
}

/// What is kept of a run in a single region.
#[derive(Clone, Debug)]
struct Totals {
    seed: u64,
    total: f64,
    components: BTreeMap<String, f64>,
    events: u64,
}

/// Orders the regions as the policy asks: by round trip, by price, or by priority (as they are).
pub fn order_regions(scenario: &mut Scenario) {
    let mut policy = Policy::clone(&scenario.policy);
    let world = Arc::clone(&scenario.world);
    let names: Vec<String> = policy.regions.iter().map(|region| region.name.clone()).collect();
    let spec = |id: RegionId| &world.regions[&names[id.index()]];
    match policy.spillover.order {
        Order::Priority => policy.set_order(|_, other| u64::from(other.0)),
        Order::Latency => policy.set_order(|home, other| {
            let rtt = spec(home).rtt.get(&names[other.index()]).copied().unwrap_or(1.0);
            (rtt * 1e6) as u64
        }),
        Order::Cost => policy.set_order(|_, other| {
            let prices = &spec(other).prices;
            ((2.0 * prices.vcpu_hour + 4.0 * prices.gb_hour) * 1e9) as u64
        }),
    }
    scenario.policy = Arc::new(policy);
}

/// Runs a scenario and all it is held against. Results do not depend on the number of threads.
#[must_use]
pub fn run(scenario: &Scenario, keep: Keep, progress: &dyn Progress) -> Experiment {
    run_until(scenario, None, keep, progress)
}

/// The same, and with `until` as many further seeds as it asks for: what comes of it is that of as many runs from the start.
#[must_use]
pub fn run_until(scenario: &Scenario, until: Option<Until>, keep: Keep, progress: &dyn Progress) -> Experiment {
    let mut scenario = scenario.clone();
    order_regions(&mut scenario);
    scenario.runs = until.map_or(scenario.runs, |until| until.first(scenario.runs));
    let seeds: Vec<u64> = (0..u64::from(scenario.runs)).map(|n| scenario.seed + n).collect();
    // In world `ideal` nothing has a price, and nothing is lost.
    let priced = !scenario.world.ideal;
    let several = scenario.policy.regions.len() > 1 && priced;
    let lesser = several.then(|| n_minus_one::without_largest(&scenario));
    let singles: Vec<RegionId> = if priced { scenario.policy.ids().collect() } else { Vec::new() };
    let mut works: Vec<Work> = seeds.iter().map(|seed| Work::Main(*seed)).collect();
    if lesser.as_ref().is_some_and(Lesser::is_judged) {
        works.extend(seeds.iter().take(n_minus_one::RUNS as usize).map(|seed| Work::NMinusOne(*seed)));
    }
    works.extend(singles.iter().map(|region| Work::Single(*region, scenario.seed)));
    let again = if priced { seeds.len() as u64 - 1 } else { 0 };
    progress.begin(works.len() as u64 + again);
    let keep = std::sync::Mutex::new(Some(keep));
    let simulate = |work: &Work| {
        let done = simulate(&scenario, lesser.as_ref(), work, &keep);
        progress.done();
        done
    };
    let mut done: Vec<Done> = works.par_iter().map(simulate).collect();
    if let Some(best) = best_single(&done) {
        let rest: Vec<Work> = seeds.iter().skip(1).map(|seed| Work::Single(best, *seed)).collect();
        let more: Vec<Done> = rest.par_iter().map(simulate).collect();
        done.retain(|done| !matches!(done, Done::Single(region, _) if *region != best));
        done.extend(more);
    }
    let best = best_single(&done);
    let mut runs = scenario.runs;
    while let Some(more) = until.and_then(|until| until.more(&scenario, runs, &done)) {
        let seeds = (u64::from(runs)..u64::from(runs + more)).map(|n| scenario.seed + n);
        let works: Vec<Work> = seeds
            .flat_map(|seed| [Some(Work::Main(seed)), best.map(|best| Work::Single(best, seed))])
            .flatten()
            .collect();
        progress.more(works.len() as u64);
        done.par_extend(works.par_iter().map(simulate));
        runs += more;
    }
    scenario.runs = runs;
    let mut out = assemble(&scenario, lesser.as_ref(), done, progress);
    out.report.summary.precision = until.map(|until| until.told(&scenario, out.report.summary.runs.values()));
    out
}

fn simulate(scenario: &Scenario, lesser: Option<&Lesser>, work: &Work, keep: &std::sync::Mutex<Option<Keep>>) -> Done {
    let asked = || lesser.expect("only asked for with one");
    let (scenario, seed) = match work {
        Work::Main(seed) => (scenario.clone(), *seed),
        Work::NMinusOne(seed) => (asked().scenario.clone(), *seed),
        Work::Single(region, seed) => (single_region(scenario, *region), *seed),
    };
    let first = matches!(work, Work::Main(seed) if *seed == scenario.seed);
    let keep =
        if first { keep.lock().ok().and_then(|mut keep| keep.take()).unwrap_or_default() } else { Keep::default() };
    let frame = match work {
        Work::NMinusOne(_) => asked().frame(),
        Work::Main(_) | Work::Single(..) => run::frame(&scenario, first),
    };
    match caught(&scenario, || run::run(&scenario, seed, &frame, keep)) {
        Ok(outcome) => match work {
            Work::Main(_) => Done::Main(Box::new(outcome)),
            Work::NMinusOne(_) => Done::NMinusOne(Box::new(outcome)),
            Work::Single(region, _) => Done::Single(*region, totals(seed, &outcome)),
        },
        Err(broken) => Done::Broken(seed, broken),
    }
}

/// A simulation's outcome, or the assertion that ended it.
fn caught(scenario: &Scenario, simulate: impl FnOnce() -> Outcome) -> Result<Outcome, Broken> {
    catch_unwind(AssertUnwindSafe(simulate)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let what = text.unwrap_or_else(|| "the simulation stopped without a word".to_owned());
        Broken { invariant: "assertion", at: scenario.start, what }
    })
}

fn totals(seed: u64, outcome: &Outcome) -> Totals {
    let ledger = outcome.measures.ledger();
    let components = CostComponent::ALL.iter().map(|c| (c.name().to_owned(), ledger.component(*c))).collect();
    Totals { seed, total: outcome.measures.cost_total(), components, events: outcome.events }
}

/// The cheapest single region under the first seed; ties by id.
fn best_single(done: &[Done]) -> Option<RegionId> {
    let single = |done: &Done| match done {
        Done::Single(region, totals) => Some((totals.total, *region)),
        Done::Main(_) | Done::NMinusOne(_) | Done::Broken(..) => None,
    };
    best_of(done.iter().filter_map(single)).map(|best| best.1)
}

/// The cheapest; ties by id.
fn best_of(totals: impl Iterator<Item = (f64, RegionId)>) -> Option<(f64, RegionId)> {
    totals.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
}

/// The same load in one region that has the runners of all, with nothing broken.
fn single_region(scenario: &Scenario, region: RegionId) -> Scenario {
    let mut only = scenario.policy.region(region).clone();
    only.max_runners = scenario.policy.regions.iter().map(|region| region.max_runners).sum();
    only.max_vcpu_milli = None;
    let old = &scenario.policy;
    let mut policy = Policy::of_regions(vec![only]);
    policy.spillover = old.spillover.clone();
    policy.sticky = old.sticky.clone();
    policy.launch = old.launch.clone();
    policy.github = old.github.clone();
    policy.failover = old.failover.clone();
    policy.caps = old.caps.clone();
    policy.cache = old.cache;
    Scenario { policy: Arc::new(policy), faults: Vec::new(), objectives: Vec::new(), ..scenario.clone() }
}

fn assemble(scenario: &Scenario, lesser: Option<&Lesser>, done: Vec<Done>, progress: &dyn Progress) -> Experiment {
    let (mut mains, mut lessers, mut singles, mut broken) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for done in done {
        match done {
            Done::Main(outcome) => mains.push(outcome),
            Done::NMinusOne(outcome) => lessers.push(*outcome),
            Done::Single(region, totals) => singles.push((region, totals)),
            Done::Broken(seed, what) => broken.push((seed, what)),
        }
    }
    mains.sort_by_key(|outcome| outcome.seed);
    lessers.sort_by_key(|outcome| outcome.seed);
    singles.sort_by_key(|(_, totals)| totals.seed);
    for outcome in mains.iter_mut().map(|outcome| &mut **outcome).chain(&mut lessers) {
        let seed = outcome.seed;
        broken.extend(outcome.broken.drain(..).map(|what| (seed, what)));
    }
    let events = mains.iter().map(|o| o.events).sum::<u64>()
        + lessers.iter().map(|o| o.events).sum::<u64>()
        + singles.iter().map(|(_, totals)| totals.events).sum::<u64>();
    let frame = run::frame(scenario, true);
    let baseline = baseline(scenario, &singles).filter(|baseline| baseline.totals.len() == mains.len());
    let (digest, ran) = (digest(&mains), mains.iter().map(|outcome| outcome.seed).collect::<Vec<_>>());
    let mut mains = mains.into_iter().map(|outcome| *outcome);
    let mut first = mains.next();
    let mut measures: Vec<RunMeasures> = Vec::new();
    if let Some(first) = &mut first {
        measures.push(std::mem::replace(
            &mut first.measures,
            RunMeasures::new(&Frame::new(Vec::new(), Vec::new(), scenario.start, scenario.start)),
        ));
    }
    measures.extend(mains.map(|outcome| outcome.measures));
    let mut report = summarize(&frame, &measures, baseline.as_ref(), &scenario.objectives);
    let found = lesser.map_or_else(n_minus_one::alone, |lesser| n_minus_one::verdict(lesser, lessers, progress));
    report.summary.n_minus_one = found.verdict;
    broken.extend(found.broken);
    let totals = baseline.as_ref().map(|baseline| baseline.totals.as_slice());
    let asked = regression::quantities(&scenario.objectives);
    report.summary.runs = ran.into_iter().zip(kept(&asked, of_runs(&frame, &measures, totals))).collect();
    for (judged, objective) in report.summary.objectives.iter_mut().zip(&scenario.objectives) {
        judged.runs_beyond = runs_beyond(objective, report.summary.runs.values());
    }
    report.summary.digest = digest;
    report.summary.engine = Engine { events: events + found.events, ..Engine::default() };
    name(scenario, &mut report);
    report.faults = first.as_ref().map_or_else(Vec::new, |first| fault_spans(scenario, first));
    Experiment { report, broken, first }
}

/// This program.
#[must_use]
pub fn program() -> Program {
    Program { version: env!("CARGO_PKG_VERSION").to_owned(), commit: env!("TIDEGATE_COMMIT").to_owned() }
}

/// Whose report it is.
fn name(scenario: &Scenario, report: &mut Report) {
    let summary = &mut report.summary;
    summary.tidegate = program();
    summary.scenario = scenario.input.clone();
    summary.policy = scenario.policy_input.clone();
    summary.about = scenario.about.clone();
    summary.seeds = (0..u64::from(scenario.runs)).map(|n| scenario.seed + n).collect();
    report.reproduce = format!(
        "tidegate run {}{} --runs {} --seed {}",
        quoted(&scenario.input.path),
        scenario.over,
        scenario.runs,
        scenario.seed
    );
}

fn digest(mains: &[Box<Outcome>]) -> String {
    let mut digest = Digest::default();
    for outcome in mains {
        digest.word(outcome.seed);
        outcome.digest.bytes().for_each(|byte| digest.word(u64::from(byte)));
    }
    digest.text()
}

fn baseline(scenario: &Scenario, singles: &[(RegionId, Totals)]) -> Option<Baseline> {
    let region = scenario.policy.region(singles.first()?.0).name.clone();
    let mut components: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (_, totals) in singles {
        for (name, usd) in &totals.components {
            components.entry(name.clone()).or_default().push(*usd);
        }
    }
    Some(Baseline { region, totals: singles.iter().map(|(_, totals)| totals.total).collect(), components })
}

fn fault_spans(scenario: &Scenario, first: &Outcome) -> Vec<FaultSpan> {
    let seconds = |at: tidegate_core::Timestamp| at.since(scenario.start).as_secs_f64();
    let span = |strike: &crate::world::faults::Strike| FaultSpan {
        region: strike.region.map_or_else(String::new, |region| scenario.policy.region(region).name.clone()),
        kind: crate::world::faults::name(&strike.kind).to_owned(),
        from: seconds(strike.from),
        to: seconds(strike.to),
    };
    first.strikes.iter().map(span).collect()
}
