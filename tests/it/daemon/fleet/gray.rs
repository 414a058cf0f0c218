//! Trouble in a region whose probes are all answered: launches that fail, and a table that is slow. Knows the faults and the
//! load; must not know what nodes tell each other.

use super::phases::{
    assert_failed_over_for_launches, assert_no_second_failover, assert_returned_by_steps_of, assert_tried_in_vain,
    wait_phase,
};
use super::secrets::assert_no_secrets;
use super::settled::wait_settled;
use super::surplus::assert_surplus;
use super::{PROGRAM, ROOM, SURVIVORS, assert_ran_once, assert_replays, run_jobs, stop_nodes, wait_running};
use serde_json::json;
use std::time::{Duration, Instant};
use tidegate_core::Span;
use tidegate_tests::Desk;
use tidegate_tests::rig::{Fleet, REGIONS, quick_policy};
use tidegate_tests::wait::until;

/// `rampEvery` of this test's policy.
const STEP: Span = Span::from_secs(10);

/// The quick policy, but that launches are what it looks at. Refused capacity is left alone for no time, and is asked for again
/// with the next job: left alone for minutes, it fails too seldom to be a reason for a failover, and needs to be none.
/// A probation is long enough for its trickle to be told of, and the window is over soon after the last launch.
fn policy() -> String {
    let policy = quick_policy("").replace("\"rampEvery\": \"1s\"", "\"rampEvery\": \"10s\"");
    let policy = policy.replace("\"window\": \"20s\"", "\"window\": \"10s\"");
    let policy = policy.replace("\"launch\": {", "\"launch\": { \"negativeCache\": \"0s\",");
    let changed = ["\"rampEvery\": \"10s\"", "\"window\": \"10s\"", "\"negativeCache\": \"0s\""];
    assert!(changed.iter().all(|text| policy.contains(text)), "{policy}");
    policy
}

/// A load that goes on while something is waited for: jobs that are runs of their own, one every so often.
struct Trickle {
    jobs: Vec<u64>,
    last: Instant,
}

impl Trickle {
    const EVERY: Duration = Duration::from_millis(300);

    fn go_on(&mut self, fleet: &Fleet) {
        if self.last.elapsed() >= Self::EVERY {
            self.last = Instant::now();
            self.jobs.extend(fleet.rig.queue_jobs(1, 0.5));
        }
    }

    /// Goes on until every one of these nodes shows us-east-1 in that phase; none is to show the other one meanwhile.
    fn until(&mut self, fleet: &Fleet, observers: &[&str], wanted: &str, never: &str, seconds: u64) {
        until(&format!("{observers:?} to see us-east-1 as {wanted}"), seconds, || {
            self.go_on(fleet);
            let phases: Vec<String> =
                observers.iter().map(|node| fleet.nodes[*node].phase(node, "us-east-1")).collect();
            assert!(phases.iter().all(|phase| phase != never), "{phases:?}: {}", fleet.logs());
            if phases.iter().all(|phase| phase == wanted) { Ok(()) } else { Err(phases.join(" ")) }
        });
    }
}

#[test]
#[ignore = "three minutes, too long for every run of CI: `cargo nextest run --workspace --run-ignored only`"]
fn launches_that_fail_are_a_reason_for_a_failover_and_a_slow_table_is_none() {
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, &policy());
    let jobs = fleet.rig.queue_jobs(200, 1.0);
    wait_running(&fleet, 10);
    fleet.rig.front(&json!({ "faults": [{ "target": "RunTask", "region": "us-east-1", "answer": "capacity" }] }));
    let mut trickle = Trickle { jobs: Vec::new(), last: Instant::now() };
    for survivor in SURVIVORS {
        wait_phase(&fleet, survivor, "us-east-1", &["evacuating", "out"], 60);
    }
    // Nothing is launched there for a while, and it is tried with a few jobs: they fail there, too, and run elsewhere.
    trickle.until(&fleet, &["eu-west-1"], "probation", "active", 60);
    trickle.until(&fleet, &["eu-west-1"], "out", "active", 60);
    let state = fleet.wait_completed(&jobs, 120);
    assert_ran_once(&state, &jobs);
    fleet.rig.front(&json!({ "faults": [] }));
    trickle.until(&fleet, &REGIONS, "active", "evacuating", 120);
    let state = fleet.wait_completed(&trickle.jobs, 90);
    assert_ran_once(&state, &trickle.jobs);
    // Then every write and every look at its table takes seconds; its node goes on with what it has.
    fleet.rig.front(&json!({ "faults": [
        { "target": "PutItem", "region": "us-east-1", "delay": 2.0 },
        { "target": "Query", "region": "us-east-1", "delay": 1.0 },
    ] }));
    let slow = run_jobs(&fleet, 200, 0.5, 180);
    fleet.rig.front(&json!({ "faults": [] }));
    wait_settled(&fleet, 180);
    assert_no_secrets(&desk, &fleet, jobs[0]);
    stop_nodes(&mut fleet);
    let seen_first = REGIONS.iter().filter(|node| assert_failed_over_for_launches(&fleet, node)).count();
    assert!(seen_first > 0, "nobody saw for itself that launches failed");
    assert_tried_in_vain(&fleet, "eu-west-1"); // others may try it later, when launches do not fail any more
    for observer in REGIONS {
        assert_returned_by_steps_of(&fleet, observer, STEP);
        assert_no_second_failover(&fleet, observer);
    }
    assert_surplus(&fleet, jobs.len() + trickle.jobs.len() + slow.len(), ROOM);
    assert_replays(&fleet);
}
