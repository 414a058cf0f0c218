//! Deliveries as GitHub sends them, and as nobody should. Knows payloads; must not know HTTP.

use super::*;
use crate::config::Runner;
use serde_json::{Value, json};
use tidegate_core::Need;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

fn offered() -> Offered {
    let labels = ["self-hosted", "Linux", "x64"].map(str::to_owned).to_vec();
    let (task_definition, container) = (String::new(), String::new());
    Offered::new(&[Runner { labels, need: Need::default(), task_definition, container }])
}

fn delivery(action: &str) -> Value {
    json!({
        "action": action,
        "workflow_job": {
            "id": 29_679_449_526u64, "run_id": 10_654_321_987u64, "run_attempt": 2, "status": action,
            "workflow_name": "CI", "head_branch": null, "steps": [{ "number": 1, "name": "Set up job" }],
            "created_at": "2026-11-24T14:00:00Z", "started_at": "2026-11-24T14:01:30Z", "completed_at": null,
            "labels": ["self-hosted", "linux"], "runner_id": 0, "runner_name": "",
        },
        "repository": { "id": 1, "full_name": "patient-studio/app", "owner": { "login": "patient-studio", "id": 2 } },
        "organization": { "login": "patient-studio", "id": 2 },
        "sender": { "login": "somebody" },
        "installation": { "id": 3 },
    })
}

fn read(value: &Value) -> Result<Delivery, PayloadError> {
    read_as("workflow_job", value.to_string().as_bytes(), &Names::default())
}

fn read_as(event: &str, body: &[u8], names: &Names) -> Result<Delivery, PayloadError> {
    parse(event, body, &offered(), names, NOW)
}

fn at(text: &str) -> Timestamp {
    parse_timestamp(text).expect("the test writes it right")
}

#[test]
fn a_queued_job_says_what_it_needs() {
    let names = Names::default();
    let read = read_as("workflow_job", delivery("queued").to_string().as_bytes(), &names);
    let Ok(Delivery::Job(webhook::Event::JobQueued { spec })) = read else { panic!("{read:?}") };
    assert_eq!((spec.job, spec.run, spec.run_attempt), (JobId(29_679_449_526), RunId(10_654_321_987), 2));
    assert_eq!(spec.queued_at, at("2026-11-24T14:00:00Z"));
    assert_eq!((spec.sender, spec.need), (None, Need::default()));
    let texts = names.texts(spec.organization, spec.repository, spec.class).expect("all are noted");
    assert_eq!(texts.organization, "patient-studio");
    assert_eq!((texts.repository.as_str(), texts.class.as_str()), ("patient-studio/app", "linux,self-hosted"));
}

#[test]
fn what_may_be_left_out_has_a_default() {
    let mut value = delivery("queued");
    for field in ["run_attempt", "created_at", "runner_name", "status", "started_at"] {
        value["workflow_job"].as_object_mut().expect("an object").remove(field);
    }
    value.as_object_mut().expect("an object").remove("organization");
    let Ok(Delivery::Job(webhook::Event::JobQueued { spec })) = read(&value) else { panic!("it is queued") };
    assert_eq!((spec.run_attempt, spec.queued_at), (1, NOW));
    assert_eq!(spec.organization, Name::of("patient-studio"), "the repository's owner");
}

#[test]
fn a_start_and_an_end_name_the_runner() {
    let mut value = delivery("in_progress");
    value["workflow_job"]["runner_name"] = json!("tidegate-7-1-2");
    let Ok(Delivery::Job(webhook::Event::JobStarted { runner, started_at, run_attempt, .. })) = read(&value) else {
        panic!("it started")
    };
    assert_eq!(runner.map(|runner| runner.to_string()).as_deref(), Some("tidegate-7-1-2"));
    assert_eq!((started_at, run_attempt), (at("2026-11-24T14:01:30Z"), 2));
    let mut value = delivery("completed");
    value["workflow_job"]["runner_name"] = json!("tidegate-7-01-2");
    let Ok(Delivery::Job(webhook::Event::JobCompleted { runner, completed_at, .. })) = read(&value) else {
        panic!("it ended")
    };
    assert_eq!((runner, completed_at), (None, NOW), "that is no name of ours, and no time was given");
}

#[test]
fn a_job_with_other_labels_counts_only_on_a_runner_of_ours() {
    let mut value = delivery("in_progress");
    value["workflow_job"]["labels"] = json!(["ubuntu-latest"]);
    assert_eq!(read(&value), Ok(Delivery::Ignored(Why::NotOurs)));
    value["workflow_job"]["runner_name"] = json!("tidegate-7-1-2");
    assert!(matches!(read(&value), Ok(Delivery::Job(webhook::Event::JobStarted { runner: Some(_), .. }))));
    value["action"] = json!("queued");
    assert_eq!(read(&value), Ok(Delivery::Ignored(Why::NotOurs)));
}

#[test]
fn what_is_not_for_us_is_ignored() {
    let ignored = |value: &Value| match read(value) {
        Ok(Delivery::Ignored(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(ignored(&delivery("waiting")), Why::Waiting);
    let mut gated = delivery("queued");
    gated["workflow_job"]["status"] = json!("waiting");
    assert_eq!(ignored(&gated), Why::Waiting);
    assert_eq!(ignored(&json!({ "action": "renamed" })), Why::Action);
    let names = Names::default();
    let run = br#"{"action":"completed","workflow_run":{}}"#;
    assert_eq!(read_as("workflow_run", run, &names), Ok(Delivery::Ignored(Why::Run)));
    assert_eq!(read_as("push", b"not read", &names), Ok(Delivery::Ignored(Why::Event)));
    assert_eq!(read_as("ping", b"not read", &names), Ok(Delivery::Ping));
    assert_eq!(names.all().len(), 0, "nothing was noted");
}

#[test]
fn a_mistake_is_told_without_what_was_written() {
    let mut value = delivery("queued");
    value["workflow_job"]["id"] = json!("hunter2, expected hunter2");
    let told = read(&value).expect_err("no number").to_string();
    assert!(told.starts_with("workflow_job delivery: expected u64 at line 1 column "), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
    let mut value = delivery("queued");
    value["workflow_job"].as_object_mut().expect("an object").remove("run_id");
    assert!(read(&value).expect_err("no run").what.starts_with("missing field `run_id` at line 1"));
    value = delivery("completed");
    value["workflow_job"]["completed_at"] = json!("hunter2");
    let told = read(&value).expect_err("no time").what;
    assert_eq!(told, "workflow_job.completed_at is no time in RFC 3339");
    value = delivery("queued");
    value["organization"]["login"] = json!("");
    assert_eq!(read(&value).expect_err("no name").what, "organization.login is empty");
}

#[test]
fn hostile_bodies_are_errors_and_no_more() {
    let queued = delivery("queued").to_string();
    let deep = |open: &str| format!(r#"{{"action":"queued","x":{}"#, open.repeat(200_000));
    let huge = queued.replace("29679449526", &format!("1{}", "0".repeat(5_000)));
    let float = queued.replace("29679449526", "1e999999");
    let negative = queued.replace("29679449526", "-1");
    let attempts = queued.replace("\"run_attempt\":2", "\"run_attempt\":65536");
    let twice = queued.replacen("\"action\":", "\"action\":\"queued\",\"action\":", 1);
    for body in [&deep("["), &deep("{\"x\":"), &huge, &float, &negative, &attempts, &twice] {
        let error = read_as("workflow_job", body.as_bytes(), &Names::default()).expect_err("refused");
        assert!(error.what.len() < 200, "{error}");
    }
    for body in [&b""[..], b"null", b"[]", b"\xff\xfe", b"{\"action\":1}", b"\"queued\""] {
        assert!(read_as("workflow_job", body, &Names::default()).is_err());
        assert!(read_as("workflow_run", body, &Names::default()).is_err());
    }
    // Cut short anywhere, a delivery is no JSON.
    for length in (0..queued.len()).filter(|length| queued.is_char_boundary(*length)) {
        assert!(read_as("workflow_job", &queued.as_bytes()[..length], &Names::default()).is_err(), "{length}");
    }
}
