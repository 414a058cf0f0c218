//! Pages of GitHub's lists, kept by their tag: one that did not change costs no budget. Knows conditional requests; must
//! not know what a page is for.

use super::scan::Allowance;
use super::{Inner, Job, Purpose, Repository, locked};
use crate::github::auth::scope_of_repository;
use crate::github::bounded::Bounded;
use crate::github::client::{Answer, Call};
use axum::http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex};
use tidegate_core::port::Failure;

/// Pages kept of each kind at the most.
const PAGES_MAX: usize = 20_000;

/// The pages kept.
pub(in crate::github) struct Pages {
    runs: Mutex<Bounded<String, Kept<Runs>>>,
    jobs: Mutex<Bounded<String, Kept<Jobs>>>,
}

impl Default for Pages {
    fn default() -> Self {
        Self { runs: Mutex::new(Bounded::new(PAGES_MAX)), jobs: Mutex::new(Bounded::new(PAGES_MAX)) }
    }
}

/// A page with its tag and the path of the one after it.
#[derive(Clone)]
pub(super) struct Kept<T> {
    etag: Option<String>,
    pub(super) value: Arc<T>,
    pub(super) next: Option<String>,
}

/// A kind of page.
pub(super) trait Page: DeserializeOwned + Clone {
    /// Where pages of this kind are kept.
    fn kept(pages: &Pages) -> &Mutex<Bounded<String, Kept<Self>>>;

    /// Drops what is of no interest.
    fn shrink(&mut self) {}
}

/// A page of a repository's runs.
#[derive(Clone, Deserialize)]
pub(super) struct Runs {
    pub(super) total_count: u64,
    pub(super) workflow_runs: Vec<Run>,
}

/// A run; of all that GitHub says of it no more is kept.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct Run {
    pub(super) id: u64,
}

/// A page of a run's jobs.
#[derive(Clone, Deserialize)]
pub(super) struct Jobs {
    pub(super) jobs: Vec<Job>,
}

impl Page for Runs {
    fn kept(pages: &Pages) -> &Mutex<Bounded<String, Kept<Self>>> {
        &pages.runs
    }
}

impl Page for Jobs {
    fn kept(pages: &Pages) -> &Mutex<Bounded<String, Kept<Self>>> {
        &pages.jobs
    }

    fn shrink(&mut self) {
        self.jobs.retain(|job| job.status.as_deref() == Some("queued"));
        self.jobs.shrink_to_fit();
    }
}

/// Reads a page of a repository; `None`: GitHub has none there.
pub(super) async fn page<T: Page>(
    inner: &Inner,
    allowance: &Allowance,
    repository: &Repository,
    path: &str,
) -> Result<Option<Kept<T>>, Failure> {
    let key = path.to_owned();
    let before = locked(T::kept(&inner.pages)).get(&key).cloned();
    let etag = before.as_ref().and_then(|kept| kept.etag.as_deref());
    let Some(mut answer) = ask(inner, allowance, repository, path, etag).await? else { return Ok(None) };
    if let Some(moved) = answer.moved_to() {
        // Renamed or handed to another owner; one such hop is all there is.
        match ask(inner, allowance, repository, &moved, None).await? {
            Some(there) => answer = there,
            None => return Ok(None),
        }
    }
    match answer.status {
        StatusCode::NOT_MODIFIED => {
            allowance.give_back();
            before.map(Some).ok_or(Failure::GitHubDown) // we sent no tag, then
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
        _ => {
            let mut value: T = answer.read()?;
            value.shrink();
            let kept = Kept { etag: answer.etag(), value: Arc::new(value), next: answer.next() };
            if kept.etag.is_some() {
                locked(T::kept(&inner.pages)).put(key, kept.clone());
            }
            Ok(Some(kept))
        }
    }
}

/// Asks as the repository's installation; `None`: there is none.
async fn ask(
    inner: &Inner,
    allowance: &Allowance,
    repository: &Repository,
    path: &str,
    etag: Option<&str>,
) -> Result<Option<Answer>, Failure> {
    let scope = scope_of_repository(&repository.name)?;
    allowance.take()?;
    let (id, listed) = match repository.installation {
        Some(id) => (id, true),
        None => match inner.installation(&scope, Purpose::Survey).await? {
            Some((id, _)) => (id, false),
            None => return Ok(None),
        },
    };
    let call = Call { etag, ..Call::page(path, Purpose::Survey) };
    let answer = inner.call_as(id, &scope.payer, &call).await;
    if !listed && matches!(answer, Err(Failure::Denied)) {
        inner.forget(&scope, id); // looked up anew by the next list
    }
    answer.map(Some)
}
