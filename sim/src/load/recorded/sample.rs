//! Makes the recorded files that are shipped in `scenarios/recorded`, and checks that they are still what it makes.
//! Knows GitHub's payloads; must not know the readers, so that it cannot share their mistakes.
//!
//! `TIDEGATE_UPDATE_RECORDED=1 cargo test -p tidegate-sim recorded` writes them anew.

use crate::dist::Dist;
use crate::load::{Arrival, Loads};
use crate::rng::stream;
use crate::scenario::{Arrivals, Load, LoadKind};
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use tidegate_core::time::days_from_civil;
use tidegate_core::{Need, Span, Timestamp};

const SEED: u64 = 5;
const ORGANIZATION: &str = "patient-studio";
/// By falling share of the pushes. The policy of the scenario routes the last to another region than the others.
const REPOSITORIES: [&str; 3] = ["web-app", "api", "asia-app"];
const LABELS: [&str; 3] = ["self-hosted", "linux", "x64"];
/// Rate over its mean by hour of the day in UTC: people on both sides of the Atlantic.
const WORKDAY: [f64; 24] = [
    0.7, 0.5, 0.4, 0.3, 0.2, 0.2, 0.3, 0.5, 0.8, 1.0, 1.0, 0.9, 1.1, 1.5, 1.8, 1.9, 1.9, 1.9, 1.8, 1.6, 1.3, 1.0, 0.8,
    0.6,
];

/// Where the files are.
pub(super) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios/recorded").join(name)
}

/// One working day of three repositories, times to the second as GitHub gives them.
pub(super) fn day() -> Vec<Arrival> {
    let profile = WORKDAY.repeat(7);
    let part = |median, p90| Dist::lognormal_p90(median, p90).expect("constants");
    let mixture = vec![(0.25, part(20.0, 63.0)), (0.75, part(350.0, 755.0))];
    let load = Load {
        organization: ORGANIZATION.to_owned(),
        kind: LoadKind::Synthetic {
            repositories: REPOSITORIES.len() as u32,
            arrivals: Arrivals::Weekly { per_day: 330.0, profile: Arc::new(profile), burstiness: 0.6 },
            jobs_per_push: part(4.0, 16.0).with_max(64.0).expect("constants"),
            job_duration: Dist::mixture(mixture).and_then(|dist| dist.with_min(1.0)).expect("constants"),
        },
        need: Need::default(),
        labels: Vec::new(),
    };
    let start = Timestamp(days_from_civil(2026, 11, 24) * Span::from_hours(24).0);
    let whole = |micros: u64| micros - micros % 1_000_000;
    let mut day: Vec<Arrival> = Loads::of(&[load], start, start + Span::from_hours(24), SEED).arrivals().collect();
    for arrival in &mut day {
        arrival.at = Timestamp(whole(arrival.at.0));
        arrival.job.duration = Span(whole(arrival.job.duration.0));
    }
    day
}

const fn seconds(at: Timestamp) -> u64 {
    at.0 / 1_000_000
}

const fn run_id(arrival: &Arrival) -> u64 {
    18_000_000_000 + arrival.job.run.0
}

const fn job_id(arrival: &Arrival) -> u64 {
    51_000_000_000 + arrival.job.external_id
}

/// The day as CSV.
fn jobs_csv() -> String {
    let mut text = String::from(
        "created_unix_s,started_unix_s,finished_unix_s,duration_s,status,run_id,job_id,job_name,repository,labels\n",
    );
    let mut waits = stream(SEED, "waits");
    let wait = Dist::lognormal_p90(25.0, 60.0).expect("constants");
    for arrival in day() {
        let (created, duration) = (seconds(arrival.at), arrival.job.duration.0 / 1_000_000);
        let started = created + wait.span(&mut waits).0 / 1_000_000;
        let failed = arrival.job.external_id % 19 == 0;
        let line = format!(
            "{created},{started},{},{duration},{},{},{},\"test, shard {}\",{ORGANIZATION}/{},{}",
            started + duration,
            if failed { "FAILED" } else { "COMPLETED" },
            run_id(&arrival),
            job_id(&arrival),
            arrival.job.external_id % 8 + 1,
            REPOSITORIES[arrival.job.repository as usize],
            LABELS.join(";"),
        );
        writeln!(text, "{line}").expect("a string takes any text");
    }
    text
}

/// A `workflow_job` delivery in GitHub's documented shape, with the fields that matter and some that do not.
#[derive(Serialize)]
struct Payload {
    action: &'static str,
    workflow_job: WorkflowJob,
    repository: Repository,
    organization: Organization,
    sender: Organization,
}

#[derive(Serialize)]
struct WorkflowJob {
    id: u64,
    run_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_attempt: Option<u16>,
    workflow_name: &'static str,
    head_branch: &'static str,
    status: &'static str,
    conclusion: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    started_at: Option<String>,
    completed_at: Option<String>,
    name: String,
    labels: [&'static str; 3],
    runner_id: Option<u64>,
    runner_name: Option<String>,
}

#[derive(Serialize)]
struct Repository {
    name: &'static str,
    full_name: String,
    private: bool,
}

#[derive(Clone, Serialize)]
struct Organization {
    login: &'static str,
}

/// The oddities of some of the jobs, by their place among the sixty.
pub(super) const LATE_QUEUED: usize = 3;
const DOUBLED: usize = 5;
const WAITING: usize = 7;
const NO_ATTEMPT: usize = 9;
pub(super) const NEVER_COMPLETED: usize = 11;
pub(super) const SKIPPED: usize = 13;
const NO_CREATED: usize = 15;
const EARLY_RUNNER: usize = 17;

/// Seconds from queued to in progress.
pub(super) const WAIT: Span = Span::from_secs(20);

/// The sixty jobs of the deliveries.
pub(super) fn sixty() -> Vec<Arrival> {
    day().into_iter().skip(600).take(60).collect()
}

fn moment(at: Timestamp) -> String {
    at.to_string().replace(".000Z", "Z")
}

/// One delivery about a job; `action` is its new status, or its old one for `queued`.
fn payload(place: usize, arrival: &Arrival, action: &'static str) -> Payload {
    let (created, started) = (arrival.at, arrival.at + WAIT);
    let (runs, ended) = (action != "queued" && action != "waiting", action == "completed");
    let skipped = place == SKIPPED;
    let served = (runs && !skipped) || place == EARLY_RUNNER;
    let name = REPOSITORIES[arrival.job.repository as usize];
    let person = Organization { login: "octo-dev" };
    Payload {
        action,
        workflow_job: WorkflowJob {
            id: job_id(arrival),
            run_id: run_id(arrival),
            run_attempt: (place != NO_ATTEMPT).then_some(1),
            workflow_name: "ci",
            head_branch: "main",
            status: if place == WAITING && !runs { "waiting" } else { action },
            conclusion: ended.then_some(if skipped { "skipped" } else { "success" }),
            created_at: (place != NO_CREATED || runs).then(|| moment(created)),
            started_at: Some(moment(if runs { started } else { created })),
            completed_at: ended.then(|| moment(started + arrival.job.duration)),
            name: format!("test, shard {}", arrival.job.external_id % 8 + 1),
            labels: LABELS,
            runner_id: served.then_some(arrival.job.external_id),
            runner_name: served.then(|| format!("tidegate-{}-1-1", job_id(arrival))),
        },
        repository: Repository { name, full_name: format!("{ORGANIZATION}/{name}"), private: true },
        organization: Organization { login: ORGANIZATION },
        sender: person,
    }
}

/// The deliveries of sixty jobs in the order in which they came, with every oddity we know of.
fn deliveries_jsonl() -> String {
    let mut deliveries: Vec<(Timestamp, String)> = Vec::new();
    for (place, arrival) in sixty().iter().enumerate() {
        let (started, ended) = (arrival.at + WAIT, arrival.at + WAIT + arrival.job.duration);
        let queued = if place == LATE_QUEUED { ended + Span::from_secs(2) } else { arrival.at };
        let mut deliver = |at: Timestamp, action| {
            let text = serde_json::to_string(&payload(place, arrival, action)).expect("plain data");
            deliveries.push((at, text));
        };
        deliver(queued, "queued");
        match place {
            DOUBLED => deliver(queued + Span::from_secs(1), "queued"),
            WAITING => deliver(queued, "waiting"),
            _ => {}
        }
        if place != SKIPPED {
            deliver(started, "in_progress");
        }
        if place != NEVER_COMPLETED {
            deliver(ended, "completed");
        }
    }
    let push = r#"{"event":"push","payload":{"ref":"refs/heads/main","commits":[]}}"#;
    deliveries.push((deliveries[0].0, push.to_owned()));
    deliveries.sort_by_key(|delivery| delivery.0);
    let mut text = String::new();
    for (number, (_, delivery)) in deliveries.iter().enumerate() {
        // Some recorders keep the bare payload, others wrap it.
        let line = match (number % 10, delivery.contains("\"event\"")) {
            (4, false) => format!(r#"{{"event":"workflow_job","payload":{delivery}}}"#),
            (8, false) => {
                format!(r#"{{"headers":{{"X-GitHub-Event":"workflow_job"}},"payload":{delivery}}}"#)
            }
            _ => delivery.clone(),
        };
        writeln!(text, "{line}").expect("a string takes any text");
    }
    text
}

#[test]
fn the_shipped_records_are_what_the_generator_makes() {
    for (name, text) in [("jobs.csv", jobs_csv()), ("deliveries.jsonl", deliveries_jsonl())] {
        let path = path(name);
        if std::env::var_os("TIDEGATE_UPDATE_RECORDED").is_some_and(|value| value == "1") {
            std::fs::write(&path, &text).expect("the folder is ours to write");
        }
        let shipped = std::fs::read_to_string(&path).expect("the file is shipped");
        let same = shipped == text;
        assert!(same, "{name} differs: TIDEGATE_UPDATE_RECORDED=1 cargo test -p tidegate-sim recorded");
    }
}
