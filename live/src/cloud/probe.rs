//! Probes of every region's node over HTTP. Knows addresses and the limit on time; must not know what silence means.

use crate::config::{Config, Secret};
use crate::http::{ProbeAnswer, Site};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use tidegate_core::Span;
use tidegate_core::id::RegionId;
use tidegate_core::policy::Policy;
use tidegate_core::port::probe::Event;

/// Asks nodes how they are.
#[derive(Debug)]
pub(crate) struct Probes {
    client: reqwest::Client,
    /// The policy's `probeTimeout` in microseconds; another policy may change it.
    within: AtomicU64,
    urls: Vec<String>,
    token: Secret,
    me: RegionId,
    /// The node's own site: it need not ask itself over the wire.
    site: OnceLock<Weak<Site>>,
}

impl Probes {
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn new(config: &Config, policy: &Policy, me: RegionId) -> Result<Self, String> {
        let client = reqwest::Client::builder().build();
        let url = |name: &String| config.regions.get(name).map_or_else(String::new, |region| region.node_url.clone());
        Ok(Self {
            client: client.map_err(|error| format!("probes cannot be made: {error}"))?,
            within: AtomicU64::new(policy.failover.probe_timeout.0),
            urls: policy.regions.iter().map(|region| url(&region.name).trim_end_matches('/').to_owned()).collect(),
            token: config.http.admin_token.clone(),
            me,
            site: OnceLock::new(),
        })
    }

    /// From now on a probe may take so long, with all that belongs to it.
    pub(super) fn allow(&self, within: Span) {
        self.within.store(within.0, Ordering::Relaxed);
    }

    pub(super) fn know(&self, site: &Arc<Site>) {
        let _ = self.site.set(Arc::downgrade(site)); // told once
    }

    pub(crate) async fn check(&self, region: RegionId, sequence: u32) -> Event {
        let answer = if region == self.me {
            self.site.get().and_then(Weak::upgrade).filter(|site| site.is_ready()).map(|site| site.probe_answer())
        } else {
            self.ask(region).await
        };
        if let Some(site) = self.site.get().and_then(Weak::upgrade) {
            site.receiver().board.note_probe(region, answer.as_ref().map(|answer| (answer.services, answer.in_flight)));
        }
        match answer {
            Some(ProbeAnswer { load, services_well, .. }) => Event::Answered { region, sequence, load, services_well },
            None => Event::Missed { region, sequence },
        }
    }

    async fn ask(&self, region: RegionId) -> Option<ProbeAnswer> {
        let url = format!("{}/admin/probe", self.urls[region.index()]);
        let within = crate::clock::duration(Span(self.within.load(Ordering::Relaxed)));
        let response = self.client.get(url).timeout(within).bearer_auth(self.token.first()).send().await;
        let response =
            response.map_err(|error| tracing::debug!(region = region.0, %error, "a probe is missed")).ok()?;
        if !response.status().is_success() {
            tracing::debug!(region = region.0, status = %response.status(), "a probe is refused");
            return None;
        }
        response.json().await.ok()
    }
}
