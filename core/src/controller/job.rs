//! Open jobs and their states. Knows one job's life as data; must not know regions' health or how a region is chosen.

use crate::deadline::{Deadlines, Due, Entry};
use crate::fact::WaitReason;
use crate::id::{JobId, PlacementId, RegionId};
use crate::map::IdMap;
use crate::port::{Failure, Ticket};
use crate::slab::Slab;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a job stands, in the order of its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum State {
    /// No placement; tried again at the deadline.
    Waiting(WaitReason),
    /// The claim is being written.
    Claiming,
    /// The message is being sent.
    Enqueuing,
    /// Capacity is coming, here or by another node's doing.
    Placed,
    /// A runner has it.
    Started,
}

/// An open job. What most turns look at lies first, and in one line of memory.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[repr(C, align(64))]
pub(crate) struct Job {
    pub(crate) due: Due,
    /// Since when it is in its state.
    pub(crate) since: Timestamp,
    /// Whose runner is expected to serve it: its own, unless runners were swapped.
    pub(crate) cover: PlacementId,
    pub(crate) state: State,
    /// The region in which that runner is made: where it matters whether there is a queue, or an evacuation.
    pub(crate) cover_region: RegionId,
    /// Tries of the effect in flight, or waits in a row.
    pub(crate) tries: u8,
    /// Whether the effect of its state is under way: its answer may be overdue. Else it waits to be tried again.
    pub(crate) asked: bool,
    /// Whether the claim of this attempt is durable.
    pub(crate) claimed: bool,
    /// Whether reconcile found it.
    pub(crate) recovered: bool,
    /// The last failure.
    pub(crate) failure: Option<Failure>,
    /// The current placement, or the last one.
    pub(crate) ticket: Ticket,
    /// Since when that runner is being made. It goes with the runner from job to job: one that never comes is found out
    /// by its own age, not by that of those who wait for it in turn.
    pub(crate) cover_since: Timestamp,
    /// When GitHub's list showed it last.
    pub(crate) listed_at: Timestamp,
}

/// Stands for the runner of another job until the table tells whether there is one, and of which placement.
pub(crate) const fn any_of(job: JobId) -> PlacementId {
    PlacementId { job, run_attempt: 0, attempt: 0 }
}

impl Job {
    /// Whether the runner of this placement is the one that is to serve it.
    pub(crate) fn waits_for(&self, runner: PlacementId) -> bool {
        self.cover == runner && self.state != State::Started
    }

    /// Whether its own runner is coming, as far as a process knows that came up at `started_at`: what an earlier one was
    /// sending may have been lost with it.
    pub(crate) fn is_coming(&self, started_at: Timestamp) -> bool {
        match self.state {
            State::Waiting(_) | State::Claiming => false,
            State::Enqueuing => self.since >= started_at,
            State::Placed | State::Started => true,
        }
    }

    /// Whether nobody may have made the runner that is to serve it: the table is asked, see [`any_of`].
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.cover == any_of(self.cover.job) && self.cover.job != self.ticket.placement.job
    }
}

/// All open jobs of a node.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Jobs {
    index: IdMap<u32>,
    rows: Slab<Job>,
    /// The job that was looked up last, and its row: a turn is about one job and asks for it again and again.
    #[serde(skip)]
    last: Option<(JobId, u32)>,
    /// For a runner that will not serve the job it was made for, by its placement: the job it is expected to serve.
    covers: IdMap<JobId>,
    pub(crate) deadlines: Deadlines,
}

impl Jobs {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Lets the processor fetch where the row of a job is told, which will be asked soon.
    #[inline]
    pub(crate) fn prefetch(&self, id: JobId) {
        self.index.prefetch(id.0);
    }

    #[inline]
    fn slot(&self, id: JobId) -> Option<u32> {
        match self.last {
            Some((last, slot)) if last == id => Some(slot),
            Some(_) | None => self.find(id),
        }
    }

    #[inline(never)]
    fn find(&self, id: JobId) -> Option<u32> {
        self.index.get(id.0).copied()
    }

    #[inline]
    pub(crate) fn get(&self, id: JobId) -> Option<&Job> {
        self.rows.get(self.slot(id)?)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: JobId) -> Option<&mut Job> {
        let slot = self.slot(id)?;
        self.last = Some((id, slot));
        self.rows.get_mut(slot)
    }

    /// Sets the deadline of a job.
    #[inline]
    pub(crate) fn set_deadline(&mut self, id: JobId, at: Timestamp, now: Timestamp) {
        let Some(place) = self.slot(id) else { return };
        self.last = Some((id, place));
        if let Some(job) = self.rows.get_mut(place) {
            self.deadlines.set(Entry { id: id.0, place }, &mut job.due, at, now);
        }
    }

    /// The job whose deadline fired, if it is really due. A job that is not where it was has ended, or was taken in anew and has
    /// a deadline of its own.
    pub(crate) fn is_due(&mut self, thing: Entry, fired: Timestamp, now: Timestamp) -> Option<&Job> {
        let id = JobId(thing.id);
        let place = if thing.place == Entry::NOWHERE { self.find(id)? } else { thing.place };
        self.deadlines.prefetch_upcoming(&self.index, &self.rows);
        let job = self.rows.get_mut(place).filter(|job| job.ticket.placement.job == id)?;
        if !self.deadlines.is_due(Entry { place, ..thing }, &mut job.due, fired, now) {
            return None;
        }
        self.last = Some((id, place));
        Some(job)
    }

    pub(crate) fn insert(&mut self, job: Job) {
        let id = job.ticket.placement.job;
        let slot = self.rows.insert(job);
        let before = self.index.insert(id.0, slot);
        assert!(before.is_none(), "job {} is held twice", id.0);
        self.last = Some((id, slot));
    }

    pub(crate) fn remove(&mut self, id: JobId) {
        if let Some(slot) = self.index.remove(id.0) {
            self.last = None;
            self.rows.remove(slot);
        }
    }

    /// The ids of jobs for which `wanted` holds, in the order of their rows: for sweeps at a change of phase.
    pub(crate) fn select(&self, wanted: impl Fn(&Job) -> bool) -> Vec<JobId> {
        self.rows.iter().filter(|(_, job)| wanted(job)).map(|(_, job)| job.ticket.placement.job).collect()
    }

    /// The job that the runner of a placement is expected to serve, if it waits for one: see [`Job::waits_for`].
    pub(crate) fn covered_by(&self, runner: PlacementId) -> JobId {
        self.covers.get(runner.word()).copied().unwrap_or(runner.job)
    }

    /// A runner took `job`, although it was expected to serve another: that other one is now served by the runner
    /// that was expected for `job`. Every queued job keeps exactly one runner coming (rule 1).
    /// Gives the robbed job, if there is one.
    pub(crate) fn swap_covers(&mut self, runner: PlacementId, job: JobId) -> Option<JobId> {
        let robbed = self.covers.remove(runner.word()).unwrap_or(runner.job);
        let taker = self.get_mut(job)?;
        // Served by this runner from now on: what it was to be served by is free for another.
        let own = taker.ticket.placement;
        let (freed, region, since) = (std::mem::replace(&mut taker.cover, own), taker.cover_region, taker.cover_since);
        self.covers.remove(freed.word());
        let other = self.get_mut(robbed).filter(|other| robbed != job && other.waits_for(runner))?;
        (other.cover, other.cover_region, other.cover_since) = (freed, region, since);
        if freed != other.ticket.placement {
            self.covers.insert(freed.word(), robbed);
        }
        Some(robbed)
    }

    /// Notes that a runner is expected to serve `job`; false when it is to serve another already.
    pub(crate) fn note_cover(&mut self, runner: PlacementId, job: JobId) -> bool {
        *self.covers.get_or_insert_with(runner.word(), || job) == job
    }

    /// Forgets whom a runner is expected to serve.
    pub(crate) fn forget_cover(&mut self, runner: PlacementId) {
        self.covers.remove(runner.word());
    }

    /// How many runners are expected to serve another job than the one they were made for.
    pub(crate) fn swapped(&self) -> usize {
        self.covers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn what_most_turns_look_at_lies_in_one_line() {
        assert!(offset_of!(Job, ticket) + offset_of!(Ticket, placement) + size_of::<PlacementId>() <= 64);
    }
}
