//! A client of GitHub's REST API. Knows calls, their time-outs, their number, their budget and what a refusal means; must
//! not know what the machines decide.
//!
//! No call is made a second time in here: the core tries again, later and with its own patience. Two exceptions are none
//! of the core's business: a token that GitHub no longer takes is renewed once, and an installation that is no more is
//! looked up anew once.

use super::auth::Installations;
use super::bounded::Bounded;
use super::budget::{Budget, Left, Limits, Payer, Purpose};
use super::deliveries::Sweeps;
use super::jobs::{Lists, Pages};
use super::places::{CALLS_MAX, PLACE_PATIENCE, Place, Places};
use crate::clock::Clock;
use crate::config;
use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, ETAG, IF_NONE_MATCH, LINK, USER_AGENT};
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri};
use octocrab::Octocrab;
use octocrab::models::AppId;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tidegate_core::PlacementId;
use tidegate_core::policy::GitHub as Allowed;
use tidegate_core::port::Failure;
use tokio::time::timeout;

/// The longest wait for an answer, and for a place to ask from.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// The longest wait for a page of a list.
pub const LIST_PATIENCE: Duration = Duration::from_secs(20);
/// The longest wait for a connection, within the others.
const CONNECT: Duration = Duration::from_secs(5);
/// The largest answer that is read: a page of a hundred jobs with all their steps is a tenth of it.
const ANSWER_MAX: usize = 16 << 20;
/// Runners whose numbers are remembered; others are found by their name.
const RUNNERS_MAX: usize = 20_000;

/// Why there is no client. Nothing of the key is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadClient {
    /// `apiUrl` is no address.
    #[error("github.apiUrl is no address")]
    Address,
    /// The private key is no RSA key in PEM.
    #[error("the App's private key is no RSA key in PEM: download it from the App's settings at GitHub")]
    Key,
    /// TLS cannot be set up, most likely for want of the system's root certificates.
    #[error("TLS cannot be set up: are the system's root certificates installed?")]
    Tls,
}

/// A client of GitHub as one App. Cheap to clone; clones share budgets, tokens and what they remember.
#[derive(Clone)]
pub struct Client {
    pub(super) inner: Arc<Inner>,
}

/// What the clones of a client share.
pub(super) struct Inner {
    /// Speaks as the App itself.
    pub(super) app: Octocrab,
    pub(super) runner_group: u64,
    pub(super) for_organizations: bool,
    pub(super) clock: Clock,
    budget: Mutex<Budget>,
    /// Whatever is sent to GitHub is sent from one of these.
    pub(super) places: Places,
    pub(super) installations: Mutex<Installations>,
    /// GitHub's numbers of the runners registered here.
    pub(super) runners: Mutex<Bounded<PlacementId, u64>>,
    pub(super) pages: Pages,
    pub(super) lists: tokio::sync::Mutex<Lists>,
    pub(super) sweeps: tokio::sync::Mutex<Sweeps>,
}

impl fmt::Debug for Client {
    /// Without keys and tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("for_organizations", &self.inner.for_organizations).finish_non_exhaustive()
    }
}

impl Client {
    /// A client after the configuration, which asks no more than the policy allows. Nothing is sent yet. To be called
    /// within a tokio runtime.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn new(config: &config::GitHub, allowed: &Allowed) -> Result<Self, BadClient> {
        let base: Uri = config.api_url.parse().map_err(|_| BadClient::Address)?;
        if base.authority().is_none() || base.scheme().is_none() || base.query().is_some() {
            return Err(BadClient::Address);
        }
        let key = octocrab::auth::EncodingKey::from_rsa_pem(config.private_key.reveal().as_bytes());
        let app = Octocrab::builder()
            .base_uri(base)
            .map_err(|_| BadClient::Address)?
            .add_header(ACCEPT, "application/vnd.github+json".to_owned())
            .add_header(USER_AGENT, "tidegate".to_owned())
            .set_connect_timeout(Some(CONNECT))
            .app(AppId(config.app_id), key.map_err(|_| BadClient::Key)?)
            .build()
            .map_err(|_| BadClient::Tls)?;
        Ok(Self {
            inner: Arc::new(Inner {
                app,
                runner_group: config.runner_group,
                for_organizations: config.for_organizations,
                clock: Clock::new(),
                budget: Mutex::new(Budget::new(allowed)),
                places: Places::new(CALLS_MAX, PLACE_PATIENCE),
                installations: Mutex::default(),
                runners: Mutex::new(Bounded::new(RUNNERS_MAX)),
                pages: Pages::default(),
                lists: tokio::sync::Mutex::default(),
                sweeps: tokio::sync::Mutex::default(),
            }),
        })
    }

    /// From now on another policy's budgets hold; what was used stays used.
    pub fn allow(&self, policy: &Allowed) {
        self.inner.budget().allow(policy, self.inner.clock.now());
    }

    /// What is left of GitHub's budget by payer, for metrics: those asked so far.
    #[must_use]
    pub fn left(&self) -> Vec<Left> {
        self.inner.budget().left(self.inner.clock.now())
    }
}

/// A request.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Path and query below the API's address.
    pub(super) path: &'a str,
    pub(super) body: Option<&'a Value>,
    /// The tag of an answer that we hold.
    pub(super) etag: Option<&'a str>,
    pub(super) purpose: Purpose,
    pub(super) patience: Duration,
}

impl<'a> Call<'a> {
    /// A request without a body.
    pub(super) const fn new(method: Method, path: &'a str, purpose: Purpose) -> Self {
        Self { method, path, body: None, etag: None, purpose, patience: PATIENCE }
    }

    /// For a page of a list.
    pub(super) const fn page(path: &'a str, purpose: Purpose) -> Self {
        Self { method: Method::GET, path, body: None, etag: None, purpose, patience: LIST_PATIENCE }
    }
}

/// An answer: any but those that [`Inner::exchange`] takes for a failure. It may hold a secret, and has no `Debug`.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    /// The body of a success.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        if !self.status.is_success() {
            return Err(Failure::Denied);
        }
        // An answer that is not what is documented comes from a proxy in trouble or from a GitHub that is.
        serde_json::from_slice(&self.body).map_err(|_| Failure::GitHubDown)
    }

    pub(super) fn etag(&self) -> Option<String> {
        self.headers.get(ETAG)?.to_str().ok().map(str::to_owned)
    }

    /// Path and query of the next page. Its host is not looked at: a token goes to the configured one alone.
    pub(super) fn next(&self) -> Option<String> {
        let links = self.headers.get(LINK)?.to_str().ok()?;
        links.split(',').find_map(|link| {
            let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
            let is_next = parameters.split(';').any(|parameter| parameter.trim() == "rel=\"next\"");
            let target: Uri = target.parse().ok().filter(|_| is_next)?;
            target.path_and_query().map(ToString::to_string)
        })
    }

    /// Path and query of where the thing asked for moved to.
    pub(super) fn moved_to(&self) -> Option<String> {
        let target: Uri = self.headers.get("location")?.to_str().ok()?.parse().ok()?;
        target.path_and_query().map(ToString::to_string).filter(|_| self.status.is_redirection())
    }

    /// Whether a refusal is for want of budget: 429, or a 403 that says so in one of GitHub's three ways.
    fn lacks_budget(&self, limits: &Limits) -> bool {
        let says_so = || String::from_utf8_lossy(&self.body).to_lowercase().contains("rate limit");
        match self.status.as_u16() {
            429 => true,
            403 => limits.retry_after.is_some() || limits.remaining == Some(0) || says_so(),
            _ => false,
        }
    }

    /// Whether it is an error of GitHub's.
    fn is_error(&self) -> bool {
        self.status.is_server_error() || self.status == StatusCode::REQUEST_TIMEOUT
    }

    /// Whether no call is to be made for a while: after a want of budget always, after an error where GitHub names a time.
    fn asks_to_wait(&self, limits: &Limits) -> bool {
        self.lacks_budget(limits) || self.is_error() && limits.retry_after.is_some()
    }

    /// The failures that no caller can do anything about. With a want of budget nothing happened; with an error that is
    /// not known, whether it names a time or not.
    fn failure(&self, limits: &Limits) -> Option<Failure> {
        if self.lacks_budget(limits) {
            return Some(Failure::GitHubBudget);
        }
        self.is_error().then_some(Failure::GitHubDown)
    }
}

impl Inner {
    pub(super) fn budget(&self) -> MutexGuard<'_, Budget> {
        locked(&self.budget)
    }

    /// Makes a call from a place of its own; see [`Inner::exchange_from`].
    ///
    /// # Errors
    /// Those, and [`Failure::GitHubBudget`] when no place came free in time: nothing was sent then.
    pub(super) async fn exchange(&self, crab: &Octocrab, payer: &Payer, call: &Call<'_>) -> Result<Answer, Failure> {
        let place = self.places.take().await?;
        self.exchange_from(&place, crab, payer, call).await
    }

    /// Makes a call within its budget and its time. Answers that no caller can do anything about are failures: a want of
    /// budget, an error of GitHub's, no answer.
    pub(super) async fn exchange_from(
        &self,
        place: &Place<'_>,
        crab: &Octocrab,
        payer: &Payer,
        call: &Call<'_>,
    ) -> Result<Answer, Failure> {
        self.budget().take(payer, call.purpose, self.clock.now())?;
        let patience = place.rest_of(call.patience);
        let answer = timeout(patience, send(crab, call)).await.map_err(|_| Failure::GitHubDown)??;
        let now = self.clock.now();
        if answer.status == StatusCode::NOT_MODIFIED {
            self.budget().give_back(payer, now);
        }
        let limits = Limits::of(&answer.headers, now);
        let wait = answer.asks_to_wait(&limits);
        // Whom GitHub does not know it shows the budget of the address.
        if answer.status != StatusCode::UNAUTHORIZED {
            self.budget().heed(payer, &limits, wait, now);
        }
        if wait {
            tracing::warn!(%payer, status = answer.status.as_u16(), "GitHub asks us to wait");
        }
        answer.failure(&limits).map_or(Ok(answer), Err)
    }

    /// What a failed exchange of tokens means, as GitHub answered it.
    pub(super) fn refused_token(&self, payer: &Payer, error: &octocrab::Error) -> Failure {
        let octocrab::Error::GitHub { source, .. } = error else { return failure_of(error) };
        let answer = Answer {
            status: source.status_code,
            headers: source.headers.clone().unwrap_or_default(),
            body: source.message.clone().into_bytes(),
        };
        let now = self.clock.now();
        let limits = Limits::of(&answer.headers, now);
        if answer.asks_to_wait(&limits) {
            tracing::warn!(%payer, status = answer.status.as_u16(), "GitHub gives no token and asks us to wait");
            self.budget().heed(payer, &limits, true, now);
        }
        answer.failure(&limits).unwrap_or(Failure::Denied)
    }
}

async fn send(crab: &Octocrab, call: &Call<'_>) -> Result<Answer, Failure> {
    let mut request = Request::builder().method(&call.method).uri(call.path);
    if let Some(etag) = call.etag {
        request = request.header(IF_NONE_MATCH, etag);
    }
    let request = crab.build_request(request, call.body).map_err(|error| failure_of(&error))?;
    let answer = crab.execute(request).await.map_err(|error| failure_of(&error))?;
    let (parts, body) = answer.into_parts();
    let body = to_bytes(Body::new(body), ANSWER_MAX).await.map_err(|_| Failure::GitHubDown)?;
    Ok(Answer { status: parts.status, headers: parts.headers, body: body.into() })
}

/// What an error of the client's means. It is not told further: some of them hold parts of a request.
fn failure_of(error: &octocrab::Error) -> Failure {
    use octocrab::Error::{GitHub, Http, InvalidHeaderValue, JWT, Serde, Uri, UriParse};
    if let GitHub { source, .. } = error {
        return if source.status_code.is_server_error() { Failure::GitHubDown } else { Failure::Denied };
    }
    // We wrote a request that is none, or the key cannot sign: it will be no better next time.
    let ours = matches!(
        error,
        Http { .. } | InvalidHeaderValue { .. } | JWT { .. } | Serde { .. } | Uri { .. } | UriParse { .. }
    );
    if ours { Failure::Denied } else { Failure::GitHubDown }
}

/// A lock that a panic elsewhere does not close: what is under it is whole after each step.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name within a path: everything but what needs no escape is escaped. `None` for what would climb in the path.
pub(super) fn segment(text: &str) -> Option<String> {
    use std::fmt::Write;
    if matches!(text, "" | "." | "..") {
        return None;
    }
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            write!(path, "%{byte:02X}").expect("a String takes any text");
        }
    }
    Some(path)
}
