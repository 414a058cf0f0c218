//! The ports: everything a machine says to the world and hears from it, as data. Knows words; must not know who
//! speaks them: the virtual world and AWS both do.
//!
//! | port | command | event | once-only by |
//! | --- | --- | --- | --- |
//! | [`webhook`] | | `JobQueued`, `JobStarted`, `JobCompleted` | job and run attempt |
//! | [`table`] | `Claim`, `Mark`, `Exchange`, `ListOpen` | `Claimed`, `Conflict`, ... | condition on the attempt |
//! | [`enqueue`] | `Send` | `Sent`, `Failed` | deduplication id = placement |
//! | [`dequeue`] | `Receive`, `Delete`, `Release` | `Received`, `Failed` | receipt |
//! | [`confirm`] | `Check` | `Current`, `Superseded`, ... | |
//! | [`runner`] | `Register`, `Launch`, `Remove`, `Stop` | `Registered`, `Launched`, ... | client token and runner name = placement |
//! | [`probe`] | `Check` | `Answered`, `Missed` | |
//! | [`github`] | `ListQueued`, `Sweep` | `Queued`, `Failed` | |
//! | [`operator`] | | orders | stamp |
//! | [`notice`] | dispatcher to the controller of the same node | | placement |

use crate::id::{JobId, Name, PlacementId, RegionId, RegionSet, RunId};
use crate::time::Timestamp;
use crate::unit::Need;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

pub mod confirm;
pub mod dequeue;
pub mod enqueue;
pub mod github;
pub mod notice;
pub mod operator;
pub mod probe;
pub mod runner;
pub mod table;
pub mod webhook;

/// A queued job as GitHub describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobSpec {
    /// GitHub's number of the job.
    pub job: JobId,
    /// GitHub's number of its workflow run.
    pub run: RunId,
    /// GitHub's count of attempts of that run, from 1; payloads without one mean 1.
    pub run_attempt: u16,
    /// Its organization.
    pub organization: Name,
    /// Its repository, `organization/repository`.
    pub repository: Name,
    /// The address the triggering push came from, where known.
    pub sender: Option<IpAddr>,
    /// Its set of labels: runners of the same class are interchangeable.
    pub class: Name,
    /// What its runner needs.
    pub need: Need,
    /// When GitHub queued it.
    pub queued_at: Timestamp,
}

/// Why a job was placed where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// Its home took it.
    Home,
    /// Its workflow run began there.
    Sticky,
    /// Its home was full.
    Spillover,
    /// Its home was unwell, or capacity failed there.
    Failover,
}

/// The body of a queue message: all a dispatcher needs to make capacity for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// Which placement.
    pub placement: PlacementId,
    /// Its workflow run.
    pub run: RunId,
    /// Its organization.
    pub organization: Name,
    /// Its repository.
    pub repository: Name,
    /// Its label class.
    pub class: Name,
    /// What the runner needs.
    pub need: Need,
    /// Where the placement went.
    pub region: RegionId,
    /// Where it belongs.
    pub home: RegionId,
    /// Why it went there.
    pub reason: Reason,
    /// Whether its home was active and not spilling when the job was first placed.
    pub regional: bool,
    /// Times it was sent on because a region was full.
    pub hops: u8,
    /// Regions that failed this job lately.
    pub tried: RegionSet,
    /// When GitHub queued the job.
    pub queued_at: Timestamp,
    /// When we received it first.
    pub received_at: Timestamp,
}

/// How far a job has come, in the order of its life; a later stage joins over an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// Placed; capacity is coming.
    #[default]
    Placed,
    /// In progress on a runner.
    Started,
    /// Ended.
    Ended,
}

/// Why an effect failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Failure {
    /// No capacity of this class in this region now.
    Capacity,
    /// The request is wrong or not allowed; trying again does not help.
    Denied,
    /// Our budget at GitHub is used up; common to all regions.
    GitHubBudget,
    /// GitHub does not answer; common to all regions.
    GitHubDown,
    /// GitHub has a runner of that name: owner unknown.
    NameTaken,
    /// A service error that may pass.
    Service,
    /// The task ended before it could serve.
    Stopped,
    /// Slow down.
    Throttled,
    /// No answer in time: it may or may not have happened.
    Timeout,
    /// The region cannot be reached.
    Unreachable,
}

/// What to do about a failure: rule 6, every launch error has a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ErrorClass {
    /// Again here, after a while.
    RetryHere,
    /// Not here for a while: another region.
    RetryElsewhere,
    /// Nowhere: somebody must look.
    Fatal,
}

impl Failure {
    /// The class of the failure.
    #[must_use]
    pub const fn class(self) -> ErrorClass {
        match self {
            Self::Capacity | Self::Unreachable => ErrorClass::RetryElsewhere,
            Self::Denied => ErrorClass::Fatal,
            Self::GitHubBudget | Self::GitHubDown | Self::NameTaken | Self::Service => ErrorClass::RetryHere,
            Self::Stopped | Self::Throttled | Self::Timeout => ErrorClass::RetryHere,
        }
    }

    /// Whether what was asked for may have happened all the same, without our hearing of it.
    #[must_use]
    pub const fn may_have_happened(self) -> bool {
        match self {
            Self::GitHubDown | Self::Service | Self::Timeout | Self::Unreachable => true,
            Self::Capacity | Self::Denied | Self::GitHubBudget | Self::NameTaken | Self::Stopped | Self::Throttled => {
                false
            }
        }
    }

    /// Whether the failure says something about the region. GitHub's errors are common to all regions and evict
    /// none (rule 7); a throttle is our own doing.
    #[must_use]
    pub const fn blames_region(self) -> bool {
        match self {
            Self::Capacity | Self::Service | Self::Stopped | Self::Timeout | Self::Unreachable => true,
            Self::Denied | Self::GitHubBudget | Self::GitHubDown | Self::NameTaken | Self::Throttled => false,
        }
    }
}
