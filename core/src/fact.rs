//! What happened, for measurement. Knows every kind of fact; must not know who measures.
//!
//! Machines emit what they decided; whoever stands for GitHub and AWS (the virtual world, or the adapters of the
//! daemon) emits what was observed there. Reports fold facts and nothing else, so both are measured alike.

use crate::controller::phase::{Cause, Hold, Phase};
use crate::id::{JobId, Name, PerRegion, PlacementId, RegionId, RunId};
use crate::port::runner::StopCause;
use crate::port::{Failure, Reason};
use crate::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// What placement found of one region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Considered {
    /// Chosen.
    Chosen,
    /// Takes no work in its phase, or is held by an operator.
    Closed,
    /// Failed this job, or this class of capacity, lately.
    Failed,
    /// Above its threshold.
    Full,
    /// Not looked at: a better one was found first, or the policy has no such region.
    #[default]
    NotAsked,
    /// Outside the organization's residency.
    Residency,
    /// Its load report is too old.
    Stale,
    /// Cannot run such a job.
    Unsupported,
}

/// Where a job goes, why, and what was considered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The region.
    pub region: RegionId,
    /// Why.
    pub reason: Reason,
    /// What was found of each region.
    pub considered: PerRegion<Considered>,
}

/// Why a job waits without a placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WaitReason {
    /// Every allowed region refused or failed; tried again after a while.
    Capacity,
    /// Every region its residency allows is closed.
    Residency,
    /// No region can run such a job at all.
    Unsupported,
}

/// Why an event was not acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Why {
    /// We know this already.
    Duplicate,
    /// The job has ended.
    Ended,
    /// Too many open jobs.
    Limit,
    /// Too old to be believed.
    Old,
    /// A newer attempt stands.
    Superseded,
    /// Nothing we know of.
    Unknown,
}

/// Why an attempt was dropped by a dispatcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DropReason {
    /// The same message again.
    Duplicate,
    /// The job needs no capacity any more.
    Over,
    /// A newer attempt stands.
    Superseded,
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "fact")]
pub enum Fact {
    // -- decided by a controller
    /// A job was placed.
    JobPlaced {
        /// The placement.
        placement: PlacementId,
        /// Its workflow run.
        run: RunId,
        /// Its organization.
        organization: Name,
        /// Where it belongs.
        home: RegionId,
        /// Whether its home was active and not spilling when it was first placed.
        regional: bool,
        /// Where it goes, and why.
        decision: Decision,
    },
    /// A job waits without a placement.
    JobWaits {
        /// Which.
        job: JobId,
        /// Where it belongs.
        home: RegionId,
        /// Why.
        why: WaitReason,
    },
    /// The claim is durable.
    JobClaimed {
        /// The placement.
        placement: PlacementId,
        /// Decision to durable.
        took: Span,
    },
    /// Another attempt stands already.
    ClaimConflict {
        /// The placement that lost.
        placement: PlacementId,
    },
    /// The queue of the region has the message.
    JobEnqueued {
        /// The placement.
        placement: PlacementId,
        /// Where.
        region: RegionId,
        /// Durable to handed over.
        took: Span,
    },
    /// An effect failed and is tried again.
    Retried {
        /// For which placement.
        placement: PlacementId,
        /// Why.
        failure: Failure,
    },
    /// We gave a job up: the one visible outcome of retries that ran out.
    JobAbandoned {
        /// Which.
        job: JobId,
        /// The last failure.
        failure: Failure,
    },
    /// Reconcile found a job whose webhook we never saw.
    JobRecovered {
        /// Which.
        job: JobId,
    },
    /// A node took over jobs of another, from the table.
    JobsAdopted {
        /// Who.
        node: RegionId,
        /// How many.
        count: u32,
    },
    /// As one node sees it, a region came into another phase.
    PhaseChanged {
        /// Who sees it.
        observer: RegionId,
        /// Which region.
        region: RegionId,
        /// From.
        from: Phase,
        /// To.
        to: Phase,
        /// Why.
        cause: Cause,
    },
    /// A node proposes a failover to the operators.
    FailoverProposed {
        /// Who.
        observer: RegionId,
        /// Of which region.
        region: RegionId,
    },
    /// A region is held by an operator, or not any more.
    HoldChanged {
        /// Who sees it.
        observer: RegionId,
        /// Which region.
        region: RegionId,
        /// From now on.
        hold: Hold,
    },
    /// As one node sees it, a region began or ceased to spill.
    SpillChanged {
        /// Who sees it.
        observer: RegionId,
        /// Which region.
        region: RegionId,
        /// From now on.
        spilling: bool,
    },
    /// All regions look bad to a node: it believes none of it. Or it believes again.
    PanicChanged {
        /// Who.
        observer: RegionId,
        /// From now on.
        panic: bool,
    },
    /// An event was not acted on.
    Ignored {
        /// Why.
        why: Why,
    },
    // -- decided by a dispatcher
    /// A dispatcher with room for it received a message.
    JobReceived {
        /// The placement.
        placement: PlacementId,
        /// Where.
        region: RegionId,
        /// Enqueued to received: the queue wait.
        wait: Span,
    },
    /// An attempt was dropped.
    AttemptDropped {
        /// The placement.
        placement: PlacementId,
        /// Where.
        region: RegionId,
        /// Why.
        why: DropReason,
    },
    /// GitHub has a runner of that name: the fence across regions held.
    NameTaken {
        /// The placement.
        placement: PlacementId,
        /// Where.
        region: RegionId,
    },
    /// ECS accepted a task.
    LaunchAccepted {
        /// The placement.
        placement: PlacementId,
        /// Where.
        region: RegionId,
        /// Where the job belongs.
        home: RegionId,
        /// Whether its home was active and not spilling when it was first placed.
        regional: bool,
        /// On spot capacity.
        spot: bool,
        /// Delivery received to launch accepted.
        wait: Span,
    },
    /// A launch failed.
    LaunchFailed {
        /// The placement.
        placement: PlacementId,
        /// Where.
        region: RegionId,
        /// Why.
        failure: Failure,
    },
    /// A dispatcher's count of runners changed class: for the series of a region.
    TaskOnline {
        /// The placement.
        placement: PlacementId,
        /// Where.
        region: RegionId,
        /// Launch accepted to online.
        took: Span,
    },
    /// A task is gone.
    TaskStopped {
        /// The placement.
        placement: PlacementId,
        /// Where.
        region: RegionId,
        /// Why.
        cause: StopCause,
    },
    /// A runner that no job took was taken off GitHub's list and stopped.
    SurplusReaped {
        /// The placement.
        placement: PlacementId,
        /// Where.
        region: RegionId,
        /// How long it was idle.
        idle: Span,
    },
    /// A message was put back because a cap is reached.
    CapReached {
        /// The placement.
        placement: PlacementId,
        /// Where.
        region: RegionId,
    },
    // -- observed at GitHub and AWS
    /// A delivery was answered.
    DeliveryAcked {
        /// By the ingress of which region.
        region: RegionId,
        /// Sent to answered.
        took: Span,
    },
    /// A delivery was not answered in ten seconds and is lost.
    DeliveryLost {
        /// Of which job.
        job: JobId,
    },
    /// GitHub queued a job.
    JobQueued {
        /// Which.
        job: JobId,
        /// Where it belongs.
        home: RegionId,
    },
    /// A job is in progress.
    JobStarted {
        /// Which.
        job: JobId,
        /// Where its runner is.
        region: RegionId,
        /// Where it belongs.
        home: RegionId,
        /// Why it was placed where it was.
        reason: Reason,
        /// Whether its home was active and not spilling when it was first placed.
        regional: bool,
        /// When it was queued.
        queued_at: Timestamp,
        /// Queued to in progress.
        wait: Span,
        /// Placements it took, 1 when all went well.
        attempts: u16,
    },
    /// A job ended.
    JobCompleted {
        /// Which.
        job: JobId,
        /// Where its runner was.
        region: RegionId,
        /// When it was queued.
        queued_at: Timestamp,
        /// In progress to completed.
        ran: Span,
        /// Queued to completed.
        total: Span,
    },
    /// A job's runner was lost under it, and the job with it.
    JobLost {
        /// Which.
        job: JobId,
        /// Where.
        region: RegionId,
        /// When it was queued.
        queued_at: Timestamp,
        /// Work lost.
        ran: Span,
        /// Whether that is our doing (a reaped runner), and not the region's or spot's.
        by_us: bool,
    },
    /// A job was still queued when the measurement ended.
    JobUnstarted {
        /// Which.
        job: JobId,
        /// Where it belongs.
        home: RegionId,
        /// Whether its home was active and not spilling when it was first placed; true of one that never was.
        regional: bool,
        /// When it was queued.
        queued_at: Timestamp,
        /// Queued to the end.
        waited: Span,
    },
}
