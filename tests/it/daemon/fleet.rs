//! Three nodes on three emulated regions: webhooks of GitHub's in, tasks that are real processes out.

mod ends;

use super::{PROGRAM, tidegate_live};
use crate::tidegate;
use serde_json::{Value, json};
use std::path::Path;
use tidegate_core::controller::phase::Phase;
use tidegate_core::journal::Line;
use tidegate_core::{Fact, RegionId, Span, Timestamp};
use tidegate_sim::journal;
use tidegate_tests::daemon::{ADMIN_TOKEN, WEBHOOK_SECRET};
use tidegate_tests::rig::{Fleet, REGIONS, quick_policy};
use tidegate_tests::wait::until;
use tidegate_tests::{Desk, house};

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
        let state = fleet.rig.github_state();
        // A runner that was registered and never came up, because its node was killed in between, costs nothing: GitHub
        // takes it off its list after a day.
        let online = state["runners"].as_array().into_iter().flatten().filter(|runner| runner["status"] == "online");
        for runner in online {
            left.push(format!("{} {} busy: {}", runner["name"], runner["status"], runner["busy"]));
        }
        for region in REGIONS {
            let asked = json!({ "cluster": "tidegate", "desiredStatus": "RUNNING" });
            let listed = fleet.rig.aws(region, "AmazonEC2ContainerServiceV20141113.ListTasks", &asked);
            let running = listed["taskArns"].as_array().map_or(0, Vec::len);
            if running > 0 {
                left.push(format!("{running} tasks run in {region}"));
            }
        }
        if left.is_empty() { Ok(()) } else { Err(format!("{}\n{}", left.join("; "), told_of(fleet, &left))) }
    });
}

/// What the nodes say of the first runner among these words, for messages.
fn told_of(fleet: &Fleet, words: &[String]) -> String {
    let first = words.iter().find_map(|words| words.strip_prefix("\"tidegate-")?.split('-').next());
    let Some(job) = first else { return String::new() };
    let of = |node: &tidegate_tests::daemon::Daemon| {
        let answer: Value = node.get(&format!("/admin/jobs/{job}")).json().unwrap_or(Value::Null);
        let lines = answer["story"].as_array().cloned().unwrap_or_default();
        lines.iter().map(|line| format!("{}\n", line["text"].as_str().unwrap_or("?"))).collect::<String>()
    };
    fleet.nodes.iter().map(|(region, node)| format!("{region} says of job {job}:\n{}", of(node))).collect()
}

/// Nothing secret is in logs, journals or metrics: what the tests know, and what GitHub gave to each runner.
fn assert_no_secrets(desk: &Desk, fleet: &Fleet) {
    let mut texts: Vec<String> = house::walk(&desk.path("data")).iter().filter_map(|path| house::text(path)).collect();
    assert!(texts.iter().any(|text| text.contains("\"launched\"")), "there are journals to look in");
    texts.extend(REGIONS.iter().map(|region| fleet.nodes[region].log_text()));
    texts.extend(REGIONS.iter().map(|region| fleet.nodes[region].get("/metrics").text().expect("text")));
    for text in &texts {
        // A runner's configuration and an App's token are objects in base64; an installation's token begins with `ghs_`.
        for secret in [WEBHOOK_SECRET, ADMIN_TOKEN, "PRIVATE KEY", "eyJ", "ghs_"] {
            assert!(!text.contains(secret), "{secret} is told");
        }
    }
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
    assert_no_secrets(&desk, &fleet);
    for region in REGIONS {
        assert!(fleet.nodes.get_mut(region).expect("it runs").stop().success(), "{}", fleet.logs());
    }
    assert_replays(&fleet);
}

/// Jobs that were started and completed, whatever their conclusion: a job on a lost region's runner fails with it.
#[track_caller]
fn assert_started_at_most_once(state: &Value) {
    for job in state["jobs"].as_array().expect("jobs") {
        assert!(job["starts"].as_u64().is_some_and(|starts| starts <= 1), "{job}");
        assert!(job["maxConcurrentlyInProgress"].as_u64().is_some_and(|most| most <= 1), "{job}");
    }
}

fn wait_phase(fleet: &Fleet, observer: &str, region: &str, wanted: &[&str], seconds: u64) {
    until(&format!("{observer} to see {region} as {wanted:?}"), seconds, || {
        let phase = fleet.nodes[observer].phase(observer, region);
        if wanted.contains(&phase.as_str()) { Ok(()) } else { Err(phase) }
    });
}

/// A region is lost with jobs under way, and comes back with its old messages.
fn lose_a_region(policy: &str) {
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, policy);
    // More than the home takes at once: some run, some start, some wait in its queue.
    let jobs = fleet.rig.queue_jobs(200, 2.0);
    until("the first jobs to run", 60, || {
        let state = fleet.rig.github_state();
        let running =
            state["jobs"].as_array().expect("jobs").iter().filter(|job| job["status"] == "in_progress").count();
        if running >= 10 { Ok(()) } else { Err(running.to_string()) }
    });
    // Its node is killed, and nobody reaches its services: messages and tasks stay where they are.
    fleet.nodes.get_mut("us-east-1").expect("it runs").kill();
    fleet.rig.front(&json!({ "down": ["us-east-1"] }));
    wait_phase(&fleet, "eu-west-1", "us-east-1", &["evacuating", "out"], 30);
    let more = fleet.rig.queue_jobs(40, 1.0);
    let state = fleet.wait_completed(&more, 240);
    assert_ran_once(&state, &more);
    let state = fleet.wait_completed(&jobs, 240);
    assert_started_at_most_once(&state);
    // It returns, with messages of jobs that others have done since.
    fleet.rig.front(&json!({ "down": [] }));
    fleet.start_node("us-east-1");
    for observer in ["us-east-1", "eu-west-1", "ap-southeast-1"] {
        wait_phase(&fleet, observer, "us-east-1", &["active"], 150);
    }
    let last = fleet.rig.queue_jobs(10, 1.0);
    let state = fleet.wait_completed(&last, 90);
    assert_ran_once(&state, &last);
    wait_idle(&fleet, 180);
    // Those under way when the region was lost; and on a machine that is short of time a task may be given up and launched
    // again before it is up. No more than one for each job.
    let surplus = launches(&fleet).saturating_sub(250);
    assert!(surplus <= 200, "{surplus} runners more than jobs");
    for region in REGIONS {
        assert!(fleet.nodes.get_mut(region).expect("it runs").stop().success(), "{}", fleet.logs());
    }
    assert_failed_over_in_time(&fleet, "eu-west-1");
    assert_replays(&fleet);
}

/// The first failover of us-east-1, as a survivor's journal tells it: decided when the policy says, and a little later on a
/// machine that is short of time.
fn assert_failed_over_in_time(fleet: &Fleet, observer: &str) {
    let seen = phases_seen(&fleet.journal_of(observer));
    let Some(index) = seen.iter().position(|(_, phase)| *phase == Phase::Evacuating) else {
        panic!("no failover in {seen:?}");
    };
    let (before, after) = (seen[index - 1], seen[index]);
    assert_eq!(before.1, Phase::Suspect, "{seen:?}");
    let took = after.0.since(before.0);
    // `suspectFor` is 3 s and `probeEvery` 2 s; the others' opinions come with the next exchange.
    assert!((Span::from_secs(3)..=Span::from_secs(15)).contains(&took), "decided after {took}: {seen:?}");
}

/// The phases of us-east-1 in the order in which a node saw them.
fn phases_seen(journal: &Path) -> Vec<(Timestamp, Phase)> {
    let mut seen = Vec::new();
    for path in journal::segments(journal).expect("a journal") {
        let Some(mut segment) = journal::Segment::open(&path).expect("a segment") else { continue };
        while let Some((_, line)) = segment.next_line().expect("a line") {
            if let Line::Fact { at, fact: Fact::PhaseChanged { region: RegionId(0), to, .. } } = line {
                seen.push((at, to));
            }
        }
    }
    seen
}

#[test]
fn a_region_is_lost_and_no_job_with_it() {
    lose_a_region(&quick_policy(""));
}

#[test]
fn a_supervised_failover_waits_for_its_operator_and_loses_no_job() {
    let desk = Desk::empty();
    let policy = quick_policy("").replace("\"automatic\"", "\"supervised\", \"approvalTimeout\": null");
    let mut fleet = Fleet::start(&desk, PROGRAM, &policy);
    let jobs = fleet.rig.queue_jobs(60, 1.0);
    fleet.nodes.get_mut("us-east-1").expect("it runs").kill();
    fleet.rig.front(&json!({ "down": ["us-east-1"] }));
    wait_phase(&fleet, "eu-west-1", "us-east-1", &["awaitingApproval"], 30);
    let approve = format!("approve us-east-1 --node {}", fleet.nodes["eu-west-1"].private);
    tidegate_live()
        .words(&approve)
        .with_variable("TIDEGATE_ADMIN_TOKEN", ADMIN_TOKEN)
        .run()
        .ends(0)
        .prints("approve ordered");
    for observer in ["eu-west-1", "ap-southeast-1"] {
        wait_phase(&fleet, observer, "us-east-1", &["evacuating", "out"], 30);
    }
    let state = fleet.wait_completed(&jobs, 240);
    assert_started_at_most_once(&state);
    fleet.rig.front(&json!({ "down": [] }));
    fleet.start_node("us-east-1");
    wait_phase(&fleet, "eu-west-1", "us-east-1", &["active"], 150);
    wait_idle(&fleet, 180);
    for region in REGIONS {
        assert!(fleet.nodes.get_mut(region).expect("it runs").stop().success(), "{}", fleet.logs());
    }
    let seen = phases_seen(&fleet.journal_of("eu-west-1"));
    let order: Vec<Phase> = seen.iter().map(|(_, phase)| *phase).take(3).collect();
    assert_eq!(order, [Phase::Suspect, Phase::AwaitingApproval, Phase::Evacuating], "{seen:?}");
    assert_replays(&fleet);
}

#[test]
fn a_region_is_lost_under_strong_consistency() {
    lose_a_region(&quick_policy("\"consistency\": \"strong\","));
}

#[test]
fn no_capacity_a_slow_table_throttles_and_lost_answers_lose_no_job() {
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, &quick_policy(""));
    let refused = json!({ "faults": [{ "target": "RunTask", "region": "us-east-1", "answer": "capacity" }] });
    fleet.rig.front(&refused);
    let jobs = fleet.rig.queue_jobs(20, 1.0);
    let state = fleet.wait_completed(&jobs, 120);
    assert_ran_once(&state, &jobs);
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
    let hindered = fleet.rig.queue_jobs(20, 1.0);
    let state = fleet.wait_completed(&hindered, 150);
    assert_ran_once(&state, &hindered);
    fleet.rig.front(&json!({ "faults": [] }));
    wait_idle(&fleet, 180);
    for region in REGIONS {
        assert!(fleet.nodes.get_mut(region).expect("it runs").stop().success());
    }
    assert_replays(&fleet);
}

#[test]
fn a_region_cut_off_goes_on_by_itself_and_nothing_runs_twice() {
    let desk = Desk::empty();
    let mut fleet = Fleet::start(&desk, PROGRAM, &quick_policy(""));
    let jobs = fleet.rig.queue_jobs(60, 2.0);
    // Both ways between the home and the others: services and nodes there answer the home's own node, and nobody else.
    let pairs = [
        ["us-east-1", "eu-west-1"],
        ["eu-west-1", "us-east-1"],
        ["us-east-1", "ap-southeast-1"],
        ["ap-southeast-1", "us-east-1"],
    ];
    fleet.cut(&pairs, "close");
    let more = fleet.rig.queue_jobs(20, 1.0);
    // Two of three agree that it is gone; it cannot know, and goes on with what it has.
    wait_phase(&fleet, "eu-west-1", "us-east-1", &["evacuating", "out"], 60);
    assert_eq!(fleet.nodes["us-east-1"].phase("us-east-1", "us-east-1"), "active", "{}", fleet.logs());
    let state = fleet.wait_completed(&jobs, 120);
    assert_ran_once(&state, &jobs);
    let state = fleet.wait_completed(&more, 120);
    assert_ran_once(&state, &more);
    fleet.cut(&[], "close");
    for observer in REGIONS {
        wait_phase(&fleet, observer, "us-east-1", &["active"], 150);
    }
    // One way only, and slow.
    fleet.rig.front(&json!({ "lag": 1.0 }));
    fleet.cut(&[["eu-west-1", "us-east-1"]], "hang");
    let again = fleet.rig.queue_jobs(20, 1.0);
    let state = fleet.wait_completed(&again, 120);
    assert_ran_once(&state, &again);
    fleet.rig.front(&json!({ "lag": 0.0 }));
    fleet.cut(&[], "close");
    wait_idle(&fleet, 180);
    for region in REGIONS {
        assert!(fleet.nodes.get_mut(region).expect("it runs").stop().success());
    }
    assert_replays(&fleet);
}
