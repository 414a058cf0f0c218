//! GitHub's queued jobs, found repository by repository: there is no list of a whole organization. Knows which pages to
//! read and what their absence proves; must not know what is done about a job.
//!
//! The machines take it that a job is gone when a complete list does not have it, so a list is complete only if every
//! repository was read to its end. In doubt it is not.

mod pages;
mod repositories;
mod scan;

use super::budget::Purpose;
use super::client::{Client, Inner, locked};
use super::offered::Offered;
use super::payload::{Job, Place, spec};
use crate::names::Names;
pub(super) use pages::Pages;
use repositories::{Repositories, Repository};
use scan::{Allowance, Covered};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use tidegate_core::Timestamp;
use tidegate_core::port::github::LIST_MAX;
use tidegate_core::port::{Failure, JobSpec};
use tokio::task::JoinSet;

/// Repositories that are read at once. GitHub allows a hundred calls at once and asks for few.
const WORKERS: usize = 4;

/// GitHub's queued jobs, as far as they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Queued jobs with fitting labels, oldest first, at most [`LIST_MAX`]. Each was queued when its page was read.
    pub jobs: Vec<JobSpec>,
    /// Whether this is all of them. If not, the absence of a job means nothing, and the list must not be handed to the
    /// machines as one that was read to its end.
    pub complete: bool,
}

/// What is remembered from list to list.
#[derive(Debug, Default)]
pub(super) struct Lists {
    repositories: Repositories,
    /// Where the next list begins: the first repository that the last one did not get to.
    next: Option<String>,
    /// By repository, the runs that had queued jobs. A run may change its status between two pages and be on neither;
    /// these are asked for themselves.
    waiting: BTreeMap<String, BTreeSet<u64>>,
}

/// What the workers of one list share.
struct Pass {
    inner: Arc<Inner>,
    allowance: Allowance,
    todo: Mutex<VecDeque<(Repository, BTreeSet<u64>)>>,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    /// With their repository.
    jobs: BTreeMap<u64, (Job, String)>,
    /// By repository, the runs with queued jobs.
    covered: BTreeMap<String, BTreeSet<u64>>,
    /// A repository did not show all it has.
    holes: bool,
    /// Why no further one was read.
    stopped: Option<Failure>,
}

impl Client {
    /// Queued jobs with fitting labels of the repositories given and of all that the App's installations have, which are
    /// looked up every ten minutes. Their texts are noted in `names`.
    ///
    /// Each repository costs three requests and one for each of its queued or running runs; a page that did not change
    /// costs none. At most `max_requests` are made, and no more than the budget has beyond what runners may need. A list
    /// that ends early is not complete, and the next one begins where it ended. So with too small a budget no list is
    /// ever complete, yet every repository is read in turn, as far as one allowance goes.
    ///
    /// # Errors
    /// Why nothing at all was read.
    pub async fn list_queued(
        &self,
        repositories: &[String],
        offered: &Offered,
        names: &Names,
        max_requests: u32,
    ) -> Result<Listed, Failure> {
        let mut lists = self.inner.lists.lock().await;
        let allowance = Allowance::new(max_requests);
        let refreshed = lists.repositories.refresh(&self.inner, &allowance).await;
        let order = lists.order(repositories);
        if let (Err(failure), true) = (refreshed, order.is_empty()) {
            return Err(failure);
        }
        let keys: Vec<String> = order.iter().map(|repository| repository.key.clone()).collect();
        let todo = order.into_iter().map(|repository| {
            let waiting = lists.waiting.get(&repository.key).cloned().unwrap_or_default();
            (repository, waiting)
        });
        let pass = Pass {
            inner: Arc::clone(&self.inner),
            allowance,
            todo: Mutex::new(todo.collect()),
            found: Mutex::default(),
        };
        // Where the allowance did not do for all, the first in turn has it to itself.
        let workers = if lists.next.is_some() { 1 } else { WORKERS };
        let found = run(Arc::new(pass), workers).await;
        if let (Some(failure), true, true) = (found.stopped, found.covered.is_empty(), found.jobs.is_empty()) {
            lists.remember(&keys, found.covered);
            return Err(failure);
        }
        let whole = refreshed.is_ok() && !found.holes && found.covered.len() == keys.len();
        lists.remember(&keys, found.covered);
        let now = self.inner.clock.now();
        Ok(listed(found.jobs.into_values(), whole, offered, names, now))
    }
}

/// Reads the repositories of a pass, so many at once.
async fn run(pass: Arc<Pass>, count: usize) -> Found {
    let mut workers = JoinSet::new();
    for _ in 0..count {
        workers.spawn(work(Arc::clone(&pass)));
    }
    let mut holes = false;
    while let Some(ended) = workers.join_next().await {
        holes |= ended.is_err(); // a worker that panicked lost a repository
    }
    let mut found = std::mem::take(&mut *locked(&pass.found));
    found.holes |= holes;
    found
}

async fn work(pass: Arc<Pass>) {
    while locked(&pass.found).stopped.is_none() {
        let Some((repository, waiting)) = locked(&pass.todo).pop_front() else { return };
        let mut covered = Covered::default();
        let read = scan::scan(&pass.inner, &pass.allowance, &repository, waiting, &mut covered).await;
        let mut found = locked(&pass.found);
        let runs = covered.jobs.iter().map(|job| job.run_id).collect();
        found.jobs.extend(covered.jobs.into_iter().map(|job| (job.id, (job, repository.name.clone()))));
        found.holes |= covered.holes;
        match read {
            Ok(()) => {
                found.covered.insert(repository.key, runs);
            }
            // This one is closed to us; the others need not be.
            Err(Failure::Denied) => {
                tracing::warn!(repository = %repository.name, "GitHub does not show its runs: has the App actions:read?");
                found.holes = true;
                found.covered.insert(repository.key, runs);
            }
            Err(failure) => found.stopped = Some(failure),
        }
    }
}

impl Lists {
    /// All repositories, each once, beginning where the last list ended.
    fn order(&self, given: &[String]) -> Vec<Repository> {
        let mut all: BTreeMap<String, Repository> = BTreeMap::new();
        for repository in given.iter().map(|name| Repository::new(name, None)) {
            if repository.path.is_empty() {
                continue; // GitHub has none of such a name
            }
            all.insert(repository.key.clone(), repository);
        }
        for repository in self.repositories.all() {
            all.insert(repository.key.clone(), repository);
        }
        let mut order: Vec<Repository> = all.into_values().collect();
        if let Some(next) = &self.next {
            let at = order.partition_point(|repository| repository.key < *next);
            order.rotate_left(at);
        }
        order
    }

    /// Remembers how far a list came of the repositories in their order.
    fn remember(&mut self, order: &[String], covered: BTreeMap<String, BTreeSet<u64>>) {
        let mut left = order.iter().filter(|key| !covered.contains_key(*key));
        // One that is larger than a whole allowance must not keep all others from their turn.
        self.next = if covered.is_empty() { left.nth(1) } else { left.next() }.cloned();
        self.waiting.extend(covered);
        let known: BTreeSet<&String> = order.iter().collect();
        self.waiting.retain(|key, runs| known.contains(key) && !runs.is_empty());
    }
}

/// The jobs that fit, oldest first.
fn listed(
    jobs: impl Iterator<Item = (Job, String)>,
    mut complete: bool,
    offered: &Offered,
    names: &Names,
    now: Timestamp,
) -> Listed {
    let mut specs: Vec<JobSpec> = Vec::new();
    for (job, repository) in jobs {
        let Some(fit) = offered.fit(&job.labels) else { continue };
        let organization = repository.split('/').next().unwrap_or_default();
        match spec(&job, &Place { organization, repository: &repository }, fit, names, now) {
            Ok(spec) => specs.push(spec),
            Err(what) => {
                tracing::warn!(job = job.id, %what, "a queued job that cannot be read");
                complete = false;
            }
        }
    }
    specs.sort_by_key(|spec: &JobSpec| (spec.queued_at, spec.job));
    if specs.len() >= LIST_MAX {
        specs.truncate(LIST_MAX);
        complete = false;
    }
    Listed { jobs: specs, complete }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(known: &[&str]) -> Lists {
        let known = known.iter().map(|name| Repository::new(name, Some(1)));
        Lists { repositories: Repositories::of(known), ..Lists::default() }
    }

    fn keys(lists: &Lists, given: &[&str]) -> Vec<String> {
        let given: Vec<String> = given.iter().map(|name| (*name).to_owned()).collect();
        lists.order(&given).into_iter().map(|repository| repository.key).collect()
    }

    #[test]
    fn the_next_list_begins_where_the_last_ended() {
        let mut lists = lists(&["s/a", "s/c", "S/D"]);
        let order = keys(&lists, &["S/C", "s/b", "none", "s/.."]);
        assert_eq!(order, ["s/a", "s/b", "s/c", "s/d"], "each once, whatever its case");
        let runs = |runs: &[u64]| runs.iter().copied().collect::<BTreeSet<u64>>();
        lists.remember(&order, BTreeMap::from([("s/a".to_owned(), runs(&[7])), ("s/b".to_owned(), runs(&[]))]));
        let order = keys(&lists, &[]);
        assert_eq!(order, ["s/c", "s/d", "s/a"]);
        assert_eq!(lists.waiting, BTreeMap::from([("s/a".to_owned(), runs(&[7]))]));
        lists.remember(&order, BTreeMap::new());
        assert_eq!(keys(&lists, &[])[0], "s/d", "one that is too large for an allowance does not stop all");
        lists.remember(&order, order.iter().map(|key| (key.clone(), runs(&[]))).collect());
        assert_eq!(keys(&lists, &[])[0], "s/a");
        assert!(lists.waiting.is_empty());
    }
}
