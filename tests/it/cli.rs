//! The command line as people and scripts meet it: help, schemas, completions, results, exit codes, pipes.

use crate::tidegate;
use serde_json::Value;
use std::process::Command;
use tidegate_tests::{Desk, Ran, house};

/// Runs a line of words on a desk.
fn call(desk: &Desk, line: &str) -> Ran {
    tidegate().within(desk.folder()).words(line).run()
}

/// A writer whose reader has gone away.
fn closed_pipe() -> std::io::PipeWriter {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer
}

#[test]
fn help_of_every_command_has_examples() {
    let desk = Desk::empty();
    let help = call(&desk, "--help");
    help.ends(0).prints("Examples:").prints("Exit codes:");
    for command in ["run", "check", "sweep", "explain", "replay", "schema", "completions"] {
        help.prints(&format!("\n  {command} "));
        let own = call(&desk, &format!("{command} --help"));
        own.ends(0).prints("Example").prints(&format!("tidegate {command} "));
        assert_eq!(call(&desk, &format!("help {command}")).out, own.out, "both ways to ask");
    }
    call(&desk, "--version").ends(0).prints(&format!("tidegate {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn schemas_are_json_and_know_the_keys() {
    let desk = Desk::empty();
    for (kind, keys) in [
        ("policy", ["regions", "routing", "spillover", "failover"]),
        ("scenario", ["name", "policy", "load", "objective"]),
        ("world", ["extends", "regions", "taskStart", "githubCall"]),
    ] {
        let ran = call(&desk, &format!("schema {kind}"));
        ran.ends(0);
        let schema: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert!(schema["$schema"].is_string(), "{kind}");
        assert_eq!(schema["additionalProperties"], false, "unknown keys are refused: {kind}");
        for key in keys {
            assert!(schema["properties"][key].is_object(), "{kind} has no {key}");
        }
    }
}

#[test]
fn completions_know_every_command() {
    let desk = Desk::empty();
    for shell in ["bash", "zsh", "fish"] {
        let ran = call(&desk, &format!("completions {shell}"));
        ran.ends(0);
        for word in
            ["run", "check", "sweep", "explain", "replay", "schema", "completions", "live", "decisions", "stamp"]
        {
            ran.prints(word);
        }
    }
    desk.put("tidegate.bash", call(&desk, "completions bash").out);
    let parsed = Command::new("bash").arg("-n").arg(desk.path("tidegate.bash")).status().expect("bash is there");
    assert!(parsed.success(), "bash reads it");
}

#[test]
fn json_is_one_line_for_each_scenario_with_every_key() {
    let desk = Desk::with_sample();
    let again = desk.text("scenario.toml").replace("name = \"small\"", "name = \"again\"");
    desk.put("again.toml", again);
    let ran = call(&desk, "run scenario.toml again.toml --format json --out out");
    ran.ends(0);
    assert_eq!(ran.err, "", "nothing but results");
    let lines: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let names: Vec<&Value> = lines.iter().map(|line| &line["scenario"]["name"]).collect();
    assert_eq!(names, ["small", "again"], "in the order they were named");
    let keys = "schema tidegate scenario policy seeds digest measures regions counts cost failovers objectives nMinusOne \
        runs engine";
    for key in keys.split_whitespace() {
        assert!(!lines[0][key].is_null(), "no {key}");
    }
    let [small, again] = &lines[..] else { panic!("{} lines", lines.len()) };
    assert_eq!(small["schema"], 1);
    assert_eq!(small["seeds"], serde_json::json!([3, 4]));
    assert_eq!(small["digest"], again["digest"], "a name changes no decision");
    assert_eq!(small["policy"]["path"], "policy.toml");
    assert_eq!(small["scenario"]["sha256"].as_str().map(str::len), Some(64));
    for measure in ["ack", "placement", "queueWait", "start", "run", "total", "availability", "failoverTime"] {
        for part in ["unit", "count", "mean", "p50", "p90", "p95", "p99", "max"] {
            assert!(!small["measures"][measure][part].is_null(), "{measure} has no {part}");
        }
    }
    let p95 = &small["measures"]["start"]["p95"];
    assert!(p95["low"].as_f64() <= p95["value"].as_f64() && p95["value"].as_f64() <= p95["high"].as_f64(), "{p95}");
    assert_eq!(small["failovers"][0]["region"], "us-east-1");
    assert_eq!(small["objectives"][0]["verdict"], "met");
    assert_eq!(desk.json("out/small/summary.json"), *small, "the file says the same");
}

#[test]
fn the_folder_of_results_holds_what_was_promised() {
    let desk = Desk::with_sample();
    call(&desk, "run scenario.toml --quiet").ends(0).prints("target/tidegate/small/index.html");
    let plain = desk.names("target/tidegate/small");
    for name in ["summary.json", "series.csv", "objectives.csv", "index.html", "charts/latency.svg"] {
        assert!(plain.iter().any(|other| other == name), "no {name} in {plain:?}");
    }
    for name in ["jobs.csv", "decisions.jsonl"] {
        assert!(!plain.iter().any(|other| other == name), "{name} is written on demand alone");
    }
    for region in ["us-east-1", "eu-west-1", "ap-southeast-1"] {
        assert!(plain.contains(&format!("charts/timeline-{region}.svg")), "no timeline of {region} in {plain:?}");
    }
    let series = desk.text("target/tidegate/small/series.csv");
    assert!(series.lines().count() > 3 * 30 && series.starts_with("time,region,"), "a row a minute and region");
    let objectives = desk.text("target/tidegate/small/objectives.csv");
    assert_eq!(objectives.lines().count(), 3, "a header and two objectives");
}

#[test]
fn the_page_opens_offline() {
    let desk = Desk::with_sample();
    call(&desk, "run scenario.toml --quiet --out out").ends(0);
    let page = desk.text("out/index.html");
    for word in ["src=\"http", "href=\"http", "<script src", "@import", "url(http", "<link"] {
        assert!(!page.contains(word), "the page fetches something: {word}");
    }
    let line = "tidegate run scenario.toml --runs 2 --seed 3";
    assert!(page.contains(line), "the line that reproduces it");
    assert!(page.contains("<svg") && page.trim_end().ends_with("</html>"), "whole, with charts");
    for name in desk.names("out").iter().filter(|name| name.ends_with(".svg")) {
        let chart = desk.text(&format!("out/{name}"));
        assert!(chart.starts_with("<svg") && chart.trim_end().ends_with("</svg>"), "{name}");
    }
}

#[test]
fn jobs_and_decisions_come_on_demand() {
    let desk = Desk::with_sample();
    call(&desk, "run scenario.toml --jobs-csv --decisions --out out").ends(0);
    let jobs = desk.text("out/jobs.csv");
    let mut lines = jobs.lines();
    let header = lines.next().expect("a header");
    assert!(header.starts_with("job,") && header.contains(",region,reason,attempts,queued_at,"), "{header}");
    let numbers: Vec<u64> = lines.map(|line| line.split(',').next().unwrap().parse().expect("a number")).collect();
    assert!(numbers.len() > 100 && numbers.is_sorted(), "{} jobs, by number", numbers.len());
    let decisions = desk.text("out/decisions.jsonl");
    let lines: Vec<Value> = decisions.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let placed = lines.iter().find(|line| line["decision"]["fact"] == "jobPlaced").expect("a placement");
    assert!(placed["at"].as_str().is_some_and(|at| at.starts_with("2026-11-24T15:")), "{placed}");
    let decision = &placed["decision"]["decision"];
    assert!(decision["reason"].is_string() && decision["considered"].is_array(), "{placed}");
    assert!(lines.iter().any(|line| line["decision"]["fact"] == "phaseChanged"), "the failover is told too");
}

#[test]
fn the_exit_code_is_the_verdict() {
    let desk = Desk::with_sample();
    let scenario = desk.text("scenario.toml");
    let objective = |limit: &str| {
        desk.put(
            "other.toml",
            format!("{scenario}\n[[objective]]\nmeasure = \"start\"\nstat = \"p50\"\natMost = {limit}\n"),
        );
        call(&desk, "run other.toml --format json --out out")
    };
    let verdict = |ran: &Ran| {
        let summary: Value = serde_json::from_str(&ran.out).expect("JSON");
        summary["objectives"][2]["verdict"].as_str().map(str::to_owned)
    };
    let met = objective("\"1h\"");
    assert_eq!(verdict(met.ends(0)).as_deref(), Some("met"));
    let missed = objective("\"1s\"");
    assert_eq!(verdict(missed.ends(1)).as_deref(), Some("missed"));
    assert_eq!(missed.err, "", "a missed objective is a result, no complaint");
    let one = call(&desk, "run other.toml --runs 1 --format json --out out");
    assert_eq!(verdict(one.ends(1)).as_deref(), Some("inconclusive"), "one run has no interval");
}

#[test]
fn the_worst_of_several_scenarios_is_the_exit_code() {
    let desk = Desk::with_sample();
    let scenario = desk.text("scenario.toml").replace("\"small\"", "\"late\"");
    desk.put("late.toml", scenario.replace("atMost = \"10s\"", "atMost = \"1us\""));
    call(&desk, "run late.toml scenario.toml --out out").ends(1).prints("missed").prints("small");
}

#[test]
fn what_is_said_of_the_load_comes_on_the_side() {
    let desk = Desk::with_sample();
    let load = "[[load]]\norganization = \"o\"\ntrace = \"jobs.csv\"\nclean = true\n";
    desk.put("jobs.csv", "created_unix_s,duration_s,run_id\n100,5,1\n101,-5,1\n");
    desk.put("trace.toml", format!("name = \"trace\"\nduration = \"1h\"\npolicy = \"policy.toml\"\n{load}"));
    let ran = call(&desk, "run trace.toml --runs 1 --format json --out out");
    ran.ends(0).says("jobs.csv").says("a negative duration, at line 3: dropped");
    assert_eq!(ran.out.lines().count(), 1, "results alone on stdout");
}

#[test]
fn a_policy_of_regions_alone_runs() {
    let desk = Desk::with_sample();
    let seed = house::root().join("scenarios/policies/seed.json");
    std::fs::copy(seed, desk.path("seed.json")).expect("it is shipped");
    desk.put("scenario.toml", desk.text("scenario.toml").replace("policy.toml", "seed.json"));
    let ran = call(&desk, "run scenario.toml --format json --out out");
    let summary: Value = serde_json::from_str(&ran.ends(0).out).expect("JSON");
    assert_eq!(summary["policy"]["name"], "seed");
    assert!(summary["counts"]["jobsStarted"]["value"].as_f64() > Some(50.0), "{}", summary["counts"]);
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let desk = Desk::with_sample();
    let lines = [
        "run scenario.toml --runs 2 --out out",
        "run scenario.toml --format json --out out",
        "check scenario.toml --stamp",
        "schema scenario",
        "completions bash",
        "explain scenario.toml --job 1",
        "--help",
        "run --help",
    ];
    for line in lines {
        let ran = tidegate().within(desk.folder()).words(line).printing_to(closed_pipe()).run();
        ran.ends(0);
        assert_eq!(ran.err, "", "{}", ran.told());
    }
}

#[test]
fn no_colours_but_on_a_terminal_that_wants_them() {
    let desk = Desk::with_sample();
    let plain = call(&desk, "run scenario.toml --out out");
    assert!(!plain.ends(0).out.contains('\x1b') && !plain.err.contains('\x1b'), "a file wants no colours");
    let program = env!("CARGO_BIN_EXE_tidegate-under-test");
    // util-linux' `script` gives the program a terminal.
    let on_terminal = |variable: &str| {
        let line = format!("env {variable} TERM=xterm {program} run scenario.toml --out out");
        let ran = Command::new("script").args(["-qec", &line, "/dev/null"]).current_dir(desk.folder()).output();
        ran.ok().map(|ran| String::from_utf8_lossy(&ran.stdout).into_owned())
    };
    let (Some(with), Some(without)) = (on_terminal("-u NO_COLOR"), on_terminal("NO_COLOR=1")) else {
        return println!("skipped: there is no `script` to make a terminal");
    };
    let colours = |text: &str| text.matches("\x1b[").filter(|_| text.contains("Objectives")).count();
    assert!(with.contains("\x1b[3") || with.contains("\x1b[1m"), "colours on a terminal: {} codes", colours(&with));
    let report = without.split("Objectives").nth(1).expect("the report");
    assert!(!report.contains("\x1b[3"), "NO_COLOR is honoured: {report:?}");
}

#[test]
fn the_daemon_is_handed_over_to() {
    let desk = Desk::empty();
    let with_path = |line: &str| tidegate().with_variable("PATH", desk.folder()).words(line).run();
    let ran = with_path("live serve --policy p.json");
    ran.ends(3).says("tidegate-live").says("PATH");
    assert_eq!(ran.out, "");
    let daemon = desk.put("tidegate-live", "#!/bin/sh\necho \"told: $*\"\nexit ${CODE:-0}\n");
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&daemon, std::fs::Permissions::from_mode(0o755)).expect("ours");
    }
    with_path("live serve --policy p.json --help").ends(0).prints("told: serve --policy p.json --help");
    for (code, ends) in [("1", 1), ("2", 2), ("3", 3), ("101", 3)] {
        let call = tidegate().with_variable("PATH", desk.folder()).with_variable("CODE", code);
        call.words("live doctor").run().ends(ends);
    }
}

#[test]
fn explain_tells_the_story_of_a_job() {
    let desk = Desk::with_sample();
    call(&desk, "run scenario.toml --jobs-csv --out out").ends(0);
    let jobs = desk.text("out/jobs.csv");
    let rows: Vec<Vec<&str>> = jobs.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let home = rows.iter().find(|row| row[6] == "home").expect("a job at home");
    let story = call(&desk, &format!("explain scenario.toml --job {}", home[0]));
    story.ends(0).prints(&format!("Job {} of small, seed 3", home[0]));
    for words in ["queued at GitHub", "placed", "launch accepted", "IN PROGRESS", home[5]] {
        story.prints(words);
    }
    let moved = rows.iter().find(|row| row[6] == "failover").expect("a job of the lost region");
    let story = call(&desk, &format!("explain scenario.toml --job {}", moved[0]));
    story.ends(0).prints("us-east-1").prints(moved[5]).prints("failover");
    let other = call(&desk, &format!("explain scenario.toml --job {} --seed 4", home[0]));
    assert_ne!(other.out, story.out, "another seed, another story");
}

#[test]
fn explain_says_what_to_do_about_an_unknown_job() {
    let desk = Desk::with_sample();
    let ran = call(&desk, "explain scenario.toml --job 999999");
    ran.ends(2).says("no job 999999 in small under seed 3").says("tidegate run scenario.toml --jobs-csv");
    assert_eq!(ran.out, "");
}

#[test]
fn a_record_of_the_scenario_s_own_days_says_that_it_is_shifted() {
    let desk = Desk::with_sample();
    desk.put("jobs.csv", "created_unix_s,duration_s,run_id\n1795510800,60,1\n1795510860,60,2\n"); // 09:00 of that day
    let head = "policy = \"policy.toml\"\nstart = \"2026-11-24T00:00:00Z\"\nduration = \"24h\"\n";
    let load = "[[load]]\norganization = \"patient-studio\"\ntrace = \"jobs.csv\"\n";
    for (name, keep, warned) in
        [("a", "", true), ("b", "keepTimes = true\n", false), ("c", "keepTimes = false\n", false)]
    {
        desk.put(&format!("{name}.toml"), format!("name = \"{name}\"\n{head}{load}{keep}"));
        let ran = call(&desk, &format!("run {name}.toml --runs 1 --jobs-csv --out {name}"));
        assert_eq!(ran.err.contains("`keepTimes = true` keeps their times"), warned, "{name}: {}", ran.err);
        let first = desk.text(&format!("{name}/jobs.csv"));
        assert_eq!(first.contains("2026-11-24T09:00:00"), name == "b", "{name}: {first}");
    }
}

#[test]
fn one_region_costs_what_one_region_costs() {
    let desk = Desk::with_sample();
    desk.put("policy.toml", "regions = [{ name = \"us-east-1\", maxRunners = 60 }]\n");
    let text = desk.text("scenario.toml");
    let calm = text.split("[[fault]]").next().expect("a text").to_owned();
    desk.put("one.toml", calm);
    call(&desk, "run one.toml --out one");
    let ratio = &desk.json("one/summary.json")["measures"]["costRatio"]["mean"];
    assert_eq!(ratio["value"].as_f64(), Some(1.0), "{ratio}");
}

#[test]
fn runs_go_on_until_intervals_are_narrow() {
    let desk = Desk::empty();
    let line = |rest: &str| {
        let path = house::root().join("scenarios/theory/mm1-load-50.toml");
        call(&desk, &format!("run {} --out out --quiet --runs 2 {rest}", path.display()))
    };
    line("--precision 50%").prints("Precision: ±50.0 % reached with 10 runs").prints("--runs 10 --seed 1");
    let capped = line("--precision 0.1% --max-runs 12");
    capped.prints("±0.1 % not reached with the cap of 12 runs").prints("--runs 12 --seed 1");
    let page = desk.text("out/index.html");
    assert!(page.contains("not reached with the cap of 12 runs"), "the page says so, too");
    assert_eq!(desk.json("out/summary.json")["precision"]["reached"], false);
    line("--max-runs 12").ends(2).says("--precision");
    line("--precision 0").ends(2).says("expected more than 0%");
}

#[test]
fn a_warm_up_is_found_or_refused() {
    let desk = Desk::empty();
    let path = house::root().join("scenarios/theory/mm1-load-50.toml");
    let line = |rest: &str| call(&desk, &rest.replace("FILE", &path.display().to_string()));
    let found = line("run FILE --out out --quiet --runs 2 --set warmUp=auto");
    found.says("found by MSER-5 in 5 pilot runs").prints(" --set warmUp=auto --set warmUp=").prints("m12s --runs 2");
    assert!(desk.json("out/summary.json")["warmUp"].as_f64().is_some_and(|found| found < 85.0 * 3_600.0));
    line("run FILE --set warmUp=auto --set duration=30m").ends(2).says("have not settled by the middle");
    line("run FILE --set warmUp=autos").ends(2).says("did you mean `auto`?");
    for other in ["compare FILE --with maxRunners=2", "sweep FILE --vary maxRunners=1,2"] {
        line(&format!("{other} --set warmUp=auto")).ends(2).says("add --set warmUp=DURATION");
    }
}
