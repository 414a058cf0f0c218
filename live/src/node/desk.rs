//! What a turn writes on: the journal with the board beside it, the ends of its effects, the head of a segment. Knows where
//! each thing goes; must not know when a turn is made.

use super::board::Board;
use super::shadow::Shadow;
use crate::journal::Writer;
use crate::names::Names;
use tidegate_core::controller::{self, Controller};
use tidegate_core::dispatcher::{self, Dispatcher};
use tidegate_core::journal::{FORMAT, Head, PolicyText};
use tidegate_core::machine::{Host, Journal, Ports};
use tidegate_core::{Fact, Timestamp};

/// An effect that waits for the journal.
pub(super) enum Effect {
    Controller(controller::Effect),
    Dispatcher(dispatcher::Effect),
}

/// The journal of a turn: the writer, and beside it whoever looks at facts.
pub(super) struct Pen<'a>(pub(super) &'a mut Writer, pub(super) &'a Board, pub(super) &'a mut Option<Shadow>);

impl<V> Journal<V> for Pen<'_>
where
    Writer: Journal<V>,
{
    fn event(&mut self, at: Timestamp, event: &V) {
        Journal::<V>::event(self.0, at, event);
    }

    fn fact(&mut self, at: Timestamp, fact: &Fact) {
        Journal::<V>::fact(self.0, at, fact);
        self.1.fact(at, fact);
        if let Some(shadow) = self.2 {
            shadow.real(fact);
        }
    }
}

/// The ends of a turn's effects.
pub(super) struct Ends<'a> {
    pub(super) effects: &'a mut Vec<Effect>,
    pub(super) notices: &'a mut Vec<controller::Event>,
}

impl Ports<controller::Effect> for Ends<'_> {
    fn submit(&mut self, _now: Timestamp, effect: controller::Effect) {
        self.effects.push(Effect::Controller(effect));
    }
}

impl Ports<dispatcher::Effect> for Ends<'_> {
    fn submit(&mut self, _now: Timestamp, effect: dispatcher::Effect) {
        if let dispatcher::Effect::Notice(event) = effect {
            self.notices.push(controller::Event::Notice(event));
        } else {
            self.effects.push(Effect::Dispatcher(effect));
        }
    }
}

/// What a segment begins with.
pub(super) fn head(
    name: &str,
    segment: u64,
    at: Timestamp,
    policy: &PolicyText,
    controller: &Host<Controller>,
    dispatcher: &Host<Dispatcher>,
    names: &Names,
) -> Head {
    Head {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        node: name.to_owned(),
        segment,
        at,
        policy: policy.clone(),
        controller: controller.machine().snapshot(),
        dispatcher: dispatcher.machine().snapshot(),
        names: names.all(),
    }
}
