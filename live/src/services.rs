//! A region's own services as its node finds them. Knows their names; must not know how they are asked, nor what follows.

use serde::{Deserialize, Serialize};

/// Which services of a region answer its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Services {
    /// Whether the queue answers.
    pub queue: bool,
    /// Whether the cluster answers and is active.
    pub cluster: bool,
    /// Whether the local replica of the nodes table answers.
    pub nodes_table: bool,
    /// Whether the local replica of the claims table answers.
    pub claims_table: bool,
}

impl Services {
    /// Each with its name in words.
    #[must_use]
    pub const fn each(&self) -> [(&'static str, bool); 4] {
        [
            ("queue", self.queue),
            ("cluster", self.cluster),
            ("nodes table", self.nodes_table),
            ("claims table", self.claims_table),
        ]
    }

    /// Whether all of them answer.
    #[must_use]
    pub fn are_well(&self) -> bool {
        self.each().iter().all(|(_, well)| *well)
    }
}

impl Default for Services {
    /// Nothing is known against any.
    fn default() -> Self {
        Self { queue: true, cluster: true, nodes_table: true, claims_table: true }
    }
}

/// What a node's latest look at its region's services found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Which of them answer.
    pub services: Services,
    /// Messages in the queue that can be received now or later, by the last time that the queue answered.
    pub waiting: u32,
    /// Messages that were received and not deleted, by the last time that the queue answered; `None`: it never did.
    pub in_flight: Option<u32>,
}
