//! The virtual world: GitHub, the network and three or more regions of AWS, in virtual time. Knows services and what
//! hinders them; must not know the machines' insides: they speak through ports.
//!
//! `for_controller`, `for_dispatcher` and `runners` answer effects; `events`, `deliveries` and `strikes` play what happens
//! by itself; `bill` adds up the money. Every random number
//! comes from a stream of its own purpose, so that two policies see the same world.

mod bill;
mod cache;
mod calendar;
mod deliveries;
pub(crate) mod due;
mod events;
mod fargate;
pub mod faults;
pub mod file;
mod for_controller;
mod for_dispatcher;
mod github;
mod ingress;
mod look;
mod net;
mod post;
mod queue;
mod runners;
pub mod spec;
mod streams;
mod strikes;
mod table;

use crate::rng::stream;
use crate::scenario::{Scenario, Service};
use calendar::Calendar;
use due::{Due, Handle};
use fargate::Fargate;
use faults::{Call, Faults, Strike};
use github::GitHub;
use ingress::Ingress;
use net::Net;
pub(crate) use post::Mail;
use post::Post;
use queue::Queue;
use spec::WorldSpec;
use std::collections::VecDeque;
use std::sync::Arc;
use streams::Streams;
use table::{LagModel, Table};
use tidegate_core::id::{PerRegion, RegionId, RegionSet};
use tidegate_core::map::mix;
use tidegate_core::policy::{CacheStrategy, Consistency, Policy, Region};
use tidegate_core::port::webhook;
use tidegate_core::{Fact, Span, Timestamp, controller, dispatcher};
use tidegate_reports::fold::CostComponent;

/// How long it takes to learn that a region cannot be reached, or that a service says no.
const REFUSAL: Span = Span::from_secs(2);

/// Deliveries that failed are kept for GitHub's own window of redelivery.
const REDELIVERY_WINDOW: Span = Span::from_hours(72);

/// Observations and bills that the simulation takes out after each event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) facts: Vec<Fact>,
    pub(crate) costs: Vec<(CostComponent, Option<RegionId>, i64)>,
    pub(crate) violations: Vec<(&'static str, String)>,
    pub(crate) jobs: Vec<JobRow>,
}

/// A row of `jobs.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    /// Its number in this run.
    pub job: u64,
    /// Its number in its record or load.
    pub external_id: u64,
    /// Its load.
    pub load: u16,
    /// Its workflow run.
    pub run: u64,
    /// Where it belongs.
    pub home: RegionId,
    /// Where it ran.
    pub region: Option<RegionId>,
    /// Why there.
    pub reason: tidegate_core::port::Reason,
    /// Placements it took.
    pub attempts: u16,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// When it started; `None`: not yet.
    pub started_at: Option<Timestamp>,
    /// When it ended; `None`: not yet.
    pub ended_at: Option<Timestamp>,
    /// `completed`, `lost`, `cancelled`, `running` or `queued`.
    pub outcome: &'static str,
}

/// The world of one run.
pub(crate) struct World {
    pub(crate) agenda: Calendar,
    pub(crate) post: Post,
    /// For machines, in this very instant: handed over before the next event.
    pub(crate) at_once: VecDeque<(RegionId, Mail)>,
    pub(crate) told: Told,
    pub(crate) faults: Faults,
    pub(crate) strikes: Vec<Strike>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) queues: PerRegion<Queue>,
    pub(crate) github: GitHub,
    pub(crate) table: Table,
    pub(crate) ingress: Ingress,
    pub(crate) loads: crate::load::Loads,
    pub(crate) keep_jobs: bool,
    spec: Arc<WorldSpec>,
    /// Which region holds the queue of a region: its own as a rule.
    queue_host: PerRegion<RegionId>,
    net: Net,
    pub(crate) fargate: Fargate,
    cache: cache::Cache,
    prices: Vec<spec::Prices>,
    /// Tasks that each region has room for.
    task_capacities: Vec<u32>,
    streams: Streams,
    failed_deliveries: VecDeque<(Timestamp, webhook::Event)>,
    arriving: Vec<crate::load::NewJob>,
    usage: bill::Usage,
    proposals: u32,
    /// Fractions of micro-dollars not billed yet.
    carried: [PerRegion<f64>; CostComponent::ALL.len()],
    /// Storage not billed yet.
    stored_for: Span,
    end: Timestamp,
}

impl World {
    pub(crate) fn new(scenario: &Scenario, seed: u64) -> Self {
        let policy = Arc::clone(&scenario.policy);
        let spec = Arc::clone(&scenario.world);
        let strategy: CacheStrategy = policy.cache;
        let regions = policy.regions.len();
        let streams = Streams::new(&spec, seed);
        let net = Net::new(&policy, &spec, stream(seed, "network"));
        let lags = LagModel {
            near: spec.replication_lag.clone(),
            far: spec.replication_lag_far.clone(),
            is_far: net.far_pairs(),
            none: policy.consistency == Consistency::Strong,
            seed: mix(seed),
        };
        let room = |region: &Region| spec.regions[&region.name].task_capacity.unwrap_or(u32::MAX);
        let mut world = Self {
            agenda: Calendar::new(scenario.start),
            post: Post::default(),
            at_once: VecDeque::new(),
            told: Told::default(),
            faults: Faults::default(),
            strikes: faults::draw(&scenario.faults, scenario.start, scenario.duration, seed),
            queues: Default::default(),
            github: GitHub::new(),
            table: Table::new(lags),
            ingress: Ingress::new(regions, &spec),
            loads: crate::load::Loads::new(scenario, seed),
            keep_jobs: false,
            queue_host: queue_hosts(&policy, &spec),
            net,
            fargate: Fargate::default(),
            cache: cache::Cache::new(strategy, regions, &spec.cache, seed),
            prices: policy.regions.iter().map(|region| spec.regions[&region.name].prices).collect(),
            task_capacities: policy.regions.iter().map(room).collect(),
            streams,
            failed_deliveries: VecDeque::new(),
            arriving: Vec::new(),
            usage: bill::Usage::default(),
            proposals: 0,
            carried: Default::default(),
            stored_for: Span::ZERO,
            end: scenario.start + scenario.duration,
            policy,
            spec,
        };
        world.lay_out();
        world
    }

    /// The first events: faults, the load, the first sample.
    fn lay_out(&mut self) {
        for number in 0..self.strikes.len() {
            let (from, to) = (self.strikes[number].from, self.strikes[number].to);
            let number = u16::try_from(number).expect("readers refuse more than 65,535 faults");
            self.agenda.schedule(from, Due::Fault { number, begins: true });
            self.agenda.schedule(to, Due::Fault { number, begins: false });
        }
        if let Some(at) = self.loads.next_at() {
            self.agenda.schedule(at, Due::Arrive);
        }
        let now = self.agenda.now();
        self.agenda.schedule(now, Due::Sample);
    }

    /// An answer for a controller, after a while; at once, after what was told before.
    fn tell_controller(&mut self, node: RegionId, after: Span, event: controller::Event) {
        if after == Span::ZERO {
            return self.at_once.push_back((node, Mail::Controller(event)));
        }
        let at = self.agenda.now() + after;
        let mail = self.post.for_controllers.insert(event);
        self.agenda.schedule(at, Due::ToController { node, mail });
    }

    /// An answer for a dispatcher, after a while; at once, after what was told before.
    fn tell_dispatcher(&mut self, node: RegionId, after: Span, event: dispatcher::Event) {
        if after == Span::ZERO {
            return self.at_once.push_back((node, Mail::Dispatcher(event)));
        }
        let at = self.agenda.now() + after;
        let mail = self.post.for_dispatchers.insert(event);
        self.agenda.schedule(at, Due::ToDispatcher { node, mail });
    }

    fn fact(&mut self, fact: Fact) {
        self.told.facts.push(fact);
    }

    #[cold]
    fn violation(&mut self, invariant: &'static str, what: String) {
        self.told.violations.push((invariant, what));
    }

    fn cost(&mut self, component: CostComponent, region: Option<RegionId>, micro_usd: i64) {
        if micro_usd != 0 {
            self.told.costs.push((component, region, micro_usd));
        }
    }

    /// A charge in fractions of a micro-dollar: what is not billed now is carried over.
    fn charge(&mut self, component: CostComponent, region: RegionId, micro_usd: f64) {
        let carry = &mut self.carried[component as usize][region.index()];
        *carry += micro_usd;
        let whole = carry.round();
        *carry -= whole;
        self.cost(component, Some(region), whole as i64);
    }

    /// How a call to a service of a region goes.
    /// A call from a region to its queue, wherever that is.
    fn call_queue(&mut self, region: RegionId) -> Call {
        let host = self.queue_host[region.index()];
        if host != region && !self.faults.reaches(region, host) {
            return Call::Fails;
        }
        self.call(host, Service::Queue)
    }

    fn call(&mut self, region: RegionId, service: Service) -> Call {
        let now = self.agenda.now();
        self.faults.call(region, service, now, &mut self.streams.faults)
    }

    /// The replicas that a write made in a region now does not reach.
    fn held(&self, from: RegionId) -> RegionSet {
        if !self.faults.any() {
            return RegionSet::EMPTY;
        }
        let cut = self.policy.ids().filter(|to| *to != from && !self.faults.replicates(from, *to));
        cut.fold(RegionSet::EMPTY, RegionSet::with)
    }

    /// The same for claims: in strong mode a write that succeeds is everywhere.
    fn held_claims(&self, from: RegionId) -> RegionSet {
        if self.policy.consistency == Consistency::Strong { RegionSet::EMPTY } else { self.held(from) }
    }

    /// The replica of another region that a strong write must reach: the nearest that answers.
    fn nearest_replica(&self, from: RegionId) -> Option<RegionId> {
        let rtt = |to: &RegionId| (self.net.mean(from, *to) * 1e6) as u64;
        self.policy.ids().filter(|to| *to != from && self.faults.reaches(from, *to)).min_by_key(|to| (rtt(to), *to))
    }

    /// Tasks of a region, of whatever state.
    pub(crate) fn tasks_in(&self, region: RegionId) -> u32 {
        self.fargate.running[region.index()]
    }

    /// The job a handle stands for, if it is still open.
    fn open_job(&self, job: Handle) -> Option<&github::GhJob> {
        self.github.job(job)
    }
}

/// Which region holds the queue of each region. A region of the world that the policy lacks is refused by the reader; where
/// a policy of one region is made out of a larger one, that region has its own.
fn queue_hosts(policy: &Policy, spec: &WorldSpec) -> PerRegion<RegionId> {
    let held = spec.queues_in.as_ref().and_then(|name| policy.region_named(name));
    let mut hosts = PerRegion::<RegionId>::default();
    policy.ids().for_each(|id| hosts[id.index()] = held.unwrap_or(id));
    hosts
}
