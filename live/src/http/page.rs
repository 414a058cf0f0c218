//! The status page and the numbers behind it. Knows what is shown to whoever may reach the address; must not show a secret.

use super::Site;
use super::admin::{decisions, statuses};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;
use std::sync::Arc;

/// `GET /`.
pub(super) async fn page() -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(include_str!("page.html"))).into_response()
}

/// `GET /status`: what the page draws.
pub(super) async fn status(State(site): State<Arc<Site>>) -> Response {
    let lost = site.embedded.as_ref().map(crate::embedded::Embedded::lost);
    let policy = site.receiver().board.policy_in_force();
    let lost: Option<Vec<&str>> =
        lost.map(|lost| lost.iter().map(|region| policy.region(region).name.as_str()).collect());
    let shown = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "at": site.clock.now().to_string(),
        "embedded": lost.is_some(),
        "lost": lost,
        "nodes": statuses(&site),
        "decisions": decisions(&site),
    });
    Json(shown).into_response()
}
