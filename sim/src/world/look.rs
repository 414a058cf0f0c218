//! Looks at the world from outside: probes, gauges, slow checks, counts at the end. Knows how to look; changes nothing
//! that anybody decides on.

use super::World;
use super::fargate::Doing;
use super::github::JobState;
use super::queue::Queue;
use crate::scenario::{FaultKind, Service};
use tidegate_core::controller;
use tidegate_core::id::{JobId, RegionId};
use tidegate_core::port::probe;
use tidegate_core::time::{Span, Timestamp};
use tidegate_reports::fold::RunMeasures;

/// A delivery, a claim and a message take less, but for the slowest of thousands.
const PLACED_WITHIN: Span = Span::from_secs(15);

impl World {
    /// How long a region's node needs to look at its own services for a probe.
    pub(crate) fn probe_delay(&mut self, region: RegionId) -> Span {
        if !self.faults.any() {
            return Span::ZERO;
        }
        let slow = self.faults.slowness(region);
        if slow <= 1.0 { Span::ZERO } else { Span::from_secs_f64(0.05 * slow) }
    }

    /// Whether queue, cluster and table answer their own node. A gray failure does not show here.
    pub(crate) fn services_well(&mut self, region: RegionId) -> bool {
        if !self.faults.any() {
            return true;
        }
        let host = self.queue_host[region.index()];
        let rng = &mut self.streams.faults;
        (host == region || self.faults.reaches(region, host))
            && [(host, Service::Queue), (region, Service::Launch), (region, Service::Table)]
                .into_iter()
                .all(|(place, service)| self.faults.looks_well(place, service, rng))
    }

    /// The way back of a probe.
    pub(crate) fn probe_back(&mut self, from: RegionId, to: RegionId) -> Span {
        self.net.rtt(from, to, 0.5)
    }

    pub(crate) fn answer_probe(&mut self, to: RegionId, after: Span, event: probe::Event) {
        self.tell_controller(to, after, controller::Event::Probe(event));
    }

    /// Whether no fault is in force, nor was one within `span` before.
    pub(crate) fn calm_for(&self, now: Timestamp, span: Span) -> bool {
        !self.faults.any() && self.strikes.iter().all(|strike| strike.from > now || now.since(strike.to) > span)
    }

    /// The end of the last fault that hinders anything.
    pub(crate) fn last_fault(&self) -> Option<Timestamp> {
        let hinders = |kind: &FaultKind| !matches!(kind, FaultKind::Operator(_));
        self.strikes.iter().filter(|strike| hinders(&strike.kind)).map(|strike| strike.to).max()
    }

    /// The longest time a runner is idle.
    pub(crate) fn longest_idle(&self, now: Timestamp) -> Span {
        let idle = self.fargate.tasks.iter().filter(|(_, task)| task.doing == Doing::Idle);
        idle.map(|(_, task)| now.since(task.online_at)).max().unwrap_or(Span::ZERO)
    }

    /// By pool: jobs that wait for longer than a placement takes, less the runners that are coming for them as tasks
    /// or messages.
    pub(crate) fn shortage(&self, now: Timestamp) -> Vec<i64> {
        let mut short = vec![0; self.github.pools()];
        for (_, job) in self.github.jobs.iter() {
            let waits = job.state == JobState::Queued && now.since(job.queued_at) > PLACED_WITHIN;
            short[job.pool as usize] += i64::from(waits);
        }
        let tasks =
            self.fargate.tasks.iter().map(|(_, task)| task).filter(|task| !matches!(task.doing, Doing::Busy(_)));
        let messages = self.queues.iter().flat_map(Queue::tickets);
        for ticket in tasks.map(|task| &task.ticket).chain(messages) {
            if let Some(pool) = self.github.pool_of(ticket.organization, ticket.class) {
                short[pool as usize] -= 1;
            }
        }
        short
    }

    /// The oldest queued job that `known` does not know, and its age.
    pub(crate) fn oldest_queued(&self, now: Timestamp, known: impl Fn(JobId) -> bool) -> Option<(u64, Span)> {
        let queued = self.github.jobs.iter().map(|(_, job)| job).filter(|job| job.state == JobState::Queued);
        let unknown = queued.filter(|job| !known(job.id)).min_by_key(|job| (job.queued_at, job.id))?;
        Some((unknown.id.0, now.since(unknown.queued_at)))
    }

    /// For Little's law: name, integral of the number inside, sum of the times inside; of GitHub's queue and of every
    /// region's.
    pub(crate) fn little(&mut self, end: Timestamp) -> Vec<(String, u128, u128)> {
        let queued = self.github.jobs.iter().map(|(_, job)| job).filter(|job| job.state == JobState::Queued);
        let inside: Vec<Timestamp> = queued.map(|job| job.queued_at).collect();
        let (integral, waits) = self.github.little.close(inside.into_iter(), end);
        let mut rows = vec![("GitHub's queue".to_owned(), integral, waits)];
        for region in self.policy.ids() {
            let inside: Vec<Timestamp> = self.queues[region.index()].waiting_since().collect();
            let (integral, waits) = self.queues[region.index()].little.close(inside.into_iter(), end);
            rows.push((format!("the queue of {}", self.policy.region(region).name), integral, waits));
        }
        rows
    }

    /// Counts that only the world knows.
    pub(crate) fn count(&self, measures: &mut RunMeasures) {
        measures.count("githubRegistrations", self.github.registrations_used as f64);
        measures.count("githubRequests", self.github.requests_used as f64);
        measures.count("githubRefusals", self.github.refused as f64);
        measures.count("deadLetters", self.queues.iter().map(|queue| queue.dead_letters as f64).sum());
        measures.count("proposals", f64::from(self.proposals));
        let [_, hits, abroad, misses] = self.cache.outcomes;
        if hits + abroad + misses > 0 {
            measures.count("cacheHits", hits as f64);
            measures.count("cacheHitsAbroad", abroad as f64);
            measures.count("cacheMisses", misses as f64);
        }
    }
}
