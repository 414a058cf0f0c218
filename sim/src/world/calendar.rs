//! The world's agenda. Knows how an event lies on it; must not know what the event does.
//!
//! A [`Due`] is written field by field. Copied as a whole right after that, as an agenda must, it would make the processor wait
//! until all fields are in the cache: for longer than all the rest of scheduling takes. So it is put into two words first,
//! which go through registers.

use super::due::{Due, Handle};
use crate::agenda::Agenda;
use tidegate_core::Timestamp;
use tidegate_core::id::RegionId;
use tidegate_core::port::operator::Verb;

/// The events to come, see [`Agenda`].
#[derive(Debug)]
pub(crate) struct Calendar(Agenda<Words>);

/// An event: its kind and two small fields, four bytes; a number or a place; a generation.
#[derive(Clone, Copy, Debug)]
struct Words(u64, u64);

impl Calendar {
    pub(crate) fn new(start: Timestamp) -> Self {
        Self(Agenda::new(start))
    }

    /// See [`Agenda::now`].
    #[inline]
    pub(crate) fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// See [`Agenda::peek_time`].
    pub(crate) fn peek_time(&self) -> Option<Timestamp> {
        self.0.peek_time()
    }

    /// See [`Agenda::schedule`].
    #[inline(always)]
    pub(crate) fn schedule(&mut self, at: Timestamp, due: Due) {
        self.0.schedule(at, pack(due));
    }

    /// See [`Agenda::pop`].
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<(Timestamp, Due)> {
        let (at, words) = self.0.pop()?;
        Some((at, unpack(words)))
    }
}

/// Kind, first and second small field, number.
#[inline(always)]
const fn words(kind: u8, first: u8, second: u8, number: u32) -> Words {
    Words(kind as u64 | (first as u64) << 8 | (second as u64) << 16 | (number as u64) << 32, 0)
}

#[inline(always)]
const fn of_handle(kind: u8, handle: Handle) -> Words {
    Words(kind as u64 | (handle.slot as u64) << 32, handle.generation as u64)
}

#[inline(always)]
fn pack(due: Due) -> Words {
    match due {
        Due::Arrive => words(0, 0, 0, 0),
        Due::Deliver { region, mail } => words(1, region.0, 0, mail),
        Due::Undelivered { mail } => words(2, 0, 0, mail),
        Due::ToController { node, mail } => words(3, node.0, 0, mail),
        Due::ToDispatcher { node, mail } => words(4, node.0, 0, mail),
        Due::WakeController { node } => words(5, node.0, 0, 0),
        Due::WakeDispatcher { node } => words(6, node.0, 0, 0),
        Due::Enqueue { from, mail } => words(7, from.0, 0, mail),
        Due::Visible { region } => words(8, region.0, 0, 0),
        Due::PollOver { region } => words(9, region.0, 0, 0),
        Due::Probe { from, to, sequence } => words(10, from.0, to.0, sequence),
        Due::Online { task } => of_handle(11, task),
        Due::JobDone { task } => of_handle(12, task),
        Due::Interrupt { task } => of_handle(13, task),
        Due::RunnerLost { job } => of_handle(14, job),
        Due::Rerun { mail } => words(15, 0, 0, mail),
        Due::Stop { task } => of_handle(16, task),
        Due::Fault { number, begins } => words(17, begins as u8, 0, number as u32),
        Due::Order { region, verb } => words(18, region.0, number_of(verb), 0),
        Due::Sample => words(19, 0, 0, 0),
    }
}

#[inline(always)]
fn unpack(Words(head, tail): Words) -> Due {
    let (region, other) = (RegionId((head >> 8) as u8), RegionId((head >> 16) as u8));
    let number = (head >> 32) as u32;
    let handle = Handle { slot: number, generation: tail as u32 };
    match head as u8 {
        0 => Due::Arrive,
        1 => Due::Deliver { region, mail: number },
        2 => Due::Undelivered { mail: number },
        3 => Due::ToController { node: region, mail: number },
        4 => Due::ToDispatcher { node: region, mail: number },
        5 => Due::WakeController { node: region },
        6 => Due::WakeDispatcher { node: region },
        7 => Due::Enqueue { from: region, mail: number },
        8 => Due::Visible { region },
        9 => Due::PollOver { region },
        10 => Due::Probe { from: region, to: other, sequence: number },
        11 => Due::Online { task: handle },
        12 => Due::JobDone { task: handle },
        13 => Due::Interrupt { task: handle },
        14 => Due::RunnerLost { job: handle },
        15 => Due::Rerun { mail: number },
        16 => Due::Stop { task: handle },
        17 => Due::Fault { number: number as u16, begins: region.0 != 0 },
        18 => Due::Order { region, verb: VERBS[usize::from(other.0)] },
        19 => Due::Sample,
        _ => unreachable!("no event has this number"),
    }
}

/// An operator's orders by their numbers.
const VERBS: [Verb; 5] = [Verb::Approve, Verb::Drain, Verb::Evacuate, Verb::Reject, Verb::Resume];

const fn number_of(verb: Verb) -> u8 {
    match verb {
        Verb::Approve => 0,
        Verb::Drain => 1,
        Verb::Evacuate => 2,
        Verb::Reject => 3,
        Verb::Resume => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_on_the_agenda_comes_back() {
        let (region, node, from, to) = (RegionId(7), RegionId(6), RegionId(5), RegionId(4));
        let (mail, sequence) = (u32::MAX - 1, u32::MAX);
        let task = Handle { slot: u32::MAX - 2, generation: u32::MAX - 3 };
        let orders = VERBS.map(|verb| Due::Order { region, verb });
        let dues = [
            Due::Arrive,
            Due::Deliver { region, mail },
            Due::Undelivered { mail },
            Due::ToController { node, mail },
            Due::ToDispatcher { node, mail },
            Due::WakeController { node },
            Due::WakeDispatcher { node },
            Due::Enqueue { from, mail },
            Due::Visible { region },
            Due::PollOver { region },
            Due::Probe { from, to, sequence },
            Due::Online { task },
            Due::JobDone { task },
            Due::Interrupt { task },
            Due::RunnerLost { job: task },
            Due::Rerun { mail },
            Due::Stop { task },
            Due::Fault { number: u16::MAX, begins: true },
            Due::Fault { number: 0, begins: false },
            Due::Sample,
        ];
        for due in dues.into_iter().chain(orders) {
            assert_eq!(format!("{:?}", unpack(pack(due))), format!("{due:?}"));
        }
    }
}
