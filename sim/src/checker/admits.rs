//! I1: at every node, some region admits jobs, or the node is in panic, or an operator took the last one out.

use tidegate_core::Fact;
use tidegate_core::Policy;
use tidegate_core::controller::phase::{Hold, Phase};
use tidegate_core::id::PerRegion;

#[derive(Clone, Debug)]
pub(super) struct Admits {
    regions: usize,
    phases: PerRegion<PerRegion<Phase>>,
    holds: PerRegion<PerRegion<Hold>>,
    panic: PerRegion<bool>,
}

impl Admits {
    pub(super) fn new(policy: &Policy) -> Self {
        Self {
            regions: policy.regions.len(),
            phases: Default::default(),
            holds: Default::default(),
            panic: Default::default(),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the caller passes these three")]
    pub(super) fn fact(&mut self, fact: &Fact) -> Result<(), String> {
        let node = match fact {
            Fact::PhaseChanged { observer, region, to, .. } => {
                self.phases[observer.index()][region.index()] = *to;
                observer.index()
            }
            Fact::HoldChanged { observer, region, hold } => {
                self.holds[observer.index()][region.index()] = *hold;
                observer.index()
            }
            Fact::PanicChanged { observer, panic } => {
                self.panic[observer.index()] = *panic;
                observer.index()
            }
            _ => return Ok(()),
        };
        let held = self.holds[node][..self.regions].iter().any(|hold| *hold != Hold::Open);
        let open = self.phases[node][..self.regions].iter().any(|phase| !phase.is_closed());
        if open || held || self.panic[node] { Ok(()) } else { Err(format!("node {node} admits jobs nowhere")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_core::controller::phase::Cause;
    use tidegate_core::id::RegionId;
    use tidegate_core::policy::Region;

    #[test]
    fn the_last_region_must_not_go() {
        let policy = Policy::of_regions(vec![Region::new("a", 1), Region::new("b", 2)]);
        let mut admits = Admits::new(&policy);
        let out = |region| Fact::PhaseChanged {
            observer: RegionId(0),
            region: RegionId(region),
            from: Phase::Suspect,
            to: Phase::Evacuating,
            cause: Cause::Quorum,
        };
        assert!(admits.fact(&out(0)).is_ok());
        assert!(admits.fact(&out(1)).is_err());
    }
}
