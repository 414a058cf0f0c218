//! Runners at GitHub: registered just in time, looked at, removed. Knows their names and GitHub's numbers of them; must
//! not know the tasks that run them.

use super::auth::Scope;
use super::budget::Purpose;
use super::client::{Answer, Call, Client, locked};
use crate::config::Secret;
use crate::names::Texts;
use axum::http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use tidegate_core::PlacementId;
use tidegate_core::port::{Failure, runner};

/// Pages of a list of runners that are read at the most. A GitHub that finds names answers with one; an older Enterprise
/// Server lists all, ten thousand to a group.
const PAGES_MAX: usize = 100;

/// What a registration is answered with. It holds a secret, and has no `Debug`.
#[derive(Deserialize)]
struct Registered {
    runner: Found,
    encoded_jit_config: String,
}

/// A runner as GitHub shows it.
#[derive(Deserialize)]
struct Found {
    id: u64,
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    busy: bool,
}

#[derive(Deserialize)]
struct Page {
    runners: Vec<Found>,
}

impl Client {
    /// Registers a just-in-time runner that is named as the placement and has the labels of its class. The secret starts
    /// the runner; GitHub shows it this once.
    ///
    /// # Errors
    /// [`Failure::NameTaken`]: there is a runner of that name, and who made it is unknown. [`Failure::GitHubBudget`]: the
    /// budget is used up, or GitHub told us to wait; no further call is made before the moment it named.
    /// [`Failure::Denied`]: the App, its rights or the request are not as they must be. [`Failure::GitHubDown`]: an error
    /// of GitHub's or no answer; the runner may exist all the same, and the next try then finds the name taken.
    pub async fn register(&self, placement: PlacementId, texts: &Texts) -> Result<Secret, Failure> {
        let scope = self.inner.scope_of_runners(&texts.organization, &texts.repository)?;
        let path = format!("/{}/actions/runners/generate-jitconfig", scope.path);
        let body = json!({
            "name": placement.to_string(),
            "runner_group_id": self.inner.runner_group,
            "labels": texts.class.split(',').collect::<Vec<_>>(),
            "work_folder": "_work",
        });
        let call = Call { body: Some(&body), ..Call::new(Method::POST, &path, Purpose::Registration) };
        let answer = self.inner.call(&scope, &call).await?;
        if answer.status == StatusCode::CONFLICT {
            return Err(Failure::NameTaken);
        }
        let registered: Registered = answer.read().inspect_err(|_| {
            tracing::warn!(%placement, status = answer.status.as_u16(), "a runner was not registered");
        })?;
        locked(&self.inner.runners).put(placement, registered.runner.id);
        Ok(Secret::new(&registered.encoded_jit_config))
    }

    /// Takes a runner off GitHub's list: `Removed` when it is off, whoever took it off; `Busy` when it works on a job;
    /// `RemoveFailed` when neither is known. Of a runner that is `taken` GitHub must have known it: where an organization was
    /// renamed, all its runners are not found, and those at work go on.
    pub async fn remove(&self, placement: PlacementId, texts: &Texts, taken: bool) -> runner::Event {
        match self.try_remove(placement, texts).await {
            Ok(StatusCode::UNPROCESSABLE_ENTITY) => runner::Event::Busy { placement },
            Ok(StatusCode::NOT_FOUND) if taken => runner::Event::Busy { placement },
            Ok(_) => {
                locked(&self.inner.runners).remove(&placement);
                runner::Event::Removed { placement }
            }
            Err(failure) => runner::Event::RemoveFailed { placement, failure },
        }
    }

    /// Success, 404 or 422.
    async fn try_remove(&self, placement: PlacementId, texts: &Texts) -> Result<StatusCode, Failure> {
        let scope = self.inner.scope_of_runners(&texts.organization, &texts.repository)?;
        let known = locked(&self.inner.runners).get(&placement).copied();
        let id = match known {
            Some(id) => id,
            None => match self.find(placement, &scope).await? {
                Some(found) => found.id,
                None => return Ok(StatusCode::NOT_FOUND),
            },
        };
        let path = format!("/{}/actions/runners/{id}", scope.path);
        let answer = self.inner.call(&scope, &Call::new(Method::DELETE, &path, Purpose::Runner)).await?;
        let told = [StatusCode::NOT_FOUND, StatusCode::UNPROCESSABLE_ENTITY].contains(&answer.status);
        if answer.status.is_success() || told { Ok(answer.status) } else { Err(Failure::Denied) }
    }

    /// Whether a runner of that name is known to GitHub, and online or at work. `None`: GitHub did not say.
    pub async fn look(&self, placement: PlacementId, texts: &Texts) -> Option<runner::Event> {
        let scope = self.inner.scope_of_runners(&texts.organization, &texts.repository).ok()?;
        let known = locked(&self.inner.runners).get(&placement).copied();
        let found = match known {
            Some(id) => self.get(id, &scope).await,
            None => self.find(placement, &scope).await,
        };
        let online = found.ok()?.map(|found| found.busy || found.status == "online");
        Some(runner::Event::Seen { placement, online })
    }

    /// The runner of a number.
    async fn get(&self, id: u64, scope: &Scope) -> Result<Option<Found>, Failure> {
        let path = format!("/{}/actions/runners/{id}", scope.path);
        let answer: Answer = self.inner.call(scope, &Call::new(Method::GET, &path, Purpose::Runner)).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        answer.read().map(Some)
    }

    /// The runner that is named as a placement.
    async fn find(&self, placement: PlacementId, scope: &Scope) -> Result<Option<Found>, Failure> {
        let name = placement.to_string();
        let mut path = format!("/{}/actions/runners?name={name}&per_page=100", scope.path);
        for _ in 0..PAGES_MAX {
            let answer = self.inner.call(scope, &Call::page(&path, Purpose::Runner)).await?;
            let page: Page = answer.read()?;
            if let Some(found) = page.runners.into_iter().find(|found| found.name == name) {
                locked(&self.inner.runners).put(placement, found.id);
                return Ok(Some(found));
            }
            let Some(next) = answer.next() else { return Ok(None) };
            path = next;
        }
        Err(Failure::Service) // not seen in as many as we read, which is not the same as not there
    }
}
