//! Writes the policy of a scenario as a file of its own, with what is put over it. Knows where a policy stands and how JSON is
//! written; must not know what any key means.

use super::{Overrides, ReadError, over, source};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tidegate_core::document::{Node, Problems, Value, parse};

/// The policy of a scenario file as JSON, complete, in the order of the file it stands in, with the settings put in. Comments
/// of TOML are lost.
///
/// # Errors
/// As [`read`](super::read).
pub fn policy_text(path: &Path, overrides: Overrides<'_>) -> Result<String, ReadError> {
    let node = policy_node(path, overrides)?;
    let mut text = String::new();
    write(&node, 0, &mut text);
    text.push('\n');
    Ok(text)
}

fn policy_node(path: &Path, overrides: Overrides<'_>) -> Result<Node, ReadError> {
    let mut over = over::Over::of(&overrides);
    let mut document = load(path)?;
    over.scenario(&mut document).map_err(|problems| over::mistakes(overrides.settings, &problems))?;
    let found = child(document.root, "policy");
    let Some(Node { value: Value::Text(name), .. }) = &found else {
        return found.ok_or_else(|| ReadError::Override(format!("{}: has no policy", path.display())));
    };
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let file = if over.is_policy(name) { PathBuf::from(name) } else { folder.join(name) };
    let document = over.policy_file().put(load(&file)?);
    Ok(document.map_err(|problems| over::mistakes(overrides.settings, &problems))?.root)
}

fn load(path: &Path) -> Result<tidegate_core::document::Document, ReadError> {
    let wrong = |message| ReadError::File { path: path.display().to_string(), message };
    let loaded = source::load_text(path).map_err(wrong)?;
    loaded.source.and_then(|source| parse(&source)).map_err(|problems: Problems| ReadError::Problems(problems))
}

fn child(root: Node, key: &str) -> Option<Node> {
    let Value::Table(entries) = root.value else { return None };
    entries.into_iter().find(|(known, _)| known.name == key).map(|(_, node)| node)
}

/// The widest a list or a table may be to stand in one line.
const WIDE: usize = 100;

fn write(node: &Node, depth: usize, out: &mut String) {
    let flat = flat(node);
    if depth > 0 && flat.len() + 2 * depth <= WIDE {
        out.push_str(&flat);
        return;
    }
    let indent = "  ".repeat(depth + 1);
    let (open, close, lines): (_, _, Vec<String>) = match &node.value {
        Value::Table(entries) => {
            let line = |(key, node): &(tidegate_core::document::Key, Node)| {
                let mut line = format!("{indent}{}: ", quoted(&key.name));
                write(node, depth + 1, &mut line);
                line
            };
            ('{', '}', entries.iter().map(line).collect())
        }
        Value::List(items) => {
            let line = |node: &Node| {
                let mut line = indent.clone();
                write(node, depth + 1, &mut line);
                line
            };
            ('[', ']', items.iter().map(line).collect())
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_) | Value::DateTime(_) => {
            out.push_str(&flat);
            return;
        }
    };
    write!(out, "{open}\n{}\n{}{close}", lines.join(",\n"), "  ".repeat(depth)).expect("a String takes all");
}

fn flat(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) | Value::DateTime(text) => quoted(text),
        Value::List(items) => format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(", ")),
        Value::Table(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Table(entries) => {
            let each = entries.iter().map(|(key, node)| format!("{}: {}", quoted(&key.name), flat(node)));
            format!("{{ {} }}", each.collect::<Vec<_>>().join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::scenario::setting::Setting;

    #[test]
    fn a_policy_that_was_written_reads_as_the_same() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
        let settings = ["queueDepth=60", "spillover.stopAt=0.55", "failover.suspectFor=45s", "regions.1.maxRunners=77"];
        let settings: Vec<Setting> = settings.iter().map(|text| Setting::parse(text).expect("a setting")).collect();
        let over = Overrides { settings: &settings, ..Overrides::default() };
        let scenarios = ["three-regions.toml", "theory/mm1-load-50.toml"];
        for (name, settings) in scenarios.into_iter().zip([&settings[..], &settings[1..3]]) {
            let over = Overrides { settings, ..over };
            let path = root.join(name);
            let text = policy_text(&path, over).unwrap_or_else(|error| panic!("{name}: {error}"));
            let source = tidegate_core::document::Source::new("policy.json", text.clone());
            let written = tidegate_core::policy::file::read(&source).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let meant = read(&path, over).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(format!("{written:?}"), format!("{:?}", meant.policy), "{name}: {text}");
            assert!(text.lines().all(|line| line.len() <= WIDE + 60), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_put_in_is_said() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/three-regions.toml");
        let settings = [Setting::new("regions.mars.maxRunners", "1")];
        let over = Overrides { settings: &settings, ..Overrides::default() };
        let error = policy_text(&path, over).expect_err("no such region").to_string();
        assert!(error.contains("no element is called `mars`"), "{error}");
    }
}
