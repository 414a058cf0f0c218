//! Jobs out of the daemon's journals. Knows what a load needs of a job; must not know lines (see the crate's `journal`).

use super::Recording;
use super::collect::{Collector, Row};
use super::error::{Findings, ReadError, Trouble};
use crate::journal::{JobRan, Jobs, JournalError, journals};
use crate::scenario::RecordedJob;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tidegate_core::{Name, Policy};

/// Reads the journals at a path: those of all organizations as one load.
pub(super) fn read(path: &Path) -> Result<Recording, ReadError> {
    let found = journals(path).map_err(|error| {
        if path.is_dir() {
            let message = "this is a folder without segments of a journal; expected a file, or a folder of .journal \
                           files; name one of the files in it";
            return ReadError::whole(path.display(), message);
        }
        told(error)
    })?;
    let mut jobs = Jobs::default();
    for (_, segments) in found {
        jobs.read(&segments).map_err(told)?;
    }
    let name = path.display().to_string();
    let (ran, left_out) = jobs.ran();
    let mut collector = Collector::new(&name, true, false);
    collector.warnings = left_out.sentences();
    let made_up = fill(&mut collector, &jobs, &ran)?;
    collector.warnings.extend(made_up);
    collector.finish(&format!("{} jobs are told of", jobs.len()))
}

/// The jobs of journals, taken apart.
#[derive(Clone, Debug, Default)]
pub struct Organizations {
    /// A record for each organization, by its name.
    pub records: Vec<(String, Recording)>,
    /// What was left out or made up, a sentence each.
    pub warnings: Vec<String>,
}

/// The jobs of journals as a record for each organization. `name` is what errors call the journals.
///
/// # Errors
/// When no job ran from beginning to end, or there are too many.
pub fn by_organization(jobs: &Jobs, name: &str) -> Result<Organizations, ReadError> {
    let (ran, left_out) = jobs.ran();
    let mut warnings = left_out.sentences();
    let mut organizations: BTreeMap<Name, Vec<JobRan>> = BTreeMap::new();
    for job in ran {
        organizations.entry(job.spec.organization).or_default().push(job);
    }
    if organizations.is_empty() {
        let mut collector = Collector::new(name, true, false);
        collector.warnings = warnings;
        return collector.finish(&format!("{} jobs are told of", jobs.len())).map(|_| Organizations::default());
    }
    let mut records = Vec::new();
    let mut unknown = 0;
    for (organization, ran) in organizations {
        let mut collector = Collector::new(name, true, false);
        warnings.extend(fill(&mut collector, jobs, &ran)?);
        unknown += usize::from(jobs.text(organization).is_none());
        records.push((text(jobs, organization), collector.finish("")?));
    }
    warnings.extend(made_up(unknown, "organizations"));
    records.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Organizations { records, warnings })
}

/// Hands jobs to a collector; says what texts were made up.
fn fill(collector: &mut Collector<'_>, jobs: &Jobs, ran: &[JobRan]) -> Result<Vec<String>, ReadError> {
    let mut unknown: [BTreeSet<Name>; 2] = Default::default();
    for JobRan { spec, duration, .. } in ran {
        for (names, name) in unknown.iter_mut().zip([spec.repository, spec.class]) {
            if jobs.text(name).is_none() {
                names.insert(name);
            }
        }
        let labels = text(jobs, spec.class).split(',').map(str::to_owned).collect();
        collector.push(Row {
            line: 0,
            at: spec.queued_at,
            duration: i64::try_from(duration.0).unwrap_or(i64::MAX),
            run: &spec.run.0.to_string(),
            repository: &text(jobs, spec.repository),
            labels: Some(labels),
            need: Some(spec.need),
            id: spec.job.0,
        })?;
    }
    let [repositories, classes] = unknown;
    let sentences = [(repositories.len(), "repositories"), (classes.len(), "label classes")];
    Ok(sentences.into_iter().filter_map(|(count, what)| made_up(count, what)).collect())
}

fn made_up(count: usize, what: &str) -> Option<String> {
    (count > 0).then(|| format!("{what} whose text the journal does not hold, named by their hash: {count}"))
}

/// The text of a name, or one made of its hash.
fn text(jobs: &Jobs, name: Name) -> String {
    jobs.text(name).map_or_else(|| format!("{:016x}", name.0), str::to_owned)
}

fn told(error: JournalError) -> ReadError {
    match error {
        JournalError::File { path, message } => ReadError::whole(path, message),
        JournalError::Line { path, line, message } => {
            Findings::only(Trouble { line, column: 0, message }).into_error(path)
        }
        JournalError::Policy { path, problems } => ReadError::whole(path, problems.to_string()),
    }
}

/// What to say of recorded jobs that no region of a policy can run; `None` when there are none.
#[must_use]
pub fn unfit(jobs: &[RecordedJob], policy: &Policy) -> Option<String> {
    let runs =
        |job: &&RecordedJob| job.need.is_none_or(|need| policy.regions.iter().any(|region| region.can_run(&need)));
    let count = jobs.len() - jobs.iter().filter(runs).count();
    let what = "recorded jobs that need a larger runner than any region of the policy has, or another architecture; they \
                wait for ever";
    (count > 0).then(|| format!("{what}: {count}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::sample::{self, at, completed, heard, queued, started};
    use tidegate_core::policy::Region;
    use tidegate_core::port::webhook;
    use tidegate_core::{Need, Span, controller};

    /// A job of an organization and repository whose texts nobody wrote down.
    fn of_strangers(job: u64, second: u64) -> controller::Event {
        let webhook::Event::JobQueued { mut spec } = sample::webhook(&queued(job, second)) else { panic!("queued") };
        (spec.organization, spec.repository, spec.class) = (Name(0xAB), Name(0xCD), Name(0xEF));
        controller::Event::Webhook(webhook::Event::JobQueued { spec })
    }

    fn journal(folder: &Path) -> std::path::PathBuf {
        let events = [
            queued(1, 10),
            of_strangers(2, 5),
            started(1, 12),
            completed(1, 15),
            started(2, 20),
            completed(2, 90),
            queued(3, 30),
        ];
        let lines: Vec<_> = events.into_iter().zip(1..).map(heard).collect();
        sample::write(folder, "us-east-1", 1, &lines)
    }

    #[test]
    fn a_journal_is_a_load() {
        let folder = tempfile::tempdir().expect("a folder");
        let segment = journal(folder.path());
        let recording = super::super::read(folder.path(), false).expect("good");
        assert_eq!(super::super::read(&segment, false), Ok(recording.clone()), "a segment alone");
        assert_eq!((recording.first, recording.runs), (at(5), 2));
        let job = |index: usize| &recording.jobs[index];
        let shown = |index| (job(index).id, job(index).at, job(index).duration, job(index).repository.as_str());
        let seconds = Span::from_secs;
        assert_eq!(shown(0), (2, seconds(0), seconds(70), "00000000000000cd"));
        assert_eq!(shown(1), (1, seconds(5), seconds(3), "acme/app"));
        assert_eq!(job(1).labels.as_deref(), Some(&["linux".to_owned(), "self-hosted".to_owned()][..]));
        assert_eq!(job(1).need.map(|need| need.memory_mib), Some(8_192), "what the job said, not the load");
        let warnings = recording.warnings.join("\n");
        for wanted in ["never completed within the journal, left out: 1", "repositories whose text", "label classes"] {
            assert!(warnings.contains(wanted), "wanted {wanted} in\n{warnings}");
        }
    }

    #[test]
    fn a_journal_without_a_whole_job_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let segment = sample::write(folder.path(), "us-east-1", 1, &[heard((queued(1, 10), 11))]);
        let error = super::super::read(&segment, false).expect_err("no job").to_string();
        assert!(error.contains("holds no job: 1 jobs are told of; jobs that never completed"), "{error}");
        std::fs::write(&segment, "{}\n").expect("written");
        let error = super::super::read(&segment, false).expect_err("no journal").to_string();
        assert!(error.contains(".journal:1: "), "{error}");
    }

    #[test]
    fn each_organization_has_its_own_record() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut jobs = Jobs::default();
        jobs.read(&[journal(folder.path())]).expect("good");
        let Organizations { records, warnings } = by_organization(&jobs, "journal").expect("jobs");
        let names: Vec<_> = records.iter().map(|(name, record)| (name.as_str(), record.jobs.len())).collect();
        assert_eq!(names, [("00000000000000ab", 1), ("acme", 1)]);
        assert!(warnings.iter().any(|warning| warning.starts_with("organizations whose text")), "{warnings:?}");
        let error = by_organization(&Jobs::default(), "journal").expect_err("none").to_string();
        assert!(error.contains("journal: the trace holds no job"), "{error}");
    }

    #[test]
    fn who_fits_no_region_is_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let jobs = super::super::read(&journal(folder.path()), false).expect("good").jobs;
        let mut region = Region::new("us-east-1", 1);
        assert_eq!(unfit(&jobs, &Policy::of_regions(vec![region.clone()])), None);
        region.largest = Need { memory_mib: 4_096, ..region.largest };
        let said = unfit(&jobs, &Policy::of_regions(vec![region])).expect("both");
        assert!(said.ends_with("for ever: 2"), "{said}");
    }
}
