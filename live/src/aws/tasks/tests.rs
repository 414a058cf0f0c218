//! Runs launches and stops against a stand-in for ECS. Knows its answers; must not know the core.

use super::super::message::tests::{texts, ticket};
use super::super::{Sdk, replay};
use super::*;
use serde_json::{Value, json};
use tidegate_core::Policy;
use tidegate_core::id::RegionId;
use tidegate_core::policy::Region as PolicyRegion;
use tidegate_core::unit::Arch;

fn tasks(url: &str) -> Tasks {
    let policy = Policy::of_regions(vec![PolicyRegion::new("us-east-1", 1)]);
    let config = replay::config("us-east-1", url);
    let names = Arc::new(Names::default());
    names.note_all(&texts());
    let sdk = Sdk::of_base(replay::sdk(), &config, &policy);
    Tasks::new(sdk.ecs(RegionId(0)), &config, "us-east-1", names)
}

fn task(status: &str, stop_code: Option<&str>) -> Value {
    let mut task = json!({ "taskArn": "arn:1", "lastStatus": status, "startedBy": "tidegate-1-1-1" });
    if let Some(code) = stop_code {
        task["stopCode"] = code.into();
        task["startedAt"] = 1_700_000_000.into();
    }
    task
}

#[tokio::test]
async fn a_task_is_launched_followed_and_forgotten() {
    let (url, calls) = replay::start(|operation, _, before| match (operation, before) {
        ("RunTask", _) => (200, json!({ "tasks": [task("PROVISIONING", None)], "failures": [] })),
        (_, 0) => (200, json!({ "tasks": [task("RUNNING", None)] })),
        (_, 1) => (200, json!({ "tasks": [], "failures": [{ "arn": "arn:1", "reason": "MISSING" }] })),
        _ => (200, json!({ "tasks": [task("STOPPED", Some("EssentialContainerExited"))] })),
    })
    .await;
    let (tasks, ticket) = (tasks(&url), ticket(1, 1, 0));
    let placement = ticket.placement;
    let jit = Secret::new("e30=");
    assert_eq!(tasks.launch(&ticket, true, &jit).await, Event::Launched { placement });
    assert_eq!(tasks.poll().await, [Event::Online { placement }]);
    assert_eq!(tasks.poll().await, [], "missed once");
    assert_eq!(tasks.poll().await, [Event::Stopped { placement, cause: StopCause::Done }]);
    assert_eq!(tasks.poll().await, [], "nothing is followed any more");
    let calls = calls.lock().expect("no test panics with it");
    assert_eq!(calls.len(), 4);
    let launch = &calls[0].1;
    assert_eq!((&launch["clientToken"], &launch["startedBy"]), (&json!("tidegate-1-1-1"), &json!("tidegate-1-1-1")));
    assert_eq!(launch["capacityProviderStrategy"][0]["capacityProvider"], "FARGATE_SPOT");
    assert_eq!((&launch["overrides"]["cpu"], &launch["overrides"]["memory"]), (&json!("2048"), &json!("4096")));
    let container = &launch["overrides"]["containerOverrides"][0];
    assert_eq!(container["environment"][0], json!({ "name": "TIDEGATE_JIT_CONFIG", "value": "e30=" }));
}

#[tokio::test]
async fn a_refusal_has_its_class_be_it_an_error_or_a_reason_in_a_200() {
    for (status, answer, failure) in [
        (200, json!({ "tasks": [], "failures": [{ "reason": "RESOURCE:FARGATE" }] }), Failure::Capacity),
        (200, json!({ "tasks": [], "failures": [{ "reason": "AGENT" }] }), Failure::Service),
        (200, json!({ "tasks": [], "failures": [] }), Failure::Service),
        (400, json!({ "__type": "ThrottlingException", "message": "Rate exceeded" }), Failure::Throttled),
        (400, json!({ "__type": "ClusterNotFoundException", "message": "Cluster not found." }), Failure::Denied),
        (
            400,
            json!({
                "__type": "ClientException",
                "message": "You've reached the limit on the number of vCPUs you can run concurrently"
            }),
            Failure::Capacity,
        ),
        (500, json!({ "__type": "ServerException", "message": "Service Unavailable." }), Failure::Service),
    ] {
        let said = answer.to_string();
        let (url, _) = replay::start(move |_, _, _| (status, answer.clone())).await;
        let ticket = ticket(1, 1, 0);
        let event = tasks(&url).launch(&ticket, false, &Secret::new("x")).await;
        assert_eq!(event, Event::LaunchFailed { placement: ticket.placement, failure }, "{said}");
    }
}

#[tokio::test]
async fn a_conflict_on_the_token_is_an_earlier_launch_that_came_through() {
    let (url, calls) = replay::start(|operation, _, _| match operation {
        "RunTask" => (400, json!({ "__type": "ConflictException", "message": "used", "resourceIds": ["arn:1"] })),
        "DescribeTasks" => (200, json!({ "tasks": [task("STOPPED", Some("UserInitiated"))] })),
        _ => (200, json!({})),
    })
    .await;
    let (tasks, ticket) = (tasks(&url), ticket(1, 1, 0));
    let placement = ticket.placement;
    assert_eq!(tasks.launch(&ticket, false, &Secret::new("x")).await, Event::Launched { placement });
    assert_eq!(tasks.stop(placement).await, None, "the follower tells");
    let told = [Event::Online { placement }, Event::Stopped { placement, cause: StopCause::Requested }];
    assert_eq!(tasks.poll().await, told);
    let asked = calls.lock().expect("no test panics with it");
    assert_eq!(asked[1].1["task"], "arn:1");
}

#[tokio::test]
async fn a_task_that_is_not_there_is_stopped() {
    let (url, _) = replay::start(|_, _, _| (200, json!({ "taskArns": [] }))).await;
    let placement = ticket(1, 1, 0).placement;
    let gone = Event::Stopped { placement, cause: StopCause::Requested };
    assert_eq!(tasks(&url).stop(placement).await, Some(gone));
}

#[tokio::test]
async fn tasks_of_an_earlier_process_are_found_by_their_placement() {
    let (url, _) = replay::start(|operation, body, _| match (operation, body["desiredStatus"].as_str()) {
        ("ListTasks", Some("RUNNING")) => (200, json!({ "taskArns": ["arn:1"] })),
        ("ListTasks", _) => (200, json!({ "taskArns": [] })),
        _ => (200, json!({ "tasks": [task("RUNNING", None)] })),
    })
    .await;
    let (tasks, held, lost) = (tasks(&url), ticket(1, 1, 0).placement, ticket(2, 1, 0).placement);
    tasks.adopt(&[held, lost]).await;
    assert_eq!(tasks.poll().await, [Event::Online { placement: held }], "the other may be listed yet");
    assert!(tasks.watched().contains_key(&lost));
}

#[test]
fn a_job_gets_the_first_runner_that_has_its_labels() {
    let runner = |labels: &[&str], vcpu_milli: u32, arch: Arch| Runner {
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        need: Need { vcpu_milli, arch, ..Need::default() },
        task_definition: labels.join("-"),
        container: "runner".to_owned(),
    };
    let runners = [runner(&["linux", "small"], 1_000, Arch::X86), runner(&["Linux", "arm64"], 4_000, Arch::Arm)];
    let for_class = |class| runner_for(&runners, Some(class), &Need::default()).map(|r| r.task_definition.as_str());
    assert_eq!(for_class("linux"), Some("linux-small"));
    assert_eq!(for_class("ARM64,linux"), Some("Linux-arm64"));
    assert_eq!(for_class("gpu,linux"), None);
    let by_need = |arch| {
        let need = Need { arch, ..Need::default() };
        runner_for(&runners, None, &need).map(|r| r.task_definition.as_str())
    };
    assert_eq!((by_need(Arch::Arm), by_need(Arch::X86)), (Some("Linux-arm64"), None), "none is large enough");
}
