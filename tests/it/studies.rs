//! The studies: their scenarios read, and what each is about shows in them. Knows files and numbers of runs; must not know how
//! the studies' page is written.

use std::path::PathBuf;
use tidegate_sim::experiment::Silent;
use tidegate_sim::experiment::batch::{Batch, batch};
use tidegate_sim::scenario::file::{Overrides, read};
use tidegate_sim::scenario::setting::Setting;
use tidegate_tests::house;

fn study(name: &str, settings: &[&str]) -> Batch {
    let path: PathBuf = house::root().join("scenarios/studies").join(format!("{name}.toml"));
    let settings: Vec<Setting> = settings.iter().map(|text| Setting::parse(text).expect("PATH=VALUE")).collect();
    // Half a day around the fault, which is put into its sixth hour.
    let shorter = ["start=2026-11-24T08:00:00Z", "duration=9h", "fault.0.at=6h"];
    let shorter = shorter.iter().map(|text| Setting::parse(text).expect("PATH=VALUE"));
    let settings: Vec<Setting> = shorter.chain(settings).collect();
    let scenario = read(&path, Overrides { settings: &settings, ..Overrides::default() });
    let batch = batch(&scenario.unwrap_or_else(|error| panic!("{error}")), &[1, 2], None, &Silent);
    assert!(batch.broken.is_empty(), "{name}: {:?}", batch.broken);
    batch
}

fn of(batch: &Batch, key: &str) -> f64 {
    let values: Vec<f64> = batch.values().iter().filter_map(|run| run.get(key)).map(|found| found.value).collect();
    assert!(!values.is_empty(), "no run has {key}");
    values.iter().sum::<f64>() / values.len() as f64
}

// Broken: `queue_hosts` gives each region its own queue whatever the world says; or `on_send` asks the region's own.
#[test]
fn one_queue_takes_every_region_with_it() {
    let (own, one) = (study("one-queue", &[]), study("one-queue", &["world.queuesIn=us-east-1"]));
    assert!(of(&own, "availability") > 0.99, "{}", of(&own, "availability"));
    assert!(of(&one, "availability") < 0.95, "{}", of(&one, "availability"));
    let (own, one) = (of(&own, "queueWait.p50"), of(&one, "queueWait.p50"));
    assert!(one > own + 0.05, "a queue abroad is further away: {one} s, at home {own} s");
}

// Broken: a supervised failover does not wait for its operator.
#[test]
fn a_person_in_the_way_costs_time() {
    let study = |mode: &str, reaction: &str| {
        let settings = [format!("failover.mode={mode}"), format!("world.operatorReaction={reaction}")];
        study("supervised", &["failover.approvalTimeout=null", &settings[0], &settings[1]])
    };
    let time = |batch: &Batch| of(batch, "failoverTime.max");
    let (quick, slow) = (time(&study("supervised", "1m")), time(&study("supervised", "20m")));
    let automatic = time(&study("automatic", "20m"));
    assert!(automatic <= quick && quick + 600.0 < slow, "{automatic} {quick} {slow}");
}

// Broken: a strategy changes where jobs go.
#[test]
fn a_cache_changes_the_bill_and_not_the_way() {
    let strategies = ["regionalWithIndex", "activeActive", "primarySecondary"];
    let costs: Vec<f64> =
        strategies.iter().map(|name| of(&study("cache", &[&format!("cache.strategy={name}")]), "cost")).collect();
    assert!(costs[1] > costs[0] * 1.05, "copies everywhere cost: {costs:?}");
}

// Broken: a policy given instead of the scenario's is not read from the working directory.
#[test]
fn more_regions_survive_what_one_does_not() {
    let policy = |name: &str| format!("policy={}", house::root().join("scenarios/policies").join(name).display());
    let one = study("regions", &[&policy("single-region.json"), "maxRunners=1200"]);
    let three = study("regions", &[&policy("three-regions.json")]);
    assert!(of(&one, "availability") < 0.95 && of(&three, "availability") > 0.99);
}

// Broken: a table of the page comes from another command than it says; a policy of a study is moved.
#[test]
fn the_page_s_commands_are_those_that_make_its_tables() {
    let folder = house::root().join("scenarios/studies");
    let page = house::text(&folder.join("README.md")).expect("a text");
    let listed = std::process::Command::new("python3").arg(folder.join("figures")).arg("--list").output();
    let listed = String::from_utf8(listed.expect("Python 3 is there").stdout).expect("a text");
    let commands: Vec<String> =
        listed.split("tidegate compare ").skip(1).map(|rest| format!("tidegate compare {}", rest.trim())).collect();
    assert_eq!(commands.len(), 4);
    for command in &commands {
        assert!(page.contains(&format!("```sh\n{command}\n```\n\n| | start p50 |")), "{command}");
    }
    for policy in commands.iter().flat_map(|command| command.split("--policy ").skip(1)) {
        let name = policy.split_whitespace().next().expect("a path");
        let path = house::root().join(name);
        let scenario = read(&folder.join("regions.toml"), Overrides { policy: Some(&path), ..Overrides::default() });
        let runners = scenario.unwrap_or_else(|error| panic!("{error}"));
        let runners: u32 = runners.policy.regions.iter().map(|region| region.max_runners).sum();
        assert_eq!(runners, 1_200, "{name}: all have as many runners");
    }
}
