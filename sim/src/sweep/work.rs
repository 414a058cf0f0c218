//! Simulates the points of a shard: points times seeds over all threads, each finished point kept at once. Knows what is
//! done already; must not know what is made of the results.

use super::Fail;
use super::plan::{Plan, Planned, hash_of};
use super::record::{About, Record};
use super::shard::Shard;
use super::store::Store;
use crate::checker::Broken;
use crate::experiment::batch::{self, Singles};
use crate::experiment::{Progress, order_regions};
use crate::run::Outcome;
use crate::scenario::Scenario;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use tidegate_reports::sweep::Point;

/// Points that are the same to the last bit: they are simulated once.
struct Group<'a> {
    members: Vec<(u32, &'a Planned)>,
    underway: Mutex<Underway>,
}

/// What is there of a group that is being simulated.
#[derive(Default)]
struct Underway {
    /// Read by the first run, dropped with the last.
    scenario: Option<Arc<Scenario>>,
    /// By seed.
    outcomes: Vec<Option<Result<Outcome, Broken>>>,
}

/// What came of a shard.
#[derive(Debug)]
pub struct Done {
    /// Its points, by index.
    pub points: Vec<Point>,
    /// Broken invariants: point, seed, and words.
    pub broken: Vec<(u32, u64, String)>,
    /// How many of the points were there already.
    pub found: usize,
}

/// Simulates what of a shard is not yet in the store, and gives all of its points. The result depends neither on the number
/// of threads nor on what was there.
///
/// # Errors
/// When something cannot be kept, or a file was changed meanwhile. Points that are finished by then are kept.
pub fn work(plan: &Plan, shard: Shard, store: &dyn Store, progress: &dyn Progress) -> Result<Done, Fail> {
    let groups = groups(plan, shard);
    let there: BTreeSet<String> = store.names("points")?.into_iter().collect();
    let (old, new): (Vec<_>, Vec<_>) =
        groups.into_iter().partition(|(hash, _)| there.contains(&format!("{hash}.json")));
    let again = |(hash, group): &(&str, Group<'_>)| -> Result<Option<Finished>, Fail> {
        let bytes = store.get(&Record::name(hash))?.unwrap_or_default();
        Ok(Record::of(&bytes, hash).map(|record| finish(plan, group, &record)))
    };
    let read: Vec<Result<Option<Finished>, Fail>> = old.par_iter().map(again).collect();
    let (mut finished, mut todo) = (Vec::new(), new);
    for (read, group) in read.into_iter().zip(old) {
        match read? {
            Some(done) => finished.push(done),
            None => todo.push(group), // cut off, or not ours
        }
    }
    let found = finished.iter().map(|done: &Finished| done.points.len()).sum();
    finished.extend(simulate(plan, &todo, store, progress)?);
    let broken = finished.iter_mut().flat_map(|done| std::mem::take(&mut done.broken)).collect::<BTreeSet<_>>();
    let mut points: Vec<Point> = finished.into_iter().flat_map(|done| done.points).collect();
    points.sort_by_key(|point| point.index);
    Ok(Done { points, broken: broken.into_iter().collect(), found })
}

fn groups(plan: &Plan, shard: Shard) -> Vec<(&str, Group<'_>)> {
    let mut groups: BTreeMap<&str, Vec<(u32, &Planned)>> = BTreeMap::new();
    let mine = (0..).zip(&plan.points).filter(|(index, _)| shard.takes(*index));
    mine.for_each(|(index, point)| groups.entry(&point.hash).or_default().push((index, point)));
    let mut groups: Vec<_> =
        groups.into_iter().map(|(hash, members)| (hash, Group { members, underway: Mutex::default() })).collect();
    groups.sort_by_key(|(_, group)| group.members[0].0);
    groups
}

/// A group with its runs judged.
struct Finished {
    points: Vec<Point>,
    broken: Vec<(u32, u64, String)>,
}

fn finish(plan: &Plan, group: &Group<'_>, record: &Record) -> Finished {
    let point = |(index, planned): &(u32, &Planned)| {
        let (objectives, reproduce) = (&planned.objectives[..], planned.reproduce.clone());
        let about = About { objectives, show: &plan.head.map.show, reproduce };
        record.point(*index, planned.place.clone(), &about)
    };
    let first = group.members[0].0;
    let broken = record.broken.iter().map(|(seed, what)| (first, *seed, what.clone()));
    Finished { points: group.members.iter().map(point).collect(), broken: broken.collect() }
}

fn simulate(
    plan: &Plan,
    groups: &[(&str, Group<'_>)],
    store: &dyn Store,
    progress: &dyn Progress,
) -> Result<Vec<Finished>, Fail> {
    let seeds = &plan.head.seeds;
    let runs = (groups.len() * seeds.len()) as u64;
    let (singles, extra) = baselines_there(plan, groups, store)?;
    progress
        .begin(runs + extra.iter().map(|(_, scenario)| batch::simulations_of_singles(scenario, seeds)).sum::<u64>());
    let singles = all_singles(singles, extra, seeds, store, progress)?;
    let done: Vec<Mutex<Option<Finished>>> = groups.iter().map(|_| Mutex::default()).collect();
    // One list of all runs: a thread goes on with the next run, of whichever point, and none waits for a point's last.
    (0..groups.len() * seeds.len()).into_par_iter().try_for_each(|n| -> Result<(), Fail> {
        let ((hash, group), seed) = (&groups[n / seeds.len()], n % seeds.len());
        let scenario = group.scenario(plan)?;
        let outcome = batch::outcome(&scenario, seeds[seed]);
        progress.done();
        let Some(outcomes) = group.take(seed, seeds.len(), outcome) else { return Ok(()) };
        let planned = group.members[0].1;
        let single = planned.baseline.as_ref().and_then(|baseline| singles.get(baseline)).and_then(Option::as_ref);
        let batch = batch::gather(&scenario, seeds, outcomes, single);
        let settings = planned.settings.iter().map(ToString::to_string).collect();
        let record = Record::new(hash, settings, batch);
        store.put(&Record::name(hash), &record.bytes())?;
        if let Ok(mut slot) = done[n / seeds.len()].lock() {
            *slot = Some(finish(plan, group, &record));
        }
        Ok(())
    })?;
    Ok(done.into_iter().filter_map(|slot| slot.into_inner().ok().flatten()).collect())
}

impl Group<'_> {
    /// The scenario of its points, read once.
    fn scenario(&self, plan: &Plan) -> Result<Arc<Scenario>, Fail> {
        let mut underway = self.underway.lock().map_err(|_| changed("a thread stopped"))?;
        if let Some(scenario) = &underway.scenario {
            return Ok(Arc::clone(scenario));
        }
        let planned = self.members[0].1;
        let mut scenario = plan.read(planned)?;
        if hash_of(&scenario, planned.baseline.as_deref()) != planned.hash {
            return Err(changed("the scenario or a file that it names was changed meanwhile; start again"));
        }
        order_regions(&mut scenario);
        Ok(Arc::clone(underway.scenario.insert(Arc::new(scenario))))
    }

    /// Takes an outcome; the last one gives them all, by seed.
    fn take(&self, seed: usize, all: usize, outcome: Result<Outcome, Broken>) -> Option<Vec<Result<Outcome, Broken>>> {
        let mut underway = self.underway.lock().ok()?;
        underway.outcomes.resize_with(all, || None);
        underway.outcomes[seed] = Some(outcome);
        if underway.outcomes.iter().any(Option::is_none) {
            return None;
        }
        std::mem::take(&mut *underway).outcomes.into_iter().collect()
    }
}

fn changed(what: &str) -> Fail {
    Fail::Input(what.to_owned())
}

type KnownSingles = BTreeMap<String, Option<Singles>>;

/// What of the baselines is in the store, and the scenarios of those that are not.
fn baselines_there(
    plan: &Plan,
    groups: &[(&str, Group<'_>)],
    store: &dyn Store,
) -> Result<(KnownSingles, Vec<(String, Scenario)>), Fail> {
    let (mut known, mut missing) = (KnownSingles::new(), BTreeMap::new());
    for (_, group) in groups {
        let planned = group.members[0].1;
        let Some(hash) = planned.baseline.as_ref().filter(|hash| !known.contains_key(*hash)) else { continue };
        if missing.contains_key(hash) {
            continue;
        }
        let bytes = store.get(&baseline_name(hash))?;
        match bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            Some(singles) => drop(known.insert(hash.clone(), singles)),
            None => drop(missing.insert(hash.clone(), plan.baseline(planned)?)),
        }
    }
    Ok((known, missing.into_iter().collect()))
}

fn all_singles(
    mut known: KnownSingles,
    missing: Vec<(String, Scenario)>,
    seeds: &[u64],
    store: &dyn Store,
    progress: &dyn Progress,
) -> Result<KnownSingles, Fail> {
    for (hash, scenario) in missing {
        let singles = batch::singles(&scenario, seeds, progress);
        store.put(&baseline_name(&hash), &serde_json::to_vec(&singles).expect("nothing that can fail"))?;
        known.insert(hash, singles);
    }
    Ok(known)
}

fn baseline_name(hash: &str) -> String {
    format!("baselines/{hash}.json")
}
