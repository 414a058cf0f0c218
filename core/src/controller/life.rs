//! The first half of a job's life: from its webhook to a message in a queue. Knows jobs; asks placement for a region and
//! must not look into regions' health itself, nor know what becomes of the job (`ending`).

use super::job::{Job, State};
use super::phase::{Hold, Phase};
use super::placement::{self, Request};
use super::{ANSWER_WITHIN, Controller, Effect, Out};
use crate::fact::{Fact, WaitReason, Why};
use crate::id::{JobId, Name, PlacementId, RegionId, RegionSet};
use crate::port::table::Standing;
use crate::port::{ErrorClass, Failure, JobSpec, Reason, Stage, Ticket, enqueue, table, webhook};
use crate::time::{Span, Timestamp};

/// How often the table is asked about a job that runs: few run as long.
const STARTED_LOOK: Span = Span::from_hours(1);

impl Controller {
    pub(super) fn on_webhook(&mut self, event: webhook::Event, now: Timestamp, out: &mut Out) {
        match event {
            webhook::Event::JobQueued { spec } => {
                if now.since(spec.queued_at) > self.policy.caps.ended_for {
                    // We may have forgotten that it ended. If it is still queued, GitHub's list will say so.
                    out.facts.push(Fact::Ignored { why: Why::Old });
                } else {
                    self.on_queued(&spec, false, now, out);
                }
            }
            webhook::Event::JobStarted { job, run_attempt, runner, .. } => {
                self.on_job_started(job, run_attempt, runner, now, out);
            }
            webhook::Event::JobCompleted { job, run_attempt, runner, .. } => {
                self.on_job_completed(job, run_attempt, runner, now, out);
            }
        }
    }

    /// A job asks for capacity. Events of a job may come doubled and in any order, so this is a join: what is known
    /// already, or has ended, changes nothing (rule 5).
    pub(super) fn on_queued(&mut self, spec: &JobSpec, recovered: bool, now: Timestamp, out: &mut Out) {
        let known = self.state.jobs.get(spec.job);
        let why = match known {
            Some(job) if job.ticket.placement.run_attempt >= spec.run_attempt => Some(Why::Duplicate),
            _ if self.state.ended.contains(spec.job.0) => Some(Why::Ended),
            None if self.is_full() => Some(Why::Limit),
            _ => None,
        };
        if let Some(why) = why {
            out.facts.push(Fact::Ignored { why });
            return;
        }
        if known.is_some() {
            self.forget_cover_of(spec.job);
            self.state.jobs.remove(spec.job);
        }
        let home = self.policy.home_of(spec);
        let ticket = Ticket {
            placement: PlacementId { job: spec.job, run_attempt: spec.run_attempt, attempt: 0 },
            run: spec.run,
            organization: spec.organization,
            repository: spec.repository,
            class: spec.class,
            need: spec.need,
            region: home,
            home,
            reason: Reason::Home,
            regional: self.is_regional(home),
            hops: 0,
            tried: RegionSet::EMPTY,
            queued_at: spec.queued_at,
            received_at: now,
        };
        self.admit(ticket, recovered, now);
        self.place(spec.job, now, out);
    }

    /// Whether no further job is taken in. What is refused is found again by reconcile.
    pub(super) fn is_full(&self) -> bool {
        self.state.jobs.len() >= self.policy.caps.open_jobs as usize
    }

    /// Takes a job in; it waits until it is placed.
    pub(super) fn admit(&mut self, ticket: Ticket, recovered: bool, now: Timestamp) {
        self.state.jobs.insert(Job {
            ticket,
            state: State::Waiting(WaitReason::Capacity),
            since: now,
            tries: 0,
            asked: false,
            claimed: false,
            recovered,
            cover: ticket.placement,
            cover_region: ticket.region,
            cover_since: now,
            listed_at: Timestamp::ZERO,
            failure: None,
            due: Default::default(),
        });
        self.set_deadline(ticket.placement.job, now + ANSWER_WITHIN, now);
    }

    fn is_regional(&self, home: RegionId) -> bool {
        let region = &self.state.regions[home.index()];
        region.phase() == Phase::Active && region.hold == Hold::Open && !region.pressure.spilling()
    }

    pub(super) fn set_deadline(&mut self, id: JobId, at: Timestamp, now: Timestamp) {
        self.state.jobs.set_deadline(id, at, now);
    }

    /// Decides where a job goes next and claims it there; or lets it wait, and says why.
    pub(super) fn place(&mut self, id: JobId, now: Timestamp, out: &mut Out) {
        let Some(job) = self.state.jobs.get(id) else { return };
        if job.ticket.placement.attempt > 0 && self.is_given_up(job, now) {
            let failure = job.failure.unwrap_or(Failure::Capacity);
            return self.abandon(id, failure, out);
        }
        if let Some(settled) = self.unsettled(job, now) {
            return self.wait_until(id, settled, now);
        }
        let t = job.ticket;
        self.update_spill(t.home, now, out);
        let request = Request {
            home: t.home,
            allowed: self.policy.allowed(t.organization),
            need: t.need,
            run: t.run.0,
            sticky: self.state.sticky.region(t.run, now),
            avoid: self.refused(t.class, now, t.tried),
            hops: t.hops,
        };
        match placement::place(&self.policy, &self.state.regions, &request, self.state.panic, now) {
            Ok(decision) => {
                self.forget_cover_of(id);
                let job = self.state.jobs.get_mut(id).expect("looked up above");
                let ticket = &mut job.ticket;
                ticket.placement.attempt = ticket.placement.attempt.saturating_add(1);
                ticket.region = decision.region;
                ticket.reason = decision.reason;
                ticket.hops += u8::from(decision.reason == Reason::Spillover);
                assert!(ticket.hops <= self.policy.spillover.max_hops, "I9: hops stay under the limit");
                (job.state, job.since, job.tries, job.claimed) = (State::Claiming, now, 0, false);
                job.asked = true;
                let ticket = job.ticket;
                (job.cover, job.cover_region, job.cover_since) = (ticket.placement, ticket.region, now);
                self.state.regions[decision.region.index()].pressure.on_placed();
                self.state.sticky.remember(ticket.run, decision.region, &self.policy.sticky, now);
                out.facts.push(Fact::JobPlaced {
                    placement: ticket.placement,
                    run: ticket.run,
                    organization: ticket.organization,
                    home: ticket.home,
                    regional: ticket.regional,
                    decision,
                });
                out.effects.push(Effect::Table(table::Command::Claim { ticket }));
                self.set_deadline(id, now + ANSWER_WITHIN, now);
            }
            Err(why) => self.wait(id, why, now, out),
        }
    }

    /// Until when a job that this process held before it came up is not placed: its replica was away as long, and would
    /// let it place again what others have looked after. Then the claim tells whether that is wanted.
    fn unsettled(&self, job: &Job, now: Timestamp) -> Option<Timestamp> {
        let settled = self.state.started_at + table::CATCH_UP;
        (job.ticket.received_at < self.state.started_at && now < settled).then_some(settled)
    }

    fn wait_until(&mut self, id: JobId, at: Timestamp, now: Timestamp) {
        self.forget_cover_of(id);
        if let Some(job) = self.state.jobs.get_mut(id) {
            (job.state, job.since) = (State::Waiting(WaitReason::Capacity), now);
        }
        self.set_deadline(id, at, now);
    }

    /// A job placed anew is served by its own runner again.
    pub(super) fn forget_cover_of(&mut self, id: JobId) {
        if let Some(job) = self.state.jobs.get_mut(id) {
            let own = job.ticket.placement;
            let freed = std::mem::replace(&mut job.cover, own);
            if freed != own {
                self.state.jobs.forget_cover(freed);
            }
        }
    }

    fn refused(&self, class: Name, now: Timestamp, tried: RegionSet) -> RegionSet {
        let live = |entry: &&(RegionId, Name, Timestamp)| entry.1 == class && entry.2 > now;
        self.state.refused.iter().filter(live).fold(tried, |set, entry| set.with(entry.0))
    }

    fn wait(&mut self, id: JobId, why: WaitReason, now: Timestamp, out: &mut Out) {
        let job = self.state.jobs.get(id).copied().expect("the caller looked it up");
        if self.is_given_up(&job, now) {
            return self.abandon(id, job.failure.unwrap_or(Failure::Capacity), out);
        }
        let job = self.state.jobs.get_mut(id).expect("looked up above");
        out.facts.push(Fact::JobWaits { job: id, home: job.ticket.home, why });
        job.tries = if matches!(job.state, State::Waiting(_)) { job.tries.saturating_add(1) } else { 0 };
        job.state = State::Waiting(why);
        job.since = now;
        job.ticket.tried = RegionSet::EMPTY;
        let wait = self.policy.launch.backoff.doubled(u32::from(job.tries), self.policy.launch.backoff_max);
        self.set_deadline(id, now + wait, now);
    }

    /// Whether a job has waited for capacity for as long as the policy allows.
    fn is_given_up(&self, job: &Job, now: Timestamp) -> bool {
        now.since(job.ticket.received_at) >= self.policy.launch.give_up_after
    }

    pub(super) fn abandon(&mut self, id: JobId, failure: Failure, out: &mut Out) {
        out.facts.push(Fact::JobAbandoned { job: id, failure });
        self.forget_cover_of(id);
        self.state.jobs.remove(id);
        self.state.ended.insert(id.0);
    }

    pub(super) fn on_claimed(&mut self, placement: PlacementId, now: Timestamp, out: &mut Out) {
        let Some(job) = self.state.jobs.get_mut(placement.job) else { return };
        if job.ticket.placement != placement || job.claimed {
            return;
        }
        job.claimed = true;
        if std::mem::take(&mut job.recovered) {
            out.facts.push(Fact::JobRecovered { job: placement.job });
        }
        if job.state == State::Claiming {
            out.facts.push(Fact::JobClaimed { placement, took: now.since(job.since) });
            self.send(placement.job, now, out);
        }
    }

    fn send(&mut self, id: JobId, now: Timestamp, out: &mut Out) {
        let job = self.state.jobs.get_mut(id).expect("the caller looked it up");
        (job.state, job.since, job.tries, job.asked) = (State::Enqueuing, now, 0, true);
        out.effects.push(Effect::Enqueue(enqueue::Command::Send { ticket: job.ticket }));
        self.set_deadline(id, now + ANSWER_WITHIN, now);
    }

    /// Another attempt stands, or the job needs no capacity any more: believe the table.
    pub(super) fn on_conflict(&mut self, placement: PlacementId, standing: Standing, now: Timestamp, out: &mut Out) {
        let Some(job) = self.state.jobs.get_mut(placement.job) else { return };
        if job.ticket.placement != placement || job.state == State::Started {
            return;
        }
        out.facts.push(Fact::ClaimConflict { placement });
        if standing.stage == Stage::Ended || standing.run_attempt > placement.run_attempt {
            self.end(placement.job);
            return;
        }
        job.ticket.placement.attempt = standing.attempt;
        job.ticket.region = standing.region;
        (job.cover_region, job.cover_since) = (standing.region, now);
        self.forget_cover_of(placement.job);
        let job = self.state.jobs.get_mut(placement.job).expect("looked up above");
        self.state.sticky.remember(job.ticket.run, standing.region, &self.policy.sticky, now);
        (job.claimed, job.recovered, job.since) = (true, false, now);
        job.state = if standing.stage == Stage::Started { State::Started } else { State::Placed };
        if job.state == State::Placed && !self.state.panic && self.phase(standing.region).is_closed() {
            return self.place(placement.job, now, out); // the evacuation of that region is past it (rule 4)
        }
        let job = self.state.jobs.get(placement.job).expect("looked up above");
        let taker = standing.taken_by.filter(|taker| *taker != placement.job);
        if let Some(taker) = taker.filter(|_| job.state == State::Placed) {
            return self.ask_of_taker(placement.job, taker, now, out); // no runner is coming for it (rule 1)
        }
        let patience = self.patience(placement.job);
        self.set_deadline(placement.job, now + patience, now);
    }

    /// How long a job may stay as it is until it is looked after.
    pub(super) fn patience(&self, id: JobId) -> Span {
        match self.state.jobs.get(id).map(|job| job.state) {
            Some(State::Started) => STARTED_LOOK,
            _ => self.policy.launch.patience(),
        }
    }

    /// The claim is not known to be durable. In eventual mode capacity is made all the same after two tries: the
    /// message and the runner's name are durable too, and the claim is tried again later. In strong mode nothing is
    /// made without a claim.
    pub(super) fn on_claim_failed(&mut self, placement: PlacementId, failure: Failure, now: Timestamp, out: &mut Out) {
        let Some(job) = self.state.jobs.get_mut(placement.job) else { return };
        if job.ticket.placement != placement || job.claimed {
            return;
        }
        (job.failure, job.asked) = (Some(failure), false);
        let job = *job;
        let enough = job.tries >= 1 && self.policy.consistency == crate::policy::Consistency::Eventual;
        if job.state == State::Claiming && self.is_given_up(&job, now) {
            self.abandon(placement.job, failure, out);
        } else if job.state == State::Claiming && enough {
            self.send(placement.job, now, out);
        } else if job.state == State::Claiming {
            let job = self.state.jobs.get_mut(placement.job).expect("looked up above");
            job.tries = job.tries.saturating_add(1);
            out.facts.push(Fact::Retried { placement, failure });
            let wait = self.policy.launch.backoff.doubled(u32::from(job.tries), ANSWER_WITHIN);
            self.set_deadline(placement.job, now + wait, now);
        }
    }

    pub(super) fn on_sent(&mut self, placement: PlacementId, now: Timestamp, out: &mut Out) {
        let Some(job) = self.state.jobs.get_mut(placement.job) else { return };
        if job.ticket.placement != placement || job.state != State::Enqueuing {
            return;
        }
        out.facts.push(Fact::JobEnqueued { placement, region: job.ticket.region, took: now.since(job.since) });
        (job.state, job.since, job.tries) = (State::Placed, now, 0);
        if job.cover == placement {
            job.cover_since = now;
        }
        let patience = self.patience(placement.job);
        self.set_deadline(placement.job, now + patience, now);
    }

    pub(super) fn on_send_failed(
        &mut self,
        placement: PlacementId,
        region: RegionId,
        failure: Failure,
        now: Timestamp,
        out: &mut Out,
    ) {
        let retries = self.policy.launch.retries;
        let Some(job) = self.state.jobs.get_mut(placement.job) else { return };
        if job.ticket.placement != placement || job.state != State::Enqueuing {
            return;
        }
        (job.failure, job.asked) = (Some(failure), false);
        job.tries = job.tries.saturating_add(1);
        // A region out of reach is given up sooner than a service that stumbles.
        let enough = match failure.class() {
            ErrorClass::RetryHere => u32::from(job.tries) > retries,
            ErrorClass::RetryElsewhere => job.tries > 2,
            ErrorClass::Fatal => return self.abandon(placement.job, failure, out),
        };
        out.facts.push(Fact::Retried { placement, failure });
        if enough {
            job.ticket.tried = job.ticket.tried.with(region);
            self.place(placement.job, now, out);
        } else {
            let wait = self.policy.launch.backoff.doubled(u32::from(job.tries), ANSWER_WITHIN);
            self.set_deadline(placement.job, now + wait, now);
        }
    }
}
