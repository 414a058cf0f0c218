//! What dispatchers ask of their replica and their queue, and the answers. Knows how long each call takes and how it can
//! fail; must not know why it was made.

use super::due::Due;
use super::faults::Call;
use super::queue::Poll;
use super::{REFUSAL, World};
use crate::scenario::Service;
use tidegate_core::controller;
use tidegate_core::dispatcher::{self, Effect};
use tidegate_core::id::RegionId;
use tidegate_core::port::confirm::Verdict;
use tidegate_core::port::{Failure, Ticket, confirm, dequeue, runner};
use tidegate_core::time::{Span, Timestamp};

impl World {
    pub(crate) fn submit_dispatcher(&mut self, node: RegionId, effect: Effect) {
        match effect {
            Effect::Confirm(command) => self.on_confirm(node, command),
            Effect::Dequeue(command) => self.on_dequeue(node, command),
            Effect::Notice(event) => {
                self.tell_controller(node, Span::ZERO, controller::Event::Notice(event));
            }
            Effect::Runner(command) => match command {
                runner::Command::Register { ticket } => self.on_register(node, ticket),
                runner::Command::Launch { ticket, spot } => self.on_launch(node, ticket, spot),
                runner::Command::Remove { placement, .. } => self.on_remove(node, placement),
                runner::Command::Stop { placement } => self.on_stop(node, placement),
                runner::Command::Look { placement } => self.on_look(node, placement),
            },
        }
    }

    fn on_confirm(&mut self, node: RegionId, command: confirm::Command) {
        let confirm::Command::Check { placement, region } = command;
        let now = self.agenda.now();
        let (verdict, takes) = match self.call(node, Service::Table) {
            Call::Works(factor) => {
                let takes = Span::from_secs_f64(self.streams.table_local.next() * factor);
                (self.table.verdict(placement, region, node, now), takes)
            }
            Call::Fails | Call::Throttled => (Verdict::Unavailable, REFUSAL),
        };
        self.tell_dispatcher(node, takes, dispatcher::Event::Confirm(confirm::Event { placement, verdict }));
    }

    fn on_dequeue(&mut self, node: RegionId, command: dequeue::Command) {
        let now = self.agenda.now();
        match command {
            dequeue::Command::Receive { max } => {
                let poll = Poll { max, until: now + Span::from_secs_f64(self.spec.long_poll) };
                self.queues[node.index()].poll = Some(poll);
                self.serve_poll(node);
            }
            dequeue::Command::Delete { receipt } => {
                if self.faults.any() && !matches!(self.call_queue(node), Call::Works(_)) {
                    return; // lost: the message comes back
                }
                if let Some(ticket) = self.queues[node.index()].delete(receipt, now) {
                    self.check_deleted(&ticket, now);
                }
            }
            dequeue::Command::Release { receipt, after } => self.hide(node, receipt, after),
            dequeue::Command::Extend { receipt, hidden_for } => self.hide(node, receipt, hidden_for),
        }
    }

    fn hide(&mut self, node: RegionId, receipt: dequeue::Receipt, hidden_for: Span) {
        let until = self.agenda.now() + hidden_for;
        self.queues[node.index()].extend(receipt, until);
        self.watch_hidden(node);
    }

    /// I6: a deleted message has a durable claim, or its job is over, or GitHub knows a runner of its name.
    fn check_deleted(&mut self, ticket: &Ticket, now: Timestamp) {
        let job = ticket.placement.job;
        let durable = self.github.by_id(job).is_none()
            || self.github.runner(ticket.placement).is_some()
            || self.policy.ids().any(|r| self.table.standing(job, r, now).is_some());
        if !durable {
            self.violation("I6", format!("the message of {} is deleted and nothing durable stands", ticket.placement));
        }
    }

    /// Answers the open poll of a queue if it can.
    pub(super) fn serve_poll(&mut self, region: RegionId) {
        let now = self.agenda.now();
        self.queues[region.index()].surface(now);
        let Some(poll) = self.queues[region.index()].poll else { return };
        let factor = match self.call_queue(region) {
            Call::Works(factor) => factor,
            Call::Fails | Call::Throttled => {
                self.queues[region.index()].poll = None;
                let failed = dequeue::Event::Failed { failure: Failure::Service };
                return self.tell_dispatcher(region, REFUSAL, dispatcher::Event::Dequeue(failed));
            }
        };
        let mut messages = Vec::new();
        let hidden_for = Span::from_secs_f64(self.spec.visibility_timeout);
        let queue = &mut self.queues[region.index()];
        if queue.depth > 0 {
            messages.reserve(usize::from(poll.max).min(queue.depth as usize));
            queue.receive(poll.max, hidden_for, self.spec.max_receives, now, &mut messages);
        }
        if messages.is_empty() && now < poll.until {
            if !std::mem::replace(&mut queue.poll_event, true) {
                self.agenda.schedule(poll.until, Due::PollOver { region });
            }
            return;
        }
        queue.poll = None;
        let takes = Span::from_secs_f64(self.streams.queue_receive.next() * factor);
        let host = self.queue_host[region.index()];
        let far = host != region; // a queue at home is as near as it was measured
        let wire = if far { self.net.rtt(region, host, 1.0) } else { Span::ZERO };
        let takes = takes + wire;
        self.watch_hidden(region);
        self.tell_dispatcher(region, takes, dispatcher::Event::Dequeue(dequeue::Event::Received { messages }));
    }

    /// Keeps one event for the next hidden message that may surface.
    pub(super) fn watch_hidden(&mut self, region: RegionId) {
        let now = self.agenda.now();
        let queue = &mut self.queues[region.index()];
        let earlier = |at: &Timestamp| queue.visible_event.is_none_or(|armed| *at < armed);
        if let Some(at) = queue.next_visible().filter(earlier) {
            let at = at.max(now);
            queue.visible_event = Some(at);
            self.agenda.schedule(at, Due::Visible { region });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::queue::tests::ticket;
    use std::path::Path;

    /// The event for hidden messages that lies on the agenda first, of region 0.
    fn first_visible(world: &mut World) -> Timestamp {
        std::iter::from_fn(|| world.agenda.pop())
            .find(|(_, due)| matches!(due, Due::Visible { region: RegionId(0) }))
            .expect("one is watched")
            .0
    }

    #[test]
    fn a_message_released_soon_is_seen_before_one_that_is_hidden_for_long() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/three-regions.toml");
        let scenario = crate::scenario::file::read(&path, Default::default()).expect("it ships");
        let (mut world, node) = (World::new(&scenario, 1), RegionId(0));
        let (start, mut messages) = (world.agenda.now(), Vec::new());
        world.queues[0].send(ticket(), start, start);
        world.queues[0].send(ticket(), start, start);
        world.queues[0].receive(10, Span::from_secs(30), 5, start, &mut messages);
        world.watch_hidden(node);
        world.hide(node, messages[1].receipt, Span::from_secs(1));
        let at = first_visible(&mut world);
        assert_eq!(at, start + Span::from_secs(1), "the event is moved forward");
        world.on_visible(node);
        assert_eq!(world.queues[0].depth, 1);
        assert_eq!(first_visible(&mut world), start + Span::from_secs(30), "and the other one is still watched");
    }
}
