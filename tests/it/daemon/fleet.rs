//! Three nodes on three emulated regions: webhooks of GitHub's in, tasks that are real processes out.

mod budget;
mod ends;
mod examples;
mod gray;
mod hung_aws;
mod loss;
mod orders;
mod phases;
mod places;
mod planned;
mod secrets;
mod settled;
mod surplus;
mod trouble_of_github;

use super::PROGRAM;
use crate::tidegate;
use budget::assert_policy_reaches_budgets;
use loss::Loss;
use orders::order;
use phases::{
    assert_failed_over_in_time, assert_failed_over_on_approval, assert_no_second_failover, assert_returned_by_a_ramp,
    assert_suspected_alone, wait_phase,
};
use secrets::assert_no_secrets;
use serde_json::{Value, json};
use settled::{hide_messages_briefly, wait_idle, wait_settled};
use std::time::{SystemTime, UNIX_EPOCH};
use surplus::{assert_surplus, launches, unstarted};
use tidegate_core::Timestamp;
use tidegate_tests::Desk;
use tidegate_tests::rig::{Fleet, REGIONS, quick_policy};
use tidegate_tests::wait::until;

/// The regions that are not lost.
const SURVIVORS: [&str; 2] = ["eu-west-1", "ap-southeast-1"];

/// `maxRunners` of each region in the quick policy. Of the jobs of a region that is given up no more than these can have had a
/// runner on its way; all other attempts there are superseded.
const ROOM: usize = 20;

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

/// Queues jobs, each `seconds` long, and waits until each of them has run once.
#[track_caller]
fn run_jobs(fleet: &Fleet, count: u64, seconds: f64, within: u64) -> Vec<u64> {
    let jobs = fleet.rig.queue_jobs(count, seconds);
    let state = fleet.wait_completed(&jobs, within);
    assert_ran_once(&state, &jobs);
    jobs
}

/// Stops every node, each of which ends well; the home's last. What the others think of it is judged by their journals, and
/// a node that takes seconds to end would see the home go, and give it up.
#[track_caller]
fn stop_nodes(fleet: &mut Fleet) {
    for region in REGIONS.into_iter().rev() {
        assert!(fleet.nodes.get_mut(region).expect("it runs").stop().success(), "{}", fleet.logs());
    }
}

/// Probes of other regions that a node missed so far.
fn missed_probes(fleet: &Fleet, node: &str) -> usize {
    fleet.nodes[node].log_text().matches("a probe is missed").count()
}

/// The quick policy, but that nothing but webhooks tells of jobs: GitHub's lists are not read, and no delivery is swept.
fn told_by_webhooks_alone() -> String {
    let policy = quick_policy("").replace("\"4s\", \"sweepEvery\": \"5s\"", "\"6h\", \"sweepEvery\": \"6h\"");
    assert!(policy.contains("\"reconcileEvery\": \"6h\""), "{policy}");
    policy
}

#[test]
fn webhooks_become_runners_that_take_every_job_once() {
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, &quick_policy(""));
    let doctor = fleet.call("doctor", "eu-west-1");
    assert_eq!(doctor.code, Some(0), "{}", doctor.told());
    doctor.prints("all is well").prints("node of us-east-1");
    let jobs = run_jobs(&fleet, 40, 1.0, 90);
    assert_eq!(wait_settled(&fleet, 60), jobs, "every job has a claim, and nothing else has");
    assert_eq!(launches(&fleet), 40, "one task for each job");
    assert_policy_reaches_budgets(&desk, &fleet, "us-east-1");
    assert_no_secrets(&desk, &fleet, jobs[0]);
    stop_nodes(&mut fleet);
    assert_replays(&fleet);
}

/// What the nodes' clocks show.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later");
    Timestamp(u64::try_from(since.as_micros()).expect("it is not as late"))
}

/// Waits until so many jobs are at work.
fn wait_running(fleet: &Fleet, count: usize) {
    until("the first jobs to run", 60, || {
        let state = fleet.rig.github_state();
        let running =
            state["jobs"].as_array().expect("jobs").iter().filter(|job| job["status"] == "in_progress").count();
        if running >= count { Ok(()) } else { Err(running.to_string()) }
    });
}

/// A region is lost with jobs under way, and comes back.
fn lose_a_region(policy: &str, loss: Loss) {
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, policy);
    hide_messages_briefly(&fleet);
    // More than the home takes at once: some run, some start, some wait in its queue.
    let jobs = fleet.rig.queue_jobs(200, 2.0);
    wait_running(&fleet, 10);
    let running = loss.strike(&mut fleet);
    for survivor in SURVIVORS {
        wait_phase(&fleet, survivor, "us-east-1", &["evacuating", "out"], 30);
    }
    run_jobs(&fleet, 40, 1.0, 240);
    let state = fleet.wait_completed(&jobs, 240);
    loss.assert_ran_once(&state, &jobs, &running);
    // It returns, with messages of jobs that others have done since.
    loss.mend(&mut fleet);
    for observer in REGIONS {
        wait_phase(&fleet, observer, "us-east-1", &["active"], 150);
    }
    run_jobs(&fleet, 10, 1.0, 90);
    wait_settled(&fleet, 180);
    assert_no_secrets(&desk, &fleet, jobs[0]);
    stop_nodes(&mut fleet);
    assert_surplus(&fleet, 250, ROOM);
    for survivor in SURVIVORS {
        assert_failed_over_in_time(&fleet, survivor);
        assert_returned_by_a_ramp(&fleet, survivor);
    }
    assert_replays(&fleet);
}

// Broken: no job counts as lost with its runner: GitHub's `failure` of one that was at work is named.
#[test]
fn a_region_is_lost_and_no_job_with_it() {
    lose_a_region(&quick_policy(""), Loss::Killed);
}

#[test]
fn a_supervised_failover_waits_for_its_operator_and_loses_no_job() {
    let desk = Desk::empty();
    let policy = quick_policy("").replace("\"automatic\"", "\"supervised\", \"approvalTimeout\": null");
    let mut fleet = Fleet::start(&desk, PROGRAM, &policy);
    hide_messages_briefly(&fleet);
    let jobs = fleet.rig.queue_jobs(200, 1.0);
    wait_running(&fleet, 10);
    let running = Loss::Unreachable.strike(&mut fleet);
    wait_phase(&fleet, "eu-west-1", "us-east-1", &["awaitingApproval"], 30);
    let approved = now();
    order(&fleet, "eu-west-1", "approve us-east-1").ends(0).prints("approve ordered");
    for survivor in SURVIVORS {
        wait_phase(&fleet, survivor, "us-east-1", &["evacuating", "out"], 30);
    }
    let state = fleet.wait_completed(&jobs, 240);
    Loss::Unreachable.assert_ran_once(&state, &jobs, &running);
    Loss::Unreachable.mend(&mut fleet);
    for observer in REGIONS {
        wait_phase(&fleet, observer, "us-east-1", &["active"], 150);
    }
    wait_settled(&fleet, 180);
    assert_no_secrets(&desk, &fleet, jobs[0]);
    stop_nodes(&mut fleet);
    assert_surplus(&fleet, jobs.len(), ROOM);
    for survivor in SURVIVORS {
        assert_failed_over_on_approval(&fleet, survivor, approved);
        assert_returned_by_a_ramp(&fleet, survivor);
    }
    assert_replays(&fleet);
}

#[test]
fn a_region_is_lost_under_strong_consistency() {
    lose_a_region(&quick_policy("\"consistency\": \"strong\","), Loss::Killed);
}

#[test]
fn no_capacity_a_slow_table_throttles_and_lost_answers_lose_no_job() {
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, &quick_policy(""));
    let refused = json!({ "faults": [{ "target": "RunTask", "region": "us-east-1", "answer": "capacity" }] });
    fleet.rig.front(&refused);
    let jobs = run_jobs(&fleet, 200, 1.0, 180);
    let metrics = fleet.nodes["us-east-1"].get("/metrics").text().expect("text");
    assert!(metrics.contains("tidegate_launches_total{region=\"us-east-1\",result=\"capacity\"}"), "{metrics}");
    // Then its table is slow, its queue says "slow down" now and then, and answers to launches are lost.
    fleet.rig.front(&json!({ "faults": [
        { "target": "PutItem", "region": "us-east-1", "delay": 1.5 },
        { "target": "Query", "region": "us-east-1", "delay": 0.5 },
        { "target": "SendMessageBatch", "region": "us-east-1", "count": 3, "answer": "throttle" },
        { "target": "RunTask", "region": "us-east-1", "count": 3, "drop": "after" },
        { "target": "RunTask", "region": "us-east-1", "count": 2, "answer": "serverError" },
    ] }));
    let hindered = run_jobs(&fleet, 200, 1.0, 180);
    fleet.rig.front(&json!({ "faults": [] }));
    wait_settled(&fleet, 180);
    assert_no_secrets(&desk, &fleet, jobs[0]);
    stop_nodes(&mut fleet);
    assert_surplus(&fleet, jobs.len() + hindered.len(), 0);
    assert_replays(&fleet);
}

// Broken: both others are cut off one way, and not one alone: the home is evacuated.
#[test]
fn a_region_cut_off_goes_on_by_itself_and_nothing_runs_twice() {
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, &quick_policy(""));
    let jobs = fleet.rig.queue_jobs(200, 1.0);
    wait_running(&fleet, 10);
    // Both ways between the home and the others: services and nodes there answer the home's own node, and nobody else.
    let pairs = [
        ["us-east-1", "eu-west-1"],
        ["eu-west-1", "us-east-1"],
        ["us-east-1", "ap-southeast-1"],
        ["ap-southeast-1", "us-east-1"],
    ];
    // Whoever waits for a runner now, or comes before the cut is over, may get one from each side: none hears of the other's.
    let waiting = unstarted(&fleet) + 40;
    fleet.cut(&pairs, "close");
    let more = fleet.rig.queue_jobs(40, 1.0);
    // Two of three agree that it is gone; it cannot know, and goes on with what it has.
    for survivor in SURVIVORS {
        wait_phase(&fleet, survivor, "us-east-1", &["evacuating", "out"], 60);
    }
    assert_eq!(fleet.nodes["us-east-1"].phase("us-east-1", "us-east-1"), "active", "{}", fleet.logs());
    let state = fleet.wait_completed(&jobs, 120);
    assert_ran_once(&state, &jobs);
    let state = fleet.wait_completed(&more, 120);
    assert_ran_once(&state, &more);
    fleet.cut(&[], "close");
    for observer in REGIONS {
        wait_phase(&fleet, observer, "us-east-1", &["active"], 150);
    }
    // One way only, and slow: of three one alone does not reach the home. Runners that were late until now are a second sign
    // against it, and whoever has both is right to give it up: they must be older than the window of launches first.
    wait_idle(&fleet, 120);
    until("no launch of the window to have failed", 60, || {
        let load = fleet.nodes["us-east-1"].status()["nodes"][0]["regions"][0]["load"].clone();
        if load["failed"] == 0 { Ok(()) } else { Err(load.to_string()) }
    });
    fleet.rig.front(&json!({ "lag": 1.0 }));
    fleet.cut(&[["eu-west-1", "us-east-1"]], "hang");
    let again = fleet.rig.queue_jobs(200, 1.0);
    let missed = missed_probes(&fleet, "eu-west-1");
    wait_phase(&fleet, "eu-west-1", "us-east-1", &["suspect"], 60);
    let state = fleet.wait_completed(&again, 120);
    assert_ran_once(&state, &again);
    // With a quorum it would be evacuated after the third probe and `suspectFor`, which is a probe and a half.
    until("six probes to be missed", 60, || match missed_probes(&fleet, "eu-west-1") - missed {
        count if count >= 6 => Ok(()),
        count => Err(count.to_string()),
    });
    for (observer, phase) in [("eu-west-1", "suspect"), ("us-east-1", "active"), ("ap-southeast-1", "active")] {
        assert_eq!(fleet.nodes[observer].phase(observer, "us-east-1"), phase, "{observer}: {}", fleet.logs());
    }
    fleet.rig.front(&json!({ "lag": 0.0 }));
    fleet.cut(&[], "close");
    wait_phase(&fleet, "eu-west-1", "us-east-1", &["active"], 60);
    wait_settled(&fleet, 180);
    assert_no_secrets(&desk, &fleet, jobs[0]);
    stop_nodes(&mut fleet);
    assert_suspected_alone(&fleet, "eu-west-1");
    assert_no_second_failover(&fleet, "ap-southeast-1");
    assert_surplus(&fleet, jobs.len() + more.len() + again.len(), waiting);
    assert_replays(&fleet);
}
