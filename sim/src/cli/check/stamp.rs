//! Evidence beside a policy file that every objective was met under it: what the daemon's `--require-validated` asks for.
//! Knows what it says and when it is written; must not know how a scenario was judged.

use super::verdict::{Checked, Outcome};
use crate::output::{WriteError, write_whole};
use crate::scenario::Scenario;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What became of the evidence of one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamped {
    /// The policy's file, or the scenario that holds the policy.
    policy: String,
    /// The file of the evidence; empty when the policy has no file.
    evidence: String,
    /// Why there is none; empty when it was written.
    why: String,
    /// Whether older evidence was there and was taken away.
    removed: bool,
}

/// The policy files of scenarios.
pub(super) fn policies(scenarios: &[Scenario]) -> BTreeSet<PathBuf> {
    let own = scenarios.iter().filter(|scenario| scenario.policy_input.path != scenario.input.path);
    own.map(|scenario| PathBuf::from(&scenario.policy_input.path)).collect()
}

/// Writes the evidence of every policy under which all objectives of all scenarios are met, and takes that of others away.
///
/// # Errors
/// When a file cannot be written or removed.
pub(super) fn stamp(checked: &[Checked]) -> Result<Vec<Stamped>, WriteError> {
    let (inline, own): (Vec<&Checked>, Vec<&Checked>) = checked.iter().partition(|one| one.is_inline());
    // Scenarios in different folders may call the same file by different names.
    let mut policies: BTreeMap<PathBuf, Vec<&Checked>> = BTreeMap::new();
    for one in own {
        let path = Path::new(&one.policy.path);
        policies.entry(std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())).or_default().push(one);
    }
    let mut all = Vec::new();
    for users in policies.values() {
        all.push(one(users)?);
    }
    all.extend(inline.into_iter().map(|one| Stamped {
        policy: one.scenario.path.clone(),
        evidence: String::new(),
        why: "its policy stands within the scenario; only a policy in a file of its own can be stamped".to_owned(),
        removed: false,
    }));
    Ok(all)
}

/// The evidence of a policy that these scenarios use.
fn one(users: &[&Checked]) -> Result<Stamped, WriteError> {
    let policy = &users[0].policy;
    let path = PathBuf::from(format!("{}.validated", policy.path));
    let evidence = path.display().to_string();
    let done = |why: String, removed| Ok(Stamped { policy: policy.path.clone(), evidence, why, removed });
    let why = why_not(users);
    if why.is_empty() {
        write_whole(&path, format!("{:#}\n", contents(users)).as_bytes())?;
        return done(why, false);
    }
    match std::fs::remove_file(&path) {
        Ok(()) => done(why, true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => done(why, false),
        Err(source) => Err(WriteError { path, source }),
    }
}

/// Why a policy gets no evidence; empty when it gets it.
fn why_not(users: &[&Checked]) -> String {
    if users.iter().any(|one| one.policy.sha256 != users[0].policy.sha256) {
        return "the file changed while it was read".to_owned();
    }
    let told = |one: &&&Checked| match one.outcome() {
        Outcome::Met => false,
        Outcome::NoObjectives | Outcome::Regressed | Outcome::Inconclusive | Outcome::Missed | Outcome::Broken => true,
    };
    let list: Vec<String> =
        users.iter().filter(told).map(|one| format!("{} is {}", one.scenario.name, one.outcome().name())).collect();
    list.join(", ")
}

fn contents(users: &[&Checked]) -> Value {
    let scenario = |one: &&Checked| {
        json!({
            "name": one.scenario.name,
            "path": one.scenario.path,
            "sha256": one.scenario.sha256,
            "seeds": one.seeds,
            "digest": one.digest,
            "objectives": one.objectives.len(),
        })
    };
    json!({
        "schema": 1,
        "tidegate": { "version": env!("CARGO_PKG_VERSION"), "commit": env!("TIDEGATE_COMMIT") },
        "policySha256": users[0].policy.sha256,
        "verdict": Outcome::Met.name(),
        "scenarios": users.iter().map(scenario).collect::<Vec<_>>(),
    })
}

impl Stamped {
    pub(super) fn in_words(&self) -> String {
        if self.why.is_empty() {
            return format!("stamped       {}\n", self.evidence);
        }
        let removed = if self.removed { format!("; {} is removed", self.evidence) } else { String::new() };
        format!("not stamped   {}: {}{removed}\n", self.policy, self.why)
    }

    pub(super) fn as_json(&self) -> Value {
        json!({
            "schema": 1,
            "stamp": {
                "policy": self.policy,
                "path": self.evidence,
                "written": self.why.is_empty(),
                "removed": self.removed,
                "why": self.why,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::verdict::tests::checked;
    use super::*;
    use tidegate_reports::model::Verdict;

    #[test]
    fn evidence_is_written_when_all_is_met_and_only_then() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("sub")).expect("made");
        let policy = folder.path().join("p.json");
        std::fs::write(&policy, "{}").expect("written");
        let with = |name: &str, verdicts: &[Verdict], path: PathBuf| {
            let mut one = checked(name, verdicts);
            one.policy.path = path.display().to_string();
            one
        };
        let good = with("good", &[Verdict::Met], policy.clone());
        let other = with("other", &[Verdict::Met, Verdict::Met], folder.path().join("sub/../p.json"));
        let written = stamp(&[good.clone(), other.clone()]).expect("written");
        assert_eq!(written.len(), 1, "one file under two names");
        assert!(written[0].in_words().ends_with("p.json.validated\n"), "{written:?}");
        let path = folder.path().join("p.json.validated");
        let text = std::fs::read_to_string(&path).expect("there");
        let evidence: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(evidence["policySha256"], "0".repeat(64));
        assert_eq!((&evidence["schema"], &evidence["verdict"]), (&json!(1), &json!("met")));
        assert_eq!(evidence["scenarios"][1]["objectives"], 2);
        assert_eq!(evidence["scenarios"][0]["seeds"], json!([1, 2]));

        for worse in [&[][..], &[Verdict::Met, Verdict::Missed], &[Verdict::Inconclusive]] {
            std::fs::write(&path, "old").expect("written");
            let told = stamp(&[good.clone(), with("worse", worse, policy.clone())]).expect("removed");
            assert!(!path.exists() && told[0].removed, "{told:?}");
            assert!(told[0].in_words().contains("worse is "), "{told:?}");
        }
        let mut changed = other;
        changed.policy.sha256 = "1".repeat(64);
        let told = stamp(&[good, changed]).expect("nothing to remove");
        assert!(!path.exists() && !told[0].removed && told[0].why.contains("changed"), "{told:?}");
    }

    #[test]
    fn a_policy_within_a_scenario_cannot_be_stamped() {
        let mut inline = checked("s", &[Verdict::Met]);
        inline.policy.path.clone_from(&inline.scenario.path);
        let told = stamp(&[inline]).expect("nothing to write");
        assert!(told[0].in_words().starts_with("not stamped   s.toml: its policy stands within"), "{told:?}");
        assert_eq!(told[0].as_json()["stamp"]["written"], false);
    }
}
