//! Who we are at GitHub: the App, and its installation at each owner. Knows installations and the renewal of tokens; must
//! not know what is asked with them.

use super::bounded::Bounded;
use super::budget::{Payer, Purpose};
use super::client::{Answer, Call, Inner, locked, segment};
use super::places::Place;
use axum::http::{Method, StatusCode};
use octocrab::Octocrab;
use octocrab::models::InstallationId;
use serde::Deserialize;
use std::sync::Arc;
use tidegate_core::port::Failure;
use tokio::time::timeout;

/// Owners, or repositories, whose installation is remembered.
const PLACES_MAX: usize = 20_000;
/// Installations whose client is kept with its token.
const CLIENTS_MAX: usize = 1_000;

/// The installations known so far.
pub(super) struct Installations {
    /// By owner, or by repository where runners are for repositories, in lower case.
    places: Bounded<String, u64>,
    clients: Bounded<u64, Arc<Installation>>,
}

impl Default for Installations {
    fn default() -> Self {
        Self { places: Bounded::new(PLACES_MAX), clients: Bounded::new(CLIENTS_MAX) }
    }
}

/// A client that speaks for one installation.
pub(super) struct Installation {
    crab: Octocrab,
    /// Held while a token is fetched, so that many calls at once fetch one.
    renewing: tokio::sync::Mutex<()>,
}

/// Whose resources a call is about.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// `orgs/studio` or `repos/studio/app`.
    pub(super) path: String,
    /// Whose budget it uses.
    pub(super) payer: Payer,
}

/// An installation as GitHub shows it.
#[derive(Deserialize)]
struct Shown {
    id: u64,
}

impl Inner {
    /// Where runners for a repository are registered.
    pub(super) fn scope_of_runners(&self, organization: &str, repository: &str) -> Result<Scope, Failure> {
        if !self.for_organizations {
            return scope_of_repository(repository);
        }
        let owner = segment(organization).ok_or(Failure::Denied)?;
        Ok(Scope { path: format!("orgs/{owner}"), payer: Payer::owner(organization) })
    }

    /// Makes a call as the installation that a scope belongs to. Whatever that needs is asked from one place.
    pub(super) async fn call(&self, scope: &Scope, call: &Call<'_>) -> Result<Answer, Failure> {
        let place = self.places.take().await?;
        let found = self.installation_from(&place, scope, call.purpose).await?;
        let (known, fresh) = found.ok_or(Failure::Denied)?;
        let installation = match self.client_with_token(&place, known, &scope.payer).await {
            Err(Failure::Denied) if !fresh => {
                // The App was taken off and put on again, perhaps: that makes another installation.
                self.forget(scope, known);
                let found = self.installation_from(&place, scope, call.purpose).await?;
                let (id, _) = found.ok_or(Failure::Denied)?;
                self.client_with_token(&place, id, &scope.payer).await?
            }
            other => other?,
        };
        self.exchange_from(&place, &installation.crab, &scope.payer, call).await
    }

    /// Makes a call as an installation whose number is known from a list.
    pub(super) async fn call_as(&self, id: u64, payer: &Payer, call: &Call<'_>) -> Result<Answer, Failure> {
        let place = self.places.take().await?;
        let installation = self.client_with_token(&place, id, payer).await?;
        self.exchange_from(&place, &installation.crab, payer, call).await
    }

    /// The number of a scope's installation, and whether it was looked up just now; `None`: the App is not installed
    /// there.
    pub(super) async fn installation(&self, scope: &Scope, purpose: Purpose) -> Result<Option<(u64, bool)>, Failure> {
        if let Some(id) = self.known(scope) {
            return Ok(Some((id, false)));
        }
        let place = self.places.take().await?;
        self.installation_from(&place, scope, purpose).await
    }

    fn known(&self, scope: &Scope) -> Option<u64> {
        locked(&self.installations).places.get(&scope.path.to_lowercase()).copied()
    }

    async fn installation_from(
        &self,
        from: &Place<'_>,
        scope: &Scope,
        purpose: Purpose,
    ) -> Result<Option<(u64, bool)>, Failure> {
        if let Some(id) = self.known(scope) {
            return Ok(Some((id, false)));
        }
        // The look-up is no registration, whatever it is for.
        let purpose = if purpose == Purpose::Registration { Purpose::Runner } else { purpose };
        let path = format!("/{}/installation", scope.path);
        let answer = self.exchange_from(from, &self.app, &Payer::App, &Call::new(Method::GET, &path, purpose)).await?;
        if answer.status == StatusCode::NOT_FOUND {
            tracing::warn!(scope = %scope.path, "the App is not installed there");
            return Ok(None);
        }
        let Shown { id } = answer.read()?;
        locked(&self.installations).places.put(scope.path.to_lowercase(), id);
        Ok(Some((id, true)))
    }

    pub(super) fn forget(&self, scope: &Scope, id: u64) {
        let mut installations = locked(&self.installations);
        installations.places.remove(&scope.path.to_lowercase());
        installations.clients.remove(&id);
    }

    /// The client of an installation, which holds a token that is good for half a minute at least.
    async fn client_with_token(&self, from: &Place<'_>, id: u64, payer: &Payer) -> Result<Arc<Installation>, Failure> {
        // A token costs no budget, but who was told to wait asks for none either.
        self.budget().waits(payer, self.clock.now())?;
        let installation = self.client(id)?;
        let fetched = timeout(from.rest_of(super::client::PATIENCE), async {
            let _one = installation.renewing.lock().await;
            installation.crab.installation_token().await
        });
        let fetched = fetched.await.map_err(|_| Failure::GitHubDown)?;
        fetched.map_err(|error| self.refused_token(payer, &error))?;
        Ok(installation)
    }

    fn client(&self, id: u64) -> Result<Arc<Installation>, Failure> {
        let mut installations = locked(&self.installations);
        if let Some(known) = installations.clients.get(&id) {
            return Ok(Arc::clone(known));
        }
        let crab = self.app.installation(InstallationId(id)).map_err(|_| Failure::Denied)?;
        let made = Arc::new(Installation { crab, renewing: tokio::sync::Mutex::default() });
        installations.clients.put(id, Arc::clone(&made));
        Ok(made)
    }
}

/// The scope of a repository, `owner/name`.
pub(super) fn scope_of_repository(repository: &str) -> Result<Scope, Failure> {
    let (owner, name) = repository.split_once('/').ok_or(Failure::Denied)?;
    let path = segment(owner).zip(segment(name)).ok_or(Failure::Denied)?;
    Ok(Scope { path: format!("repos/{}/{}", path.0, path.1), payer: Payer::owner(owner) })
}
