//! A value put over a file, as `--set` and the axes of an experiment do. Knows paths, short names and texts of values; must
//! not know how files are read.

use std::fmt;
use tidegate_core::document::{Node, Problem, Problems, Source, Value, nearest, parse};

/// One value over what the files say, such as `spillover.stopAt=0.6`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    path: String,
    value: String,
}

/// Which file a setting is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// The scenario itself.
    Scenario,
    /// Its policy, wherever that stands.
    Policy,
    /// Its world, wherever that stands.
    World,
}

/// Short names of what is varied most, and the paths within the policy that they stand for.
pub const SHORT: [(&str, &str); 4] = [
    ("queueDepth", "regions.*.spilloverThreshold.queueDepth"),
    ("concurrencyPercent", "regions.*.spilloverThreshold.concurrencyPercent"),
    ("errorRate", "regions.*.spilloverThreshold.errorRate"),
    ("maxRunners", "regions.*.maxRunners"),
];

/// Keys of a scenario that a setting may be about.
const OF_SCENARIO: [&str; 7] = ["load", "fault", "objective", "start", "duration", "warmUp", "startWithin"];

impl Setting {
    /// A setting out of its two halves. The path begins with a key of the scenario (`load.0.pushesPerDay`,
    /// `fault.0.for`), with `world`, or with `policy`, which may be left out; lists take a number, a name or `*`. Short
    /// names are those of [`SHORT`], with `spillover.` before them or without.
    #[must_use]
    pub fn new(path: &str, value: &str) -> Self {
        Self { path: path.trim().to_owned(), value: value.trim().to_owned() }
    }

    /// A setting as it is typed: `PATH=VALUE`.
    ///
    /// # Errors
    /// When there is no equals sign, no path or no value.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (path, value) = text.split_once('=').unwrap_or((text, ""));
        let setting = Self::new(path, value);
        if setting.path.is_empty() || setting.value.is_empty() {
            return Err(format!("`{text}`: expected PATH=VALUE, such as spillover.stopAt=0.6"));
        }
        Ok(setting)
    }

    /// The path as it was given.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value as it was given.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether it is about the policy, or is another one.
    #[must_use]
    pub fn is_of_policy(&self) -> bool {
        self.place().0 == Root::Policy
    }

    /// Which file it is about, and the path within that.
    pub(crate) fn place(&self) -> (Root, String) {
        let (first, rest) = self.path.split_once('.').unwrap_or((&self.path, ""));
        match first {
            "world" => (Root::World, rest.to_owned()),
            "policy" => (Root::Policy, long(rest)),
            _ if OF_SCENARIO.contains(&first) => (Root::Scenario, self.path.clone()),
            _ => (Root::Policy, long(&self.path)),
        }
    }

    /// Whether two paths reach the same value: alike but for `*`, or one within the other.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let ((root, path), (other_root, other_path)) = (self.place(), other.place());
        let alike = |(a, b): (&str, &str)| a == b || a == "*" || b == "*";
        root == other_root && path.split('.').zip(other_path.split('.')).all(alike)
    }

    /// The value as it would stand in a file: true, false, null, a number, JSON where it begins as such, or else a text.
    ///
    /// # Errors
    /// When it begins as JSON and is none.
    pub(super) fn node(&self) -> Result<Value, Problems> {
        let text = self.value.as_str();
        if text.starts_with(['[', '{', '"']) {
            // A document is a table: the value stands in one.
            let source = Source::new(format!("--set {self}.json"), format!("{{\"value\":{text}}}"));
            let document = parse(&source)?;
            let Value::Table(mut entries) = document.root.value else { return Ok(Value::Null) };
            return Ok(entries.pop().map_or(Value::Null, |(_, node)| node.value));
        }
        Ok(match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ => match (text.parse::<i64>(), text.parse::<f64>()) {
                (Ok(whole), _) => Value::Int(whole),
                (Err(_), Ok(number)) if number.is_finite() => Value::Float(number),
                (Err(_), _) => Value::Text(text.to_owned()),
            },
        })
    }

    /// The short name, or the key of the scenario, that its first key is nearly; `None` where that is one.
    pub(super) fn meant(&self) -> Option<&'static str> {
        let first = self.path.split('.').next().unwrap_or_default();
        let known = || SHORT.iter().map(|(short, _)| *short).chain(OF_SCENARIO).chain(["world", "policy"]);
        if known().any(|name| name == first) { None } else { nearest(first, known()) }
    }

    /// A mistake of the setting itself.
    pub(super) fn problem(&self, message: String) -> Problems {
        let source = Source::new("--set", self.to_string());
        Problem::new(&source, Node::new(Value::Null).place, message).into()
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.path, self.value)
    }
}

fn long(path: &str) -> String {
    let name = path.strip_prefix("spillover.").unwrap_or(path);
    SHORT.iter().find(|(short, _)| *short == name).map_or_else(|| path.to_owned(), |(_, long)| (*long).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_knows_its_file_and_its_path() {
        let place = |path| Setting::new(path, "1").place();
        assert_eq!(place("load.0.scale"), (Root::Scenario, "load.0.scale".to_owned()));
        assert_eq!(place("world.cache.x"), (Root::World, "cache.x".to_owned()));
        assert_eq!(place("policy.failover.mode"), (Root::Policy, "failover.mode".to_owned()));
        assert_eq!(place("failover.mode"), (Root::Policy, "failover.mode".to_owned()));
        let meant = |path| Setting::new(path, "1").meant();
        assert_eq!(
            (meant("queueDpth"), meant("loads.0.scale"), meant("queueDepth")),
            (Some("queueDepth"), Some("load"), None)
        );
        assert_eq!(meant("failover.mode"), None);
        let depth = (Root::Policy, "regions.*.spilloverThreshold.queueDepth".to_owned());
        assert_eq!((place("spillover.queueDepth"), place("queueDepth")), (depth.clone(), depth));
    }

    #[test]
    fn paths_overlap_where_one_value_is_meant() {
        let overlap = |a, b| Setting::new(a, "1").overlaps(&Setting::new(b, "1"));
        assert!(overlap("maxRunners", "regions.eu-west-1.maxRunners") && overlap("queueDepth", "spillover.queueDepth"));
        assert!(overlap("failover", "failover.mode") && overlap("load.*.scale", "load.0.scale"));
        assert!(!overlap("maxRunners", "queueDepth") && !overlap("failover.mode", "failover.suspectFor"));
        assert!(!overlap("regions.a.maxRunners", "regions.b.maxRunners") && !overlap("world.x", "policy.x"));
    }

    #[test]
    fn a_value_is_what_it_looks_like() {
        let value = |text| Setting::new("a", text).node().expect("a value");
        assert_eq!(value("60"), Value::Int(60));
        assert_eq!(value("0.5"), Value::Float(0.5));
        assert_eq!(value("true"), Value::Bool(true));
        assert_eq!(value("30s"), Value::Text("30s".to_owned()));
        assert!(matches!(value(r#"{"dist":"constant"}"#), Value::Table(_)));
        assert!(Setting::new("a", "[1,").node().is_err());
        assert!(Setting::parse("a").is_err() && Setting::parse("=1").is_err() && Setting::parse("a=1").is_ok());
    }
}
