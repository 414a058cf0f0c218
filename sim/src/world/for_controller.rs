//! What controllers ask of tables, queues and GitHub, and the answers: the virtual twin of the daemon's adapters. Knows
//! how long each call takes and how it can fail; must not know why it was made.

use super::due::Due;
use super::faults::Call;
use super::table::Claimed;
use super::{REDELIVERY_WINDOW, REFUSAL, World};
use crate::scenario::Service;
use tidegate_core::controller::{self, Effect};
use tidegate_core::id::{Name, RegionId};
use tidegate_core::policy::Consistency;
use tidegate_core::port::{Failure, Ticket, enqueue, github, probe, table};
use tidegate_core::time::Span;

impl World {
    pub(crate) fn submit_controller(&mut self, node: RegionId, effect: Effect) {
        match effect {
            Effect::Table(command) => self.on_table(node, command),
            Effect::Enqueue(enqueue::Command::Send { ticket }) => self.on_send(node, ticket),
            Effect::Probe(probe::Command::Check { region, sequence }) => {
                let takes = Span(self.net.rtt(node, region, 0.5).0);
                let at = self.agenda.now() + takes;
                self.agenda.schedule(at, Due::Probe { from: node, to: region, sequence });
            }
            Effect::GitHub(github::Command::ListQueued) => self.on_list_queued(node),
            Effect::GitHub(github::Command::Sweep) => self.on_sweep(node),
        }
    }

    fn on_table(&mut self, node: RegionId, command: table::Command) {
        let call = self.call(node, Service::Table);
        let factor = match call {
            Call::Works(factor) => factor,
            Call::Fails => return self.table_failed(node, command, Failure::Service),
            Call::Throttled => return self.table_failed(node, command, Failure::Throttled),
        };
        let local = Span::from_secs_f64(self.streams.table_local.next() * factor);
        match command {
            table::Command::Claim { ticket } => self.on_claim(node, ticket, local),
            table::Command::Mark(mark) => {
                let Some(_) = self.strong_write(node, local) else {
                    return self.table_failed(node, table::Command::Mark(mark), Failure::Unreachable);
                };
                let (held, now, keep) = (self.held_claims(node), self.agenda.now(), self.policy.caps.ended_for);
                self.table.mark(&mark, node, held, keep, now);
            }
            table::Command::Look { job } => {
                let standing = self.table.standing(job, node, self.agenda.now());
                self.table.reads[node.index()] += 1;
                let event = table::Event::Stands { job, standing };
                self.tell_controller(node, local, controller::Event::Table(event));
            }
            table::Command::Exchange { record } => {
                let now = self.agenda.now();
                let regions = self.policy.regions.len();
                self.table.writes[node.index()] += 1;
                self.table.reads[node.index()] += regions as u64;
                let held = self.held(node);
                let table = &mut self.table;
                let records = table.nodes.exchange(node, *record, held, regions, &table.lags, now);
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
        Some(local + self.net.rtt(node, other, times))
    }

    fn on_claim(&mut self, node: RegionId, ticket: Ticket, local: Span) {
        let Some(takes) = self.strong_write(node, local) else {
            return self.table_failed(node, table::Command::Claim { ticket }, Failure::Unreachable);
        };
        let (held, now) = (self.held_claims(node), self.agenda.now());
        let global = self.policy.consistency == Consistency::Strong;
        let placement = ticket.placement;
        let event = match self.table.claim(ticket, node, held, global, now) {
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
            table::Command::Mark(table::Mark { job, run_attempt, stage, runner, .. }) => {
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
        let host = self.queue_host[to.index()];
        let failure = if !self.faults.any() || self.faults.reaches(node, host) {
            match self.call(host, Service::Queue) {
                Call::Works(factor) => {
                    let send = self.streams.queue_send.next() * factor;
                    let wire = self.net.rtt(node, host, 1.0);
                    let at = self.agenda.now() + Span::from_secs_f64(send) + wire;
                    let mail = self.post.messages.insert(ticket);
                    return self.agenda.schedule(at, Due::Enqueue { from: node, mail });
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

    pub(super) fn api_time(&mut self, node: RegionId) -> Span {
        let call = self.spec.github_call.span(&mut self.streams.services);
        call + self.net.github(node, 1.0)
    }

    fn on_list_queued(&mut self, node: RegionId) {
        let takes = self.api_time(node);
        let now = self.agenda.now();
        let lag = self.spec.github_list_lag.span(&mut self.streams.services);
        // One request for each hundred jobs and one to begin with, on the budget of the App's own installation.
        let cost = 1.0 + (self.github.queued as f64 / 100.0).ceil();
        let event = match self.ask_github(Name::default(), cost) {
            Ok(()) => {
                let jobs = self.github.list_queued(now - lag);
                let complete = jobs.len() < github::LIST_MAX;
                github::Event::Queued { jobs, complete }
            }
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
            if now.since(failed_at) <= REDELIVERY_WINDOW {
                self.deliver(event, takes);
            }
        }
    }
}
