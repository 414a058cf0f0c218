//! `POST /webhook`: GitHub's deliveries. Knows signatures, the order of checks and what each sender is answered; must not
//! know what is decided on a delivery.

use super::{MAX_BODY, SMALL_BODY, Site};
use crate::github::payload::{self, Delivery};
use crate::github::signature;
use crate::node::Refused;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Takes a delivery: signature over the raw bytes first, then its meaning, then the journal, then the answer.
pub(super) async fn take(State(site): State<Arc<Site>>, request: Request) -> Response {
    let begun = Instant::now();
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let event = headers.get("x-github-event").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (status, result, text) = match read(&site, &headers, body).await {
        Ok(body) => answer(&site, event, &headers, &body).await,
        Err(refused) => refused,
    };
    let local = site.receiver();
    local.board.metrics.webhook(event, result, begun.elapsed().as_secs_f64());
    local.board.metrics.inbox(local.inbox.waiting());
    let mut response = (status, text).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert("retry-after", axum::http::HeaderValue::from_static("5"));
    }
    response
}

/// What a sender is answered: status, a word for the metrics, words for people.
type Answer = (StatusCode, &'static str, String);

/// Reads a body of a sender who claims to have signed it; of large ones so many at once, for its sender may be anybody.
async fn read(site: &Site, headers: &HeaderMap, body: Body) -> Result<Bytes, Answer> {
    if !headers.contains_key(signature::HEADER) {
        let error = signature::SignatureError::Missing;
        return Err((StatusCode::UNAUTHORIZED, "unsigned", format!("{error}\n")));
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let is_large = length.is_none_or(|length| length > SMALL_BODY);
    let permit = is_large.then(|| site.large_bodies.try_acquire());
    if let Some(Err(_)) = permit {
        return Err((StatusCode::SERVICE_UNAVAILABLE, "full", "too many large webhooks at once\n".to_owned()));
    }
    axum::body::to_bytes(body, MAX_BODY).await.map_err(|error| {
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            if error.is::<LengthLimitError>() {
                return (StatusCode::PAYLOAD_TOO_LARGE, "oversize", format!("more than {MAX_BODY} bytes\n"));
            }
            cause = error.source();
        }
        (StatusCode::REQUEST_TIMEOUT, "slow", "the body did not come in time\n".to_owned())
    })
}

async fn answer(site: &Site, event: &str, headers: &HeaderMap, body: &Bytes) -> Answer {
    let header = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok());
    if let Err(error) = signature::verify(&site.webhook_secret, body, header) {
        tracing::debug!(%error, "a webhook is refused");
        return (StatusCode::UNAUTHORIZED, "unsigned", format!("{error}\n"));
    }
    if site.closing.load(Ordering::Acquire) {
        return (StatusCode::SERVICE_UNAVAILABLE, "closing", "the process is about to end\n".to_owned());
    }
    let delivery = payload::parse(event, body, &site.offered, &site.names, site.clock.now());
    match delivery {
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, "malformed", format!("{error}\n")),
        Ok(Delivery::Ping) => (StatusCode::OK, "ping", "pong\n".to_owned()),
        Ok(Delivery::Ignored(why)) => (StatusCode::OK, "ignored", format!("ignored: {why:?}\n")),
        Ok(Delivery::Job(event)) => match site.receiver().inbox.webhook(event).await {
            Ok(()) => {
                if let Some(embedded) = &site.embedded {
                    embedded.queue(&event);
                }
                (StatusCode::ACCEPTED, "accepted", "accepted\n".to_owned())
            }
            Err(refused @ Refused::Full) => (StatusCode::SERVICE_UNAVAILABLE, "full", format!("{refused}\n")),
            Err(refused) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", format!("{refused}\n")),
        },
    }
}
