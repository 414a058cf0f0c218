//! What arrives: the jobs of all loads of a scenario as one stream. Knows pushes, runs and jobs; must not know regions.
//!
//! Every purpose of every load has its own stream of random numbers (`arrivals/0`, `burst/0`, `batch/0`,
//! `duration/0`, `repository/0`, `scale/0`, `jitter/0`), so two policies see the same jobs, and another distribution
//! of durations does not move one arrival.

mod class;
mod push;
pub mod recorded;
mod replay;
mod synthetic;
#[cfg(test)]
mod tests;
mod worst;

pub use class::{class_of, class_text};
pub use push::hour_of_week;
pub use replay::{JITTER, MAX_SCALE};
pub use synthetic::{MAX_JOBS_PER_PUSH, MAX_REPOSITORIES};
pub use worst::{WorstHour, worst_hour};

use crate::scenario::{Load, LoadKind, Scenario};
use replay::Replay;
use synthetic::Synthetic;
use tidegate_core::id::{Name, RunId};
use tidegate_core::unit::Need;
use tidegate_core::{Span, Timestamp};

/// A job that is queued on GitHub. Its `JobId` is given by the world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NewJob {
    /// Index of its load in the scenario.
    pub load: u16,
    /// Its workflow run: from 1, in the order in which runs begin, over all loads.
    pub run: RunId,
    /// Its repository, as an index into [`repositories`] of its load.
    pub repository: u32,
    /// The name of its organization.
    pub organization: Name,
    /// The name of `organization/repository`.
    pub repository_name: Name,
    /// The name of its label class, see [`class_text`].
    pub class: Name,
    /// What its runner needs.
    pub need: Need,
    /// How long it runs once started, in microseconds like every span.
    pub duration: Span,
    /// GitHub's count of attempts of the run. Records do not keep it, so it is 1.
    pub run_attempt: u16,
    /// Its number in the record, or its number in its load from 1.
    pub external_id: u64,
}

/// A job and when it is queued.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// When it is queued.
    pub at: Timestamp,
    /// The job.
    pub job: NewJob,
}

/// The merged stream of all loads of a scenario, in order of time; ties by the index of the load.
#[derive(Clone, Debug)]
pub struct Loads {
    sources: Vec<Source>,
    runs: u64,
}

/// One load as it plays.
#[derive(Clone, Debug)]
enum Source {
    Synthetic(Box<Synthetic>),
    Replay(Box<Replay>),
}

impl Source {
    fn next_at(&self) -> Option<Timestamp> {
        match self {
            Self::Synthetic(source) => source.next_at(),
            Self::Replay(source) => source.next_at(),
        }
    }

    /// Puts out the jobs of the next instant; `runs` counts the runs begun so far.
    fn pop(&mut self, runs: &mut u64, out: &mut Vec<NewJob>) {
        match self {
            Self::Synthetic(source) => source.pop(runs, out),
            Self::Replay(source) => source.pop(runs, out),
        }
    }
}

impl Loads {
    /// The jobs of a scenario under a seed, from its start to its end.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        Self::of(&scenario.loads, scenario.start, scenario.start + scenario.duration, seed)
    }

    /// The jobs of some loads from `start` until before `end`.
    #[must_use]
    pub fn of(loads: &[Load], start: Timestamp, end: Timestamp, seed: u64) -> Self {
        let sources = loads.iter().zip(0..).map(|(load, index)| source(load, index, start, end, seed)).collect();
        Self { sources, runs: 0 }
    }

    /// When the next jobs arrive; `None` when there are no more.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        self.sources.iter().filter_map(Source::next_at).min()
    }

    /// Replaces what is in `out` by all jobs of the next instant and gives that instant; each is later than the one
    /// before. `None`, and `out` empty, when there are no more.
    pub fn pop_batch(&mut self, out: &mut Vec<NewJob>) -> Option<Timestamp> {
        out.clear();
        let at = self.next_at()?;
        for source in &mut self.sources {
            while source.next_at() == Some(at) {
                source.pop(&mut self.runs, out);
            }
        }
        Some(at)
    }

    /// The rest of the stream job by job.
    pub fn arrivals(mut self) -> impl Iterator<Item = Arrival> {
        let mut batch = Vec::new();
        std::iter::from_fn(move || self.pop_batch(&mut batch).map(|at| (at, batch.clone())))
            .flat_map(|(at, batch)| batch.into_iter().map(move |job| Arrival { at, job }))
    }
}

fn source(load: &Load, index: u16, start: Timestamp, end: Timestamp, seed: u64) -> Source {
    let template = NewJob {
        load: index,
        run: RunId(0),
        repository: 0,
        organization: Name::of(&load.organization),
        repository_name: Name::default(),
        class: Name::of(&class_text(load)),
        need: load.need,
        duration: Span::ZERO,
        run_attempt: 1,
        external_id: 0,
    };
    match &load.kind {
        LoadKind::Synthetic { .. } => Source::Synthetic(Box::new(Synthetic::new(load, template, start, end, seed))),
        LoadKind::Recorded { jobs, scale } => {
            Source::Replay(Box::new(Replay::new(load, jobs, *scale, template, (start, end), seed)))
        }
    }
}

/// The repositories of a load as `organization/repository`, in the order of [`NewJob::repository`]. A record's
/// repository that already has an owner keeps it.
#[must_use]
pub fn repositories(load: &Load) -> Vec<String> {
    let full = |name: &str| {
        if name.contains('/') { name.to_owned() } else { format!("{}/{name}", load.organization) }
    };
    match &load.kind {
        LoadKind::Synthetic { repositories, .. } => {
            let count = (*repositories).clamp(1, MAX_REPOSITORIES);
            (1..=count).map(|number| full(&format!("repo-{number}"))).collect()
        }
        LoadKind::Recorded { jobs, .. } => {
            replay::distinct(jobs.iter().map(|job| job.repository.as_str())).0.into_iter().map(full).collect()
        }
    }
}
