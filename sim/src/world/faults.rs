//! What is broken now. Knows faults in force; must not know services or machines.

use super::due::service_index;
use crate::rng::Rng;
use crate::scenario::{FaultKind, FaultPlan, Service, When};
use rand::RngExt;
use tidegate_core::id::{MAX_REGIONS, PerRegion, RegionId};
use tidegate_core::{Span, Timestamp};
use tidegate_reports::frame::FaultMark;

/// A fault with its times: planned, or drawn for one run.
#[derive(Clone, Debug)]
pub struct Strike {
    /// What.
    pub kind: FaultKind,
    /// Where; `None`: everywhere.
    pub region: Option<RegionId>,
    /// From.
    pub from: Timestamp,
    /// To.
    pub to: Timestamp,
}

/// The faults of one run, in the order of their beginnings. Random ones are drawn from their own stream.
#[must_use]
pub fn draw(plans: &[FaultPlan], start: Timestamp, duration: Span, seed: u64) -> Vec<Strike> {
    let mut strikes = Vec::new();
    for (n, plan) in plans.iter().enumerate() {
        let strike = |from: Timestamp, lasts: Span| Strike {
            kind: plan.kind,
            region: plan.region,
            from,
            to: (from + lasts).min(start + duration),
        };
        match &plan.when {
            When::At { at, lasts } => strikes.push(strike(start + *at, *lasts)),
            When::Rate { per_week, lasts } => {
                let mut rng = crate::rng::stream(seed, &format!("fault/{n}"));
                let mut at = start;
                loop {
                    let gap = -rng.random::<f64>().max(f64::MIN_POSITIVE).ln() * 604_800.0 / per_week;
                    at += Span::from_secs_f64(gap);
                    if at >= start + duration {
                        break;
                    }
                    let lasts = lasts.span(&mut rng);
                    strikes.push(strike(at, lasts));
                    at += lasts;
                }
            }
        }
    }
    strikes.sort_by_key(|strike| strike.from);
    strikes
}

/// The faults as a report marks them.
#[must_use]
pub fn marks(strikes: &[Strike]) -> Vec<FaultMark> {
    let mark = |s: &Strike| FaultMark { region: s.region, kind: name(&s.kind).to_owned(), from: s.from, to: s.to };
    strikes.iter().map(mark).collect()
}

/// The name of a fault's kind in scenario files.
#[must_use]
pub const fn name(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::RegionOutage => "regionOutage",
        FaultKind::ServiceOutage(_) => "serviceOutage",
        FaultKind::Errors(..) => "errors",
        FaultKind::Slow(..) => "slow",
        FaultKind::Throttle(..) => "throttle",
        FaultKind::Capacity(_) => "capacity",
        FaultKind::Partition { .. } => "partition",
        FaultKind::ReplicationPause => "replicationPause",
        FaultKind::SpotInterruptions(_) => "spotInterruptions",
        FaultKind::Gray => "gray",
        FaultKind::GitHubOutage => "githubOutage",
        FaultKind::WebhookLoss(_) => "webhookLoss",
        FaultKind::ClockSkew { .. } => "clockSkew",
        FaultKind::Operator(_) => "operator",
    }
}

/// One service of one region.
#[derive(Clone, Copy, Debug)]
struct ServiceState {
    outages: u16,
    error_rate: f64,
    slow: f64,
    /// Calls a second; infinite without a throttle.
    throttle: f64,
    tokens: f64,
    at: Timestamp,
}

impl Default for ServiceState {
    fn default() -> Self {
        let at = Timestamp::ZERO;
        Self { outages: 0, error_rate: 0.0, slow: 1.0, throttle: f64::INFINITY, tokens: 0.0, at }
    }
}

/// Everything that is broken now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    down: PerRegion<u16>,
    services: PerRegion<[ServiceState; 6]>,
    gray: PerRegion<u16>,
    capacity: PerRegion<Option<f64>>,
    cut: PerRegion<PerRegion<u16>>,
    paused: PerRegion<u16>,
    spot: PerRegion<Option<f64>>,
    github: u16,
    loss: f64,
    skew: PerRegion<i64>,
    /// Faults in force that hinder anything at all.
    active: u16,
}

/// How a call to a service goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Call {
    /// It works, and takes so many times as long.
    Works(f64),
    /// The service says no.
    Fails,
    /// The service says: slow down.
    Throttled,
}

impl Faults {
    /// A fault begins or ends.
    pub(crate) fn switch(&mut self, strike: &Strike, begins: bool) {
        let step = |count: &mut u16| *count = if begins { *count + 1 } else { *count - 1 };
        step(&mut self.active);
        for at in 0..MAX_REGIONS {
            if strike.region.is_some_and(|region| region.index() != at) {
                continue;
            }
            match strike.kind {
                FaultKind::RegionOutage => step(&mut self.down[at]),
                FaultKind::ServiceOutage(service) => step(&mut self.services[at][service_index(service)].outages),
                FaultKind::Errors(service, rate) => {
                    self.services[at][service_index(service)].error_rate =
                        if begins { rate.as_fraction() } else { 0.0 };
                }
                FaultKind::Slow(service, factor) => {
                    self.services[at][service_index(service)].slow = if begins { factor } else { 1.0 };
                }
                FaultKind::Throttle(service, rate) => {
                    self.services[at][service_index(service)].throttle = if begins { rate } else { f64::INFINITY };
                }
                FaultKind::Capacity(left) => self.capacity[at] = begins.then(|| left.as_fraction()),
                FaultKind::Partition { to, one_way } => {
                    step(&mut self.cut[at][to.index()]);
                    if !one_way {
                        step(&mut self.cut[to.index()][at]);
                    }
                }
                FaultKind::ReplicationPause => step(&mut self.paused[at]),
                FaultKind::SpotInterruptions(per_hour) => self.spot[at] = begins.then_some(per_hour),
                FaultKind::Gray => step(&mut self.gray[at]),
                FaultKind::ClockSkew { by, back } => {
                    let by = by.0 as i64;
                    self.skew[at] = if begins { if back { -by } else { by } } else { 0 };
                }
                FaultKind::GitHubOutage | FaultKind::WebhookLoss(_) | FaultKind::Operator(_) => {}
            }
        }
        match strike.kind {
            FaultKind::GitHubOutage => step(&mut self.github),
            FaultKind::WebhookLoss(rate) => self.loss = if begins { rate.as_fraction() } else { 0.0 },
            FaultKind::Capacity(_)
            | FaultKind::ClockSkew { .. }
            | FaultKind::Errors(..)
            | FaultKind::Gray
            | FaultKind::Operator(_)
            | FaultKind::Partition { .. }
            | FaultKind::RegionOutage
            | FaultKind::ReplicationPause
            | FaultKind::ServiceOutage(_)
            | FaultKind::Slow(..)
            | FaultKind::SpotInterruptions(_)
            | FaultKind::Throttle(..) => {}
        }
    }

    pub(crate) fn any(&self) -> bool {
        self.active > 0
    }

    pub(crate) fn region_up(&self, region: RegionId) -> bool {
        self.down[region.index()] == 0
    }

    pub(crate) fn github_up(&self) -> bool {
        self.github == 0
    }

    /// Whether a call from one region reaches another. The answer takes the same wire back.
    pub(crate) fn reaches(&self, from: RegionId, to: RegionId) -> bool {
        self.region_up(from) && self.region_up(to) && self.cut[from.index()][to.index()] == 0
    }

    /// Whether the tables of two regions exchange writes.
    pub(crate) fn replicates(&self, from: RegionId, to: RegionId) -> bool {
        self.reaches(from, to) && self.paused[from.index()] == 0 && self.paused[to.index()] == 0
    }

    pub(crate) fn is_gray(&self, region: RegionId) -> bool {
        self.gray[region.index()] > 0
    }

    /// The fraction of launch capacity that is left.
    pub(crate) fn capacity(&self, region: RegionId) -> f64 {
        self.capacity[region.index()].unwrap_or(1.0)
    }

    /// Spot interruptions per task-hour.
    pub(crate) fn spot_rate(&self, region: RegionId, normal: f64) -> f64 {
        self.spot[region.index()].unwrap_or(normal)
    }

    pub(crate) fn webhook_loss(&self) -> f64 {
        self.loss
    }

    /// How far ahead the region's clock is, in microseconds.
    pub(crate) fn skew(&self, region: RegionId) -> i64 {
        self.skew[region.index()]
    }

    pub(crate) fn service_up(&self, region: RegionId, service: Service) -> bool {
        self.region_up(region) && self.services[region.index()][service_index(service)].outages == 0
    }

    /// One call to a service. Draws only when something is wrong, so that healthy runs share their random numbers.
    pub(crate) fn call(&mut self, region: RegionId, service: Service, now: Timestamp, rng: &mut Rng) -> Call {
        if self.active == 0 {
            return Call::Works(1.0);
        }
        if !self.region_up(region) {
            return Call::Fails;
        }
        let state = &mut self.services[region.index()][service_index(service)];
        if state.outages > 0 || (state.error_rate > 0.0 && rng.random::<f64>() < state.error_rate) {
            return Call::Fails;
        }
        if state.throttle.is_finite() {
            let gained = now.since(state.at).as_secs_f64() * state.throttle;
            state.tokens = (state.tokens + gained).min(state.throttle.max(1.0));
            state.at = now;
            if state.tokens < 1.0 {
                return Call::Throttled;
            }
            state.tokens -= 1.0;
        }
        Call::Works(state.slow)
    }

    /// Whether a service looks well to a probe made in its own region.
    pub(crate) fn looks_well(&self, region: RegionId, service: Service, rng: &mut Rng) -> bool {
        let state = &self.services[region.index()][service_index(service)];
        state.outages == 0 && (state.error_rate == 0.0 || rng.random::<f64>() >= state.error_rate)
    }

    /// How many times as long a probe of the region's services takes.
    pub(crate) fn slowness(&self, region: RegionId) -> f64 {
        self.services[region.index()].iter().map(|state| state.slow).fold(1.0, f64::max)
    }
}
