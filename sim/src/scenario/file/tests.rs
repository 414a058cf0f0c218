//! Tests.

use super::*;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

#[test]
fn every_shipped_scenario_reads() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(shipped()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    assert!(files.len() >= 10, "{files:?}");
    for path in files {
        let scenario = read(&path, Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(Some(scenario.input.name.as_str()), path.file_stem().and_then(|stem| stem.to_str()));
        assert!(!scenario.objectives.is_empty() && !scenario.about.is_empty() && scenario.input.sha256.len() == 64);
    }
}
