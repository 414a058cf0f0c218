//! What the world and the machines told in a turn goes to those who keep it. Knows who takes what; must not know what is made of
//! it.

use super::Simulation;

impl Simulation {
    /// Hands over what the world and the machines told: after most events nothing.
    #[inline]
    pub(super) fn collect(&mut self) {
        if !self.recorder.proposed.is_empty() {
            self.propose();
        }
        if !self.world.told.facts.is_empty() {
            for fact in &self.world.told.facts {
                self.recorder.take(fact);
            }
            self.world.told.facts.clear();
        }
        if !self.world.told.costs.is_empty() {
            for (component, region, micro_usd) in &self.world.told.costs {
                self.recorder.measures.cost(self.recorder.now, *component, *region, *micro_usd);
            }
            self.world.told.costs.clear();
        }
        if !self.world.told.violations.is_empty() {
            self.report();
        }
    }

    #[cold]
    fn propose(&mut self) {
        let mut proposed = std::mem::take(&mut self.recorder.proposed);
        proposed.dedup();
        for region in proposed.drain(..) {
            self.world.propose(region);
        }
    }

    #[cold]
    fn report(&mut self) {
        for (invariant, what) in self.world.told.violations.drain(..) {
            self.recorder.checkers.report(invariant, self.recorder.now, what);
        }
    }
}
