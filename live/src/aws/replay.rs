//! A stand-in for AWS in tests: answers each call by its target with what the test says. Knows HTTP on the loop-back
//! interface; must not know any service.

use crate::config::{Config, GitHub, Http, Journal, Region, Runner, Secret, Tables};
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tidegate_core::Need;

type Script = dyn Fn(&str, &Value, usize) -> (u16, Value) + Send + Sync;

/// Calls that were made: the operation and its body.
pub(crate) type Calls = Arc<Mutex<Vec<(String, Value)>>>;

/// Starts a service that answers with what `script` says of an operation, its body, and how often the operation was
/// called before. Gives its address and the calls.
pub(crate) async fn start(
    script: impl Fn(&str, &Value, usize) -> (u16, Value) + Send + Sync + 'static,
) -> (String, Calls) {
    let (calls, script): (Calls, Arc<Script>) = (Calls::default(), Arc::new(script));
    let noted = Arc::clone(&calls);
    let app = axum::Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
        let (calls, script) = (Arc::clone(&noted), Arc::clone(&script));
        async move {
            let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or("");
            let operation = target.rsplit('.').next().unwrap_or("").to_owned();
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            let mut calls = calls.lock().expect("no test panics with it");
            let before = calls.iter().filter(|(name, _)| *name == operation).count();
            let (status, answer) = script(&operation, &body, before);
            calls.push((operation, body));
            (StatusCode::from_u16(status).expect("a status"), answer.to_string())
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("the loop-back interface is there");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://{address}"), calls)
}

/// The operations that were called, in order.
pub(crate) fn operations(calls: &Calls) -> Vec<String> {
    calls.lock().expect("no test panics with it").iter().map(|(name, _)| name.clone()).collect()
}

/// A configuration of clients with made-up credentials and no second attempts.
pub(crate) fn sdk() -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .build()
}

/// A node's configuration of one region, whose AWS is at `url`.
pub(crate) fn config(region: &str, url: &str) -> Config {
    let place = Region {
        queue: "tidegate.fifo".to_owned(),
        cluster: "tidegate".to_owned(),
        subnets: vec!["subnet-1".to_owned()],
        endpoint_url: Some(url.to_owned()),
        ..Region::default()
    };
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    Config {
        node: region.to_owned(),
        data: PathBuf::new(),
        http: Http { listen: any, admin: any, admin_token: Secret::default(), max_waiting: 1 },
        github: GitHub {
            api_url: String::new(),
            app_id: 1,
            private_key: Secret::default(),
            webhook_secret: Secret::default(),
            runner_group: 1,
            for_organizations: true,
        },
        runners: vec![Runner {
            labels: vec!["linux".to_owned(), "self-hosted".to_owned()],
            need: Need::default(),
            task_definition: "tidegate-runner".to_owned(),
            container: "runner".to_owned(),
        }],
        regions: [(region.to_owned(), place)].into(),
        tables: Tables { claims: "tidegate-claims".to_owned(), nodes: "tidegate-nodes".to_owned() },
        journal: Journal { segment_bytes: 1, keep: 1, sync: false },
    }
}
