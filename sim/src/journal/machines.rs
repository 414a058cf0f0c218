//! The two machines of a journal's writer, taken up at the head of a segment. Knows turns; must not know what comes of them.

use super::read::{JournalError, Segment};
use std::sync::Arc;
use tidegate_core::controller::{self, Controller};
use tidegate_core::dispatcher::{self, Dispatcher};
use tidegate_core::journal::Line;
use tidegate_core::machine::{Host, Journal, Ports};
use tidegate_core::port::table::{self, Mark};
use tidegate_core::{Fact, Timestamp};

/// Where effects go: nowhere; what came of them is in the journal.
struct Nowhere;

impl<E> Ports<E> for Nowhere {
    fn submit(&mut self, _now: Timestamp, _effect: E) {}
}

/// Where the marks of a turn go; its other effects go nowhere.
struct Marks<'a, F>(&'a mut F);

impl<F: FnMut(Mark)> Ports<controller::Effect> for Marks<'_, F> {
    fn submit(&mut self, _now: Timestamp, effect: controller::Effect) {
        if let controller::Effect::Table(table::Command::Mark(mark)) = effect {
            (self.0)(mark);
        }
    }
}

/// Where the facts of a turn go.
struct Facts<'a, F>(&'a mut F);

impl<V, F: FnMut(Fact)> Journal<V> for Facts<'_, F> {
    fn event(&mut self, _now: Timestamp, _event: &V) {}

    fn fact(&mut self, _now: Timestamp, fact: &Fact) {
        (self.0)(*fact);
    }
}

/// A controller and a dispatcher that go on where a segment begins.
#[derive(Debug)]
pub struct Machines {
    controller: Host<Controller>,
    dispatcher: Host<Dispatcher>,
}

impl Machines {
    /// The machines at the head of a segment, under the policy that it was written under.
    ///
    /// # Errors
    /// When its policy or its states cannot be read any more.
    pub fn of(segment: &Segment) -> Result<Self, JournalError> {
        let (policy, head) = (Arc::new(segment.policy()?), &segment.head);
        let wrong = |error: &dyn std::fmt::Display| JournalError::Line {
            path: segment.path.display().to_string(),
            line: 1,
            message: error.to_string(),
        };
        let controller = Controller::restore(Arc::clone(&policy), head.controller.clone());
        let dispatcher = Dispatcher::restore(policy, head.dispatcher.clone());
        Ok(Self {
            controller: Host::new(controller.map_err(|error| wrong(&error))?, head.at),
            dispatcher: Host::new(dispatcher.map_err(|error| wrong(&error))?, head.at),
        })
    }

    /// Makes the turn that a line begins; `facts` is told what came of it. Of a line that begins none, nothing comes.
    ///
    /// # Panics
    /// When an invariant of a machine is broken, as it then was when the journal was written.
    pub fn turn(&mut self, line: Line, facts: impl FnMut(Fact)) {
        self.turn_with_marks(line, facts, |_| {});
    }

    /// The same; `marks` is told what the turn had marked in the table of claims.
    ///
    /// # Panics
    /// As [`Machines::turn`].
    pub fn turn_with_marks(&mut self, line: Line, mut facts: impl FnMut(Fact), mut marks: impl FnMut(Mark)) {
        match line {
            Line::Controller { at, event } => {
                self.controller.turn(at, event, &mut Marks(&mut marks), &mut Facts(&mut facts));
            }
            Line::Dispatcher { at, event } => {
                self.dispatcher.turn(at, event, &mut Nowhere, &mut Facts(&mut facts));
            }
            Line::Fact { .. } | Line::Head(_) | Line::Name(_) => {}
        }
    }

    /// Whether these stand where the others do, who were taken up under the same policy: what a restart does to a state is not
    /// counted.
    #[must_use]
    pub fn stand_as(&self, others: &Self) -> bool {
        let policy = Arc::new(self.controller.machine().policy().clone());
        let (controller, dispatcher) = self.snapshots();
        let controller = Controller::restore(Arc::clone(&policy), controller);
        let dispatcher = Dispatcher::restore(policy, dispatcher);
        let (Ok(controller), Ok(dispatcher)) = (controller, dispatcher) else { return false };
        let text = |states: (controller::Snapshot, dispatcher::Snapshot)| serde_json::to_value(states).ok();
        text((controller.snapshot(), dispatcher.snapshot())) == text(others.snapshots())
    }

    /// Their states after the last turn.
    #[must_use]
    pub fn snapshots(&self) -> (controller::Snapshot, dispatcher::Snapshot) {
        (self.controller.machine().snapshot(), self.dispatcher.machine().snapshot())
    }
}
