//! A scenario out of journals: the load that really was, under another policy. Knows what is asked; must not know lines.

use super::file::{self, Overrides};
use super::{Load, LoadKind, Scenario};
use crate::journal::{Jobs, JournalError, journals};
use crate::load::recorded;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tidegate_core::{Need, Span, Timestamp};
use tidegate_reports::model::Input;

/// How long the simulation goes on behind the last job's end.
const REST: Span = Span::from_mins(10);

/// What would a policy have done?
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Journals: folders or segments; several are those of several nodes, which heard of the same jobs.
    pub journals: &'a [PathBuf],
    /// The policy's file.
    pub policy: &'a Path,
    /// The world's file or name, if it is not `aws`.
    pub world: Option<&'a Path>,
    /// Runs and first seed, where they are not 10 and 1.
    pub overrides: Overrides<'a>,
}

/// Why there is no scenario: every mistake of what was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Unanswerable(Vec<String>);

/// The scenario of a question: one recorded load for each organization, from the earliest event to the end of the last job.
/// It promises nothing.
///
/// # Errors
/// When a file cannot be read, or no job of the journals ran from beginning to end.
pub fn scenario(question: &Question<'_>) -> Result<Scenario, Unanswerable> {
    let asked = file::check_overrides(question.overrides)
        .and_then(|()| file::policy_and_world(question.policy, question.world));
    let heard = heard(question.journals);
    match (asked, heard) {
        (Ok(asked), Ok((jobs, segments))) => {
            build(question, asked, &jobs, &segments).map_err(|error| Unanswerable(vec![error]))
        }
        (asked, heard) => Err(Unanswerable(
            [asked.err().map(|error| error.to_string()), heard.err().map(|error| error.to_string())]
                .into_iter()
                .flatten()
                .collect(),
        )),
    }
}

/// The jobs of all journals, and the segments they were read from.
fn heard(paths: &[PathBuf]) -> Result<(Jobs, Vec<PathBuf>), JournalError> {
    let (mut jobs, mut read) = (Jobs::default(), Vec::new());
    for path in paths {
        for (_, segments) in journals(path)? {
            jobs.read(&segments)?;
            read.extend(segments);
        }
    }
    Ok((jobs, read))
}

fn build(
    question: &Question<'_>,
    (policy, policy_input, world): (tidegate_core::Policy, Input, crate::world::spec::WorldSpec),
    jobs: &Jobs,
    segments: &[PathBuf],
) -> Result<Scenario, String> {
    let shown: Vec<String> = question.journals.iter().map(|path| path.display().to_string()).collect();
    let shown = shown.join(" ");
    let organizations = recorded::by_organization(jobs, &shown).map_err(|error| error.to_string())?;
    let recorded::Organizations { records, mut warnings } = organizations;
    let first = records.iter().map(|(_, record)| record.first).chain(jobs.first).min();
    let start = floor_to_minute(first.unwrap_or(Timestamp::ZERO));
    let last = jobs.ran().0.iter().map(|job| job.completed_at).max().unwrap_or(start);
    let whole = last.since(start) + REST;
    let duration = whole.min(file::LONGEST);
    if duration < whole {
        warnings.push(format!("the journals tell of {whole}; only the first {duration} of it are simulated"));
    }
    let mut loads = Vec::new();
    for (organization, record) in records {
        let jobs = record.aligned_to(start).jobs;
        let unfit = recorded::unfit(&jobs, &policy);
        warnings.extend(unfit.map(|unfit| format!("{organization}: {unfit}")));
        let kind = LoadKind::Recorded { jobs: Arc::new(jobs), scale: 1.0 };
        loads.push(Load { organization, kind, need: Need::default(), labels: Vec::new() });
    }
    let sha256 = file::hash_of(segments.iter().map(PathBuf::as_path)).map_err(|error| format!("{shown}: {error}"))?;
    Ok(Scenario {
        about: format!("what {} would have done with the jobs of {shown}", policy_input.path),
        input: Input { name: format!("replay-{}", name(question.journals)), path: shown, sha256 },
        policy_input,
        policy: Arc::new(policy),
        world: Arc::new(world),
        start,
        duration,
        warm_up: Span::ZERO,
        warm_up_auto: false,
        seed: question.overrides.seed.unwrap_or(1),
        runs: question.overrides.runs.unwrap_or(10),
        start_within: Span::from_mins(10),
        loads,
        faults: Vec::new(),
        objectives: Vec::new(),
        objectives_at: Vec::new(),
        warnings,
        over: String::new(),
    })
}

fn floor_to_minute(at: Timestamp) -> Timestamp {
    Timestamp(at.0 - at.0 % Span::from_mins(1).0)
}

/// What journals are called, as the name of a folder.
fn name(journals: &[PathBuf]) -> String {
    let first = journals.first().map(|path| {
        // `.` and `..` have no name of their own.
        let full = || std::fs::canonicalize(path).ok().and_then(|full| full.file_name().map(ToOwned::to_owned));
        let name = path.file_name().map(ToOwned::to_owned).or_else(full).unwrap_or_default();
        name.to_string_lossy().into_owned()
    });
    let first = first.unwrap_or_default();
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let first: String = first.trim_end_matches(".journal").chars().map(plain).take(40).collect();
    let first = if first.is_empty() { "journal".to_owned() } else { first };
    match journals.len() {
        0 | 1 => first,
        several => format!("{first}-and-{}-more", several - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::sample::{self, at, completed, heard, queued, started};

    fn ask(journals: &[PathBuf], policy: &str) -> Result<Scenario, Unanswerable> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("policy.toml");
        std::fs::write(&path, policy).expect("written");
        let overrides = Overrides { runs: Some(2), ..Overrides::default() };
        scenario(&Question { journals, policy: &path, world: None, overrides })
    }

    #[test]
    fn the_load_of_several_nodes_is_simulated_once_and_at_its_own_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let lines: Vec<_> = [queued(1, 130), started(1, 140), completed(1, 200)].into_iter().zip(125..).collect();
        let lines: Vec<_> = lines.into_iter().map(heard).collect();
        let journals = ["us-east-1", "eu-west-1"].map(|node| sample::write(folder.path(), node, 1, &lines));
        let scenario = ask(&journals, "regions = [{ name = \"us-east-1\" }, { name = \"eu-west-1\" }]").expect("good");
        assert_eq!((scenario.start, scenario.duration), (at(120), Span::from_secs(80) + REST));
        assert_eq!((scenario.runs, scenario.seed, scenario.loads.len()), (2, 1, 1));
        let LoadKind::Recorded { jobs, .. } = &scenario.loads[0].kind else { panic!("recorded") };
        let job = &jobs[..];
        assert_eq!((job.len(), job[0].at, job[0].duration), (1, Span::from_secs(10), Span::from_secs(60)));
        assert_eq!(scenario.loads[0].organization, "acme");
        assert_eq!(scenario.input.name, "replay-00000001-us-east-1-and-1-more");
        assert_eq!(scenario.input.sha256.len(), 64);
        let arrivals: Vec<_> = crate::load::Loads::new(&scenario, 1).arrivals().collect();
        assert_eq!((arrivals.len(), arrivals[0].at, arrivals[0].job.need.memory_mib), (1, at(130), 8_192));
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let error = ask(&[PathBuf::from("nowhere")], "regions = []").expect_err("wrong").to_string();
        assert!(error.contains("nowhere: does not exist") && error.contains("policy.toml:1:"), "{error}");
        let error = ask(&[PathBuf::from("nowhere")], "regions = [{ name = \"mars-1\" }]").expect_err("wrong");
        assert!(error.to_string().contains("the region `mars-1` of the policy is not in the world `aws`"), "{error}");
    }
}
