//! Which jobs are ours: those whose labels one offered runner holds. Knows labels as GitHub matches them; must not know
//! who asks.

use crate::config::Runner;
use std::collections::BTreeSet;
use tidegate_core::Need;

/// The runners that are offered, as the configuration lists them.
#[derive(Clone, Debug, Default)]
pub struct Offered {
    kinds: Vec<(BTreeSet<String>, Need)>,
}

/// The offered runner that a job gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// Its place in the configuration's list of runners.
    pub index: usize,
    /// Its size.
    pub need: Need,
}

impl Offered {
    /// Of the configuration's runners.
    #[must_use]
    pub fn new(runners: &[Runner]) -> Self {
        let kinds = runners.iter().map(|runner| (runner.labels.iter().map(|l| folded(l)).collect(), runner.need));
        Self { kinds: kinds.collect() }
    }

    /// The first runner whose labels hold all of a job's, whatever their case; `None`: the job is not ours. A job
    /// without labels is nobody's: it names a runner group, or it was skipped. Nor is one with a comma in a label, for
    /// commas part the labels of a class.
    #[must_use]
    pub fn fit<S: AsRef<str>>(&self, labels: &[S]) -> Option<Fit> {
        let labels: Vec<String> = labels.iter().map(|label| folded(label.as_ref())).collect();
        if labels.is_empty() || labels.iter().any(|label| label.is_empty() || label.contains(',')) {
            return None;
        }
        let index = self.kinds.iter().position(|(held, _)| labels.iter().all(|label| held.contains(label)))?;
        Some(Fit { index, need: self.kinds[index].1 })
    }

    /// The same by the text of a label class, as it travels with messages and claims.
    #[must_use]
    pub fn fit_class(&self, class: &str) -> Option<Fit> {
        self.fit(&class.split(',').collect::<Vec<_>>())
    }
}

/// A label as GitHub compares it.
fn folded(label: &str) -> String {
    label.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_core::Name;
    use tidegate_core::policy::file::{class_name, class_text};

    fn offered() -> Offered {
        let runner = |labels: &[&str], need| Runner {
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            need,
            task_definition: String::new(),
            container: String::new(),
        };
        let large = Need { vcpu_milli: 8_000, ..Need::default() };
        Offered::new(&[
            runner(&["self-hosted", "Linux", "x64"], Need::default()),
            runner(&["self-hosted", "linux", "x64", "large"], large),
        ])
    }

    #[test]
    fn the_first_runner_with_all_labels_serves_a_job() {
        let offered = offered();
        let index = |labels: &[&str]| offered.fit(labels).map(|fit| fit.index);
        assert_eq!(index(&["self-hosted"]), Some(0), "both would do");
        assert_eq!(index(&["Self-Hosted", "LINUX"]), Some(0), "labels have no case");
        assert_eq!(index(&["self-hosted", "large"]), Some(1));
        assert_eq!(offered.fit_class("large,self-hosted").map(|fit| fit.need.vcpu_milli), Some(8_000));
        for labels in [&["ubuntu-latest"][..], &["self-hosted", "gpu"], &[], &[""], &["self-hosted,linux"]] {
            assert_eq!(index(labels), None, "{labels:?}");
        }
    }

    #[test]
    fn a_class_is_the_one_of_the_policy() {
        let text = class_text(&["x64", "Self-Hosted", "linux", "X64"]);
        assert_eq!(text, "linux,self-hosted,x64");
        assert_eq!(Name::of(&text), class_name(&["self-hosted", "linux", "x64"]));
    }
}
