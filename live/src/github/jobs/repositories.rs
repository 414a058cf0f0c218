//! The repositories that the App sees, by installation. Knows two lists of GitHub's; must not know runs or jobs.

use super::scan::Allowance;
use super::{Inner, Purpose};
use crate::github::auth::scope_of_repository;
use crate::github::budget::Payer;
use crate::github::client::{Answer, Call};
use serde::Deserialize;
use std::collections::BTreeMap;
use tidegate_core::port::Failure;
use tidegate_core::{Span, Timestamp};

/// How long they are believed. One that is new meanwhile is known by its webhooks, or later.
const GOOD_FOR: Span = Span::from_mins(10);
/// Repositories at the most; with more, no list is complete.
const MOST: usize = 50_000;

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repository {
    /// Its name in lower case, by which GitHub knows it too.
    pub(super) key: String,
    /// Its name as GitHub writes it, `owner/name`.
    pub(super) name: String,
    /// `repos/owner/name`; empty for what is no such name, which is asked for nowhere.
    pub(super) path: String,
    /// The installation that shows it, where one was seen to.
    pub(super) installation: Option<u64>,
}

impl Repository {
    pub(super) fn new(name: &str, installation: Option<u64>) -> Self {
        let path = scope_of_repository(name).map(|scope| scope.path).unwrap_or_default();
        Self { key: name.to_lowercase(), name: name.to_owned(), path, installation }
    }
}

/// The repositories of all installations.
#[derive(Debug, Default)]
pub(super) struct Repositories {
    known: BTreeMap<String, Repository>,
    read_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Installed {
    id: u64,
    account: Option<Account>,
    suspended_at: Option<String>,
}

#[derive(Deserialize)]
struct Account {
    #[serde(default)]
    login: String,
}

#[derive(Deserialize)]
struct Page {
    repositories: Vec<Shown>,
}

#[derive(Deserialize)]
struct Shown {
    full_name: String,
    /// Nothing runs in it.
    #[serde(default)]
    archived: bool,
}

impl Repositories {
    /// Those known so far.
    pub(super) fn all(&self) -> impl Iterator<Item = Repository> {
        self.known.values().cloned()
    }

    /// Reads them, unless they were read within ten minutes.
    ///
    /// # Errors
    /// Why not all were read. Those known before stay then, and those of installations that could be read are known.
    pub(super) async fn refresh(&mut self, inner: &Inner, allowance: &Allowance) -> Result<(), Failure> {
        let now = inner.clock.now();
        if self.read_at.is_some_and(|at| now.since(at) < GOOD_FOR) {
            return Ok(());
        }
        let (mut known, mut read) = (BTreeMap::new(), Ok(()));
        for installed in installations(inner, allowance).await? {
            match read_one(inner, allowance, installed, &mut known).await {
                Ok(()) => {}
                // One that is closed to us says nothing of the others.
                Err(Failure::Denied) => read = Err(Failure::Denied),
                Err(failure) => {
                    read = Err(failure);
                    break;
                }
            }
        }
        if read.is_err() {
            self.known.extend(known);
            return read;
        }
        (self.known, self.read_at) = (known, Some(now));
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn of(known: impl Iterator<Item = Repository>) -> Self {
        Self { known: known.map(|repository| (repository.key.clone(), repository)).collect(), read_at: None }
    }
}

/// Adds the repositories of an installation.
async fn read_one(
    inner: &Inner,
    allowance: &Allowance,
    installed: Installed,
    known: &mut BTreeMap<String, Repository>,
) -> Result<(), Failure> {
    let payer = Payer::owner(&installed.account.map(|account| account.login).unwrap_or_default());
    let mut path = Some("/installation/repositories?per_page=100".to_owned());
    while let Some(this) = path {
        allowance.take()?;
        let answer = inner.call_as(installed.id, &payer, &Call::page(&this, Purpose::Survey)).await?;
        let page: Page = answer.read()?;
        for shown in page.repositories.into_iter().filter(|shown| !shown.archived) {
            let repository = Repository::new(&shown.full_name, Some(installed.id));
            known.insert(repository.key.clone(), repository);
        }
        if known.len() > MOST {
            return Err(Failure::GitHubBudget);
        }
        path = answer.next();
    }
    Ok(())
}

/// The App's installations that are not suspended.
async fn installations(inner: &Inner, allowance: &Allowance) -> Result<Vec<Installed>, Failure> {
    let mut all: Vec<Installed> = Vec::new();
    let mut path = Some("/app/installations?per_page=100".to_owned());
    while let Some(this) = path {
        allowance.take()?;
        let answer: Answer = inner.exchange(&inner.app, &Payer::App, &Call::page(&this, Purpose::Survey)).await?;
        let page: Vec<Installed> = answer.read()?;
        all.extend(page.into_iter().filter(|installed| installed.suspended_at.is_none()));
        if all.len() > MOST {
            return Err(Failure::GitHubBudget);
        }
        path = answer.next();
    }
    Ok(all)
}
