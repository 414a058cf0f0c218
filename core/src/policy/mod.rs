//! The checked policy: what an operator may decide. Knows meaning and defaults; must not know files.
//!
//! A [`Policy`] in hand is a right one: it comes out of [`read`](mod@file) with every relation between its values checked,
//! or out of [`Policy::of_regions`] with the documented defaults.

use crate::id::{MAX_REGIONS, Name, RegionId, RegionSet};
use crate::port::JobSpec;
use crate::time::Span;
use crate::unit::{Arch, Need, Ratio};
use ipnet::IpNet;
use std::collections::BTreeMap;

mod failover;
#[cfg(feature = "text")]
pub mod file;
mod launch;

pub use failover::{Failover, Mode};
pub use launch::{GitHub, Launch, SpotBreaker};

/// When a region begins to spill, from the policy's `spilloverThreshold`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// Jobs waiting in the region's queue.
    pub queue_depth: u32,
    /// Share of `maxRunners` that is starting or running.
    pub concurrency: Ratio,
    /// Share of launches that failed lately.
    pub error_rate: Ratio,
}

impl Default for Threshold {
    /// 100 jobs, 80 %, 5 %: the thresholds the product began with. Whether they are right for a load is what
    /// `tidegate sweep` tells.
    fn default() -> Self {
        Self { queue_depth: 100, concurrency: Ratio(8_000), error_rate: Ratio(500) }
    }
}

/// A region we may run in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// AWS's name of it.
    pub name: String,
    /// Lower is preferred.
    pub priority: u32,
    /// Tasks at once at the most, starting ones included. 400 by default.
    pub max_runners: u32,
    /// When it spills.
    pub spill: Threshold,
    /// Thousandths of vCPU at once at the most (the Fargate quota); `None`: only `max_runners` binds.
    pub max_vcpu_milli: Option<u64>,
    /// The largest runner it takes.
    pub largest: Need,
    /// Whether it runs x86, and Arm.
    pub arch: (bool, bool),
    /// Whether it offers spot capacity.
    pub spot: bool,
}

impl Region {
    /// A region with the documented defaults.
    #[must_use]
    pub fn new(name: &str, priority: u32) -> Self {
        Self {
            name: name.to_owned(),
            priority,
            max_runners: 400,
            spill: Threshold::default(),
            max_vcpu_milli: None,
            // The largest Fargate task: 16 vCPU and 120 GiB.
            largest: Need { vcpu_milli: 16_000, memory_mib: 122_880, ..Need::default() },
            arch: (true, true),
            spot: true,
        }
    }

    /// Whether a runner of this need can be launched here at all. A region without spot runs such jobs on demand.
    #[must_use]
    pub fn can_run(&self, need: &Need) -> bool {
        let arch = match need.arch {
            Arch::X86 => self.arch.0,
            Arch::Arm => self.arch.1,
        };
        arch && need.vcpu_milli <= self.largest.vcpu_milli && need.memory_mib <= self.largest.memory_mib
    }
}

/// Where a job belongs when all is well: the repository decides, then the organization, then the network of the
/// sender, then the default. Residency is hard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routing {
    /// Home of everything not named elsewhere.
    pub default: RegionId,
    /// Homes by organization.
    pub organizations: BTreeMap<Name, RegionId>,
    /// Homes by `organization/repository`.
    pub repositories: BTreeMap<Name, RegionId>,
    /// Homes by the network of the sender, longest prefix first.
    pub networks: Vec<(IpNet, RegionId)>,
    /// The only regions an organization's jobs may ever run in.
    pub residency: BTreeMap<Name, RegionSet>,
}

/// How much of a spilling region's new jobs go elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Share {
    /// Every new job until the region has recovered.
    All,
    /// Only the jobs above the threshold.
    #[default]
    Excess,
}

/// Which region is tried first when a job leaves home.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The cheapest.
    Cost,
    /// The nearest to home.
    Latency,
    /// The one of the best priority.
    #[default]
    Priority,
}

/// Jobs sent abroad because home is full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spillover {
    /// The share of each start threshold at which spilling stops.
    pub stop_at: Ratio,
    /// The least time a start or a stop stands.
    pub min_dwell: Span,
    /// Launches in the window below which the error rate says nothing.
    pub min_samples: u32,
    /// Age at which a load report is not believed any more; a region with such a report takes no guests.
    pub stale_after: Span,
    /// Regions a job may be sent on to because the one before was full.
    pub max_hops: u8,
    /// How much is sent.
    pub share: Share,
    /// Where it is sent first.
    pub order: Order,
}

impl Default for Spillover {
    fn default() -> Self {
        Self {
            stop_at: Ratio(7_000),
            min_dwell: Span::from_secs(30),
            min_samples: 20,
            stale_after: Span::from_secs(30),
            max_hops: 1,
            share: Share::default(),
            order: Order::default(),
        }
    }
}

/// Jobs of one workflow run stay where the first went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sticky {
    /// How long after the last job of a run its region is remembered.
    pub ttl: Span,
    /// Runs remembered at the most; the oldest is forgotten first.
    pub max_entries: u32,
}

impl Default for Sticky {
    fn default() -> Self {
        Self { ttl: Span::from_hours(6), max_entries: 1_000_000 }
    }
}

/// Where build artifacts are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheStrategy {
    /// Every region has all: written at home, replicated to all others.
    ActiveActive,
    /// One region has all; the others read from it.
    PrimarySecondary,
    /// Each region keeps what it built; a global index says where a key lies.
    #[default]
    RegionalWithIndex,
}

/// Whether the claims table is eventually consistent (MREC) or strongly (MRSC).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consistency {
    /// Conditions are judged on the local replica; nothing waits for another region.
    #[default]
    Eventual,
    /// A write costs a round trip, and an isolated region cannot claim.
    Strong,
}

/// Limits of what a node holds. Nothing grows without one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Runners at once by organization, over all the regions' own counts.
    pub organizations: BTreeMap<Name, u32>,
    /// Runners at once by label class, in each region.
    pub classes: BTreeMap<Name, u32>,
    /// Open jobs a node holds; a further one is refused and found again by reconcile.
    pub open_jobs: u32,
    /// Ended jobs a node remembers, so that late webhooks find them.
    pub ended_jobs: u32,
    /// How long the claim of an ended job is kept. A `queued` webhook older than this is not believed.
    pub ended_for: Span,
    /// Surplus runners at once, as a share of the runners: invariant I4.
    pub surplus: Ratio,
}

/// All an operator may decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The regions by priority, then by name: their index is their [`RegionId`].
    pub regions: Vec<Region>,
    /// Homes and residency.
    pub routing: Routing,
    /// When home is full.
    pub spillover: Spillover,
    /// Runs stay together.
    pub sticky: Sticky,
    /// When home is unwell.
    pub failover: Failover,
    /// Runners.
    pub launch: Launch,
    /// GitHub's budget.
    pub github: GitHub,
    /// Artifacts.
    pub cache: CacheStrategy,
    /// Claims.
    pub consistency: Consistency,
    /// Limits.
    pub caps: Caps,
    /// For each home, the other regions in the order they are tried, by `spillover.order`. Filled in by
    /// [`Policy::set_order`]; by priority until then.
    pub tried: Vec<Vec<RegionId>>,
}

impl Policy {
    /// The policy of these regions with every default.
    ///
    /// # Panics
    /// With no region, or more than [`MAX_REGIONS`].
    #[must_use]
    pub fn of_regions(mut regions: Vec<Region>) -> Self {
        assert!(!regions.is_empty() && regions.len() <= MAX_REGIONS, "1 to {MAX_REGIONS} regions");
        regions.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
        let mut policy = Self {
            regions,
            routing: Routing::default(),
            spillover: Spillover::default(),
            sticky: Sticky::default(),
            failover: Failover::default(),
            launch: Launch::default(),
            github: GitHub::default(),
            cache: CacheStrategy::default(),
            consistency: Consistency::default(),
            caps: Caps {
                open_jobs: 1_000_000,
                ended_jobs: 100_000,
                ended_for: Span::from_hours(1),
                surplus: Ratio(5_000),
                ..Caps::default()
            },
            tried: Vec::new(),
        };
        policy.set_order(|_, other| u64::from(other.0));
        policy
    }

    /// The ids of all regions.
    pub fn ids(&self) -> impl Iterator<Item = RegionId> + use<> {
        (0..self.regions.len() as u8).map(RegionId)
    }

    /// All regions as a set.
    #[must_use]
    pub fn all(&self) -> RegionSet {
        RegionSet::first(self.regions.len())
    }

    /// The region of an id.
    ///
    /// # Panics
    /// When the policy has no such region.
    #[must_use]
    pub fn region(&self, id: RegionId) -> &Region {
        &self.regions[id.index()]
    }

    /// The id of a region's name.
    #[must_use]
    pub fn region_named(&self, name: &str) -> Option<RegionId> {
        self.regions.iter().position(|r| r.name == name).map(RegionId::at)
    }

    /// The regions an organization's jobs may ever run in.
    #[must_use]
    pub fn allowed(&self, organization: Name) -> RegionSet {
        self.routing.residency.get(&organization).copied().unwrap_or_else(|| self.all())
    }

    /// Where a job belongs when all is well: by repository, then organization, then the sender's network, then the
    /// default; inside what residency allows.
    #[must_use]
    pub fn home_of(&self, spec: &JobSpec) -> RegionId {
        let routing = &self.routing;
        let network = || {
            let sender = spec.sender?;
            routing.networks.iter().find(|(net, _)| net.contains(&sender)).map(|(_, region)| *region)
        };
        let home = routing
            .repositories
            .get(&spec.repository)
            .or_else(|| routing.organizations.get(&spec.organization))
            .copied()
            .or_else(network)
            .unwrap_or(routing.default);
        let allowed = self.allowed(spec.organization);
        if allowed.contains(home) { home } else { allowed.iter().next().expect("residency allows a region") }
    }

    /// Sets the order in which regions are tried: for each home by `rank(home, other)`, lower first, ties by id.
    /// Round trips and prices are facts of the world, so whoever knows the world calls this once at the start.
    pub fn set_order(&mut self, rank: impl Fn(RegionId, RegionId) -> u64) {
        let ids: Vec<RegionId> = self.ids().collect();
        let others = |home: RegionId| {
            let mut list: Vec<RegionId> = ids.iter().copied().filter(|r| *r != home).collect();
            list.sort_by_key(|other| (rank(home, *other), *other));
            list
        };
        self.tried = ids.iter().map(|home| others(*home)).collect();
    }
}
