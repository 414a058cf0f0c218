//! One scenario from its simulation to its report. Knows the order of these; must not know where a scenario came from, nor
//! what is in a report.

use super::progress::Bar;
use super::{End, Format};
use crate::Decisions;
use crate::experiment::{self, Experiment, Until};
use crate::output::{self, WriteError};
use crate::run::Keep;
use crate::scenario::Scenario;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tidegate_reports::export::{json, terminal};
use tidegate_reports::model::Verdict;

/// What is wanted of a scenario.
pub(super) struct Wanted<'a> {
    /// Where the report goes.
    pub(super) folder: &'a Path,
    /// The command that does the same again, without runs and seed.
    pub(super) again: String,
    /// How many runs are enough; `None`: those of the scenario.
    pub(super) until: Option<Until>,
    /// Whether jobs.csv is written.
    pub(super) jobs_csv: bool,
    /// Whether decisions.jsonl is written.
    pub(super) decisions: bool,
    pub(super) format: Format,
    pub(super) quiet: bool,
}

/// Simulates a scenario, writes its report and prints its result.
pub(super) fn one(scenario: &Scenario, wanted: &Wanted<'_>) -> Result<End, WriteError> {
    // Before minutes of work: may we write there?
    output::probe(wanted.folder)?;
    let lines = Arc::new(Mutex::new(Vec::new()));
    let keep = Keep { jobs: wanted.jobs_csv, decisions: wanted.decisions.then(|| json_lines(&lines)) };
    let bar = Bar::new(wanted.quiet, scenario.input.name.clone());
    let began = Instant::now();
    let mut done = experiment::run_until(scenario, wanted.until, keep, &bar);
    bar.clear();
    let runs = done.report.summary.seeds.len();
    done.report.reproduce = format!("{} --runs {runs} --seed {}", wanted.again, scenario.seed);
    let engine = &mut done.report.summary.engine;
    engine.wall_seconds = began.elapsed().as_secs_f64();
    engine.events_per_second = engine.events as f64 / engine.wall_seconds;
    engine.peak_bytes = peak_bytes();
    let page = output::write_report(wanted.folder, &done.report)?;
    if let Some(first) = done.first.as_ref().filter(|_| wanted.jobs_csv) {
        let path = wanted.folder.join("jobs.csv");
        output::write_whole(&path, &output::jobs_csv(&first.jobs, &done.report.regions))?;
    }
    if wanted.decisions {
        let lines = lines.lock().map(|lines| lines.clone()).unwrap_or_default();
        output::write_whole(&wanted.folder.join("decisions.jsonl"), &lines)?;
    }
    Ok(show(wanted, &done, &page))
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

fn show(wanted: &Wanted<'_>, done: &Experiment, page: &Path) -> End {
    let text = match wanted.format {
        Format::Text => {
            let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            terminal::terminal(&done.report, 100, colour, &page.display().to_string())
        }
        Format::Json => format!("{}\n", compact(&json::summary_json(&done.report.summary))),
    };
    let mut end = super::print(&text);
    tell_broken(done, &wanted.again);
    let met = done.report.summary.objectives.iter().all(|objective| objective.verdict == Verdict::Met);
    if !met || !done.broken.is_empty() {
        end = end.max(End::NotMet);
    }
    end
}

/// Says which invariants broke, and how to see it again.
pub(super) fn tell_broken(done: &Experiment, again: &str) {
    for (seed, broken) in &done.broken {
        eprintln!("tidegate: {} is broken at {}: {}", broken.invariant, broken.at, broken.what);
        eprintln!("  this is a bug; to see it again: {again} --runs 1 --seed {seed}");
    }
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
