//! Virtual GitHub: jobs, runners and who gets whom. Knows labels and its own limits; must not know regions' queues or
//! our machines.
//!
//! Any idle runner with fitting labels takes any queued job of its organization: runners are kept in pools, one for
//! each pair of organization and label class, and within a pool the longest idle runner takes the oldest job.

use super::due::Handle;
use super::queue::Little;
use crate::load::NewJob;
use std::collections::VecDeque;
use tidegate_core::id::{JobId, Name, PlacementId, RegionId};
use tidegate_core::map::{IdMap, mix};
use tidegate_core::port::github::LIST_MAX;
use tidegate_core::port::{JobSpec, Reason, Ticket};
use tidegate_core::slab::Slab;
use tidegate_core::{Span, Timestamp};

/// Where a job is in GitHub's eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobState {
    /// Asks for a runner.
    Queued,
    /// On the runner of a task.
    Running(Handle),
    /// Its runner is gone; GitHub has not noticed.
    Orphaned,
}

/// A job at GitHub, in two lines of memory.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(crate) struct GhJob {
    pub(crate) id: JobId,
    pub(crate) generation: u32,
    pub(crate) new: NewJob,
    pub(crate) pool: u32,
    pub(crate) state: JobState,
    pub(crate) queued_at: Timestamp,
    pub(crate) started_at: Timestamp,
    pub(crate) home: RegionId,
    /// From the claims seen for it: where and why it was placed last.
    pub(crate) placed: Option<RegionId>,
    pub(crate) reason: Reason,
    pub(crate) regional: bool,
    pub(crate) attempts: u16,
}

const _: () = assert!(size_of::<Option<GhJob>>() == 128);

impl GhJob {
    /// The job as a webhook describes it.
    pub(crate) fn spec(&self) -> JobSpec {
        JobSpec {
            job: self.id,
            run: self.new.run,
            run_attempt: self.new.run_attempt,
            organization: self.new.organization,
            repository: self.new.repository_name,
            sender: None,
            class: self.new.class,
            need: self.new.need,
            queued_at: self.queued_at,
        }
    }
}

/// A registered runner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Runner {
    /// Registered, never connected.
    #[default]
    Offline,
    /// Connected, waiting for a job.
    Idle,
    /// At work.
    Busy,
}

#[derive(Clone, Debug, Default)]
struct Pool {
    queued: VecDeque<Handle>,
    idle: VecDeque<Handle>,
}

/// A token bucket of GitHub's.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    tokens: f64,
    at: Timestamp,
}

/// GitHub.
#[derive(Clone, Debug)]
pub(crate) struct GitHub {
    pub(crate) jobs: Slab<GhJob>,
    index: IdMap<u32>,
    pools: Vec<Pool>,
    pool_index: IdMap<u32>,
    runners: IdMap<Runner>,
    registrations: IdMap<Bucket>,
    requests: IdMap<Bucket>,
    next_job: u64,
    next_generation: u32,
    pub(crate) queued: u64,
    pub(crate) running: u64,
    pub(crate) idle: u64,
    pub(crate) little: Little,
    pub(crate) registrations_used: u64,
    pub(crate) requests_used: u64,
    pub(crate) refused: u64,
}

fn pool_key(organization: Name, class: Name) -> u64 {
    mix(organization.0) ^ class.0
}

impl GitHub {
    pub(crate) fn new() -> Self {
        Self {
            jobs: Slab::default(),
            index: IdMap::new(),
            pools: Vec::new(),
            pool_index: IdMap::new(),
            runners: IdMap::new(),
            registrations: IdMap::new(),
            requests: IdMap::new(),
            next_job: 0,
            next_generation: 0,
            queued: 0,
            running: 0,
            idle: 0,
            little: Little::default(),
            registrations_used: 0,
            requests_used: 0,
            refused: 0,
        }
    }

    fn pool(&mut self, organization: Name, class: Name) -> u32 {
        let next = self.pools.len() as u32;
        let pool = *self.pool_index.get_or_insert_with(pool_key(organization, class), || next);
        if pool == next {
            self.pools.push(Pool::default());
        }
        pool
    }

    /// The pool of an organization's label class, once somebody asked for one.
    pub(crate) fn pool_of(&self, organization: Name, class: Name) -> Option<u32> {
        self.pool_index.get(pool_key(organization, class)).copied()
    }

    /// How many pools there are.
    pub(crate) fn pools(&self) -> usize {
        self.pools.len()
    }

    /// A job is queued. Gives its handle; look for a runner with [`Self::match_job`].
    pub(crate) fn queue(&mut self, new: NewJob, home: RegionId, now: Timestamp) -> Handle {
        self.next_job += 1;
        self.queue_as(JobId(self.next_job), new, home, now)
    }

    /// The same for a job that has its number from elsewhere.
    pub(crate) fn queue_as(&mut self, id: JobId, new: NewJob, home: RegionId, now: Timestamp) -> Handle {
        self.next_generation = self.next_generation.wrapping_add(1);
        let generation = self.next_generation;
        let pool = self.pool(new.organization, new.class);
        let slot = self.jobs.insert(GhJob {
            id,
            generation,
            new,
            pool,
            state: JobState::Queued,
            queued_at: now,
            started_at: Timestamp::ZERO,
            home,
            placed: None,
            reason: Reason::Home,
            regional: true,
            attempts: 0,
        });
        self.index.insert(id.0, slot);
        self.queued += 1;
        self.little.enter(now);
        Handle { slot, generation }
    }

    pub(crate) fn job(&self, handle: Handle) -> Option<&GhJob> {
        self.jobs.get(handle.slot).filter(|job| job.generation == handle.generation)
    }

    pub(crate) fn job_mut(&mut self, handle: Handle) -> Option<&mut GhJob> {
        self.jobs.get_mut(handle.slot).filter(|job| job.generation == handle.generation)
    }

    /// Lets the processor fetch the row of a job and what else is known of it and of its runner, which will be asked soon.
    #[inline]
    pub(crate) fn prefetch(&self, job: Handle, ticket: &Ticket) {
        self.jobs.prefetch(job.slot);
        self.index.prefetch(ticket.placement.job.0); // as a rule it runs what it was made for
        self.runners.prefetch(ticket.placement.word());
    }

    /// The same for the row of a job that a claim will tell of.
    #[inline]
    pub(crate) fn prefetch_claimed(&self, job: JobId) {
        if let Some(slot) = self.index.get(job.0) {
            self.jobs.prefetch(*slot);
        }
    }

    /// A job by its number, while GitHub still has it open.
    pub(crate) fn by_id(&self, id: JobId) -> Option<&GhJob> {
        self.jobs.get(*self.index.get(id.0)?)
    }

    /// Notes what a claim says of a job.
    pub(crate) fn note(&mut self, ticket: &Ticket) {
        let Some(slot) = self.index.get(ticket.placement.job.0).copied() else { return };
        let job = self.jobs.get_mut(slot).expect("indexed");
        job.placed = Some(ticket.region);
        job.reason = ticket.reason;
        job.regional = ticket.regional;
        job.attempts = job.attempts.max(ticket.placement.attempt);
    }

    /// Takes the longest idle runner for a queued job, or lets the job stand in line.
    pub(crate) fn match_job(&mut self, job: Handle) -> Option<Handle> {
        let pool = self.job(job)?.pool;
        let taken = self.pools[pool as usize].idle.pop_front();
        match taken {
            Some(task) => {
                self.idle -= 1;
                Some(task)
            }
            None => {
                self.pools[pool as usize].queued.push_back(job);
                None
            }
        }
    }

    /// The oldest queued job for a runner that comes online; without one the runner is idle.
    pub(crate) fn match_runner(&mut self, task: Handle, ticket: &Ticket) -> Option<Handle> {
        let pool = self.pool(ticket.organization, ticket.class) as usize;
        while let Some(job) = self.pools[pool].queued.pop_front() {
            if self.job(job).is_some_and(|job| job.state == JobState::Queued) {
                return Some(job);
            }
        }
        self.pools[pool].idle.push_back(task);
        self.idle += 1;
        None
    }

    /// Takes an idle runner out of its pool. Rare, so a search will do.
    pub(crate) fn forget_idle(&mut self, task: Handle, ticket: &Ticket) {
        let pool = self.pool(ticket.organization, ticket.class) as usize;
        let before = self.pools[pool].idle.len();
        self.pools[pool].idle.retain(|idle| *idle != task);
        self.idle -= (before - self.pools[pool].idle.len()) as u64;
    }

    /// A runner takes a job.
    pub(crate) fn start(&mut self, job: Handle, task: Handle, started_at: Timestamp, now: Timestamp) {
        let row = self.job_mut(job).expect("matched");
        row.state = JobState::Running(task);
        row.started_at = started_at;
        let since = row.queued_at;
        self.queued -= 1;
        self.running += 1;
        self.little.leave(since, now);
    }

    /// A job leaves GitHub's list.
    pub(crate) fn end(&mut self, job: Handle, now: Timestamp) -> Option<GhJob> {
        self.job(job)?;
        let row = self.jobs.remove(job.slot)?;
        self.index.remove(row.id.0);
        match row.state {
            JobState::Queued => {
                self.queued -= 1;
                self.little.leave(row.queued_at, now);
            }
            JobState::Running(_) | JobState::Orphaned => self.running -= 1,
        }
        Some(row)
    }

    /// Registers a runner of this name; false when there is one.
    pub(crate) fn register(&mut self, placement: PlacementId) -> bool {
        let key = placement.word();
        if self.runners.contains(key) {
            return false;
        }
        self.runners.insert(key, Runner::Offline);
        true
    }

    pub(crate) fn runner(&self, placement: PlacementId) -> Option<Runner> {
        self.runners.get(placement.word()).copied()
    }

    pub(crate) fn set_runner(&mut self, placement: PlacementId, state: Runner) {
        if let Some(runner) = self.runners.get_mut(placement.word()) {
            *runner = state;
        }
    }

    pub(crate) fn unregister(&mut self, placement: PlacementId) {
        self.runners.remove(placement.word());
    }

    fn take(buckets: &mut IdMap<Bucket>, organization: Name, size: f64, per: Span, cost: f64, now: Timestamp) -> bool {
        if size.is_infinite() {
            return true;
        }
        let bucket = buckets.get_or_insert_with(organization.0, || Bucket { tokens: size, at: now });
        let gained = now.since(bucket.at).as_secs_f64() / per.as_secs_f64() * size;
        bucket.tokens = (bucket.tokens + gained).min(size);
        bucket.at = now;
        if bucket.tokens < cost {
            return false;
        }
        bucket.tokens -= cost;
        assert!(bucket.tokens >= 0.0, "I10: a bucket of GitHub's is negative");
        true
    }

    /// Uses the budget for one registration of an organization, all regions together.
    pub(crate) fn may_register(&mut self, organization: Name, per_minute: f64, now: Timestamp) -> bool {
        let ok = Self::take(&mut self.registrations, organization, per_minute, Span::from_mins(1), 1.0, now);
        self.registrations_used += u64::from(ok);
        self.refused += u64::from(!ok);
        ok
    }

    /// Uses the budget for other requests.
    pub(crate) fn may_request(&mut self, organization: Name, per_hour: f64, cost: f64, now: Timestamp) -> bool {
        let ok = Self::take(&mut self.requests, organization, per_hour, Span::from_hours(1), cost, now);
        self.requests_used += if ok { cost as u64 } else { 0 };
        self.refused += u64::from(!ok);
        ok
    }

    /// Jobs queued before `until`, oldest first, [`LIST_MAX`] at the most: a hundred pages.
    pub(crate) fn list_queued(&self, until: Timestamp) -> Vec<JobSpec> {
        let listed = |job: &GhJob| job.state == JobState::Queued && job.queued_at <= until;
        // Every queued job stands in the line of its pool: those at work need not be looked at.
        let lines = self.pools.iter().flat_map(|pool| &pool.queued);
        let rows = lines.filter_map(|handle| Some((handle.slot, self.job(*handle).filter(|job| listed(job))?)));
        let mut oldest: Vec<(Timestamp, JobId, u32)> = rows.map(|(slot, job)| (job.queued_at, job.id, slot)).collect();
        if oldest.len() > LIST_MAX {
            oldest.select_nth_unstable(LIST_MAX);
            oldest.truncate(LIST_MAX);
        }
        oldest.sort_unstable();
        oldest.iter().filter_map(|(_, _, slot)| self.jobs.get(*slot)).map(GhJob::spec).collect()
    }
}
