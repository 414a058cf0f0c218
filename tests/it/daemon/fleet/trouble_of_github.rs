//! GitHub at its worst, all at once: deliveries lost, doubled and out of order, lists that are late, registrations that are
//! refused or whose answers are lost. Knows what GitHub counts; must not know how a node makes up for it.

use super::secrets::assert_no_secrets;
use super::settled::wait_settled;
use super::surplus::assert_surplus;
use super::{PROGRAM, assert_ran_once, assert_replays, run_jobs, stop_nodes};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tidegate_tests::Desk;
use tidegate_tests::rig::{Fleet, quick_policy};

/// First deliveries that nobody got although somebody listened, and deliveries that went out twice.
fn lost_and_doubled(state: &Value) -> (usize, usize) {
    let mut copies = BTreeMap::<&str, usize>::new();
    let mut lost = 0;
    for delivery in state["deliveries"].as_array().expect("deliveries") {
        if delivery["redelivery"] == false {
            *copies.entry(delivery["guid"].as_str().expect("a text")).or_default() += 1;
            // One that timed out for want of an answer took ten seconds.
            let at_once = delivery["duration"].as_f64().is_some_and(|took| took < 5.0);
            lost += usize::from(delivery["status"] == "timed out" && at_once);
        }
    }
    (lost, copies.values().filter(|copies| **copies > 1).count())
}

#[test]
fn lost_doubled_and_late_deliveries_and_few_registrations_lose_no_job() {
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, &quick_policy(""));
    fleet.rig.github(
        "/stub/control",
        &json!({
            "loss": 0.3, "duplication": 0.3, "reorderSeconds": 3.0, "listLag": 3.0, "lostRegistrations": 2,
            // Sixty a minute, counted in windows of six seconds: the limit is met again and again.
            "registrationsPerMinute": 6, "registrationSeconds": 6.0, "secondaryRetryAfter": 2,
        }),
    );
    let jobs = run_jobs(&fleet, 12, 1.0, 150);
    // What they completed with is told like all else: some of it is lost, and found all the same.
    // A job whose `queued` never came may have been taken by another's runner, and then it needs no claim.
    let claimed = wait_settled(&fleet, 120);
    assert!(claimed.iter().all(|job| jobs.contains(job)), "{claimed:?}");
    let state = fleet.rig.github_state();
    assert_ran_once(&state, &jobs);
    let (lost, doubled) = lost_and_doubled(&state);
    let counted = ["secondaryLimited", "nameTaken"].map(|name| state["counters"][name].as_u64().unwrap_or(0));
    let told = format!("{lost} lost, {doubled} doubled, {counted:?} refused or taken: {}", state["counters"]);
    assert!(lost > 0 && doubled > 0 && counted.iter().all(|count| *count > 0), "{told}");
    assert_no_secrets(&desk, &fleet, jobs[0]);
    stop_nodes(&mut fleet);
    // At the most a runner for each name that was taken by one whose answer was lost, and one for a job that was found twice.
    assert_surplus(&fleet, jobs.len(), jobs.len());
    assert_replays(&fleet);
}
