//! The virtual Global Tables: claims and node records, replicated with a lag. Knows writers, replicas and when a write
//! is seen where; must not know machines.
//!
//! A record's key is the job and its writer, so each has one writer and "last writer wins" has nothing to decide; a
//! reader joins what its replica shows ([`Standing::join`]). Nothing is scheduled per write: a write carries the times
//! at which each replica shows it.

mod nodes;

use std::collections::VecDeque;
use tidegate_core::id::{JobId, MAX_REGIONS, PerRegion, PlacementId, RegionId};
use tidegate_core::map::IdMap;
use tidegate_core::port::confirm::Verdict;
use tidegate_core::port::table::{Claim, Standing};
use tidegate_core::port::{Stage, Ticket};
use tidegate_core::slab::Slab;
use tidegate_core::{Span, Timestamp};

/// Not shown there until the regions exchange writes again.
pub(crate) const HELD: u32 = u32::MAX;

/// When each replica shows a write: microseconds after it.
pub(crate) type Lags = PerRegion<u32>;

/// One version of one writer's record.
#[derive(Clone, Copy, Debug)]
struct Record {
    at: Timestamp,
    lags: Lags,
    standing: Standing,
    writer: RegionId,
    /// The job whose runner took this job; 0: not known.
    served_by: u64,
    next: u32,
}

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Item {
    ticket: Ticket,
    head: u32,
    held: bool,
}

/// The claims table and the records of the nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    index: IdMap<u32>,
    items: Slab<Item>,
    records: Slab<Record>,
    /// Ended jobs by the time their item goes.
    expiring: VecDeque<(Timestamp, u64)>,
    /// Jobs with a write that is held back from some replica.
    held: Vec<u64>,
    pub(crate) nodes: nodes::Nodes,
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

/// What a replica shows of a job.
#[derive(Clone, Copy, Debug)]
struct View {
    standing: Standing,
    served_by: u64,
}

impl Table {
    fn is_shown(record: &Record, replica: RegionId, now: Timestamp) -> bool {
        let lag = record.lags[replica.index()];
        lag != HELD && record.at.0 + u64::from(lag) <= now.0
    }

    fn view(&self, item: &Item, shown: impl Fn(&Record) -> bool) -> Option<View> {
        let mut view: Option<View> = None;
        let mut at = item.head;
        while let Some(record) = self.records.get(at) {
            at = record.next;
            if !shown(record) {
                continue;
            }
            view = Some(match view {
                None => View { standing: record.standing, served_by: record.served_by },
                Some(view) => View {
                    standing: view.standing.join(record.standing),
                    served_by: view.served_by.max(record.served_by),
                },
            });
        }
        view
    }

    fn item(&self, job: JobId) -> Option<&Item> {
        self.items.get(*self.index.get(job.0)?)
    }

    /// What a replica shows of a job.
    pub(crate) fn standing(&self, job: JobId, replica: RegionId, now: Timestamp) -> Option<Standing> {
        let item = self.item(job)?;
        self.view(item, |record| Self::is_shown(record, replica, now)).map(|view| view.standing)
    }

    /// Writes a record of `writer`; the version before goes when every replica shows it.
    fn write(
        &mut self,
        slot: u32,
        writer: RegionId,
        change: impl FnOnce(&mut Standing, &mut u64),
        lags: Lags,
        now: Timestamp,
    ) {
        let head = self.items.get(slot).expect("the caller has it").head;
        let (mut at, mut latest) = (head, NONE);
        while let Some(record) = self.records.get(at) {
            if record.writer == writer {
                latest = at;
                break;
            }
            at = record.next;
        }
        let before = self.records.get(latest).copied();
        let ticket = self.items.get(slot).expect("the caller has it").ticket;
        let fresh = Standing {
            run_attempt: ticket.placement.run_attempt,
            attempt: 0,
            region: ticket.region,
            stage: Stage::Placed,
            consumed: false,
        };
        let (mut standing, mut served_by) = before.map_or((fresh, 0), |b| (b.standing, b.served_by));
        change(&mut standing, &mut served_by);
        let everywhere =
            before.is_some_and(|b| b.lags.iter().all(|lag| *lag != HELD && b.at.0 + u64::from(*lag) <= now.0));
        let record = Record {
            at: now,
            lags,
            standing,
            writer,
            served_by,
            next: before.filter(|_| everywhere).map_or(head, |b| b.next),
        };
        if everywhere {
            *self.records.get_mut(latest).expect("found above") = record;
        } else {
            let at = self.records.insert(record);
            self.items.get_mut(slot).expect("the caller has it").head = at;
        }
        if lags.contains(&HELD) {
            let item = self.items.get_mut(slot).expect("the caller has it");
            if !std::mem::replace(&mut item.held, true) {
                self.held.push(item.ticket.placement.job.0);
            }
        }
    }

    /// Writes a claim unless the replica shows an attempt as high, another attempt's start or the job's end. `global`:
    /// judged on the latest versions anywhere (strong mode).
    pub(crate) fn claim(
        &mut self,
        ticket: Ticket,
        writer: RegionId,
        lags: Lags,
        global: bool,
        now: Timestamp,
    ) -> Claimed {
        self.expire(now);
        let (job, placement) = (ticket.placement.job, ticket.placement);
        let shown = |record: &Record| global || Self::is_shown(record, writer, now);
        let known = self.item(job).and_then(|item| self.view(item, shown)).map(|view| view.standing);
        self.reads[writer.index()] += 1;
        if let Some(standing) = known {
            let mine = standing.attempt == placement.attempt && standing.region == ticket.region;
            let newer_run = placement.run_attempt > standing.run_attempt;
            let wanted = standing.stage == Stage::Placed && (placement.attempt > standing.attempt || mine);
            if !newer_run && !wanted {
                return Claimed::No(standing);
            }
        }
        let slot = match self.index.get(job.0) {
            Some(slot) => *slot,
            None => {
                let slot = self.items.insert(Item { ticket, head: NONE, held: false });
                self.index.insert(job.0, slot);
                slot
            }
        };
        let item = self.items.get_mut(slot).expect("just found or made");
        if placement >= item.ticket.placement {
            item.ticket = ticket;
        }
        self.writes[writer.index()] += 1;
        let new = Standing {
            run_attempt: placement.run_attempt,
            attempt: placement.attempt,
            region: ticket.region,
            stage: Stage::Placed,
            consumed: false,
        };
        self.write(
            slot,
            writer,
            |standing, served| {
                *standing = new;
                *served = 0;
            },
            lags,
            now,
        );
        Claimed::Yes
    }

    /// Marks a job's stage, and that a runner is taken.
    #[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename the arguments")]
    pub(crate) fn mark(
        &mut self,
        job: JobId,
        stage: Stage,
        runner: Option<PlacementId>,
        writer: RegionId,
        lags: Lags,
        keep: Span,
        now: Timestamp,
    ) {
        self.writes[writer.index()] += 1;
        if let Some(slot) = self.index.get(job.0).copied() {
            let consumed = runner.is_some_and(|runner| runner.job == job);
            let note = |standing: &mut Standing, served: &mut u64| {
                standing.stage = standing.stage.max(stage);
                standing.consumed |= consumed;
                *served = (*served).max(runner.map_or(0, |runner| runner.job.0));
            };
            self.write(slot, writer, note, lags, now);
            if stage == Stage::Ended {
                self.expiring.push_back((now + keep, job.0));
            }
        }
        if let Some(runner) = runner.filter(|runner| runner.job != job && stage == Stage::Started)
            && let Some(slot) = self.index.get(runner.job.0).copied()
        {
            self.writes[writer.index()] += 1;
            let take = |standing: &mut Standing, _: &mut u64| {
                standing.consumed = true;
                standing.attempt = standing.attempt.max(runner.attempt);
            };
            self.write(slot, writer, take, lags, now);
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
        self.reads[replica.index()] += 1;
        let shown = |record: &Record| Self::is_shown(record, replica, now);
        let Some(view) = self.item(placement.job).and_then(|item| self.view(item, shown)) else {
            return Verdict::Unknown;
        };
        let standing = view.standing;
        let mine = standing.attempt == placement.attempt && standing.region == region;
        let newer = standing.run_attempt > placement.run_attempt || standing.attempt > placement.attempt;
        if standing.consumed && mine {
            return if standing.stage == Stage::Placed {
                Verdict::Current { consumed: true }
            } else {
                Verdict::Over { consumed: true }
            };
        }
        if standing.stage == Stage::Placed {
            return if newer || !mine { Verdict::Superseded } else { Verdict::Current { consumed: false } };
        }
        let mut next = view.served_by;
        for _ in 0..64 {
            self.reads[replica.index()] += 1;
            if next == 0 || next == placement.job.0 {
                break;
            }
            let Some(view) = self.item(JobId(next)).and_then(|item| self.view(item, shown)) else { break };
            if view.standing.stage == Stage::Placed {
                return Verdict::Current { consumed: false };
            }
            next = view.served_by;
        }
        Verdict::Over { consumed: false }
    }

    /// A page of open claims by ascending job.
    pub(crate) fn open(
        &mut self,
        after: Option<JobId>,
        limit: u32,
        replica: RegionId,
        now: Timestamp,
    ) -> (Vec<Claim>, bool) {
        let shown = |record: &Record| Self::is_shown(record, replica, now);
        let mut claims: Vec<Claim> = Vec::new();
        for (_, item) in self.items.iter().filter(|(_, item)| after.is_none_or(|a| item.ticket.placement.job > a)) {
            let Some(view) = self.view(item, shown).filter(|view| view.standing.stage != Stage::Ended) else {
                continue;
            };
            let writer = self.writer_of(item, view.standing, shown);
            claims.push(Claim { ticket: item.ticket, standing: view.standing, writer });
        }
        claims.sort_by_key(|claim| claim.ticket.placement.job);
        let more = claims.len() > limit as usize;
        claims.truncate(limit as usize);
        self.reads[replica.index()] += claims.len() as u64;
        (claims, more)
    }

    fn writer_of(&self, item: &Item, standing: Standing, shown: impl Fn(&Record) -> bool) -> RegionId {
        let mut at = item.head;
        let mut writer = item.ticket.region;
        while let Some(record) = self.records.get(at) {
            if shown(record) && record.standing.attempt == standing.attempt {
                writer = record.writer;
            }
            at = record.next;
        }
        writer
    }

    /// Takes ended items away whose time has come.
    fn expire(&mut self, now: Timestamp) {
        while let Some((at, job)) = self.expiring.front().copied() {
            if at > now {
                return;
            }
            self.expiring.pop_front();
            if let Some(slot) = self.index.get(job).copied()
                && self.items.get(slot).is_some_and(|item| !item.held && self.has_ended(item))
            {
                self.index.remove(job);
                let item = self.items.remove(slot).expect("indexed");
                self.drop_records(item.head);
            }
        }
    }

    fn has_ended(&self, item: &Item) -> bool {
        self.view(item, |_| true).is_some_and(|view| view.standing.stage == Stage::Ended)
    }

    fn drop_records(&mut self, mut at: u32) {
        while let Some(record) = self.records.remove(at) {
            at = record.next;
        }
    }

    /// Regions exchange writes again: what was held back is shown after the lag that `lag` gives.
    pub(crate) fn release(
        &mut self,
        reaches: impl Fn(RegionId, RegionId) -> bool,
        mut lag: impl FnMut(RegionId, RegionId) -> u32,
        keep: Span,
        now: Timestamp,
    ) {
        for job in std::mem::take(&mut self.held) {
            let Some(slot) = self.index.get(job).copied() else { continue };
            let mut still = false;
            let mut at = self.items.get(slot).expect("indexed").head;
            while let Some(record) = self.records.get_mut(at) {
                for to in (0..MAX_REGIONS).map(RegionId::at) {
                    if record.lags[to.index()] != HELD {
                        continue;
                    }
                    if reaches(record.writer, to) {
                        let shown_at = now.0 + u64::from(lag(record.writer, to));
                        record.lags[to.index()] = u32::try_from(shown_at - record.at.0).unwrap_or(HELD - 1);
                    } else {
                        still = true;
                    }
                }
                at = record.next;
            }
            self.items.get_mut(slot).expect("indexed").held = still;
            if still {
                self.held.push(job);
            } else {
                // It may have ended long ago, and nobody would take it away any more.
                self.expiring.push_back((now + keep, job));
            }
        }
        self.nodes.release(reaches, lag, now);
    }

    /// Writes that some replica does not show and will not until something heals.
    pub(crate) fn held_back(&self) -> usize {
        self.held.len()
    }
}
