//! Runners beyond one for each job: how many there were, and how many there may be. Knows launches, and what journals tell of
//! them; must not know what a test did to its regions.

use super::SURVIVORS;
use super::phases::facts;
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

/// Whether a survivor gave up a region that was not lost, as it may on a machine that is short of time: whoever waited there
/// is placed once more.
fn is_false_alarm(fleet: &Fleet) -> bool {
    let alarm = |fact: &Fact| matches!(fact, Fact::PhaseChanged { region, to: Phase::Evacuating, .. } if region.0 != 0);
    count(fleet, &SURVIVORS, alarm) > 0
}

/// No more runners than jobs, but for so many, for those that were given up, and for a second one of each job if nodes erred.
/// For journals that nobody writes any more.
#[track_caller]
pub(super) fn assert_surplus(fleet: &Fleet, jobs: usize, allowed: usize) {
    let surplus = launches(fleet).saturating_sub(jobs);
    let (late, alarm) = (given_up(fleet), is_false_alarm(fleet));
    let most = allowed + late + if alarm { jobs } else { 0 };
    assert!(surplus <= most, "{surplus} runners more than {jobs} jobs: {allowed} are allowed, {late} were late");
}
