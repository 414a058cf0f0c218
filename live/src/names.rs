//! The texts behind names: organizations, repositories, label classes. Knows what was seen lately; must not know what
//! any name is for.
//!
//! Machines compare [`Name`]s and never read them; GitHub and ECS want texts. Whoever hears a text (a webhook, GitHub's
//! list, a queue message, a claim) notes it here.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tidegate_core::Name;

/// Texts held at the most; beyond that those not seen for longest go. A fleet has thousands of repositories, not more.
pub const MAX: usize = 100_000;

/// The texts of one job, as they travel with its message and its claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Texts {
    /// Its organization: the owner of its repository.
    pub organization: String,
    /// Its repository, `organization/repository`.
    pub repository: String,
    /// Its labels, sorted, joined by commas.
    pub class: String,
}

/// The directory of texts of a process. Shared by its tasks.
#[derive(Debug, Default)]
pub struct Names {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    texts: BTreeMap<Name, (String, u64)>,
    /// By last use, oldest first.
    uses: BTreeMap<u64, Name>,
    clock: u64,
}

impl Names {
    /// The name of a text, which is remembered.
    pub fn note(&self, text: &str) -> Name {
        let name = Name::of(text);
        self.lock().touch(name, Some(text));
        name
    }

    /// Remembers the texts of a job.
    pub fn note_all(&self, texts: &Texts) {
        for text in [&texts.organization, &texts.repository, &texts.class] {
            self.note(text);
        }
    }

    /// The text of a name, if it was seen.
    #[must_use]
    pub fn text(&self, name: Name) -> Option<String> {
        let mut inner = self.lock();
        inner.touch(name, None);
        inner.texts.get(&name).map(|(text, _)| text.clone())
    }

    /// The texts of a job; `None` when one of them was never seen.
    #[must_use]
    pub fn texts(&self, organization: Name, repository: Name, class: Name) -> Option<Texts> {
        Some(Texts {
            organization: self.text(organization)?,
            repository: self.text(repository)?,
            class: self.text(class)?,
        })
    }

    /// All texts, for a snapshot, least lately used first.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        let inner = self.lock();
        inner.uses.values().filter_map(|name| inner.texts.get(name)).map(|(text, _)| text.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn touch(&mut self, name: Name, text: Option<&str>) {
        self.clock += 1;
        let clock = self.clock;
        match (self.texts.get_mut(&name), text) {
            (Some((_, used)), _) => {
                self.uses.remove(used);
                *used = clock;
            }
            (None, Some(text)) => {
                self.texts.insert(name, (text.to_owned(), clock));
            }
            (None, None) => return,
        }
        self.uses.insert(clock, name);
        if self.texts.len() > MAX
            && let Some((_, oldest)) = self.uses.pop_first()
        {
            self.texts.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_lately_used_text_goes_first() {
        let names = Names::default();
        let first = names.note("first");
        let second = names.note("second");
        for n in 2..MAX {
            names.note(&n.to_string());
        }
        assert_eq!(names.text(first).as_deref(), Some("first"), "used again just now");
        names.note("one more");
        assert_eq!(names.text(first).as_deref(), Some("first"));
        assert_eq!(names.text(second), None);
        assert_eq!(names.all().len(), MAX);
    }
}
