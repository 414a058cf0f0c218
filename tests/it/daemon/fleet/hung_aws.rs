//! AWS hangs in every region at once: GitHub must not notice. Knows how deliveries are timed; must not know who hangs for
//! how long.

use super::secrets::assert_no_secrets;
use super::settled::wait_settled;
use super::surplus::launches;
use super::{PROGRAM, assert_ran_once, assert_replays, stop_nodes, told_by_webhooks_alone};
use serde_json::{Value, json};
use tidegate_tests::Desk;
use tidegate_tests::rig::Fleet;
use tidegate_tests::wait::until;

/// A delivery is answered sooner than this, in seconds, whatever AWS does.
const ANSWERED_WITHIN: f64 = 1.0;

/// Waits until so many deliveries are answered: each taken, and in time, by GitHub's own log of them.
fn assert_answered(fleet: &Fleet, count: usize) {
    let deliveries = until(&format!("{count} deliveries to be answered"), 30, || {
        let deliveries = fleet.rig.github_state()["deliveries"].as_array().cloned().unwrap_or_default();
        if deliveries.len() >= count { Ok(deliveries) } else { Err(deliveries.len().to_string()) }
    });
    assert_eq!(deliveries.len(), count, "no job can have begun: {deliveries:?}");
    for delivery in deliveries {
        assert_eq!((&delivery["action"], &delivery["status_code"]), (&json!("queued"), &json!(202)), "{delivery}");
        assert!(delivery["duration"].as_f64().is_some_and(|took| took < ANSWERED_WITHIN), "{delivery}");
    }
}

/// Calls that hang, or hung until their caller gave up.
fn hung(fleet: &Fleet) -> u64 {
    fleet.rig.seen()["faults"].as_array().expect("faults").iter().filter_map(|fault| fault["hits"].as_u64()).sum()
}

fn wait_hung(fleet: &Fleet, more: u64) {
    let wanted = hung(fleet) + more;
    until(&format!("{wanted} calls to hang"), 60, || {
        let hung = hung(fleet);
        if hung >= wanted { Ok(()) } else { Err(hung.to_string()) }
    });
}

fn put_first(fleet: &Fleet, region: &str) {
    let url = format!("{}/webhook", fleet.nodes[region].public);
    let answer: Value = fleet.rig.github("/stub/control", &json!({ "urls": [url] }));
    assert_eq!(answer["urls"], json!([url]));
}

// Broken: a delivery counts as answered in time within a millisecond: the test names it.
#[test]
fn webhooks_are_answered_at_once_while_aws_hangs_and_their_jobs_run_when_it_is_back() {
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, &told_by_webhooks_alone());
    // All calls of all regions to all services, and those of a node to its own: longer than any caller waits.
    fleet.rig.front(&json!({ "faults": [{ "target": "*", "delay": 120.0, "drop": "before" }] }));
    put_first(&fleet, "us-east-1");
    let mut jobs = fleet.rig.queue_jobs(20, 1.0);
    assert_answered(&fleet, 20);
    // The claims of the first hang, and so do their next tries; then another node is asked.
    wait_hung(&fleet, 60);
    put_first(&fleet, "eu-west-1");
    jobs.extend(fleet.rig.queue_jobs(20, 1.0));
    assert_answered(&fleet, 40);
    wait_hung(&fleet, 20);
    put_first(&fleet, "us-east-1");
    jobs.extend(fleet.rig.queue_jobs(20, 1.0));
    assert_answered(&fleet, 60);
    assert_eq!(launches(&fleet), 0, "nothing can have been launched");
    fleet.rig.front(&json!({ "faults": [] }));
    let state = fleet.wait_completed(&jobs, 120);
    assert_ran_once(&state, &jobs);
    assert_eq!(wait_settled(&fleet, 90), jobs, "every job has a claim");
    assert_no_secrets(&desk, &fleet, jobs[0]);
    stop_nodes(&mut fleet);
    assert_replays(&fleet);
}
