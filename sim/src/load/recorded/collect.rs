//! Gathers the jobs of a record and judges them together. Knows what a good record is; must not know formats.

use super::Recording;
use super::error::{Findings, Group, ReadError, Trouble};
use crate::scenario::RecordedJob;
use std::collections::BTreeMap;
use tidegate_core::{Need, Span, Timestamp};

/// The most jobs of one record.
pub const MAX_JOBS: usize = 5_000_000;
/// The repository of a job whose record names none.
const NO_REPOSITORY: &str = "recorded";

/// One job as a reader found it.
pub(super) struct Row<'a> {
    /// Line of the file.
    pub(super) line: u64,
    /// When it was queued.
    pub(super) at: Timestamp,
    /// Microseconds; negative ones are judged by the collector.
    pub(super) duration: i64,
    /// Its workflow run, in the record's own words.
    pub(super) run: &'a str,
    /// Empty when unknown.
    pub(super) repository: &'a str,
    pub(super) labels: Option<Vec<String>>,
    /// What its runner needs, where that is known.
    pub(super) need: Option<Need>,
    pub(super) id: u64,
}

/// The jobs so far and what is wrong with them.
pub(super) struct Collector<'a> {
    name: &'a str,
    clean: bool,
    /// Whether rows out of order are a mistake: deliveries are not sorted, and need not be.
    ordered: bool,
    last: Timestamp,
    /// Times are absolute until the end.
    jobs: Vec<RecordedJob>,
    runs: BTreeMap<String, u32>,
    negative: Group,
    backwards: Group,
    findings: Findings,
    /// Sentences for [`Recording::warnings`].
    pub(super) warnings: Vec<String>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(name: &'a str, clean: bool, ordered: bool) -> Self {
        Self {
            name,
            clean,
            ordered,
            last: Timestamp::ZERO,
            jobs: Vec::new(),
            runs: BTreeMap::new(),
            negative: Group::default(),
            backwards: Group::default(),
            findings: Findings::default(),
            warnings: Vec::new(),
        }
    }

    /// Notes a mistake; an error when there have been enough.
    pub(super) fn trouble(&mut self, trouble: Trouble) -> Result<(), ReadError> {
        self.findings.push(trouble);
        if self.findings.is_full() { Err(std::mem::take(&mut self.findings).into_error(self.name)) } else { Ok(()) }
    }

    /// The error of a mistake after which there is no reading on.
    pub(super) fn stop(&self, line: u64, message: String) -> ReadError {
        Findings::only(Trouble { line, column: 0, message }).into_error(self.name)
    }

    /// Adds a job.
    pub(super) fn push(&mut self, row: Row<'_>) -> Result<(), ReadError> {
        if self.ordered && row.at < self.last {
            self.backwards.add(row.line);
        }
        self.last = self.last.max(row.at);
        let Ok(duration) = u64::try_from(row.duration) else {
            self.negative.add(row.line);
            return Ok(());
        };
        if self.jobs.len() >= MAX_JOBS {
            let message = format!("this is job {}; expected at most {MAX_JOBS}; split the file", MAX_JOBS + 1);
            return Err(self.stop(row.line, message));
        }
        let next = self.runs.len() as u32;
        let run = match self.runs.get(row.run) {
            Some(run) => *run,
            None => *self.runs.entry(row.run.to_owned()).or_insert(next),
        };
        let repository = if row.repository.is_empty() { NO_REPOSITORY } else { row.repository };
        self.jobs.push(RecordedJob {
            at: row.at.since(Timestamp::ZERO),
            duration: Span(duration),
            run,
            repository: repository.to_owned(),
            labels: row.labels,
            need: row.need,
            id: row.id,
        });
        Ok(())
    }

    /// The record, or what is wrong with it; `found` says what was there in place of jobs.
    pub(super) fn finish(mut self, found: &str) -> Result<Recording, ReadError> {
        let negative = std::mem::take(&mut self.negative);
        self.judge(&negative, "a negative duration", "0 or more", ["drop", "dropped"]);
        let backwards = std::mem::take(&mut self.backwards);
        self.judge(&backwards, "a time before that of a row above", "rows in order of time", ["sort", "sorted"]);
        if !self.findings.is_empty() {
            return Err(self.findings.into_error(self.name));
        }
        self.jobs.sort_by_key(|job| job.at);
        let Some(first) = self.jobs.first().map(|job| job.at) else {
            let why: String = self.warnings.iter().map(|warning| format!("; {warning}")).collect();
            let message = format!("the trace holds no job: {found}{why}; expected at least one; look at the file");
            return Err(ReadError::whole(self.name, message));
        };
        for job in &mut self.jobs {
            job.at = job.at.saturating_sub(first);
        }
        let runs = self.runs.len() as u32;
        Ok(Recording { first: Timestamp::ZERO + first, jobs: self.jobs, warnings: self.warnings, runs })
    }

    /// A kind of row that cannot be true: a mistake, or a warning when it was to be cleaned.
    fn judge(&mut self, group: &Group, what: &str, expected: &str, [verb, done]: [&str; 2]) {
        if group.count == 0 {
            return;
        }
        let sentence = group.sentence("row has", "rows have", what);
        if self.clean {
            self.warnings.push(format!("{sentence}: {done}"));
        } else {
            let message = format!(
                "{sentence}; expected {expected}; set `clean = true` on the load to {verb} them, or mend the file"
            );
            self.findings.push(Trouble { line: group.first(), column: 0, message });
        }
    }
}
