//! Asking GitHub what webhooks may have failed to tell. Knows the questions; must not know REST.

use super::Failure;
use super::JobSpec;
use serde::{Deserialize, Serialize};

/// Jobs in one list at the most: a hundred pages. A list as long as this may have been cut off, and who is missing from
/// it may be queued all the same.
pub const LIST_MAX: usize = 10_000;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Command {
    /// All queued jobs. Answered by `Queued` or `Failed`. Eventually consistent: of a job
    /// queued lately an absence means nothing.
    ListQueued,
    /// Have GitHub deliver the failed deliveries again. They come as ordinary webhooks.
    Sweep,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// The queued jobs GitHub lists.
    Queued {
        /// Oldest first.
        jobs: Vec<JobSpec>,
        /// Whether these are all. Of a list that is not, an absence means nothing.
        complete: bool,
    },
    /// No list, or no sweep.
    Failed {
        /// Why.
        failure: Failure,
    },
}
