//! Probes of every region's node over HTTP. Knows addresses and the limit on time; must not know what silence means.

use crate::config::{Config, Secret};
use crate::http::{ProbeAnswer, Site};
use std::sync::OnceLock;
use std::sync::{Arc, Weak};
use tidegate_core::id::RegionId;
use tidegate_core::policy::Policy;
use tidegate_core::port::probe::Event;

/// Asks nodes how they are.
#[derive(Debug)]
pub(crate) struct Probes {
    client: reqwest::Client,
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
        let within = crate::clock::duration(policy.failover.probe_timeout);
        let client = reqwest::Client::builder().timeout(within).connect_timeout(within).build();
        let url = |name: &String| config.regions.get(name).map_or_else(String::new, |region| region.node_url.clone());
        Ok(Self {
            client: client.map_err(|error| format!("probes cannot be made: {error}"))?,
            urls: policy.regions.iter().map(|region| url(&region.name).trim_end_matches('/').to_owned()).collect(),
            token: config.http.admin_token.clone(),
            me,
            site: OnceLock::new(),
        })
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
        match answer {
            Some(ProbeAnswer { load, services_well }) => Event::Answered { region, sequence, load, services_well },
            None => Event::Missed { region, sequence },
        }
    }

    async fn ask(&self, region: RegionId) -> Option<ProbeAnswer> {
        let url = format!("{}/admin/probe", self.urls[region.index()]);
        let response = self.client.get(url).bearer_auth(self.token.first()).send().await;
        let response =
            response.map_err(|error| tracing::debug!(region = region.0, %error, "a probe is missed")).ok()?;
        if !response.status().is_success() {
            tracing::debug!(region = region.0, status = %response.status(), "a probe is refused");
            return None;
        }
        response.json().await.ok()
    }
}
