//! `tidegate sweep`: many points of a scenario, or a shard of them, or shards joined. Knows where results go and what is
//! printed; must not know how points are made.

mod args;

use super::progress::Bar;
use super::{End, Format, inputs, print};
use crate::sweep::Fail;
use crate::sweep::part::{self, Part};
use crate::sweep::plan::{Ask, Plan};
use crate::sweep::shard::{Asked, Shard};
use crate::sweep::store::{Folder, Store};
use crate::sweep::work::{Done, work};
pub(super) use args::{SWEEP_HELP, SweepArgs};
use std::io::IsTerminal;
use std::path::Path;
use tidegate_reports::export::{json, terminal};
use tidegate_reports::sweep::Sweep;

pub(super) fn sweep(args: &SweepArgs) -> End {
    if let Some(place) = &args.collect {
        return ended(collect(args, place));
    }
    let pool = match inputs::threads(args.usual.threads) {
        Ok(pool) => pool,
        Err(end) => return end,
    };
    ended(pool.install(|| all(args)))
}

fn ended(result: Result<End, Fail>) -> End {
    match result {
        Ok(end) => end,
        Err(Fail::Input(message)) => {
            eprintln!("tidegate: {message}");
            End::Input
        }
        Err(Fail::Store(error)) => {
            eprintln!("tidegate: {error}");
            End::Environment
        }
    }
}

fn collect(args: &SweepArgs, place: &Path) -> Result<End, Fail> {
    let store = store(place)?;
    let sweep = part::collect(&*store)?;
    let page = part::write(&*store, &sweep)?;
    Ok(show(args, &sweep, &page))
}

fn all(args: &SweepArgs) -> Result<End, Fail> {
    let shard = match args.shard {
        None => None,
        Some(Asked::Given(shard)) => Some(shard),
        Some(Asked::Auto) => Some(Shard::of_environment(|name| std::env::var(name).ok()).map_err(Fail::Input)?),
    };
    let plan = Plan::new(ask(args))?;
    plan.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
    let name = &plan.head.scenario.name;
    let default = Path::new("target/tidegate").join(format!("{name}-sweep"));
    let store = store(args.out.as_deref().unwrap_or(&default))?;
    // Before hours of work: may we write there?
    store.probe()?;
    let bar = Bar::new(args.usual.quiet, name.clone());
    let done = work(&plan, shard.unwrap_or(Shard::ALL), &*store, &bar);
    bar.clear();
    let done = done?;
    tell_broken(&plan, &done);
    let end = if done.broken.is_empty() { End::Well } else { End::NotMet };
    match shard {
        Some(shard) => {
            let part = Part::new(&plan, shard, done.points);
            part.put(&*store)?;
            Ok(end.max(show_part(args, &part, done.found, &*store)))
        }
        None => {
            let sweep = Sweep { points: done.points, ..plan.head };
            let page = part::write(&*store, &sweep)?;
            Ok(end.max(show(args, &sweep, &page)))
        }
    }
}

fn ask(args: &SweepArgs) -> Ask {
    Ask {
        scenario: args.scenario.clone().unwrap_or_default(),
        axes: args.axes.clone(),
        hypercube: args.lhs,
        runs: args.runs,
        seed: args.seed,
        policy: args.over.policy.clone(),
        settings: args.over.settings.clone(),
        x: args.x.clone(),
        y: args.y.clone(),
        show: args.show.clone(),
    }
}

/// The place of results: a folder, or a bucket where the program was built for one.
fn store(place: &Path) -> Result<Box<dyn Store>, Fail> {
    match place.to_str().filter(|text| text.starts_with("s3:")) {
        None => Ok(Box::new(Folder::new(place))),
        #[cfg(feature = "s3")]
        Some(address) => Ok(Box::new(crate::sweep::bucket::Bucket::new(address)?)),
        #[cfg(not(feature = "s3"))]
        Some(address) => Err(Fail::Input(format!(
            "{address}: this program was built without S3; build it with `cargo build --release -p tidegate-sim --features s3`, \
             or name a folder"
        ))),
    }
}

fn tell_broken(plan: &Plan, done: &Done) {
    for (point, seed, what) in &done.broken {
        let again = plan.points[*point as usize].reproduce.split(" --runs ").next().unwrap_or_default();
        eprintln!("tidegate: point {point}: {what}");
        eprintln!("  this is a bug; to see it again: {again} --runs 1 --seed {seed}");
    }
}

fn show(args: &SweepArgs, sweep: &Sweep, page: &str) -> End {
    let text = match args.usual.format {
        Format::Text => {
            let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            terminal::sweep(sweep, 100, colour, page)
        }
        Format::Json => json::sweep_line(sweep),
    };
    let end = print(&text);
    if sweep.best().is_some() && sweep.points.iter().all(|point| !point.broken) { end } else { end.max(End::NotMet) }
}

fn show_part(args: &SweepArgs, part: &Part, found: usize, store: &dyn Store) -> End {
    let (points, place) = (part.sweep.points.len(), store.place(&part.name()));
    let Part { index, count, of_points, .. } = part;
    print(&match args.usual.format {
        Format::Text => {
            format!("shard {index}/{count}: {points} of {of_points} points, {found} of them found; {place}\n")
        }
        Format::Json => {
            let told = serde_json::json!({
                "schema": 1, "shard": index, "shards": count, "points": points, "found": found, "part": place,
            });
            format!("{told}\n")
        }
    })
}
