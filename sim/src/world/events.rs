//! What happens by itself: jobs arrive, runners come online, jobs end, faults strike, spot is taken back. Knows the
//! course of events in the world; must not know machines.

use super::cache::Outcome;
use super::due::{Due, Handle};
use super::fargate::Doing;
use super::github::{GhJob, JobState, Runner};
use super::{JobRow, World};
use crate::scenario::Service;
use tidegate_core::dispatcher;
use tidegate_core::id::{JobId, RegionId};
use tidegate_core::port::JobSpec;
use tidegate_core::port::operator::Verb;
use tidegate_core::port::runner::{self, StopCause};
use tidegate_core::port::webhook;
use tidegate_core::time::{Span, Timestamp};
use tidegate_core::{Fact, controller};
use tidegate_reports::fold::CostComponent;

impl World {
    /// The next push of the load: all its jobs are queued at once.
    pub(crate) fn on_arrive(&mut self) {
        let mut jobs = std::mem::take(&mut self.arriving);
        jobs.clear();
        self.loads.pop_batch(&mut jobs);
        for job in &jobs {
            self.queue_job(*job);
        }
        self.arriving = jobs;
        if let Some(at) = self.loads.next_at() {
            self.agenda.schedule(at, Due::Arrive);
        }
    }

    fn queue_job(&mut self, new: crate::load::NewJob) {
        let now = self.agenda.now();
        let handle = self.github.queue(new, RegionId::default(), now);
        let spec = self.take_up(handle);
        self.deliver(webhook::Event::JobQueued { spec }, Span::ZERO);
    }

    /// A job of somebody else's GitHub, whose webhook was delivered already.
    pub(crate) fn queue_known(&mut self, id: JobId, new: crate::load::NewJob) {
        let now = self.agenda.now();
        let handle = self.github.queue_as(id, new, RegionId::default(), now);
        self.take_up(handle);
    }

    /// A job was queued: a runner that waits may take it.
    fn take_up(&mut self, handle: Handle) -> JobSpec {
        let spec = self.open_job(handle).expect("just queued").spec();
        let home = self.policy.home_of(&spec);
        self.github.job_mut(handle).expect("just queued").home = home;
        self.fact(Fact::JobQueued { job: spec.job, home });
        if let Some(task) = self.github.match_job(handle) {
            self.start_job(handle, task);
        }
        spec
    }

    /// A runner takes a job: GitHub's doing, whomever the runner was made for (rule 1).
    fn start_job(&mut self, job: Handle, task: Handle) {
        let now = self.agenda.now();
        let pickup = self.streams.job_pickup.span();
        let started_at = now + pickup;
        self.github.start(job, task, started_at, now);
        let row = self.fargate.get_mut(task).expect("matched runners live");
        row.doing = Doing::Busy(job);
        row.served = true;
        let (placement, region) = (row.ticket.placement, row.ticket.region);
        self.github.set_runner(placement, Runner::Busy);
        self.usage.jobs[region.index()] += 1;
        let open = self.open_job(job).expect("matched jobs are open");
        let (id, run_attempt, organization) = (open.id, open.new.run_attempt, open.new.organization);
        let (duration, repository) =
            (open.new.duration, u64::from(open.new.load) << 24 | u64::from(open.new.repository));
        let fact = Fact::JobStarted {
            job: id,
            region,
            home: open.home,
            reason: open.reason,
            regional: open.regional,
            queued_at: open.queued_at,
            wait: started_at.since(open.queued_at),
            attempts: open.attempts,
        };
        self.fact(fact);
        let extra = self.fetch_cache(region, repository);
        self.agenda.schedule(started_at + duration + extra, Due::JobDone { task });
        let started =
            webhook::Event::JobStarted { job: id, run_attempt, organization, runner: Some(placement), started_at };
        self.deliver(started, pickup);
    }

    fn fetch_cache(&mut self, region: RegionId, repository: u64) -> Span {
        if self.spec.cache.used_by == 0.0 {
            return Span::ZERO;
        }
        let now = self.agenda.now();
        let faults = &self.faults;
        let answers = |other: RegionId| {
            faults.service_up(other, Service::Cache) && (other == region || faults.reaches(region, other))
        };
        let fetch = self.cache.fetch(&self.spec.cache, &self.net, repository, region, answers, now);
        if fetch.outcome != Outcome::Unused {
            self.usage.count_fetch(&fetch);
        }
        fetch.takes
    }

    pub(crate) fn on_online(&mut self, task: Handle) {
        let Some(row) = self.fargate.get_mut(task) else { return };
        row.doing = Doing::Idle;
        let ticket = row.ticket;
        let placement = ticket.placement;
        if self.github.runner(placement).is_none() {
            return; // its registration was taken back; it can serve nobody, and its dispatcher will stop it
        }
        self.github.set_runner(placement, Runner::Idle);
        let online = runner::Event::Online { placement };
        self.tell_dispatcher(ticket.region, Span::ZERO, dispatcher::Event::Runner(online));
        if self.faults.github_up()
            && let Some(job) = self.github.match_runner(task, &ticket)
        {
            self.start_job(job, task);
        } else if !self.faults.github_up() {
            // It asks again until GitHub answers.
            let at = self.agenda.now() + Span::from_secs(30);
            self.agenda.schedule(at, Due::Online { task });
        }
    }

    pub(crate) fn on_job_done(&mut self, task: Handle) {
        let Some(row) = self.fargate.get(task) else { return };
        let Doing::Busy(job) = row.doing else { return };
        self.github.prefetch(job, &row.ticket);
        self.fargate.prefetch_token(&row.ticket);
        self.table.prefetch(row.ticket.placement.job);
        let now = self.agenda.now();
        let Some(row) = self.github.end(job, now) else { return };
        let task_row = self.fargate.get(task).expect("looked up above");
        let (placement, region) = (task_row.ticket.placement, task_row.ticket.region);
        self.fact(Fact::JobCompleted {
            job: row.id,
            region,
            queued_at: row.queued_at,
            ran: now.since(row.started_at),
            total: now.since(row.queued_at),
        });
        self.row(&row, Some(region), Some(now), "completed");
        self.completed(&row, Some(placement), now);
        self.end_task(task, StopCause::Done);
    }

    fn completed(&mut self, row: &GhJob, runner: Option<tidegate_core::PlacementId>, now: Timestamp) {
        let (run_attempt, organization) = (row.new.run_attempt, row.new.organization);
        let event = webhook::Event::JobCompleted { job: row.id, run_attempt, organization, runner, completed_at: now };
        self.deliver(event, Span::ZERO);
    }

    fn row(&mut self, job: &GhJob, region: Option<RegionId>, ended_at: Option<Timestamp>, outcome: &'static str) {
        if !self.keep_jobs {
            return;
        }
        self.told.jobs.push(JobRow {
            job: job.id.0,
            external_id: job.new.external_id,
            load: job.new.load,
            run: job.new.run.0,
            home: job.home,
            region: region.or(job.placed),
            reason: job.reason,
            attempts: job.attempts,
            queued_at: job.queued_at,
            started_at: (job.started_at > Timestamp::ZERO).then_some(job.started_at),
            ended_at,
            outcome,
        });
    }

    /// A task is gone: the bill is written, its dispatcher hears of it.
    pub(super) fn end_task(&mut self, task: Handle, cause: StopCause) {
        let now = self.agenda.now();
        let Some(row) = self.fargate.end(task) else { return };
        let (placement, region) = (row.ticket.placement, row.ticket.region);
        self.github.unregister(placement);
        if row.doing == Doing::Idle {
            self.github.forget_idle(task, &row.ticket);
        }
        let minimum = Span::from_secs_f64(self.spec.billing_minimum);
        let cost = super::fargate::bill(&row, &self.prices[region.index()], minimum, now);
        let lost = matches!(row.doing, Doing::Busy(_)) && cause != StopCause::Done;
        let component = match (lost, row.served, row.spot) {
            (true, _, _) => CostComponent::LostWork,
            (false, false, _) => CostComponent::Surplus,
            (false, true, true) => CostComponent::FargateSpot,
            (false, true, false) => CostComponent::FargateOnDemand,
        };
        self.cost(component, Some(region), cost);
        if let Doing::Busy(job) = row.doing
            && cause != StopCause::Done
        {
            self.orphan(job, region, cause == StopCause::Requested);
        }
        let stopped = runner::Event::Stopped { placement, cause };
        self.tell_dispatcher(region, Span::ZERO, dispatcher::Event::Runner(stopped));
    }

    /// A job's runner is gone under it. GitHub notices after a while.
    fn orphan(&mut self, job: Handle, region: RegionId, by_us: bool) {
        let now = self.agenda.now();
        let Some(row) = self.github.job_mut(job) else { return };
        row.state = JobState::Orphaned;
        let (id, queued_at, ran) = (row.id, row.queued_at, now.since(row.started_at));
        self.fact(Fact::JobLost { job: id, region, queued_at, ran, by_us });
        let at = now + Span::from_secs_f64(self.spec.github_lost_runner);
        self.agenda.schedule(at, Due::RunnerLost { job });
    }

    pub(crate) fn on_runner_lost(&mut self, job: Handle) {
        let now = self.agenda.now();
        let Some(row) = self.github.end(job, now) else { return };
        self.row(&row, None, Some(now), "lost");
        self.completed(&row, None, now);
        let u: f64 = rand::RngExt::random(&mut self.streams.lost);
        if row.new.run_attempt == 1 && u < self.spec.rerun_lost {
            let mut again = row.new;
            again.run_attempt += 1;
            let at = now + Span::from_mins(1);
            let mail = self.post.reruns.insert(again);
            self.agenda.schedule(at, Due::Rerun { mail });
        }
    }

    pub(crate) fn on_rerun(&mut self, mail: u32) {
        if let Some(job) = self.post.reruns.take(mail) {
            self.queue_job(job);
        }
    }

    pub(crate) fn on_interrupt(&mut self, task: Handle) {
        self.end_task(task, StopCause::Interrupted);
    }

    pub(crate) fn on_stop_due(&mut self, task: Handle) {
        // A job that began in the meantime would be killed by us: ECS does as it is told.
        self.end_task(task, StopCause::Requested);
    }

    /// A message reaches its queue, and its sender hears of it.
    pub(crate) fn on_enqueue(&mut self, from: RegionId, mail: u32) {
        let Some(ticket) = self.post.messages.take(mail) else { return };
        let (to, now) = (ticket.region, self.agenda.now());
        let host = self.queue_host[to.index()];
        if !self.faults.region_up(host) {
            return; // the connection broke: the sender's deadline tells
        }
        let copies = if self.draw(self.spec.queue_duplicates) { 2 } else { 1 };
        for _ in 0..copies {
            let late = self.draw(self.spec.queue_reorder);
            let delay = if late { self.spec.queue_reorder_delay.span(&mut self.streams.services) } else { Span::ZERO };
            self.queues[to.index()].send(ticket, now + delay, now);
        }
        let sent = tidegate_core::port::enqueue::Event::Sent { placement: ticket.placement };
        if !self.faults.any() || self.faults.reaches(from, host) {
            self.tell_controller(from, Span::ZERO, controller::Event::Enqueue(sent));
        }
        self.watch_hidden(to);
        if self.faults.region_up(to) {
            self.serve_poll(to); // a queue elsewhere takes messages for a region that is down
        }
    }

    /// True with this probability; draws only when it is between never and always.
    fn draw(&mut self, probability: f64) -> bool {
        probability > 0.0 && rand::RngExt::random::<f64>(&mut self.streams.services) < probability
    }

    pub(crate) fn on_visible(&mut self, region: RegionId) {
        let now = self.agenda.now();
        let queue = &mut self.queues[region.index()];
        if queue.visible_event != Some(now) {
            return; // an earlier one took its place
        }
        queue.visible_event = None;
        queue.surface(now);
        let waits = queue.depth > 0;
        self.watch_hidden(region);
        if waits && self.faults.region_up(region) {
            self.serve_poll(region);
        }
    }

    pub(crate) fn on_poll_over(&mut self, region: RegionId) {
        let now = self.agenda.now();
        let queue = &mut self.queues[region.index()];
        queue.poll_event = false;
        let Some(poll) = queue.poll else { return };
        if poll.until > now {
            queue.poll_event = true;
            self.agenda.schedule(poll.until, Due::PollOver { region });
        } else if self.faults.region_up(region) {
            self.serve_poll(region);
        } else {
            queue.poll = None;
        }
    }

    /// An operator hears of a proposal and answers after a while.
    pub(crate) fn propose(&mut self, region: RegionId) {
        self.proposals += 1;
        let after = self.spec.operator_reaction.span(&mut self.streams.operator);
        let u: f64 = rand::RngExt::random(&mut self.streams.operator);
        let verb = if u < self.spec.operator_approves { Verb::Approve } else { Verb::Reject };
        let at = self.agenda.now() + after;
        self.agenda.schedule(at, Due::Order { region, verb });
    }

    /// At the end: jobs that are still open.
    pub(crate) fn close(&mut self) {
        let now = self.agenda.now().max(self.end);
        self.bill_storage();
        let open: Vec<GhJob> = self.github.jobs.iter().map(|(_, job)| job.clone()).collect();
        for job in &open {
            if job.state == JobState::Queued {
                let waited = now.since(job.queued_at);
                let GhJob { id, home, regional, queued_at, .. } = *job;
                self.fact(Fact::JobUnstarted { job: id, home, regional, queued_at, waited });
                self.row(job, None, None, "queued");
            } else {
                self.row(job, None, None, "running");
            }
        }
        let running: Vec<Handle> = self.policy.ids().flat_map(|r| self.fargate.of_region(r.0)).collect();
        for task in running {
            let Some(row) = self.fargate.get(task) else { continue };
            let (region, spot) = (row.ticket.region, row.spot);
            let cost = super::fargate::bill(row, &self.prices[region.index()], Span::ZERO, now);
            let component = if spot { CostComponent::FargateSpot } else { CostComponent::FargateOnDemand };
            self.cost(component, Some(region), cost);
        }
    }
}
