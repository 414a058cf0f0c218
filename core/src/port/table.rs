//! The replicated tables: claims and node records. Knows what is written and read; must not know DynamoDB.
//!
//! A claim record has one writer: its key is the job and the node that wrote it. Readers join the records of all
//! writers ([`Standing::join`]); nothing is ever overwritten by another node, so "last writer wins" never decides.

use super::{Failure, Stage, Ticket};
use crate::id::{JobId, MAX_REGIONS, PerRegion, PlacementId, RegionId};
use crate::port::confirm::Verdict;
use crate::port::operator::Order;
use crate::port::probe::Load;
use crate::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// A replica that was cut off shows all that was written meanwhile within this time after it is back. AWS says of
/// replication that it takes a second as a rule; the rest is margin.
pub const CATCH_UP: Span = Span::from_secs(15);

/// The joined truth of one job as one replica sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// GitHub's run attempt; a higher one starts the job's life anew.
    pub run_attempt: u16,
    /// The highest placement attempt.
    pub attempt: u16,
    /// Where that attempt went.
    pub region: RegionId,
    /// The furthest stage.
    pub stage: Stage,
    /// The job that took the runner of this placement, once one did: this job or another.
    pub taken_by: Option<JobId>,
}

impl Standing {
    /// Joins two views: the higher attempt wins, then the lower region; stages only grow. Commutative, associative
    /// and idempotent, so the order in which replicas learn of writes does not matter (rule 2).
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        use std::cmp::Ordering::{Equal, Greater, Less};
        match self.run_attempt.cmp(&other.run_attempt) {
            Greater => return self,
            Less => return other,
            Equal => {}
        }
        let (mut winner, loser) = match self.attempt.cmp(&other.attempt) {
            Greater => (self, other),
            Less => (other, self),
            Equal if self.region <= other.region => (self, other),
            Equal => (other, self),
        };
        winner.stage = winner.stage.max(loser.stage);
        let same = winner.attempt == loser.attempt && winner.region == loser.region;
        winner.taken_by = winner.taken_by.max(loser.taken_by.filter(|_| same));
        winner
    }
}

impl Standing {
    /// Whether a claim may be written where this is what stands. `made_here`: the node that asks wrote this very claim
    /// before, and its answer was lost.
    ///
    /// Another node's claim of the same placement may be written again, unless another job took its runner: then no
    /// runner is coming for this one, and who asks must know (rule 1).
    #[must_use]
    pub fn yields_to(self, ticket: &Ticket, made_here: bool) -> bool {
        let placement = ticket.placement;
        if placement.run_attempt != self.run_attempt {
            return placement.run_attempt > self.run_attempt;
        }
        let same = self.attempt == placement.attempt && self.region == ticket.region;
        let taken = self.taken_by.is_some_and(|taker| taker != placement.job);
        self.stage == Stage::Placed && (placement.attempt > self.attempt || same && (made_here || !taken))
    }

    /// Notes that the runner of a placement of this job, made in `region`, serves `taker`. Of the runner of an older
    /// placement than the one that stands it says nothing: the one that stands may still be coming, or be idle.
    pub fn note_taken(&mut self, runner: PlacementId, region: RegionId, taker: JobId) {
        use std::cmp::Ordering::{Equal, Greater, Less};
        match (runner.run_attempt, runner.attempt).cmp(&(self.run_attempt, self.attempt)) {
            Less => {}
            Equal => self.taken_by = self.taken_by.max(Some(taker)),
            // The region goes with its attempt, or a view of the two together would show neither.
            Greater if runner.run_attempt == self.run_attempt => {
                (self.attempt, self.region, self.taken_by) = (runner.attempt, region, Some(taker));
            }
            Greater => {}
        }
    }

    /// What this view says of a placement made in `region`; `None`: the job itself waits for nothing, and whether the
    /// runner is wanted depends on whose runner serves it.
    ///
    /// Of a job's attempts only the newest owes anybody a runner, be its job waiting or served: who waits in the job's
    /// turn waits for that one, and an older one beside it would be a runner too many (invariant I2).
    ///
    /// A replica that shows less than the message it is asked about is behind: that is no reason to drop it, for
    /// messages overtake claims (rule 2).
    #[must_use]
    pub fn judge(self, placement: PlacementId, region: RegionId) -> Option<Verdict> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        use std::cmp::Reverse;
        let shown = (self.run_attempt, self.attempt, Reverse(self.region));
        let asked = (placement.run_attempt, placement.attempt, Reverse(region));
        let (waits, taken) = (self.stage == Stage::Placed, self.taken_by.is_some());
        match shown.cmp(&asked) {
            Equal if taken && waits => Some(Verdict::Current { consumed: true }),
            Equal if taken => Some(Verdict::Over { consumed: true }),
            Equal => waits.then_some(Verdict::Current { consumed: false }),
            Greater => Some(Verdict::Superseded),
            Less if waits || self.run_attempt < placement.run_attempt => Some(Verdict::Unknown),
            Less => None,
        }
    }
}

/// What a node thinks of a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Opinion {
    /// No evidence.
    #[default]
    Unknown,
    /// It answered, and has not missed `missesToSuspect` probes in a row since; its launches do not fail.
    Well,
    /// It is silent, or its launches fail.
    Unwell,
}

/// A node's own record: written by that node alone, read by all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeRecord {
    /// When the node wrote it, by its own clock. Readers judge freshness by change, not by comparing clocks.
    pub written_at: Timestamp,
    /// Counts the node's writes.
    pub version: u64,
    /// What it thinks of each region.
    pub opinions: PerRegion<Opinion>,
    /// The newest operator's order it knows for each region.
    pub orders: PerRegion<Option<Order>>,
    /// The load of its own region.
    pub load: Load,
}

/// All nodes' records as one replica sees them.
pub type NodeRecords = [Option<NodeRecord>; MAX_REGIONS];

/// An open claim as listed from a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// The newest placement.
    pub ticket: Ticket,
    /// The joined view.
    pub standing: Standing,
    /// The node that wrote the newest attempt.
    pub writer: RegionId,
}

/// What is noted of a job's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// The job.
    pub job: JobId,
    /// Its run attempt.
    pub run_attempt: u16,
    /// The stage it came to.
    pub stage: Stage,
    /// The placement whose runner serves it, if it is one of ours.
    pub runner: Option<PlacementId>,
    /// Its own placement, if no runner of that comes: the job was served before its message was sent. Nobody must wait
    /// for that runner in its turn.
    pub unmade: Option<PlacementId>,
}

/// What a controller asks of the tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Command {
    /// Write this placement unless the replica knows an attempt as high, or the job's end. Answered by `Claimed`,
    /// `Conflict` or `Failed`.
    Claim {
        /// The placement.
        ticket: Ticket,
    },
    /// Note that the job came to a stage. Answered only by `Failed`.
    Mark(Mark),
    /// What does the replica show of a job? Answered by `Stands`, or not at all.
    Look {
        /// The job.
        job: JobId,
    },
    /// Write our own record and read all records. Answered by `Records` or `Failed`.
    Exchange {
        /// Our record.
        record: Box<NodeRecord>,
    },
    /// List the open claims, `limit` at the most, beginning after a job. Answered by `Open` or `Failed`.
    ListOpen {
        /// The last job of the page before; none for the first.
        after: Option<JobId>,
        /// The most claims in the answer.
        limit: u32,
    },
}

/// What the tables answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// The claim is written.
    Claimed {
        /// For this placement.
        placement: PlacementId,
    },
    /// The replica knows better.
    Conflict {
        /// Our placement.
        placement: PlacementId,
        /// What stands instead.
        standing: Standing,
    },
    /// The claim is not known to be written.
    ClaimFailed {
        /// For this placement.
        placement: PlacementId,
        /// Why.
        failure: Failure,
    },
    /// The mark is not known to be written.
    MarkFailed {
        /// The job.
        job: JobId,
        /// Its run attempt.
        run_attempt: u16,
        /// The stage that was to be marked.
        stage: Stage,
        /// The runner that was to be marked.
        runner: Option<PlacementId>,
    },
    /// What the replica shows of a job; `None`: nothing, or no more.
    Stands {
        /// The job.
        job: JobId,
        /// What stands.
        standing: Option<Standing>,
    },
    /// All records, as this replica sees them.
    Records {
        /// By node.
        records: Box<NodeRecords>,
    },
    /// The exchange failed: no news.
    ExchangeFailed,
    /// A page of open claims in the order of their jobs.
    Open {
        /// The claims.
        claims: Vec<Claim>,
        /// Whether there are more.
        more: bool,
    },
    /// The listing failed.
    ListFailed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_standing() -> impl Strategy<Value = Standing> {
        (1..3u16, 1..4u16, 0..3u8, 0..3u8, proptest::option::of(0..3u64)).prop_map(
            |(run_attempt, attempt, region, stage, taken_by)| {
                let stage = [Stage::Placed, Stage::Started, Stage::Ended][stage as usize];
                Standing { run_attempt, attempt, region: RegionId(region), stage, taken_by: taken_by.map(JobId) }
            },
        )
    }

    proptest! {
        #[test]
        fn the_join_does_not_care_about_order(a in any_standing(), b in any_standing(), c in any_standing()) {
            prop_assert_eq!(a.join(a), a);
            prop_assert_eq!(a.join(b), b.join(a));
            prop_assert_eq!(a.join(b).join(c), a.join(b.join(c)));
        }
    }
}
