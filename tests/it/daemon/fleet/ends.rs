//! Nodes that end: killed, told to stop, and come up without what they knew.

use super::secrets::assert_no_secrets;
use super::settled::{wait_idle, wait_settled};
use super::surplus::{assert_surplus, launches, unstarted};
use super::{PROGRAM, assert_ran_once, assert_replays};
use std::time::{Duration, Instant};
use tidegate_tests::Desk;
use tidegate_tests::rig::{Fleet, REGIONS, quick_policy};

/// Kills the home's node at `points` moments while jobs come, and starts it again each time.
fn kill_again_and_again(points: u32) {
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, &quick_policy(""));
    let (mut jobs, mut unused) = (Vec::new(), 0);
    for point in 0..points {
        jobs.extend(fleet.rig.queue_jobs(8, 0.5));
        // Somewhere between the webhook and the end of the task; spread evenly, so that a failure can be found again.
        std::thread::sleep(Duration::from_millis(u64::from(point * 337 % 1_500)));
        fleet.nodes.get_mut("us-east-1").expect("it runs").kill();
        // Runners that have no job yet: what their node knew of them is to come back with it.
        unused += (launches(&fleet) + unstarted(&fleet)).saturating_sub(jobs.len());
        fleet.start_node("us-east-1");
    }
    let state = fleet.wait_completed(&jobs, 180);
    assert_ran_once(&state, &jobs);
    wait_idle(&fleet, 180);
    assert_no_secrets(&desk, &fleet, jobs[jobs.len() - 1]);
    for region in REGIONS {
        assert!(fleet.nodes.get_mut(region).expect("it runs").stop().success());
    }
    assert_surplus(&fleet, jobs.len(), unused);
    assert_replays(&fleet);
}

#[test]
fn a_node_killed_with_no_warning_loses_no_job() {
    kill_again_and_again(50);
}

#[test]
fn a_node_that_is_told_to_stop_under_load_ends_in_time_and_loses_nothing() {
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, &quick_policy(""));
    let mut jobs = fleet.rig.queue_jobs(40, 1.0);
    assert!(fleet.nodes.get_mut("us-east-1").expect("it runs").stop().success(), "{}", fleet.logs());
    jobs.extend(fleet.rig.queue_jobs(10, 1.0)); // GitHub's deliveries go to the next node meanwhile
    fleet.start_node("us-east-1");
    let state = fleet.wait_completed(&jobs, 120);
    assert_ran_once(&state, &jobs);
    wait_settled(&fleet, 180);
    for region in REGIONS {
        assert!(fleet.nodes.get_mut(region).expect("it runs").stop().success());
    }
    assert_replays(&fleet);
}

// Broken: nobody looks for tasks that no dispatcher holds.
#[test]
fn tasks_of_a_node_that_lost_its_journal_are_found_and_stopped() {
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, &quick_policy(""));
    let jobs = fleet.rig.queue_jobs(20, 1.0);
    let begun = Instant::now();
    while launches(&fleet) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is launched");
    }
    // Their jobs go before the runners are up, and their node goes with all it knew.
    let cancelled: Vec<u64> = jobs.iter().rev().copied().filter(|job| fleet.rig.cancel(*job)).collect();
    assert!(!cancelled.is_empty(), "every job was quicker");
    fleet.nodes.get_mut("us-east-1").expect("it runs").kill();
    std::fs::remove_dir_all(fleet.journal_of("us-east-1")).expect("its folder goes");
    fleet.start_node("us-east-1");
    wait_idle(&fleet, 120);
    assert!(fleet.nodes["us-east-1"].log_text().contains("a task that no node held is stopped"), "{}", fleet.logs());
}
