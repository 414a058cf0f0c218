//! How long a webhook waits for its answer, under a steady rate on loopback: a histogram. Knows rates and quantiles; must
//! not judge them.
#![allow(clippy::print_stdout, reason = "the result of a bench")]
#![allow(missing_docs, reason = "a bench")]

use hdrhistogram::Histogram;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tidegate_live::config::Secret;
use tidegate_live::github::signature;

/// Webhooks a second, and for how long: what the design asks for.
const RATE: u64 = 2_000;
const SECONDS: u64 = 20;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return; // cargo test builds benches and calls them so; a bench is no test
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    runtime.block_on(run());
}

fn body(job: u64) -> Vec<u8> {
    let job = serde_json::json!({
        "action": "queued",
        "workflow_job": { "id": job, "run_id": job / 8, "run_attempt": 1, "status": "queued",
            "labels": ["self-hosted", "linux", "x64"], "runner_name": null },
        "repository": { "name": "app", "full_name": "acme/app", "owner": { "login": "acme" } },
        "organization": { "login": "acme" },
    });
    job.to_string().into_bytes()
}

async fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_tidegate-live"))
        .args(["serve", "--embedded", "--listen", "127.0.0.1:18480", "--admin", "127.0.0.1:18481", "--data"])
        .arg(folder.path())
        .env("TIDEGATE_WEBHOOK_SECRET", "bench")
        .env("TIDEGATE_ADMIN_TOKEN", "bench")
        .stderr(Stdio::null())
        .spawn()
        .expect("the daemon");
    let client = reqwest::Client::builder().pool_max_idle_per_host(256).build().expect("a client");
    for _ in 0..100 {
        if client.get("http://127.0.0.1:18480/readyz").send().await.is_ok_and(|answer| answer.status().is_success()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let secret = Arc::new(Secret::new("bench"));
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let begun = Instant::now();
    for job in 0..RATE * SECONDS {
        let due = begun + Duration::from_micros(job * 1_000_000 / RATE);
        tokio::time::sleep_until(due.into()).await;
        let (client, sender, secret) = (client.clone(), sender.clone(), Arc::clone(&secret));
        tokio::spawn(async move {
            let body = body(job + 1);
            let tag = signature::sign(&secret, &body);
            let request = client.post("http://127.0.0.1:18480/webhook").header("x-github-event", "workflow_job");
            let answer = request.header("x-hub-signature-256", tag).body(body).send().await;
            // From when it was due: a sender that falls behind must not hide it.
            let _ = sender.send((due.elapsed(), answer.map_or(0, |answer| answer.status().as_u16())));
        });
    }
    drop(sender);
    let mut histogram = Histogram::<u64>::new(3).expect("three digits");
    let mut statuses = std::collections::BTreeMap::<u16, u64>::new();
    while let Some((took, status)) = receiver.recv().await {
        histogram.record(took.as_micros() as u64).expect("it grows");
        *statuses.entry(status).or_default() += 1;
    }
    let memory = std::fs::read_to_string(format!("/proc/{}/status", daemon.id())).unwrap_or_default();
    let peak = memory.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown").to_owned();
    daemon.kill().expect("it ran");
    daemon.wait().expect("it ran");
    println!("{RATE} webhooks a second for {SECONDS} s; answers by status: {statuses:?}; {peak}");
    for quantile in [0.5, 0.9, 0.99, 0.999, 1.0] {
        println!("  {:>5.1} %  {:>9.2} ms", quantile * 100.0, histogram.value_at_quantile(quantile) as f64 / 1e3);
    }
}
