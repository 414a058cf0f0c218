//! `tidegate explain`: the story of one job, out of a run or out of journals. Knows where to look; must not know how facts
//! read.

use super::{End, ExplainArgs};
use crate::Decisions;
use crate::experiment::order_regions;
use crate::explain::line;
use crate::journal::{JournalError, Story, is_journal, journals};
use crate::run::{self, Keep};
use crate::scenario::file;
use crate::scenario::{LoadKind, Scenario};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tidegate_core::id::JobId;

pub(super) fn explain(args: &ExplainArgs) -> End {
    let journal = args.paths.iter().any(|path| is_journal(path));
    match &args.paths[..] {
        [scenario] if !journal => from_run(scenario, args),
        paths if paths.iter().all(|path| is_journal(path)) => from_journals(paths, args),
        _ => {
            eprintln!("tidegate: expected one scenario, or journals (folders or .journal files) and nothing else");
            End::Input
        }
    }
}

fn from_journals(paths: &[PathBuf], args: &ExplainArgs) -> End {
    if args.seed.is_some() || !args.over.is_empty() {
        eprintln!(
            "tidegate: --seed, --set and --policy do nothing for a journal, which tells what happened; remove them"
        );
        return End::Input;
    }
    let story = match read(paths, JobId(args.job)) {
        Ok(story) => story,
        Err(error) => {
            eprintln!("{error}");
            return End::Input;
        }
    };
    let lines = story.lines();
    if lines.is_empty() {
        let known = story.known();
        let span = story.span().map_or_else(String::new, |(from, to)| format!(", from {from} to {to}"));
        let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        eprintln!(
            "tidegate: no job {} in {}: {known} jobs are known there{span}; expected GitHub's number of a job, as in the \
             address of its page",
            args.job,
            shown.join(" ")
        );
        return End::Input;
    }
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    super::print(&format!("Job {} as told by {}\n\n{text}", args.job, story.nodes().join(", ")))
}

fn read(paths: &[PathBuf], job: JobId) -> Result<Story, JournalError> {
    let mut story = Story::of(job);
    for path in paths {
        for (_, segments) in journals(path)? {
            story.read(&segments)?;
        }
    }
    Ok(story)
}

fn from_run(path: &Path, args: &ExplainArgs) -> End {
    let overrides = args.over.overrides(Some(1), args.seed);
    let mut scenario = match file::read(path, overrides) {
        Ok(scenario) => scenario,
        Err(error) => {
            eprintln!("{error}");
            return End::Input;
        }
    };
    order_regions(&mut scenario);
    let Some(job) = number(&scenario, args.job) else {
        eprintln!(
            "tidegate: no job {} in {} under seed {}; `tidegate run {} --jobs-csv` lists the jobs",
            args.job, scenario.input.name, scenario.seed, scenario.input.path
        );
        return End::Input;
    };
    let story = tell(&scenario, job);
    let head = format!("Job {} of {}, seed {}\n\n", args.job, scenario.input.name, scenario.seed);
    super::print(&(head + &story))
}

/// The job's number in the run: as given, or by its number in a record.
fn number(scenario: &Scenario, id: u64) -> Option<JobId> {
    let recorded = scenario.loads.iter().any(|load| matches!(load.kind, LoadKind::Recorded { .. }));
    let frame = run::frame(scenario, false);
    let rows = run::run(scenario, scenario.seed, &frame, Keep { jobs: true, decisions: None }).jobs;
    let by_number = rows.iter().find(|row| row.job == id);
    let by_record = rows.iter().filter(|_| recorded).find(|row| row.external_id == id);
    by_number.or(by_record).map(|row| JobId(row.job))
}

fn tell(scenario: &Scenario, job: JobId) -> String {
    let lines = Arc::new(Mutex::new(Vec::<(bool, String)>::new()));
    let sink = Arc::clone(&lines);
    let regions: Vec<String> = scenario.policy.regions.iter().map(|region| region.name.clone()).collect();
    let take = move |at: tidegate_core::Timestamp, fact: &tidegate_core::Fact| {
        if let (Some(text), Ok(mut lines)) = (line(at, fact, &regions), sink.lock()) {
            let region = text.contains("  [");
            lines.push((region, text));
        }
    };
    let keep = Keep { jobs: false, decisions: Some(Decisions { only: Some(job), take: Box::new(take) }) };
    let frame = run::frame(scenario, false);
    drop(run::run(scenario, scenario.seed, &frame, keep));
    let lines = lines.lock().map(|lines| lines.clone()).unwrap_or_default();
    // What happened to regions matters while the job was open.
    let first = lines.iter().position(|(region, _)| !region).unwrap_or(0);
    let last = lines.iter().rposition(|(region, _)| !region).unwrap_or(0);
    lines[first..=last.max(first)].iter().map(|(_, text)| format!("{text}\n")).collect()
}
