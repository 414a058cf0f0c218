//! I11: a bounded time after the last fault, no old job is queued, replicas agree, and every node sees every region
//! active again.

use tidegate_core::controller::phase::{Hold, Phase};
use tidegate_core::{Policy, Span, Timestamp};

/// What is looked at when the run ends.
#[derive(Clone, Debug)]
pub(crate) struct Healed {
    /// When the last fault ended; `None`: there was none.
    pub(crate) last_fault: Option<Timestamp>,
    /// Age of the oldest job that is still queued.
    pub(crate) oldest: Option<Span>,
    /// Writes that some replica does not show.
    pub(crate) held_back: usize,
    /// What each node sees of each region.
    pub(crate) nodes: Vec<NodeView>,
}

/// One node's view of one region.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeView {
    pub(crate) observer: usize,
    pub(crate) region: usize,
    pub(crate) phase: Phase,
    pub(crate) hold: Hold,
}

/// The time a fleet is given: the longest cooldown, the whole ramp and its steps, and an hour for the flap budget.
pub(crate) fn bound(policy: &Policy) -> Span {
    let f = &policy.failover;
    let steps = u64::from(10_000 / f.ramp_step.0.max(1)) + 2;
    f.cooldown_max + f.evacuate_for + f.ramp_every * steps + Span::from_hours(1) + f.probe_every * 10
}

impl Healed {
    pub(crate) fn check(&self, policy: &Policy, now: Timestamp) -> Result<(), String> {
        if self.last_fault.is_none_or(|at| now.since(at) < bound(policy)) {
            return Ok(());
        }
        if self.held_back > 0 {
            return Err(format!("{} writes are still held back from a replica", self.held_back));
        }
        if let Some(view) = self.nodes.iter().find(|v| v.hold == Hold::Open && v.phase != Phase::Active) {
            return Err(format!("node {} still sees region {} as {:?}", view.observer, view.region, view.phase));
        }
        // A queue may be long at its daily peak; a job from before the bound is a forgotten one.
        match self.oldest {
            Some(age) if age > bound(policy) => Err(format!("a job is still queued after {age}")),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_core::policy::Region;

    #[test]
    fn a_region_that_never_returns_is_seen() {
        let policy = Policy::of_regions(vec![Region::new("a", 1)]);
        let view = |phase| NodeView { observer: 0, region: 0, phase, hold: Hold::Open };
        let healed =
            |phase| Healed { last_fault: Some(Timestamp(1)), oldest: None, held_back: 0, nodes: vec![view(phase)] };
        let late = Timestamp(1) + bound(&policy);
        assert!(healed(Phase::Active).check(&policy, late).is_ok());
        assert!(healed(Phase::Out).check(&policy, late).is_err());
        assert!(healed(Phase::Out).check(&policy, Timestamp(2)).is_ok(), "it has time");
    }
}
