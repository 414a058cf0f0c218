//! Nodes that end: killed, told to stop, and come up without what they knew.

use super::places::under_way;
use super::secrets::assert_no_secrets;
use super::settled::{hide_messages_briefly, wait_idle, wait_settled};
use super::surplus::{assert_surplus, launches};
use super::{PROGRAM, assert_ran_once, assert_replays, stop_nodes};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tidegate_core::PlacementId;
use tidegate_core::map::mix;
use tidegate_tests::Desk;
use tidegate_tests::rig::{Fleet, quick_policy};

/// How often a node is killed.
const POINTS: usize = 50;

/// What the moments and nodes are drawn from, unless [`SEED_VARIABLE`] says another.
const SEED: u64 = 20_261_128;

/// Takes another seed.
const SEED_VARIABLE: &str = "TIDEGATE_TEST_SEED";

/// Draws the same numbers from the same seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = mix(self.0);
        self.0 % limit
    }

    /// Mostly the home's: it takes all webhooks, and places and makes most runners.
    fn node(&mut self) -> &'static str {
        match self.below(10) {
            0 => "eu-west-1",
            1 => "ap-southeast-1",
            _ => "us-east-1",
        }
    }
}

/// The placements that the kill of a node, which has just been killed, leaves in doubt: each may lead to a runner too many.
///
/// A runner too many is made when a job is placed once more although the runner of its placement before comes, too. Who places it
/// once more has to believe that it does not come. A node forgets no placement, for its journal is written before it acts; what
/// it does not know any more is what became of the claim, the message or the launch that was under way when it was killed. That
/// is so for placements alone that it had under way, and whose jobs wait: a job at work asks for no runner, and a message that
/// lies in a queue is received there, whoever was killed. What is done about one in doubt is another placement, so that each
/// counts once, however often its node is killed.
fn in_doubt(fleet: &Fleet, node: &str) -> BTreeSet<PlacementId> {
    let state = fleet.rig.github_state();
    let waiting = state["jobs"].as_array().expect("jobs").iter().filter(|job| job["status"] == "queued");
    let waiting: BTreeSet<u64> = waiting.filter_map(|job| job["id"].as_u64()).collect();
    let under_way = under_way(fleet, node).into_iter();
    under_way.filter(|placement| waiting.contains(&placement.job.0)).collect()
}

/// Kills nodes at random moments while jobs come, and starts each again.
fn kill_again_and_again(seed: u64) {
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, &quick_policy(""));
    hide_messages_briefly(&fleet);
    let (mut draw, mut jobs, mut doubtful) = (Draw(seed), Vec::new(), BTreeSet::new());
    for _ in 0..POINTS {
        jobs.extend(fleet.rig.queue_jobs(8, 0.5));
        // Somewhere between the webhook and the end of the task.
        std::thread::sleep(Duration::from_millis(draw.below(1_500)));
        let node = draw.node();
        fleet.nodes.get_mut(node).expect("it runs").kill();
        doubtful.extend(in_doubt(&fleet, node));
        fleet.start_node(node);
    }
    let state = fleet.wait_completed(&jobs, 180);
    assert_ran_once(&state, &jobs);
    wait_settled(&fleet, 180);
    assert_no_secrets(&desk, &fleet, jobs[jobs.len() - 1]);
    stop_nodes(&mut fleet);
    assert_surplus(&fleet, jobs.len(), doubtful.len());
    assert_replays(&fleet);
}

#[test]
fn a_node_killed_with_no_warning_loses_no_job() {
    let seed = std::env::var(SEED_VARIABLE).map_or(SEED, |text| text.parse().expect("a number"));
    if let Err(cause) = std::panic::catch_unwind(|| kill_again_and_again(seed)) {
        let told = cause.downcast_ref::<String>().map_or("see above", String::as_str);
        panic!("with {SEED_VARIABLE}={seed}: {told}");
    }
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
    stop_nodes(&mut fleet);
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
