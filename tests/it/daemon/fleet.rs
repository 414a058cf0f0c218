//! Three nodes on three emulated regions: webhooks of GitHub's in, tasks that are real processes out.

use super::PROGRAM;
use crate::tidegate;
use serde_json::{Value, json};
use tidegate_tests::Desk;
use tidegate_tests::rig::{Fleet, REGIONS, quick_policy};
use tidegate_tests::wait::until;

/// Every journal leads to the same decisions again.
fn assert_replays(fleet: &Fleet) {
    for region in REGIONS {
        let ran = tidegate().arg("replay").arg(fleet.journal_of(region)).run();
        assert_eq!(ran.code, Some(0), "{}", ran.told());
        ran.prints("the same decisions, digest ");
    }
}

/// Each job ran once, successfully, on one runner.
#[track_caller]
fn assert_ran_once(state: &Value, jobs: &[u64]) {
    for job in state["jobs"].as_array().expect("jobs") {
        if job["id"].as_u64().is_some_and(|id| jobs.contains(&id)) {
            let told = job.to_string();
            assert_eq!((&job["starts"], &job["maxConcurrentlyInProgress"]), (&json!(1), &json!(1)), "{told}");
            assert_eq!(job["conclusion"], "success", "{told}");
        }
    }
}

/// Launches that ECS accepted, without repeats of the same token.
fn launches(fleet: &Fleet) -> usize {
    let seen = fleet.rig.seen();
    let calls = seen["runTask"].as_array().expect("calls");
    calls.iter().filter(|call| call["accepted"] == true && call["repeated"] != true).count()
}

/// Waits until no node holds a task, a message or a runner any more.
fn wait_idle(fleet: &Fleet, seconds: u64) {
    until("every runner and every message to be gone", seconds, || {
        let mut left = Vec::new();
        for (region, node) in &fleet.nodes {
            let status = node.status();
            let own = status["nodes"][0]["regions"].as_array().cloned().unwrap_or_default();
            let own = own.iter().find(|shown| shown["name"] == **region).cloned().unwrap_or(Value::Null);
            let load = ["waiting", "starting", "running"].map(|what| own["load"][what].as_u64().unwrap_or(99));
            if load != [0; 3] {
                left.push(format!("{region}: {load:?}"));
            }
        }
        let runners = fleet.rig.github_state()["runners"].as_array().map_or(0, Vec::len);
        if left.is_empty() && runners == 0 { Ok(()) } else { Err(format!("{left:?}, {runners} runners at GitHub")) }
    });
}

#[test]
fn webhooks_become_runners_that_take_every_job_once() {
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, &quick_policy(""));
    let doctor = fleet.call("doctor", "eu-west-1");
    assert_eq!(doctor.code, Some(0), "{}", doctor.told());
    doctor.prints("all is well").prints("node of us-east-1");
    let jobs = fleet.rig.queue_jobs(40, 1.0);
    let state = fleet.wait_completed(&jobs, 90);
    assert_ran_once(&state, &jobs);
    wait_idle(&fleet, 60);
    assert_eq!(launches(&fleet), 40, "one task for each job");
    for region in REGIONS {
        assert!(fleet.nodes.get_mut(region).expect("it runs").stop().success(), "{}", fleet.logs());
    }
    assert_replays(&fleet);
}
