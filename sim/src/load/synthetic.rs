//! Synthetic loads: a push starts one workflow run, which queues its jobs at once. Knows the batch law and the spread
//! over repositories; must not know when pushes come (see `push`).

use super::push::Pushes;
use super::{NewJob, repositories};
use crate::dist::{Ahead, Dist};
use crate::rng::{Rng, stream};
use crate::scenario::{Arrivals, Load, LoadKind};
use rand::RngExt;
use tidegate_core::Timestamp;
use tidegate_core::id::{Name, RunId};

/// The most jobs of one push: GitHub's limit of a matrix.
pub const MAX_JOBS_PER_PUSH: u32 = 256;
/// The most repositories of a synthetic load; a scenario that asks for more gets this many.
pub const MAX_REPOSITORIES: u32 = 100_000;

/// A synthetic load as it plays.
#[derive(Clone, Debug)]
pub(super) struct Synthetic {
    template: NewJob,
    next: Option<Timestamp>,
    pushes: Pushes,
    jobs_per_push: Dist,
    batches: Rng,
    durations: Ahead,
    choices: Rng,
    /// Names of the repositories, each with the share of pushes that go to it or to one before it.
    repositories: Vec<(f64, Name)>,
}

impl Synthetic {
    /// Of a load that is synthetic; another is one without pushes.
    pub(super) fn new(load: &Load, template: NewJob, start: Timestamp, end: Timestamp, seed: u64) -> Self {
        let (arrivals, jobs_per_push, job_duration) = match &load.kind {
            LoadKind::Synthetic { arrivals, jobs_per_push, job_duration, .. } => {
                (arrivals.clone(), jobs_per_push.clone(), job_duration.clone())
            }
            LoadKind::Recorded { .. } => {
                (Arrivals::Poisson { per_hour: 0.0 }, Dist::constant(1.0), Dist::constant(0.0))
            }
        };
        let index = template.load;
        let mut pushes = Pushes::new(&arrivals, start, end, seed, index);
        Self {
            template,
            next: pushes.next(),
            pushes,
            jobs_per_push,
            batches: stream(seed, &format!("batch/{index}")),
            durations: Ahead::new(job_duration, stream(seed, &format!("duration/{index}"))),
            choices: stream(seed, &format!("repository/{index}")),
            repositories: zipf(&repositories(load)),
        }
    }

    pub(super) const fn next_at(&self) -> Option<Timestamp> {
        self.next
    }

    /// Puts out the jobs of the next push.
    pub(super) fn pop(&mut self, runs: &mut u64, out: &mut Vec<NewJob>) {
        if self.next.is_none() {
            return;
        }
        self.next = self.pushes.next();
        *runs += 1;
        let share: f64 = self.choices.random();
        let chosen = self.repositories.partition_point(|entry| entry.0 <= share).min(self.repositories.len() - 1);
        let count = self.jobs_per_push.sample(&mut self.batches).round();
        let count = count.max(1.0).min(f64::from(MAX_JOBS_PER_PUSH)) as u32;
        self.template.run = RunId(*runs);
        self.template.repository = chosen as u32;
        self.template.repository_name = self.repositories[chosen].1;
        for _ in 0..count {
            self.template.external_id += 1;
            self.template.duration = self.durations.span();
            out.push(self.template);
        }
    }
}

/// Shares by Zipf's law: the second repository gets half the pushes of the first, the third a third.
fn zipf(repositories: &[String]) -> Vec<(f64, Name)> {
    let total: f64 = (1..=repositories.len()).map(|rank| 1.0 / rank as f64).sum();
    let mut so_far = 0.0;
    let shares = (1..).map(|rank| {
        so_far += 1.0 / f64::from(rank);
        so_far / total
    });
    shares.zip(repositories.iter().map(|name| Name::of(name))).collect()
}
