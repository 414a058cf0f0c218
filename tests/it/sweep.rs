//! `tidegate sweep` as people, schedulers and the power switch meet it: killed and called again, in shards, by mistake.

use crate::tidegate;
use serde_json::Value;
use std::process::{Command, Stdio};
use tidegate_tests::{Desk, Ran, wait};

const AXES: &str = "--vary maxRunners=4..60/4 --vary failover.mode=automatic,supervised";

fn sweep(desk: &Desk, line: &str) -> Ran {
    tidegate().within(desk.folder()).words(&format!("sweep scenario.toml {AXES} --quiet {line}")).run()
}

/// Texts of all that is made of a sweep.
fn results(desk: &Desk, folder: &str) -> Vec<(String, String)> {
    let names = desk.names(folder).into_iter().filter(|name| {
        let made = ["sweep.csv", "sweep.json", "index.html"].contains(&name.as_str());
        made || name.starts_with("charts/")
    });
    let all: Vec<_> = names.map(|name| (name.clone(), desk.text(&format!("{folder}/{name}")))).collect();
    assert!(all.len() >= 5, "{} files", all.len());
    all
}

#[test]
fn a_killed_sweep_goes_on_and_ends_with_the_same_bytes() {
    let desk = Desk::with_sample();
    sweep(&desk, "--runs 60 --out once").ends(0);
    let mut program = Command::new(env!("CARGO_BIN_EXE_tidegate-under-test"))
        .args(format!("sweep scenario.toml {AXES} --quiet --runs 60 --threads 1 --out killed").split(' '))
        .current_dir(desk.folder())
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    let points = || desk.names("killed/points").iter().filter(|name| name.ends_with(".json")).count();
    wait::until("a finished point", 60, || if points() > 0 { Ok(()) } else { Err("no point".to_owned()) });
    program.kill().expect("it can be killed");
    let ended = program.wait().expect("it ends");
    let before = points();
    assert!(!ended.success() && (1..8).contains(&before), "{before} points were finished: nothing was cut short");
    sweep(&desk, "--runs 60 --out killed").ends(0);
    assert!(results(&desk, "once") == results(&desk, "killed"));
}

#[test]
fn array_jobs_of_three_schedulers_are_one_process() {
    let desk = Desk::with_sample();
    sweep(&desk, "--out once").ends(0);
    let task = |folder: &str, variables: &[(&str, String)]| {
        let mut session = tidegate().within(desk.folder());
        for (name, value) in variables {
            session = session.with_variable(name, value);
        }
        let line = format!("sweep scenario.toml {AXES} --quiet --shard auto --out {folder}");
        session.words(&line).run().ends(0).prints("of 8 points");
    };
    for index in 0..3 {
        let text = |number: u32| number.to_string();
        let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", text(index)), ("AWS_BATCH_JOB_ARRAY_SIZE", text(3))];
        let kubernetes = [("JOB_COMPLETION_INDEX", text(index)), ("TIDEGATE_SHARD_COUNT", text(3))];
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", text(index + 1)),
            ("SLURM_ARRAY_TASK_MIN", text(1)),
            ("SLURM_ARRAY_TASK_MAX", text(3)),
            ("SLURM_ARRAY_TASK_STEP", text(1)),
            ("SLURM_ARRAY_TASK_COUNT", text(3)),
        ];
        task("batch", &batch);
        task("kubernetes", &kubernetes);
        task("slurm", &slurm);
    }
    for folder in ["batch", "kubernetes", "slurm"] {
        tidegate().within(desk.folder()).words(&format!("sweep --collect {folder}")).run().ends(0).prints("Reproduce");
        assert!(results(&desk, "once") == results(&desk, folder), "{folder}");
    }
    std::fs::remove_file(desk.path("slurm/part-1-of-3.json")).expect("there");
    let missing = tidegate().within(desk.folder()).words("sweep --collect slurm").run();
    missing.ends(2).says("shard 1/3 is missing");
}

#[test]
fn results_are_for_people_and_for_machines() {
    let desk = Desk::with_sample();
    let text = sweep(&desk, "--out out");
    text.ends(0).prints("points keep all objectives").prints("Reproduce   tidegate sweep scenario.toml --vary");
    assert_eq!(text.err, "", "nothing but results");
    let machine = sweep(&desk, "--out out --format json");
    let printed: Value = serde_json::from_str(machine.ends(0).out.trim()).expect("JSON");
    assert_eq!(printed, desk.json("out/sweep.json"));
    let points = printed["points"].as_array().expect("points");
    assert_eq!(points.len(), 8);
    let again = points[5]["reproduce"].as_str().and_then(|line| line.strip_prefix("tidegate ")).expect("a command");
    tidegate().within(desk.folder()).words(&format!("{again} --out alone --quiet")).run().prints("small");
    assert_eq!(desk.json("alone/summary.json")["digest"], points[5]["digest"], "the line does what the sweep did");
    let csv = desk.text("out/sweep.csv");
    assert_eq!(csv.lines().count(), 9);
    assert!(csv.starts_with("point,maxRunners,failover.mode,feasible,outcome,objective.jobsLostByUs,"), "{csv}");
}

#[test]
fn where_nothing_keeps_the_objectives_the_code_says_so() {
    let desk = Desk::with_sample();
    desk.put("scenario.toml", desk.text("scenario.toml").replace("atMost = \"10s\"", "atMost = \"1ms\""));
    sweep(&desk, "--out out").ends(1).prints("None of 8 points keeps all objectives; 8 miss one or more.");
}

#[test]
fn mistakes_end_with_2_and_leave_nothing() {
    let desk = Desk::with_sample();
    let said = |line: &str, words: &str| {
        tidegate().within(desk.folder()).words(&format!("sweep {line} --out none --quiet")).run().ends(2).says(words);
        assert!(!desk.path("none").exists(), "{line}");
    };
    said("scenario.toml --vary maxRunners", "expected PATH=VALUES, such as queueDepth=20..200/10");
    said("scenario.toml --vary maxRunners=9..1/3", "the lower end first");
    said("scenario.toml --vary maxRunners=1..9", "how many values?");
    said("scenario.toml --vary spillover.stopAtt=0.5,0.6", "`stopAt`");
    said("scenario.toml --vary maxRunners=0,10", "maxRunners=0");
    said("scenario.toml --vary maxRunners=1..9/3 --shard 3/3", "they count from 0");
    said("scenario.toml --vary maxRunners=1..9/3 --shard auto", "finds no array job");
    said("scenario.toml --vary maxRunners=1..9/3 --show strat.p95", "was `start.p95` meant?");
    said("scenario.toml", "--vary");
    let s3 = tidegate().within(desk.folder()).words("sweep scenario.toml --vary maxRunners=1,2 --out s3://b/p").run();
    s3.ends(2).says("--features s3");
    tidegate().within(desk.folder()).words("sweep --collect none").run().ends(2).says("holds no part-I-of-N.json");
}
