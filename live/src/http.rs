//! What a process serves over HTTP: webhooks and health on one address; admin, metrics, probes and the status page on
//! another. Knows routes and who may use them; must not know what is decided.

mod admin;
mod failover;
mod listener;
mod page;
mod webhook;

pub(crate) use admin::ProbeAnswer;
pub(crate) use listener::serve;

use crate::clock::Clock;
use crate::config::{Config, Secret};
use crate::embedded::Embedded;
use crate::github::Offered;
use crate::names::Names;
use crate::node::Handle;
use crate::services::Look;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tidegate_core::RegionId;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

/// The largest webhook that is read: GitHub's own cap on payloads is 25 MB.
pub const MAX_BODY: usize = 25 * 1024 * 1024;

/// A body up to here is small: GitHub's deliveries about jobs are some tens of kilobytes.
const SMALL_BODY: u64 = 1024 * 1024;

/// Bodies larger than that, or of an unknown size, which are read at once: 1.6 GB at the worst. Strangers may send them, and
/// then they stand in each other's way alone.
const LARGE_BODIES: usize = 64;

/// How long a sender may take for the body of a webhook: GitHub gives up after ten seconds itself.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// How long any request may take, answer included.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);

/// All that the handlers need.
#[derive(Debug)]
pub struct Site {
    /// The nodes of this process: one, or in embedded mode one for each region.
    pub nodes: Vec<Handle>,
    /// The virtual world, in embedded mode.
    pub embedded: Option<Embedded>,
    /// What was found of the region's own services at the latest look.
    look: Mutex<Look>,
    /// The texts behind names.
    pub names: Arc<Names>,
    /// What runners are offered.
    pub offered: Offered,
    /// What deliveries are signed with.
    pub webhook_secret: Secret,
    /// The token of admin requests, or the two that are in force while it is changed.
    pub admin_token: Secret,
    /// The clock.
    pub clock: Arc<Clock>,
    /// Whether the process is about to end: it takes nothing new.
    pub closing: AtomicBool,
    /// Leave to read a large body.
    large_bodies: tokio::sync::Semaphore,
}

impl Site {
    /// What is served of these nodes.
    #[must_use]
    pub fn new(
        nodes: Vec<Handle>,
        embedded: Option<Embedded>,
        config: &Config,
        names: Arc<Names>,
        clock: Arc<Clock>,
    ) -> Self {
        Self {
            nodes,
            embedded,
            look: Mutex::default(),
            names,
            offered: Offered::new(&config.runners),
            webhook_secret: config.github.webhook_secret.clone(),
            admin_token: config.http.admin_token.clone(),
            clock,
            closing: AtomicBool::new(false),
            large_bodies: tokio::sync::Semaphore::new(LARGE_BODIES),
        }
    }

    /// The node that a webhook or an order is handed to: the only one, or the first whose region is there.
    #[must_use]
    pub fn receiver(&self) -> &Handle {
        let at = self.embedded.as_ref().map_or(RegionId(0), Embedded::ingress);
        &self.nodes[if self.nodes.len() == 1 { 0 } else { at.index() }]
    }

    /// Notes what a look at the region's own services found.
    pub(crate) fn note_look(&self, note: impl FnOnce(&mut Look)) {
        note(&mut self.look.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What a probe of this node is answered.
    pub(crate) fn probe_answer(&self) -> ProbeAnswer {
        let look = *self.look.lock().unwrap_or_else(PoisonError::into_inner);
        let load = tidegate_core::port::probe::Load { waiting: look.waiting, ..self.receiver().board.load() };
        let services = Some(look.services);
        ProbeAnswer { load, services_well: look.services.are_well(), services, in_flight: look.in_flight }
    }

    /// Whether webhooks are taken.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.closing.load(Ordering::Acquire) && self.receiver().board.is_ready(self.clock.now())
    }
}

/// The routes that GitHub and health checks use.
pub fn public(site: Arc<Site>) -> Router {
    let ready = |site: axum::extract::State<Arc<Site>>| async move {
        if site.is_ready() { (StatusCode::OK, "ready\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready\n") }
    };
    Router::new()
        .route("/webhook", post(webhook::take).layer(DefaultBodyLimit::max(MAX_BODY)))
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .layer(RequestBodyTimeoutLayer::new(BODY_WITHIN))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_WITHIN))
        .with_state(site)
}

/// The routes that operators, Prometheus and other nodes use.
pub fn private(site: Arc<Site>) -> Router {
    let guarded = Router::new()
        .route("/admin/regions", get(admin::regions))
        .route("/admin/failover/{region}", post(failover::order))
        .route("/admin/jobs/{id}", get(admin::job))
        .route("/admin/embedded/{region}/{what}", post(admin::embedded))
        .route("/admin/probe", get(admin::probe))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&site), admin::guard));
    Router::new()
        .route("/", get(page::page))
        .route("/status", get(page::status))
        .route("/metrics", get(admin::metrics))
        .merge(guarded)
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(RequestBodyTimeoutLayer::new(BODY_WITHIN))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_WITHIN))
        .with_state(site)
}
