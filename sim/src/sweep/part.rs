//! A shard's share of the results, and how shares become one. Knows which belong together; must not know how points were
//! simulated.

use super::Fail;
use super::hash::program;
use super::plan::Plan;
use super::shard::Shard;
use super::store::Store;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tidegate_reports::model::Program;
use tidegate_reports::sweep::{Point, Sweep};
use tidegate_reports::{chart, export, html};

/// `part-I-of-N.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// 1.
    pub schema: u32,
    /// Which shard, from 0.
    pub index: u32,
    /// Of how many.
    pub count: u32,
    /// The hash of all points of the sweep, those of other shards too.
    pub inputs: String,
    /// How many points the sweep has, those of other shards too.
    pub of_points: u32,
    /// What is told of the sweep, with the points of this shard alone.
    pub sweep: Sweep,
}

impl Part {
    /// Of the points of a shard.
    #[must_use]
    pub fn new(plan: &Plan, shard: Shard, points: Vec<Point>) -> Self {
        Self {
            schema: 1,
            index: shard.index,
            count: shard.count,
            inputs: plan.hash.clone(),
            of_points: u32::try_from(plan.points.len()).unwrap_or(u32::MAX),
            sweep: Sweep { points, ..plan.head.clone() },
        }
    }

    /// Under which name it is kept.
    #[must_use]
    pub fn name(&self) -> String {
        format!("part-{}-of-{}.json", self.index, self.count)
    }

    /// Keeps it.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn put(&self, store: &dyn Store) -> Result<(), Fail> {
        let bytes = serde_json::to_vec(self).expect("text keys and nothing that can fail");
        Ok(store.put(&self.name(), &bytes)?)
    }
}

/// Joins the parts in a store into one sweep, the same as one process would have come to.
///
/// # Errors
/// When parts are missing, of different sweeps or of different programs, or no parts at all: in words that say which.
pub fn collect(store: &dyn Store) -> Result<Sweep, Fail> {
    let names: Vec<String> = store.names("")?.into_iter().filter(|name| is_part(name)).collect();
    let fail = |why: String| Err(Fail::Input(why));
    if names.is_empty() {
        return fail(format!(
            "{}: holds no part-I-of-N.json; expected what `tidegate sweep --shard I/N` wrote",
            store.place("")
        ));
    }
    let mut parts = BTreeMap::new();
    for name in &names {
        let bytes = store.get(name)?.unwrap_or_default();
        match serde_json::from_slice::<Part>(&bytes) {
            Ok(part) if part.schema == 1 && part.name() == *name => drop(parts.insert(part.index, part)),
            Ok(part) => {
                return fail(format!("{}: says that it is {}; was it renamed?", store.place(name), part.name()));
            }
            Err(error) => {
                return fail(format!("{}: is no part of a sweep ({error}); run that shard again", store.place(name)));
            }
        }
    }
    if parts.len() < names.len() {
        return fail(format!(
            "{}: holds parts of several counts of shards ({}); remove those that are not wanted",
            store.place(""),
            names.join(", ")
        ));
    }
    let parts: Vec<Part> = parts.into_values().collect();
    belong_together(&parts).map_err(|why| Fail::Input(format!("{}: {why}", store.place(""))))?;
    let mut sweep = parts[0].sweep.clone();
    sweep.points = parts.into_iter().flat_map(|part| part.sweep.points).collect();
    sweep.points.sort_by_key(|point| point.index);
    Ok(sweep)
}

fn is_part(name: &str) -> bool {
    name.starts_with("part-") && std::path::Path::new(name).extension().is_some_and(|end| end == "json")
}

/// What is wrong with parts that are there, by index.
fn belong_together(parts: &[Part]) -> Result<(), String> {
    let first = &parts[0];
    let count = first.count;
    if let Some(other) = parts.iter().find(|part| part.count != count) {
        return Err(format!(
            "holds {} and {}: shards of two counts; remove those that are not wanted",
            first.name(),
            other.name()
        ));
    }
    let said = |part: &Part| format!("{} was made by {}", part.name(), version(&part.sweep.tidegate));
    if let Some(other) = parts.iter().find(|part| part.sweep.tidegate != first.sweep.tidegate) {
        return Err(format!("{} and {}; run all shards with one program", said(first), said(other)));
    }
    if first.sweep.tidegate != program() {
        return Err(format!(
            "{}, and this is {}; collect with the program that made the parts",
            said(first),
            version(&program())
        ));
    }
    if let Some(other) = parts.iter().find(|part| part.inputs != first.inputs) {
        return Err(format!(
            "{} and {} are of different inputs (scenario, its files, axes or seeds); run all shards with the same",
            first.name(),
            other.name()
        ));
    }
    let there: Vec<u32> = parts.iter().map(|part| part.index).collect();
    let missing: Vec<String> =
        (0..count).filter(|index| !there.contains(index)).map(|index| format!("{index}/{count}")).collect();
    if !missing.is_empty() {
        let (s, are) = if missing.len() == 1 { ("", "is") } else { ("s", "are") };
        return Err(format!(
            "shard{s} {} {are} missing; run `tidegate sweep ... --shard I/N` for each of them",
            list(&missing)
        ));
    }
    let points: usize = parts.iter().map(|part| part.sweep.points.len()).sum();
    if points != first.of_points as usize {
        return Err(format!("{points} points, and {} were expected: a part was changed", first.of_points));
    }
    Ok(())
}

/// As many as a person reads.
fn list(missing: &[String]) -> String {
    const MOST: usize = 20;
    let shown = missing[..missing.len().min(MOST)].join(", ");
    if missing.len() > MOST { format!("{shown} and {} more", missing.len() - MOST) } else { shown }
}

fn version(program: &Program) -> String {
    format!("tidegate {} ({})", program.version, program.commit)
}

/// Writes what is made of a sweep: `sweep.csv`, `sweep.json`, charts, and the page last, whose place it gives.
///
/// # Errors
/// When a file cannot be kept.
pub fn write(store: &dyn Store, sweep: &Sweep) -> Result<String, Fail> {
    store.put("sweep.csv", export::csv::sweep_csv(sweep).as_bytes())?;
    store.put("sweep.json", export::json::sweep_json(sweep).as_bytes())?;
    for (name, svg) in chart::sweep::all(sweep) {
        store.put(&format!("charts/{name}"), svg.as_bytes())?;
    }
    store.put("index.html", html::sweep::page(sweep).as_bytes())?;
    Ok(store.place("index.html"))
}
