//! The house: where it is and which files are in it. Knows folders; must not know rules.

use std::path::{Path, PathBuf};

/// The folders that hold what we wrote; `target` and git's own are none of them.
const ROOMS: [&str; 10] = [".cargo", ".ci", ".config", "core", "docs", "live", "reports", "scenarios", "sim", "tests"];

/// The workspace's folder.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a package of the workspace")
}

/// The path of a file of the house as people write it.
#[must_use]
pub fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Every file of the house, by path.
#[must_use]
pub fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = ROOMS.iter().flat_map(|room| walk(&root().join(room))).collect();
    files.extend(entries(root()).into_iter().filter(|path| path.is_file()));
    files.sort();
    files
}

/// Those of them that end like that.
#[must_use]
pub fn files_ending(ending: &str) -> Vec<PathBuf> {
    files().into_iter().filter(|path| path.to_string_lossy().ends_with(ending)).collect()
}

/// A file of the house as text; `None` when it is none.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn text(path: &Path) -> Option<String> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    String::from_utf8(bytes).ok()
}

/// The scenarios that are shipped, those held against theory aside.
#[must_use]
pub fn scenarios() -> Vec<PathBuf> {
    let mut scenarios = entries(&root().join("scenarios"));
    scenarios.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    scenarios.sort();
    scenarios
}

/// All files below a folder; none when it is not there.
#[must_use]
pub fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in entries(folder) {
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.filter_map(Result::ok).map(|entry| entry.path()).collect()
}
