//! The virtual Global Tables: claims and node records, replicated with a lag. Knows writers, replicas and when a write
//! is seen where; must not know machines.
//!
//! A record's key is the job and its writer, so each has one writer and "last writer wins" has nothing to decide; a
//! reader joins what its replica shows ([`Standing::join`]). Nothing is scheduled per write: a write carries the times
//! at which each replica shows it.

mod lag;
mod nodes;
mod record;

use lag::LAG_MAX;
pub(crate) use lag::LagModel;
use record::{Held, Item, Record, View};

use prefetch_index::prefetch_index;
use std::collections::VecDeque;
use tidegate_core::id::{JobId, MAX_REGIONS, PerRegion, PlacementId, RegionId, RegionSet};
use tidegate_core::map::IdMap;
use tidegate_core::port::confirm::Verdict;
use tidegate_core::port::table::{Claim, Mark, Standing};
use tidegate_core::port::{Stage, Ticket};
use tidegate_core::slab::Slab;
use tidegate_core::{Span, Timestamp};

/// Links of who serves whom that are followed at the most.
const CHAIN_MAX: u64 = 64;

/// The claims table and the records of the nodes.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    index: IdMap<u32>,
    items: Slab<Item>,
    /// All but the newest of each item.
    older: Slab<Record>,
    /// Ended jobs by the time their item goes, each with the place where that was.
    expiring: VecDeque<(Timestamp, u64, u32)>,
    /// Jobs with a write that is held back from some replica.
    held: Vec<u64>,
    pub(crate) nodes: nodes::Nodes,
    pub(crate) lags: LagModel,
    /// Writes so far, without what is over 32 bits.
    number: u32,
    /// Writes and reads by replica, for the bill.
    pub(crate) writes: PerRegion<u64>,
    pub(crate) reads: PerRegion<u64>,
}

/// What a claim came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claimed {
    /// Written.
    Yes,
    /// The replica knows better.
    No(Standing),
}

impl Table {
    pub(crate) fn new(lags: LagModel) -> Self {
        Self {
            index: IdMap::new(),
            items: Slab::default(),
            older: Slab::default(),
            expiring: VecDeque::new(),
            held: Vec::new(),
            nodes: nodes::Nodes::default(),
            lags,
            number: 0,
            writes: [0; MAX_REGIONS],
            reads: [0; MAX_REGIONS],
        }
    }

    fn is_shown(&self, record: &Record, replica: RegionId, now: Timestamp) -> bool {
        if replica == record.writer {
            return record.at <= now;
        }
        if record.held.contains(replica) {
            return false;
        }
        let sent = if record.late.contains(replica) { record.released_at } else { record.at };
        let age = now.since(sent);
        sent <= now && (age >= LAG_MAX || age >= self.lags.lag(u64::from(record.write), record.writer, replica))
    }

    /// What the records of an item say together, as far as they are shown.
    fn view(&self, item: &Item, shown: impl Fn(&Record) -> bool) -> Option<View> {
        let says = |record: &Record| if shown(record) { Some(record.view) } else { record.before };
        item.records(&self.older).filter_map(says).reduce(View::join)
    }

    fn item(&self, job: JobId) -> Option<&Item> {
        self.items.get(*self.index.get(job.0)?)
    }

    /// Lets the processor fetch where the item of a job is told, which will be asked soon.
    #[inline]
    pub(crate) fn prefetch(&self, job: JobId) {
        self.index.prefetch(job.0);
    }

    /// The same for the item.
    #[inline]
    pub(crate) fn prefetch_item(&self, job: JobId) {
        if let Some(slot) = self.index.get(job.0) {
            self.items.prefetch(*slot);
        }
    }

    /// What a replica shows of a job.
    pub(crate) fn standing(&self, job: JobId, replica: RegionId, now: Timestamp) -> Option<Standing> {
        let item = self.item(job)?;
        self.view(item, |record| self.is_shown(record, replica, now)).map(View::standing)
    }

    /// Writes a record of `writer`. The version before is kept for the replicas that do not show the new one yet; when
    /// some replica does not even show that, the new version is another record of the same writer.
    fn write(
        &mut self,
        slot: u32,
        writer: RegionId,
        change: impl FnOnce(&mut View, &mut u16),
        held: RegionSet,
        now: Timestamp,
    ) {
        self.number = self.number.wrapping_add(1);
        let item = self.items.get_mut(slot).expect("the caller has it");
        let shown = |before: &Record| before.held.is_empty() && now.since(before.at.max(before.released_at)) >= LAG_MAX;
        match item.latest_mut(&mut self.older, writer) {
            Some(record) if shown(record) => {
                record.before = Some(record.view);
                (record.at, record.write) = (now, self.number);
                (record.held, record.late, record.released_at) = (held, RegionSet::EMPTY, Timestamp::ZERO);
                change(&mut record.view, &mut record.claimed);
            }
            before => {
                let before = before.map(|before| (before.view, before.claimed));
                let fresh = || (View::fresh(item.placement.run_attempt, item.region), 0);
                let (mut view, mut claimed) = before.unwrap_or_else(fresh);
                change(&mut view, &mut claimed);
                let next = self.older.insert(item.first);
                item.first = Record { next, ..Record::new(writer, view, claimed, held, self.number, now) };
            }
        }
        self.note_held(slot, held);
    }

    /// Remembers which items have a write that is held back.
    fn note_held(&mut self, slot: u32, held: RegionSet) {
        if held.is_empty() {
            return;
        }
        let item = self.items.get_mut(slot).expect("the caller has it");
        if std::mem::replace(&mut item.held, Held::Yes) != Held::Yes {
            self.held.push(item.placement.job.0);
        }
    }

    /// Writes a claim where what the replica shows yields to it, see [`Standing::yields_to`]. `global`: judged on the
    /// latest versions anywhere (strong mode).
    pub(crate) fn claim(
        &mut self,
        ticket: Ticket,
        writer: RegionId,
        held: RegionSet,
        global: bool,
        now: Timestamp,
    ) -> Claimed {
        self.expire(now);
        let (job, placement) = (ticket.placement.job, ticket.placement);
        let shown = |record: &Record| global || self.is_shown(record, writer, now);
        let found = self.index.get(job.0).copied();
        let item = found.and_then(|slot| self.items.get(slot));
        let known = item.and_then(|item| self.view(item, shown)).map(View::standing);
        let own = item.and_then(|item| item.records(&self.older).find(|record| record.writer == writer));
        let made = |own: &Record| (own.view.run_attempt, own.claimed) == (placement.run_attempt, placement.attempt);
        let claimed = own.is_some_and(made);
        self.reads[writer.index()] += 1;
        if let Some(standing) = known.filter(|standing| !standing.yields_to(&ticket, claimed)) {
            return Claimed::No(standing);
        }
        self.writes[writer.index()] += 1;
        let new = View::claim(&ticket);
        let Some(slot) = found else {
            self.number = self.number.wrapping_add(1);
            let first = Record::new(writer, new, placement.attempt, held, self.number, now);
            let slot = self.items.insert(Item::new(ticket, first));
            self.index.insert(job.0, slot);
            self.note_held(slot, held);
            return Claimed::Yes;
        };
        let item = self.items.get_mut(slot).expect("just found");
        if placement >= item.placement {
            (item.ticket, item.placement, item.region) = (ticket, placement, ticket.region);
        }
        // Once more, because the answer was lost: what has been marked since stays.
        let says = |view: &View| (view.attempt, view.region) == (placement.attempt, ticket.region);
        let note = |view: &mut View, attempt: &mut u16| {
            if !(claimed && says(view)) {
                *view = new;
            }
            *attempt = placement.attempt;
        };
        self.write(slot, writer, note, held, now);
        Claimed::Yes
    }

    /// Marks a job's stage, and that a runner is taken.
    pub(crate) fn mark(&mut self, mark: &Mark, writer: RegionId, held: RegionSet, keep: Span, now: Timestamp) {
        let Mark { job, stage, runner, unmade, .. } = *mark;
        self.writes[writer.index()] += 1;
        if let Some(slot) = self.index.get(job.0).copied() {
            let own = runner.filter(|runner| runner.job == job).or(unmade);
            let region = self.items.get(slot).expect("indexed").region_of(own);
            let note = |view: &mut View, _: &mut u16| {
                view.stage = view.stage.max(stage);
                if let Some(own) = own.filter(|_| region.is_some()) {
                    view.note_taken(own, region, job);
                }
                view.served_by = view.served_by.max(runner.map_or(0, |runner| runner.job.0));
            };
            self.write(slot, writer, note, held, now);
            if stage == Stage::Ended {
                self.expiring.push_back((now + keep, job.0, slot));
            }
        }
        if let Some(runner) = runner.filter(|runner| runner.job != job)
            && let Some(slot) = self.index.get(runner.job.0).copied()
        {
            self.writes[writer.index()] += 1;
            let region = self.items.get(slot).expect("indexed").region_of(Some(runner));
            self.write(slot, writer, |view, _| view.note_taken(runner, region, job), held, now);
        }
    }

    /// Whether the runner of a placement is wanted, as a replica shows it. A job served by another's runner leaves its
    /// own to that other one, so the chain of who serves whom is followed to whoever still waits (rule 1).
    pub(crate) fn verdict(
        &mut self,
        placement: PlacementId,
        region: RegionId,
        replica: RegionId,
        now: Timestamp,
    ) -> Verdict {
        let (verdict, reads) = self.judge(placement, region, replica, now);
        self.reads[replica.index()] += reads;
        verdict
    }

    /// The verdict, and how many items were read for it.
    fn judge(&self, placement: PlacementId, region: RegionId, replica: RegionId, now: Timestamp) -> (Verdict, u64) {
        let shown = |record: &Record| self.is_shown(record, replica, now);
        let Some(view) = self.item(placement.job).and_then(|item| self.view(item, shown)) else {
            return (Verdict::Unknown, 1);
        };
        if let Some(verdict) = view.standing().judge(placement, region) {
            return (verdict, 1);
        }
        let mut next = view.served_by;
        for reads in 1..=CHAIN_MAX {
            if next == 0 || next == placement.job.0 {
                return (Verdict::Over { consumed: false }, reads);
            }
            // A link that is not shown, or no more, cannot tell that nobody waits.
            let Some(view) = self.item(JobId(next)).and_then(|item| self.view(item, shown)) else {
                return (Verdict::Owed, reads);
            };
            if view.stage == Stage::Placed {
                return (Verdict::Owed, reads);
            }
            next = view.served_by;
        }
        (Verdict::Owed, CHAIN_MAX)
    }

    /// A page of open claims by ascending job.
    pub(crate) fn open(
        &mut self,
        after: Option<JobId>,
        limit: u32,
        replica: RegionId,
        now: Timestamp,
    ) -> (Vec<Claim>, bool) {
        let shown = |record: &Record| self.is_shown(record, replica, now);
        let mut claims: Vec<Claim> = Vec::new();
        for (_, item) in self.items.iter().filter(|(_, item)| after.is_none_or(|a| item.placement.job > a)) {
            let Some(view) = self.view(item, shown).filter(|view| view.stage != Stage::Ended) else {
                continue;
            };
            let writer = self.writer_of(item, view.attempt, shown);
            claims.push(Claim { ticket: item.ticket, standing: view.standing(), writer });
        }
        claims.sort_by_key(|claim| claim.ticket.placement.job);
        let more = claims.len() > limit as usize;
        claims.truncate(limit as usize);
        self.reads[replica.index()] += claims.len() as u64;
        (claims, more)
    }

    /// Who wrote an attempt first, as far as that is shown.
    fn writer_of(&self, item: &Item, attempt: u16, shown: impl Fn(&Record) -> bool) -> RegionId {
        let wrote = |record: &&Record| shown(record) && record.view.attempt == attempt;
        item.records(&self.older).filter(wrote).last().map_or(item.region, |record| record.writer)
    }

    /// Takes ended items away whose time has come.
    fn expire(&mut self, now: Timestamp) {
        while let Some((at, job, slot)) = self.expiring.front().copied() {
            if at > now {
                return;
            }
            self.expiring.pop_front();
            prefetch_index(self.expiring.as_slices().0, 8); // a few lines ahead; nothing is wrong where it ends before
            if let Some((_, job, slot)) = self.expiring.get(1) {
                self.index.prefetch(*job);
                self.items.prefetch(*slot);
            }
            // It is long out of the caches, so the index is not asked where it is, unless it is there no more.
            let there = self.items.get(slot).is_some_and(|item| item.placement.job.0 == job);
            if let Some(slot) = if there { Some(slot) } else { self.index.get(job).copied() }
                && self.items.get(slot).is_some_and(|item| item.held == Held::No && self.has_ended(item))
            {
                self.index.remove(job);
                let item = self.items.remove(slot).expect("indexed");
                self.drop_records(item.first.next);
            }
        }
    }

    fn has_ended(&self, item: &Item) -> bool {
        self.view(item, |_| true).is_some_and(|view| view.stage == Stage::Ended)
    }

    fn drop_records(&mut self, mut at: u32) {
        while let Some(record) = self.older.remove(at) {
            at = record.next;
        }
    }

    /// Regions exchange writes again: what was held back is on its way.
    pub(crate) fn release(&mut self, reaches: impl Fn(RegionId, RegionId) -> bool, keep: Span, now: Timestamp) {
        for job in std::mem::take(&mut self.held) {
            let Some(slot) = self.index.get(job).copied() else { continue };
            let item = self.items.get_mut(slot).expect("indexed");
            let mut still = false;
            let mut next = Some(&mut item.first);
            while let Some(record) = next {
                for to in record.held.iter().filter(|to| reaches(record.writer, *to)) {
                    record.held = record.held.without(to);
                    record.late = record.late.with(to);
                    record.released_at = now;
                }
                still |= !record.held.is_empty();
                let at = record.next;
                next = self.older.get_mut(at);
            }
            item.held = if still { Held::Yes } else { Held::No };
            if still {
                self.held.push(job);
            } else {
                // It may have ended long ago, and nobody would take it away any more.
                self.expiring.push_back((now + keep, job, slot));
            }
        }
        self.nodes.release(reaches, &self.lags, now);
    }

    /// Writes that some replica does not show and will not until something heals.
    pub(crate) fn held_back(&self) -> usize {
        self.held.len()
    }
}
