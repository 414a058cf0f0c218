//! One region as one node sees it: evidence, phase, hold, load. Knows a region; must not know jobs or other regions.

use super::detector::{Detector, Signal};
use super::phase::{Cause, Hold, Phase};
use super::spillover::Pressure;
use crate::fact::Fact;
use crate::id::RegionId;
use crate::map::mix;
use crate::policy::Failover;
use crate::port::operator::{Order, Verb};
use crate::port::table::{NodeRecord, Opinion};
use crate::time::{Span, Timestamp};
use crate::unit::Ratio;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A region as its observer sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Region {
    pub(crate) id: RegionId,
    observer: RegionId,
    pub(crate) detector: Detector,
    pub(crate) pressure: Pressure,
    phase: Phase,
    since: Timestamp,
    /// When it was last suspected: an operator's answer from before concerns another failure.
    pub(crate) suspect_since: Timestamp,
    pub(crate) hold: Hold,
    pub(crate) hold_since: Timestamp,
    /// The newest order known.
    pub(crate) order: Option<Order>,
    /// An operator ordered it out: it does not come back by itself.
    pub(crate) ordered_out: bool,
    /// Times it returned to `Out` from probation, or flapped: doubles the cooldown.
    pub(crate) relapses: u32,
    /// The share of home jobs in probation.
    pub(crate) ramp: Ratio,
    pub(crate) ramp_at: Timestamp,
    /// Phase changes of the last hour.
    changes: VecDeque<Timestamp>,
    /// The record of the region's own node, and when we saw it change.
    pub(crate) record: Option<NodeRecord>,
    pub(crate) record_at: Timestamp,
    /// Jobs to place again are still being listed.
    pub(crate) adopting: bool,
    pub(crate) probe_sequence: u32,
    /// A probe is out since then; `None`: none.
    pub(crate) probe_sent: Option<Timestamp>,
    /// Our placements when it was sent.
    pub(crate) probe_mark: u64,
}

impl Region {
    pub(crate) fn new(id: RegionId, observer: RegionId, now: Timestamp) -> Self {
        Self {
            id,
            observer,
            detector: Detector::default(),
            pressure: Pressure::default(),
            phase: Phase::Active,
            since: now,
            suspect_since: now,
            hold: Hold::Open,
            hold_since: now,
            order: None,
            ordered_out: false,
            relapses: 0,
            ramp: Ratio::ONE,
            ramp_at: now,
            changes: VecDeque::new(),
            record: None,
            record_at: now,
            adopting: false,
            probe_sequence: 0,
            probe_sent: None,
            probe_mark: 0,
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// The node whose view this is.
    pub(crate) fn observer(&self) -> RegionId {
        self.observer
    }

    /// Whether this is the observer's view of its own region.
    pub(crate) fn is_own(&self) -> bool {
        self.id == self.observer
    }

    pub(crate) fn since(&self) -> Timestamp {
        self.since
    }

    /// The only writer of the phase.
    ///
    /// # Panics
    /// When the table of transitions does not allow it.
    pub(crate) fn transition(&mut self, to: Phase, cause: Cause, now: Timestamp, facts: &mut Vec<Fact>) {
        let from = self.phase;
        assert!(from.may_become(to), "{from:?} may not become {to:?} ({cause:?})");
        self.phase = to;
        self.since = now;
        if to == Phase::Suspect {
            self.suspect_since = now;
        }
        self.changes.push_back(now);
        facts.push(Fact::PhaseChanged { observer: self.observer, region: self.id, from, to, cause });
    }

    /// Phase changes of the last hour.
    pub(crate) fn changes_lately(&mut self, now: Timestamp) -> usize {
        while self.changes.front().is_some_and(|at| now.since(*at) >= Span::from_hours(1)) {
            self.changes.pop_front();
        }
        self.changes.len()
    }

    /// Whether the flap budget allows the region to be given more work: the way out and back again (five changes)
    /// must fit in after it.
    pub(crate) fn may_return(&mut self, policy: &Failover, now: Timestamp) -> bool {
        self.changes_lately(now) + 6 <= policy.flap_budget as usize
    }

    /// Whether the record of the region's own node has not changed for too long. Judged by when we saw it change, not
    /// by comparing clocks.
    pub(crate) fn is_silent(&self, policy: &Failover, now: Timestamp) -> bool {
        !self.is_own()
            && now.since(self.record_at)
                > policy.probe_every * u64::from(policy.misses_to_suspect) + policy.probe_timeout
    }

    /// Whether the region's own node thinks ill of any region.
    pub(crate) fn accuses(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.opinions.contains(&Opinion::Unwell))
    }

    /// Whether our own evidence speaks against it.
    pub(crate) fn looks_unwell(&self, policy: &Failover) -> bool {
        self.detector.signal(policy, policy.min_samples) != Signal::Well
    }

    /// Whether the region may take jobs of a run in its phase; in probation only those whose number falls into the
    /// share, be they new or the rest of a run that began there before (rule 13: a trickle).
    fn phase_admits(&self, run: u64) -> bool {
        match self.phase {
            Phase::Active | Phase::AwaitingApproval | Phase::Suspect => true,
            Phase::Probation => mix(run) % 10_000 < u64::from(self.ramp.0),
            Phase::Evacuating | Phase::Out => false,
        }
    }

    /// Whether the region may take new home jobs. In panic no phase is believed; an operator is.
    pub(crate) fn admits_home(&self, run: u64, panic: bool) -> bool {
        self.hold == Hold::Open && (panic || self.phase_admits(run))
    }

    /// Whether the region may take the rest of a run that began there.
    pub(crate) fn admits_sticky(&self, run: u64, panic: bool) -> bool {
        self.hold != Hold::Drained && (panic || self.phase_admits(run))
    }

    /// Whether the region may take jobs from elsewhere.
    pub(crate) fn admits_guests(&self) -> bool {
        self.phase == Phase::Active && self.hold == Hold::Open
    }

    /// Takes an operator's order if it is newer than the one we know. True when it is.
    pub(crate) fn take_order(&mut self, order: Order, now: Timestamp, facts: &mut Vec<Fact>) -> bool {
        if self.order.is_some_and(|known| known >= order) {
            return false;
        }
        self.order = Some(order);
        match order.verb {
            Verb::Drain => self.hold_at(Hold::Draining, now, facts),
            Verb::Resume => {
                self.ordered_out = false;
                self.hold_at(Hold::Open, now, facts);
            }
            Verb::Evacuate => self.ordered_out = true,
            Verb::Approve | Verb::Reject => {}
        }
        true
    }

    pub(crate) fn hold_at(&mut self, hold: Hold, now: Timestamp, facts: &mut Vec<Fact>) {
        if self.hold != hold {
            self.hold = hold;
            self.hold_since = now;
            facts.push(Fact::HoldChanged { observer: self.observer, region: self.id, hold });
        }
    }
}
