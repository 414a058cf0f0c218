//! Where jobs were placed, as the nodes' journals tell it, and where runners were made, as ECS tells it. Knows placements and
//! launches; must not know why a job should go anywhere.

use super::phases::facts;
use std::collections::{BTreeMap, BTreeSet};
use tidegate_core::port::Reason;
use tidegate_core::{Fact, PlacementId};
use tidegate_tests::rig::{Fleet, REGIONS};

/// A decision of some node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) job: u64,
    pub(super) attempt: u16,
    pub(super) region: &'static str,
    pub(super) reason: Reason,
}

/// All placements of these jobs, by any node.
pub(super) fn placements(fleet: &Fleet, jobs: &[u64]) -> Vec<Placed> {
    let mut all = Vec::new();
    for node in REGIONS {
        for fact in facts(fleet, node) {
            if let Fact::JobPlaced { placement, decision, .. } = fact
                && jobs.contains(&placement.job.0)
            {
                all.push(Placed {
                    job: placement.job.0,
                    attempt: placement.attempt,
                    region: REGIONS[decision.region.index()],
                    reason: decision.reason,
                });
            }
        }
    }
    all
}

/// The region in which each runner was made, by its name. No two regions make one of the same name: GitHub knows one of each.
pub(super) fn made_in(fleet: &Fleet) -> BTreeMap<String, String> {
    let seen = fleet.rig.seen();
    let calls = seen["runTask"].as_array().expect("calls").iter();
    let accepted = calls.filter(|call| call["accepted"] == true);
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    accepted.map(|call| (text(&call["token"]), text(&call["region"]))).collect()
}

/// The placements that a node has under way, by its journal: its controller has not heard that the message is in the queue, or
/// its dispatcher has the message and has not seen the end of it.
#[expect(clippy::wildcard_enum_match_arm, reason = "the facts that tell of messages; new ones need not")]
pub(super) fn under_way(fleet: &Fleet, node: &str) -> BTreeSet<PlacementId> {
    let (mut on_the_way, mut received) = (BTreeSet::new(), BTreeSet::new());
    for fact in facts(fleet, node) {
        match fact {
            Fact::JobPlaced { placement, .. } => {
                on_the_way.retain(|before: &PlacementId| before.job != placement.job);
                on_the_way.insert(placement);
            }
            Fact::JobEnqueued { placement, .. } | Fact::ClaimConflict { placement } => {
                on_the_way.remove(&placement);
            }
            Fact::JobReceived { placement, .. } => {
                received.insert(placement);
            }
            Fact::AttemptDropped { placement, .. } | Fact::TaskStopped { placement, .. } => {
                received.remove(&placement);
            }
            _ => {}
        }
    }
    &on_the_way | &received
}
