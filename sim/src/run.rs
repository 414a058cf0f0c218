//! One simulation of one seed: nodes and world on one agenda, single thread, no I/O but the decisions' writer. Knows
//! how events reach machines; must not know what either decides.

mod told;
mod watch;

use crate::checker::{Broken, Checkers};
use crate::recorder::{Decisions, Into, Recorder};
use crate::scenario::{Scenario, When};
use crate::world::due::{Due, Handle};
use crate::world::{JobRow, Mail, World, faults};
use std::sync::Arc;
use tidegate_core::controller::{self, Controller};
use tidegate_core::dispatcher::{self, Dispatcher};
use tidegate_core::id::{MAX_REGIONS, RegionId};
use tidegate_core::machine::{Host, Ports, Wake};
use tidegate_core::port::{operator, probe, runner};
use tidegate_core::{Span, Timestamp};
use tidegate_reports::fold::RunMeasures;
use tidegate_reports::frame::Frame;

/// How often gauges are sampled and slow invariants are looked at.
const SAMPLE_EVERY: Span = Span::from_mins(1);

/// What is kept of a run beside its measures.
#[derive(Debug, Default)]
pub struct Keep {
    /// Rows of `jobs.csv`.
    pub jobs: bool,
    /// Decisions as they are made.
    pub decisions: Option<Decisions>,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// Its measures.
    pub measures: RunMeasures,
    /// Hash of its decisions.
    pub digest: String,
    /// Broken promises.
    pub broken: Vec<Broken>,
    /// Events handled.
    pub events: u64,
    /// Rows of `jobs.csv`, if kept, in the order in which jobs ended.
    pub jobs: Vec<JobRow>,
    /// The decisions' writer, back again.
    pub decisions: Option<Decisions>,
    /// The faults as they struck.
    pub strikes: Vec<faults::Strike>,
    /// The most jobs at GitHub at once, queued or running.
    pub most_jobs: u64,
}

/// The frame of a scenario's runs.
#[must_use]
pub fn frame(scenario: &Scenario, detail: bool) -> Frame {
    let regions = scenario.policy.regions.iter().map(|region| region.name.clone()).collect();
    let limits = scenario.policy.regions.iter().map(|region| region.max_runners).collect();
    let end = scenario.start + scenario.duration;
    // Faults drawn from a rate differ from run to run: they are shaded, but no episode is followed over runs.
    let planned: Vec<_> = scenario.faults.iter().filter(|f| matches!(f.when, When::At { .. })).cloned().collect();
    let strikes = faults::draw(&planned, scenario.start, scenario.duration, scenario.seed);
    Frame {
        warm_up_until: scenario.start + scenario.warm_up,
        start_within: scenario.start_within,
        faults: faults::marks(&strikes),
        detail,
        ..Frame::new(regions, limits, scenario.start, end)
    }
}

/// A machine and the wake that lies on the agenda for it.
struct Seat<M: tidegate_core::Machine> {
    host: Host<M>,
    /// On the agenda, in world time.
    armed: Timestamp,
    /// The node's clock never goes back.
    clock: Timestamp,
}

struct Node {
    controller: Seat<Controller>,
    dispatcher: Seat<Dispatcher>,
}

struct Simulation {
    world: World,
    nodes: Vec<Node>,
    recorder: Recorder,
    end: Timestamp,
    warm_up_until: Timestamp,
    events: u64,
    gauges: Gauges,
    /// Tasks that ended while their dispatcher was away.
    missed: Vec<(RegionId, dispatcher::Event)>,
}

/// Gauges over the measured time.
#[derive(Default)]
struct Gauges {
    peak_runners: [u32; MAX_REGIONS],
    sum_runners: [f64; MAX_REGIONS],
    peak_queue: [u32; MAX_REGIONS],
    samples: u64,
    most_jobs: u64,
}

struct ControllerPorts<'a>(&'a mut World, RegionId);
struct DispatcherPorts<'a>(&'a mut World, RegionId);

impl Ports<controller::Effect> for ControllerPorts<'_> {
    fn submit(&mut self, _now: Timestamp, effect: controller::Effect) {
        self.0.submit_controller(self.1, effect);
    }
}

impl Ports<dispatcher::Effect> for DispatcherPorts<'_> {
    fn submit(&mut self, _now: Timestamp, effect: dispatcher::Effect) {
        self.0.submit_dispatcher(self.1, effect);
    }
}

/// Runs one seed of a scenario.
///
/// # Panics
/// When a machine's invariant is broken: the message says which, and when.
#[must_use]
pub fn run(scenario: &Scenario, seed: u64, frame: &Frame, keep: Keep) -> Outcome {
    let mut simulation = Simulation::new(scenario, seed, frame, keep);
    simulation.start();
    simulation.play();
    simulation.finish(seed)
}

impl Simulation {
    fn new(scenario: &Scenario, seed: u64, frame: &Frame, keep: Keep) -> Self {
        let mut world = World::new(scenario, seed);
        world.keep_jobs = keep.jobs;
        let start = scenario.start;
        let seat = |id| Node {
            controller: Seat::new(Controller::new(Arc::clone(&scenario.policy), id, seed, start), start),
            dispatcher: Seat::new(Dispatcher::new(Arc::clone(&scenario.policy), id), start),
        };
        Self {
            nodes: scenario.policy.ids().map(seat).collect(),
            world,
            recorder: Recorder {
                digest: Default::default(),
                measures: RunMeasures::new(frame),
                checkers: Checkers::new(&scenario.policy),
                decisions: keep.decisions,
                proposed: Vec::new(),
                now: start,
            },
            end: start + scenario.duration,
            warm_up_until: start + scenario.warm_up,
            events: 0,
            gauges: Gauges::default(),
            missed: Vec::new(),
        }
    }

    fn start(&mut self) {
        for at in 0..self.nodes.len() {
            self.wake_up(RegionId::at(at));
        }
        self.hand_over();
    }

    /// A node's process comes up.
    fn wake_up(&mut self, node: RegionId) {
        self.tell_controller(node, controller::Event::Started);
        self.tell_dispatcher(node, dispatcher::Event::Started);
        let (mine, others) = std::mem::take(&mut self.missed).into_iter().partition(|(at, _)| *at == node);
        self.missed = others;
        let mine: Vec<(RegionId, dispatcher::Event)> = mine;
        for (_, event) in mine {
            self.tell_dispatcher(node, event);
        }
    }

    fn play(&mut self) {
        while let Some((now, due)) = self.world.agenda.pop() {
            if now > self.end {
                break;
            }
            self.events += 1;
            self.recorder.now = now;
            self.event(due);
            self.hand_over();
            self.collect();
        }
    }

    fn event(&mut self, due: Due) {
        let world = &mut self.world;
        match due {
            Due::Arrive => world.on_arrive(),
            Due::Deliver { region, mail } => {
                if let Some(delivery) = world.post.deliveries.get(mail) {
                    self.nodes[region.index()].controller.host.machine().prefetch(&delivery.event);
                }
                if let Some(event) = world.on_deliver(region, mail) {
                    self.tell_controller(region, controller::Event::Webhook(event));
                }
            }
            Due::Undelivered { mail } => world.on_undelivered(mail),
            Due::ToController { node, mail } => {
                if let Some(event) = world.post.for_controllers.take(mail) {
                    self.tell_controller(node, event);
                }
            }
            Due::ToDispatcher { node, mail } => {
                if let Some(event) = world.post.for_dispatchers.take(mail) {
                    self.tell_dispatcher(node, event);
                }
            }
            Due::WakeController { node } => self.wake_controller(node),
            Due::WakeDispatcher { node } => self.wake_dispatcher(node),
            Due::Enqueue { from, mail } => world.on_enqueue(from, mail),
            Due::Visible { region } => world.on_visible(region),
            Due::PollOver { region } => world.on_poll_over(region),
            Due::Probe { from, to, sequence } => self.on_probe(from, to, sequence),
            Due::Online { task } => {
                self.prefetch_task(task);
                self.world.on_online(task);
            }
            Due::JobDone { task } => {
                self.prefetch_task(task);
                self.world.on_job_done(task);
            }
            Due::Interrupt { task } => world.on_interrupt(task),
            Due::RunnerLost { job } => world.on_runner_lost(job),
            Due::Rerun { mail } => world.on_rerun(mail),
            Due::Stop { task } => world.on_stop_due(task),
            Due::Fault { number, begins } => {
                if let Some(risen) = world.on_fault(number, begins) {
                    self.wake_up(risen);
                }
            }
            Due::Order { region, verb } => self.on_order(region, verb),
            Due::Sample => self.sample(),
        }
    }

    /// Its dispatcher will hear of that task.
    #[inline(always)]
    fn prefetch_task(&self, task: Handle) {
        if let Some(row) = self.world.fargate.get(task) {
            self.nodes[row.ticket.region.index()].dispatcher.host.machine().prefetch(row.ticket.placement);
        }
    }

    /// Hands over what machines are told in this very instant, and what follows from that.
    fn hand_over(&mut self) {
        while let Some((node, mail)) = self.world.at_once.pop_front() {
            match mail {
                Mail::Controller(event) => self.tell_controller(node, event),
                Mail::Dispatcher(event) => self.tell_dispatcher(node, event),
            }
        }
    }

    /// The time on a node's clock.
    fn clock(&self, node: RegionId, last: Timestamp) -> Timestamp {
        let skew = if self.world.faults.any() { self.world.faults.skew(node) } else { 0 };
        let now = self.recorder.now.0;
        Timestamp(now.saturating_add_signed(skew)).max(last)
    }

    fn tell_controller(&mut self, node: RegionId, event: controller::Event) {
        if !self.world.faults.region_up(node) {
            return; // nobody is there
        }
        let now = self.clock(node, self.nodes[node.index()].controller.clock);
        let seat = &mut self.nodes[node.index()].controller;
        seat.clock = now;
        let mut ports = ControllerPorts(&mut self.world, node);
        let wake = seat.host.turn(now, event, &mut ports, &mut Into(&mut self.recorder));
        if let Some(at) = seat.arm(wake, now, self.recorder.now) {
            self.world.agenda.schedule(at, Due::WakeController { node });
        }
    }

    fn tell_dispatcher(&mut self, node: RegionId, event: dispatcher::Event) {
        if !self.world.faults.region_up(node) {
            // ECS still tells which tasks are gone when the process comes up again and asks.
            if let dispatcher::Event::Runner(runner::Event::Stopped { .. }) = event {
                self.missed.push((node, event));
            }
            return;
        }
        let now = self.clock(node, self.nodes[node.index()].dispatcher.clock);
        let seat = &mut self.nodes[node.index()].dispatcher;
        seat.clock = now;
        let mut ports = DispatcherPorts(&mut self.world, node);
        let wake = seat.host.turn(now, event, &mut ports, &mut Into(&mut self.recorder));
        if let Some(at) = seat.arm(wake, now, self.recorder.now) {
            self.world.agenda.schedule(at, Due::WakeDispatcher { node });
        }
    }

    fn wake_controller(&mut self, node: RegionId) {
        let seat = &mut self.nodes[node.index()].controller;
        if seat.armed == self.recorder.now {
            seat.armed = Timestamp::MAX;
            self.tell_controller(node, controller::Event::Wake);
        }
    }

    fn wake_dispatcher(&mut self, node: RegionId) {
        let seat = &mut self.nodes[node.index()].dispatcher;
        if seat.armed == self.recorder.now {
            seat.armed = Timestamp::MAX;
            self.tell_dispatcher(node, dispatcher::Event::Wake);
        }
    }

    /// A probe reaches a region: its node answers with its load, if it is there and the wire holds.
    fn on_probe(&mut self, from: RegionId, to: RegionId, sequence: u32) {
        let world = &mut self.world;
        let slow = world.probe_delay(to);
        let answered = world.faults.reaches(from, to)
            && slow < self.nodes[0].controller.host.machine().policy().failover.probe_timeout;
        if !answered {
            let after = self.nodes[0].controller.host.machine().policy().failover.probe_timeout;
            return world.answer_probe(from, after, probe::Event::Missed { region: to, sequence });
        }
        let waiting = world.queues[to.index()].depth;
        let services_well = world.services_well(to);
        let now = self.clock(to, self.nodes[to.index()].dispatcher.clock);
        let seat = &self.nodes[to.index()].dispatcher;
        let load = probe::Load { waiting, ..seat.host.machine().load(now) };
        let back = self.world.probe_back(from, to) + slow;
        self.world.answer_probe(from, back, probe::Event::Answered { region: to, sequence, load, services_well });
    }

    /// An operator speaks to a node that is up: the one that takes the webhooks, else the first that is there.
    fn on_order(&mut self, region: RegionId, verb: operator::Verb) {
        let now = self.recorder.now;
        let main = self.world.ingress.main(now);
        let up = |id: &RegionId| self.world.faults.region_up(*id);
        let ids = (0..self.nodes.len()).map(RegionId::at);
        let Some(node) = std::iter::once(main).chain(ids).find(up) else { return };
        self.tell_controller(node, controller::Event::Operator(operator::Event { region, verb }));
    }

    fn finish(mut self, seed: u64) -> Outcome {
        let end = self.end;
        self.recorder.now = end;
        self.world.close();
        self.collect();
        self.check_end(end);
        let samples = self.gauges.samples.max(1) as f64;
        for at in 0..self.nodes.len() {
            let (peak, queue) = (self.gauges.peak_runners[at], self.gauges.peak_queue[at]);
            self.recorder.measures.gauges(RegionId::at(at), peak, self.gauges.sum_runners[at] / samples, queue);
        }
        self.world.count(&mut self.recorder.measures);
        self.recorder.measures.finish();
        Outcome {
            seed,
            measures: self.recorder.measures,
            digest: self.recorder.digest.text(),
            broken: self.recorder.checkers.broken,
            events: self.events,
            jobs: std::mem::take(&mut self.world.told.jobs),
            decisions: self.recorder.decisions,
            strikes: std::mem::take(&mut self.world.strikes),
            most_jobs: self.gauges.most_jobs,
        }
    }
}

impl<M: tidegate_core::Machine> Seat<M> {
    fn new(machine: M, start: Timestamp) -> Self {
        Self { host: Host::new(machine, start), armed: Timestamp::MAX, clock: start }
    }

    /// The world time of a wake that must be laid on the agenda, if there is no earlier one.
    fn arm(&mut self, wake: Option<Wake>, clock: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let at = now + wake?.at.since(clock);
        if at >= self.armed {
            return None;
        }
        self.armed = at;
        Some(at)
    }
}
