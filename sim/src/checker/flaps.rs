//! I7: no more phase changes of a region in any hour than the flap budget, as each node sees it.

use std::collections::VecDeque;
use tidegate_core::id::PerRegion;
use tidegate_core::{Fact, Policy, Span, Timestamp};

#[derive(Clone, Debug)]
pub(super) struct Flaps {
    budget: usize,
    changes: PerRegion<PerRegion<VecDeque<Timestamp>>>,
}

impl Flaps {
    pub(super) fn new(policy: &Policy) -> Self {
        Self { budget: policy.failover.flap_budget as usize, changes: Default::default() }
    }

    pub(super) fn fact(&mut self, at: Timestamp, fact: &Fact) -> Result<(), String> {
        let Fact::PhaseChanged { observer, region, .. } = fact else { return Ok(()) };
        let changes = &mut self.changes[observer.index()][region.index()];
        changes.push_back(at);
        while changes.front().is_some_and(|first| at.since(*first) >= Span::from_hours(1)) {
            changes.pop_front();
        }
        if changes.len() > self.budget {
            return Err(format!(
                "{} phase changes of region {} in an hour, seen by {}",
                changes.len(),
                region.0,
                observer.0
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_core::controller::phase::{Cause, Phase};
    use tidegate_core::id::RegionId;
    use tidegate_core::policy::Region;

    #[test]
    fn one_change_too_many_in_an_hour_is_seen() {
        let policy = Policy::of_regions(vec![Region::new("a", 1)]);
        let mut flaps = Flaps::new(&policy);
        let change = Fact::PhaseChanged {
            observer: RegionId(0),
            region: RegionId(0),
            from: Phase::Active,
            to: Phase::Suspect,
            cause: Cause::ProbesMissed,
        };
        let at = |minute| Timestamp(1) + Span::from_mins(minute);
        for minute in 0..20 {
            assert!(flaps.fact(at(minute), &change).is_ok());
        }
        assert!(flaps.fact(at(60), &change).is_ok(), "the first is an hour ago");
        assert!(flaps.fact(at(60), &change).is_err());
    }
}
