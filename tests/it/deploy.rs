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
    let secret = |_: &str| Some("a secret".to_owned());
    let path = house::root().join("live/deploy/config.example.toml");
    let config = tidegate_live::config::read_with(&path, &policy, &secret).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.regions.len(), 3);
    assert_eq!(config.node, "us-east-1");
}
