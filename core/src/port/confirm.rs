//! The dispatcher's check that an attempt is still the current one. Knows the question; must not know the table.

use crate::id::PlacementId;
use crate::id::RegionId;
use serde::{Deserialize, Serialize};

/// What a dispatcher asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Command {
    /// Is this placement, here, the current one in the local replica?
    Check {
        /// The placement.
        placement: PlacementId,
        /// Where the dispatcher stands.
        region: RegionId,
    },
}

/// What the local replica says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It is; `consumed`: its runner is taken already.
    Current {
        /// Whether the runner of this placement is at work, be it on another job.
        consumed: bool,
    },
    /// The job itself is served by another's runner, and somebody waits to whom this one is owed in turn (rule 1); or
    /// that could not be told.
    Owed,
    /// A newer attempt stands, or the same attempt elsewhere.
    Superseded,
    /// The job is in progress or has ended: no capacity is wanted. `consumed`: but this placement's runner is taken.
    Over {
        /// Whether the runner of this placement is at work.
        consumed: bool,
    },
    /// The replica does not know the job (yet).
    Unknown,
    /// The replica does not answer.
    Unavailable,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Which placement was asked about.
    pub placement: PlacementId,
    /// What stands.
    pub verdict: Verdict,
}
