//! A running daemon, from outside: its process, its addresses, its journals. Knows how to start, ask, stop and kill one;
//! must not know what is right.

use crate::wait::until;
use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tidegate_live::config::Secret;
use tidegate_live::github::signature;

/// The secrets of daemons under test. A test looks for them wherever they must not be.
pub const WEBHOOK_SECRET: &str = "webhook-secret-of-the-tests";
/// See [`WEBHOOK_SECRET`].
pub const ADMIN_TOKEN: &str = "admin-token-of-the-tests";

/// Ports below those that Linux gives to connections by itself: one that was free stays so until it is listened on.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A port of this machine that nobody listens on now. Calls in one process, and in processes that run at once, begin to look
/// at different places.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let count = u32::from(PORTS.end - PORTS.start);
    let start = std::process::id().wrapping_mul(97).wrapping_add(CALLS.fetch_add(1, Ordering::Relaxed));
    let ports = (0..count).map(|n| PORTS.start + u16::try_from(start.wrapping_add(n) % count).expect("it is below"));
    ports.into_iter().find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a port")
}

/// A daemon's process. Killed when it is dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    client: Client,
    /// Where webhooks are taken.
    pub public: String,
    /// Where admin is served.
    pub private: String,
    log: PathBuf,
}

impl Daemon {
    /// Starts a daemon that serves on these ports, with its log in a file.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start<A: AsRef<OsStr>>(
        program: &str,
        arguments: impl IntoIterator<Item = A>,
        variables: &[(&str, &str)],
        (public, private): (u16, u16),
        log: &Path,
    ) -> Self {
        let file = File::options().create(true).append(true).open(log).expect("a log file");
        let child = Command::new(program)
            .args(arguments)
            .env("TIDEGATE_WEBHOOK_SECRET", WEBHOOK_SECRET)
            .env("TIDEGATE_ADMIN_TOKEN", ADMIN_TOKEN)
            .envs(variables.iter().copied())
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let client = Client::builder().timeout(Duration::from_secs(30)).build().expect("a client");
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        Self { child, client, public: at(public), private: at(private), log: log.to_owned() }
    }

    /// Waits until it takes webhooks.
    ///
    /// # Panics
    /// When it does not in half a minute, or its process ended.
    pub fn wait_ready(&mut self) {
        let url = format!("{}/readyz", self.public);
        until("the daemon to be ready", 30, || {
            if let Some(status) = self.child.try_wait().expect("a child") {
                panic!("the daemon ended with {status}:\n{}", self.log_text());
            }
            let answer = self.client.get(&url).send().map_err(|error| error.to_string())?;
            if answer.status().is_success() { Ok(()) } else { Err(answer.status().to_string()) }
        });
    }

    /// Everything it said.
    #[must_use]
    pub fn log_text(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a delivery, signed as GitHub does.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn deliver(&self, event: &str, payload: &Value) -> Response {
        let body = payload.to_string().into_bytes();
        let tag = signature::sign(&Secret::new(WEBHOOK_SECRET), &body);
        self.post_webhook(event, body, Some(&tag)).expect("an answer")
    }

    /// Sends bytes as a delivery.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn post_webhook(&self, event: &str, body: Vec<u8>, tag: Option<&str>) -> reqwest::Result<Response> {
        let mut request = self.client.post(format!("{}/webhook", self.public)).body(body);
        request = request.header("x-github-event", event).header("x-github-delivery", "test");
        if let Some(tag) = tag {
            request = request.header("x-hub-signature-256", tag);
        }
        request.send()
    }

    /// Asks the admin address for something.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn get(&self, path: &str) -> Response {
        let request = self.client.get(format!("{}{path}", self.private)).bearer_auth(ADMIN_TOKEN);
        request.send().unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Orders something at the admin address; `body` null for none.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn post(&self, path: &str, body: &Value, token: Option<&str>) -> Response {
        let mut request = self.client.post(format!("{}{path}", self.private));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        request.send().unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// What the daemon's nodes show.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn status(&self) -> Value {
        self.get("/status").json().expect("JSON")
    }

    /// The phase of a region as a node sees it; of a process with one node, `node` is that one.
    #[must_use]
    pub fn phase(&self, node: &str, region: &str) -> String {
        let status = self.status();
        let nodes = status["nodes"].as_array().cloned().unwrap_or_default();
        let shown = nodes.iter().find(|shown| shown["node"] == node);
        let regions = shown.and_then(|shown| shown["regions"].as_array()).cloned().unwrap_or_default();
        let found = regions.iter().find(|shown| shown["name"] == region);
        found.and_then(|shown| shown["phase"].as_str()).unwrap_or("not shown").to_owned()
    }

    /// Tells it to stop and waits for its end.
    ///
    /// # Panics
    /// When it takes longer than the 25 s that it may.
    pub fn stop(&mut self) -> ExitStatus {
        let told = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().expect("kill is there");
        assert!(told.success());
        until("the daemon to end", 25, || match self.child.try_wait().expect("a child") {
            Some(status) => Ok(status),
            None => Err("it still runs".to_owned()),
        })
    }

    /// Kills it with no warning.
    ///
    /// # Panics
    /// When it cannot be.
    pub fn kill(&mut self) {
        self.child.kill().expect("it ran");
        self.child.wait().expect("it ran");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}

/// A `workflow_job` delivery that says that a job is queued.
#[must_use]
pub fn queued(job: u64, run: u64, repository: &str) -> Value {
    let (owner, name) = repository.split_once('/').expect("owner/name");
    json!({
        "action": "queued",
        "workflow_job": {
            "id": job, "run_id": run, "run_attempt": 1, "name": "build", "status": "queued", "conclusion": null,
            "labels": ["self-hosted", "linux", "x64"], "runner_id": null, "runner_name": null,
        },
        "repository": { "id": 1, "name": name, "full_name": repository, "owner": { "login": owner } },
        "organization": { "login": owner, "id": 2 },
        "sender": { "login": "somebody", "id": 3 },
    })
}
