//! What GitHub tells us of jobs. Knows the three events of a `workflow_job`; must not know HTTP.

use super::JobSpec;
use crate::id::{JobId, Name, PlacementId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A webhook, or what reconcile learned in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "action")]
pub enum Event {
    /// `queued`: a job asks for a runner.
    JobQueued {
        /// The job.
        spec: JobSpec,
    },
    /// `in_progress`: a runner took a job. This, and not our own mapping, is the truth (rule 1).
    JobStarted {
        /// The job that runs.
        job: JobId,
        /// Its run attempt.
        run_attempt: u16,
        /// Its organization.
        organization: Name,
        /// The runner that took it, if it is one of ours.
        runner: Option<PlacementId>,
        /// When.
        started_at: Timestamp,
    },
    /// `completed`: a job ended, by whatever conclusion. May come before `queued`.
    JobCompleted {
        /// The job.
        job: JobId,
        /// Its run attempt.
        run_attempt: u16,
        /// Its organization.
        organization: Name,
        /// The runner that had it, if it was one of ours.
        runner: Option<PlacementId>,
        /// When.
        completed_at: Timestamp,
    },
}

impl Event {
    /// The job it tells of.
    #[must_use]
    pub const fn job(&self) -> JobId {
        match self {
            Self::JobQueued { spec } => spec.job,
            Self::JobStarted { job, .. } | Self::JobCompleted { job, .. } => *job,
        }
    }
}
