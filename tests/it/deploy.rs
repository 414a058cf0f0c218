//! What is deployed beside the program: templates, dashboard, alerts, the example of a configuration. Held against the
//! program itself, and against the rules of whoever reads it.

use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;
use tidegate_core::document::Source;
use tidegate_tests::house;

fn text(name: &str) -> String {
    house::text(&house::root().join(name)).unwrap_or_else(|| panic!("{name} is no text"))
}

#[test]
fn cloudformation_templates_pass_their_linter() {
    let linter = house::root().join("target/emulation/bin/cfn-lint");
    assert!(linter.is_file(), "the linter is not installed: run tests/emulation/install, as ./test does");
    let templates = ["live/deploy/region.yaml", "live/deploy/tables.yaml"].map(|name| house::root().join(name));
    let ran = Command::new(linter).args(templates).output().expect("it starts");
    let told = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{told}");
    assert_eq!(told.trim(), "", "no warnings either");
}

/// Calls of the SDKs that the node makes, and what a role must allow for them: the reference of service authorization.
const CALLS: [(&str, &str); 17] = [
    (".batch_get_item()", "dynamodb:BatchGetItem"),
    (".change_message_visibility()", "sqs:ChangeMessageVisibility"),
    (".delete_item()", "dynamodb:DeleteItem"),
    (".delete_message_batch()", "sqs:DeleteMessage"),
    (".describe_clusters()", "ecs:DescribeClusters"),
    (".describe_task_definition()", "ecs:DescribeTaskDefinition"),
    (".describe_tasks()", "ecs:DescribeTasks"),
    (".get_item()", "dynamodb:GetItem"),
    (".get_queue_attributes()", "sqs:GetQueueAttributes"),
    (".get_queue_url()", "sqs:GetQueueUrl"),
    (".list_tasks()", "ecs:ListTasks"),
    (".put_item()", "dynamodb:PutItem"),
    (".query()", "dynamodb:Query"),
    (".receive_message()", "sqs:ReceiveMessage"),
    (".run_task()", "ecs:RunTask"),
    (".send_message_batch()", "sqs:SendMessage"),
    (".stop_task()", "ecs:StopTask"),
];

// Broken: the role lacks `ecs:DescribeClusters`: every node found its own region unwell, and no emulator knows roles.
#[test]
fn the_node_s_role_allows_the_calls_that_it_makes_and_no_others() {
    let aws = house::root().join("live/src/aws");
    let is_node_s = |path: &&std::path::PathBuf| {
        let shown = path.strip_prefix(&aws).expect("below it").display().to_string();
        !shown.starts_with("provision") && !shown.contains("tests")
    };
    let source: String = house::walk(&aws).iter().filter(is_node_s).filter_map(|path| house::text(path)).collect();
    // A request is built over lines; its operation stands alone after a dot, before the first of its parts.
    let packed: String = source.split_whitespace().collect();
    let clients = ["client", "ecs", "sqs", "dynamodb"];
    let made: BTreeSet<String> = clients
        .iter()
        .flat_map(|client| {
            packed.match_indices(&format!("{client}.")).map(|(at, found)| at + found.len()).collect::<Vec<_>>()
        })
        .filter_map(|at| packed[at..].split_once("()").map(|(name, _)| name))
        .filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .filter(|name| *name != "clone")
        .map(|name| format!(".{name}()"))
        .collect();
    let known: BTreeSet<String> = CALLS.iter().map(|(call, _)| (*call).to_owned()).collect();
    assert_eq!(made, known, "name what these calls need");
    let template = text("live/deploy/region.yaml");
    let role =
        template.split_once("- PolicyName: node").and_then(|(_, rest)| rest.split_once("FileSystem:")).expect("both");
    let is_word = |c: char| c.is_ascii_alphabetic() || c == ':';
    let words = role
        .0
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .flat_map(|line| line.split(|c| !is_word(c)))
        .map(|word| word.trim_end_matches(':'));
    let services = ["sqs:", "ecs:", "dynamodb:"];
    let allowed: BTreeSet<&str> = words
        .filter(|word| {
            services.iter().any(|service| {
                word.strip_prefix(service).is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
            })
        })
        .collect();
    let mut needed: BTreeSet<&str> = CALLS.iter().map(|(_, action)| *action).collect();
    needed.extend(["ecs:TagResource", "ecs:CreateAction"]); // of what it runs, and a condition on that
    assert_eq!(allowed, needed);
}

/// Every name of a metric of ours in a text: `tidegate_` and what follows.
fn named(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let starts = text.match_indices("tidegate_").map(|(at, _)| at);
    let names = starts.map(|at| text[at..].split(|c| !is_part(c)).next().unwrap_or_default().to_owned());
    names
        .map(|name| {
            ["_bucket", "_sum", "_count", "_total"]
                .iter()
                .fold(name, |name, end| name.strip_suffix(end).map_or(name.clone(), str::to_owned))
        })
        .collect()
}

#[test]
fn dashboard_and_alerts_ask_for_metrics_that_there_are() {
    // A family without a sample is not shown, so the names are read where they are registered.
    let source = text("live/src/metrics.rs");
    let registered = source.split("r.register(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let known: BTreeSet<String> = registered.map(|name| format!("tidegate_{name}")).collect();
    assert!(known.len() >= 20, "{known:?}");
    let dashboard: Value = serde_json::from_str(&text("live/deploy/grafana.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let ids: BTreeSet<String> = panels.iter().map(|panel| panel["id"].to_string()).collect();
    assert_eq!(ids.len(), panels.len(), "each panel has its own id");
    for (name, asked) in [("dashboard", dashboard.to_string()), ("alerts", text("live/deploy/alerts.yaml"))] {
        let asked = named(&asked);
        assert!(!asked.is_empty(), "{name}");
        let unknown: Vec<&String> = asked.difference(&known).collect();
        assert!(unknown.is_empty(), "the {name} ask for {unknown:?}");
    }
}

#[test]
fn the_example_of_a_configuration_is_read() {
    let source = Source::new("policy.json", text("scenarios/policies/three-regions.json"));
    let policy = tidegate_live::policy_file::parse(&source).expect("it ships").policy;
    let secret = |_: &str| Some("a-secret".to_owned());
    let path = house::root().join("live/deploy/config.example.toml");
    let config = tidegate_live::config::read_with(&path, &policy, &secret).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.regions.len(), 3);
    assert_eq!(config.node, "us-east-1");
}
