//! `tidegate tune` from outside: what it prints and writes, that a policy it writes is the one it judged, and what it says of
//! bad input.

use crate::tidegate;
use serde_json::Value;
use tidegate_tests::{Desk, Ran, house};

fn call(desk: &Desk, line: &str) -> Ran {
    tidegate().within(desk.folder()).words(line).run()
}

/// The sample with a cap that is far too high, and an objective that half of it keeps.
fn desk() -> Desk {
    let desk = Desk::with_sample();
    desk.put("policy.toml", desk.text("policy.toml").replace("maxRunners = 60", "maxRunners = 600"));
    desk
}

const SEARCH: &str =
    "tune scenario.toml --minimize maxRunners --over maxRunners=10%..100% --over queueDepth=10..100 --budget 400";

fn search(desk: &Desk, more: &str) -> Ran {
    call(desk, &format!("{SEARCH} --quiet {more}"))
}

#[test]
fn the_answer_is_printed_and_the_evidence_written() {
    let desk = desk();
    let ran = search(&desk, "--out out --write found/tuned.json");
    ran.ends(0).prints("keeps all 2 objectives and is the cheapest that was found").prints("How sure");
    assert_eq!(ran.err, "");
    assert_eq!(
        desk.names("out"),
        ["charts/candidates.svg", "charts/races.svg", "index.html", "policy.json", "tune.csv", "tune.json"]
    );
    assert_eq!(desk.text("out/policy.json"), desk.text("found/tuned.json"));
    let told = desk.json("out/tune.json");
    let winner = told["winner"].as_u64().expect("a winner") as usize;
    let candidates = told["candidates"].as_array().expect("all of them");
    assert_eq!(desk.text("out/tune.csv").lines().count(), candidates.len() + 1);
    let spent = |name: &str| told["spent"][name].as_u64().expect("a number");
    assert!(spent("search") + spent("effects") + spent("selection") <= 400, "{}", told["spent"]);
    assert!(candidates.iter().all(|one| one["runs"].as_array().is_some_and(|runs| runs.len() >= 5)));
    let finalists = told["selection"]["finalists"].as_array().expect("finalists");
    let finalist = |number: usize| finalists.iter().find(|one| one["number"] == number).expect("a finalist");
    assert_eq!(finalist(winner)["verdict"], "met");
    assert!(finalist(0)["more"]["low"].as_f64() > Some(0.0), "1,800 runners are too many: {}", finalist(0));
    let page = desk.text("out/index.html");
    assert!(page.find("is the cheapest that was found") < page.find("id=\"finalists\""), "the answer comes first");
}

// Broken: a setting of the winner is not put into the policy, or into another place.
#[test]
fn the_policy_that_is_written_is_the_one_that_was_judged() {
    let desk = desk();
    search(&desk, "--out out").ends(0);
    let told = desk.json("out/tune.json");
    let line = told["runWinner"][0].as_str().expect("a line").strip_prefix("tidegate ").expect("ours").to_owned();
    call(&desk, &format!("{line} --quiet --out by-settings")).ends(0);
    let rest = line.split(" --runs ").nth(1).expect("runs and a seed");
    call(&desk, &format!("run scenario.toml --policy out/policy.json --runs {rest} --quiet --out by-file")).ends(0);
    let digest = |folder: &str| desk.json(&format!("{folder}/summary.json"))["digest"].clone();
    assert_eq!(digest("by-settings"), digest("by-file"));
    call(&desk, &format!("run scenario.toml --runs {rest} --quiet --out own")).ends(0);
    assert_ne!(digest("own"), digest("by-file"), "the search changed something");
}

#[test]
fn the_evidence_does_not_depend_on_the_number_of_threads() {
    let desk = desk();
    for threads in ["1", "2", "5"] {
        search(&desk, &format!("--threads {threads} --out t{threads}")).ends(0);
    }
    for name in ["tune.json", "tune.csv", "index.html", "policy.json"] {
        let text = |threads: u32| desk.text(&format!("t{threads}/{name}"));
        assert!(text(1) == text(2) && text(1) == text(5), "{name}");
    }
}

#[test]
fn where_nothing_keeps_the_objectives_no_policy_is_written() {
    let desk = desk();
    let late = "\n[[objective]]\nmeasure = \"start\"\nstat = \"p50\"\natMost = \"1s\"\n";
    desk.put("scenario.toml", desk.text("scenario.toml") + late);
    let ran = search(&desk, "--out out --write tuned.json --format json");
    ran.ends(1).says("no policy is written");
    let told: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&told["verdict"], &told["winner"]), (&Value::from("missed"), &Value::Null));
    assert!(!desk.path("tuned.json").exists() && !desk.path("out/policy.json").exists());
    assert!(desk.text("out/index.html").contains("No candidate keeps all 3 objectives"));
}

#[test]
fn one_policy_keeps_the_objectives_of_several_scenarios() {
    let desk = desk();
    let calm = desk.text("scenario.toml").replace("\"small\"", "\"calm\"");
    desk.put("calm.toml", calm.replace("at = \"10m\"\nfor = \"10m\"", "at = \"25m\"\nfor = \"1m\""));
    let line = SEARCH.replace("tune scenario.toml", "tune scenario.toml calm.toml").replace("400", "800");
    call(&desk, &format!("{line} --quiet --out out")).ends(0);
    let told = desk.json("out/tune.json");
    let names: Vec<&str> =
        told["objectives"].as_array().expect("all").iter().filter_map(|o| o["name"].as_str()).collect();
    assert_eq!(names, ["small: jobsLostByUs", "small: ack p95", "calm: jobsLostByUs", "calm: ack p95"]);
    assert_eq!(told["runWinner"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_makes_no_search_is_refused_in_words() {
    let desk = desk();
    let refused = |line: &str, words: &str| {
        let ran = call(&desk, line);
        ran.ends(2).says(words);
        assert_eq!(ran.out, "", "{line}");
    };
    refused("tune scenario.toml --over queueDepth=9", "expected PATH=a..b or PATH=x|y");
    refused("tune scenario.toml --over queueDepth=90..9", "90 must be less than 9");
    refused("tune scenario.toml --over load.0.pushesPerDay=1..9", "is no key of the policy");
    refused("tune scenario.toml --over queueDpth=1..9 --budget 400", "did you mean `queueDepth`");
    refused("tune scenario.toml --minimize cots", "did you mean `cost`");
    refused("tune scenario.toml --minimize availability", "more of it is better");
    refused("tune scenario.toml --budget 10", "--budget 10: expected 400 at least");
    refused("tune scenario.toml --confidence 1.5", "a share from 0.5 to 0.9999");
    refused("tune scenario.toml --indifference 0", "a share from 0.0001 to 1");
    let theory = house::root().join("scenarios/theory/fewest-runners.toml");
    refused(&format!("tune {}", theory.display()), "--minimize maxRunners");
    desk.put(
        "other.toml",
        desk.text("scenario.toml")
            .replace("\"policy.toml\"", "{ regions = [{ name = \"us-east-1\" }, { name = \"eu-west-1\" }] }"),
    );
    refused("tune scenario.toml other.toml", "small and small have different policies");
    let none = desk.text("scenario.toml");
    desk.put("none.toml", none.split("[[objective]]").next().expect("a text"));
    refused("tune none.toml", "there are no objectives");
    assert!(!desk.path("target").exists(), "nothing is written");
}
