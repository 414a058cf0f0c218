//! Where a webhook goes: one address, health checks, DNS failover. Knows which ingress answers; must not know what a
//! webhook says.
//!
//! The probability that a delivery is sent to the next ingress moves from 0 to 1 over one time to live, beginning when
//! the health check has failed often enough; a few stragglers go on for longer. No event is needed for that: it is a
//! function of time.

use super::spec::WorldSpec;
use tidegate_core::id::{MAX_REGIONS, RegionId};
use tidegate_core::{Span, Timestamp};

#[derive(Clone, Copy, Debug, Default)]
struct Record {
    up: bool,
    changed_at: Timestamp,
    /// Share sent past it at the change.
    share_before: f64,
}

/// The address of the one webhook URL.
#[derive(Clone, Debug)]
pub(crate) struct Ingress {
    records: [Record; MAX_REGIONS],
    regions: usize,
    detect: Span,
    ttl: Span,
    stragglers: f64,
    straggle_for: Span,
}

impl Ingress {
    pub(crate) fn new(regions: usize, spec: &WorldSpec) -> Self {
        Self {
            records: [Record { up: true, ..Record::default() }; MAX_REGIONS],
            regions,
            detect: Span::from_secs_f64(spec.dns_check_every * f64::from(spec.dns_failures)),
            ttl: Span::from_secs_f64(spec.dns_ttl),
            stragglers: spec.dns_stragglers,
            straggle_for: Span::from_secs_f64(spec.dns_straggle_for),
        }
    }

    /// An ingress ceases or begins to answer.
    pub(crate) fn set(&mut self, region: RegionId, up: bool, now: Timestamp) {
        let share_before = self.share_past(region, now);
        let record = &mut self.records[region.index()];
        if record.up != up {
            *record = Record { up, changed_at: now, share_before };
        }
    }

    /// The share of deliveries that are sent past an ingress.
    fn share_past(&self, region: RegionId, now: Timestamp) -> f64 {
        let record = &self.records[region.index()];
        let goal = if record.up { 0.0 } else { 1.0 };
        let age = now.since(record.changed_at);
        if record.changed_at == Timestamp::ZERO {
            return goal;
        }
        if age < self.detect {
            return record.share_before;
        }
        let age = age.saturating_sub(self.detect);
        let done = if age >= self.ttl { 1.0 } else { age.as_secs_f64() / self.ttl.as_secs_f64() };
        let share = record.share_before + (goal - record.share_before) * done;
        let straggling = age < self.ttl + self.straggle_for;
        if straggling { share.clamp(0.0, 1.0 - self.stragglers) } else { share }
    }

    /// Where a delivery is sent; `u`: a number drawn from 0 to 1.
    pub(crate) fn target(&self, now: Timestamp, mut u: f64) -> RegionId {
        for at in 0..self.regions {
            let region = RegionId::at(at);
            let past = self.share_past(region, now);
            if u >= past {
                return region;
            }
            u /= past;
        }
        RegionId::at(0)
    }

    /// Whether any delivery may go past the first ingress: only then must a number be drawn.
    pub(crate) fn is_split(&self, now: Timestamp) -> bool {
        self.share_past(RegionId::at(0), now) > 0.0
    }

    /// The ingress that most deliveries are sent to.
    pub(crate) fn main(&self, now: Timestamp) -> RegionId {
        (0..self.regions).map(RegionId::at).find(|r| self.share_past(*r, now) < 0.5).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_move_over_when_the_check_fails_and_the_answer_expires() {
        let spec = WorldSpec { dns_ttl: 60.0, dns_stragglers: 0.05, dns_straggle_for: 300.0, ..WorldSpec::ideal([]) };
        let mut ingress = Ingress::new(2, &spec);
        let at = |s| Timestamp(1) + Span::from_secs(s);
        ingress.set(RegionId(0), false, at(0));
        assert_eq!(ingress.target(at(29), 0.001), RegionId(0), "three checks of ten seconds");
        assert_eq!(ingress.target(at(60), 0.49), RegionId(1), "half of the answers have expired");
        assert_eq!(ingress.target(at(60), 0.51), RegionId(0));
        assert_eq!(ingress.target(at(120), 0.96), RegionId(0), "a straggler");
        assert_eq!(ingress.target(at(500), 0.96), RegionId(1));
        ingress.set(RegionId(0), true, at(1_000));
        assert_eq!(ingress.main(at(1_020)), RegionId(1));
        assert_eq!(ingress.main(at(1_100)), RegionId(0));
    }
}
