//! Runners: registered at GitHub, launched as tasks. Knows their life; must not know ECS or GitHub's API.

use super::{Failure, Ticket};
use crate::id::PlacementId;
use serde::{Deserialize, Serialize};

/// What a dispatcher asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Command {
    /// Register a just-in-time runner named as the placement. Answered by `Registered` or `RegisterFailed`; a name
    /// that is taken is [`Failure::NameTaken`].
    Register {
        /// For whom.
        ticket: Ticket,
    },
    /// Launch the task of a registered runner; the placement is the client token. Answered by `Launched` or
    /// `LaunchFailed`.
    Launch {
        /// For whom.
        ticket: Ticket,
        /// On spot capacity.
        spot: bool,
    },
    /// Take an idle runner off GitHub's list. Answered by `Removed` or `Busy`; GitHub's word is final.
    Remove {
        /// Which.
        placement: PlacementId,
        /// Whether the table says that it serves a job: where GitHub does not list it, it may be at work all the same, and ends
        /// by itself. That is answered by `Busy`.
        taken: bool,
    },
    /// Stop a task. Answered by `Stopped`.
    Stop {
        /// Which.
        placement: PlacementId,
    },
    /// Is a runner of that name at work or online? Answered by `Seen`.
    Look {
        /// Which.
        placement: PlacementId,
    },
}

/// Why a task stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StopCause {
    /// Its job ended.
    Done,
    /// It never came up.
    FailedToStart,
    /// Spot capacity was taken back.
    Interrupted,
    /// Its region was lost.
    Lost,
    /// We asked for it.
    Requested,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// GitHub knows the runner.
    Registered {
        /// Which.
        placement: PlacementId,
    },
    /// GitHub did not take it.
    RegisterFailed {
        /// Which.
        placement: PlacementId,
        /// Why.
        failure: Failure,
    },
    /// ECS accepted the task.
    Launched {
        /// Which.
        placement: PlacementId,
    },
    /// ECS refused, be it with an error or with `failures[]` in a 200.
    LaunchFailed {
        /// Which.
        placement: PlacementId,
        /// Why.
        failure: Failure,
    },
    /// The runner is connected to GitHub.
    Online {
        /// Which.
        placement: PlacementId,
    },
    /// GitHub took it off its list: no job can reach it any more.
    Removed {
        /// Which.
        placement: PlacementId,
    },
    /// GitHub refused: it is at work.
    Busy {
        /// Which.
        placement: PlacementId,
    },
    /// The removal is not known to have happened.
    RemoveFailed {
        /// Which.
        placement: PlacementId,
        /// Why.
        failure: Failure,
    },
    /// A runner of that name exists: `online` or not.
    Seen {
        /// Which.
        placement: PlacementId,
        /// Whether it is connected; `None`: GitHub knows no such runner.
        online: Option<bool>,
    },
    /// The task is gone.
    Stopped {
        /// Which.
        placement: PlacementId,
        /// Why.
        cause: StopCause,
    },
}
