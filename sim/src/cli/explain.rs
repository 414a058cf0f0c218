//! `tidegate explain`: the story of one job. Knows which run to look at; must not know how facts read.

use super::{End, ExplainArgs};
use crate::Decisions;
use crate::experiment::order_regions;
use crate::explain::line;
use crate::run::{self, Keep};
use crate::scenario::file::{self, Overrides};
use crate::scenario::{LoadKind, Scenario};
use std::sync::{Arc, Mutex};
use tidegate_core::id::JobId;

pub(super) fn explain(args: &ExplainArgs) -> End {
    let overrides = Overrides { runs: Some(1), seed: args.seed };
    let mut scenario = match file::read(&args.scenario, overrides) {
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
