//! The controller: which region a job goes to, and which phase each region is in. Knows its own node's view; must not
//! know the dispatcher, clocks or I/O.
//!
//! One [`Controller`] runs in each region's node. There is no leader: each can place any job, and each derives the
//! phases from the same replicated records. [`Controller::handle`](Machine::handle) is a table of contents:
//!
//! | event | file |
//! | --- | --- |
//! | webhooks, answers to claims and sends | `life` |
//! | jobs that started, ended or failed; deadlines | `ending` |
//! | probes, records, operators: regions' health | `health` |
//! | GitHub's lists and other nodes' claims | `reconcile` |

mod ahead;
mod detector;
mod ending;
mod failover;
mod health;
mod job;
mod life;
pub mod phase;
mod placement;
mod reconcile;
mod region;
mod snapshot;
mod spillover;
mod sticky;

pub use snapshot::{Snapshot, SnapshotError};

use crate::id::{JobId, PerRegion, RegionId};
use crate::machine::{Machine, Outbox, Violation, Wake, WakeReason};
use crate::map::{Recent, mix};
use crate::policy::Policy;
use crate::port::{enqueue, github, notice, operator, probe, table, webhook};
use crate::time::{Span, Timestamp};
use job::Jobs;
use phase::{Hold, Phase};
use region::Region;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything a controller hears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// From the queue of a region.
    Enqueue(enqueue::Event),
    /// From GitHub, asked.
    GitHub(github::Event),
    /// From the dispatcher of this node.
    Notice(notice::Event),
    /// From an operator.
    Operator(operator::Event),
    /// From a probe.
    Probe(probe::Event),
    /// The process came up, for the first time or again: what was in flight is lost.
    Started,
    /// From the tables.
    Table(table::Event),
    /// A deadline is due.
    Wake,
    /// From GitHub, unasked.
    Webhook(webhook::Event),
}

/// Everything a controller asks of the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// Of the queue of a region.
    Enqueue(enqueue::Command),
    /// Of GitHub.
    GitHub(github::Command),
    /// Of a region's node.
    Probe(probe::Command),
    /// Of the tables.
    Table(table::Command),
}

type Out = Outbox<Effect>;

/// How long an answer to a claim or a send may take before it counts as timed out.
const ANSWER_WITHIN: Span = Span::from_secs(10);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    me: RegionId,
    seed: u64,
    jobs: Jobs,
    ended: Recent,
    sticky: sticky::Sticky,
    regions: Vec<Region>,
    /// Label classes that were refused in a region, and until when they are left alone there.
    refused: Vec<(RegionId, crate::id::Name, Timestamp)>,
    panic: bool,
    version: u64,
    /// Jobs GitHub lists that we do not know, and when we saw them first.
    unknown: BTreeMap<JobId, Timestamp>,
    /// When GitHub's list came last, complete.
    listed_at: Timestamp,
    /// The page of open claims asked for last, while adopting.
    listing: Option<Option<JobId>>,
    /// When the process came up last: what it held before may be as old as its absence was long.
    started_at: Timestamp,
    next_probe: Timestamp,
    next_reconcile: Timestamp,
    next_sweep: Timestamp,
    next_rotation: Timestamp,
}

/// The controller of one node.
#[derive(Clone, Debug)]
pub struct Controller {
    policy: Arc<Policy>,
    state: State,
    /// Jobs and runs held when this policy came into force. It may allow fewer: then nothing is added until enough are gone.
    floor: (usize, usize),
}

impl Controller {
    /// A controller in region `me`. `seed` spreads the nodes' periodic work over time and decides nothing else.
    #[must_use]
    pub fn new(policy: Arc<Policy>, me: RegionId, seed: u64, now: Timestamp) -> Self {
        assert!(me.index() < policy.regions.len(), "the node stands in a region of its policy");
        let spread =
            |period: Span, purpose: u64| now + Span(mix(seed ^ purpose ^ u64::from(me.0) << 32) % period.0.max(1));
        let state = State {
            me,
            seed,
            jobs: Jobs::default(),
            ended: Recent::new(policy.caps.ended_jobs as usize),
            sticky: sticky::Sticky::default(),
            regions: policy.ids().map(|id| Region::new(id, me, now)).collect(),
            refused: Vec::new(),
            panic: false,
            version: 0,
            unknown: BTreeMap::new(),
            listed_at: Timestamp::ZERO,
            listing: None,
            started_at: now,
            next_probe: now,
            next_reconcile: spread(policy.github.reconcile_every, 1),
            next_sweep: spread(policy.github.sweep_every, 2),
            next_rotation: now + policy.caps.ended_for,
        };
        Self { policy, state, floor: (0, 0) }
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The region this node stands in.
    #[must_use]
    pub const fn me(&self) -> RegionId {
        self.state.me
    }

    /// The phase of a region as this node sees it.
    #[must_use]
    pub fn phase(&self, region: RegionId) -> Phase {
        self.state.regions[region.index()].phase()
    }

    /// The hold of a region as this node knows it.
    #[must_use]
    pub fn hold(&self, region: RegionId) -> Hold {
        self.state.regions[region.index()].hold
    }

    /// Whether a region spills, as this node sees it.
    #[must_use]
    pub fn spilling(&self, region: RegionId) -> bool {
        self.state.regions[region.index()].pressure.spilling()
    }

    /// The load of a region by its last report; of nothing where there was none yet.
    #[must_use]
    pub fn load_of(&self, region: RegionId) -> probe::Load {
        *self.state.regions[region.index()].pressure.load()
    }

    /// Whether this node believes no phase at all.
    #[must_use]
    pub const fn in_panic(&self) -> bool {
        self.state.panic
    }

    /// Open jobs this node holds.
    #[must_use]
    pub fn open_jobs(&self) -> usize {
        self.state.jobs.len()
    }

    /// Runs remembered, ended jobs remembered, swapped runners: what may grow, for tests of the limits.
    #[must_use]
    pub fn remembered(&self) -> [usize; 4] {
        let s = &self.state;
        [s.sticky.len(), s.ended.len(), s.jobs.swapped(), s.unknown.len()]
    }

    /// The regions that admit work of their own, by this node's view: invariant I1.
    #[must_use]
    pub fn admitting(&self) -> usize {
        self.state.regions.iter().filter(|region| admits(region)).count()
    }

    /// The state of a job as this node knows it, in words, with where it was placed last.
    #[must_use]
    pub fn job_state(&self, job: JobId) -> Option<(String, RegionId)> {
        self.state.jobs.get(job).map(|job| (format!("{:?}", job.state), job.ticket.region))
    }

    /// Whether this node does the work that one node should do: it is the first region, by id, whose node is up and
    /// not failed over, as this node sees it. Two nodes may both think so for a while; everything they do then is
    /// safe to do twice.
    fn is_first(&self) -> bool {
        let up = |region: &&Region| {
            region.is_own()
                || !(region.phase().is_closed() || region.is_silent(&self.policy.failover, self.last_seen()))
        };
        self.state.regions.iter().find(up).is_some_and(Region::is_own)
    }

    /// The time of the last probe round: silence is judged by it.
    fn last_seen(&self) -> Timestamp {
        self.state.next_probe - self.policy.failover.probe_every
    }

    fn phases(&self) -> PerRegion<Phase> {
        let mut phases = PerRegion::<Phase>::default();
        for region in &self.state.regions {
            phases[region.id.index()] = region.phase();
        }
        phases
    }

    fn on_wake(&mut self, now: Timestamp, out: &mut Out) {
        while let Some((fired, thing)) = self.state.jobs.deadlines.pop(now) {
            self.on_deadline(thing, fired, now, out);
        }
        if now >= self.state.next_probe {
            self.state.next_probe = now + self.policy.failover.probe_every;
            self.probe_all(now, out);
        }
        if now >= self.state.next_reconcile {
            self.state.next_reconcile = now + self.policy.github.reconcile_every;
            self.reconcile(out);
        }
        if now >= self.state.next_sweep {
            self.state.next_sweep = now + self.policy.github.sweep_every;
            if self.is_first() {
                out.effects.push(Effect::GitHub(github::Command::Sweep));
            }
        }
        if now >= self.state.next_rotation {
            self.state.next_rotation = now + self.policy.caps.ended_for;
            self.state.ended.rotate();
            self.state.refused.retain(|(_, _, until)| *until > now);
        }
    }
}

impl Machine for Controller {
    type Event = Event;
    type Effect = Effect;

    fn handle(&mut self, now: Timestamp, event: Event, out: &mut Out) {
        match event {
            Event::Enqueue(enqueue::Event::Sent { placement }) => self.on_sent(placement, now, out),
            Event::Enqueue(enqueue::Event::Failed { placement, region, failure }) => {
                self.on_send_failed(placement, region, failure, now, out);
            }
            Event::GitHub(github::Event::Queued { jobs, complete }) => {
                self.on_queued_list(&jobs, complete, now, out);
            }
            Event::GitHub(github::Event::Failed { .. }) => {}
            Event::Notice(notice::Event::PlacementFailed { ticket, failure }) => {
                self.on_placement_failed(&ticket, failure, now, out);
            }
            Event::Operator(event) => self.on_operator(event, now, out),
            Event::Probe(event) => self.on_probe(event, now, out),
            Event::Started => self.on_started_up(now, out),
            Event::Table(event) => self.on_table(event, now, out),
            Event::Wake => self.on_wake(now, out),
            Event::Webhook(event) => self.on_webhook(event, now, out),
        }
    }

    fn next_wake(&self) -> Option<Wake> {
        let s = &self.state;
        let mut wake = Wake { at: s.next_probe, reason: WakeReason::Probe };
        let others = [
            (Some(s.next_reconcile.min(s.next_sweep)), WakeReason::Reconcile),
            (Some(s.next_rotation), WakeReason::Deadline),
            (s.jobs.deadlines.next(), WakeReason::Deadline),
        ];
        for (at, reason) in others {
            if let Some(at) = at.filter(|at| *at < wake.at) {
                wake = Wake { at, reason };
            }
        }
        Some(wake)
    }

    fn check(&self) -> Result<(), Violation> {
        let s = &self.state;
        let broken = |invariant, what: String| Err(Violation { invariant, what });
        if !s.regions.iter().any(admits) && !s.panic && s.regions.iter().all(|r| r.hold == Hold::Open) {
            return broken("I1", "no region admits work, and this is no panic".to_owned());
        }
        if s.jobs.deadlines.len() < s.jobs.len() {
            return broken("I3", format!("{} jobs share {} deadlines", s.jobs.len(), s.jobs.deadlines.len()));
        }
        if s.jobs.len() > (self.policy.caps.open_jobs as usize).max(self.floor.0) {
            return broken("limit", format!("{} open jobs", s.jobs.len()));
        }
        if s.sticky.len() > (self.policy.sticky.max_entries as usize).max(self.floor.1) {
            return broken("limit", format!("{} remembered runs", s.sticky.len()));
        }
        Ok(())
    }
}

/// Whether a region admits work of its own.
fn admits(region: &Region) -> bool {
    !region.phase().is_closed() && region.hold != Hold::Drained
}
