//! Runners beyond one for each job: how many there were, and how many there may be. Knows launches, and what journals tell of
//! them; must not know what a test did to its regions.

use super::SURVIVORS;
use super::phases::facts;
use std::collections::BTreeSet;
use tidegate_core::Fact;
use tidegate_core::controller::phase::Phase;
use tidegate_core::port::Failure;
use tidegate_tests::rig::{Fleet, REGIONS};

/// Launches that ECS accepted, without repeats of the same token.
pub(super) fn launches(fleet: &Fleet) -> usize {
    let seen = fleet.rig.seen();
    let calls = seen["runTask"].as_array().expect("calls");
    calls.iter().filter(|call| call["accepted"] == true && call["repeated"] != true).count()
}

/// Jobs that no runner has taken yet.
pub(super) fn unstarted(fleet: &Fleet) -> usize {
    let state = fleet.rig.github_state();
    state["jobs"].as_array().expect("jobs").iter().filter(|job| job["status"] == "queued").count()
}

/// Counts facts in the journals of these nodes.
fn count(fleet: &Fleet, nodes: &[&str], what: impl Fn(&Fact) -> bool + Copy) -> usize {
    nodes.iter().map(|region| facts(fleet, region).filter(|fact| what(fact)).count()).sum()
}

/// Tasks that were given up because they were not up in time, as they may be on a machine that is short of it.
fn given_up(fleet: &Fleet) -> usize {
    count(fleet, &REGIONS, |fact| matches!(fact, Fact::LaunchFailed { failure: Failure::Stopped, .. }))
}

/// Placements made anew because a survivor gave up a region that was not lost, as it may on a machine that is short of time:
/// until it takes that region for out, it places its jobs elsewhere, and the runners there are made all the same.
#[expect(clippy::wildcard_enum_match_arm, reason = "the facts that tell of phases and placements; new ones need not")]
fn placed_for_false_alarms(fleet: &Fleet) -> usize {
    let (mut alarmed, mut placed) = (BTreeSet::new(), 0);
    for node in SURVIVORS {
        alarmed.clear();
        for fact in facts(fleet, node) {
            match fact {
                Fact::PhaseChanged { region, to: Phase::Evacuating, .. } if region.0 != 0 => {
                    alarmed.insert(region);
                }
                Fact::PhaseChanged { region, .. } => {
                    alarmed.remove(&region);
                }
                Fact::JobPlaced { placement, .. } if placement.attempt > 1 => {
                    placed += usize::from(!alarmed.is_empty())
                }
                _ => {}
            }
        }
    }
    placed
}

/// No more runners than jobs, but for so many, for those that were given up, and for those placed anew if nodes erred. For
/// journals that nobody writes any more.
#[track_caller]
pub(super) fn assert_surplus(fleet: &Fleet, jobs: usize, allowed: usize) {
    let surplus = launches(fleet).saturating_sub(jobs);
    let (late, alarms) = (given_up(fleet), placed_for_false_alarms(fleet));
    let told = format!("{allowed} are allowed, {late} were late, {alarms} were placed anew for false alarms");
    let found = format!("{surplus} runners more than {jobs} jobs: {told}");
    eprintln!("{found}");
    assert!(surplus <= allowed + late + alarms, "{found}");
}
