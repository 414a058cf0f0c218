//! Effects in, answers out: the virtual twin of the daemon's adapters. Knows how long each call takes and how it can
//! fail; must not know why it was made.

use super::due::{Due, Handle};
use super::fargate::Doing;
use super::faults::Call;
use super::github::Runner;
use super::table::Claimed;
use super::{Mail, REFUSAL, World};
use crate::scenario::Service;
use tidegate_core::controller::{self, Effect as ControllerEffect};
use tidegate_core::dispatcher::{self, Effect as DispatcherEffect};
use tidegate_core::id::{Name, PlacementId, RegionId};
use tidegate_core::policy::Consistency;
use tidegate_core::port::confirm::Verdict;
use tidegate_core::port::runner::{self, StopCause};
use tidegate_core::port::{Failure, Stage, Ticket, confirm, dequeue, enqueue, github, probe, table};
use tidegate_core::time::{Span, Timestamp};

impl World {
    pub(crate) fn submit_controller(&mut self, node: RegionId, effect: ControllerEffect) {
        match effect {
            ControllerEffect::Table(command) => self.on_table(node, command),
            ControllerEffect::Enqueue(enqueue::Command::Send { ticket }) => self.on_send(node, ticket),
            ControllerEffect::Probe(probe::Command::Check { region, sequence }) => {
                let takes = Span(self.net.rtt(node, region, 0.5, &mut self.streams.network).0);
                let at = self.agenda.now() + takes;
                self.agenda.schedule(at, Due::Probe { from: node, to: region, sequence });
            }
            ControllerEffect::GitHub(github::Command::ListQueued) => self.on_list_queued(node),
            ControllerEffect::GitHub(github::Command::Sweep) => self.on_sweep(node),
        }
    }

    fn on_table(&mut self, node: RegionId, command: table::Command) {
        let call = self.call(node, Service::Table);
        let factor = match call {
            Call::Works(factor) => factor,
            Call::Fails => return self.table_failed(node, command, Failure::Service),
            Call::Throttled => return self.table_failed(node, command, Failure::Throttled),
        };
        let local = Span::from_secs_f64(self.spec.table_local.sample(&mut self.streams.services) * factor);
        match command {
            table::Command::Claim { ticket } => self.on_claim(node, ticket, local),
            table::Command::Mark { job, run_attempt, stage, runner } => {
                let Some(_) = self.strong_write(node, local) else {
                    return self.table_failed(
                        node,
                        table::Command::Mark { job, run_attempt, stage, runner },
                        Failure::Unreachable,
                    );
                };
                let (lags, now, keep) = (self.lags(node), self.agenda.now(), self.policy.caps.ended_for);
                self.table.mark(job, stage, runner, node, lags, keep, now);
            }
            table::Command::Look { job } => {
                let standing = self.table.standing(job, node, self.agenda.now());
                self.table.reads[node.index()] += 1;
                let event = table::Event::Stands { job, standing };
                self.tell_controller(node, local, controller::Event::Table(event));
            }
            table::Command::Exchange { record } => {
                // Node records are in a table of the eventual kind in both modes.
                let mut lags = self.lags(node);
                if self.policy.consistency == Consistency::Strong {
                    for to in self.policy.ids().filter(|to| *to != node) {
                        let open = self.faults.replicates(node, to);
                        lags[to.index()] = if open { self.lag(node, to) } else { super::HELD };
                    }
                }
                let now = self.agenda.now();
                let records = self.table.exchange(node, record, lags, self.policy.regions.len(), now);
                let event = table::Event::Records { records: Box::new(records) };
                self.tell_controller(node, local, controller::Event::Table(event));
            }
            table::Command::ListOpen { after, limit } => {
                let now = self.agenda.now();
                let (claims, more) = self.table.open(after, limit, node, now);
                self.tell_controller(node, local, controller::Event::Table(table::Event::Open { claims, more }));
            }
        }
    }

    /// How long a write takes: in strong mode it must reach another replica first, and without one it fails.
    fn strong_write(&mut self, node: RegionId, local: Span) -> Option<Span> {
        if self.policy.consistency == Consistency::Eventual || self.policy.regions.len() == 1 {
            return Some(local);
        }
        let other = self.nearest_replica(node)?;
        let times = self.spec.strong_write_rtts.sample(&mut self.streams.services);
        Some(local + self.net.rtt(node, other, times, &mut self.streams.network))
    }

    fn on_claim(&mut self, node: RegionId, ticket: Ticket, local: Span) {
        let Some(takes) = self.strong_write(node, local) else {
            return self.table_failed(node, table::Command::Claim { ticket }, Failure::Unreachable);
        };
        let (lags, now) = (self.lags(node), self.agenda.now());
        let global = self.policy.consistency == Consistency::Strong;
        let placement = ticket.placement;
        let event = match self.table.claim(ticket, node, lags, global, now) {
            Claimed::Yes => {
                self.github.note(&ticket);
                table::Event::Claimed { placement }
            }
            Claimed::No(standing) => table::Event::Conflict { placement, standing },
        };
        self.tell_controller(node, takes, controller::Event::Table(event));
    }

    fn table_failed(&mut self, node: RegionId, command: table::Command, failure: Failure) {
        let event = match command {
            table::Command::Claim { ticket } => table::Event::ClaimFailed { placement: ticket.placement, failure },
            table::Command::Mark { job, run_attempt, stage, runner } => {
                table::Event::MarkFailed { job, run_attempt, stage, runner }
            }
            table::Command::Look { .. } => return, // asked again at its deadline
            table::Command::Exchange { .. } => table::Event::ExchangeFailed,
            table::Command::ListOpen { .. } => table::Event::ListFailed,
        };
        self.tell_controller(node, REFUSAL, controller::Event::Table(event));
    }

    fn on_send(&mut self, node: RegionId, ticket: Ticket) {
        let (to, placement) = (ticket.region, ticket.placement);
        assert!(ticket.hops <= self.policy.spillover.max_hops, "I9: hops stay under the limit");
        let failure = if !self.faults.any() || self.faults.reaches(node, to) {
            match self.call(to, Service::Queue) {
                Call::Works(factor) => {
                    let send = self.spec.queue_send.sample(&mut self.streams.services) * factor;
                    let wire = self.net.rtt(node, to, 1.0, &mut self.streams.network);
                    let at = self.agenda.now() + Span::from_secs_f64(send) + wire;
                    return self.post(at, Mail::Ticket(ticket), |mail| Due::Enqueue { from: node, mail });
                }
                Call::Fails => Failure::Service,
                Call::Throttled => Failure::Throttled,
            }
        } else {
            Failure::Unreachable
        };
        let event = enqueue::Event::Failed { placement, region: to, failure };
        self.tell_controller(node, REFUSAL, controller::Event::Enqueue(event));
    }

    /// Whether GitHub's API answers a region, and the budget for `cost` requests is there.
    fn ask_github(&mut self, organization: Name, cost: f64) -> Result<(), Failure> {
        if !self.faults.github_up() {
            return Err(Failure::GitHubDown);
        }
        let now = self.agenda.now();
        let budget = self.spec.github_requests_per_hour;
        if self.github.may_request(organization, budget, cost, now) { Ok(()) } else { Err(Failure::GitHubBudget) }
    }

    fn api_time(&mut self, node: RegionId) -> Span {
        let call = self.spec.github_call.span(&mut self.streams.services);
        call + self.net.github(node, 1.0, &mut self.streams.network)
    }

    fn on_list_queued(&mut self, node: RegionId) {
        let takes = self.api_time(node);
        let now = self.agenda.now();
        let lag = self.spec.github_list_lag.span(&mut self.streams.services);
        // One request for each hundred jobs and one to begin with, on the budget of the App's own installation.
        let cost = 1.0 + (self.github.queued as f64 / 100.0).ceil();
        let event = match self.ask_github(Name::default(), cost) {
            Ok(()) => github::Event::Queued { jobs: self.github.list_queued(now - lag) },
            Err(failure) => github::Event::Failed { failure },
        };
        self.tell_controller(node, takes, controller::Event::GitHub(event));
    }

    fn on_sweep(&mut self, node: RegionId) {
        let cost = 1.0 + self.failed_deliveries.len() as f64;
        if let Err(failure) = self.ask_github(Name::default(), cost) {
            let takes = self.api_time(node);
            return self.tell_controller(node, takes, controller::Event::GitHub(github::Event::Failed { failure }));
        }
        let now = self.agenda.now();
        let takes = self.api_time(node);
        while let Some((failed_at, event)) = self.failed_deliveries.pop_front() {
            if now.since(failed_at) <= super::REDELIVERY_WINDOW {
                self.deliver(event, takes);
            }
        }
    }

    pub(crate) fn submit_dispatcher(&mut self, node: RegionId, effect: DispatcherEffect) {
        match effect {
            DispatcherEffect::Confirm(command) => self.on_confirm(node, command),
            DispatcherEffect::Dequeue(command) => self.on_dequeue(node, command),
            DispatcherEffect::Notice(event) => {
                self.tell_controller(node, Span::ZERO, controller::Event::Notice(event));
            }
            DispatcherEffect::Runner(command) => match command {
                runner::Command::Register { ticket } => self.on_register(node, ticket),
                runner::Command::Launch { ticket, spot } => self.on_launch(node, ticket, spot),
                runner::Command::Remove { placement } => self.on_remove(node, placement),
                runner::Command::Stop { placement } => self.on_stop(node, placement),
                runner::Command::Look { placement } => self.on_look(node, placement),
            },
        }
    }

    fn on_confirm(&mut self, node: RegionId, command: confirm::Command) {
        let confirm::Command::Check { placement, region } = command;
        let now = self.agenda.now();
        let (verdict, takes) = match self.call(node, Service::Table) {
            Call::Works(factor) => {
                let takes = Span::from_secs_f64(self.spec.table_local.sample(&mut self.streams.services) * factor);
                (self.table.verdict(placement, region, node, now), takes)
            }
            Call::Fails | Call::Throttled => (Verdict::Unavailable, REFUSAL),
        };
        self.tell_dispatcher(node, takes, dispatcher::Event::Confirm(confirm::Event { placement, verdict }));
    }

    fn on_dequeue(&mut self, node: RegionId, command: dequeue::Command) {
        let now = self.agenda.now();
        match command {
            dequeue::Command::Receive { max } => {
                let poll = super::queue::Poll { max, until: now + Span::from_secs_f64(self.spec.long_poll) };
                self.queues[node.index()].poll = Some(poll);
                self.serve_poll(node);
            }
            dequeue::Command::Delete { receipt } => {
                if self.faults.any() && !matches!(self.call(node, Service::Queue), Call::Works(_)) {
                    return; // lost: the message comes back
                }
                if let Some(ticket) = self.queues[node.index()].delete(receipt, now) {
                    self.check_deleted(&ticket, now);
                }
            }
            dequeue::Command::Release { receipt, after } => self.hide(node, receipt, after),
            dequeue::Command::Extend { receipt, hidden_for } => self.hide(node, receipt, hidden_for),
        }
    }

    fn hide(&mut self, node: RegionId, receipt: dequeue::Receipt, hidden_for: Span) {
        let until = self.agenda.now() + hidden_for;
        self.queues[node.index()].extend(receipt, until);
        self.watch_hidden(node);
    }

    /// I6: a deleted message has a durable claim, or its job is over, or GitHub knows a runner of its name.
    fn check_deleted(&mut self, ticket: &Ticket, now: Timestamp) {
        let job = ticket.placement.job;
        let durable = self.github.by_id(job).is_none()
            || self.github.runner(ticket.placement).is_some()
            || self.policy.ids().any(|r| self.table.standing(job, r, now).is_some());
        if !durable {
            self.violation("I6", format!("the message of {} is deleted and nothing durable stands", ticket.placement));
        }
    }

    /// Answers the open poll of a queue if it can.
    pub(super) fn serve_poll(&mut self, region: RegionId) {
        let now = self.agenda.now();
        self.queues[region.index()].surface(now);
        let Some(poll) = self.queues[region.index()].poll else { return };
        let factor = match self.call(region, Service::Queue) {
            Call::Works(factor) => factor,
            Call::Fails | Call::Throttled => {
                self.queues[region.index()].poll = None;
                let failed = dequeue::Event::Failed { failure: Failure::Service };
                return self.tell_dispatcher(region, REFUSAL, dispatcher::Event::Dequeue(failed));
            }
        };
        let mut messages = Vec::new();
        let hidden_for = Span::from_secs_f64(self.spec.visibility_timeout);
        let queue = &mut self.queues[region.index()];
        if queue.depth > 0 {
            messages.reserve(usize::from(poll.max).min(queue.depth as usize));
            queue.receive(poll.max, hidden_for, self.spec.max_receives, now, &mut messages);
        }
        if messages.is_empty() && now < poll.until {
            if !std::mem::replace(&mut queue.poll_event, true) {
                self.agenda.schedule(poll.until, Due::PollOver { region });
            }
            return;
        }
        queue.poll = None;
        let takes = Span::from_secs_f64(self.spec.queue_receive.sample(&mut self.streams.services) * factor);
        self.watch_hidden(region);
        self.tell_dispatcher(region, takes, dispatcher::Event::Dequeue(dequeue::Event::Received { messages }));
    }

    /// Keeps one event for the next hidden message that may surface.
    pub(super) fn watch_hidden(&mut self, region: RegionId) {
        let now = self.agenda.now();
        let queue = &mut self.queues[region.index()];
        if let Some(at) = queue.next_visible().filter(|_| !queue.visible_event) {
            queue.visible_event = true;
            self.agenda.schedule(at.max(now), Due::Visible { region });
        }
    }

    fn on_register(&mut self, node: RegionId, ticket: Ticket) {
        let (placement, now) = (ticket.placement, self.agenda.now());
        let takes = self.spec.register_call.span(&mut self.streams.services)
            + self.net.github(node, 1.0, &mut self.streams.network);
        let failure = if !self.faults.github_up() {
            Some(Failure::GitHubDown)
        } else {
            match self.call(node, Service::Registration) {
                Call::Fails => Some(Failure::Service),
                Call::Throttled => Some(Failure::Throttled),
                Call::Works(_) => {
                    let budget = self.spec.github_registrations_per_minute;
                    let within = self.github.may_register(ticket.organization, budget, now);
                    (!within).then_some(Failure::GitHubBudget)
                }
            }
        };
        let failure = failure.or_else(|| (!self.github.register(placement)).then_some(Failure::NameTaken));
        let event = match failure {
            None => runner::Event::Registered { placement },
            Some(failure) => runner::Event::RegisterFailed { placement, failure },
        };
        self.tell_dispatcher(node, takes, dispatcher::Event::Runner(event));
    }

    fn on_launch(&mut self, node: RegionId, ticket: Ticket, spot: bool) {
        let placement = ticket.placement;
        self.check_launch(node, &ticket);
        let takes = self.spec.launch_call.span(&mut self.streams.services);
        let (failure, factor) = match self.call(node, Service::Launch) {
            Call::Fails => (Some(Failure::Service), 1.0),
            Call::Throttled => (Some(Failure::Throttled), 1.0),
            Call::Works(factor) => (self.refuse_launch(node), factor),
        };
        let known = self.fargate.by_token(placement, node.0).is_some();
        let event = match failure.filter(|_| !known) {
            Some(failure) => runner::Event::LaunchFailed { placement, failure },
            None => {
                if !known {
                    self.start_task(ticket, spot, takes, factor);
                }
                runner::Event::Launched { placement }
            }
        };
        self.tell_dispatcher(node, takes, dispatcher::Event::Runner(event));
    }

    fn refuse_launch(&mut self, node: RegionId) -> Option<Failure> {
        let now = self.agenda.now();
        if self.faults.is_gray(node) {
            return Some(Failure::Service);
        }
        if !self.fargate.may_launch(node.index(), &self.spec, now) {
            return Some(Failure::Throttled);
        }
        let region = self.policy.region(node);
        let whole = self.spec.regions[&region.name].task_capacity.unwrap_or(u32::MAX);
        let left = self.faults.capacity(node);
        let whole = if left < 1.0 { whole.min(region.max_runners) } else { whole };
        let cap = (f64::from(whole) * left) as u32;
        (self.fargate.running[node.index()] >= cap).then_some(Failure::Capacity)
    }

    fn start_task(&mut self, ticket: Ticket, spot: bool, takes: Span, factor: f64) {
        let now = self.agenda.now();
        let start = Span::from_secs_f64(self.spec.task_start.sample(&mut self.streams.start) * factor);
        let runner = self.spec.runner_start.span(&mut self.streams.start);
        let accepted = now + takes;
        let pull_at = accepted + Span((start.0 as f64 * self.spec.unbilled_start) as u64);
        let online_at = accepted + start + runner;
        let region = ticket.region;
        let task = self.fargate.start(ticket, spot, pull_at, online_at);
        self.agenda.schedule(online_at, Due::Online { task });
        if spot {
            self.draw_interruption(task, region);
        }
    }

    /// When a spot task is taken back, at the rate in force.
    pub(super) fn draw_interruption(&mut self, task: Handle, region: RegionId) {
        let rate = self.faults.spot_rate(region, self.spec.spot_interruptions);
        if rate > 0.0 {
            let u: f64 = rand::RngExt::random(&mut self.streams.faults);
            let after = Span::from_secs_f64(-u.max(f64::MIN_POSITIVE).ln() * 3_600.0 / rate);
            let at = self.agenda.now() + after;
            if at < self.end {
                self.agenda.schedule(at, Due::Interrupt { task });
            }
        }
    }

    /// I2, I5 and I8 at the moment of a launch.
    fn check_launch(&mut self, node: RegionId, ticket: &Ticket) {
        let now = self.agenda.now();
        let policy = std::sync::Arc::clone(&self.policy);
        let (placement, region) = (ticket.placement, policy.region(node));
        if !self.policy.allowed(ticket.organization).contains(node) || !region.can_run(&ticket.need) {
            self.violation("I8", format!("{placement} is launched in {}, which it may not run in", region.name));
        }
        if self.fargate.running[node.index()] > region.max_runners {
            let have = self.fargate.running[node.index()];
            self.violation("I5", format!("{have} tasks in {}", region.name));
        }
        // Between confirm and launch lie a few seconds; what was visible before them must have been obeyed.
        let then = now - Span::from_secs(20);
        let newer = self.table.standing(placement.job, node, then).is_some_and(|s| {
            s.run_attempt == placement.run_attempt && s.attempt > placement.attempt && s.stage == Stage::Placed
        });
        if newer && self.faults.service_up(node, Service::Table) {
            self.violation("I2", format!("{placement} is launched although a newer attempt stands"));
        }
    }

    fn on_remove(&mut self, node: RegionId, placement: PlacementId) {
        let takes = self.api_time(node);
        if !self.faults.github_up() {
            let failed = runner::Event::RemoveFailed { placement, failure: Failure::GitHubDown };
            return self.tell_dispatcher(node, takes, dispatcher::Event::Runner(failed));
        }
        let event = match self.github.runner(placement) {
            Some(Runner::Busy) => runner::Event::Busy { placement },
            Some(Runner::Idle | Runner::Offline) | None => {
                self.github.unregister(placement);
                if let Some(task) = self.fargate.by_token(placement, node.0)
                    && let Some(row) = self.fargate.get(task).filter(|row| row.doing == Doing::Idle)
                {
                    let ticket = row.ticket;
                    self.github.forget_idle(task, &ticket);
                }
                runner::Event::Removed { placement }
            }
        };
        self.tell_dispatcher(node, takes, dispatcher::Event::Runner(event));
    }

    fn on_stop(&mut self, node: RegionId, placement: PlacementId) {
        let takes = self.spec.launch_call.span(&mut self.streams.services);
        match self.fargate.by_token(placement, node.0) {
            Some(task) => {
                let at = self.agenda.now() + takes;
                self.agenda.schedule(at, Due::Stop { task });
            }
            None => {
                let gone = runner::Event::Stopped { placement, cause: StopCause::Requested };
                self.tell_dispatcher(node, takes, dispatcher::Event::Runner(gone));
            }
        }
    }

    fn on_look(&mut self, node: RegionId, placement: PlacementId) {
        let takes = self.api_time(node);
        let online = self.github.runner(placement).map(|runner| runner != Runner::Offline);
        if self.faults.github_up() {
            let seen = runner::Event::Seen { placement, online };
            self.tell_dispatcher(node, takes, dispatcher::Event::Runner(seen));
        }
    }
}
