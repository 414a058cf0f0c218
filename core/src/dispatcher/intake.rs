//! Messages in: admission, duplicates, confirmation. Knows messages; must not know how runners are made.

use super::task::{State, Task};
use super::{ANSWER_WITHIN, CONFIRMED_FOR, Dispatcher, Effect, HIDDEN_FOR, Out, fact_dropped};
use crate::fact::{DropReason, Fact};
use crate::id::PlacementId;
use crate::port::confirm::Verdict;
use crate::port::dequeue::{self, Message};
use crate::port::table::CATCH_UP;
use crate::port::{Failure, confirm, notice};
use crate::time::{Span, Timestamp};

/// A message that no cap lets in now is seen again after so long.
const CAP_RETRY: Span = Span::from_secs(15);

impl Dispatcher {
    pub(super) fn on_received(&mut self, messages: &[Message], now: Timestamp, out: &mut Out) {
        self.state.receiving = None;
        for message in messages {
            self.take_in(message, now, out);
        }
    }

    fn take_in(&mut self, message: &Message, now: Timestamp, out: &mut Out) {
        let (ticket, me) = (&message.ticket, self.state.me);
        let placement = ticket.placement;
        if let Some(task) = self.state.tasks.get_mut(placement) {
            task.receipt = message.receipt;
            task.visible_at = now + HIDDEN_FOR;
            let launched = task.state.is_launched();
            out.facts.push(fact_dropped(placement, me, DropReason::Duplicate));
            out.effects.push(Effect::Dequeue(if launched {
                dequeue::Command::Delete { receipt: message.receipt }
            } else {
                dequeue::Command::Extend { receipt: message.receipt, hidden_for: HIDDEN_FOR }
            }));
            return;
        }
        if self.is_refused(ticket.class, false, now) {
            // The claim is durable; the controller writes a newer one.
            out.effects.push(Effect::Dequeue(dequeue::Command::Delete { receipt: message.receipt }));
            let failed = notice::Event::PlacementFailed { ticket: *ticket, failure: Failure::Capacity };
            out.effects.push(Effect::Notice(failed));
            return;
        }
        let stale = self.is_stale(message.enqueued_at, now);
        if stale && now.since(self.state.started_at) < CATCH_UP {
            // The replica has been away as long as the process: what it shows now is as old as the message.
            out.effects.push(Effect::Dequeue(dequeue::Command::Release { receipt: message.receipt, after: CATCH_UP }));
            return;
        }
        if !self.fits(ticket) {
            let release = dequeue::Command::Release { receipt: message.receipt, after: CAP_RETRY };
            out.effects.push(Effect::Dequeue(release));
            out.facts.push(Fact::CapReached { placement, region: me });
            return;
        }
        out.facts.push(Fact::JobReceived { placement, region: me, wait: now.since(message.enqueued_at) });
        self.occupy(ticket);
        self.state.tasks.insert(Task {
            ticket: *ticket,
            receipt: message.receipt,
            stale,
            state: State::Confirming,
            since: now,
            visible_at: now + HIDDEN_FOR,
            confirmed_at: Timestamp::ZERO,
            registered: false,
            spot: false,
            surplus: false,
            taken: false,
            unheard: false,
            tries: 0,
            due: Default::default(),
        });
        // The queue's own time-out may be shorter than a registration that waits for GitHub's budget.
        self.confirm(placement, now, out);
    }

    pub(super) fn confirm(&mut self, placement: PlacementId, now: Timestamp, out: &mut Out) {
        let region = self.state.me;
        out.effects.push(Effect::Confirm(confirm::Command::Check { placement, region }));
        self.state.tasks.set_deadline(placement, now + ANSWER_WITHIN, now);
    }

    /// Whether the last confirmation is fresh enough to launch on.
    pub(super) fn is_confirmed(task: &Task, now: Timestamp) -> bool {
        task.confirmed_at != Timestamp::ZERO && now.since(task.confirmed_at) <= CONFIRMED_FOR
    }

    pub(super) fn on_confirm(&mut self, event: confirm::Event, now: Timestamp, out: &mut Out) {
        let Some(task) = self.state.tasks.get_mut(event.placement) else { return };
        match task.state {
            State::Confirming => self.on_confirmed(event.placement, event.verdict, now, out),
            State::CheckingIdle => self.on_idle_checked(event.placement, event.verdict, now, out),
            State::BeforeLaunch | State::BeforeRegister | State::Launching | State::Online => {}
            State::OwnerUnknown | State::Registering | State::Removing | State::Starting | State::Stopping => {}
            State::Withdrawing => {}
        }
    }

    /// Whether a message is from before this process came up, and older than the patience of those who went on: they
    /// have looked after the job anew, and this is a stale hint (rule 4). A queue that is merely long is another matter.
    fn is_stale(&self, enqueued_at: Timestamp, now: Timestamp) -> bool {
        enqueued_at < self.state.started_at && now.since(enqueued_at) > self.policy.launch.patience()
    }

    /// Capacity is made for the current attempt, and for one the replica does not know (yet): availability over
    /// thrift, for GitHub gives each job to one runner only.
    pub(super) fn on_confirmed(&mut self, placement: PlacementId, verdict: Verdict, now: Timestamp, out: &mut Out) {
        let task = self.state.tasks.get_mut(placement).expect("the caller looked it up");
        let why = match verdict {
            Verdict::Owed | Verdict::Unknown if task.stale => Some(DropReason::Over),
            Verdict::Current { consumed: false } | Verdict::Owed | Verdict::Unavailable | Verdict::Unknown => None,
            Verdict::Superseded => Some(DropReason::Superseded),
            Verdict::Current { consumed: true } | Verdict::Over { .. } => Some(DropReason::Over),
        };
        let Some(why) = why else {
            task.confirmed_at = now;
            if task.registered {
                self.launch(placement, now, out);
            } else {
                self.register(placement, now, out);
            }
            return;
        };
        out.facts.push(fact_dropped(placement, self.state.me, why));
        self.discard(placement, out);
    }

    /// Lets an attempt go that nobody wants: message and registration with it.
    pub(super) fn discard(&mut self, placement: PlacementId, out: &mut Out) {
        let Some(task) = self.drop_task(placement) else { return };
        out.effects.push(Effect::Dequeue(dequeue::Command::Delete { receipt: task.receipt }));
        if task.registered {
            out.effects.push(Effect::Runner(crate::port::runner::Command::Remove { placement, taken: false }));
        }
    }
}
