//! The client against a GitHub of our own on the loopback. Knows HTTP; must not know how the client works inside.

mod deliveries;
mod jobs;
mod key;
mod places;
mod runners;

use super::{BadClient, Client};
use crate::config::{self, Secret};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tidegate_core::policy::GitHub as Allowed;

/// A request as it came.
#[derive(Clone, Debug)]
struct Asked {
    method: Method,
    /// Path and query.
    path: String,
    authorization: String,
    etag: Option<String>,
    body: Value,
}

impl Asked {
    /// `GET /path`.
    fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// An answer.
struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

impl Reply {
    fn new(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// What the stub answers, besides the exchange of tokens and the look-up of installations.
type Answers = dyn Fn(&Asked) -> Reply + Send + Sync;

struct Shared {
    asked: Mutex<Vec<Asked>>,
    answers: Box<Answers>,
}

/// A GitHub of our own.
struct Stub {
    url: String,
    shared: Arc<Shared>,
}

impl Stub {
    async fn start(answers: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared { asked: Mutex::default(), answers: Box::new(answers) });
        let app = Router::new().fallback(serve).with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port of the loopback");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, shared }
    }

    /// A client below a prefix of the stub's address.
    fn client_at(&self, prefix: &str, for_organizations: bool) -> Client {
        Client::new(&self.config(prefix, for_organizations), &Allowed::default()).expect("a good configuration")
    }

    fn client(&self) -> Client {
        self.client_at("", true)
    }

    fn config(&self, prefix: &str, for_organizations: bool) -> config::GitHub {
        config::GitHub {
            api_url: format!("{}{prefix}", self.url),
            app_id: 7,
            private_key: Secret::new(key::TEST_ONLY_KEY),
            webhook_secret: Secret::new("unused"),
            runner_group: 5,
            for_organizations,
        }
    }

    /// All requests so far.
    fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().expect("no test panics under it").clone()
    }

    /// Their lines, but for tokens and installations.
    fn lines(&self) -> Vec<String> {
        let lines = self.asked().iter().map(Asked::line).collect::<Vec<_>>();
        lines.into_iter().filter(|line| !line.ends_with("/access_tokens") && !line.ends_with("/installation")).collect()
    }

    fn count(&self, part: &str) -> usize {
        self.asked().iter().filter(|asked| asked.line().contains(part)).count()
    }
}

async fn serve(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<axum::body::Body> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let asked = Asked {
        method,
        path: uri.to_string(),
        authorization: header("authorization").unwrap_or_default(),
        etag: header("if-none-match"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    shared.asked.lock().expect("no test panics under it").push(asked.clone());
    let path = asked.path.as_str();
    let reply = match (shared.answers)(&asked) {
        Reply { status: 0, .. } if path.ends_with("/access_tokens") => token(path),
        Reply { status: 0, .. } if path.ends_with("/installation") => Reply::new(200, json!({ "id": 42 })),
        Reply { status: 0, .. } => Reply::new(404, json!({ "message": "Not Found" })),
        reply => reply,
    };
    let mut response = Response::builder().status(StatusCode::from_u16(reply.status).expect("a status"));
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    let text = if reply.body.is_null() { String::new() } else { reply.body.to_string() };
    response.body(text.into()).expect("the test writes it right")
}

/// The token of an installation: `token-42`.
fn token(path: &str) -> Reply {
    let id = path.split('/').rev().nth(1).unwrap_or_default();
    Reply::new(201, json!({ "token": format!("token-{id}"), "expires_at": "2099-01-01T00:00:00Z", "permissions": {} }))
}

/// What the stub does by itself.
fn usual() -> Reply {
    Reply::new(0, Value::Null)
}

#[test]
fn a_bad_configuration_is_told_without_the_key() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let stub = Stub::start(|_| usual()).await;
        let good = stub.config("", true);
        let refused = |config| Client::new(&config, &Allowed::default()).expect_err("bad");
        let config = config::GitHub { private_key: Secret::new("hunter2"), ..good.clone() };
        assert_eq!(refused(config), BadClient::Key);
        for api_url in ["", "api.github.com", "/api/v3", "http://", "https://h/api?x=1"] {
            let config = config::GitHub { api_url: api_url.to_owned(), ..good.clone() };
            assert_eq!(refused(config), BadClient::Address, "{api_url}");
        }
        let client = stub.client();
        let shown = format!("{client:?}");
        assert!(shown.starts_with("Client") && !shown.contains("KEY"), "{shown}");
    });
}
