//! Recorded loads: the jobs of a record at their times. Knows thinning and repeating; must not know files.

use super::{NewJob, class_of, repositories};
use crate::rng::{Rng, stream};
use crate::scenario::{Load, RecordedJob};
use rand::RngExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use tidegate_core::id::{Name, RunId};
use tidegate_core::{Span, Timestamp};

/// A repeated run comes later than the run it repeats by at most this.
pub const JITTER: Span = Span::from_mins(10);
/// The most repeats of a recorded run; a scenario that asks for more gets this many.
pub const MAX_SCALE: f64 = 1_000.0;

/// A recorded load as it plays.
#[derive(Clone, Debug)]
pub(super) struct Replay {
    template: NewJob,
    jobs: Arc<Vec<RecordedJob>>,
    /// Repository and label class of each job.
    repository: Vec<u32>,
    class: Vec<Name>,
    names: Vec<Name>,
    /// What plays, by time, then by place in the record; each with its run.
    entries: Vec<Entry>,
    position: usize,
    /// The run of each run number once it has begun; 0 before.
    runs: Vec<RunId>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Timestamp,
    job: u32,
    run: u32,
}

impl Replay {
    /// A record from the scenario's start until before its end (`clock`).
    ///
    /// A `scale` below 1 keeps that share of the runs, each whole; a run kept at one scale is kept at every higher
    /// one. A `scale` above 1 plays every run that often on average: once as recorded, and again as new runs, each
    /// later by a random time up to [`JITTER`].
    pub(super) fn new(
        load: &Load,
        jobs: &Arc<Vec<RecordedJob>>,
        scale: f64,
        template: NewJob,
        clock: (Timestamp, Timestamp),
        seed: u64,
    ) -> Self {
        let (_, repository) = distinct(jobs.iter().map(|job| job.repository.as_str()));
        let (sets, class) = distinct(jobs.iter().map(|job| job.labels.as_deref()));
        let sets: Vec<Name> = sets
            .into_iter()
            .map(|labels| labels.map_or(template.class, |labels| Name::of(&class_of(labels))))
            .collect();
        let (entries, runs) = Copies::new(scale, template.load, seed).entries(jobs, clock);
        Self {
            template,
            jobs: Arc::clone(jobs),
            repository,
            class: class.into_iter().map(|set| sets[set as usize]).collect(),
            names: repositories(load).iter().map(|name| Name::of(name)).collect(),
            entries,
            position: 0,
            runs: vec![RunId(0); runs as usize],
        }
    }

    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.entries.get(self.position).map(|entry| entry.at)
    }

    /// Puts out the next job.
    pub(super) fn pop(&mut self, runs: &mut u64, out: &mut Vec<NewJob>) {
        let Some(entry) = self.entries.get(self.position) else {
            return;
        };
        self.position += 1;
        let run = &mut self.runs[entry.run as usize];
        if run.0 == 0 {
            *runs += 1;
            *run = RunId(*runs);
        }
        let index = entry.job as usize;
        let job = &self.jobs[index];
        let repository = self.repository[index];
        out.push(NewJob {
            run: *run,
            repository,
            repository_name: self.names[repository as usize],
            class: self.class[index],
            need: job.need.unwrap_or(self.template.need),
            duration: job.duration,
            external_id: job.id,
            ..self.template
        });
    }
}

/// The distinct values in order of first appearance, and the index among them of every value.
pub(super) fn distinct<T: Ord + Copy>(values: impl Iterator<Item = T>) -> (Vec<T>, Vec<u32>) {
    let mut seen = BTreeMap::new();
    let mut first = Vec::new();
    let indices = values.map(|value| {
        *seen.entry(value).or_insert_with(|| {
            first.push(value);
            first.len() as u32 - 1
        })
    });
    let indices = indices.collect();
    (first, indices)
}

/// How often each run plays, and how much later.
struct Copies {
    scale: f64,
    choices: Rng,
    jitters: Rng,
}

impl Copies {
    fn new(scale: f64, load: u16, seed: u64) -> Self {
        Self {
            scale: scale.clamp(0.0, MAX_SCALE),
            choices: stream(seed, &format!("scale/{load}")),
            jitters: stream(seed, &format!("jitter/{load}")),
        }
    }

    /// The delays of the copies of the next run.
    fn next_run(&mut self) -> Vec<Span> {
        let share: f64 = self.choices.random();
        let count = self.scale.floor() as usize + usize::from(share < self.scale.fract());
        let mut later = || Span(self.jitters.random_range(0..=JITTER.0));
        (0..count).map(|copy| if copy == 0 { Span::ZERO } else { later() }).collect()
    }

    /// All that plays between two points in time, and the number of runs.
    fn entries(mut self, jobs: &[RecordedJob], (start, end): (Timestamp, Timestamp)) -> (Vec<Entry>, u32) {
        let mut copies: BTreeMap<u32, Vec<(Span, u32)>> = BTreeMap::new();
        let mut runs = 0;
        let mut entries = Vec::new();
        for (job, index) in jobs.iter().zip(0..) {
            let copies = copies.entry(job.run).or_insert_with(|| {
                let copies: Vec<(Span, u32)> = self.next_run().into_iter().zip(runs..).collect();
                runs += copies.len() as u32;
                copies
            });
            let all = copies.iter().map(|(delay, run)| Entry { at: start + job.at + *delay, job: index, run: *run });
            entries.extend(all.filter(|entry| entry.at < end));
        }
        entries.sort_by_key(|entry| entry.at);
        (entries, runs)
    }
}
