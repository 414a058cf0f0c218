//! The rules of the house that no lint knows: who may use whom, how long a file may be, which words we use.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use tidegate_tests::house;

/// Which of our packages each may use, of any kind: for itself, for its tests, for its build.
const LAYERS: [(&str, &[&str]); 5] = [
    ("tidegate-core", &[]),
    ("tidegate-reports", &["tidegate-core"]),
    ("tidegate-sim", &["tidegate-core", "tidegate-reports"]),
    ("tidegate-live", &["tidegate-core", "tidegate-reports", "tidegate-sim"]),
    ("tidegate-tests", &["tidegate-core", "tidegate-reports", "tidegate-sim", "tidegate-live"]),
];

/// What the core may use of others, and why.
const CORE_USES: [(&str, &str); 9] = [
    (
        "prefetch-index",
        "a hint to the processor, which safe Rust cannot give itself: rows are fetched before they are looked at",
    ),
    ("ipnet", "networks of senders in routing rules"),
    ("serde", "events, effects, facts and snapshots are data"),
    ("sha2", "names become ids that are the same in every process"),
    ("thiserror", "errors"),
    ("jsonc-parser", "feature `text`: policies from JSON, with places"),
    ("serde_json", "feature `text`: schemas"),
    ("strsim", "feature `text`: the nearest right word"),
    ("toml_edit", "feature `text`: policies from TOML, with places"),
];

/// What the core may use without the feature `text`: the first of the list above.
const CORE_ALWAYS_USES: usize = 5;

/// The longest file in lines.
const LONGEST: usize = 400;

/// Words we do not use, and what we say; as parts of identifiers.
const WORDS: [(&str, &str); 14] = [
    ("affinity", "sticky placement"),
    ("bursting", "spillover"),
    ("canary", "probation"),
    ("cordon", "drain"),
    ("debounce", "hysteresis"),
    ("event_queue", "agenda"),
    ("fail_back", "failback"),
    ("fail_over", "failover"),
    ("heartbeat", "probe"),
    ("pinning", "sticky placement"),
    ("retry_number", "attempt"),
    ("spill_over", "spillover"),
    ("switchover", "failover"),
    ("work_unit", "job"),
];

/// Ends of type names that say nothing.
const EMPTY_NAMES: [&str; 4] = ["Manager", "Helper", "Utils", "Util"];

/// Every package of the workspace, as cargo sees it. Reads manifests and nothing else.
fn packages() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let call = Command::new(cargo)
        .args(["metadata", "--offline", "--no-deps", "--format-version=1"])
        .current_dir(house::root())
        .output()
        .expect("cargo is there");
    assert!(call.status.success(), "{}", String::from_utf8_lossy(&call.stderr));
    let metadata: Value = serde_json::from_slice(&call.stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// A package's dependencies: name, kind (`normal`, `dev`, `build`), and whether it is optional.
fn dependencies(package: &Value) -> Vec<(&str, &str, bool)> {
    let list = package["dependencies"].as_array().expect("dependencies");
    list.iter()
        .map(|one| {
            let name = one["name"].as_str().expect("a name");
            (name, one["kind"].as_str().unwrap_or("normal"), one["optional"] == true)
        })
        .collect()
}

/// Everything that is wrong, or nothing.
#[track_caller]
fn none(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}\n  {}", wrong.join("\n  "));
}

/// Lines of our Rust files where something is wrong, as `file:line: what`.
fn lines_where(wrong: impl Fn(&str, &str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    for path in house::files_ending(".rs") {
        let name = house::name(&path);
        for (line, number) in house::text(&path).expect("text").lines().zip(1..) {
            found.extend(wrong(&name, line).map(|what| format!("{name}:{number}: {what}")));
        }
    }
    found
}

#[test]
fn packages_use_those_below_them_alone() {
    let layers: BTreeMap<&str, &[&str]> = LAYERS.into_iter().collect();
    let packages = packages();
    assert!(packages.len() >= 4, "{} packages", packages.len());
    let mut wrong = Vec::new();
    for package in &packages {
        let name = package["name"].as_str().expect("a name");
        let allowed = layers.get(name).unwrap_or_else(|| panic!("say in `LAYERS` what {name} may use"));
        for (other, kind, optional) in dependencies(package) {
            if other.starts_with("tidegate") && !allowed.contains(&other) {
                wrong.push(format!("{name} uses {other} ({kind})"));
            }
            let aws = ["aws-", "aws_", "rusoto"].iter().any(|start| other.starts_with(start));
            if aws && name != "tidegate-live" {
                wrong.push(format!("{name} uses {other}: AWS belongs to tidegate-live"));
            }
            let waits = ["tokio", "async-std", "futures", "hyper", "reqwest"].contains(&other);
            // Only to hand finished results to S3, behind a feature that is not a default.
            let hands_over = name == "tidegate-sim" && other == "tokio" && optional;
            if waits && !hands_over && !["tidegate-live", "tidegate-tests"].contains(&name) {
                wrong.push(format!("{name} uses {other}: what decides does not wait"));
            }
        }
    }
    none(&wrong, "core <- reports <- sim <- live <- tests:");
}

#[test]
fn the_core_uses_little_and_says_why() {
    let packages = packages();
    let core = packages.iter().find(|package| package["name"] == "tidegate-core").expect("there is one");
    let mut wrong = Vec::new();
    for (name, kind, optional) in dependencies(core) {
        let place = CORE_USES.iter().position(|(known, _)| *known == name);
        match (kind, place) {
            ("normal", Some(place)) if optional || place < CORE_ALWAYS_USES => {}
            ("normal", Some(_)) => wrong.push(format!("{name} belongs behind the feature `text`")),
            ("normal", None) => wrong.push(format!("{name} is not in `CORE_USES`: say why it is needed")),
            ("build", _) => wrong.push(format!("{name}: the core has no build script")),
            _ => {}
        }
    }
    none(&wrong, "the core is state machines and nothing else:");
}

#[test]
fn what_is_locked_comes_from_where_everybody_can_get_it() {
    let lock = house::text(&house::root().join("Cargo.lock")).expect("text");
    let sources = lock.lines().filter_map(|line| line.strip_prefix("source = "));
    let everybody = "\"registry+https://github.com/rust-lang/crates.io-index\"";
    let wrong: Vec<String> = sources.filter(|source| *source != everybody).map(str::to_owned).collect();
    none(&wrong, "Cargo.lock:");
}

#[test]
fn every_module_says_what_it_knows() {
    let mut wrong = Vec::new();
    for path in house::files_ending(".rs") {
        let text = house::text(&path).expect("text");
        let first = text.lines().next().unwrap_or_default();
        if first.strip_prefix("//! ").is_none_or(|words| words.trim().len() < 5) {
            wrong.push(house::name(&path));
        }
    }
    none(&wrong, "the first line of a file says in `//!` what it is:");
}

#[test]
fn files_are_short() {
    let mut wrong = Vec::new();
    for path in house::files_ending(".rs") {
        let name = house::name(&path);
        let length = house::text(&path).expect("text").lines().count();
        if length > LONGEST {
            wrong.push(format!("{name} has {length} lines, and may have {LONGEST}"));
        }
    }
    none(&wrong, "one page, one thing: cut it in two");
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let words = ["TO-DO", "FIX-ME", "X-XX", "to-do!(", "unimple-mented!(", "d-bg!("].map(|word| word.replace('-', ""));
    let wrong = lines_where(|_, line| words.iter().find(|word| line.contains(*word)).cloned());
    none(&wrong, "do it, or leave it:");
}

#[test]
fn order_is_never_random() {
    let wrong = lines_where(|name, line| {
        let code = line.split("//").next().unwrap_or_default();
        let word =
            ["HashMap", "HashSet", "RandomState", "DefaultHasher"].into_iter().find(|word| code.contains(word))?;
        (name != "tests/it/tidy.rs").then(|| word.to_owned())
    });
    none(&wrong, "BTreeMap, or IdMap of the core:");
}

#[test]
fn the_words_are_those_of_the_glossary() {
    let wrong = lines_where(|name, line| {
        if name == "tests/it/tidy.rs" {
            return None;
        }
        let code = line.split("//").next().unwrap_or_default();
        let words = snake(code);
        let banned = WORDS.iter().find(|(word, _)| words.contains(word));
        let empty = code
            .split(|c: char| !c.is_alphanumeric())
            .find(|word| EMPTY_NAMES.iter().any(|end| word.ends_with(end) && word.len() > end.len()));
        match (banned, empty) {
            (Some((word, right)), _) => Some(format!("`{word}`: we say {right}")),
            (None, Some(word)) => Some(format!("`{word}`: say what it does")),
            (None, None) => None,
        }
    });
    none(&wrong, "one thing, one word:");
}

/// A line with its camel case words in snake case.
fn snake(line: &str) -> String {
    let mut snake = String::new();
    for character in line.chars() {
        if character.is_ascii_uppercase() && snake.ends_with(|c: char| c.is_ascii_lowercase()) {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

#[test]
fn nothing_of_a_machine_is_left_in_a_file() {
    let places = ["/work-/", "/root-/", "/home-/", "/Users-/", "index.crates-.io", "static.crates-.io", "artifac-tory"];
    let places = places.map(|place| place.replace('-', ""));
    let mut wrong = Vec::new();
    for path in house::files() {
        let Some(text) = house::text(&path) else { continue };
        for (line, number) in text.lines().zip(1..) {
            if let Some(place) = places.iter().find(|place| line.contains(*place)) {
                wrong.push(format!("{}:{number}: {place}", house::name(&path)));
            }
        }
    }
    none(&wrong, "paths and hosts of the machine it was written on:");
}

#[test]
fn lines_end_where_they_end() {
    let mut wrong = Vec::new();
    for path in house::files() {
        let kept = ["rs", "toml", "json", "md", "csv", "css", "txt"];
        let ours = path.extension().is_some_and(|end| kept.iter().any(|kept| end == *kept));
        let Some(text) = house::text(&path).filter(|_| ours) else { continue };
        let name = house::name(&path);
        for (line, number) in text.lines().zip(1..) {
            if line.ends_with([' ', '\t', '\r']) {
                wrong.push(format!("{name}:{number}: white space at the end"));
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            wrong.push(format!("{name}: no end of line at the end of the file"));
        }
    }
    none(&wrong, "what no one sees:");
}

#[test]
fn every_scenario_begins_with_what_it_shows_and_what_would_be_a_bug() {
    let folder = house::root().join("scenarios");
    let mut files: Vec<PathBuf> = house::scenarios();
    files.extend(
        house::walk(&folder.join("theory")).into_iter().filter(|path| path.extension() == Some("toml".as_ref())),
    );
    assert!(files.len() >= 10, "{} scenarios", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let text = house::text(&path).expect("text");
        let block: Vec<&str> = text.lines().take_while(|line| line.starts_with("# ")).collect();
        let words = block.join(" ").to_lowercase();
        if block.len() < 2 || !words.contains("bug") {
            wrong.push(format!("{}: {} lines of comment", house::name(&path), block.len()));
        }
    }
    none(&wrong, "the comment at the top says what it shows, and what would be a bug:");
}

#[test]
fn the_program_under_test_is_the_program() {
    let code = |path: &str| {
        let text = house::text(Path::new(&house::root().join(path))).expect("text");
        text.lines().filter(|line| !line.starts_with("//!")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(code("tests/src/bin/tidegate-under-test.rs"), code("sim/src/main.rs"));
    assert_eq!(code("tests/src/bin/tidegate-live-under-test.rs"), code("live/src/main.rs"));
}
