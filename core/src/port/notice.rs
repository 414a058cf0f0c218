//! What a dispatcher tells the controller of its own node. One way, data only; must not know either machine.

use super::{Failure, Ticket};
use serde::{Deserialize, Serialize};

/// A notice. The two machines of a node live and die together, so a notice is not lost on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// This placement has no capacity here and gets none: place the job again.
    PlacementFailed {
        /// The placement.
        ticket: Ticket,
        /// Why.
        failure: Failure,
    },
}
