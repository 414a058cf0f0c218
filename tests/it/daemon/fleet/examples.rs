//! GitHub's own examples of deliveries, posted to three nodes in turn. Knows the examples and how to make a job of one; must
//! not know which node places it.

use super::settled::wait_settled;
use super::{PROGRAM, assert_ran_once, assert_replays, stop_nodes, told_by_webhooks_alone};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tidegate_tests::Desk;
use tidegate_tests::examples::examples;
use tidegate_tests::rig::{Fleet, OTHER_LABELS, REGIONS};

/// How many jobs are made of each example of a job.
const EACH: usize = 5;

/// Whether a job's labels are those of a runner that the fleet offers.
fn is_ours(job: &Value) -> bool {
    let labels: Vec<&str> = job["labels"].as_array().expect("labels").iter().filter_map(Value::as_str).collect();
    labels.iter().all(|label| OTHER_LABELS.contains(label))
}

/// A job that waits at GitHub, and the delivery that says so: the example's, but for the job's own numbers and what has not
/// happened yet.
fn queued(fleet: &Fleet, example: &Value) -> (u64, Value) {
    let mut delivery = example.clone();
    let job = &mut delivery["workflow_job"];
    let body = json!({
        "repository": example["repository"]["full_name"], "labels": job["labels"], "seconds": 1, "told": false,
    });
    let made = fleet.rig.github("/stub/jobs", &body);
    job["id"] = made["jobs"][0].clone();
    job["run_id"] = made["run_id"].clone();
    job["status"] = json!("queued");
    // A job of years ago would have been ended by GitHub.
    let state = fleet.rig.github_state();
    let shown =
        state["jobs"].as_array().expect("jobs").iter().find(|shown| shown["id"] == job["id"]).expect("just made");
    for when in ["created_at", "started_at"] {
        if job.get(when).is_some() {
            job[when] = shown[when].clone();
        }
    }
    for what in ["conclusion", "completed_at", "runner_id", "runner_name", "runner_group_id", "runner_group_name"] {
        job[what] = Value::Null;
    }
    let id = job["id"].as_u64().expect("a number");
    delivery["action"] = json!("queued");
    (id, delivery)
}

#[test]
fn the_examples_that_github_publishes_become_one_runner_each() {
    let Some(examples) = examples() else { return };
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, &told_by_webhooks_alone());
    let mut turn = REGIONS.iter().cycle();
    let mut next = || turn.next().expect("they go round");
    // All of them as they are: heard, and nothing comes of them.
    for (event, examples) in &examples {
        for example in examples {
            let status = fleet.nodes[next()].deliver(event, example).status().as_u16();
            assert!(status == 200 || status == 202, "{event} {}: {status}", example["action"]);
        }
    }
    let (_, jobs) = examples.iter().find(|(event, _)| event == "workflow_job").expect("there are some");
    let (mut ours, mut others) = (BTreeSet::new(), BTreeSet::new());
    for example in jobs.iter().cycle().take(EACH * jobs.len()) {
        let (id, delivery) = queued(&fleet, example);
        let is_ours = is_ours(&delivery["workflow_job"]);
        let answer = fleet.nodes[next()].deliver("workflow_job", &delivery);
        assert_eq!(answer.status().as_u16(), if is_ours { 202 } else { 200 }, "{delivery}");
        if is_ours { &mut ours } else { &mut others }.insert(id);
    }
    assert_eq!((ours.len(), others.len()), (3 * EACH, 5 * EACH));
    let ours: Vec<u64> = ours.into_iter().collect();
    let state = fleet.wait_completed(&ours, 90);
    assert_ran_once(&state, &ours);
    assert_eq!(wait_settled(&fleet, 90), ours, "a claim for each job that fits, and no other");
    let state = fleet.rig.github_state();
    let touched = |job: &&Value| job["id"].as_u64().is_some_and(|id| others.contains(&id)) && job["status"] != "queued";
    assert_eq!(state["jobs"].as_array().expect("jobs").iter().find(touched), None, "no runner of ours fits it");
    assert_eq!(state["counters"]["registered"], json!(ours.len()), "a runner for each");
    stop_nodes(&mut fleet);
    assert_replays(&fleet);
}
