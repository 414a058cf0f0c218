//! How long a webhook waits for its answer, under a steady rate on loopback: a histogram, and exit code 1 where it is not
//! what is promised. Once without and once with the wait for the disk, that of the build. Knows rates, quantiles and the promise;
//! must not know how the daemon keeps it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the result of a bench")]
#![allow(missing_docs, reason = "a bench")]

use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tidegate_live::config::Secret;
use tidegate_live::github::signature;

/// Webhooks a second, and for how long: what the design asks for.
const RATE: u64 = 2_000;
const SECONDS: u64 = 20;
/// The promise: a webhook is answered in under a second. Of a hundred on a machine that is busy with the sender too, one
/// may take longer.
const P99_MAX: Duration = Duration::from_secs(1);
/// The most memory that the daemon may have held, in kilobytes of 1024 bytes: 256 MiB. That is an eighth of what
/// `live/deploy/region.yaml` gives a node, which has to survive more than this flood.
const PEAK_MAX_KB: u64 = 256 << 10;

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS; // cargo test builds benches and calls them so; a bench is no test
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    let mut as_promised = true;
    for sync in [false, true] {
        println!("{}", if sync { "each waits for the disk:" } else { "none waits for the disk:" });
        let measured = runtime.block_on(run(sync));
        measured.show();
        for what in measured.broken() {
            eprintln!("not as promised: {what}");
            as_promised = false;
        }
    }
    if as_promised { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What came of it.
struct Measured {
    /// Microseconds from when a webhook was due to its answer.
    took: Histogram<u64>,
    /// Answers by status; 0 stands for none.
    statuses: BTreeMap<u16, u64>,
    /// The most memory that the daemon held, where the system tells it.
    peak_kb: Option<u64>,
}

impl Measured {
    fn show(&self) {
        let peak = self.peak_kb.map_or_else(|| "not known".to_owned(), |kb| format!("{} MiB", kb >> 10));
        let statuses = &self.statuses;
        println!("{RATE} webhooks a second for {SECONDS} s; answers by status: {statuses:?}; peak memory: {peak}");
        for quantile in [0.5, 0.9, 0.99, 0.999, 1.0] {
            println!("  {:>5.1} %  {:>9.2} ms", quantile * 100.0, self.took.value_at_quantile(quantile) as f64 / 1e3);
        }
    }

    /// What is not as promised, in words.
    fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let good: u64 = self.statuses.iter().filter(|(status, _)| (200..300).contains(*status)).map(|(_, n)| n).sum();
        if good != RATE * SECONDS {
            broken.push(format!("{good} of {} webhooks were answered with 2xx", RATE * SECONDS));
        }
        match self.peak_kb {
            Some(kb) if kb <= PEAK_MAX_KB => {}
            Some(kb) => broken.push(format!("the daemon held {kb} kB, more than {PEAK_MAX_KB}")),
            None => broken.push("the daemon's memory is not known: it ended, or the system has no /proc".to_owned()),
        }
        let p99 = Duration::from_micros(self.took.value_at_quantile(0.99));
        if p99 > P99_MAX {
            broken.push(format!("one webhook in a hundred waited longer than {P99_MAX:?}: p99 is {p99:?}"));
        }
        broken
    }
}

/// The most memory that a process held so far, in kilobytes.
fn peak_kb(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
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

async fn run(sync: bool) -> Measured {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_tidegate-live"))
        .args(["serve", "--embedded", "--listen", "127.0.0.1:18480", "--admin", "127.0.0.1:18481", "--data"])
        .arg(folder.path())
        .args(sync.then_some("--sync"))
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
    let mut took = Histogram::<u64>::new(3).expect("three digits");
    let mut statuses = BTreeMap::<u16, u64>::new();
    while let Some((waited, status)) = receiver.recv().await {
        took.record(waited.as_micros() as u64).expect("it grows");
        *statuses.entry(status).or_default() += 1;
    }
    let peak_kb = peak_kb(daemon.id());
    let _ = daemon.kill(); // it may have ended, which shows in the answers
    daemon.wait().expect("it ran");
    Measured { took, statuses, peak_kb }
}
