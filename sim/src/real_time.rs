//! The virtual world on a real clock: what the daemon's embedded mode stands on. Knows how to bring the world to a moment
//! and what it then says; must not know a clock, threads or the machines.

use crate::load::NewJob;
use crate::scenario::{FaultKind, Scenario};
use crate::world::due::Due;
use crate::world::faults::Strike;
use crate::world::file::{Shipped, lacks};
use crate::world::spec::WorldSpec;
use crate::world::{Mail, World};
use std::sync::Arc;
use tidegate_core::id::{PerRegion, RegionId};
use tidegate_core::policy::Policy;
use tidegate_core::port::runner::{self};
use tidegate_core::port::{JobSpec, probe, webhook};
use tidegate_core::{Span, Timestamp, controller, dispatcher};
use tidegate_reports::model::Input;

/// What the world says to a node.
#[derive(Clone, Debug)]
pub enum Told {
    /// An answer for its controller.
    Controller(controller::Event),
    /// An answer for its dispatcher.
    Dispatcher(dispatcher::Event),
    /// A webhook of virtual GitHub, to be taken as if it had come over the wire.
    Delivery(webhook::Event),
    /// Its region is lost: it does nothing until it rises.
    Lost,
    /// Its region is back: its process comes up.
    Risen,
}

/// Everything that was told, with the node it is for.
pub type Tellings = Vec<(RegionId, Told)>;

/// The virtual world, brought forward by whoever has a clock.
pub struct RealTime {
    world: World,
    lost: PerRegion<bool>,
    /// Tasks that ended while their node was away.
    missed: Vec<(RegionId, dispatcher::Event)>,
}

impl std::fmt::Debug for RealTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RealTime").field("now", &self.world.agenda.now()).finish_non_exhaustive()
    }
}

impl RealTime {
    /// A world with the regions of a policy, where nothing has happened yet.
    ///
    /// # Errors
    /// What the world lacks for that policy, in words.
    pub fn new(policy: Arc<Policy>, spec: Option<WorldSpec>, start: Timestamp, seed: u64) -> Result<Self, String> {
        let names: Vec<&str> = policy.regions.iter().map(|region| region.name.as_str()).collect();
        let spec = spec.unwrap_or_else(|| Shipped::Aws.world(&names));
        if let Some((message, help)) = lacks(&spec, &names).into_iter().next() {
            return Err(format!("{message}; {help}"));
        }
        let input = || Input { name: String::new(), path: String::new(), sha256: String::new() };
        let scenario = Scenario {
            input: input(),
            policy_input: input(),
            about: String::new(),
            policy: Arc::clone(&policy),
            world: Arc::new(spec),
            start,
            duration: Span::from_hours(24 * 3_650),
            warm_up: Span::ZERO,
            warm_up_auto: false,
            seed,
            runs: 1,
            start_within: Span::from_mins(10),
            loads: Vec::new(),
            faults: Vec::new(),
            objectives: Vec::new(),
            objectives_at: Vec::new(),
            warnings: Vec::new(),
            over: String::new(),
        };
        let mut world = World::new(&scenario, seed);
        // The loss of each region, to be switched on and off by its number.
        let outage = |region| Strike {
            kind: FaultKind::RegionOutage,
            region: Some(region),
            from: Timestamp::MAX,
            to: Timestamp::MAX,
        };
        world.strikes = policy.ids().map(outage).collect();
        Ok(Self { world, lost: Default::default(), missed: Vec::new() })
    }

    /// When something happens next by itself.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        if self.world.at_once.is_empty() { self.world.agenda.peek_time() } else { Some(self.world.agenda.now()) }
    }

    /// Brings the world to a moment; all that it says until then goes to `out`. `load` gives a region's load as its own
    /// dispatcher sees it. A moment before the last one changes nothing.
    pub fn advance(&mut self, now: Timestamp, mut load: impl FnMut(RegionId) -> probe::Load, out: &mut Tellings) {
        let now = now.max(self.world.agenda.now());
        self.world.agenda.schedule(now, Due::Sample); // so that its clock shows this moment
        self.collect(out);
        while self.world.agenda.peek_time().is_some_and(|at| at <= now) {
            let Some((_, due)) = self.world.agenda.pop() else { break };
            self.event(due, &mut load, out);
            self.collect(out);
        }
    }

    /// A controller asks for something, at the moment the world was brought to.
    pub fn submit_controller(&mut self, node: RegionId, effect: controller::Effect) {
        if !self.lost[node.index()] {
            self.world.submit_controller(node, effect);
        }
    }

    /// A dispatcher asks for something, at the moment the world was brought to.
    pub fn submit_dispatcher(&mut self, node: RegionId, effect: dispatcher::Effect) {
        if !self.lost[node.index()] {
            self.world.submit_dispatcher(node, effect);
        }
    }

    /// A job is queued at virtual GitHub, as somebody's webhook said; runs for `duration` once a runner took it. False
    /// when it is known already. Its webhook is not sent again.
    pub fn queue(&mut self, spec: &JobSpec, duration: Span) -> bool {
        if self.world.github.by_id(spec.job).is_some() {
            return false;
        }
        let new = NewJob {
            load: 0,
            run: spec.run,
            repository: (spec.repository.0 & 0xFF_FFFF) as u32,
            organization: spec.organization,
            repository_name: spec.repository,
            class: spec.class,
            need: spec.need,
            duration,
            run_attempt: spec.run_attempt,
            external_id: spec.job.0,
        };
        self.world.queue_known(spec.job, new);
        true
    }

    /// Whether a region is lost.
    #[must_use]
    pub const fn is_lost(&self, region: RegionId) -> bool {
        self.lost[region.index()]
    }

    /// Loses a region, or brings it back; nothing when it is so already.
    pub fn set_lost(&mut self, region: RegionId, lost: bool, out: &mut Tellings) {
        if std::mem::replace(&mut self.lost[region.index()], lost) == lost {
            return;
        }
        let risen = self.world.on_fault(u16::from(region.0), lost);
        self.collect(out);
        if lost {
            out.push((region, Told::Lost));
        }
        if let Some(node) = risen {
            out.push((node, Told::Risen));
            let (mine, others) = std::mem::take(&mut self.missed).into_iter().partition(|(at, _)| *at == node);
            self.missed = others;
            let mine: Vec<(RegionId, dispatcher::Event)> = mine;
            out.extend(mine.into_iter().map(|(node, event)| (node, Told::Dispatcher(event))));
        }
    }

    fn event(&mut self, due: Due, load: &mut impl FnMut(RegionId) -> probe::Load, out: &mut Tellings) {
        let world = &mut self.world;
        match due {
            Due::Deliver { region, mail } => {
                if let Some(event) = world.on_deliver(region, mail) {
                    out.push((region, Told::Delivery(event)));
                }
            }
            Due::Undelivered { mail } => world.on_undelivered(mail),
            Due::ToController { node, mail } => {
                if let Some(event) = world.post.for_controllers.take(mail) {
                    self.tell(node, Mail::Controller(event), out);
                }
            }
            Due::ToDispatcher { node, mail } => {
                if let Some(event) = world.post.for_dispatchers.take(mail) {
                    self.tell(node, Mail::Dispatcher(event), out);
                }
            }
            Due::Enqueue { from, mail } => world.on_enqueue(from, mail),
            Due::Visible { region } => world.on_visible(region),
            Due::PollOver { region } => world.on_poll_over(region),
            Due::Probe { from, to, sequence } => self.on_probe(from, to, sequence, load),
            Due::Online { task } => world.on_online(task),
            Due::JobDone { task } => world.on_job_done(task),
            Due::Interrupt { task } => world.on_interrupt(task),
            Due::RunnerLost { job } => world.on_runner_lost(job),
            Due::Rerun { mail } => world.on_rerun(mail),
            Due::Stop { task } => world.on_stop_due(task),
            // Machines are woken by their own nodes; jobs, faults and orders come from outside.
            Due::Arrive
            | Due::Fault { .. }
            | Due::Order { .. }
            | Due::Sample
            | Due::WakeController { .. }
            | Due::WakeDispatcher { .. } => {}
        }
    }

    fn on_probe(
        &mut self,
        from: RegionId,
        to: RegionId,
        sequence: u32,
        load: &mut impl FnMut(RegionId) -> probe::Load,
    ) {
        let world = &mut self.world;
        if !world.faults.reaches(from, to) {
            let after = world.policy.failover.probe_timeout;
            return world.answer_probe(from, after, probe::Event::Missed { region: to, sequence });
        }
        let load = probe::Load { waiting: world.queues[to.index()].depth, ..load(to) };
        let services_well = world.services_well(to);
        let back = world.probe_back(from, to);
        world.answer_probe(from, back, probe::Event::Answered { region: to, sequence, load, services_well });
    }

    /// Takes out what is said in this very instant, and what is told for measurement only.
    fn collect(&mut self, out: &mut Tellings) {
        while let Some((node, mail)) = self.world.at_once.pop_front() {
            self.tell(node, mail, out);
        }
        self.world.told.facts.clear();
        self.world.told.costs.clear();
        self.world.told.violations.clear();
    }

    fn tell(&mut self, node: RegionId, mail: Mail, out: &mut Tellings) {
        match mail {
            Mail::Controller(event) if !self.lost[node.index()] => out.push((node, Told::Controller(event))),
            Mail::Dispatcher(event) if !self.lost[node.index()] => out.push((node, Told::Dispatcher(event))),
            Mail::Dispatcher(event @ dispatcher::Event::Runner(runner::Event::Stopped { .. })) => {
                self.missed.push((node, event)); // ECS still tells of it when the process comes up and asks
            }
            Mail::Controller(_) | Mail::Dispatcher(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_core::policy::Region;

    #[test]
    fn an_answer_comes_when_its_time_has_come_and_not_from_a_lost_region() {
        let policy = Arc::new(Policy::of_regions(vec![Region::new("us-east-1", 1), Region::new("eu-west-1", 2)]));
        let start = Timestamp(1_800_000_000_000_000);
        let mut world = RealTime::new(policy, None, start, 1).expect("the shipped world knows both");
        let (load, mut out) = (|_| probe::Load::default(), Vec::new());
        let check = |region| controller::Effect::Probe(probe::Command::Check { region, sequence: 1 });
        let answers = |out: &Tellings, region: RegionId, well: bool| {
            out.iter()
                .filter(|(node, told)| {
                    *node == RegionId(0)
                        && match told {
                            Told::Controller(controller::Event::Probe(probe::Event::Answered {
                                region: r, ..
                            })) => well && *r == region,
                            Told::Controller(controller::Event::Probe(probe::Event::Missed { region: r, .. })) => {
                                !well && *r == region
                            }
                            Told::Controller(_)
                            | Told::Dispatcher(_)
                            | Told::Delivery(_)
                            | Told::Lost
                            | Told::Risen => false,
                        }
                })
                .count()
        };
        world.advance(start, load, &mut out);
        world.submit_controller(RegionId(0), check(RegionId(1)));
        world.advance(start + Span::from_millis(1), load, &mut out);
        assert_eq!(answers(&out, RegionId(1), true), 0, "an ocean is in between");
        world.advance(start + Span::from_secs(2), load, &mut out);
        assert_eq!(answers(&out, RegionId(1), true), 1);
        world.set_lost(RegionId(1), true, &mut out);
        world.submit_controller(RegionId(0), check(RegionId(1)));
        world.advance(start + Span::from_secs(10), load, &mut out);
        assert_eq!(answers(&out, RegionId(1), false), 1);
        world.submit_controller(RegionId(1), check(RegionId(0)));
        let before = out.len();
        world.set_lost(RegionId(1), false, &mut out);
        assert!(matches!(out[before..], [(RegionId(1), Told::Risen)]));
    }
}
