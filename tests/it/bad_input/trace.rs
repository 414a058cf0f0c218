//! Mistakes in recorded loads.

use super::refused;
use crate::tidegate;
use tidegate_tests::Desk;
use tidegate_tests::sample::HEAD;

/// A desk whose scenario plays a trace.
fn desk(name: &str, text: &str) -> Desk {
    let desk = Desk::with_sample();
    let load = format!("[[load]]\norganization = \"patient-studio\"\ntrace = \"{name}\"\n");
    desk.put("scenario.toml", format!("{HEAD}{load}"));
    desk.put(name, text);
    desk
}

/// Asserts that a trace is refused with these words, and that the scenario's line that names it is told.
#[track_caller]
fn bad(name: &str, text: &str, words: &[&str]) {
    let ran = refused(&desk(name, text));
    ran.says("scenario.toml:6:9: ");
    for words in words {
        ran.says(words);
    }
}

const COLUMNS: &str = "created_unix_s,duration_s,run_id\n";

#[test]
fn nothing_in_it() {
    bad("jobs.csv", "", &["the file is empty"]);
    bad("jobs.csv", COLUMNS, &["holds no job", "no rows below the header"]);
    bad("jobs.jsonl", "", &["holds no job"]);
    bad("jobs.json", "[]", &["holds no job"]);
    bad("jobs.swf", "; a comment\n", &["holds no job"]);
}

#[test]
fn columns() {
    bad("jobs.csv", "created,duration_s,run_id\n1,2,3\n", &["jobs.csv:1:1: ", "created_unix_s"]);
    bad("jobs.csv", "created_unix_s;duration_s;run_id\n1;2;3\n", &["jobs.csv:1:1: ", "by commas"]);
    bad("jobs.csv", "created_unix_s,duration_s\n1,2\n", &["no column `run_id`"]);
}

#[test]
fn rows_that_cannot_be_true() {
    let rows = |rows: &str| format!("{COLUMNS}{rows}");
    bad("jobs.csv", &rows("100,5,1\n101,-5,1\n"), &["jobs.csv:3: ", "a negative duration", "clean = true"]);
    bad("jobs.csv", &rows("100,5,1\n90,5,1\n"), &["jobs.csv:3: ", "a time before that of a row above", "clean = true"]);
    bad("jobs.csv", &rows("100,soon,1\n"), &["jobs.csv:2:5: ", "found `soon`"]);
    bad("jobs.csv", &rows("100,5\n"), &["jobs.csv:2: ", "2 fields"]);
    bad("jobs.csv", &rows("100,5,\"1\n"), &["jobs.csv:2:7: ", "not closed"]);
    bad("jobs.csv", &rows("1760000000000,5,1\n"), &["jobs.csv:2:1: ", "divide milliseconds by 1,000"]);
    bad("jobs.csv", &rows("-1,5,1\n"), &["jobs.csv:2:1: ", "since 1970"]);
    bad("jobs.csv", &rows("100,nan,1\n"), &["jobs.csv:2:5: ", "found `nan`"]);
}

#[test]
fn several_rows_are_told_at_once_and_can_be_cleaned() {
    let rows = format!("{COLUMNS}100,5,1\nx,5,1\n100,-5,1\n90,5,1\n");
    bad("jobs.csv", &rows, &["jobs.csv:3:1: ", "jobs.csv:4: ", "jobs.csv:5: "]);
    let desk = desk("jobs.csv", &rows.replace("x,5,1\n", ""));
    let scenario = desk.text("scenario.toml");
    desk.put("scenario.toml", format!("{scenario}clean = true\n"));
    tidegate().within(desk.folder()).words("run scenario.toml --runs 1 --out out").run().ends(0);
}

#[test]
fn deliveries_that_are_cut_short() {
    bad("jobs.jsonl", "{ \"action\": \"queued\"\n", &["jobs.jsonl:1"]);
    bad("jobs.jsonl", "not JSON\n", &["jobs.jsonl:1"]);
    bad("jobs.json", "[ { \"action\": \"queued\" }", &["jobs.json:1"]);
}

#[test]
fn files_that_are_none() {
    bad("jobs.xlsx", "PK", &["`.xlsx` is no kind of trace", ".csv"]);
    let desk = desk("jobs.csv", "");
    std::fs::remove_file(desk.path("jobs.csv")).expect("it was there");
    refused(&desk).says("scenario.toml:6:9: ").says("jobs.csv: there is no such file");
    std::fs::create_dir(desk.path("jobs.csv")).expect("a folder");
    refused(&desk).says("scenario.toml:6:9: ").says("this is a folder");
}
