//! Tasks and their states. Knows one task's life as data; must not know budgets or breakers.

use crate::deadline::{Deadlines, Due, Entry};
use crate::id::PlacementId;
use crate::map::IdMap;
use crate::port::Ticket;
use crate::port::dequeue::Receipt;
use crate::slab::Slab;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a task stands, in the order of its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum State {
    /// Is the attempt still current?
    Confirming,
    /// Waits to register, or to register again, at its deadline.
    BeforeRegister,
    /// GitHub is asked for a runner of its name.
    Registering,
    /// GitHub has one already; its owner is looked up at the deadline.
    OwnerUnknown,
    /// Waits to launch again at its deadline.
    BeforeLaunch,
    /// ECS is asked.
    Launching,
    /// Accepted, not online yet.
    Starting,
    /// Not online in time: GitHub is asked to take it off its list, so that no job can reach it when it is stopped.
    Withdrawing,
    /// Its runner is connected: idle or at work.
    Online,
    /// Online for long: is it idle?
    CheckingIdle,
    /// GitHub is asked to take it off its list.
    Removing,
    /// ECS is asked to stop it.
    Stopping,
}

impl State {
    /// Whether ECS accepted it.
    pub(crate) fn is_launched(self) -> bool {
        self >= Self::Starting
    }

    /// Whether its runner came up.
    pub(crate) fn is_online(self) -> bool {
        matches!(self, Self::Online | Self::CheckingIdle | Self::Removing)
    }
}

/// One placement that a dispatcher makes capacity for. What most turns look at lies first, and in one line of memory.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[repr(C, align(64))]
pub(crate) struct Task {
    pub(crate) due: Due,
    pub(crate) since: Timestamp,
    pub(crate) receipt: Receipt,
    /// Whether its message is a stale hint, good only if its own job waits.
    pub(crate) stale: bool,
    pub(crate) state: State,
    pub(crate) registered: bool,
    pub(crate) spot: bool,
    /// On the way out because it is surplus, and not because it failed to start.
    pub(crate) surplus: bool,
    /// Whether the table said that its runner is taken. It may say so of a runner of the same name in another region, so
    /// GitHub is asked when it is still there after a while.
    #[serde(default)]
    pub(crate) taken: bool,
    /// Whether GitHub may have registered it without our hearing of it.
    #[serde(default)]
    pub(crate) unheard: bool,
    pub(crate) tries: u8,
    pub(crate) ticket: Ticket,
    /// When its message is seen again unless it is kept hidden.
    pub(crate) visible_at: Timestamp,
    /// When it was last confirmed to be current.
    pub(crate) confirmed_at: Timestamp,
}

/// All tasks of a dispatcher.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tasks {
    index: IdMap<u32>,
    rows: Slab<Task>,
    /// The task that was looked up last, by its key, and its row: a turn is about one task and asks for it again and again.
    #[serde(skip)]
    last: Option<(u64, u32)>,
    pub(crate) deadlines: Deadlines,
}

impl Tasks {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Task> {
        self.rows.iter().map(|(_, task)| task)
    }

    #[inline]
    fn slot(&mut self, key: u64) -> Option<u32> {
        match self.last {
            Some((last, slot)) if last == key => Some(slot),
            Some(_) | None => self.find(key),
        }
    }

    #[inline(never)]
    fn find(&mut self, key: u64) -> Option<u32> {
        let slot = *self.index.get(key)?;
        self.last = Some((key, slot));
        Some(slot)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, placement: PlacementId) -> Option<&mut Task> {
        let slot = self.slot(placement.word())?;
        self.rows.get_mut(slot)
    }

    /// Lets the processor fetch where the task of a placement is told, which will be asked soon.
    #[inline]
    pub(crate) fn prefetch(&self, placement: PlacementId) {
        self.index.prefetch(placement.word());
    }

    /// The task whose deadline fired, if it is really due. A task that is not where it was has ended, or was received anew and
    /// has a deadline of its own.
    pub(crate) fn is_due(&mut self, thing: Entry, fired: Timestamp, now: Timestamp) -> Option<&mut Task> {
        let place = if thing.place == Entry::NOWHERE { self.find(thing.id)? } else { thing.place };
        self.deadlines.prefetch_upcoming(&self.index, &self.rows);
        let task = self.rows.get_mut(place).filter(|task| task.ticket.placement.word() == thing.id)?;
        if !self.deadlines.is_due(Entry { place, ..thing }, &mut task.due, fired, now) {
            return None;
        }
        self.last = Some((thing.id, place));
        Some(task)
    }

    pub(crate) fn insert(&mut self, task: Task) {
        let key = task.ticket.placement.word();
        let slot = self.rows.insert(task);
        let before = self.index.insert(key, slot);
        assert!(before.is_none(), "{} is held twice", task.ticket.placement);
        self.last = Some((key, slot));
    }

    pub(crate) fn remove(&mut self, placement: PlacementId) -> Option<Task> {
        let slot = self.index.remove(placement.word())?;
        self.last = None;
        self.rows.remove(slot)
    }

    pub(crate) fn set_deadline(&mut self, placement: PlacementId, at: Timestamp, now: Timestamp) {
        let key = placement.word();
        let Some(place) = self.slot(key) else { return };
        if let Some(task) = self.rows.get_mut(place) {
            self.deadlines.set(Entry { id: key, place }, &mut task.due, at, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn what_most_turns_look_at_lies_in_one_line() {
        assert!(offset_of!(Task, ticket) + offset_of!(Ticket, placement) + size_of::<PlacementId>() <= 64);
    }
}
