//! What a delivery says. Knows GitHub's `workflow_job` payload and its quirks; must not know HTTP, nor whether the sender
//! is to be believed: `signature` decides that before.

use super::offered::{Fit, Offered};
use crate::names::Names;
use serde::Deserialize;
use tidegate_core::document::parse_timestamp;
use tidegate_core::policy::file::class_text;
use tidegate_core::port::{JobSpec, webhook};
use tidegate_core::{JobId, Name, PlacementId, RunId, Timestamp};

/// What a delivery comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// GitHub tries the address.
    Ping,
    /// Something happened to one of our jobs.
    Job(webhook::Event),
    /// Nothing for us; it is answered with 2xx like the others.
    Ignored(Why),
}

/// Why a delivery is nothing for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The job waits for an approval or a timer of its environment. Should no `queued` follow, GitHub's list of queued
    /// jobs has it.
    Waiting,
    /// No offered runner has the job's labels.
    NotOurs,
    /// A whole run: its jobs' own deliveries say what there is to know.
    Run,
    /// An action we do not know.
    Action,
    /// An event we did not ask for.
    Event,
}

/// What is wrong with a delivery. Nothing of what its body says is repeated: only names of fields and places.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event} delivery: {what}")]
pub struct PayloadError {
    /// The event, as we call it.
    pub event: &'static str,
    /// What is wrong and where: "missing field `id` at line 1 column 20".
    pub what: String,
}

/// Reads a delivery: `event` is the header `X-GitHub-Event`, `body` what was signed, `now` the time of receipt, which
/// stands in for times that are not given. The texts of jobs that are ours are noted in `names`.
///
/// # Errors
/// What is malformed or missing in a delivery about a job or a run. Other events' bodies are not read.
pub fn parse(
    event: &str,
    body: &[u8],
    offered: &Offered,
    names: &Names,
    now: Timestamp,
) -> Result<Delivery, PayloadError> {
    match event {
        "ping" => Ok(Delivery::Ping),
        "workflow_job" => job(body, offered, names, now).map_err(|what| PayloadError { event: "workflow_job", what }),
        "workflow_run" => match action(body) {
            Ok(_) => Ok(Delivery::Ignored(Why::Run)),
            Err(what) => Err(PayloadError { event: "workflow_run", what }),
        },
        _ => Ok(Delivery::Ignored(Why::Event)),
    }
}

/// All that is read of any delivery.
#[derive(Deserialize)]
struct Envelope {
    action: String,
}

#[derive(Deserialize)]
struct Payload {
    workflow_job: Job,
    repository: Repository,
    organization: Option<Account>,
}

/// A job of GitHub's, in a delivery or in an answer of its API.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) run_id: u64,
    /// Payloads of 2021 have none.
    pub(super) run_attempt: Option<u16>,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) labels: Vec<String>,
    pub(super) created_at: Option<String>,
    started_at: Option<String>,
    completed_at: Option<String>,
    runner_name: Option<String>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
    /// Left out by some tools that send deliveries by hand; the full name begins with it.
    owner: Option<Account>,
}

#[derive(Deserialize)]
struct Account {
    login: String,
}

fn action(body: &[u8]) -> Result<String, String> {
    serde_json::from_slice::<Envelope>(body).map(|envelope| envelope.action).map_err(|error| told(&error))
}

fn job(body: &[u8], offered: &Offered, names: &Names, now: Timestamp) -> Result<Delivery, String> {
    let action = action(body)?;
    if !matches!(action.as_str(), "queued" | "in_progress" | "completed") {
        return Ok(Delivery::Ignored(if action == "waiting" { Why::Waiting } else { Why::Action }));
    }
    let payload: Payload = serde_json::from_slice(body).map_err(|error| told(&error))?;
    let job = &payload.workflow_job;
    if action == "queued" && job.status.as_deref() == Some("waiting") {
        return Ok(Delivery::Ignored(Why::Waiting));
    }
    let account = payload.organization.as_ref().or(payload.repository.owner.as_ref());
    let first = || payload.repository.full_name.split('/').next().unwrap_or_default();
    let owner = account.map_or_else(first, |account| account.login.as_str());
    for (text, field) in [(owner, "organization.login"), (&payload.repository.full_name, "repository.full_name")] {
        if text.is_empty() {
            return Err(format!("{field} is empty"));
        }
    }
    let fit = offered.fit(&job.labels);
    let runner = job.runner_name.as_deref().and_then(placement);
    let event = match (action.as_str(), fit) {
        ("queued", Some(fit)) => {
            let place = Place { organization: owner, repository: &payload.repository.full_name };
            webhook::Event::JobQueued { spec: spec(job, &place, fit, names, now)? }
        }
        // A job of other labels on one of our runners: rule 1, GitHub binds and we listen.
        ("in_progress", _) if fit.is_some() || runner.is_some() => webhook::Event::JobStarted {
            job: JobId(job.id),
            run_attempt: job.attempt(),
            organization: names.note(owner),
            runner,
            started_at: moment("started_at", job.started_at.as_deref())?.unwrap_or(now),
        },
        ("completed", _) if fit.is_some() || runner.is_some() => webhook::Event::JobCompleted {
            job: JobId(job.id),
            run_attempt: job.attempt(),
            organization: names.note(owner),
            runner,
            completed_at: moment("completed_at", job.completed_at.as_deref())?.unwrap_or(now),
        },
        (_, _) => return Ok(Delivery::Ignored(Why::NotOurs)),
    };
    Ok(Delivery::Job(event))
}

impl Job {
    fn attempt(&self) -> u16 {
        self.run_attempt.unwrap_or(1)
    }
}

/// Where a job belongs.
pub(super) struct Place<'a> {
    pub(super) organization: &'a str,
    pub(super) repository: &'a str,
}

/// A queued job as the machines know it; its texts are noted.
pub(super) fn spec(job: &Job, place: &Place<'_>, fit: Fit, names: &Names, now: Timestamp) -> Result<JobSpec, String> {
    Ok(JobSpec {
        job: JobId(job.id),
        run: RunId(job.run_id),
        run_attempt: job.attempt(),
        organization: names.note(place.organization),
        repository: names.note(place.repository),
        sender: None, // no delivery carries an address
        class: note_class(job, names),
        need: fit.need,
        queued_at: moment("created_at", job.created_at.as_deref())?.unwrap_or(now),
    })
}

fn note_class(job: &Job, names: &Names) -> Name {
    names.note(&class_text(&job.labels))
}

/// The placement that a runner is named for; `None`: a runner of somebody else's.
pub(super) fn placement(runner: &str) -> Option<PlacementId> {
    // The text must be the very one we write: `tidegate-+7-01-1` reads as a number, too.
    runner.parse().ok().filter(|placement: &PlacementId| placement.to_string() == runner)
}

fn moment(field: &str, text: Option<&str>) -> Result<Option<Timestamp>, String> {
    text.map(parse_timestamp).transpose().map_err(|_| format!("workflow_job.{field} is no time in RFC 3339"))
}

/// What serde has to say, without what it found: that comes from the body.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!("at line {} column {}", error.line(), error.column());
    if !error.is_data() {
        return format!("no JSON {place}");
    }
    if text.starts_with("missing field") || text.starts_with("duplicate field") {
        return text;
    }
    let wanted = text.rsplit_once(", expected ").map(|(_, wanted)| wanted.split(" at line ").next().unwrap_or(wanted));
    format!("expected {} {place}", wanted.unwrap_or("something else"))
}

#[cfg(test)]
mod tests;
