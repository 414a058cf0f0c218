//! The policy file of a running node: read at the start, and again whenever it changes. Knows the file and the evidence
//! that it was validated; must not know what a policy says.

use crate::config::ReadError;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tidegate_core::document::Source;
use tidegate_core::journal::PolicyText;
use tidegate_core::policy::{Policy, file as policies};

/// How often a policy file is looked at.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A policy with its text.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The policy.
    pub policy: Arc<Policy>,
    /// Its text.
    pub text: PolicyText,
}

/// Why a policy is not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PolicyError {
    /// It cannot be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// There is no evidence that it was validated.
    #[error(
        "{policy}: no evidence that this policy was validated: {why}; expected {evidence}, as \
         `tidegate check SCENARIO... --stamp` writes it when every objective is met"
    )]
    Unproven {
        /// The policy file.
        policy: String,
        /// Where the evidence was expected.
        evidence: String,
        /// What is the matter with it.
        why: String,
    },
}

/// What `tidegate check --stamp` writes, as far as it is looked at here.
#[derive(Debug, Deserialize)]
struct Evidence {
    #[serde(rename = "policySha256")]
    sha256: String,
    verdict: String,
}

/// SHA-256 of a text in hexadecimal digits.
#[must_use]
pub fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The file beside a policy that holds the evidence: `policy.json.validated`.
#[must_use]
pub fn evidence_path(policy: &Path) -> PathBuf {
    let mut name = policy.as_os_str().to_owned();
    name.push(".validated");
    PathBuf::from(name)
}

/// Reads a policy file. `validated`: only with the evidence beside it that the simulator met every objective with it.
///
/// # Errors
/// Why it is not taken.
pub fn load(path: &Path, validated: bool) -> Result<Loaded, PolicyError> {
    let source = crate::config::load(path)?;
    let loaded = parse(&source)?;
    if validated {
        prove(path, source.text())?;
    }
    Ok(loaded)
}

/// A policy of a text.
///
/// # Errors
/// Its mistakes.
pub fn parse(source: &Source) -> Result<Loaded, PolicyError> {
    let policy = policies::read(source).map_err(|problems| PolicyError::Read(ReadError::Problems(problems)))?;
    let file =
        Path::new(source.name()).file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(Loaded { policy: Arc::new(policy), text: PolicyText { file, text: source.text().to_owned() } })
}

fn prove(path: &Path, text: &str) -> Result<(), PolicyError> {
    let evidence = evidence_path(path);
    let unproven = |why: String| PolicyError::Unproven {
        policy: path.display().to_string(),
        evidence: evidence.display().to_string(),
        why,
    };
    let found = std::fs::read_to_string(&evidence).map_err(|error| unproven(error.to_string()))?;
    let found: Evidence = serde_json::from_str(&found).map_err(|error| unproven(error.to_string()))?;
    if found.sha256 != sha256(text) {
        return Err(unproven("the evidence is of another text of this file".to_owned()));
    }
    if found.verdict != "met" {
        return Err(unproven(format!("its verdict is `{}`", found.verdict)));
    }
    Ok(())
}

/// A policy file that is looked at again and again.
#[derive(Debug)]
pub struct Watched {
    path: PathBuf,
    validated: bool,
    seen: String,
}

impl Watched {
    /// Watches a file whose text in force is `seen`.
    #[must_use]
    pub fn new(path: PathBuf, validated: bool, seen: &str) -> Self {
        Self { path, validated, seen: sha256(seen) }
    }

    /// Looks; gives the policy when its text has changed since the last look, or why it is not taken. A file that cannot be
    /// read for a moment, as while it is replaced, is no change.
    pub fn look(&mut self) -> Option<Result<Loaded, PolicyError>> {
        let text = std::fs::read_to_string(&self.path).ok()?;
        let hash = sha256(&text);
        if hash == self.seen {
            return None;
        }
        let loaded = load(&self.path, self.validated);
        // Evidence may come a moment later: that is looked for again.
        if !matches!(loaded, Err(PolicyError::Unproven { .. })) {
            self.seen = hash;
        }
        Some(loaded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_without_evidence_is_not_taken_when_evidence_is_asked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("policy.json");
        let text = r#"{"regions": [{"name": "us-east-1"}]}"#;
        std::fs::write(&path, text).expect("written");
        assert!(load(&path, false).is_ok());
        assert!(matches!(load(&path, true), Err(PolicyError::Unproven { .. })));
        let stamp = |sha: &str, verdict: &str| {
            let text = format!(r#"{{"policySha256": "{sha}", "verdict": "{verdict}", "scenarios": []}}"#);
            std::fs::write(evidence_path(&path), text).expect("written");
        };
        stamp(&sha256("another"), "met");
        assert!(matches!(load(&path, true), Err(PolicyError::Unproven { .. })), "of another text");
        stamp(&sha256(text), "missed");
        assert!(matches!(load(&path, true), Err(PolicyError::Unproven { .. })), "objectives are missed");
        stamp(&sha256(text), "met");
        assert!(load(&path, true).is_ok());
    }

    #[test]
    fn a_change_is_seen_once_and_a_mistake_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("policy.json");
        let text = r#"{"regions": [{"name": "us-east-1"}]}"#;
        std::fs::write(&path, text).expect("written");
        let mut watched = Watched::new(path.clone(), false, text);
        assert!(watched.look().is_none());
        std::fs::write(&path, text.replace("east", "west")).expect("written");
        assert!(matches!(watched.look(), Some(Ok(_))));
        assert!(watched.look().is_none());
        std::fs::write(&path, "{").expect("written");
        assert!(matches!(watched.look(), Some(Err(PolicyError::Read(_)))));
        assert!(watched.look().is_none(), "told once");
    }
}
