//! The checked policy: what an operator may decide. Knows meaning and defaults; must not know files.
//!
//! A [`Policy`] in hand is a right one: it comes out of [`read`](file) with every relation between its values checked,
//! or out of [`Policy::of_regions`] with the documented defaults.

use crate::id::{MAX_REGIONS, Name, RegionId, RegionSet};
use crate::port::JobSpec;
use crate::time::Span;
use crate::unit::{Arch, Need, Ratio};
use ipnet::IpNet;
use std::collections::BTreeMap;

#[cfg(feature = "text")]
pub mod file;

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

/// Who decides a failover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The machines, once the signals and the quorum agree.
    #[default]
    Automatic,
    /// An operator: the machines propose, and go on by themselves only after `approval_timeout`.
    Supervised,
}

/// Jobs sent abroad because home is unwell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    /// Who decides.
    pub mode: Mode,
    /// How long a proposal waits for an operator; `None`: for ever.
    pub approval_timeout: Option<Span>,
    /// Time between probes of a region.
    pub probe_every: Span,
    /// When an unanswered probe counts as missed.
    pub probe_timeout: Span,
    /// Missed probes in a row that make a region suspect.
    pub misses_to_suspect: u32,
    /// How long a region stays suspect before it is evacuated.
    pub suspect_for: Span,
    /// Observers that must agree, the region's own silence among them.
    pub quorum: u32,
    /// How long an evacuation may take.
    pub evacuate_for: Span,
    /// How long a region stays out before probation; doubled at each return to `Out`.
    pub cooldown: Span,
    /// The longest cooldown.
    pub cooldown_max: Span,
    /// The share of its home jobs a region in probation begins with.
    pub probation_share: Ratio,
    /// What is added at each step of the ramp.
    pub ramp_step: Ratio,
    /// Time between steps.
    pub ramp_every: Span,
    /// Share of failed launches that makes a region suspect although its probes are green. Not named in the seed
    /// configuration: half, as in the majority of outlier detectors.
    pub error_rate: Ratio,
    /// Launches in the window below which that share says nothing.
    pub min_samples: u32,
    /// Length of the window of launches.
    pub window: Span,
    /// Answered probes in a row after which a suspect or lost region is believed again.
    pub passes_to_return: u32,
    /// Phase changes an hour at the most, per region.
    pub flap_budget: u32,
    /// How long a planned drain honours sticky placement.
    pub drain_deadline: Span,
}

impl Default for Failover {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            approval_timeout: Some(Span::from_mins(3)),
            probe_every: Span::from_secs(10),
            probe_timeout: Span::from_secs(4),
            misses_to_suspect: 3,
            suspect_for: Span::from_secs(20),
            quorum: 2,
            evacuate_for: Span::from_mins(10),
            cooldown: Span::from_mins(5),
            cooldown_max: Span::from_hours(1),
            probation_share: Ratio(500),
            ramp_step: Ratio(2_500),
            ramp_every: Span::from_mins(2),
            error_rate: Ratio(5_000),
            min_samples: 20,
            window: Span::from_mins(2),
            passes_to_return: 3,
            flap_budget: 20,
            drain_deadline: Span::from_hours(1),
        }
    }
}

/// Spot is not tried for a while after interruptions or refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpotBreaker {
    /// Interruptions or refusals in the window that open the breaker.
    pub count: u32,
    /// Length of the window.
    pub window: Span,
    /// How long spot is left alone.
    pub pause: Span,
}

impl Default for SpotBreaker {
    fn default() -> Self {
        Self { count: 2, window: Span::from_mins(15), pause: Span::from_mins(30) }
    }
}

/// How runners are launched and looked after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// Tries in one region before the next is asked.
    pub retries: u32,
    /// First wait between tries; doubled at each.
    pub backoff: Span,
    /// The longest wait between tries.
    pub backoff_max: Span,
    /// How long a class of capacity that was refused is left alone in that region.
    pub negative_cache: Span,
    /// Spot's own breaker.
    pub spot_breaker: SpotBreaker,
    /// A task that is not online by then is stopped and its job placed again.
    pub start_timeout: Span,
    /// A runner that took no job for so long is surplus: taken off GitHub's list, then stopped.
    pub idle_timeout: Span,
    /// How long a job may wait for capacity before we give it up. GitHub fails a queued job after 24 h.
    pub give_up_after: Span,
    /// A runner may work for so long. GitHub ends a self-hosted job after 5 days.
    pub max_job: Span,
}

impl Default for Launch {
    fn default() -> Self {
        Self {
            retries: 5,
            backoff: Span::from_secs(2),
            backoff_max: Span::from_mins(5),
            negative_cache: Span::from_mins(3),
            spot_breaker: SpotBreaker::default(),
            start_timeout: Span::from_mins(10),
            idle_timeout: Span::from_mins(10),
            give_up_after: Span::from_hours(24),
            max_job: Span::from_hours(120),
        }
    }
}

/// What we allow ourselves of GitHub's API, per organization (the budget of an App's installation).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitHub {
    /// Runner registrations a minute: 900 points a minute at 5 points each.
    pub registrations_per_minute: u32,
    /// Other requests an hour.
    pub requests_per_hour: u32,
    /// Time between comparisons of GitHub's queued jobs with ours.
    pub reconcile_every: Span,
    /// Time between sweeps of failed deliveries.
    pub sweep_every: Span,
    /// A queued job that GitHub lists and we do not know is placed when it is listed for so long: the webhook may
    /// still come, and the list is eventually consistent.
    pub second_look: Span,
}

impl Default for GitHub {
    fn default() -> Self {
        Self {
            registrations_per_minute: 180,
            requests_per_hour: 5_000,
            reconcile_every: Span::from_secs(60),
            sweep_every: Span::from_mins(5),
            second_look: Span::from_secs(45),
        }
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
