//! The dispatcher: which messages of a region's queue become tasks, within its capacity. Knows its own region; must not
//! know the controller, other regions, clocks or I/O.
//!
//! | event | file |
//! | --- | --- |
//! | messages, confirmations | `intake` |
//! | registration and launch | `launch` |
//! | online, idle, stopped | `follow` |

mod ahead;
mod budget;
mod follow;
mod intake;
mod launch;
mod snapshot;
mod task;

pub use snapshot::{Snapshot, SnapshotError};

use crate::fact::Fact;
use crate::id::{Name, PlacementId, RegionId};
use crate::machine::{Machine, Outbox, Violation, Wake, WakeReason};
use crate::map::IdMap;
use crate::policy::{Policy, Region};
use crate::port::probe::Load;
use crate::port::{Failure, Ticket, confirm, dequeue, notice, runner};
use crate::time::{Span, Timestamp};
use budget::{Breaker, Bucket, Window};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use task::{State as TaskState, Task, Tasks};

/// Everything a dispatcher hears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// From the local replica.
    Confirm(confirm::Event),
    /// From the region's queue.
    Dequeue(dequeue::Event),
    /// From GitHub and ECS.
    Runner(runner::Event),
    /// The process came up, for the first time or again.
    Started,
    /// A deadline is due.
    Wake,
}

/// Everything a dispatcher asks of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// Of the local replica.
    Confirm(confirm::Command),
    /// Of the region's queue.
    Dequeue(dequeue::Command),
    /// Of the controller of the same node.
    Notice(notice::Event),
    /// Of GitHub and ECS.
    Runner(runner::Command),
}

type Out = Outbox<Effect>;

/// How long an answer may take before it counts as timed out.
const ANSWER_WITHIN: Span = Span::from_secs(15);

/// A receive that was not answered for so long is given up: the longest poll that SQS allows, 20 s, and its answer.
const RECEIVE_WITHIN: Span = Span::from_secs(40);

/// A confirmation older than this is asked again before anything is launched on it (invariant I2).
const CONFIRMED_FOR: Span = Span::from_secs(5);

/// A message we work on is kept hidden for so long at a time.
const HIDDEN_FOR: Span = Span::from_mins(5);

/// Capacity in use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counts {
    starting: u32,
    running: u32,
    vcpu_milli: u64,
    /// By label class, where the policy caps any.
    classes: BTreeMap<Name, u32>,
    /// By organization, where the policy caps any.
    organizations: BTreeMap<Name, u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    me: RegionId,
    tasks: Tasks,
    counts: Counts,
    /// A receive is out since then.
    receiving: Option<Timestamp>,
    /// When the process came up last: messages from before it may have been looked after by others.
    started_at: Timestamp,
    /// No receive before that: the queue failed.
    receive_after: Timestamp,
    registrations: IdMap<Bucket>,
    launches: Window,
    spot: Breaker,
    /// Classes of capacity that were refused, on demand or spot, and until when.
    refused: Vec<(Name, bool, Timestamp)>,
}

/// The dispatcher of one region.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    policy: Arc<Policy>,
    state: State,
    floor: Floor,
}

/// What was held when this policy came into force. It may be more than the policy allows: then nothing is added until
/// enough has ended.
#[derive(Clone, Copy, Debug, Default)]
struct Floor {
    runners: u32,
    vcpu_milli: u64,
}

impl Dispatcher {
    /// A dispatcher in region `me`.
    #[must_use]
    pub fn new(policy: Arc<Policy>, me: RegionId) -> Self {
        assert!(me.index() < policy.regions.len(), "the dispatcher stands in a region of its policy");
        let state = State {
            me,
            tasks: Tasks::default(),
            counts: Counts::default(),
            receiving: None,
            started_at: Timestamp::ZERO,
            receive_after: Timestamp::ZERO,
            registrations: IdMap::new(),
            launches: Window::default(),
            spot: Breaker::default(),
            refused: Vec::new(),
        };
        Self { policy, state, floor: Floor::default() }
    }

    /// Counts anew under the policy in force, which may cap other classes and organizations than the one before.
    fn recount(&mut self) {
        let counts = &mut self.state.counts;
        self.floor = Floor { runners: counts.starting + counts.running, vcpu_milli: counts.vcpu_milli };
        counts.classes.clear();
        counts.organizations.clear();
        for task in self.state.tasks.iter() {
            let Ticket { class, organization, .. } = task.ticket;
            if self.policy.caps.classes.contains_key(&class) {
                *counts.classes.entry(class).or_insert(0) += 1;
            }
            if self.policy.caps.organizations.contains_key(&organization) {
                *counts.organizations.entry(organization).or_insert(0) += 1;
            }
        }
    }

    /// The region's load but for the messages waiting, which its queue knows: the driver adds them.
    #[must_use]
    pub fn load(&self, now: Timestamp) -> Load {
        let (launches, failed) = self.state.launches.totals(self.policy.failover.window, now);
        let counts = &self.state.counts;
        let limit = self.region().max_runners;
        Load { at: now, waiting: 0, starting: counts.starting, running: counts.running, limit, launches, failed }
    }

    /// Tasks held: received messages, starting and running tasks.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.state.tasks.len()
    }

    /// Starting and running.
    #[must_use]
    pub fn occupied(&self) -> (u32, u32) {
        (self.state.counts.starting, self.state.counts.running)
    }

    /// The placements held, each with whether ECS accepted its task or may have: whoever comes up after another process
    /// follows these.
    #[must_use]
    pub fn held(&self) -> Vec<(Ticket, bool)> {
        self.state.tasks.iter().map(|task| (task.ticket, task.state >= TaskState::Launching)).collect()
    }

    fn region(&self) -> &Region {
        self.policy.region(self.state.me)
    }

    /// Asks for messages when there is room for them and no request is open.
    fn want(&mut self, now: Timestamp, out: &mut Out) {
        let used = self.state.counts.starting + self.state.counts.running;
        let room = self.region().max_runners.saturating_sub(used);
        if room == 0 || self.state.receiving.is_some() || now < self.state.receive_after {
            return;
        }
        self.state.receiving = Some(now);
        let max = room.min(dequeue::BATCH as u32) as u8;
        out.effects.push(Effect::Dequeue(dequeue::Command::Receive { max }));
    }

    /// The one admission function of all paths: whether a runner of this ticket fits under every cap (invariant I5).
    fn fits(&self, ticket: &Ticket) -> bool {
        let (counts, caps, region) = (&self.state.counts, &self.policy.caps, self.region());
        let under = |used: Option<&u32>, cap: Option<&u32>| cap.is_none_or(|cap| used.copied().unwrap_or(0) < *cap);
        counts.starting + counts.running < region.max_runners
            && region.max_vcpu_milli.is_none_or(|max| counts.vcpu_milli + u64::from(ticket.need.vcpu_milli) <= max)
            && under(counts.classes.get(&ticket.class), caps.classes.get(&ticket.class))
            && under(counts.organizations.get(&ticket.organization), caps.organizations.get(&ticket.organization))
    }

    fn occupy(&mut self, ticket: &Ticket) {
        let caps = &self.policy.caps;
        let counts = &mut self.state.counts;
        counts.starting += 1;
        counts.vcpu_milli += u64::from(ticket.need.vcpu_milli);
        if caps.classes.contains_key(&ticket.class) {
            *counts.classes.entry(ticket.class).or_insert(0) += 1;
        }
        if caps.organizations.contains_key(&ticket.organization) {
            *counts.organizations.entry(ticket.organization).or_insert(0) += 1;
        }
    }

    /// Lets a task go, whatever its state, and gives its capacity back.
    fn drop_task(&mut self, placement: PlacementId) -> Option<Task> {
        let task = self.state.tasks.remove(placement)?;
        let counts = &mut self.state.counts;
        if task.state.is_online() || (task.state == TaskState::Stopping && task.surplus) {
            counts.running -= 1;
        } else {
            counts.starting -= 1;
        }
        counts.vcpu_milli -= u64::from(task.ticket.need.vcpu_milli);
        if let Some(count) = counts.classes.get_mut(&task.ticket.class) {
            *count -= 1;
        }
        if let Some(count) = counts.organizations.get_mut(&task.ticket.organization) {
            *count -= 1;
        }
        Some(task)
    }

    /// Gives a placement back to the controller: no capacity here. The message goes; the claim is durable, and the
    /// controller writes a newer one.
    fn give_back(&mut self, placement: PlacementId, failure: Failure, out: &mut Out) {
        let Some(task) = self.drop_task(placement) else { return };
        if !task.state.is_launched() {
            out.effects.push(Effect::Dequeue(dequeue::Command::Delete { receipt: task.receipt }));
        }
        if task.registered {
            out.effects.push(Effect::Runner(runner::Command::Remove { placement, taken: false }));
        }
        out.effects.push(Effect::Notice(notice::Event::PlacementFailed { ticket: task.ticket, failure }));
    }

    fn on_wake(&mut self, now: Timestamp, out: &mut Out) {
        while let Some((fired, thing)) = self.state.tasks.deadlines.pop(now) {
            self.on_deadline(thing, fired, now, out);
        }
        if self.state.receiving.is_some_and(|since| now.since(since) >= RECEIVE_WITHIN) {
            self.state.receiving = None;
        }
    }
}

impl Machine for Dispatcher {
    type Event = Event;
    type Effect = Effect;

    fn handle(&mut self, now: Timestamp, event: Event, out: &mut Out) {
        match event {
            Event::Confirm(event) => self.on_confirm(event, now, out),
            Event::Dequeue(dequeue::Event::Received { messages }) => self.on_received(&messages, now, out),
            Event::Dequeue(dequeue::Event::Failed { .. }) => {
                self.state.receiving = None;
                self.state.receive_after = now + self.policy.launch.backoff;
            }
            Event::Runner(event) => self.on_runner(event, now, out),
            Event::Started => (self.state.receiving, self.state.started_at) = (None, now),
            Event::Wake => self.on_wake(now, out),
        }
        self.want(now, out);
    }

    fn next_wake(&self) -> Option<Wake> {
        let s = &self.state;
        let room = || s.counts.starting + s.counts.running < self.region().max_runners;
        let receive = match s.receiving {
            Some(since) => since + RECEIVE_WITHIN,
            None if s.receive_after > Timestamp::ZERO && room() => s.receive_after,
            None => Timestamp::MAX,
        };
        let at = s.tasks.deadlines.next().unwrap_or(Timestamp::MAX).min(receive);
        (at < Timestamp::MAX).then_some(Wake { at, reason: WakeReason::Deadline })
    }

    fn check(&self) -> Result<(), Violation> {
        let (counts, region) = (&self.state.counts, self.region());
        let broken = |invariant, what: String| Err(Violation { invariant, what });
        let used = counts.starting + counts.running;
        if used > region.max_runners.max(self.floor.runners) {
            return broken("I5", format!("{used} runners over a limit of {}", region.max_runners));
        }
        if region.max_vcpu_milli.is_some_and(|max| counts.vcpu_milli > max.max(self.floor.vcpu_milli)) {
            return broken("I5", format!("{} mvCPU over the quota", counts.vcpu_milli));
        }
        if used as usize != self.state.tasks.len() {
            return broken("count", format!("{used} counted, {} held", self.state.tasks.len()));
        }
        if self.state.tasks.deadlines.len() < self.state.tasks.len() {
            return broken("I3", "a task has no deadline".to_owned());
        }
        Ok(())
    }
}

fn fact_dropped(placement: PlacementId, region: RegionId, why: crate::fact::DropReason) -> Fact {
    Fact::AttemptDropped { placement, region, why }
}
