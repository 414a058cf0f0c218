//! An operator's orders. Knows what may be ordered; must not know who is allowed to.

use crate::id::RegionId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What an operator may order for a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verb {
    /// Go on with the proposed failover.
    Approve,
    /// Take nothing new, let the rest finish.
    Drain,
    /// Place what is queued there elsewhere, now.
    Evacuate,
    /// Do not go on with the proposed failover.
    Reject,
    /// Take work again.
    Resume,
}

/// An order with its stamp: of two orders for a region the later one stands, then that of the lower node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// When it was given.
    pub at: Timestamp,
    /// The node it was given to.
    pub node: RegionId,
    /// What.
    pub verb: Verb,
}

/// What an operator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// For which region.
    pub region: RegionId,
    /// What.
    pub verb: Verb,
}
