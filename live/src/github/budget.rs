//! What may be asked of GitHub (rule 15). Knows token buckets, GitHub's headers and its waits; must not know HTTP clients
//! or any clock.
//!
//! Two things bound a call: what the policy allows this node, and what GitHub says is left of a budget that all regions
//! and whoever else uses the App share.

mod limits;

pub use limits::Limits;

use super::bounded::Bounded;
use std::fmt;
use tidegate_core::policy::GitHub;
use tidegate_core::port::Failure;
use tidegate_core::{Span, Timestamp};

/// Budgets kept at the most; the one known for longest starts anew.
const PAYERS_MAX: usize = 10_000;
/// The wait after a refusal that names none, as GitHub's documentation asks; doubled at each further one.
const WAIT: Span = Span::from_mins(1);
/// The longest wait. GitHub's own windows are an hour.
const WAIT_MAX: Span = Span::from_mins(65);
/// Share of the requests that lists and sweeps leave to runners: one in so many.
const RESERVE: u64 = 5;

/// Whose budget a call uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Payer {
    /// The App itself: installations, deliveries.
    App,
    /// The App's installation at an organization or a user, by its name in lower case.
    Owner(String),
}

impl Payer {
    /// The installation at an owner.
    #[must_use]
    pub fn owner(name: &str) -> Self {
        Self::Owner(name.to_lowercase())
    }
}

impl fmt::Display for Payer {
    /// The owner's name, or `(app)`, which is no owner's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App => f.write_str("(app)"),
            Self::Owner(name) => f.write_str(name),
        }
    }
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The registration of a runner.
    Registration,
    /// The removal or a look at a runner, and whatever those need.
    Runner,
    /// A list or a sweep: they can wait, and leave one request in five to runners.
    Survey,
}

/// What is left of a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Whose.
    pub payer: Payer,
    /// Registrations that could be made at once.
    pub registrations: u64,
    /// Other requests that could be made at once.
    pub requests: u64,
    /// Whether GitHub told us to wait and the wait is not over.
    pub waiting: bool,
}

/// The budgets of a node.
#[derive(Debug)]
pub struct Budget {
    registrations_per_minute: u64,
    requests_per_hour: u64,
    payers: Bounded<Payer, Account>,
}

/// The budget of one payer.
#[derive(Debug)]
struct Account {
    registrations: Bucket,
    requests: Bucket,
    /// GitHub's word on registrations, where it counts them apart, and on all else.
    told: [Option<Told>; 2],
    /// No call before.
    wait_until: Timestamp,
    /// Refusals in a row that named no wait.
    refusals: u32,
}

/// What GitHub says is left, less what was asked since.
#[derive(Clone, Copy, Debug)]
struct Told {
    left: u64,
    /// What it began with, where GitHub told.
    all: Option<u64>,
    resets_at: Timestamp,
}

impl Account {
    /// What GitHub leaves us, as far as it told.
    fn told(&self, registrations: bool, now: Timestamp) -> u64 {
        let told = self.told[usize::from(!registrations)].filter(|told| told.resets_at > now);
        told.map_or(u64::MAX, |told| told.left)
    }

    fn waits(&self, now: Timestamp) -> bool {
        self.wait_until > now
    }

    /// Whether so much is left of both what the policy allows and what GitHub gives that runners keep their share. Each is
    /// held against its own whole: a policy may allow many times what GitHub does.
    fn leaves_runners_their_share(&mut self, allowed: u64, now: Timestamp) -> bool {
        let told = self.told[1].filter(|told| told.resets_at > now);
        let told = told.is_none_or(|told| told.left > told.all.unwrap_or(allowed) / RESERVE);
        told && self.requests.left(now) > allowed / RESERVE
    }
}

impl Budget {
    /// All of what the policy allows.
    #[must_use]
    pub fn new(policy: &GitHub) -> Self {
        Self {
            registrations_per_minute: policy.registrations_per_minute.into(),
            requests_per_hour: policy.requests_per_hour.into(),
            payers: Bounded::new(PAYERS_MAX),
        }
    }

    /// From now on all of what another policy allows; what was taken stays taken.
    pub fn allow(&mut self, policy: &GitHub, now: Timestamp) {
        let of_policy = Self::new(policy);
        (self.registrations_per_minute, self.requests_per_hour) =
            (of_policy.registrations_per_minute, of_policy.requests_per_hour);
        for account in self.payers.values_mut() {
            account.registrations.allow(self.registrations_per_minute, now);
            account.requests.allow(self.requests_per_hour, now);
        }
    }

    /// Takes one call from a payer's budget.
    ///
    /// # Errors
    /// [`Failure::GitHubBudget`] when there is none left, or GitHub told us to wait; nothing was taken then.
    pub fn take(&mut self, payer: &Payer, purpose: Purpose, now: Timestamp) -> Result<(), Failure> {
        let allowed = self.requests_per_hour;
        let account = self.account(payer, now);
        if account.waits(now) || (purpose == Purpose::Survey && !account.leaves_runners_their_share(allowed, now)) {
            return Err(Failure::GitHubBudget);
        }
        let registration = purpose == Purpose::Registration;
        let bucket = if registration { &mut account.registrations } else { &mut account.requests };
        let left = bucket.left(now).min(account.told(registration, now)).min(account.told(false, now));
        if left == 0 {
            return Err(Failure::GitHubBudget);
        }
        let bucket = if registration { &mut account.registrations } else { &mut account.requests };
        bucket.take();
        let slots = if registration { 0..2 } else { 1..2 };
        for told in account.told[slots].iter_mut().flatten() {
            told.left = told.left.saturating_sub(1);
        }
        Ok(())
    }

    /// Takes nothing, and is refused while no call may be made at all.
    ///
    /// # Errors
    /// [`Failure::GitHubBudget`] while GitHub told us to wait.
    pub fn waits(&mut self, payer: &Payer, now: Timestamp) -> Result<(), Failure> {
        if self.account(payer, now).waits(now) { Err(Failure::GitHubBudget) } else { Ok(()) }
    }

    /// Gives a request back that GitHub does not count: an answer of 304.
    pub fn give_back(&mut self, payer: &Payer, now: Timestamp) {
        let account = self.account(payer, now);
        account.requests.give_back();
        if let Some(told) = &mut account.told[1] {
            told.left += 1;
        }
    }

    /// Heeds the headers of an answer. A refusal for want of budget, or an error that asks for a wait (`refused`), means that
    /// no call is made before the moment GitHub names; where it names none, for a minute, doubled at each further refusal.
    pub fn heed(&mut self, payer: &Payer, limits: &Limits, refused: bool, now: Timestamp) {
        let account = self.account(payer, now);
        if let (Some(left), Some(resets_in)) = (limits.remaining, limits.resets_in) {
            let slot = &mut account.told[usize::from(!limits.of_registrations)];
            let resets_at = now + resets_in.min(WAIT_MAX);
            // Answers overtake each other: within a window the least is the latest. The reset is told in whole seconds,
            // by another clock, so that a window is another one only if it ends well after.
            let least = slot.filter(|told| told.resets_at > now && resets_at < told.resets_at + WAIT);
            let left = least.map_or(left, |told| left.min(told.left));
            *slot = Some(Told { left, all: limits.all, resets_at });
        }
        if !refused {
            account.refusals = 0;
            return;
        }
        let named = limits.retry_after.or(limits.resets_in.filter(|_| limits.remaining == Some(0)));
        let wait = named.unwrap_or_else(|| {
            account.refusals = account.refusals.saturating_add(1);
            WAIT.doubled(account.refusals - 1, WAIT_MAX)
        });
        account.wait_until = account.wait_until.max(now + wait.min(WAIT_MAX));
    }

    /// What is left, by payer, for metrics.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> Vec<Left> {
        let left = |(payer, account): (&Payer, &Account)| {
            let told = account.told(false, now);
            Left {
                payer: payer.clone(),
                registrations: account.registrations.clone().left(now).min(account.told(true, now)).min(told),
                requests: account.requests.clone().left(now).min(told),
                waiting: account.waits(now),
            }
        };
        self.payers.iter().map(left).collect()
    }

    fn account(&mut self, payer: &Payer, now: Timestamp) -> &mut Account {
        if self.payers.get(payer).is_none() {
            let account = Account {
                registrations: Bucket::new(self.registrations_per_minute, Span::from_mins(1), now),
                requests: Bucket::new(self.requests_per_hour, Span::from_hours(1), now),
                told: [None; 2],
                wait_until: Timestamp::ZERO,
                refusals: 0,
            };
            self.payers.put(payer.clone(), account);
        }
        self.payers.get_mut(payer).expect("it was put in if it was not there")
    }
}

/// A token bucket in integers: `per` microseconds of level are one token, `most` come in each `per`.
#[derive(Clone, Debug)]
struct Bucket {
    most: u64,
    per: Span,
    level: u64,
    at: Timestamp,
}

impl Bucket {
    fn new(most: u64, per: Span, now: Timestamp) -> Self {
        Self { most, per, level: most.saturating_mul(per.0), at: now }
    }

    fn allow(&mut self, most: u64, now: Timestamp) {
        self.left(now);
        let taken = self.most.saturating_mul(self.per.0) - self.level;
        (self.most, self.level) = (most, most.saturating_mul(self.per.0).saturating_sub(taken));
    }

    /// Whole tokens at a time.
    fn left(&mut self, now: Timestamp) -> u64 {
        let gained = now.since(self.at).0.saturating_mul(self.most);
        self.level = self.level.saturating_add(gained).min(self.most.saturating_mul(self.per.0));
        self.at = self.at.max(now);
        self.level / self.per.0
    }

    fn take(&mut self) {
        self.level = self.level.saturating_sub(self.per.0);
    }

    fn give_back(&mut self) {
        self.level = (self.level + self.per.0).min(self.most.saturating_mul(self.per.0));
    }
}

#[cfg(test)]
mod tests;
