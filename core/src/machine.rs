//! What a state machine is, and the one loop body that runs it. Knows machines and ports by trait; must not know any
//! concrete one.

use crate::fact::Fact;
use crate::time::Timestamp;

/// A state machine: same state, same time, same event, same outbox. It cannot fail and cannot wait.
pub trait Machine {
    /// All it can hear.
    type Event;
    /// All it can ask of the world.
    type Effect;

    /// Takes one event. `now` never goes back.
    fn handle(&mut self, now: Timestamp, event: Self::Event, out: &mut Outbox<Self::Effect>);

    /// When its `Wake` event is due next, and why. May be asked at any time; changes nothing.
    fn next_wake(&self) -> Option<Wake>;

    /// The invariants that can be told from its own state in constant time.
    ///
    /// # Errors
    /// The first one that does not hold.
    fn check(&self) -> Result<(), Violation>;
}

/// What a turn produced. Reused from turn to turn, so that a turn allocates nothing.
#[derive(Clone, Debug)]
pub struct Outbox<E> {
    /// What the world is asked to do. No order among the effects of one turn.
    pub effects: Vec<E>,
    /// What happened, for measurement.
    pub facts: Vec<Fact>,
}

impl<E> Default for Outbox<E> {
    fn default() -> Self {
        Self { effects: Vec::new(), facts: Vec::new() }
    }
}

/// A machine's next deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: WakeReason,
}

/// Why a machine wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WakeReason {
    /// An answer is overdue, or a job or task has waited long enough.
    Deadline,
    /// A phase may have to change.
    Phase,
    /// Time to probe.
    Probe,
    /// Time to compare with GitHub.
    Reconcile,
}

/// An invariant of a machine's own state that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{invariant} is broken: {what}")]
pub struct Violation {
    /// Which: `I1` to `I12`, or the name of an internal one.
    pub invariant: &'static str,
    /// What was found.
    pub what: String,
}

/// The outside world, as a machine sees it. Starts the effect and returns at once; what came of it arrives later as
/// an event, or never, and then the machine's own deadline fires.
pub trait Ports<E> {
    /// Starts an effect.
    fn submit(&mut self, now: Timestamp, effect: E);
}

/// The record of all turns.
pub trait Journal<V> {
    /// An event, before it is handled.
    fn event(&mut self, now: Timestamp, event: &V);
    /// A fact, after the turn.
    fn fact(&mut self, now: Timestamp, fact: &Fact);
}

/// Runs one machine: the loop body that the simulator and the daemon share.
#[derive(Clone, Debug)]
pub struct Host<M: Machine> {
    machine: M,
    outbox: Outbox<M::Effect>,
    last: Timestamp,
}

impl<M: Machine> Host<M> {
    /// A host for a machine; no turn before `start`.
    pub fn new(machine: M, start: Timestamp) -> Self {
        Self { machine, outbox: Outbox::default(), last: start }
    }

    /// One turn: journal the event, let the machine change itself, check its invariants, write the facts, hand over
    /// the effects. Gives the machine's next deadline.
    ///
    /// # Panics
    /// When time goes back, or an invariant does not hold: a contradiction of our own making.
    pub fn turn(
        &mut self,
        now: Timestamp,
        event: M::Event,
        ports: &mut impl Ports<M::Effect>,
        journal: &mut impl Journal<M::Event>,
    ) -> Option<Wake> {
        assert!(now >= self.last, "time went back from {} to {now}", self.last);
        self.last = now;
        journal.event(now, &event);
        self.machine.handle(now, event, &mut self.outbox);
        if let Err(violation) = self.machine.check() {
            panic!("at {now}: {violation}");
        }
        for fact in &self.outbox.facts {
            journal.fact(now, fact);
        }
        self.outbox.facts.clear();
        // Most turns ask for nothing, and an empty drain is not free.
        if !self.outbox.effects.is_empty() {
            for effect in self.outbox.effects.drain(..) {
                ports.submit(now, effect);
            }
        }
        self.machine.next_wake()
    }

    /// The machine, to look at: only turns change it.
    pub const fn machine(&self) -> &M {
        &self.machine
    }
}
