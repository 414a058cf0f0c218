//! Probes of regions. Knows what an answer carries; must not know how one is sent.

use crate::id::RegionId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Command {
    /// Ask the region's node how it, its queue, its cluster and its table are. Answered by `Answered` or `Missed`.
    Check {
        /// Which region.
        region: RegionId,
        /// Counts the probes, so that a late answer is known as such.
        sequence: u32,
    },
}

/// A region's load, by its own dispatcher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Load {
    /// When it was taken, by the region's clock.
    pub at: Timestamp,
    /// Messages in the queue.
    pub waiting: u32,
    /// Tasks that are not online yet, received messages among them.
    pub starting: u32,
    /// Tasks whose runner is online.
    pub running: u32,
    /// Tasks at once at the most.
    pub limit: u32,
    /// Launches tried in the detector's window.
    pub launches: u32,
    /// How many of them failed with an error that blames the region.
    pub failed: u32,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// The node answered.
    Answered {
        /// Which region.
        region: RegionId,
        /// Which probe.
        sequence: u32,
        /// Its load.
        load: Load,
        /// Whether queue, cluster and table answer their own node.
        services_well: bool,
    },
    /// No answer in time.
    Missed {
        /// Which region.
        region: RegionId,
        /// Which probe.
        sequence: u32,
    },
}
