//! Sending a placement to the queue of its region. Knows the message; must not know SQS.

use super::{Failure, Ticket};
use crate::id::{PlacementId, RegionId};
use serde::{Deserialize, Serialize};

/// What a controller asks of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Command {
    /// Send the ticket to the queue of `ticket.region`; the placement is the deduplication id.
    Send {
        /// The message.
        ticket: Ticket,
    },
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// The queue has it.
    Sent {
        /// Which placement.
        placement: PlacementId,
    },
    /// The queue is not known to have it.
    Failed {
        /// Which placement.
        placement: PlacementId,
        /// Where it was to go.
        region: RegionId,
        /// Why.
        failure: Failure,
    },
}
