//! Reads GitHub's webhook deliveries. Knows their wrappers and events; must not know what a job is (see `join`).
//!
//! A delivery is the bare payload, or a wrapper: `{"event", "payload"}`, `{"headers", "payload" or "body"}`, or what
//! GitHub's API of deliveries answers, `{"event", "request": {"headers", "payload"}}`.

use super::Recording;
use super::collect::Collector;
use super::error::{Findings, ReadError, Trouble};
use super::join::{Action, Jobs};
use super::line::Lines;
use serde::Deserializer;
use serde::de::{SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::io::BufRead;

/// The largest file that holds one JSON array, in bytes: 16 MiB. JSON lines may be of any size.
pub const MAX_ARRAY: u64 = 16 << 20;

pub(super) fn read<R: BufRead>(name: &str, mut input: R, clean: bool) -> Result<Recording, ReadError> {
    let mut collector = Collector::new(name, clean, false);
    let mut deliveries = Deliveries::default();
    let start = input.fill_buf().map_err(|error| ReadError::environment(name, &error))?;
    if start.trim_ascii_start().first() == Some(&b'[') {
        read_array(name, input, &mut deliveries, &mut collector)?;
    } else {
        let mut lines = Lines::new(name, input);
        while let Some((line, text)) = lines.next()? {
            let parsed = serde_json::from_str(text);
            let added = parsed
                .map_err(|error| (error.column() as u64, unreadable(&error)))
                .and_then(|value| deliveries.add(line, None, &value).map_err(|error| (0, error)));
            if let Err((column, message)) = added {
                collector.trouble(Trouble { line, column, message })?;
            }
        }
    }
    let (count, others) = (deliveries.count, deliveries.others);
    if others > 0 {
        let note = format!("deliveries about something else, skipped: {others} of {count}");
        collector.warnings.push(note);
    }
    let found = format!("{} of {count} deliveries are about a job", count - others);
    deliveries.jobs.finish(collector, &found)
}

/// What is wrong with a JSON text.
fn unreadable(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    let expected = "expected one whole delivery on each line, or one array";
    format!("no JSON: {what}; {expected}; look for a line cut short")
}

/// Reads a JSON array of deliveries, or of `{"name", "examples": [payload, ...]}` as `@octokit/webhooks-examples` has.
fn read_array<R: BufRead>(
    name: &str,
    input: R,
    deliveries: &mut Deliveries,
    collector: &mut Collector<'_>,
) -> Result<(), ReadError> {
    let mut limited = input.take(MAX_ARRAY);
    let mut stopped = Ok(());
    let mut each = |index: u64, value: Value| {
        let event = value.get("name").and_then(Value::as_str);
        let parts = match value.get("examples").and_then(Value::as_array) {
            Some(examples) => examples.iter().map(|payload| (event, payload)).collect(),
            None => vec![(None, &value)],
        };
        for (event, payload) in parts {
            if let (Err(message), Ok(())) = (deliveries.add(0, event, payload), &stopped) {
                let message = format!("element {index} of the array: {message}");
                stopped = collector.trouble(Trouble { line: 0, column: 0, message });
            }
        }
    };
    let mut json = serde_json::Deserializer::from_reader(&mut limited);
    let parsed = json.deserialize_seq(Elements(&mut each)).and_then(|()| json.end());
    stopped?;
    let Err(error) = parsed else { return Ok(()) };
    if error.is_io() {
        return Err(ReadError::environment(name, &error.into()));
    }
    if limited.limit() == 0 {
        let found = "the JSON array is larger than 16 MiB";
        let help = "write one delivery on each line";
        return Err(ReadError::whole(name, format!("{found}; expected a smaller one; {help}")));
    }
    let (line, column) = (error.line() as u64, error.column() as u64);
    let trouble = Trouble { line, column, message: unreadable(&error) };
    Err(Findings::only(trouble).into_error(name))
}

/// Hands out the elements of an array, one in memory at a time, with their index.
struct Elements<'a, F>(&'a mut F);

impl<'de, F: FnMut(u64, Value)> Visitor<'de> for Elements<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of deliveries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(value) = elements.next_element()? {
            (self.0)(index, value);
            index += 1;
        }
        Ok(())
    }
}

/// The event's name, where known, and the payload of a delivery.
fn unwrap<'a>(event: Option<&'a str>, value: &'a Value) -> (Option<&'a str>, &'a Value) {
    if value.get("workflow_job").is_some() {
        return (event, value);
    }
    let request = value.get("request").unwrap_or(value);
    let headers = request.get("headers").and_then(Value::as_object);
    let is_event = |key: &str| key.eq_ignore_ascii_case("x-github-event");
    let header = headers.and_then(|headers| headers.iter().find(|(key, _)| is_event(key)));
    let named = value.get("event").or(header.map(|(_, name)| name)).and_then(Value::as_str);
    let payload = request.get("payload").or(request.get("body")).unwrap_or(value);
    (named.or(event), payload)
}

/// The deliveries so far.
#[derive(Debug, Default)]
struct Deliveries {
    jobs: Jobs,
    count: u64,
    others: u64,
}

impl Deliveries {
    /// Takes one delivery from a line; `event` is its name where it is known from outside.
    fn add(&mut self, line: u64, event: Option<&str>, value: &Value) -> Result<(), String> {
        if !value.is_object() {
            let found = "no object; expected a delivery";
            return Err(format!("{found}; write one JSON object on each line"));
        }
        self.count += 1;
        let (event, payload) = unwrap(event, value);
        let inner: Value;
        let payload = if let Value::String(text) = payload {
            inner = serde_json::from_str(text).map_err(|error| format!("payload: {}", unreadable(&error)))?;
            &inner
        } else {
            payload
        };
        let job = payload.get("workflow_job");
        let job = job.filter(|_| event.is_none_or(|event| event == "workflow_job"));
        let action = payload.get("action").and_then(Value::as_str).and_then(Action::of);
        let (Some(job), Some(action)) = (job, action) else {
            self.others += 1;
            return Ok(());
        };
        self.jobs.join(line, action, job, payload.pointer("/repository/full_name"))
    }
}
