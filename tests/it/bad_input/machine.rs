//! Files of monstrous size, and a machine that fails: nothing eats the memory, nothing half written is left.

use super::refused;
use crate::tidegate;
use std::fs::File;
use tidegate_tests::sample::{HEAD, LOAD};
use tidegate_tests::{Desk, Ran};

const GIB: u64 = 1 << 30;

/// Far below the size of the files, far above what the program needs to say no.
const MIB_ALLOWED: u64 = 128;

/// Runs the desk's scenario in little memory; it must be refused.
#[track_caller]
fn refused_in_little_memory(desk: &Desk, scenario: &str) -> Ran {
    let call = tidegate().within_mib(MIB_ALLOWED).within(desk.folder());
    let ran = call.words("run").arg(scenario).words("--out out").run();
    ran.ends(2);
    assert!(!desk.path("out").exists(), "nothing is begun");
    ran
}

#[test]
fn a_scenario_or_policy_of_a_gibibyte_is_not_read() {
    let desk = Desk::with_sample();
    desk.put_zeros("huge.toml", "name = \"", GIB);
    refused_in_little_memory(&desk, "huge.toml").says("larger than 8 MiB");
    refused_in_little_memory(&desk, "/dev/zero").says("larger than 8 MiB");
    desk.put_zeros("policy.toml", "[[regions]]\n", GIB);
    refused_in_little_memory(&desk, "scenario.toml").says("larger than 8 MiB");
}

#[test]
fn a_line_of_a_gibibyte_is_not_read() {
    for (name, start, words) in [
        ("jobs.csv", "created_unix_s,duration_s,run_id\n100,5,", "longer than 1 MiB"),
        ("jobs.jsonl", "{ \"action\": \"", "longer than 1 MiB"),
        ("jobs.json", "[ { \"action\": \"", "jobs.json:1:"),
        ("jobs.swf", "1 2 ", "longer than 1 MiB"),
    ] {
        let desk = Desk::with_sample();
        desk.put("scenario.toml", format!("{HEAD}[[load]]\norganization = \"o\"\ntrace = \"{name}\"\n"));
        desk.put_zeros(name, start, GIB);
        refused_in_little_memory(&desk, "scenario.toml").says(name).says(words);
    }
}

#[test]
fn a_flood_of_mistakes_is_cut_short() {
    let desk = Desk::with_sample();
    let flood: String = (0..200_000).map(|n| format!("key{n} = 1\n")).collect();
    desk.put("scenario.toml", format!("{HEAD}{flood}{LOAD}"));
    let ran = refused(&desk);
    ran.says("... and ").says("scenario.toml:4:1: ");
    assert!(ran.err.len() < 100_000, "{} bytes are too many to read", ran.err.len());
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_the_work() {
    let desk = Desk::with_sample();
    let run = |out: &str| tidegate().within(desk.folder()).words("run scenario.toml --runs 10000 --out").arg(out).run();
    let ran = run("policy.toml/below");
    ran.ends(3).says("cannot write policy.toml/below").says("may you write there?");
    assert_eq!(ran.out, "", "no work was done");
    run("policy.toml").ends(3).says("cannot write policy.toml");
    run("/proc/none").ends(3).says("cannot write /proc/none");
    assert_eq!(desk.names("."), ["policy.toml", "scenario.toml"], "nothing is left");
}

#[test]
fn a_disk_that_fills_up_leaves_whole_files_or_none() {
    let desk = Desk::with_sample();
    let run = |blocks: &str| {
        let limit = format!("trap '' XFSZ; ulimit -f {blocks}");
        let call = tidegate().after(&limit).within(desk.folder());
        call.words("run scenario.toml --jobs-csv --decisions --out out").run()
    };
    run("unlimited").ends(0);
    let whole = desk.names("out");
    let page = desk.text("out/index.html");
    run("8").ends(3).says("cannot write").says("is there room");
    assert_eq!(desk.names("out"), whole, "what was there is there, and no temporary file beside it");
    assert_eq!(desk.text("out/index.html"), page, "the old page is whole");
    assert_eq!(desk.json("out/summary.json")["schema"], 1, "the old summary too");
    std::fs::remove_dir_all(desk.path("out")).expect("it was there");
    run("8").ends(3);
    for name in desk.names("out") {
        assert!(whole.contains(&name), "{name} is half a file");
    }
}

#[test]
fn a_standard_output_that_is_full_is_an_environment_failure() {
    let desk = Desk::with_sample();
    let full = || File::options().write(true).open("/dev/full").expect("Linux has it");
    for line in ["run scenario.toml --out out", "schema policy", "completions bash", "explain scenario.toml --job 1"] {
        let ran = tidegate().within(desk.folder()).words(line).printing_to(full()).run();
        ran.ends(3).says("cannot write to stdout");
    }
}
