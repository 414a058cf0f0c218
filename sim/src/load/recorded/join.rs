//! Joins the deliveries about a job. Knows GitHub's `workflow_job` payload and its quirks; must not know how
//! deliveries are wrapped.

use super::Recording;
use super::collect::{Collector, MAX_JOBS, Row};
use super::error::{ReadError, shown};
use serde_json::Value;
use std::collections::BTreeMap;
use tidegate_core::document::parse_timestamp;
use tidegate_core::{Span, Timestamp};

/// What happened to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Queued,
    Waiting,
    InProgress,
    Completed,
}

impl Action {
    /// The action of GitHub's word for it.
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "queued" => Some(Self::Queued),
            "waiting" => Some(Self::Waiting),
            "in_progress" => Some(Self::InProgress),
            "completed" => Some(Self::Completed),
            _ => None,
        }
    }
}

/// What the deliveries about one attempt of a job said, in whatever order they came.
#[derive(Debug, Default)]
struct Seen {
    line: u64,
    queued: Option<Timestamp>,
    started: Option<Timestamp>,
    completed: Option<Timestamp>,
    /// Ended without ever having a runner.
    unserved: bool,
    /// Waited for an approval.
    waited: bool,
    /// Which actions were delivered, by [`Action`].
    actions: [bool; 4],
    run: String,
    repository: String,
    labels: Option<Vec<String>>,
}

impl Seen {
    /// Takes a delivery.
    fn take(&mut self, action: Action, job: &Value, times: [Option<Timestamp>; 3]) {
        let [created, started, completed] = times;
        // Payloads of 2021 have no `created_at`; then a queued job's `started_at` is when it was queued.
        let queued = created.or(started);
        self.queued = match (self.queued, queued) {
            (Some(before), Some(now)) => Some(before.min(now)),
            (before, now) => before.or(now),
        };
        self.waited |= action == Action::Waiting || text(job.get("status")) == "waiting";
        match action {
            Action::Queued | Action::Waiting => {}
            // What `completed` says of the start is final, and it may come first.
            Action::InProgress if self.actions[Action::Completed as usize] => {}
            Action::InProgress => self.started = started.or(self.started),
            Action::Completed => {
                self.started = started.or(self.started);
                self.completed = completed.or(self.completed);
                let served = job.get("runner_id").and_then(Value::as_u64).unwrap_or(0) > 0;
                let ended = text(job.get("conclusion"));
                self.unserved = !served && matches!(ended, "skipped" | "cancelled");
            }
        }
        self.actions[action as usize] = true;
    }

    /// How long it ran, in microseconds; negative when its times contradict each other.
    fn duration(&self) -> Option<i64> {
        let (from, to) = (self.started?, self.completed?);
        let size = |span: Span| i64::try_from(span.0).unwrap_or(i64::MAX);
        Some(if to >= from { size(to.since(from)) } else { -size(from.since(to)) })
    }
}

/// The jobs so far, by number and run attempt.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    jobs: BTreeMap<(u64, u64), Seen>,
    repeats: u64,
}

impl Jobs {
    /// Joins a delivery with those before about the same attempt of the job; no `run_attempt` means the first.
    pub(super) fn join(
        &mut self,
        line: u64,
        action: Action,
        job: &Value,
        repository: Option<&Value>,
    ) -> Result<(), String> {
        let id = number(job, "id")?.ok_or_else(|| wrong("id", job, "GitHub's number of the job"))?;
        let attempt = number(job, "run_attempt")?.unwrap_or(1);
        let run = number(job, "run_id")?;
        let times = [moment(job, "created_at")?, moment(job, "started_at")?, moment(job, "completed_at")?];
        if self.jobs.len() >= MAX_JOBS && !self.jobs.contains_key(&(id, attempt)) {
            return Err(format!("this is job {}; expected at most {MAX_JOBS}; split the file", MAX_JOBS + 1));
        }
        let seen = self.jobs.entry((id, attempt)).or_insert_with(|| Seen {
            line,
            run: run.map_or_else(|| format!("job {id}"), |run| run.to_string()),
            repository: text(repository).to_owned(),
            labels: labels(job),
            ..Seen::default()
        });
        self.repeats += u64::from(seen.actions[action as usize]);
        seen.take(action, job, times);
        Ok(())
    }

    /// Hands the jobs over; `found` says what was delivered.
    pub(super) fn finish(self, mut collector: Collector<'_>, found: &str) -> Result<Recording, ReadError> {
        let median = self.median();
        let waited = self.jobs.values().filter(|seen| seen.waited).count() as u64;
        let (mut open, mut unserved, mut undated) = (0, 0, 0);
        for ((id, _), seen) in self.jobs {
            if seen.unserved {
                unserved += 1;
                continue;
            }
            let Some(at) = seen.queued else {
                undated += 1;
                continue;
            };
            let duration = seen.duration().or_else(|| {
                open += 1;
                median
            });
            let Some(duration) = duration else {
                let what = "no delivery says `completed`, so no duration is known";
                return Err(collector.stop(0, format!("{what}; expected at least one; record longer")));
            };
            let (line, run, repository) = (seen.line, &seen.run[..], &seen.repository[..]);
            collector.push(Row { line, at, duration, run, repository, labels: seen.labels, need: None, id })?;
        }
        let seconds = Span(median.unwrap_or(0).unsigned_abs());
        for (count, what) in [
            (self.repeats, "deliveries that repeat an earlier one, taken once".to_owned()),
            (waited, "jobs that waited for an approval, queued when created".to_owned()),
            (unserved, "jobs skipped or cancelled before they had a runner, dropped".to_owned()),
            (undated, "jobs without a time, dropped".to_owned()),
            (open, format!("jobs that never completed, which run for the median of {seconds}")),
        ] {
            if count > 0 {
                collector.warnings.push(format!("{what}: {count}"));
            }
        }
        collector.finish(found)
    }

    /// The median duration of the jobs that ran, in microseconds.
    fn median(&self) -> Option<i64> {
        let ran = self.jobs.values().filter(|seen| !seen.unserved).filter_map(Seen::duration);
        let mut all: Vec<i64> = ran.filter(|duration| *duration >= 0).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied()
    }
}

/// A whole number of a payload; `None` when it is not there or null.
fn number(job: &Value, field: &str) -> Result<Option<u64>, String> {
    match job.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or_else(|| wrong(field, job, "a whole number")),
    }
}

/// A moment of a payload; `None` when it is not there or null.
fn moment(job: &Value, field: &str) -> Result<Option<Timestamp>, String> {
    let expected = "a time such as 2026-11-24T00:00:00Z";
    match job.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            let read = parse_timestamp(text);
            read.map(Some).map_err(|help| wrong(field, job, &format!("{expected} ({help})")))
        }
        Some(_) => Err(wrong(field, job, expected)),
    }
}

/// The labels of a job; `None` when it has none.
fn labels(job: &Value) -> Option<Vec<String>> {
    let labels = job.get("labels")?.as_array()?.iter().filter_map(Value::as_str);
    let labels: Vec<String> = labels.map(str::to_owned).collect();
    Some(labels).filter(|labels| !labels.is_empty())
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// What to say about a field of a job.
fn wrong(field: &str, job: &Value, expected: &str) -> String {
    let found = job.get(field).map_or("nothing".to_owned(), |value| format!("`{}`", shown(&value.to_string())));
    format!("workflow_job.{field}: found {found}; expected {expected}; mend or leave out the delivery")
}
