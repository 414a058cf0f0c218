//! Reads recorded loads: CSV, GitHub's webhook deliveries, SWF, the daemon's journals. Knows files; must not know how a record is played.
//!
//! | extension | what | module |
//! | --- | --- | --- |
//! | `.csv` | a row for each job | `csv` |
//! | `.jsonl`, `.ndjson`, `.json` | a GitHub delivery on each line, or an array of them | `webhook`, `join` |
//! | `.swf` | Standard Workload Format of the Parallel Workloads Archive | `swf` |
//! | `.journal`, or a folder of them | what the daemon heard | `journal` |
//!
//! Files are read line by line; what stays in memory is the jobs, at most [`MAX_JOBS`] of them.

mod collect;
mod csv;
#[cfg(test)]
mod delivery_tests;
mod error;
#[cfg(test)]
mod hostile_tests;
mod join;
mod journal;
mod line;
#[cfg(test)]
mod sample;
mod swf;
#[cfg(test)]
mod tests;
mod webhook;

pub use collect::MAX_JOBS;
pub use error::{ReadError, Trouble};
pub use journal::{Organizations, by_organization, unfit};
pub use line::MAX_LINE;
pub use webhook::MAX_ARRAY;

use crate::journal::is_journal;
use crate::scenario::RecordedJob;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;
use tidegate_core::Timestamp;
use tidegate_core::document::nearest;
use tidegate_core::journal::EXTENSION;

/// What a file recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The moment that the jobs' times count from: when the first job was queued.
    pub first: Timestamp,
    /// The jobs by time, then by place in the file.
    pub jobs: Vec<RecordedJob>,
    /// What was left out or made up, a sentence each.
    pub warnings: Vec<String>,
    /// Distinct workflow runs; [`RecordedJob::run`] is below this.
    pub runs: u32,
}

impl Recording {
    /// The same with times counted from `start`, for a load with absolute times. Jobs before it are left out, which
    /// is said in the warnings; there may be none left.
    #[must_use]
    pub fn aligned_to(mut self, start: Timestamp) -> Self {
        let (first, all) = (self.first, self.jobs.len());
        self.jobs.retain(|job| first + job.at >= start);
        for job in &mut self.jobs {
            job.at = (first + job.at).since(start);
        }
        let before = all - self.jobs.len();
        if before > 0 {
            let verb = if before == 1 { "was" } else { "were" };
            self.warnings.push(format!("{before} of {all} jobs {verb} queued before {start} and left out"));
        }
        self.first = start;
        self
    }
}

/// How a record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header: `created_unix_s`, `duration_s`, `run_id`, and if you have them
    /// `repository`, `labels`, `job_id`. Other columns are ignored.
    Csv,
    /// Deliveries of GitHub's `workflow_job` event: JSON lines or one JSON array.
    Deliveries,
    /// Standard Workload Format.
    Swf,
}

impl Format {
    const EXTENSIONS: [(&str, Self); 5] = [
        ("csv", Self::Csv),
        ("jsonl", Self::Deliveries),
        ("ndjson", Self::Deliveries),
        ("json", Self::Deliveries),
        ("swf", Self::Swf),
    ];

    /// The format of a file by its extension, capitals or not.
    fn of(path: &Path) -> Result<Self, ReadError> {
        let extension = path.extension().and_then(|text| text.to_str()).unwrap_or_default().to_lowercase();
        let known = Self::EXTENSIONS.iter().find(|(name, _)| *name == extension);
        known.map(|(_, format)| *format).ok_or_else(|| {
            let found = match &extension[..] {
                "" => "the file has no extension".to_owned(),
                other => format!("`.{}` is no kind of trace", error::shown(other)),
            };
            let names = Self::EXTENSIONS.iter().map(|(name, _)| *name).chain([EXTENSION]);
            let help = match nearest(&extension, names) {
                Some(name) => format!("did you mean .{name}?"),
                None => "convert it, or unpack it first".to_owned(),
            };
            let wanted = "expected .csv, .jsonl, .ndjson, .json, .swf or .journal";
            ReadError::whole(path.display(), format!("{found}; {wanted}; {help}"))
        })
    }
}

/// Reads a record, in the format that its extension names; a folder is a journal.
///
/// Rows that cannot be true (a negative duration, a time before that of a row above) are errors, unless `clean`:
/// then the former are dropped, the latter sorted, and both are said in the warnings.
///
/// # Errors
/// What is wrong and where, several mistakes at once; a file without any job; a folder that is no journal.
pub fn read(path: &Path, clean: bool) -> Result<Recording, ReadError> {
    let failed = |error: &std::io::Error| {
        if error.kind() == ErrorKind::NotFound {
            let message = "there is no such file; expected a trace; look at the path";
            return ReadError::whole(path.display(), message);
        }
        ReadError::environment(path.display(), error)
    };
    std::fs::metadata(path).map_err(|error| failed(&error))?;
    if is_journal(path) {
        return journal::read(path);
    }
    let format = Format::of(path)?;
    let file = File::open(path).map_err(|error| failed(&error))?;
    read_from(format, &path.display().to_string(), BufReader::new(file), clean)
}

/// Reads a record from any source of bytes; `name` is what errors call it.
///
/// # Errors
/// As [`read`].
pub fn read_from<R: BufRead>(format: Format, name: &str, mut input: R, clean: bool) -> Result<Recording, ReadError> {
    let start = input.fill_buf().map_err(|error| ReadError::environment(name, &error))?;
    if start.starts_with(b"\xEF\xBB\xBF") {
        input.consume(3);
    }
    match format {
        Format::Csv => csv::read(name, input, clean),
        Format::Deliveries => webhook::read(name, input, clean),
        Format::Swf => swf::read(name, input, clean),
    }
}
