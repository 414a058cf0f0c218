//! I12: same inputs, same decisions, whatever the threads; and the same report, byte for byte.
//! `.ci/run` holds the debug and the release build against each other.

use crate::tidegate;
use serde_json::Value;
use tidegate_tests::Desk;

/// A summary without what may differ: the time it took and the memory.
fn without_engine(desk: &Desk, folder: &str) -> Value {
    let mut summary = desk.json(&format!("{folder}/summary.json"));
    let engine = summary.as_object_mut().and_then(|summary| summary.remove("engine")).expect("an engine");
    assert!(engine["events"].as_u64() > Some(1_000), "{engine}");
    summary
}

fn run(desk: &Desk, line: &str) {
    tidegate().within(desk.folder()).words(line).run().ends(0);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let desk = Desk::with_sample();
    for threads in ["1", "2", "7"] {
        run(&desk, &format!("run scenario.toml --runs 3 --jobs-csv --decisions --threads {threads} --out t{threads}"));
    }
    for other in ["t2", "t7"] {
        assert_eq!(desk.names("t1"), desk.names(other));
        assert_eq!(without_engine(&desk, "t1"), without_engine(&desk, other));
        for name in desk.names("t1").iter().filter(|name| !["summary.json", "index.html"].contains(&name.as_str())) {
            let (one, two) = (desk.text(&format!("t1/{name}")), desk.text(&format!("{other}/{name}")));
            assert!(one == two, "{name} differs between 1 thread and {other}");
        }
    }
    let events = |folder: &str| desk.json(&format!("{folder}/summary.json"))["engine"]["events"].clone();
    assert_eq!(events("t1"), events("t2"), "not one event more");
}

#[test]
fn the_text_of_a_summary_is_the_same_but_for_its_engine() {
    let desk = Desk::with_sample();
    let text = |folder: &str| {
        run(&desk, &format!("run scenario.toml --out {folder}"));
        let text = desk.text(&format!("{folder}/summary.json"));
        text.split("\"engine\"").next().map(str::to_owned).expect("a text")
    };
    assert!(text("a") == text("b"), "keys and digits are in the same order");
}

#[test]
fn seeds_make_runs_and_nothing_else_does() {
    let desk = Desk::with_sample();
    let digest = |line: &str| {
        run(&desk, &format!("run scenario.toml --out out {line}"));
        desk.json("out/summary.json")["digest"].as_str().map(str::to_owned)
    };
    let usual = digest("");
    assert_eq!(usual, digest("--seed 3 --runs 2"));
    assert_eq!(usual, digest("--jobs-csv --decisions"), "looking changes nothing");
    assert_ne!(usual, digest("--seed 4"));
    assert_ne!(usual, digest("--runs 3"));
}

#[test]
fn objectives_and_warm_up_change_no_decision() {
    let desk = Desk::with_sample();
    let digest = |from: &str, to: &str| {
        desk.put("other.toml", desk.text("scenario.toml").replace(from, to));
        run(&desk, "run other.toml --out out");
        desk.json("out/summary.json")["digest"].as_str().map(str::to_owned)
    };
    let usual = digest("", "");
    assert_eq!(usual, digest("warmUp = \"5m\"", "warmUp = \"1m\""));
    assert_eq!(usual, digest("atMost = \"10s\"", "atMost = \"9s\""));
    assert_ne!(usual, digest("for = \"10m\"", "for = \"9m\""), "a fault does");
}
