//! `tidegate run`: read, simulate, write, print. Knows the order of these; must not know what is in a report.

use super::progress::Bar;
use super::{End, Format, RunArgs};
use crate::Decisions;
use crate::experiment::{self, Experiment};
use crate::output::{self, WriteError};
use crate::run::Keep;
use crate::scenario::Scenario;
use crate::scenario::file::{self, Overrides};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tidegate_reports::export::{json, terminal};
use tidegate_reports::model::Verdict;

pub(super) fn run(args: &RunArgs) -> End {
    let overrides = Overrides { runs: args.runs, seed: args.seed };
    let read: Vec<_> = args.scenarios.iter().map(|path| file::read(path, overrides)).collect();
    let mut scenarios = Vec::new();
    for scenario in read {
        match scenario {
            Ok(scenario) => {
                scenario.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
                scenarios.push(scenario);
            }
            Err(error) => eprintln!("{error}"),
        }
    }
    if scenarios.len() < args.scenarios.len() {
        return End::Input; // all mistakes of all files are told; nothing is done on half of the input
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads.unwrap_or(0)).build();
    let pool = match pool {
        Ok(pool) => pool,
        Err(error) => {
            eprintln!("tidegate: cannot start threads: {error}");
            return End::Environment;
        }
    };
    let mut end = End::Well;
    for scenario in &scenarios {
        let folder = folder(args, scenario, scenarios.len() > 1);
        end = end.max(match pool.install(|| one(args, scenario, &folder)) {
            Ok(end) => end,
            Err(error) => {
                eprintln!("tidegate: {error}");
                End::Environment
            }
        });
    }
    end
}

fn folder(args: &RunArgs, scenario: &Scenario, several: bool) -> PathBuf {
    match &args.out {
        Some(out) if several => out.join(&scenario.input.name),
        Some(out) => out.clone(),
        None => Path::new("target/tidegate").join(&scenario.input.name),
    }
}

fn one(args: &RunArgs, scenario: &Scenario, folder: &Path) -> Result<End, WriteError> {
    // Before minutes of work: may we write there?
    output::probe(folder)?;
    let lines = Arc::new(Mutex::new(Vec::new()));
    let keep = Keep { jobs: args.jobs_csv, decisions: args.decisions.then(|| json_lines(&lines)) };
    let bar = Bar::new(args.quiet, scenario.input.name.clone());
    let began = Instant::now();
    let mut done = experiment::run(scenario, keep, &bar);
    bar.clear();
    let engine = &mut done.report.summary.engine;
    engine.wall_seconds = began.elapsed().as_secs_f64();
    engine.events_per_second = engine.events as f64 / engine.wall_seconds;
    engine.peak_bytes = peak_bytes();
    let page = output::write_report(folder, &done.report)?;
    if let Some(first) = done.first.as_ref().filter(|_| args.jobs_csv) {
        output::write_whole(&folder.join("jobs.csv"), &output::jobs_csv(&first.jobs, &done.report.regions))?;
    }
    if args.decisions {
        let lines = lines.lock().map(|lines| lines.clone()).unwrap_or_default();
        output::write_whole(&folder.join("decisions.jsonl"), &lines)?;
    }
    Ok(show(args, &done, &page))
}

/// Decisions as JSON lines.
fn json_lines(lines: &Arc<Mutex<Vec<u8>>>) -> Decisions {
    let lines = Arc::clone(lines);
    let take = move |at: tidegate_core::Timestamp, fact: &tidegate_core::Fact| {
        if let Ok(mut lines) = lines.lock() {
            let line = serde_json::json!({ "at": at.to_string(), "decision": fact });
            lines.extend_from_slice(line.to_string().as_bytes());
            lines.push(b'\n');
        }
    };
    Decisions { only: None, take: Box::new(take) }
}

fn show(args: &RunArgs, done: &Experiment, page: &Path) -> End {
    let text = match args.format {
        Format::Text => {
            let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            terminal::terminal(&done.report, 100, colour, &page.display().to_string())
        }
        Format::Json => format!("{}\n", compact(&json::summary_json(&done.report.summary))),
    };
    let mut end = super::print(&text);
    for (seed, broken) in &done.broken {
        let path = &done.report.summary.scenario.path;
        eprintln!("tidegate: {} is broken at {}: {}", broken.invariant, broken.at, broken.what);
        eprintln!("  this is a bug; to see it again: tidegate run {path} --runs 1 --seed {seed}");
    }
    let met = done.report.summary.objectives.iter().all(|objective| objective.verdict == Verdict::Met);
    if !met || !done.broken.is_empty() {
        end = end.max(End::NotMet);
    }
    end
}

fn compact(json: &str) -> String {
    serde_json::from_str::<serde_json::Value>(json).map_or_else(|_| json.to_owned(), |value| value.to_string())
}

/// Peak of the process' memory, where the system tells (Linux).
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}
