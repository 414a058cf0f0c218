//! Where a job goes: residency, stickiness, home, spillover, failover, in that order. Pure: the same regions and the
//! same job give the same decision. Knows regions' admission; must not know effects.

use super::phase::Hold;
use super::region::Region;
use crate::fact::{Considered, Decision, WaitReason};
use crate::id::{MAX_REGIONS, PerRegion, RegionId, RegionSet};
use crate::policy::Policy;
use crate::port::Reason;
use crate::time::Timestamp;
use crate::unit::Need;

/// What placement has to know of a job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) home: RegionId,
    /// The regions its organization allows.
    pub(crate) allowed: RegionSet,
    pub(crate) need: Need,
    /// Its workflow run's number: jobs of one run fall on the same side of a ramp.
    pub(crate) run: u64,
    /// Where its run began.
    pub(crate) sticky: Option<RegionId>,
    /// Regions that failed it lately.
    pub(crate) avoid: RegionSet,
    /// Hops it has made.
    pub(crate) hops: u8,
}

struct Search<'a> {
    policy: &'a Policy,
    regions: &'a [Region],
    request: &'a Request,
    panic: bool,
    now: Timestamp,
    considered: PerRegion<Considered>,
}

/// Decides. `panic`: no phase is believed.
///
/// # Errors
/// Why the job has to wait.
pub(crate) fn place(
    policy: &Policy,
    regions: &[Region],
    request: &Request,
    panic: bool,
    now: Timestamp,
) -> Result<Decision, WaitReason> {
    let considered = [Considered::NotAsked; MAX_REGIONS];
    Search { policy, regions, request, panic, now, considered }.run()
}

impl Search<'_> {
    fn run(mut self) -> Result<Decision, WaitReason> {
        let candidates = self.candidates()?;
        if let Some(region) = self.request.sticky.filter(|r| candidates.contains(*r) && self.keeps(*r)) {
            return Ok(self.decide(region, Reason::Sticky));
        }
        let home = self.request.home;
        let open = candidates.contains(home) && self.admits_home(home);
        if open && !self.is_full(home) {
            return Ok(self.decide(home, Reason::Home));
        }
        if candidates.contains(home) {
            self.considered[home.index()] = if open { Considered::Full } else { Considered::Closed };
        }
        if open {
            return Ok(match self.guest(candidates).filter(|_| self.request.hops < self.policy.spillover.max_hops) {
                Some(region) => self.decide(region, Reason::Spillover),
                None => self.decide(home, Reason::Home),
            });
        }
        match self.guest(candidates).or_else(|| self.least_crowded(candidates)) {
            Some(region) => Ok(self.decide(region, Reason::Failover)),
            None => Err(self.why_not()),
        }
    }

    /// Residency, capability, and what failed this job lately.
    fn candidates(&mut self) -> Result<RegionSet, WaitReason> {
        let (mut able, mut left) = (RegionSet::EMPTY, RegionSet::EMPTY);
        for id in self.policy.ids() {
            let verdict = if !self.request.allowed.contains(id) {
                Considered::Residency
            } else if !self.policy.region(id).can_run(&self.request.need) {
                Considered::Unsupported
            } else if self.request.avoid.contains(id) {
                able = able.with(id);
                Considered::Failed
            } else {
                able = able.with(id);
                left = left.with(id);
                continue;
            };
            self.considered[id.index()] = verdict;
        }
        match (able.is_empty(), left.is_empty()) {
            (true, _) => Err(WaitReason::Unsupported),
            (false, true) => Err(WaitReason::Capacity),
            (false, false) => Ok(left),
        }
    }

    fn region(&self, id: RegionId) -> &Region {
        &self.regions[id.index()]
    }

    fn keeps(&self, id: RegionId) -> bool {
        self.region(id).admits_sticky(self.request.run, self.panic)
    }

    fn admits_home(&self, id: RegionId) -> bool {
        self.region(id).admits_home(self.request.run, self.panic)
    }

    fn is_full(&self, id: RegionId) -> bool {
        let spec = self.policy.region(id);
        self.region(id).pressure.sheds(spec.max_runners, &spec.spill, &self.policy.spillover)
    }

    /// The first region, in the order of the policy, that is active, fresh and has room.
    fn guest(&mut self, candidates: RegionSet) -> Option<RegionId> {
        let tried = &self.policy.tried[self.request.home.index()];
        for id in tried.iter().copied().filter(|id| candidates.contains(*id)) {
            let (region, spec) = (&self.regions[id.index()], self.policy.region(id));
            let verdict = if !region.admits_guests() {
                Considered::Closed
            } else if region.pressure.is_stale(&self.policy.spillover, self.now) {
                Considered::Stale
            } else if region.pressure.takes_guests(spec.max_runners, &spec.spill, &self.policy.spillover) {
                return Some(id);
            } else {
                Considered::Full
            };
            self.considered[id.index()] = verdict;
        }
        None
    }

    /// When home is closed and nobody has room: the least crowded region that takes guests, in panic any that is not
    /// held; ties by id.
    fn least_crowded(&self, candidates: RegionSet) -> Option<RegionId> {
        let takes = |region: &Region| region.admits_guests() || (self.panic && region.hold == Hold::Open);
        let open = candidates.iter().filter(|id| *id != self.request.home && takes(self.region(*id)));
        open.min_by_key(|id| (self.region(*id).pressure.crowding(self.policy.region(*id).max_runners), *id))
    }

    fn why_not(&self) -> WaitReason {
        let elsewhere =
            self.policy.ids().any(|id| !self.request.allowed.contains(id) && self.region(id).admits_guests());
        if elsewhere { WaitReason::Residency } else { WaitReason::Capacity }
    }

    fn decide(mut self, region: RegionId, reason: Reason) -> Decision {
        assert!(self.request.allowed.contains(region), "residency is hard");
        self.considered[region.index()] = Considered::Chosen;
        Decision { region, reason, considered: self.considered }
    }
}
