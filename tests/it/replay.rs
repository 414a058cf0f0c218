//! Journals again: the same decisions, another policy, the story of a job; and journals as the load of a scenario.

use crate::tidegate;
use serde_json::Value;
use std::path::PathBuf;
use tidegate_tests::journal::{Recorder, completed, queued, started};
use tidegate_tests::sample::POLICY;
use tidegate_tests::{Desk, Ran};

/// Runs a line of words on a desk.
fn call(desk: &Desk, line: &str) -> Ran {
    tidegate().within(desk.folder()).words(line).run()
}

/// A desk with the journals of two nodes below `data`: forty jobs, a few of them heard by both.
fn desk() -> (Desk, [PathBuf; 2]) {
    let desk = Desk::empty();
    desk.put("policy.toml", POLICY);
    let journals = [("us-east-1", 1..=30), ("eu-west-1", 21..=40)].map(|(node, jobs)| {
        let mut recorder = Recorder::begin(POLICY, node);
        for job in jobs.clone() {
            recorder.hears(10 * job + 1, queued(job, 10 * job));
        }
        for job in jobs.clone() {
            recorder.hears(500 + job, started(job, 10 * job + 60));
        }
        for job in jobs {
            recorder.hears(800 + job, completed(job, 10 * job + 300));
        }
        recorder.write(&desk.path(&format!("data/{node}")))
    });
    (desk, journals)
}

#[test]
fn journals_are_replayed_each_on_its_own() {
    let (desk, [first, _]) = desk();
    let one = call(&desk, "replay data/us-east-1");
    one.ends(0).prints("1 segments, ").prints("the same decisions, digest ");
    assert_eq!(one.out.lines().count(), 2, "{}", one.out);
    let both = call(&desk, "replay data/us-east-1 data/eu-west-1");
    both.ends(0).prints("data/us-east-1: 1 segments").prints("data/eu-west-1: 1 segments");
    assert_eq!(both.out.matches("the same decisions, digest ").count(), 2);
    let below = call(&desk, "replay data --format json");
    let lines: Vec<Value> = below.ends(0).out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let journals: Vec<&Value> = lines.iter().map(|line| &line["journal"]).collect();
    assert_eq!(journals, ["data/eu-west-1", "data/us-east-1"], "the folder of all nodes, by name");

    // A decision that nobody would make again.
    let text = std::fs::read_to_string(&first).expect("there");
    assert!(text.contains("\"reason\":\"home\""), "{}", &text[..200]);
    std::fs::write(&first, text.replacen("\"reason\":\"home\"", "\"reason\":\"sticky\"", 1)).expect("written");
    let ran = call(&desk, "replay data");
    ran.ends(1).prints("DIFFERENT from ").prints("its workflow run began there");
    assert_eq!(ran.out.matches("the same decisions").count(), 1, "the other one is replayed all the same");
    call(&desk, "replay nowhere data").ends(2).says("nowhere: does not exist").prints("DIFFERENT");
}

#[test]
fn another_policy_is_tried_on_what_really_came() {
    let (desk, _) = desk();
    let ran = call(&desk, "replay data/us-east-1 data/eu-west-1 --policy policy.toml --runs 2 --quiet --jobs-csv");
    let name = "target/tidegate/replay-us-east-1-and-1-more";
    ran.ends(0).prints("none in the scenario").prints(&format!("{name}/index.html"));
    assert_eq!(ran.err, "", "{}", ran.told());
    let summary = desk.json(&format!("{name}/summary.json"));
    assert_eq!(summary["counts"]["jobsStarted"]["value"], 40.0, "those that two nodes heard of count once");
    assert_eq!(summary["policy"]["path"], "policy.toml");
    assert_eq!(summary["scenario"]["path"], "data/us-east-1 data/eu-west-1");
    assert_eq!(summary["start"], "2026-11-24T15:00:00.000Z");
    // Job 40 ends in second 700; ten minutes more.
    assert_eq!(summary["duration"], 1_300.0);
    let jobs = desk.text(&format!("{name}/jobs.csv"));
    let row = jobs.lines().find(|line| line.split(',').nth(1) == Some("7")).expect("GitHub's number is kept");
    assert!(row.contains("2026-11-24T15:01:10.000Z"), "at its own time: {row}");
    let page = desk.text(&format!("{name}/index.html"));
    let again = "tidegate replay data/us-east-1 data/eu-west-1 --policy policy.toml --runs 2 --seed 1";
    assert!(page.contains(again), "the line that reproduces it");

    // One region alone, with room for four.
    desk.put("narrow.toml", "regions = [{ name = \"us-east-1\", maxRunners = 4 }]\n");
    let narrow = call(&desk, "replay data --policy narrow.toml --runs 2 --format json --out narrow");
    let other: Value = serde_json::from_str(&narrow.ends(0).out).expect("JSON");
    let p95 = |summary: &Value| summary["measures"]["start"]["p95"]["value"].as_f64().expect("jobs started");
    assert!(p95(&other) > 2.0 * p95(&summary), "{} against {}", p95(&other), p95(&summary));
    assert!(desk.path("narrow/index.html").exists());
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let (desk, _) = desk();
    desk.put("bad.toml", "regions = []\n");
    let ran = call(&desk, "replay data nowhere --policy bad.toml");
    ran.ends(2).says("nowhere: does not exist").says("bad.toml:1:");
    assert_eq!(ran.out, "");
    desk.put("mars.toml", "regions = [{ name = \"mars-1\" }]\n");
    call(&desk, "replay data --policy mars.toml").ends(2).says("`mars-1` of the policy is not in the world `aws`");
    call(&desk, "replay data --policy mars.toml --world ideal --runs 1 --out ideal").ends(0);
    call(&desk, "replay data --runs 3").ends(2).says("--policy");
    call(&desk, "replay data --policy policy.toml --runs 0").ends(2).says("0 runs: expected 1 to");
    assert!(!desk.path("target").exists());
}

#[test]
fn explain_tells_a_job_s_story_out_of_journals() {
    let (desk, [first, _]) = desk();
    let story = call(&desk, "explain data/us-east-1 --job 7");
    story.ends(0).prints("Job 7 as told by us-east-1\n");
    for words in [
        "15:01:10.000  queued at GitHub; home is us-east-1",
        "attempt 1 placed in us-east-1: its home takes it",
        "claim written",
        "message in the queue of us-east-1",
        "IN PROGRESS in us-east-1 (1m 0s after it was queued)",
        "completed in us-east-1 (ran 4m 0s)",
    ] {
        story.prints(words);
    }
    assert!(!story.out.contains("us-east-1  11-24"), "one node needs no name: {}", story.out);
    let segment = tidegate().arg("explain").arg(&first).words("--job 7").run();
    assert_eq!(segment.ends(0).out, story.out, "a segment is a journal too");
    let both = call(&desk, "explain data --job 25");
    both.ends(0).prints("us-east-1  11-24 15:04:").prints("eu-west-1  11-24 15:04:");
    let times: Vec<&str> = both.out.lines().skip(2).filter_map(|line| line.get(11..29)).collect();
    assert!(times.len() > 8 && times.is_sorted(), "{}", both.out);

    let unknown = call(&desk, "explain data --job 999");
    unknown
        .ends(2)
        .says("no job 999 in data: 40 jobs are known there, from 2026-11-24T15:00:00.000Z to 2026-11-24T15:1");
    assert_eq!(unknown.out, "");
    call(&desk, "explain data policy.toml --job 7").ends(2).says("expected one scenario, or journals");
    call(&desk, "explain data --job 7 --seed 2").ends(2).says("--seed, --set and --policy do nothing for a journal");
    call(&desk, "explain nowhere --job 7").ends(2).says("nowhere");
}

// Broken: each segment is replayed from its own head alone, and what was lost between two is not seen.
#[test]
fn a_segment_that_does_not_begin_as_the_one_before_ended_is_told() {
    let desk = Desk::empty();
    let folder = desk.path("data/us-east-1");
    let mut recorder = Recorder::begin(POLICY, "us-east-1");
    recorder.hears(11, queued(1, 10)).hears(21, queued(2, 20)).hears(31, queued(3, 30));
    let first = recorder.rotate(&folder, 35);
    recorder.hears(41, completed(1, 40)).hears(51, completed(2, 50));
    recorder.rotate(&folder, 60);
    recorder.hears(61, completed(3, 60));
    recorder.write(&folder);
    call(&desk, "replay data").ends(0).prints("3 segments").prints("\nthe same decisions, digest ");
    // The end of the first segment goes: every turn that is left is as it was recorded.
    let text = std::fs::read_to_string(&first).expect("there");
    let last = text.rfind("\n{\"controller\"").expect("a turn");
    std::fs::write(&first, &text[..=last]).expect("written");
    let ran = call(&desk, "replay data");
    ran.ends(1).prints("GAP: data/us-east-1/00000002-us-east-1.journal does not begin as").prints("else the same");
    let json: Value = serde_json::from_str(&call(&desk, "replay data --format json").ends(1).out).expect("JSON");
    assert_eq!((&json["same"], &json["difference"]), (&Value::Bool(false), &Value::Null));
    assert_eq!(json["gaps"], serde_json::json!(["data/us-east-1/00000002-us-east-1.journal"]));
    // A whole segment that was thrown away is no gap: only so many are kept.
    std::fs::remove_file(folder.join("00000002-us-east-1.journal")).expect("removed");
    call(&desk, "replay data").ends(0).prints("2 segments").prints("the same decisions");
}

#[test]
fn a_journal_is_a_load_of_a_scenario() {
    let (desk, [first, _]) = desk();
    let head = "policy = \"policy.toml\"\nstart = \"2026-11-24T15:00:00Z\"\nduration = \"30m\"\nruns = 2\n";
    let scenario = |trace: &str, keep: bool| {
        let load = format!("[[load]]\norganization = \"patient-studio\"\ntrace = \"{trace}\"\nkeepTimes = {keep}\n");
        desk.put("s.toml", format!("name = \"s\"\n{head}{load}"));
        call(&desk, "run s.toml --format json --jobs-csv --out out")
    };
    for (trace, jobs) in [("data/us-east-1", 30.0), ("data", 40.0), ("data/us-east-1/00000001-us-east-1.journal", 30.0)]
    {
        let ran = scenario(trace, true);
        let summary: Value = serde_json::from_str(&ran.ends(0).out).expect("JSON");
        assert_eq!(summary["counts"]["jobsStarted"]["value"], jobs, "{trace}");
    }
    assert!(desk.text("out/jobs.csv").contains("2026-11-24T15:00:10.000Z"), "the first job keeps its time");
    let story = call(&desk, "explain s.toml --job 7");
    story.ends(0).prints("queued at GitHub");

    // A job without an end is left out, and that is said.
    let mut recorder = Recorder::begin(POLICY, "us-east-1");
    recorder.hears(11, queued(1, 10)).hears(21, started(1, 20)).hears(31, completed(1, 30)).hears(41, queued(2, 40));
    recorder.write(&desk.path("open"));
    scenario("open", false).ends(0).says("open: jobs that never completed within the journal, left out: 1");
    std::fs::write(&first, "{\"name\":\"x\"}\n").expect("written");
    scenario("data", true).ends(2).says("s.toml:").says("us-east-1.journal:1: is no head");
    std::fs::create_dir(desk.path("nothing")).expect("made");
    scenario("nothing", true).ends(2).says("this is a folder without segments of a journal");
}
