//! Is a region well? Two signals: probes missed in a row, and the share of launches that fail. Knows evidence; must not
//! know phases.

use crate::policy::Failover;
use crate::port::probe::Load;
use crate::port::table::Opinion;
use serde::{Deserialize, Serialize};

/// What the evidence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Signal {
    /// Launches fail although probes are answered: gray failure.
    Failing,
    /// Probes are missed.
    Silent,
    /// Neither.
    Well,
}

/// The evidence one node has of one region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Detector {
    misses: u32,
    passes: u32,
    launches: u32,
    failed: u32,
    /// Whether it ever answered, its services well.
    #[serde(default)]
    heard: bool,
}

impl Detector {
    /// A probe was answered by a node whose services answer it.
    pub(crate) fn on_pass(&mut self, load: &Load) {
        self.misses = 0;
        self.heard = true;
        self.passes = self.passes.saturating_add(1);
        self.on_launches(load);
    }

    /// A probe was missed, or answered by a node whose services do not answer it.
    pub(crate) fn on_miss(&mut self) {
        self.passes = 0;
        self.misses = self.misses.saturating_add(1);
    }

    /// The window of launches, as the region reports it.
    pub(crate) fn on_launches(&mut self, load: &Load) {
        (self.launches, self.failed) = (load.launches, load.failed);
    }

    /// What the evidence says. A run of misses comes first; a share of failed launches counts only from `min_samples`
    /// launches on (rule 7).
    pub(crate) fn signal(&self, policy: &Failover, min_samples: u32) -> Signal {
        let failing =
            self.launches >= min_samples && policy.error_rate.reached(u64::from(self.failed), u64::from(self.launches));
        match (self.misses >= policy.misses_to_suspect, failing) {
            (true, _) => Signal::Silent,
            (false, true) => Signal::Failing,
            (false, false) => Signal::Well,
        }
    }

    /// Whether enough probes in a row were answered, and launches do not fail, to believe the region again: green
    /// probes alone do not bring a region back.
    pub(crate) fn is_back(&self, policy: &Failover) -> bool {
        self.passes >= policy.passes_to_return && self.signal(policy, policy.min_samples) == Signal::Well
    }

    /// Whether the last probe was missed.
    pub(crate) fn missed_last(&self) -> bool {
        self.misses > 0
    }

    /// What this node tells the others. A region that answered once is well until it is not: a miss or two take nothing back, or
    /// one late probe would leave a region alone with the one observer that it is cut off from. Where others see it go
    /// before this node does, they wait for as many probes as it takes this node to see it, or until this node is silent itself.
    pub(crate) fn opinion(&self, policy: &Failover) -> Opinion {
        match self.signal(policy, policy.min_samples) {
            Signal::Failing | Signal::Silent => Opinion::Unwell,
            Signal::Well if self.heard => Opinion::Well,
            Signal::Well => Opinion::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn green_probes_do_not_hide_failing_launches() {
        let (policy, mut d) = (Failover::default(), Detector::default());
        (0..9).for_each(|_| d.on_pass(&Load { launches: 40, failed: 30, ..Load::default() }));
        assert_eq!(d.signal(&policy, 20), Signal::Failing);
        assert!(!d.is_back(&policy));
        (0..9).for_each(|_| d.on_pass(&Load { launches: 40, failed: 3, ..Load::default() }));
        assert!(d.is_back(&policy));
    }

    #[test]
    fn a_miss_too_few_says_nothing() {
        let (policy, mut d) = (Failover::default(), Detector::default());
        d.on_miss();
        d.on_miss();
        assert_eq!(d.signal(&policy, 20), Signal::Well);
        assert_eq!(d.opinion(&policy), Opinion::Unknown);
        d.on_miss();
        assert_eq!(d.signal(&policy, 20), Signal::Silent);
        assert_eq!(d.opinion(&policy), Opinion::Unwell);
        d.on_pass(&Load { launches: 3, failed: 3, ..Load::default() });
        assert_eq!(d.signal(&policy, 20), Signal::Well, "three launches are no sample");
        d.on_miss();
        d.on_miss();
        assert_eq!(d.opinion(&policy), Opinion::Well, "two misses take back nothing");
    }
}
