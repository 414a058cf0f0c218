//! Runs provisioning against a stand-in in which nothing is there, or all is. Knows its answers; must not know the
//! core.

use super::*;
use crate::aws::replay;
use serde_json::{Value, json};
use tidegate_core::policy::Region as PolicyRegion;

async fn provision(
    script: impl Fn(&str, &Value, usize) -> (u16, Value) + Send + Sync + 'static,
) -> (Provision, replay::Calls) {
    let (url, calls) = replay::start(script).await;
    let policy = Policy::of_regions(vec![PolicyRegion::new("us-east-1", 1)]);
    let config = replay::config("us-east-1", &url);
    let sdk = Sdk::of_base(replay::sdk(), &config, &policy);
    (Provision::of_clients(&sdk, &config, &policy), calls)
}

fn nothing_is_there(operation: &str) -> (u16, Value) {
    match operation {
        "GetQueueUrl" => (400, json!({ "__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no" })),
        "DescribeClusters" => (200, json!({ "clusters": [], "failures": [{ "reason": "MISSING" }] })),
        _ => (400, json!({ "__type": "ResourceNotFoundException", "message": "no" })),
    }
}

#[tokio::test]
async fn a_plan_of_an_empty_account_makes_everything_and_changes_nothing() {
    let (provision, calls) = provision(|operation, _, _| nothing_is_there(operation)).await;
    let plan = provision.plan().await.expect("it can be looked at");
    assert!(plan.steps.iter().all(|step| step.state == State::Create), "{plan}");
    assert!(!plan.is_done());
    let text = plan.to_string();
    for line in [
        "us-east-1: queue `tidegate-dead.fifo`: create",
        "us-east-1: queue `tidegate.fifo`: create",
        "us-east-1: cluster `tidegate`: create",
        "us-east-1: table `tidegate-claims`: create",
        "us-east-1: time to live of table `tidegate-claims`: create",
        "us-east-1: point-in-time recovery of table `tidegate-nodes`: create",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} in {text}");
    }
    let changes = |name: &&String| ["Create", "Update", "Put", "Set"].iter().any(|start| name.starts_with(start));
    assert_eq!(replay::operations(&calls).iter().filter(changes).count(), 0);
}

#[tokio::test]
async fn applying_makes_what_is_not_there() {
    let (provision, calls) = provision(|operation, _, before| match (operation, before) {
        ("CreateQueue", _) => (200, json!({ "QueueUrl": "https://sqs/1/q" })),
        ("GetQueueAttributes", _) => (200, json!({ "Attributes": { "QueueArn": "arn:q" } })),
        ("DescribeTable", 1..) => (200, json!({ "Table": { "TableStatus": "ACTIVE" } })),
        (name, _) if name.starts_with("Describe") || name == "GetQueueUrl" => nothing_is_there(name),
        _ => (200, json!({})),
    })
    .await;
    // The second table is described as there: its key is told to differ, and nothing is done to it.
    let plan = provision.apply().await.expect("it is made");
    assert!(plan.to_string().contains("table `tidegate-nodes`: differs: its key is "), "{plan}");
    let made: Vec<String> = replay::operations(&calls)
        .into_iter()
        .filter(|name| !name.starts_with("Describe") && !name.starts_with("Get"))
        .collect();
    let wanted = [
        "CreateQueue",
        "CreateQueue",
        "CreateCluster",
        "CreateTable",
        "UpdateContinuousBackups",
        "UpdateTimeToLive",
        "UpdateContinuousBackups",
    ];
    assert_eq!(made, wanted);
    let calls = calls.lock().expect("no test panics with it");
    let queues: Vec<&Value> = calls.iter().filter(|(name, _)| name == "CreateQueue").map(|(_, body)| body).collect();
    assert_eq!(queues[1]["Attributes"]["RedrivePolicy"], r#"{"deadLetterTargetArn":"arn:q","maxReceiveCount":100}"#);
}

#[tokio::test]
async fn strong_consistency_needs_three_regions() {
    let (mut provision, _) = provision(|operation, _, _| nothing_is_there(operation)).await;
    provision.strong = true;
    assert_eq!(provision.plan().await, Err(ProvisionError::NotThreeRegions(1)));
}
