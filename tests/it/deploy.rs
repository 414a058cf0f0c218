//! What is deployed beside the program: templates, dashboard, alerts, the example of a configuration. Held against the
//! program itself, and against the rules of whoever reads it.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use tidegate_core::document::Source;
use tidegate_tests::{Desk, house};

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
const CALLS: [(&str, &str); 19] = [
    (".batch_get_item()", "dynamodb:BatchGetItem"),
    (".change_message_visibility()", "sqs:ChangeMessageVisibility"),
    (".delete_item()", "dynamodb:DeleteItem"),
    (".delete_message_batch()", "sqs:DeleteMessage"),
    (".describe_clusters()", "ecs:DescribeClusters"),
    (".describe_task_definition()", "ecs:DescribeTaskDefinition"),
    (".describe_tasks()", "ecs:DescribeTasks"),
    (".get_aws_default_service_quota()", "servicequotas:GetAWSDefaultServiceQuota"),
    (".get_item()", "dynamodb:GetItem"),
    (".get_queue_attributes()", "sqs:GetQueueAttributes"),
    (".get_queue_url()", "sqs:GetQueueUrl"),
    (".get_service_quota()", "servicequotas:GetServiceQuota"),
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
    let clients = ["client", "ecs", "sqs", "dynamodb", "quotas"];
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
    let services = ["sqs:", "ecs:", "dynamodb:", "servicequotas:"];
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

/// The script that a node's task starts with, but that its folder is this one.
fn start_script(folder: &Path) -> String {
    let template = text("live/deploy/region.yaml");
    let (_, rest) = template.split_once("EntryPoint: [sh, -c]").expect("the node's task has a script");
    let (_, rest) = rest.split_once("- |\n").expect("as a block");
    let (script, _) = rest.split_once("Secrets:").expect("and secrets after it");
    assert!(script.contains("cd /var/lib/tidegate\n"), "{script}");
    script.replace("/var/lib/tidegate", &folder.display().to_string())
}

/// Runs the script with a program of that name which notes what it was started with, in a folder of an earlier start.
fn started(shell: &str, given: &[(&str, &str)]) -> (Desk, Vec<String>, String) {
    let desk = Desk::empty();
    let noted = "#!/bin/sh\nprintf '%s\\n' \"$@\" >../arguments\nenv >../environment\n";
    let program = desk.put("bin/tidegate-live", noted);
    std::fs::set_permissions(program, Permissions::from_mode(0o755)).expect("it is ours");
    desk.put("node/policy.json.validated", "of an earlier start");
    desk.put("node/shadow.json", "of an earlier start");
    let mut command = Command::new(shell);
    command.args(["-c", &start_script(&desk.path("node"))]).env_clear().envs(given.iter().copied());
    let path = std::env::var("PATH").unwrap_or_default();
    let ran = command.env("PATH", format!("{}:{path}", desk.path("bin").display())).output().expect("it starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let read = |name: &str| std::fs::read_to_string(desk.path(name)).expect("the program noted it");
    let (arguments, environment) = (read("arguments"), read("environment"));
    (desk, arguments.lines().map(str::to_owned).collect(), environment)
}

// Broken: the evidence or the shadow of an earlier start stays in force; a byte is added to the policy, whose hash is in the
// evidence; the node is told all that its parameters hold a second time.
#[test]
fn a_node_s_task_starts_with_what_its_parameters_hold_and_with_nothing_older() {
    let (policy, config) = ("{\"regions\": [\\n 100% \"$HOME\" ] }\\", "node = 'x'\n");
    let usual = ["serve", "--policy", "policy.json", "--config", "config.toml", "--logs", "json"];
    let shells = ["sh", "bash"].into_iter().filter(|shell| Command::new(shell).args(["-c", ":"]).status().is_ok());
    for shell in shells {
        for (evidence, shadow) in [(None, None), (Some("seen"), None), (None, Some("other")), (Some(""), Some("other"))]
        {
            let mut given =
                vec![("TIDEGATE_POLICY", policy), ("TIDEGATE_CONFIG", config), ("TIDEGATE_ADMIN_TOKEN", "t")];
            given.extend(evidence.map(|text| ("TIDEGATE_EVIDENCE", text)));
            given.extend(shadow.map(|text| ("TIDEGATE_SHADOW", text)));
            let (desk, arguments, environment) = started(shell, &given);
            let mut expected = usual.to_vec();
            expected.extend(evidence.map(|_| "--require-validated"));
            expected.extend(shadow.iter().flat_map(|_| ["--shadow", "shadow.json"]));
            assert_eq!(arguments, expected, "{shell}");
            let held = |name: &str| std::fs::read_to_string(desk.path("node").join(name)).ok();
            assert_eq!(held("policy.json").as_deref(), Some(policy), "{shell}");
            assert_eq!(held("config.toml").as_deref(), Some(config), "{shell}");
            assert_eq!(held("policy.json.validated").as_deref(), evidence, "{shell}");
            assert_eq!(held("shadow.json").as_deref(), shadow, "{shell}");
            let told: Vec<&str> = environment.lines().filter(|line| line.starts_with("TIDEGATE_")).collect();
            assert_eq!(told, ["TIDEGATE_ADMIN_TOKEN=t"], "{shell}");
            let mode = desk.path("node/config.toml").metadata().expect("it was written").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{shell}");
        }
    }
}

// Broken: the script gives the program an argument that it does not know.
#[test]
fn the_program_understands_what_a_node_s_task_starts_it_with() {
    let desk = Desk::empty();
    desk.put("node/policy.json", "");
    let program = Path::new(env!("CARGO_BIN_EXE_tidegate-live-under-test"));
    std::fs::create_dir(desk.path("bin")).expect("the desk is empty");
    std::os::unix::fs::symlink(program, desk.path("bin/tidegate-live")).expect("a link");
    let path = std::env::var("PATH").unwrap_or_default();
    let ran = Command::new("sh")
        .args(["-c", &start_script(&desk.path("node"))])
        .env("PATH", format!("{}:{path}", desk.path("bin").display()))
        .envs([("TIDEGATE_POLICY", "{"), ("TIDEGATE_CONFIG", "node = 1"), ("TIDEGATE_EVIDENCE", "")])
        .env("TIDEGATE_SHADOW", "{")
        .output()
        .expect("it starts");
    let told = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(2), "{told}");
    assert!(told.contains("policy.json:1:"), "it got as far as the policy: {told}");
}
