//! `tidegate check` as a gate of CI: JUnit, baselines, GitHub's annotations, OpenSLO, and all four exit codes.

use super::{LATE, call, desk, put};
use crate::tidegate;
use roxmltree::Document;
use serde_json::Value;
use tidegate_tests::house;

#[test]
fn junit_has_a_case_for_each_scenario_and_objective() {
    let desk = desk();
    put(&desk, "late", LATE);
    call(&desk, "check all --junit out/junit.xml").ends(1).prints("missed        late");
    let text = desk.text("out/junit.xml");
    let document = Document::parse(&text).expect("XML");
    let named = |tag: &'static str| document.descendants().filter(move |node| node.has_tag_name(tag));
    let suites: Vec<_> = named("testsuite").filter_map(|suite| suite.attribute("name")).collect();
    assert_eq!(suites, ["late", "small"]);
    let cases: Vec<_> = named("testcase").filter_map(|case| case.attribute("name")).collect();
    assert_eq!(cases.len(), 5, "{cases:?}");
    assert!(cases.contains(&"start p50 at most 1.0s"), "{cases:?}");
    let failures: Vec<_> = named("failure").filter_map(|failure| failure.text()).collect();
    let again = "to see it again: tidegate run all/late.toml --runs 2 --seed 3";
    assert!(matches!(failures[..], [one] if one.ends_with(again) && one.contains("seeds 3 to 4")), "{failures:?}");
    assert_eq!(desk.names("out"), ["junit.xml"], "whole, and nothing beside it");
    call(&desk, "check all --junit again.xml --threads 1").ends(1);
    assert_eq!(desk.text("again.xml"), text, "the same results are the same bytes");
    // Where it cannot be written, minutes of work are not begun.
    desk.put("file", "");
    let ran = call(&desk, "check all --junit file/junit.xml");
    ran.ends(3).says("cannot write file");
    assert_eq!(ran.out, "");
}

#[test]
fn a_baseline_tells_what_is_worse_though_every_promise_is_kept() {
    let desk = desk();
    call(&desk, "run all/small.toml --out base/small --quiet --runs 6").ends(0);
    let same = call(&desk, "check all --baseline base --runs 6");
    same.ends(0).prints("met           small: 2 objectives\n    no difference: ");
    let ran = call(&desk, "check all --baseline base --set maxRunners=6 --runs 6 --format json --junit j.xml");
    ran.ends(1);
    let told: Value = serde_json::from_str(&ran.out).expect("a line");
    assert_eq!(told["verdict"], "regressed", "{told:#}");
    let compared = told["baseline"]["comparisons"].as_array().expect("comparisons");
    let start = compared.iter().find(|one| one["quantity"] == "start.p95").expect("it is compared always");
    assert_eq!((&start["change"], &start["how"]), (&"regression".into(), &"paired".into()), "{start}");
    assert!(desk.text("j.xml").contains("type=\"regression\""), "{}", desk.text("j.xml"));
    // An older program wrote no numbers of runs.
    let mut old = desk.json("base/small/summary.json");
    old.as_object_mut().expect("a table").remove("runs");
    desk.put("old.json", old.to_string());
    let ran = call(&desk, "check all --baseline old.json --runs 6");
    ran.ends(0).prints("note: the baseline has no numbers of runs").prints("no difference: ");
    call(&desk, "check all --baseline old.json --runs 2").ends(0).prints("start p95 (too few runs: --runs 10)");
}

#[test]
fn a_baseline_that_is_none_is_wrong_input() {
    let desk = desk();
    desk.put("list.json", "[]");
    desk.put("new.json", "{\"schema\": 7}");
    let ran = call(&desk, "check all --baseline none.json --baseline list.json --baseline new.json");
    ran.ends(2).says("none.json: cannot be read").says("list.json: is no summary.json").says("schema 7, expected 1");
    assert_eq!(ran.out, "");
    let other = desk.text("all/small.toml").replace("\"small\"", "\"other\"");
    desk.put("all/other.toml", other);
    call(&desk, "run all/other.toml --out base --quiet").ends(0);
    let ran = call(&desk, "check all/small.toml --baseline base");
    ran.ends(2).says("none of the scenarios has a baseline: there are baselines of other");
    call(&desk, "check all --baseline base").ends(0).prints("note: there is no baseline of it");
    call(&desk, "check all --tolerance 5%").ends(2).says("--baseline");
    call(&desk, "check all --baseline base --tolerance much").ends(2).says("such as 1% or 0.01");
}

#[test]
fn github_is_told_on_the_line_of_the_objective() {
    let desk = desk();
    put(&desk, "late", LATE);
    desk.put("summary.md", "before\n");
    let check = |line: &str| {
        let call = tidegate().within(desk.folder()).words(line);
        call.with_variable("GITHUB_STEP_SUMMARY", desk.path("summary.md")).run()
    };
    let ran = check("check all --github");
    let line = desk.text("all/late.toml").lines().position(|line| line.contains("\"1s\"")).expect("the limit") - 2;
    let wanted =
        format!("::error file=all/late.toml,line={line},col=1,title=late%3A start p50 missed::start p50 missed");
    ran.ends(1).prints(&wanted);
    let summary = desk.text("summary.md");
    assert!(summary.starts_with("before\n## tidegate check: 1 of 2 scenarios good\n"), "{summary}");
    assert!(summary.contains("| missed | start p50 | "), "{summary}");
    let ran = check("check all --github --format json");
    ran.ends(1).says("::error file=all/late.toml");
    assert!(ran.out.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{}", ran.out);
}

#[test]
fn objectives_of_openslo_are_judged_with_the_scenario_s_own() {
    let desk = desk();
    let shown = house::text(&house::root().join("docs/check.md")).expect("text");
    let example = shown.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    desk.put("slo.yaml", example);
    let ran = call(&desk, "check all --slo slo.yaml --format json");
    let told: Value = serde_json::from_str(&ran.out).expect("a line");
    let last = &told["objectives"][2];
    assert_eq!((&last["measure"], &last["of"], &last["stat"]), (&"start".into(), &"regional".into(), &"p95".into()));
    assert_eq!((&last["limit"], &last["bound"]), (&90.0.into(), &"atMost".into()));
    desk.put("bad.yaml", example.replace("tidegate.measure: start", "tidegate.measure: strat"));
    call(&desk, "check all --slo bad.yaml").ends(2).says("bad.yaml:5:").says("did you mean `start`?");
    desk.put("late.yaml", example.replace("value: 90", "value: 1"));
    let ran = call(&desk, "check all --slo late.yaml --junit j.xml");
    ran.ends(1).prints("start p95 of regional jobs missed");
    let again = "tidegate check all/small.toml --slo late.yaml --runs 2 --seed 3";
    assert!(desk.text("j.xml").contains(again), "{}", desk.text("j.xml"));
}

#[test]
fn no_sample_and_no_measure_are_never_met() {
    let desk = desk();
    put(&desk, "none", "\n[[objective]]\nmeasure = \"failoverTime\"\natMost = \"1h\"\n");
    let calm = desk.text("all/none.toml").replace("kind = \"regionOutage\"", "kind = \"clockSkew\"\nby = \"1s\"");
    desk.put("all/none.toml", calm);
    call(&desk, "check all/none.toml").ends(1).prints("failoverTime max inconclusive: none");
    put(&desk, "unknown", "\n[[objective]]\nmeasure = \"strat\"\natMost = \"1h\"\n");
    call(&desk, "check all/unknown.toml").ends(2).says("did you mean `start`?");
}

#[test]
fn a_policy_that_spills_too_late_is_stopped() {
    let check = |more: &str| {
        let line = format!("check scenarios/small-home.toml --runs 5 {more}");
        tidegate().within(house::root()).words(&line).run()
    };
    check("").ends(0).prints("met           small-home: 3 objectives");
    check("--set queueDepth=5000 --set concurrencyPercent=100").ends(1).prints("queueWait p95 missed: ");
}
