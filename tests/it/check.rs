//! `tidegate check`: verdicts for machines, and the evidence that a policy was validated.

mod gate;

use crate::tidegate;
use serde_json::{Value, json};
use tidegate_live::policy_file;
use tidegate_tests::{Desk, Ran};

/// Runs a line of words on a desk.
fn call(desk: &Desk, line: &str) -> Ran {
    tidegate().within(desk.folder()).words(line).run()
}

/// A desk with the sample in a folder `all`, whose policy lies in a subfolder.
fn desk() -> Desk {
    let (desk, sample) = (Desk::empty(), Desk::with_sample());
    std::fs::create_dir_all(desk.path("all/policies")).expect("made");
    desk.put("all/policies/p.toml", sample.text("policy.toml"));
    put(&desk, "small", "");
    desk
}

/// Puts the sample into the folder under another name, with more at its end.
fn put(desk: &Desk, name: &str, more: &str) {
    let text = tidegate_tests::sample::SCENARIO.replace("\"small\"", &format!("\"{name}\""));
    desk.put(&format!("all/{name}.toml"), text.replace("policy.toml", "policies/p.toml") + more);
}

const LATE: &str = "\n[[objective]]\nmeasure = \"start\"\nstat = \"p50\"\natMost = \"1s\"\n";

#[test]
fn a_line_for_each_scenario_says_what_is_met() {
    let desk = desk();
    let ran = call(&desk, "check all");
    ran.ends(0);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("met           small: 2 objectives\n", ""));
    assert!(
        !desk.path("target").exists() && !desk.path("all/policies/p.toml.validated").exists(),
        "nothing is written"
    );

    put(&desk, "late", LATE);
    let ran = call(&desk, "check all all/small.toml");
    ran.ends(1);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 3, "by name, each once, and a line for what is missed: {}", ran.out);
    assert_eq!(lines[0], "missed        late: 3 objectives, 1 missed");
    for words in ["    start p50 missed: ", " [", "], promised at most 1.0s; even "] {
        assert!(lines[1].contains(words), "{}", lines[1]);
    }
    assert_eq!(lines[2], "met           small: 2 objectives");
    call(&desk, "check all/small.toml --runs 1").ends(1).prints("inconclusive  small: 2 objectives, ");
}

#[test]
fn json_is_a_line_for_each_scenario() {
    let desk = desk();
    put(&desk, "late", LATE);
    let ran = call(&desk, "check all --format json");
    let lines: Vec<Value> = ran.ends(1).out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let verdicts: Vec<&Value> = lines.iter().map(|line| &line["verdict"]).collect();
    assert_eq!(verdicts, ["missed", "met"]);
    assert_eq!((&lines[0]["schema"], &lines[0]["seeds"]), (&json!(1), &json!([3, 4])));
    assert_eq!(lines[0]["objectives"][2]["verdict"], "missed");
    assert_eq!(lines[1]["scenario"]["name"], "small");
    call(&desk, "run all/small.toml --out out").ends(0);
    assert_eq!(desk.json("out/summary.json")["digest"], lines[1]["digest"], "the same runs as those of `run`");
}

#[test]
fn wrong_input_is_told_at_once_and_nothing_is_run() {
    let desk = desk();
    std::fs::create_dir(desk.path("empty")).expect("made");
    desk.put("all/bad.toml", "name = \"bad\"\n");
    let ran = call(&desk, "check all empty none.toml --stamp");
    ran.ends(2).says("empty: holds no scenario").says("none.toml: does not exist").says("all/bad.toml:");
    ran.says("every .toml and .json file of a folder is taken for a scenario");
    assert_eq!(ran.out, "");
    call(&desk, "check").ends(2).says("PATH");
}

#[test]
fn evidence_is_what_the_daemon_asks_for() {
    let desk = desk();
    let policy = desk.path("all/policies/p.toml");
    assert!(policy_file::load(&policy, true).is_err(), "there is none yet");
    let evidence = "all/policies/p.toml.validated";
    call(&desk, "check all --stamp").ends(0).prints(&format!("stamped       {evidence}\n"));
    policy_file::load(&policy, true).expect("validated");
    let stamp = desk.json(evidence);
    assert_eq!(stamp["schema"], 1);
    assert_eq!(stamp["tidegate"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(stamp["policySha256"], policy_file::sha256(&desk.text("all/policies/p.toml")));
    assert_eq!(stamp["verdict"], "met");
    let scenario = &stamp["scenarios"][0];
    assert_eq!((&scenario["name"], &scenario["path"]), (&json!("small"), &json!("all/small.toml")));
    assert_eq!((&scenario["seeds"], &scenario["objectives"]), (&json!([3, 4]), &json!(2)));
    assert_eq!(scenario["sha256"], policy_file::sha256(&desk.text("all/small.toml")));
    assert_eq!(scenario["digest"].as_str().map(str::len), Some(32));
    assert_eq!(desk.names("all/policies"), ["p.toml", "p.toml.validated"], "whole, and nothing beside it");

    put(&desk, "late", LATE);
    let ran = call(&desk, "check all --stamp");
    ran.ends(1).prints("not stamped   all/policies/p.toml: late is missed; ").prints(&format!("{evidence} is removed"));
    assert!(!desk.path(evidence).exists());
    assert!(policy_file::load(&policy, true).is_err());
}

#[test]
fn evidence_is_of_the_bytes_whatever_they_begin_with() {
    let desk = desk();
    let policy = desk.put("all/policies/p.toml", format!("\u{feff}# Grüße\r\n{}", tidegate_tests::sample::POLICY));
    call(&desk, "check all --stamp").ends(0);
    policy_file::load(&policy, true).expect("the daemon reads the same bytes");
}

#[test]
fn what_promises_nothing_proves_nothing() {
    let desk = desk();
    let text = desk.text("all/small.toml");
    let calm = text.split("[[objective]]").next().expect("a text").replace("\"small\"", "\"calm\"");
    desk.put("all/calm.toml", &calm);
    let ran = call(&desk, "check all --stamp");
    ran.ends(0).prints("noObjectives  calm: 0 objectives").prints("p.toml: calm is noObjectives");
    assert!(!desk.path("all/policies/p.toml.validated").exists());
    let inline = calm.replace("\"policies/p.toml\"", "{ regions = [{ name = \"us-east-1\" }] }");
    assert!(inline.contains("[{"), "{inline}");
    desk.put("all/calm.toml", inline);
    let ran = call(&desk, "check all/calm.toml --stamp");
    ran.ends(0).prints("not stamped   all/calm.toml: its policy stands within the scenario");
    assert_eq!(desk.names("all/policies"), ["p.toml"]);
}
