//! The end of a run: tasks, messages and claims agree that nothing is left. Knows where AWS and GitHub keep them; must not
//! know what went before.

use super::phases::lines;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tidegate_core::dispatcher;
use tidegate_core::journal::Line;
use tidegate_core::port::runner;
use tidegate_tests::daemon::Daemon;
use tidegate_tests::rig::{Fleet, REGIONS};
use tidegate_tests::wait::until;

/// A region's queue, and where its dead letters go.
const QUEUES: [&str; 2] = ["tidegate.fifo", "tidegate-dead.fifo"];

/// How many messages a queue holds: those that wait, that somebody received, that are delayed.
const COUNTS: [&str; 3] =
    ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"];

/// For how many seconds a node hides what it has received and still works on.
const HIDDEN_FOR: u64 = 300;

/// What the claims table calls the stage of a claim whose job has ended.
const ENDED: u64 = 2;

/// Waits until no node holds a task, a message or a runner any more, and then until every queue is empty and every claim has
/// ended, in each region. Gives the jobs that have a claim.
///
/// What a killed node had received stays hidden in its queue for as long as the queue says, see [`hide_messages_briefly`], and
/// for five minutes if the node had it hidden for longer, as it does with what waits for a runner's turn.
pub(super) fn wait_settled(fleet: &Fleet, seconds: u64) -> Vec<u64> {
    wait_idle(fleet, seconds);
    until("messages and claims to agree that nothing is left", HIDDEN_FOR + 30, || {
        let mut left = Vec::new();
        let mut claimed = Vec::new();
        for region in REGIONS {
            left.extend(messages(fleet, region));
            let stages = stages(fleet, region);
            let open: Vec<String> = stages
                .iter()
                .filter(|(_, stage)| **stage != ENDED)
                .map(|(job, stage)| format!("{job}: {stage}"))
                .collect();
            if !open.is_empty() {
                left.push(format!("{} claims are open in {region}: {}", open.len(), open.join(", ")));
            }
            claimed = stages.into_keys().collect();
        }
        if left.is_empty() { Ok(claimed) } else { Err(left.join("\n")) }
    })
}

/// Has messages that were received and not deleted seen again after twenty seconds, in place of five minutes: an operator may
/// set that, and a test need not wait as long for what a killed node had received.
pub(super) fn hide_messages_briefly(fleet: &Fleet) {
    for region in REGIONS {
        let found = fleet.rig.aws(region, "AmazonSQS.GetQueueUrl", &json!({ "QueueName": QUEUES[0] }));
        let asked = json!({ "QueueUrl": found["QueueUrl"], "Attributes": { "VisibilityTimeout": "20" } });
        fleet.rig.aws(region, "AmazonSQS.SetQueueAttributes", &asked);
    }
}

/// The queues of a region that are not empty.
fn messages(fleet: &Fleet, region: &str) -> Vec<String> {
    let look = |name: &&str| {
        let found = fleet.rig.aws(region, "AmazonSQS.GetQueueUrl", &json!({ "QueueName": name }));
        let asked = json!({ "QueueUrl": found["QueueUrl"], "AttributeNames": COUNTS });
        let answer = fleet.rig.aws(region, "AmazonSQS.GetQueueAttributes", &asked);
        let counts = COUNTS.map(|count| answer["Attributes"][count].as_str().unwrap_or("not told").to_owned());
        counts.iter().any(|count| count != "0").then(|| format!("{name} of {region} holds {}", counts.join(", ")))
    };
    QUEUES.iter().filter_map(look).collect()
}

/// How far each job with a claim is, by all records of it that a region's replica shows: of the latest run attempt the
/// highest stage. A record without a ticket is a mark on a job that no node here placed.
fn stages(fleet: &Fleet, region: &str) -> BTreeMap<u64, u64> {
    let mut latest = BTreeMap::<u64, (u64, u64)>::new();
    let mut claimed = BTreeSet::new();
    let mut after = Value::Null;
    loop {
        let mut asked = json!({ "TableName": "tidegate-claims", "ConsistentRead": true });
        if !after.is_null() {
            asked["ExclusiveStartKey"] = after;
        }
        let page = fleet.rig.aws(region, "DynamoDB_20120810.Scan", &asked);
        for item in page["Items"].as_array().expect("items") {
            let number = |key: &str| item[key]["N"].as_str().and_then(|text| text.parse::<u64>().ok());
            let shown = (number("runAttempt"), number("stage"));
            let (Some(job), (Some(attempt), Some(stage))) = (number("job"), shown) else { panic!("no claim: {item}") };
            let known = latest.entry(job).or_default();
            *known = (attempt, stage).max(*known);
            if !item["ticket"].is_null() {
                claimed.insert(job);
            }
        }
        after = page["LastEvaluatedKey"].clone();
        if after.is_null() {
            latest.retain(|job, _| claimed.contains(job));
            return latest.into_iter().map(|(job, (_, stage))| (job, stage)).collect();
        }
    }
}

/// How long a runner with no job may stay once no job is left: the quick policy's `idleTimeout`.
const IDLE: Duration = Duration::from_secs(8);

/// What a machine that is short of time may be late by: the runner is there before it is seen to run, and the table and GitHub
/// are asked before it is taken back.
const LATE: Duration = Duration::from_secs(22);

/// When a node asks GitHub anew to take a runner off its list after that failed: a minute later, and one that was not answered
/// counts as failed after ten seconds.
const AGAIN: Duration = Duration::from_secs(70);

/// How often nodes were told that a runner could not be taken off GitHub's list, by their journals.
fn failed_removals(fleet: &Fleet, name: &str) -> u32 {
    let is_failed = |line: &Line| {
        let Line::Dispatcher { event: dispatcher::Event::Runner(event), .. } = line else { return false };
        matches!(event, runner::Event::RemoveFailed { placement, .. } if placement.to_string() == name)
    };
    let count = |region: &&str| lines(fleet, region).iter().filter(|line| is_failed(line)).count();
    let failed: usize = REGIONS.iter().map(count).sum();
    u32::try_from(failed).expect("few")
}

/// Runners with no job by GitHub's number, and since when they are known: two regions may have made one of the same name, one
/// after the other.
#[derive(Debug, Default)]
struct Idle(BTreeMap<u64, Instant>);

impl Idle {
    /// It stays no longer than the policy says, and a while longer for each time that it could not be taken off GitHub's list.
    /// If two regions made a runner of the same name one after the other, the table calls the second one taken: GitHub is asked
    /// after four times the time more, and up to once more to spread what is asked.
    fn check(&mut self, fleet: &Fleet, state: &Value, runner: &Value) {
        if runner["busy"] == true {
            return;
        }
        let name = runner["name"].as_str().expect("a name").to_owned();
        let number = runner["id"].as_u64().expect("a number");
        let took = self.0.entry(number).or_insert_with(Instant::now).elapsed();
        let is_taken = state["jobs"].as_array().into_iter().flatten().any(|job| job["runner_name"] == runner["name"]);
        let mut allowed = IDLE * if is_taken { 6 } else { 1 } + LATE;
        if took >= allowed {
            allowed += AGAIN * failed_removals(fleet, &name);
        }
        assert!(
            took < allowed,
            "{name} is idle for {took:?}, taken: {is_taken}: {}",
            told_of(fleet, std::slice::from_ref(&name))
        );
    }
}

/// Waits until no node holds a task, a message or a runner any more, and sees to it that no idle runner stays for longer than
/// the policy says. All jobs must have been completed, and all nodes run.
pub(super) fn wait_idle(fleet: &Fleet, seconds: u64) {
    let mut idle = Idle::default();
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
            idle.check(fleet, &state, runner);
            let name = runner["name"].as_str().unwrap_or_default();
            left.push(format!("{name} {} busy: {}", runner["status"], runner["busy"]));
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
    let first = words.iter().find_map(|words| words.strip_prefix("tidegate-")?.split('-').next());
    let Some(job) = first else { return String::new() };
    let of = |node: &Daemon| {
        let answer: Value = node.get(&format!("/admin/jobs/{job}")).json().unwrap_or(Value::Null);
        let lines = answer["story"].as_array().cloned().unwrap_or_default();
        lines.iter().map(|line| format!("{}\n", line["text"].as_str().unwrap_or("?"))).collect::<String>()
    };
    fleet.nodes.iter().map(|(region, node)| format!("{region} says of job {job}:\n{}", of(node))).collect()
}
