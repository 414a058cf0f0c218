//! What operators and other nodes ask: regions, jobs, metrics, probes. Knows the token and what is shown; must not know
//! what an order means (see `failover`).

use super::Site;
use crate::node::Status;
use crate::services::Services;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use tidegate_core::port::probe::Load;
use tidegate_core::{Fact, JobId, RegionId, Timestamp};
use tidegate_sim::explain;

/// An answer that says what is wrong.
pub(super) fn refuse(status: StatusCode, error: impl Into<String>) -> Response {
    (status, Json(json!({ "error": error.into() }))).into_response()
}

/// Lets a request through that carries a token in force.
pub(super) async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    // All are compared, so that the time tells nothing of which it is.
    if site.admin_token.words().filter(|token| is_same(given, token)).count() > 0 {
        return next.run(request).await;
    }
    let mut response = refuse(StatusCode::UNAUTHORIZED, "expected the header `Authorization: Bearer TOKEN`");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
    response
}

/// Compares two texts in a time that tells nothing of either, their lengths included: by their tags under one key. An
/// empty token opens nothing.
fn is_same(given: &str, token: &str) -> bool {
    let tag = |text: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"tidegate admin token").expect("HMAC takes keys of any length");
        mac.update(text.as_bytes());
        mac
    };
    let expected = tag(token).finalize().into_bytes();
    tag(given).verify(&expected).is_ok() && !token.is_empty()
}

/// The region of a name, or the answer that there is none.
pub(super) fn region_named(site: &Site, name: &str) -> Result<RegionId, Box<Response>> {
    let policy = site.receiver().board.policy_in_force();
    policy.region_named(name).ok_or_else(|| {
        let known: Vec<&str> = policy.regions.iter().map(|region| region.name.as_str()).collect();
        let nearest = tidegate_core::document::nearest(name, known.iter().copied());
        let hint = nearest.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
        let error = format!("no region `{name}`; the policy names {}{hint}", known.join(", "));
        Box::new(refuse(StatusCode::NOT_FOUND, error))
    })
}

/// What every node of this process sees.
pub(super) fn statuses(site: &Site) -> Vec<Status> {
    site.nodes.iter().map(|local| Status::clone(&local.board.status())).collect()
}

/// `GET /admin/regions`.
pub(super) async fn regions(State(site): State<Arc<Site>>) -> Response {
    Json(json!({ "nodes": statuses(&site), "decisions": decisions(&site) })).into_response()
}

/// The latest decisions of all nodes of this process, newest first, in words.
pub(super) fn decisions(site: &Site) -> Vec<Value> {
    let mut latest: Vec<(Timestamp, Fact, String)> = Vec::new();
    for local in &site.nodes {
        let node = local.board.status().node.clone();
        latest.extend(local.board.latest().into_iter().map(|(at, fact)| (at, fact, node.clone())));
    }
    latest.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    latest.truncate(50);
    let regions = region_names(site);
    latest.into_iter().map(|(at, fact, node)| told(at, &fact, &node, &regions)).collect()
}

fn region_names(site: &Site) -> Vec<String> {
    site.receiver().board.policy_in_force().regions.iter().map(|region| region.name.clone()).collect()
}

fn told(at: Timestamp, fact: &Fact, node: &str, regions: &[String]) -> Value {
    let text = explain::line(at, fact, regions).unwrap_or_default();
    let job = tidegate_sim::job_of(fact).map(|job| job.0);
    json!({ "at": at.to_string(), "node": node, "job": job, "text": text, "fact": fact })
}

/// `GET /admin/jobs/{id}`: every decision about a job and why, of all nodes of this process.
pub(super) async fn job(State(site): State<Arc<Site>>, Path(id): Path<String>) -> Response {
    let Ok(job) = id.parse() else {
        return refuse(StatusCode::BAD_REQUEST, format!("`{id}` is no job; expected GitHub's number of a job"));
    };
    let regions = region_names(&site);
    let mut facts = Vec::new();
    for local in &site.nodes {
        let node = local.board.status().node.clone();
        facts.extend(local.board.story(JobId(job)).into_iter().flatten().map(|(at, fact)| (at, fact, node.clone())));
    }
    if facts.is_empty() {
        let error = format!(
            "job {job} is not among the latest jobs of this node; `tidegate explain JOURNAL --job {job}` looks further back"
        );
        return refuse(StatusCode::NOT_FOUND, error);
    }
    facts.sort_by_key(|(at, ..)| *at);
    let story: Vec<Value> = facts.iter().map(|(at, fact, node)| told(*at, fact, node, &regions)).collect();
    Json(json!({ "job": job, "story": story })).into_response()
}

/// `GET /metrics`: of the node, or in embedded mode of the first one that is there.
pub(super) async fn metrics(State(site): State<Arc<Site>>) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    (kind, site.receiver().board.metrics.text()).into_response()
}

/// What a node answers to another one's probe.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProbeAnswer {
    /// The load of its region.
    pub(crate) load: Load,
    /// Whether its own queue, cluster and tables answered it lately.
    pub(crate) services_well: bool,
    /// Which of them did. A node of another version may not say.
    #[serde(default)]
    pub(crate) services: Option<Services>,
    /// Messages of its queue that were received and not deleted.
    #[serde(default)]
    pub(crate) in_flight: Option<u32>,
}

/// `GET /admin/probe`: another node asks how this one is.
pub(super) async fn probe(State(site): State<Arc<Site>>) -> Response {
    if !site.is_ready() {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "not ready");
    }
    Json(site.probe_answer()).into_response()
}

/// `POST /admin/embedded/{region}/kill` and `/heal`.
pub(super) async fn embedded(State(site): State<Arc<Site>>, Path((region, what)): Path<(String, String)>) -> Response {
    let Some(embedded) = &site.embedded else {
        return refuse(StatusCode::NOT_FOUND, "only a daemon started with --embedded can lose a region on demand");
    };
    let region = match region_named(&site, &region) {
        Ok(region) => region,
        Err(answer) => return *answer,
    };
    let lost = match what.as_str() {
        "kill" => true,
        "heal" => false,
        other => return refuse(StatusCode::NOT_FOUND, format!("`{other}`: expected `kill` or `heal`")),
    };
    if lost && embedded.lost().with(region).len() as usize == site.nodes.len() {
        return refuse(StatusCode::CONFLICT, "the other regions are lost already: heal one of them first");
    }
    embedded.set_lost(region, lost);
    tracing::info!(region = region.0, lost, "embedded: a region is lost or healed by order");
    (StatusCode::ACCEPTED, Json(json!({ "region": region.0, "lost": lost }))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_opens() {
        assert!(is_same("tide", "tide"));
        for given in ["", "tid", "tides", "TIDE"] {
            assert!(!is_same(given, "tide"), "{given}");
        }
        assert!(!is_same("", ""), "no token, no entry");
    }
}
