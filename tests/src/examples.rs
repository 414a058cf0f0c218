//! GitHub's own examples of deliveries. Knows where they were fetched to; must not know what is done with them.

use crate::house;
use serde_json::Value;

/// The examples, by event; `None` where they were not fetched.
///
/// # Panics
/// When they are not there although this is a run of CI on a machine with npm, which must not skip them.
pub fn examples() -> Option<Vec<(String, Vec<Value>)>> {
    let path = house::root().join("target/emulation-examples/index.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        let must = std::env::var_os("CI").is_some() && has_npm();
        assert!(!must, "GitHub's examples are not there: tests/emulation/install fetches them to {}", path.display());
        eprintln!("skipped: {} is not there; tests/emulation/install fetches it where npm is there", path.display());
        return None;
    };
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let read = |event: &Value| {
        let examples = event["examples"].as_array().expect("examples").clone();
        (event["name"].as_str().expect("a name").to_owned(), examples)
    };
    Some(all.as_array().expect("events").iter().map(read).collect())
}

fn has_npm() -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join("npm").is_file()))
}
