//! Faults begin and end: what is lost with a region, and what flows again. Knows what a fault does to the world at once;
//! what it does to calls is in `faults`.

use super::World;
use super::due::Due;
use super::faults::Strike;
use crate::scenario::{FaultKind, Service};
use tidegate_core::id::RegionId;
use tidegate_core::port::runner::StopCause;
use tidegate_core::time::Timestamp;

impl World {
    /// A fault begins or ends. Gives the region whose node comes up again, if one does.
    pub(crate) fn on_fault(&mut self, number: u16, begins: bool) -> Option<RegionId> {
        let strike: Strike = self.strikes[usize::from(number)].clone();
        let now = self.agenda.now();
        if let FaultKind::Operator(verb) = strike.kind {
            if begins && let Some(region) = strike.region {
                self.agenda.schedule(now, Due::Order { region, verb });
            }
            return None;
        }
        let before: Vec<bool> = self.policy.ids().map(|r| self.faults.region_up(r)).collect();
        self.faults.switch(&strike, begins);
        let mut risen = None;
        for region in self.policy.ids() {
            let up = self.faults.region_up(region);
            self.ingress.set(region, self.faults.service_up(region, Service::Ingress), now);
            match (before[region.index()], up) {
                (true, false) => self.lose_region(region),
                (false, true) => risen = Some(region),
                (true, true) | (false, false) => {}
            }
        }
        if !begins {
            self.heal(now);
        }
        if let (FaultKind::SpotInterruptions(_), Some(region), true) = (strike.kind, strike.region, begins) {
            for task in self.fargate.of_region(region.0) {
                if self.fargate.get(task).is_some_and(|row| row.spot) {
                    self.draw_interruption(task, region);
                }
            }
        }
        risen
    }

    /// A region is lost: its tasks with it, and the poll of its queue. Messages stay where they are, out of reach.
    fn lose_region(&mut self, region: RegionId) {
        for task in self.fargate.of_region(region.0) {
            self.end_task(task, StopCause::Lost);
        }
        self.queues[region.index()].poll = None;
    }

    /// What was held back flows again.
    fn heal(&mut self, now: Timestamp) {
        let keep = self.policy.caps.ended_for;
        let faults = &self.faults;
        self.table.release(|from, to| faults.replicates(from, to), keep, now);
    }
}
