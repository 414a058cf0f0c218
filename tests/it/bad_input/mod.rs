//! Every mistake that a file or a command line can have, through the program: the exit code says whose fault it is, the
//! message where it is and what to do, and nothing half written is left.

mod machine;
mod policy;
mod scenario;
mod trace;

use crate::tidegate;
use tidegate_tests::sample::{HEAD, LOAD, POLICY};
use tidegate_tests::{Desk, Marked, Ran};

/// Runs `scenario.toml` of a desk and asserts that it is refused before anything is written.
#[track_caller]
fn refused(desk: &Desk) -> Ran {
    let ran = tidegate().within(desk.folder()).words("run scenario.toml --out out").run();
    ran.ends(2);
    assert_eq!(ran.out, "", "{}", ran.told());
    assert!(!desk.path("out").exists(), "nothing is begun on wrong input");
    ran
}

/// Asserts that a scenario is refused at each mark in it or in its policy, and for nothing else, with these words.
#[track_caller]
fn refused_at_marks(scenario: &str, policy: &str, words: &[&str]) {
    let (scenario, policy) = (Marked::new(scenario), Marked::new(policy));
    let desk = Desk::empty();
    desk.put("scenario.toml", &scenario.text);
    desk.put("policy.toml", &policy.text);
    let ran = refused(&desk);
    let starts: Vec<String> = [scenario.starts("scenario.toml"), policy.starts("policy.toml")].concat();
    for start in &starts {
        ran.says(start);
    }
    for word in words {
        ran.says(word);
    }
    let total = if starts.len() == 1 { "1 problem in ".to_owned() } else { format!("{} problems in ", starts.len()) };
    ran.says(&total);
}

/// The only mistake is in the policy, below three good regions.
#[track_caller]
fn bad_policy(rest: &str, words: &str) {
    let regions = POLICY.split("[routing]").next().expect("its regions come first");
    refused_at_marks(&format!("{HEAD}{LOAD}"), &format!("{regions}{rest}"), &[words]);
}

/// The only mistake is in the scenario, below a good load.
#[track_caller]
fn bad_scenario(rest: &str, words: &str) {
    refused_at_marks(&format!("{HEAD}{LOAD}{rest}"), POLICY, &[words]);
}

#[test]
fn what_these_tests_begin_with_is_good() {
    let desk = Desk::empty();
    desk.put("scenario.toml", format!("{HEAD}{LOAD}"));
    desk.put("policy.toml", POLICY);
    tidegate().within(desk.folder()).words("run scenario.toml --runs 1 --out out").run().ends(0);
}

#[test]
fn all_mistakes_of_all_files_come_at_once() {
    let scenario = format!("{HEAD}runs = @0\n@sed = 3\n{LOAD}");
    let policy = POLICY.replace("[routing]", "[routing]\n@defautl = \"us-east-1\"").replace("default =", "default = @");
    let policy = policy.replace("@ \"us-east-1\"", "@\"us-est-1\"");
    let near = ["`sed`", "did you mean `seed`?", "`defautl`", "did you mean `default`?", "did you mean `us-east-1`?"];
    refused_at_marks(&scenario, &policy, &near);
}

#[test]
fn mistakes_of_several_scenarios_come_at_once() {
    let desk = Desk::with_sample();
    desk.put("first.toml", format!("{HEAD}runs = 0\n{LOAD}"));
    desk.put("second.toml", format!("{HEAD}seed = \"x\"\n{LOAD}"));
    let ran = tidegate().within(desk.folder()).words("run first.toml scenario.toml second.toml --out out").run();
    ran.ends(2).says("first.toml:4:8: ").says("second.toml:4:8: ");
    assert!(!desk.path("out").exists(), "the good one is not run either");
}

#[test]
fn the_command_line_itself_may_be_wrong() {
    let desk = Desk::with_sample();
    let call = |line: &str| tidegate().within(desk.folder()).words(line).run();
    call("rum scenario.toml").ends(2).says("unrecognized subcommand 'rum'").says("run");
    call("").ends(2).says("Usage: tidegate");
    call("run").ends(2).says("<SCENARIO>");
    call("run scenario.toml --runs 0").ends(2).says("0 runs: expected 1 to 10000");
    call("run scenario.toml --runs -1").ends(2).says("-1");
    call("run scenario.toml --runs 10001").ends(2).says("expected 1 to 10000");
    call("run scenario.toml --runs many").ends(2).says("many");
    call("run scenario.toml --seed 18446744073709551615").ends(2).says("seed");
    call("run scenario.toml --sed 1").ends(2).says("--seed");
    call("run scenario.toml --format yaml").ends(2).says("json");
    call("explain scenario.toml").ends(2).says("--job");
    call("schema polcy").ends(2).says("policy");
    call("completions tcsh").ends(2).says("bash");
    assert!(!desk.path("target").exists(), "nothing is begun");
}
