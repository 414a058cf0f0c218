//! Puts settings over the trees of files before they are read. Knows where a policy and a world stand; must not know keys.

use super::{Overrides, ReadError};
use crate::scenario::setting::{Root, Setting};
use crate::world::file::SHIPPED;
use tidegate_core::document::{Document, Node, Problems, Value};

/// Settings by the file they are about.
#[derive(Clone, Debug, Default)]
pub(super) struct Over {
    policy: Option<String>,
    settings: Vec<Setting>,
    /// Whether the policy, and the world, are files of their own.
    apart: (bool, bool),
}

/// Settings of one file.
#[derive(Clone, Debug, Default)]
pub(super) struct Edits(Vec<(Setting, String)>);

impl Edits {
    /// The tree with the settings in it.
    pub(super) fn put(&self, mut document: Document) -> Result<Document, Problems> {
        for (setting, path) in &self.0 {
            let value = setting.node()?;
            document.set(path, &value).map_err(|message| setting.problem(message))?;
        }
        Ok(document)
    }
}

impl Over {
    pub(super) fn of(overrides: &Overrides<'_>) -> Self {
        let set = overrides.settings.iter().rfind(|setting| setting.path() == "policy");
        let policy = set.map(|setting| setting.value().to_owned());
        let policy = policy.or_else(|| overrides.policy.map(|path| path.display().to_string()));
        Self { policy, settings: overrides.settings.to_vec(), apart: (false, false) }
    }

    /// Whether a path is that of a policy given on the command line: it is taken from the working directory.
    pub(super) fn is_policy(&self, path: &str) -> bool {
        self.policy.as_deref() == Some(path)
    }

    /// Puts what is about the scenario, and about what stands in it, into its tree.
    pub(super) fn scenario(&mut self, document: &mut Document) -> Result<(), Problems> {
        if let Some(policy) = &self.policy {
            let named = document.set("policy", &Value::Text(policy.clone()));
            debug_assert!(named.is_ok() || !matches!(document.root.value, Value::Table(_)), "a table takes a key");
        }
        let world = self.of_root(Root::World);
        let name = match of(document, "world") {
            None => Some("aws".to_owned()),
            Some(Value::Text(name)) if SHIPPED.iter().any(|(known, _)| known == name) => Some(name.clone()),
            Some(_) => None,
        };
        if let Some(name) = name.filter(|_| !world.0.is_empty()) {
            let _ = document.set("world", &Value::Table(Vec::new()));
            let _ = document.set("world.extends", &Value::Text(name));
        }
        self.apart = (
            matches!(of(document, "policy"), Some(Value::Text(_))),
            matches!(of(document, "world"), Some(Value::Text(_))),
        );
        let mut edits = self.of_root(Root::Scenario);
        let within = |edits: Edits, key: &str| {
            edits.0.into_iter().map(move |(setting, path)| (setting, format!("{key}.{path}"))).collect::<Vec<_>>()
        };
        if !self.apart.0 {
            edits.0.extend(within(self.of_root(Root::Policy), "policy"));
        }
        if !self.apart.1 {
            edits.0.extend(within(world, "world"));
        }
        *document = edits.put(document.clone())?;
        Ok(())
    }

    /// What is about a policy that is a file.
    pub(super) fn policy_file(&self) -> Edits {
        if self.apart.0 { self.of_root(Root::Policy) } else { Edits::default() }
    }

    /// What is about a world that is a file.
    pub(super) fn world_file(&self) -> Edits {
        if self.apart.1 { self.of_root(Root::World) } else { Edits::default() }
    }

    fn of_root(&self, root: Root) -> Edits {
        let placed = self.settings.iter().map(|setting| (setting, setting.place()));
        let mine = placed
            .filter(|(_, (of, path))| *of == root && !path.is_empty())
            .map(|(setting, (_, path))| (setting.clone(), path));
        Edits(mine.collect())
    }
}

fn of<'a>(document: &'a Document, key: &str) -> Option<&'a Value> {
    let Node { value: Value::Table(entries), .. } = &document.root else { return None };
    entries.iter().find(|(known, _)| known.name == key).map(|(_, node)| &node.value)
}

/// Mistakes that come from settings: a line of a file would mislead.
pub(super) fn mistakes(settings: &[Setting], problems: &Problems) -> ReadError {
    // A key that is unknown to the policy may be a short name, or one of the scenario, with a slip.
    let meant = || settings.iter().find_map(Setting::meant).map(|name| format!("did you mean `{name}`?"));
    let said: Vec<String> = problems
        .iter()
        .map(|problem| {
            let expected = problem.expected.iter().map(|expected| format!("expected {expected}"));
            let parts: Vec<String> = std::iter::once(problem.message.clone())
                .chain(expected)
                .chain(problem.help.clone().or_else(meant))
                .collect();
            parts.join("; ")
        })
        .collect();
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    ReadError::Settings { settings: settings.join(" "), problems: said.join("\n  ") }
}
