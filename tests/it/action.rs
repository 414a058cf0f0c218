//! The GitHub Action and its example: YAML that is read, inputs that exist, arguments that the program knows.

use crate::tidegate;
use saphyr::{LoadableYamlNode, Yaml};
use std::collections::BTreeSet;
use tidegate_tests::house;

fn text(name: &str) -> String {
    house::text(&house::root().join(name)).unwrap_or_else(|| panic!("{name} is no text"))
}

fn keys(yaml: &Yaml<'_>) -> BTreeSet<String> {
    let entries = yaml.as_mapping().expect("a mapping");
    entries.keys().map(|key| key.as_str().expect("a text").to_owned()).collect()
}

/// Names behind `prefix` in a text: `inputs.paths`.
fn named(text: &str, prefix: &str) -> BTreeSet<String> {
    let name =
        |rest: &str| rest.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').next().map(str::to_owned);
    text.split(prefix).skip(1).filter_map(name).collect()
}

#[test]
fn the_action_uses_its_inputs_and_no_others() {
    let text = text("action.yml");
    let all = Yaml::load_from_str(&text).expect("YAML");
    let action = &all[0];
    assert_eq!(action["runs"]["using"].as_str(), Some("composite"));
    assert_eq!(keys(&action["inputs"]), named(&text, "inputs."));
    let steps = action["runs"]["steps"].as_vec().expect("steps");
    for step in steps {
        assert_eq!(step["shell"].as_str(), Some("bash"), "a composite action names its shell");
        let script = step["run"].as_str().expect("a script");
        assert!(!script.contains("${{"), "what a pull request says would be run: {script}");
        let of_shell = BTreeSet::from(["CARGO_TARGET_DIR", "GITHUB_ACTION_PATH", "GITHUB_OUTPUT"].map(str::to_owned));
        let given: BTreeSet<String> = keys(&step["env"]).union(&of_shell).cloned().collect();
        let upper = |name: &String| !name.is_empty() && !name.chars().any(char::is_lowercase);
        let used: BTreeSet<String> = named(script, "$").into_iter().filter(upper).collect();
        assert!(!used.is_empty() && used.is_subset(&given), "{used:?} of {given:?}");
        let checked = std::process::Command::new("bash").args(["-n", "-c", script]).status().expect("bash is there");
        assert!(checked.success(), "bash reads it");
    }
    let script = steps[1]["run"].as_str().expect("a script");
    let told = std::process::Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .envs([
            ("TIDEGATE", "echo"),
            ("PATHS", "a.toml b\n  c.toml\n"),
            ("ARGUMENTS", "--slo\nd"),
            ("BASELINE", "base"),
        ])
        .envs([("TOLERANCE", "2%"), ("RUNS", ""), ("SLO", ""), ("JUNIT", "")])
        .output()
        .expect("bash is there");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert_eq!(told, "check a.toml b c.toml --github --baseline base --tolerance 2% --slo d\n", "every line is taken");
    let help = tidegate().words("check --help").run();
    let flags = named(script, "--");
    assert!(flags.len() >= 6 && flags.iter().all(|flag| help.out.contains(&format!("--{flag}"))), "{flags:?}");
}

#[test]
fn the_example_gives_the_action_what_it_takes() {
    let (action, example) = (text("action.yml"), text("docs/examples/check.yml"));
    let action = Yaml::load_from_str(&action).expect("YAML");
    let example = Yaml::load_from_str(&example).expect("YAML");
    let inputs = keys(&action[0]["inputs"]);
    let steps = example[0]["jobs"]["check"]["steps"].as_vec().expect("steps");
    let uses = |step: &&Yaml<'_>| step.as_mapping_get("uses").and_then(Yaml::as_str) == Some("./tidegate");
    let ours: Vec<&Yaml<'_>> = steps.iter().filter(uses).collect();
    assert_eq!(ours.len(), 1, "one step is the action");
    assert!(keys(&ours[0]["with"]).is_subset(&inputs), "{inputs:?}");
    let path = |step: &Yaml<'_>| step.as_mapping_get("with")?.as_mapping_get("path")?.as_str().map(str::to_owned);
    assert!(steps.iter().any(|step| path(step).as_deref() == Some("tidegate")), "it is checked out where it is used");
}
