//! Runners: registered at GitHub, launched on Fargate, taken back. Knows both services' answers; must not know why
//! anybody wants a runner.

use super::World;
use super::due::{Due, Handle};
use super::fargate::Doing;
use super::faults::Call;
use super::github::Runner;
use crate::scenario::Service;
use tidegate_core::dispatcher;
use tidegate_core::id::{PlacementId, RegionId};
use tidegate_core::port::runner::{self, StopCause};
use tidegate_core::port::{Failure, Ticket};
use tidegate_core::time::Span;

impl World {
    pub(super) fn on_register(&mut self, node: RegionId, ticket: Ticket) {
        let (placement, now) = (ticket.placement, self.agenda.now());
        let takes = self.streams.register_call.span() + self.net.github(node, 1.0);
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

    pub(super) fn on_launch(&mut self, node: RegionId, ticket: Ticket, spot: bool) {
        let placement = ticket.placement;
        self.check_launch(node, &ticket);
        let takes = self.streams.launch_call.span();
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
        let whole = self.task_capacities[node.index()];
        let left = self.faults.capacity(node);
        let whole = if left < 1.0 { whole.min(region.max_runners) } else { whole };
        let cap = (f64::from(whole) * left) as u32;
        (self.fargate.running[node.index()] >= cap).then_some(Failure::Capacity)
    }

    fn start_task(&mut self, ticket: Ticket, spot: bool, takes: Span, factor: f64) {
        let now = self.agenda.now();
        let start = Span::from_secs_f64(self.streams.task_start.next() * factor);
        let runner = self.streams.runner_start.span();
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
        let (now, placement, region) = (self.agenda.now(), ticket.placement, self.policy.region(node));
        let have = self.fargate.running[node.index()];
        let over = have > region.max_runners;
        if !self.policy.allowed(ticket.organization).contains(node) || !region.can_run(&ticket.need) {
            let what = format!("{placement} is launched in {}, which it may not run in", region.name);
            self.violation("I8", what);
        }
        if over {
            let what = format!("{have} tasks in {}", self.policy.region(node).name);
            self.violation("I5", what);
        }
        // Between confirm and launch lie a few seconds; what was visible before them and all the while must have been
        // obeyed: be the job still waiting or served, of its attempts only the newest owes anybody a runner.
        let asked = (placement.run_attempt, placement.attempt);
        let newer = |at| {
            let standing = self.table.standing(placement.job, node, at);
            standing.is_some_and(|stands| (stands.run_attempt, stands.attempt) > asked)
        };
        if newer(now - Span::from_secs(20)) && newer(now) && self.faults.service_up(node, Service::Table) {
            self.violation("I2", format!("{placement} is launched although a newer attempt stands"));
        }
    }

    pub(super) fn on_remove(&mut self, node: RegionId, placement: PlacementId) {
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

    pub(super) fn on_stop(&mut self, node: RegionId, placement: PlacementId) {
        let takes = self.streams.launch_call.span();
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

    pub(super) fn on_look(&mut self, node: RegionId, placement: PlacementId) {
        let takes = self.api_time(node);
        let online = self.github.runner(placement).map(|runner| runner != Runner::Offline);
        if self.faults.github_up() {
            let seen = runner::Event::Seen { placement, online };
            self.tell_dispatcher(node, takes, dispatcher::Event::Runner(seen));
        }
    }
}
