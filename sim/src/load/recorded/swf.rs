//! Reads the Standard Workload Format of the Parallel Workloads Archive (Feitelson, Tsafrir, Krakov 2014).
//! Knows its 18 fields; must not know loads.

use super::Recording;
use super::collect::{Collector, Row};
use super::error::{Group, ReadError, Trouble, shown};
use super::line::Lines;
use std::io::BufRead;
use tidegate_core::Timestamp;

const FIELDS: usize = 18;
/// The longest times taken: some 300 years in seconds.
const MAX_SECONDS: f64 = 1e10;

/// What we take of a job; each is its own run.
struct Job {
    number: u64,
    submit: i64,
    /// `None`: unknown.
    run_time: Option<i64>,
    repository: String,
    labels: Option<Vec<String>>,
}

pub(super) fn read<R: BufRead>(name: &str, input: R, clean: bool) -> Result<Recording, ReadError> {
    let mut lines = Lines::new(name, input);
    let mut collector = Collector::new(name, clean, true);
    let mut start: Option<u64> = None;
    let mut unknown = Group::default();
    while let Some((number, line)) = lines.next()? {
        if let Some(comment) = line.trim_start().strip_prefix(';') {
            match unix_start(comment) {
                Some(Ok(seconds)) => start = start.or(Some(seconds)),
                Some(Err(message)) => collector.trouble(Trouble { line: number, column: 1, message })?,
                None => {}
            }
            continue;
        }
        match job(line) {
            Ok(job) => {
                let Some(duration) = job.run_time else {
                    unknown.add(number);
                    continue;
                };
                let at = Timestamp(start.unwrap_or(0) * 1_000_000 + job.submit.unsigned_abs());
                let (run, repository) = (job.number.to_string(), job.repository);
                let row = Row {
                    line: number,
                    at,
                    duration,
                    run: &run,
                    repository: &repository,
                    labels: job.labels,
                    need: None,
                    id: job.number,
                };
                collector.push(row)?;
            }
            Err((column, message)) => collector.trouble(Trouble { line: number, column, message })?,
        }
    }
    if start.is_none() {
        collector.warnings.push("there is no `; UnixStartTime:` header: times count from 1970".to_owned());
    }
    if unknown.count > 0 {
        let sentence = unknown.sentence("job has", "jobs have", "no known run time");
        collector.warnings.push(format!("{sentence}: dropped"));
    }
    collector.finish("there are no jobs below the header")
}

/// The value of the header `UnixStartTime`; `None` when the comment is another.
fn unix_start(comment: &str) -> Option<Result<u64, String>> {
    let text = comment.trim().strip_prefix("UnixStartTime:")?.trim();
    let seconds = text.parse().ok().filter(|seconds| (*seconds as f64) < MAX_SECONDS);
    Some(seconds.ok_or_else(|| {
        format!("UnixStartTime: found `{}`; expected whole seconds since 1970; mend the header", shown(text))
    }))
}

/// Reads the fields of a job: 1 number, 2 submit time, 4 run time, 12 user, 13 group, 14 executable.
fn job(line: &str) -> Result<Job, (u64, String)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    if fields.len() < FIELDS {
        let counts = format!("{} fields; expected {FIELDS}", fields.len());
        return Err((0, format!("{counts}; a job is a line of {FIELDS} numbers, -1 for those unknown")));
    }
    let number = |at: usize, name: &str| {
        let good = |number: &f64| number.abs() < MAX_SECONDS;
        fields[at].parse().ok().filter(good).ok_or_else(|| {
            // Fields are pieces of the line, so their addresses tell the column.
            let column = fields[at].as_ptr().addr() - line.as_ptr().addr();
            let message =
                format!("field {} ({name}): found `{}`; expected a number; mend the row", at + 1, shown(fields[at]));
            (column as u64 + 1, message)
        })
    };
    let known = |at, name| Ok(Some(number(at, name)?).filter(|number| *number >= 0.0).map(|number| number as u64));
    let submit = number(1, "submit time")?;
    if submit < 0.0 {
        let message = format!("field 2 (submit time): found `{}`; expected 0 or more; mend the row", shown(fields[1]));
        return Err((0, message));
    }
    let run_time = Some(number(3, "run time")?).filter(|seconds| *seconds != -1.0);
    let part = |name: &str, id: Option<u64>| id.map(|id| format!("{name}-{id}"));
    let repository = [part("group", known(12, "group")?), part("user", known(11, "user")?)];
    Ok(Job {
        number: known(0, "job number")?.unwrap_or(0),
        submit: micros(submit),
        run_time: run_time.map(micros),
        repository: repository.into_iter().flatten().collect::<Vec<_>>().join("-"),
        labels: part("executable", known(13, "executable")?).map(|label| vec![label]),
    })
}

fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}
