//! What becomes of a placed job: started, completed, failed, overdue. Knows jobs and what the world says of them; must
//! not know how a region is chosen, nor how a claim is written.

use super::job::{Job, State, any_of};
use super::{ANSWER_WITHIN, Controller, Effect, Out};
use crate::deadline::Entry;
use crate::fact::{Fact, Why};
use crate::id::{JobId, PlacementId};
use crate::port::table::{Mark, Standing};
use crate::port::{ErrorClass, Failure, Stage, Ticket, enqueue, table};
use crate::time::{Span, Timestamp};

impl Controller {
    /// A runner took a job. Whose runner it was does not matter to the job; who is robbed of one does (rule 1).
    pub(super) fn on_job_started(
        &mut self,
        id: JobId,
        run_attempt: u16,
        runner: Option<PlacementId>,
        now: Timestamp,
        out: &mut Out,
    ) {
        let before = self.state.jobs.get(id).map(|job| job.state);
        if before == Some(State::Started) || self.is_older_run(id, run_attempt) {
            return;
        }
        let unmade = self.unmade(id);
        self.on_served(id, runner, now, out);
        match self.state.jobs.get_mut(id) {
            Some(job) => {
                (job.state, job.since) = (State::Started, now);
                let run = job.ticket.run;
                let region = job.ticket.region;
                self.state.sticky.remember(run, region, &self.policy.sticky, now);
                let patience = self.patience(id);
                self.set_deadline(id, now + patience, now);
            }
            // Its `queued` may still come, and must not make capacity then.
            None => self.state.ended.insert(id.0),
        }
        let mark = Mark { job: id, run_attempt, stage: Stage::Started, runner, unmade };
        out.effects.push(Effect::Table(table::Command::Mark(mark)));
    }

    /// A runner serves a job: who was to have it waits for the job's own, if that is coming, and is placed again if not.
    /// If that one has been coming for long, it is looked after in time.
    fn on_served(&mut self, id: JobId, runner: Option<PlacementId>, now: Timestamp, out: &mut Out) {
        let Some(runner) = runner else { return };
        let Some(is_coming) = self.state.jobs.get(id).map(|job| job.is_coming(self.state.started_at)) else {
            return self.doubt(id, runner, now, out);
        };
        let Some(robbed) = self.state.jobs.swap_covers(runner, id) else { return };
        if !is_coming {
            return self.place(robbed, now, out);
        }
        let patience = self.policy.launch.patience();
        let Some(job) = self.state.jobs.get(robbed) else { return };
        if job.is_in_doubt() {
            self.set_deadline(robbed, now + ANSWER_WITHIN, now);
        } else if now.since(job.cover_since) > Span(patience.0 / 2) {
            self.set_deadline(robbed, now.max(job.cover_since + patience), now);
        }
    }

    /// The placement of a job whose runner nobody makes, see [`Mark::unmade`]: who waits for it may be held by another node.
    /// Of a job that waits anew the attempt before may be on its way.
    fn unmade(&self, id: JobId) -> Option<PlacementId> {
        let job = self.state.jobs.get(id).filter(|job| matches!(job.state, State::Claiming | State::Enqueuing))?;
        (!job.is_coming(self.state.started_at)).then_some(job.ticket.placement)
    }

    /// A job that this node does not hold took a runner that one of ours was to have. If another node placed that
    /// job, its runner is free for ours; if its webhook was lost, nobody made one, and ours must be placed again, or
    /// the label class would be a runner short for good: each runner that comes is taken by the oldest job, and none
    /// is ever overdue (rule 1). The table tells which; without an answer a runner too many is better than one too few.
    fn doubt(&mut self, taker: JobId, runner: PlacementId, now: Timestamp, out: &mut Out) {
        let robbed = self.state.jobs.covered_by(runner);
        self.state.jobs.forget_cover(runner);
        let made = |job: &&Job| job.waits_for(runner) && matches!(job.state, State::Enqueuing | State::Placed);
        if self.state.jobs.get(robbed).filter(made).is_some() {
            self.ask_of_taker(robbed, taker, now, out);
        }
    }

    /// The runner that a job was to have serves `taker`: does the taker's own come, for this one?
    pub(super) fn ask_of_taker(&mut self, robbed: JobId, taker: JobId, now: Timestamp, out: &mut Out) {
        self.look_at_taker(robbed, taker, out);
        self.set_deadline(robbed, now + ANSWER_WITHIN, now); // for the whole chain of takers
    }

    fn look_at_taker(&mut self, robbed: JobId, taker: JobId, out: &mut Out) {
        self.forget_cover_of(robbed);
        let job = self.state.jobs.get_mut(robbed).expect("the caller looked it up");
        job.cover = any_of(taker);
        self.state.jobs.note_cover(any_of(taker), robbed);
        out.effects.push(Effect::Table(table::Command::Look { job: taker }));
    }

    /// The table's word on the job that took a runner of ours: nobody made one for it, or its own is free for ours, or
    /// that one was taken by a third. False when none of ours waits for this word.
    fn on_taker_stands(&mut self, taker: JobId, standing: Option<Standing>, now: Timestamp, out: &mut Out) -> bool {
        let robbed = self.state.jobs.covered_by(any_of(taker));
        if !self.state.jobs.get(robbed).is_some_and(|job| job.waits_for(any_of(taker))) || robbed == taker {
            return false;
        }
        let phases = self.phases();
        self.forget_cover_of(robbed);
        match standing.filter(|s| s.attempt > 0 && !phases[s.region.index()].is_closed()) {
            Some(Standing { taken_by: Some(third), .. }) if third != taker && third != robbed => {
                self.look_at_taker(robbed, third, out);
            }
            Some(Standing { taken_by: None, region, run_attempt, attempt, .. }) => {
                let runner = PlacementId { job: taker, run_attempt, attempt };
                if self.state.jobs.note_cover(runner, robbed) {
                    let job = self.state.jobs.get_mut(robbed).expect("looked up above");
                    (job.cover, job.cover_region, job.cover_since) = (runner, region, now);
                    let patience = self.patience(robbed);
                    self.set_deadline(robbed, now + patience, now);
                } else {
                    self.place(robbed, now, out); // it is owed to another
                }
            }
            Some(_) | None => self.place(robbed, now, out),
        }
        true
    }

    /// Whether an event speaks of an attempt of the workflow run before the one we hold.
    pub(super) fn is_older_run(&self, id: JobId, run_attempt: u16) -> bool {
        self.state.jobs.get(id).is_some_and(|job| job.ticket.placement.run_attempt > run_attempt)
    }

    pub(super) fn on_job_completed(
        &mut self,
        id: JobId,
        run_attempt: u16,
        runner: Option<PlacementId>,
        now: Timestamp,
        out: &mut Out,
    ) {
        if self.is_older_run(id, run_attempt) {
            return;
        }
        let before = self.state.jobs.get(id).map(|job| job.state);
        let unseen = runner.filter(|_| before != Some(State::Started));
        let unmade = self.unmade(id);
        self.on_served(id, unseen, now, out);
        if let Some(job) = self.state.jobs.get(id) {
            let (run, region) = (job.ticket.run, job.ticket.region);
            self.state.sticky.remember(run, region, &self.policy.sticky, now);
        }
        self.end(id);
        let mark = Mark { job: id, run_attempt, stage: Stage::Ended, runner: unseen, unmade };
        out.effects.push(Effect::Table(table::Command::Mark(mark)));
    }

    pub(super) fn end(&mut self, id: JobId) {
        self.forget_cover_of(id);
        self.state.jobs.remove(id);
        self.state.ended.insert(id.0);
    }

    /// A dispatcher of this node has no capacity for a placement. Whoever waits for that runner is placed again.
    pub(super) fn on_placement_failed(&mut self, ticket: &Ticket, failure: Failure, now: Timestamp, out: &mut Out) {
        if failure == Failure::Capacity {
            let other = |region, class| (region, class) != (ticket.region, ticket.class);
            self.state.refused.retain(|(region, class, until)| *until > now && other(*region, *class));
            self.state.refused.push((ticket.region, ticket.class, now + self.policy.launch.negative_cache));
        }
        // A taken name says nothing about the region: the next attempt has another. Two in a row may: answers of GitHub's do not
        // reach it.
        let is_name = failure == Failure::NameTaken;
        let victim = self.state.jobs.covered_by(ticket.placement);
        match self.state.jobs.get_mut(victim) {
            Some(job) => {
                if !job.waits_for(ticket.placement) {
                    return;
                }
                let again = job.failure.replace(failure) == Some(failure);
                if !is_name || again {
                    job.ticket.tried = job.ticket.tried.with(ticket.region);
                }
            }
            // Another node placed it: this one places it again, and the claim tells whether that is wanted.
            None if !self.state.ended.contains(victim.0) && victim == ticket.placement.job => {
                if self.is_full() {
                    out.facts.push(Fact::Ignored { why: Why::Limit });
                    return;
                }
                let tried = if is_name { ticket.tried } else { ticket.tried.with(ticket.region) };
                self.admit(Ticket { tried, ..*ticket }, false, now);
            }
            None => return,
        }
        out.facts.push(Fact::Retried { placement: ticket.placement, failure });
        match failure.class() {
            ErrorClass::Fatal => self.abandon(victim, failure, out),
            ErrorClass::RetryElsewhere | ErrorClass::RetryHere => self.place(victim, now, out),
        }
    }

    pub(super) fn on_deadline(&mut self, thing: Entry, fired: Timestamp, now: Timestamp, out: &mut Out) {
        let Some(job) = self.state.jobs.is_due(thing, fired, now) else { return };
        let (id, placement, region) = (JobId(thing.id), job.ticket.placement, job.ticket.region);
        match job.state {
            State::Waiting(_) => self.place(id, now, out),
            State::Claiming => {
                let again = table::Command::Claim { ticket: job.ticket };
                if job.asked {
                    self.on_claim_failed(placement, Failure::Timeout, now, out);
                }
                self.again_unless_moved(placement, State::Claiming, Effect::Table(again), now, out);
            }
            State::Enqueuing => {
                let again = enqueue::Command::Send { ticket: job.ticket };
                if job.asked {
                    self.on_send_failed(placement, region, Failure::Timeout, now, out);
                }
                self.again_unless_moved(placement, State::Enqueuing, Effect::Enqueue(again), now, out);
            }
            State::Placed if job.is_in_doubt() => self.place(id, now, out),
            State::Placed => self.on_overdue(id, now, out),
            State::Started => self.on_started_for_long(id, now, out),
        }
    }

    /// A job runs for long: its last webhook may have gone to another node, which then marked it in the table. GitHub ends
    /// no job later than the policy says, and then that webhook is lost for good.
    fn on_started_for_long(&mut self, id: JobId, now: Timestamp, out: &mut Out) {
        let since = self.state.jobs.get(id).map_or(now, |job| job.since);
        if now.since(since) >= self.policy.launch.max_job + Span::from_hours(1) {
            return self.end(id);
        }
        out.effects.push(Effect::Table(table::Command::Look { job: id }));
        let patience = self.patience(id);
        self.set_deadline(id, now + patience, now);
    }

    /// Tries the effect in flight once more, unless the job has moved on.
    fn again_unless_moved(&mut self, id: PlacementId, state: State, again: Effect, now: Timestamp, out: &mut Out) {
        let still = |job: &&mut Job| job.state == state && job.ticket.placement == id;
        if let Some(job) = self.state.jobs.get_mut(id.job).filter(still) {
            job.asked = true;
            out.effects.push(again);
            self.set_deadline(id.job, now + ANSWER_WITHIN, now);
        }
    }

    /// A placed job has not started for long: write its claim if that is missing; be patient while its region has a
    /// queue; else make capacity once more.
    fn on_overdue(&mut self, id: JobId, now: Timestamp, out: &mut Out) {
        let patience = self.patience(id);
        let Some(job) = self.state.jobs.get(id) else { return };
        let region = &self.state.regions[job.cover_region.index()];
        // What was sent is received once the queue is empty, and must be online a while after that.
        let received = region.pressure.empty_since().max(job.cover_since);
        let due = received + patience;
        let queueing = (region.pressure.load().waiting > 0 || now < due) && !region.phase().is_closed();
        let again = if region.pressure.load().waiting > 0 { now + patience } else { due };
        if !job.claimed {
            out.effects.push(Effect::Table(table::Command::Claim { ticket: job.ticket }));
        }
        if queueing {
            self.set_deadline(id, again, now);
            return;
        }
        // Its webhooks may have gone to another node, which then marked it in the table.
        out.effects.push(Effect::Table(table::Command::Look { job: id }));
        self.set_deadline(id, now + ANSWER_WITHIN, now);
    }

    /// Whether the runner that a job waits for should be up by now, or was to come from a region that is out.
    fn is_overdue(&self, job: &Job, now: Timestamp) -> bool {
        let is_closed = self.state.regions[job.cover_region.index()].phase().is_closed();
        is_closed || now.since(job.cover_since) >= self.policy.launch.patience()
    }

    /// The table's word on a job that is overdue, or runs for long. A claim that was written and is gone had its time after the job's
    /// end.
    pub(super) fn on_stands(&mut self, id: JobId, standing: Option<Standing>, now: Timestamp, out: &mut Out) {
        if self.on_taker_stands(id, standing, now, out) {
            return;
        }
        let Some(job) = self.state.jobs.get(id).copied() else { return };
        let over = standing.map_or(job.claimed, |standing| standing.stage == Stage::Ended);
        if job.state == State::Started && over {
            return self.end(id);
        }
        if job.state != State::Placed {
            return;
        }
        let placement = job.ticket.placement;
        let newer = standing.filter(|s| s.stage != Stage::Placed || s.attempt > placement.attempt);
        if standing.is_none() && job.claimed {
            self.end(id);
        } else if let Some(standing) = newer {
            self.on_conflict(placement, standing, now, out);
        } else if !self.is_overdue(&job, now) {
            // It was asked for another's sake, and the answer came late.
        } else if self.is_off_the_list(&job) {
            self.end(id); // a runner for it would be surplus
        } else {
            if let Some(job) = self.state.jobs.get_mut(id) {
                job.failure = Some(Failure::Timeout);
            }
            out.facts.push(Fact::Retried { placement, failure: Failure::Timeout });
            self.place(id, now, out);
        }
    }
}
