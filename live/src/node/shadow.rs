//! A policy tried beside the one in force: it hears what the node hears, decides, and does nothing. Knows where the two
//! place a job differently; must not know the world.

use serde::Serialize;
use std::collections::BTreeMap;
use tidegate_core::controller::{self, Controller};
use tidegate_core::machine::{Host, Journal, Ports};
use tidegate_core::{Fact, PlacementId, RegionId, Timestamp};

/// Placements that wait for the other side's word at the most.
const OPEN_MAX: usize = 10_000;

/// What a trial has shown so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShadowStatus {
    /// Since when.
    pub since: Timestamp,
    /// Placements that both made to the same region.
    pub same: u64,
    /// Placements that they made to different regions.
    pub different: u64,
    /// Changes of phase, spilling, hold and panic that the shadow saw.
    pub changes: u64,
    /// Those that the policy in force saw.
    pub real_changes: u64,
}

/// The trial.
#[derive(Debug)]
pub(super) struct Shadow {
    controller: Host<Controller>,
    status: ShadowStatus,
    /// What one side placed and the other has not yet: whose, and where.
    open: BTreeMap<PlacementId, (bool, RegionId)>,
}

struct Nowhere;

impl Ports<controller::Effect> for Nowhere {
    fn submit(&mut self, _now: Timestamp, _effect: controller::Effect) {}
}

struct Keep<'a>(&'a mut Vec<Fact>);

impl Journal<controller::Event> for Keep<'_> {
    fn event(&mut self, _now: Timestamp, _event: &controller::Event) {}

    fn fact(&mut self, _now: Timestamp, fact: &Fact) {
        self.0.push(*fact);
    }
}

impl Shadow {
    pub(super) fn new(controller: Controller, now: Timestamp) -> Self {
        let status = ShadowStatus { since: now, ..ShadowStatus::default() };
        Self { controller: Host::new(controller, now), status, open: BTreeMap::new() }
    }

    /// The event that the policy in force is about to handle. False when an invariant broke: it hears answers to what
    /// another policy asked, and must not take the node with it.
    pub(super) fn turn(&mut self, now: Timestamp, event: &controller::Event) -> bool {
        let mut facts = Vec::new();
        let turn = std::panic::AssertUnwindSafe(|| {
            self.controller.turn(now, event.clone(), &mut Nowhere, &mut Keep(&mut facts));
        });
        if std::panic::catch_unwind(turn).is_err() {
            return false;
        }
        for fact in &facts {
            self.fact(fact, true);
        }
        true
    }

    /// A fact of the policy in force.
    pub(super) fn real(&mut self, fact: &Fact) {
        self.fact(fact, false);
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only decisions are compared")]
    fn fact(&mut self, fact: &Fact, shadow: bool) {
        match fact {
            Fact::JobPlaced { placement, decision, .. } => self.placed(*placement, decision.region, shadow),
            Fact::PhaseChanged { .. }
            | Fact::SpillChanged { .. }
            | Fact::HoldChanged { .. }
            | Fact::PanicChanged { .. } => {
                *(if shadow { &mut self.status.changes } else { &mut self.status.real_changes }) += 1;
            }
            _ => {}
        }
    }

    fn placed(&mut self, placement: PlacementId, region: RegionId, shadow: bool) {
        match self.open.remove(&placement) {
            Some((other, there)) if other != shadow => {
                let same = there == region;
                *(if same { &mut self.status.same } else { &mut self.status.different }) += 1;
                if !same {
                    let (shadow, real) = if shadow { (region, there) } else { (there, region) };
                    tracing::info!(%placement, shadow = shadow.0, real = real.0, "the shadow places a job elsewhere");
                }
            }
            Some(_) | None => {
                self.open.insert(placement, (shadow, region));
                if self.open.len() > OPEN_MAX {
                    self.open.pop_first();
                    self.status.different += 1; // only one of the two placed it
                }
            }
        }
    }

    pub(super) fn summary(&self) -> ShadowStatus {
        self.status
    }
}
