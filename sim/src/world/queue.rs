//! A region's virtual SQS queue: visibility, duplicates, redrive, one long poll. Knows messages; must not know time's
//! source or who receives.

use std::collections::VecDeque;
use tidegate_core::port::Ticket;
use tidegate_core::port::dequeue::{Message, Receipt};
use tidegate_core::slab::Slab;
use tidegate_core::{Span, Timestamp};

/// In two lines of memory.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Row {
    ticket: Ticket,
    enqueued_at: Timestamp,
    /// Not seen before then.
    visible_at: Timestamp,
    receives: u16,
    /// Tells the receipts of this row's messages apart.
    generation: u32,
    /// Where in the life: hidden rows are in `hidden`, visible ones in `visible`.
    hidden: bool,
}

const _: () = assert!(size_of::<Option<Row>>() == 128);

/// A parked receive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Poll {
    pub(crate) max: u8,
    pub(crate) until: Timestamp,
}

/// The queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    rows: Slab<Row>,
    visible: VecDeque<(u32, u32)>,
    /// By the time they become visible; entries of messages that are gone or hidden anew are stale.
    hidden: VecDeque<(Timestamp, u32, u32)>,
    next_generation: u32,
    /// Messages waiting to be received.
    pub(crate) depth: u32,
    pub(crate) poll: Option<Poll>,
    pub(crate) poll_event: bool,
    /// When the event that shows hidden messages is due, if it lies on the agenda.
    pub(crate) visible_event: Option<Timestamp>,
    pub(crate) dead_letters: u64,
    /// Requests, for the bill.
    pub(crate) requests: u64,
    /// For Little's law: waiting messages over time, and waits of those received or dropped.
    pub(crate) little: Little,
}

/// L = lambda W on the sample path, exactly: the integral of the number waiting is the sum of the waits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Little {
    integral: u128,
    waits: u128,
    number: u64,
    at: Timestamp,
}

impl Little {
    pub(crate) fn enter(&mut self, now: Timestamp) {
        self.advance(now);
        self.number += 1;
    }

    /// One that entered at `since` leaves.
    pub(crate) fn leave(&mut self, since: Timestamp, now: Timestamp) {
        self.advance(now);
        self.number -= 1;
        self.waits += u128::from(now.since(since).0);
    }

    fn advance(&mut self, now: Timestamp) {
        if self.at != Timestamp::ZERO {
            self.integral += u128::from(self.number) * u128::from(now.since(self.at).0);
        }
        self.at = now;
    }

    /// Integral and sum of waits at the end; `inside`: since when those still inside are there.
    pub(crate) fn close(&mut self, inside: impl Iterator<Item = Timestamp>, now: Timestamp) -> (u128, u128) {
        self.advance(now);
        let rest: u128 = inside.map(|since| u128::from(now.since(since).0)).sum();
        (self.integral, self.waits + rest)
    }
}

fn receipt(slot: u32, generation: u32) -> Receipt {
    Receipt(u64::from(generation) << 32 | u64::from(slot))
}

impl Queue {
    /// A message arrives; not seen before `visible_at`.
    pub(crate) fn send(&mut self, ticket: Ticket, visible_at: Timestamp, now: Timestamp) {
        self.requests += 1;
        self.next_generation = self.next_generation.wrapping_add(1);
        let generation = self.next_generation;
        let hidden = visible_at > now;
        let slot = self.rows.insert(Row { ticket, enqueued_at: now, visible_at, receives: 0, generation, hidden });
        if hidden {
            self.hide(visible_at, slot, generation);
        } else {
            self.show(slot, now);
        }
    }

    fn show(&mut self, slot: u32, now: Timestamp) {
        let row = self.rows.get_mut(slot).expect("the caller has it");
        row.hidden = false;
        // From then on it waits: a message seen again after a failed receive waits anew.
        row.enqueued_at = if row.receives == 0 { row.enqueued_at.max(now) } else { now };
        self.little.enter(now);
        self.depth += 1;
        let generation = row.generation;
        self.visible.push_back((slot, generation));
    }

    fn hide(&mut self, until: Timestamp, slot: u32, generation: u32) {
        let at = self.hidden.partition_point(|entry| entry.0 <= until);
        self.hidden.insert(at, (until, slot, generation));
    }

    /// Takes visible messages, oldest first, and hides them until `hidden_until`. Those received too often go to the
    /// dead-letter queue.
    pub(crate) fn receive(
        &mut self,
        max: u8,
        hidden_for: Span,
        max_receives: u16,
        now: Timestamp,
        into: &mut Vec<Message>,
    ) {
        self.requests += 1;
        while into.len() < usize::from(max) {
            let Some((slot, generation)) = self.visible.pop_front() else { return };
            let Some(row) = self.rows.get_mut(slot).filter(|row| row.generation == generation && !row.hidden) else {
                continue;
            };
            self.depth -= 1;
            self.little.leave(row.enqueued_at, now);
            row.receives = row.receives.saturating_add(1);
            row.hidden = true;
            if row.receives > max_receives {
                self.dead_letters += 1;
                self.rows.remove(slot);
                continue;
            }
            // A new receipt each time: the older one is dead.
            self.next_generation = self.next_generation.wrapping_add(1);
            row.generation = self.next_generation;
            row.visible_at = now + hidden_for;
            let (ticket, enqueued_at, receives) = (row.ticket, row.enqueued_at, row.receives);
            let (until, generation) = (row.visible_at, row.generation);
            self.hide(until, slot, generation);
            into.push(Message { receipt: receipt(slot, generation), ticket, enqueued_at, receives });
        }
    }

    fn row_of(&mut self, receipt: Receipt) -> Option<(u32, &mut Row)> {
        let (slot, generation) = (receipt.0 as u32, (receipt.0 >> 32) as u32);
        let row = self.rows.get_mut(slot).filter(|row| row.generation == generation)?;
        Some((slot, row))
    }

    /// Deletes a message; gives its ticket if the receipt is still good.
    pub(crate) fn delete(&mut self, receipt: Receipt, now: Timestamp) -> Option<Ticket> {
        self.requests += 1;
        let (slot, row) = self.row_of(receipt)?;
        let visible = !row.hidden;
        let (ticket, since) = (row.ticket, row.enqueued_at);
        self.rows.remove(slot);
        if visible {
            self.depth -= 1;
            self.little.leave(since, now);
        }
        Some(ticket)
    }

    /// Hides a received message until `until`.
    pub(crate) fn extend(&mut self, receipt: Receipt, until: Timestamp) {
        self.requests += 1;
        let Some((slot, row)) = self.row_of(receipt).filter(|(_, row)| row.hidden) else { return };
        row.visible_at = until;
        let generation = row.generation;
        self.hide(until, slot, generation);
    }

    /// Shows hidden messages whose time has come, and forgets stale entries up to the first good one.
    pub(crate) fn surface(&mut self, now: Timestamp) {
        while let Some((at, slot, generation)) = self.hidden.front().copied() {
            let good = |row: &&mut Row| row.generation == generation && row.hidden && row.visible_at == at;
            let is_good = self.rows.get_mut(slot).filter(good).is_some();
            if is_good && at > now {
                return;
            }
            self.hidden.pop_front();
            if is_good {
                self.show(slot, now);
            }
        }
    }

    /// When the next hidden message becomes visible, after [`Self::surface`].
    pub(crate) fn next_visible(&self) -> Option<Timestamp> {
        self.hidden.front().map(|entry| entry.0)
    }

    /// The tickets of all messages, hidden ones too.
    pub(crate) fn tickets(&self) -> impl Iterator<Item = &Ticket> {
        self.rows.iter().map(|(_, row)| &row.ticket)
    }

    /// Since when the visible ones wait.
    pub(crate) fn waiting_since(&self) -> impl Iterator<Item = Timestamp> {
        self.rows.iter().filter(|(_, row)| !row.hidden).map(|(_, row)| row.enqueued_at)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use tidegate_core::id::{JobId, Name, PlacementId, RegionId, RegionSet, RunId};
    use tidegate_core::port::Reason;
    use tidegate_core::unit::Need;

    /// A ticket; what it says does not matter to a queue.
    pub(in crate::world) fn ticket() -> Ticket {
        Ticket {
            placement: PlacementId { job: JobId(1), run_attempt: 1, attempt: 1 },
            run: RunId(1),
            organization: Name(0),
            repository: Name(0),
            class: Name(0),
            need: Need::default(),
            region: RegionId(0),
            home: RegionId(0),
            reason: Reason::Home,
            regional: true,
            hops: 0,
            tried: RegionSet::EMPTY,
            queued_at: Timestamp(1),
            received_at: Timestamp(1),
        }
    }

    fn received(queue: &mut Queue, now: Timestamp) -> Vec<Message> {
        let mut messages = Vec::new();
        queue.receive(10, Span::from_secs(30), 5, now, &mut messages);
        messages
    }

    #[test]
    fn deleted_messages_are_not_waited_for() {
        let (mut queue, start) = (Queue::default(), Timestamp(1_000_000));
        queue.send(ticket(), start, start);
        queue.send(ticket(), start, start);
        let messages = received(&mut queue, start);
        queue.delete(messages[0].receipt, start);
        queue.extend(messages[1].receipt, start + Span::from_secs(90));
        queue.surface(start + Span::from_secs(1));
        assert_eq!(
            queue.next_visible(),
            Some(start + Span::from_secs(90)),
            "neither the deleted one's nor the old time"
        );
        queue.surface(start + Span::from_secs(90));
        assert_eq!((queue.depth, queue.next_visible()), (1, None));
    }
}
