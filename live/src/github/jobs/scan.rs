//! One repository's queued jobs. Knows in which order pages are read and when they prove an absence; must not know other
//! repositories.

use super::pages::{Jobs, Kept, Runs, page};
use super::{Failure, Inner, Job, Repository};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

/// Runs of one of these may have queued jobs. `waiting` is a run with a job before a gate, which says nothing of its
/// other jobs.
const STATUSES: [&str; 3] = ["queued", "in_progress", "waiting"];
/// Pages of runs of one status: GitHub shows a thousand runs of a search.
const RUN_PAGES: usize = 10;
/// Pages of jobs of one run.
const JOB_PAGES: usize = 30;

/// The requests that a list may still make.
pub(super) struct Allowance(AtomicU32);

impl Allowance {
    pub(super) const fn new(requests: u32) -> Self {
        Self(AtomicU32::new(requests))
    }

    pub(super) fn take(&self) -> Result<(), Failure> {
        let less = |left: u32| left.checked_sub(1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).map_or(Err(Failure::GitHubBudget), |_| Ok(()))
    }

    pub(super) fn give_back(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What was read of a repository.
#[derive(Default)]
pub(super) struct Covered {
    /// Its queued jobs, whatever their labels.
    pub(super) jobs: Vec<Job>,
    /// It may have others.
    pub(super) holes: bool,
}

/// Reads a repository's queued jobs into `covered`, which holds what was read also where it fails. `waiting` are runs to be
/// asked for even if no list has them.
pub(super) async fn scan(
    inner: &Inner,
    allowance: &Allowance,
    repository: &Repository,
    waiting: BTreeSet<u64>,
    covered: &mut Covered,
) -> Result<(), Failure> {
    let mut runs = waiting;
    for status in STATUSES {
        if !list_runs(inner, allowance, repository, status, &mut runs, covered).await? {
            return Ok(());
        }
    }
    for run in runs {
        list_jobs(inner, allowance, repository, run, covered).await?;
    }
    Ok(())
}

/// Adds the runs of a status; `false`: there is no such repository.
async fn list_runs(
    inner: &Inner,
    allowance: &Allowance,
    repository: &Repository,
    status: &str,
    runs: &mut BTreeSet<u64>,
    covered: &mut Covered,
) -> Result<bool, Failure> {
    let mut path = format!("/{}/actions/runs?status={status}&per_page=100", repository.path);
    let (mut read, mut total) = (BTreeSet::new(), 0);
    for number in 1.. {
        let Some(Kept { value, next, .. }) = page::<Runs>(inner, allowance, repository, &path).await? else {
            return Ok(false);
        };
        total = value.total_count.max(total);
        read.extend(value.workflow_runs.iter().map(|run| run.id));
        match next {
            Some(next) if number < RUN_PAGES => path = next,
            _ => break,
        }
    }
    // While pages are read runs come and go, and one that goes moves another from the next page to one already read.
    covered.holes |= (read.len() as u64) < total;
    runs.append(&mut read);
    Ok(true)
}

/// Adds the queued jobs of a run.
async fn list_jobs(
    inner: &Inner,
    allowance: &Allowance,
    repository: &Repository,
    run: u64,
    covered: &mut Covered,
) -> Result<(), Failure> {
    let mut path = format!("/{}/actions/runs/{run}/jobs?filter=latest&per_page=100", repository.path);
    for _ in 0..JOB_PAGES {
        let Some(Kept { value, next, .. }) = page::<Jobs>(inner, allowance, repository, &path).await? else {
            return Ok(()); // a run that was deleted
        };
        covered.jobs.extend(value.jobs.iter().cloned());
        let Some(next) = next else { return Ok(()) };
        path = next;
    }
    covered.holes = true;
    Ok(())
}
