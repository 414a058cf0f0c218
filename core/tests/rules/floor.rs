//! A bench for one dispatcher: the bench plays the queue, the table, GitHub and ECS of its region.

use crate::words::{Does, FRANKFURT, START, done, placement};
use std::sync::Arc;
use tidegate_core::dispatcher::{Dispatcher, Effect, Event};
use tidegate_core::fact::Fact;
use tidegate_core::id::PlacementId;
use tidegate_core::machine::{Host, Journal, Ports};
use tidegate_core::policy::Policy;
use tidegate_core::port::confirm::{self, Verdict};
use tidegate_core::port::dequeue::{self, Message, Receipt};
use tidegate_core::port::probe::Load;
use tidegate_core::port::runner::{self, StopCause};
use tidegate_core::port::{Failure, Ticket};
use tidegate_core::{Machine, Span, Timestamp};

pub(crate) const CURRENT: Verdict = Verdict::Current { consumed: false };

#[derive(Default)]
struct Taken(Vec<Effect>);

impl Ports<Effect> for Taken {
    fn submit(&mut self, _: Timestamp, effect: Effect) {
        self.0.push(effect);
    }
}

struct Facts<'a>(&'a mut Vec<Fact>);

impl Journal<Event> for Facts<'_> {
    fn event(&mut self, _: Timestamp, _: &Event) {}
    fn fact(&mut self, _: Timestamp, fact: &Fact) {
        self.0.push(*fact);
    }
}

/// The dispatcher of Frankfurt and its region.
pub(crate) struct Floor {
    pub(crate) now: Timestamp,
    pub(crate) facts: Vec<Fact>,
    /// The most messages it waits for now; `None`: it waits for none.
    pub(crate) receiving: Option<u8>,
    host: Host<Dispatcher>,
    policy: Arc<Policy>,
    said: Vec<Does>,
}

impl Floor {
    pub(crate) fn new(policy: Policy) -> Self {
        let policy = Arc::new(policy);
        let host = Host::new(Dispatcher::new(Arc::clone(&policy), FRANKFURT), START);
        let mut floor = Self { now: START, facts: Vec::new(), receiving: None, host, policy, said: Vec::new() };
        floor.hear(Event::Started);
        floor
    }

    pub(crate) fn machine(&self) -> &Dispatcher {
        self.host.machine()
    }

    pub(crate) fn hear(&mut self, event: Event) {
        if let Event::Dequeue(_) | Event::Started = event {
            self.receiving = None;
        }
        let mut taken = Taken::default();
        self.host.turn(self.now, event, &mut taken, &mut Facts(&mut self.facts));
        for effect in taken.0 {
            match done(&effect) {
                Some(does) => self.said.push(does),
                None => {
                    assert!(self.receiving.is_none(), "it asks for messages while it waits for some");
                    if let Effect::Dequeue(dequeue::Command::Receive { max }) = effect {
                        self.receiving = Some(max);
                    }
                }
            }
        }
    }

    /// Lets time pass, with every deadline that falls into it. A receive that comes to its end brings nothing.
    pub(crate) fn advance(&mut self, span: Span) {
        let until = self.now + span;
        for turns in 0.. {
            assert!(turns < 100_000, "the machine wakes without end at {}", self.now);
            let Some(wake) = self.machine().next_wake().filter(|wake| wake.at <= until) else { break };
            self.now = self.now.max(wake.at);
            self.receiving = None;
            self.hear(Event::Dequeue(dequeue::Event::Received { messages: Vec::new() }));
            self.hear(Event::Wake);
        }
        self.now = until;
    }

    /// Lets time pass until something is done.
    #[track_caller]
    pub(crate) fn wait(&mut self, at_most: Span) {
        let until = self.now + at_most;
        while self.said.is_empty() {
            assert!(self.now < until, "nothing was done in {at_most}");
            self.advance(Span::from_secs(1));
        }
    }

    /// All that was done since the last look, in any order: no more and no less.
    #[track_caller]
    pub(crate) fn expect(&mut self, wanted: impl IntoIterator<Item = Does>) {
        let mut wanted: Vec<Does> = wanted.into_iter().collect();
        let mut said = std::mem::take(&mut self.said);
        wanted.sort_unstable();
        said.sort_unstable();
        assert_eq!(said, wanted, "done, and wanted, at {}", self.now);
    }

    pub(crate) fn take(&mut self) -> Vec<Does> {
        std::mem::take(&mut self.said)
    }

    pub(crate) fn count(&self, wanted: impl Fn(&Fact) -> bool) -> usize {
        self.facts.iter().filter(|fact| wanted(fact)).count()
    }

    pub(crate) fn load(&mut self) -> Load {
        let now = self.now;
        self.host.machine().load(now)
    }

    /// The receipt of the message of a job's attempt.
    pub(crate) fn receipt(job: u64, attempt: u16) -> Receipt {
        Receipt(job * 100 + u64::from(attempt))
    }

    /// A message comes.
    pub(crate) fn received(&mut self, ticket: Ticket) {
        self.received_late(ticket, Span::ZERO);
    }

    /// A message that was sent so long ago.
    pub(crate) fn received_late(&mut self, ticket: Ticket, age: Span) {
        let receipt = Self::receipt(ticket.placement.job.0, ticket.placement.attempt);
        let message = Message { receipt, ticket, enqueued_at: self.now - age, receives: 1 };
        self.hear(Event::Dequeue(dequeue::Event::Received { messages: vec![message] }));
    }

    pub(crate) fn confirm(&mut self, job: u64, verdict: Verdict) {
        self.hear(Event::Confirm(confirm::Event { placement: placement(job, 1), verdict }));
    }

    fn runner(&mut self, event: runner::Event) {
        self.hear(Event::Runner(event));
    }

    pub(crate) fn registered(&mut self, job: u64) {
        self.runner(runner::Event::Registered { placement: placement(job, 1) });
    }

    pub(crate) fn register_failed(&mut self, job: u64, failure: Failure) {
        self.runner(runner::Event::RegisterFailed { placement: placement(job, 1), failure });
    }

    pub(crate) fn launched(&mut self, job: u64) {
        self.runner(runner::Event::Launched { placement: placement(job, 1) });
    }

    pub(crate) fn launch_failed(&mut self, job: u64, failure: Failure) {
        self.runner(runner::Event::LaunchFailed { placement: placement(job, 1), failure });
    }

    pub(crate) fn online(&mut self, job: u64) {
        self.runner(runner::Event::Online { placement: placement(job, 1) });
    }

    pub(crate) fn seen(&mut self, job: u64, online: Option<bool>) {
        self.runner(runner::Event::Seen { placement: placement(job, 1), online });
    }

    pub(crate) fn removed(&mut self, job: u64) {
        self.runner(runner::Event::Removed { placement: placement(job, 1) });
    }

    pub(crate) fn busy(&mut self, job: u64) {
        self.runner(runner::Event::Busy { placement: placement(job, 1) });
    }

    pub(crate) fn stopped(&mut self, job: u64, cause: StopCause) {
        self.runner(runner::Event::Stopped { placement: placement(job, 1), cause });
    }

    /// A message comes and is confirmed; its runner is registered and about to be launched.
    pub(crate) fn launching(&mut self, ticket: Ticket) {
        let PlacementId { job, .. } = ticket.placement;
        self.received(ticket);
        self.confirm(job.0, CURRENT);
        self.registered(job.0);
    }

    /// And it was accepted.
    pub(crate) fn starting(&mut self, ticket: Ticket) {
        self.launching(ticket);
        self.launched(ticket.placement.job.0);
        self.take();
    }

    /// Saves the machine, and goes on with what was saved.
    pub(crate) fn restart(&mut self) {
        let text = serde_json::to_string(&self.machine().snapshot()).expect("a snapshot is data");
        let snapshot = serde_json::from_str(&text).expect("what was written is read");
        let machine = Dispatcher::restore(Arc::clone(&self.policy), snapshot).expect("it fits");
        self.host = Host::new(machine, self.now);
        self.receiving = None;
        self.hear(Event::Started);
    }
}
