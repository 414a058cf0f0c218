//! Mistakes in scenarios.

use super::{bad_scenario, refused, refused_at_marks};
use crate::tidegate;
use tidegate_tests::Desk;
use tidegate_tests::sample::{HEAD, LOAD, POLICY};

/// A fault with its time.
fn fault(keys: &str) -> String {
    format!("[[fault]]\nat = \"1h\"\nfor = \"10m\"\n{keys}\n")
}

#[test]
fn keys_types_and_signs() {
    let head = |line: &str, words: &str| refused_at_marks(&format!("{HEAD}{line}\n{LOAD}"), POLICY, &[words]);
    head("@warmup = \"1h\"", "did you mean `warmUp`?");
    head("runs = @\"20\"", "without quotes");
    head("runs = @0", "1 to 10000");
    head("warmUp = @\"-1h\"", "must not be negative");
    head("warmUp = @\"24h\"", "shorter than `duration`");
    head("start = @\"yesterday\"", "expected");
    head("world = @\"azure\"", "does not exist");
    bad_scenario("[[@objectiv]]\nmeasure = \"start\"\n", "did you mean `objective`?");
}

#[test]
fn loads() {
    let load = |text: &str, words: &str| refused_at_marks(&format!("{HEAD}{text}"), POLICY, &[words]);
    load("load = @[]\n", "at least 1");
    load("[[load]]\norganization = \"o\"\npushesPerDay = @-5\n", "above 0");
    load("[[load]]\norganization = \"o\"\npushesPerDay = 5\nzone = @\"emeaa\"\n", "did you mean `emea`?");
    let dist = |keys: &str| format!("[[load]]\norganization = \"o\"\npushesPerDay = 5\njobDuration = {{ {keys} }}\n");
    load(&dist("dist = @\"lognorma\", median = \"1m\", p90 = \"2m\""), "did you mean `lognormal`?");
    load(&dist("dist = \"lognormal\", median = \"2m\", p90 = @\"1m\""), "median");
    load(&dist("dist = \"constant\", value = @\"-1s\""), "must not be negative");
}

#[test]
fn unknown_regions_in_faults() {
    let near = "did you mean `us-east-1`?";
    bad_scenario(&fault("kind = \"regionOutage\"\nregion = @\"us-east-2\""), near);
    bad_scenario(&fault("kind = \"gray\"\nregion = @\"us-east-l\""), near);
    bad_scenario(&fault("kind = \"partition\"\nfrom = \"eu-west-1\"\nto = @\"us-east-2\""), near);
    bad_scenario(&fault("kind = \"partition\"\nfrom = @\"us-east-2\"\nto = \"eu-west-1\""), near);
    bad_scenario(&fault("kind = \"partition\"\nfrom = \"us-east-1\"\nto = @\"us-east-1\""), "name another region");
    bad_scenario("[[fault]]\nuse = \"us-east-1-2025-10-20\"\nregion = @\"us-east-2\"\n", near);
    bad_scenario("[[fault]]\nuse = @\"us-east-1-2025-10-19\"\n", "did you mean `us-east-1-2025-10-20`?");
}

#[test]
fn faults_that_never_end_overlap_or_come_too_late() {
    let gray = |times: &str| format!("[[fault]]\nkind = \"gray\"\nregion = \"us-east-1\"\n{times}\n");
    bad_scenario(&format!("@{}", gray("at = \"1h\"")), "the fault has no end");
    bad_scenario(&format!("@{}", gray("for = \"1h\"")), "the fault never strikes");
    bad_scenario(&gray("at = \"1h\"\nfor = @\"0s\""), "expected");
    bad_scenario(&gray("at = \"1h\"\nfor = @\"-1h\""), "must not be negative");
    bad_scenario(&gray("at = \"23h\"\nfor = @\"2h\""), "after the scenario");
    bad_scenario(&gray("at = @\"30h\"\nfor = \"1m\""), "after the scenario");
    let two = [gray("at = \"1h\"\nfor = \"2h\""), format!("@{}", gray("at = \"2h\"\nfor = \"2h\""))].concat();
    bad_scenario(&two, "overlaps one of the same kind in the same place");
}

#[test]
fn objectives_that_nothing_can_meet_or_miss() {
    let objective = |keys: &str, words: &str| bad_scenario(&format!("[[objective]]\n{keys}\n"), words);
    objective("measure = @\"latency\"\natMost = \"1s\"", "one of: ack, placement");
    objective("measure = @\"placment\"\natMost = \"1s\"", "did you mean `placement`?");
    objective("measure = \"availability\"\natMost = @0.9", "atLeast");
    objective("measure = \"availability\"\natLeast = @99", "from 0 to 1");
    objective("measure = \"start\"\natMost = @\"-1s\"", "must not be negative");
    bad_scenario("@[[objective]]\nmeasure = \"start\"\n", "no limit");
}

#[test]
fn names_that_would_lead_out_of_the_folder_of_results() {
    for name in ["../up", "/etc/x", "a/b", "", ".hidden", "a\\u0000b"] {
        let text = HEAD.replace("\"bad\"", &format!("@\"{name}\""));
        refused_at_marks(&format!("{text}{LOAD}"), POLICY, &["folder"]);
    }
}

#[test]
fn json_that_is_cut_short() {
    let desk = Desk::with_sample();
    let whole = "{ \"name\": \"x\", \"duration\": \"1h\", \"policy\": \"policy.toml\",\n  \"load\": [ { \"organization\": \
        \"o\", \"pushesPerDay\": 10 } ] }";
    let run = |text: &str| {
        desk.put("scenario.json", text);
        tidegate().within(desk.folder()).words("run scenario.json --runs 1 --out out").run()
    };
    for length in [0, 1, 8, 20, 60, 80, whole.len() - 1] {
        run(&whole[..length]).ends(2).says("scenario.json:");
        assert!(!desk.path("out").exists(), "nothing is begun on {length} bytes");
    }
    run(whole).ends(0);
}

#[test]
fn files_that_are_none() {
    let desk = Desk::with_sample();
    let run = |name: &str| tidegate().within(desk.folder()).words("run").arg(name).words("--out out").run();
    run("none.toml").ends(2).says("none.toml: does not exist");
    run(".").ends(2).says("directory");
    desk.put("scenario.yaml", "name: x\n");
    run("scenario.yaml").ends(2).says(".toml or .json");
    desk.put("binary.toml", b"name = \"\xff\"");
    run("binary.toml").ends(2).says("binary.toml:1:9: ").says("UTF-8");
    desk.put("zeros.toml", [0; 100]);
    run("zeros.toml").ends(2).says("zeros.toml:1:");
    let deep = format!("name = {}", "[".repeat(100_000));
    desk.put("deep.toml", deep);
    run("deep.toml").ends(2).says("deep.toml:1:");
    desk.put("deep.json", "{\"a\":".repeat(100_000));
    run("deep.json").ends(2).says("deep.json:1:");
    assert!(!desk.path("out").exists(), "nothing is begun");
}

#[test]
fn the_same_is_said_to_whoever_asks_for_a_story() {
    let desk = Desk::with_sample();
    desk.put("scenario.toml", format!("{HEAD}runs = 0\n{LOAD}"));
    let ran = tidegate().within(desk.folder()).words("explain scenario.toml --job 1").run();
    ran.ends(2).says("scenario.toml:4:8: ");
    assert_eq!(ran.out, "");
    desk.put("scenario.toml", "");
    refused(&desk).says("scenario.toml:1:1: ").says("missing `name`");
}
