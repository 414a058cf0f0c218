//! Taking messages from a region's own queue. Knows receipts; must not know SQS.

use super::{Failure, Ticket};
use crate::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// The most messages one receive brings, as in SQS.
pub const BATCH: usize = 10;

/// The right to delete or release one received message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Receipt(pub u64);

/// One received message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its receipt.
    pub receipt: Receipt,
    /// Its body.
    pub ticket: Ticket,
    /// When it was sent to the queue, by the queue's clock.
    pub enqueued_at: Timestamp,
    /// Times it was received, this one included.
    pub receives: u16,
}

/// What a dispatcher asks of its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Command {
    /// Wait for messages, `max` at the most. Answered by `Received`, empty when the wait is over, or `Failed`.
    Receive {
        /// From 1 to [`BATCH`].
        max: u8,
    },
    /// Delete a message: it is dealt with. Not answered; a lost deletion brings the message back.
    Delete {
        /// Which.
        receipt: Receipt,
    },
    /// Let a message be seen again after a while. Not answered.
    Release {
        /// Which.
        receipt: Receipt,
        /// How long it stays hidden.
        after: Span,
    },
    /// Keep a message hidden for longer from now. Not answered.
    Extend {
        /// Which.
        receipt: Receipt,
        /// How long.
        hidden_for: Span,
    },
}

/// What came of a receive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// These messages; none when the wait was over.
    Received {
        /// Oldest first, as far as the queue knows.
        messages: Vec<Message>,
    },
    /// The queue did not answer.
    Failed {
        /// Why.
        failure: Failure,
    },
}
