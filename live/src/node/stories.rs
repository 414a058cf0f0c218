//! What is remembered of jobs for whoever asks why: their facts, lately. Knows how many are kept; must not know how they
//! read.

use std::collections::{BTreeMap, VecDeque};
use tidegate_core::port::webhook;
use tidegate_core::{Fact, JobId, RegionId, Span, Timestamp};

/// Jobs remembered.
const JOBS: usize = 20_000;

/// Facts kept of one job: the first ones and, beyond that, the last.
const FACTS: usize = 64;

/// Decisions shown on the status page.
const LATEST: usize = 50;

/// The stories of the latest jobs, and the latest decisions.
#[derive(Debug, Default)]
pub struct Stories {
    jobs: BTreeMap<JobId, Story>,
    order: VecDeque<JobId>,
    latest: VecDeque<(Timestamp, Fact)>,
}

#[derive(Debug, Default)]
struct Story {
    queued_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
    facts: VecDeque<(Timestamp, Fact)>,
}

impl Stories {
    /// Takes a fact in.
    pub fn fact(&mut self, at: Timestamp, fact: &Fact) {
        if let Some(job) = tidegate_sim::job_of(fact) {
            let story = self.story(job);
            if story.facts.len() == FACTS {
                story.facts.remove(FACTS / 2);
            }
            story.facts.push_back((at, *fact));
        }
        if tells(fact) {
            self.latest.push_back((at, *fact));
            if self.latest.len() > LATEST {
                self.latest.pop_front();
            }
        }
    }

    /// Takes a webhook in. Gives the time from queued to in progress when it tells that for the first time, and the region
    /// that the job was placed in last, where this node knows it.
    pub fn webhook(&mut self, event: &webhook::Event) -> Option<(Span, Option<RegionId>)> {
        match event {
            webhook::Event::JobQueued { spec } => {
                self.story(spec.job).queued_at = Some(spec.queued_at);
                None
            }
            webhook::Event::JobStarted { job, started_at, .. } => {
                let story = self.jobs.get_mut(job)?;
                let first = story.started_at.replace(*started_at).is_none();
                let wait = story.queued_at.filter(|_| first).map(|queued_at| started_at.since(queued_at))?;
                Some((wait, story.facts.iter().rev().find_map(|(_, fact)| placed_in(fact))))
            }
            webhook::Event::JobCompleted { .. } => None,
        }
    }

    fn story(&mut self, job: JobId) -> &mut Story {
        if !self.jobs.contains_key(&job) {
            self.order.push_back(job);
            if self.order.len() > JOBS
                && let Some(oldest) = self.order.pop_front()
            {
                self.jobs.remove(&oldest);
            }
        }
        self.jobs.entry(job).or_default()
    }

    /// Every fact of a job, oldest first; `None` when it is not remembered.
    #[must_use]
    pub fn of(&self, job: JobId) -> Option<Vec<(Timestamp, Fact)>> {
        self.jobs.get(&job).map(|story| story.facts.iter().copied().collect())
    }

    /// The latest decisions, newest first.
    #[must_use]
    pub fn latest(&self) -> Vec<(Timestamp, Fact)> {
        self.latest.iter().rev().copied().collect()
    }
}

const fn placed_in(fact: &Fact) -> Option<RegionId> {
    if let Fact::JobPlaced { decision, .. } = fact { Some(decision.region) } else { None }
}

/// Whether a fact is a decision that people follow on the status page.
const fn tells(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::JobPlaced { .. }
            | Fact::JobWaits { .. }
            | Fact::JobAbandoned { .. }
            | Fact::PhaseChanged { .. }
            | Fact::FailoverProposed { .. }
            | Fact::HoldChanged { .. }
            | Fact::SpillChanged { .. }
            | Fact::PanicChanged { .. }
            | Fact::JobsAdopted { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_core::fact::{Considered, Decision};
    use tidegate_core::port::{JobSpec, Reason};
    use tidegate_core::{Name, Need, PlacementId, RunId};

    #[test]
    fn the_oldest_story_is_forgotten_first() {
        let mut stories = Stories::default();
        let told = |job| Fact::ClaimConflict { placement: PlacementId { job: JobId(job), ..PlacementId::default() } };
        for job in 0..=JOBS as u64 {
            stories.fact(Timestamp(job), &told(job));
        }
        assert_eq!(stories.of(JobId(0)), None);
        assert_eq!(stories.of(JobId(1)), Some(vec![(Timestamp(1), told(1))]));
        for _ in 0..200 {
            stories.fact(Timestamp(9), &told(1));
        }
        let story = stories.of(JobId(1)).expect("remembered");
        assert_eq!((story.len(), story[0].0), (FACTS, Timestamp(1)), "how it began is kept");
    }

    // Broken: a start counts for the node that hears of it, wherever the job was placed.
    #[test]
    fn a_start_is_that_of_the_region_where_the_job_was_placed_last() {
        let (mut stories, acme) = (Stories::default(), Name::of("acme"));
        let need = Need::default();
        let spec = JobSpec {
            job: JobId(1),
            run: RunId(1),
            run_attempt: 1,
            organization: acme,
            repository: acme,
            sender: None,
            class: acme,
            need,
            queued_at: Timestamp(1_000_000),
        };
        let placement = PlacementId { job: JobId(1), run_attempt: 1, attempt: 1 };
        let placed = |region| {
            let decision = Decision { region, reason: Reason::Failover, considered: [Considered::NotAsked; 8] };
            let (run, organization, home) = (RunId(1), acme, RegionId(0));
            Fact::JobPlaced { placement, run, organization, home, regional: true, decision }
        };
        let started_at = Timestamp(5_000_000);
        let (job, run_attempt, organization) = (JobId(1), 1, acme);
        let started =
            webhook::Event::JobStarted { job, run_attempt, organization, runner: Some(placement), started_at };
        assert_eq!(stories.webhook(&started), None, "nobody knows when it was queued");
        assert_eq!(stories.webhook(&webhook::Event::JobQueued { spec }), None);
        stories.fact(Timestamp(2_000_000), &placed(RegionId(0)));
        stories.fact(Timestamp(3_000_000), &placed(RegionId(1)));
        assert_eq!(stories.webhook(&started), Some((Span::from_secs(4), Some(RegionId(1)))));
        assert_eq!(stories.webhook(&started), None, "it is told again");
    }
}
