//! The whole reader over a small policy: every mistake at once, the schema beside it, and no panic on any text.

use super::super::{Located, Source, TableReader, describe, nearest};
use super::parse;
use crate::time::{Span, Timestamp};
use serde_json::Value as Json;

mod mistakes;
mod robust;
mod schema_check;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Mode {
    #[default]
    Supervised,
    Automatic,
}

#[derive(Debug, PartialEq)]
struct Region {
    name: String,
    runners: u32,
    error_rate: f64,
}

#[derive(Debug, PartialEq)]
enum Fault {
    Outage(String),
    Slow(f64),
}

#[derive(Debug, PartialEq)]
enum Dist {
    Constant(f64),
    Mixture(Vec<Self>),
}

#[derive(Debug, PartialEq)]
struct Policy {
    regions: Vec<Region>,
    homes: Vec<(String, String)>,
    min_dwell: Span,
    stop_at: f64,
    mode: Mode,
    breaker: Option<u32>,
    start: Option<Timestamp>,
    faults: Vec<(Span, Option<Fault>)>,
    jobs: Option<Dist>,
    tags: Vec<String>,
}

fn region(t: &mut TableReader<'_>) -> Region {
    Region {
        name: t.required("name", "what the region is called"),
        runners: t.in_range("maxRunners", 400, 1..=10_000, "most runners at a time"),
        error_rate: t.fraction("errorRate", 0.05, "share of failed launches at which it spills"),
    }
}

fn fault(t: &mut TableReader<'_>) -> (Span, Option<Fault>) {
    let at = t.required("at", "when it begins");
    let outage = |t: &mut TableReader<'_>| Fault::Outage(t.required("region", "the region that is lost"));
    let slow = |t: &mut TableReader<'_>| Fault::Slow(t.in_range("factor", 2.0, 1.0.., "how much slower"));
    (at, t.tagged("kind", &[("regionOutage", outage), ("slow", slow)], "what goes wrong"))
}

fn dist(node: &mut super::super::NodeReader<'_>) -> Option<Dist> {
    let mixture = |t: &mut TableReader<'_>| {
        let arms: &[(&str, super::super::Arm<Dist>)] = &[
            ("constant", |t| Dist::Constant(t.required("value", "the value"))),
            ("mixture", |t| {
                let parts = t.required_node("parts", "what is mixed", |n| Some(n.list(1, dist)));
                Dist::Mixture(parts.unwrap_or_default())
            }),
        ];
        t.tagged("dist", arms, "the family")
    };
    node.named("distribution", |n| n.either(|value, _| Some(Some(Dist::Constant(value))), mixture)).flatten()
}

fn policy(t: &mut TableReader<'_>) -> Policy {
    let regions = t.each_at_least("regions", 1, "the regions", region);
    let homes = t.entries("homes", "home region by organization", |_, node| node.read::<Located<String>>());
    for (key, home) in &homes {
        if regions.iter().all(|region| region.name != home.value.value_or(&key.name)) {
            let names = regions.iter().map(|region| region.name.as_str());
            let help = nearest(&home.value, names).map_or(String::new(), |name| format!("did you mean `{name}`?"));
            t.problem(home.place, format!("no region `{}`", home.value), help);
        }
    }
    let modes = [("supervised", Mode::Supervised), ("automatic", Mode::Automatic)];
    let (min_dwell, stop_at) = t.section("spillover", "when jobs leave home", |s| {
        let dwell = s.or("minDwell", Span::from_secs(30), "least time a decision stands");
        let stop = s.fraction("stopAt", 0.7, "share of the threshold at which it stops");
        if stop > 0.99 {
            s.problem_at("stopAt", "must leave room below the threshold", "write 0.9 or less");
        }
        (dwell, stop)
    });
    Policy {
        regions,
        homes: homes.into_iter().map(|(key, home)| (key.name, home.value)).collect(),
        min_dwell,
        stop_at,
        mode: t.choice("mode", &modes, Mode::Supervised, "who decides"),
        breaker: t.optional_section("breaker", "stops launches", |b| b.or("count", 2, "failures in a row")),
        start: t.optional("start", "when it begins"),
        faults: t.each("fault", "what goes wrong", fault),
        jobs: t.node("jobs", "how long jobs take", dist),
        tags: t.or("tags", Vec::new(), "words"),
    }
}

trait ValueOr {
    fn value_or<'a>(&'a self, other: &'a str) -> &'a str;
}

impl ValueOr for String {
    fn value_or<'a>(&'a self, other: &'a str) -> &'a str {
        if self.is_empty() { other } else { self }
    }
}

const TOML: &str = r#"
mode = "automatic"
start = 2026-11-24T01:00:00+01:00
tags = ["a", 'b', """c\
  d"""]

[[regions]]
name = "us-east-1"
maxRunners = 10

[[regions]]
name = "eu-west-1"

[homes]
"patient studio" = "us-east-1" # home

[spillover]
minDwell = "1m30s"

[breaker]

[[fault]]
kind = "regionOutage"
at = "14h"
region = "us-east-1"

[jobs]
dist = "mixture"
parts = [ 5, { dist = "constant", value = 1.5 }, { dist = "mixture", parts = [1] } ]
"#;

const JSON: &str = r#"{
  "mode": "automatic", "start": "2026-11-24T00:00:00Z", "tags": ["a", "b", "cd"],
  "regions": [ { "name": "us-east-1", "maxRunners": 1e1 }, { "name": "eu-west-1" } ],
  "homes": { "patient studio": "us-east-1" },
  "spillover": { "minDwell": "90s" }, "breaker": {},
  "fault": [ { "kind": "regionOutage", "at": "14h", "region": "us-east-1" } ],
  "jobs": { "dist": "mixture", "parts": [5, {"dist": "constant", "value": 1.5}, {"dist": "mixture", "parts": [1]}] }
}"#;

fn read(name: &str, text: &str) -> Result<Policy, String> {
    let document = parse(&Source::new(name, text)).map_err(|problems| problems.to_string())?;
    document.read(policy).map_err(|problems| problems.to_string())
}

fn mistakes(name: &str, text: &str) -> String {
    read(name, text).expect_err("the file has mistakes")
}

#[test]
fn the_same_policy_in_both_formats() {
    let toml = read("p.toml", TOML).expect("good TOML");
    assert_eq!(toml, read("p.json", JSON).expect("good JSON"));
    assert_eq!(toml.min_dwell, Span::from_secs(90));
    assert_eq!(toml.breaker, Some(2));
    assert_eq!(toml.start, Some(Timestamp(1_795_478_400_000_000)));
    assert_eq!(toml.regions[1], Region { name: "eu-west-1".into(), runners: 400, error_rate: 0.05 });
    assert_eq!(toml.faults, [(Span::from_hours(14), Some(Fault::Outage("us-east-1".into())))]);
    let inner = vec![Dist::Constant(5.0), Dist::Constant(1.5), Dist::Mixture(vec![Dist::Constant(1.0)])];
    assert_eq!(toml.jobs, Some(Dist::Mixture(inner)));
    let bom = format!("\u{feff}{JSON}");
    assert!(read("p.json", &bom).is_ok() && read("p.toml", &format!("\u{feff}{TOML}")).is_ok());
    let null = r#"{"regions": [{"name": "a"}], "start": null, "breaker": null}"#;
    assert_eq!(read("p.json", null).expect("null is nothing").breaker, None);
}

#[test]
fn the_schema_agrees_with_the_reader() {
    let schema = describe(policy).to_json_schema("Policy");
    assert_eq!(schema["title"], "Policy");
    assert_eq!(schema["properties"]["spillover"]["properties"]["minDwell"]["default"], "30s");
    assert_eq!(schema["properties"]["mode"]["enum"][1], "automatic");
    assert_eq!(schema["properties"]["regions"]["items"]["properties"]["maxRunners"]["maximum"], 10_000);
    assert_eq!(schema["required"], serde_json::json!(["regions"]));
    let regions = r#""regions": [{"name": "a"}]"#;
    let texts = [
        JSON.to_owned(),
        "{}".to_owned(),
        format!("{{{regions}}}"),
        r#"{"regions": []}"#.to_owned(),
        r#"{"regions": [{"name": 1}]}"#.to_owned(),
        r#"{"regions": [{"name": "a", "errorRate": 0}]}"#.to_owned(),
        r#"{"regions": [{"name": "a", "maxRunners": 10001}]}"#.to_owned(),
        format!("{{{regions}, \"start\": null, \"breaker\": {{\"count\": 3.0}}}}"),
        format!("{{{regions}, \"mode\": null}}"),
        format!("{{{regions}, \"mode\": \"manual\"}}"),
        format!("{{{regions}, \"spillover\": {{\"stop\": 1}}}}"),
        format!("{{{regions}, \"fault\": [{{\"kind\": \"slow\", \"at\": \"1h\"}}]}}"),
        format!("{{{regions}, \"fault\": [{{\"kind\": \"slow\", \"at\": \"1h\", \"region\": \"a\"}}]}}"),
        format!("{{{regions}, \"fault\": [{{\"at\": \"1h\"}}]}}"),
        format!("{{{regions}, \"jobs\": 3}}"),
        format!("{{{regions}, \"jobs\": {{\"dist\": \"mixture\", \"parts\": [{{\"dist\": \"none\"}}]}}}}"),
        format!("{{{regions}, \"homes\": {{\"o\": \"a\"}}, \"tags\": [\"x\"]}}"),
        format!("{{{regions}, \"homes\": {{\"o\": 1}}, \"tags\": \"x\"}}"),
    ];
    for text in texts {
        let value: Json = serde_json::from_str(&text).expect("JSON");
        let agrees = schema_check::accepts(&schema, &schema, &value);
        assert_eq!(read("p.json", &text).is_ok(), agrees, "{text}\n{:?}\n{schema:#}", read("p.json", &text));
    }
}
