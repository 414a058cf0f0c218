//! The invariants I1 to I12, one file each where facts tell. Knows promises; must not change what happens.
//!
//! | invariant | checked by |
//! | --- | --- |
//! | I1 a region admits jobs, or panic | the controller after each turn; `admits` over the nodes' facts |
//! | I2 no launch for a superseded attempt | the world at each launch |
//! | I3 capacity coming or a deadline | the machines after each turn; `waiting` and `supply` over the jobs at GitHub |
//! | I4 surplus bounded and reaped | `surplus` at each sample |
//! | I5 caps | the dispatcher after each turn; the world at each launch |
//! | I6 deleted message, durable record | the world at each deletion |
//! | I7 flap budget | `flaps` |
//! | I8 residency and capability | placement by assertion; the world at each launch |
//! | I9 hops | the controller by assertion; the world at each send |
//! | I10 buckets | integers without a sign in the core; GitHub's by assertion |
//! | I11 everything is well again after the last fault | `healed` at the end |
//! | I12 same inputs, same decisions | the digest, by the tests |

mod admits;
mod flaps;
mod healed;
mod little;
mod supply;
mod surplus;
mod waiting;

pub(crate) use healed::{Healed, NodeView, bound as calm_bound};
pub(crate) use little::check as check_little;
pub(crate) use supply::Supply;
pub(crate) use surplus::check as check_surplus;
pub(crate) use waiting::check as check_waiting;

use serde::Serialize;
use tidegate_core::{Fact, Policy, Timestamp};

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Which: `I1` to `I12`, or `Little`.
    pub invariant: &'static str,
    /// When.
    pub at: Timestamp,
    /// What was found.
    pub what: String,
}

/// Broken promises kept at the most; the first is what matters.
const KEPT: usize = 20;

/// The checkers that read facts, and what all of them found.
#[derive(Clone, Debug)]
pub(crate) struct Checkers {
    admits: admits::Admits,
    flaps: flaps::Flaps,
    pub(crate) supply: Supply,
    pub(crate) broken: Vec<Broken>,
}

impl Checkers {
    pub(crate) fn new(policy: &Policy) -> Self {
        Self {
            admits: admits::Admits::new(policy),
            flaps: flaps::Flaps::new(policy),
            supply: Supply::default(),
            broken: Vec::new(),
        }
    }

    pub(crate) fn fact(&mut self, at: Timestamp, fact: &Fact) {
        if !matches!(fact, Fact::PhaseChanged { .. } | Fact::HoldChanged { .. } | Fact::PanicChanged { .. }) {
            return;
        }
        if let Err(what) = self.admits.fact(fact) {
            self.report("I1", at, what);
        }
        if let Err(what) = self.flaps.fact(at, fact) {
            self.report("I7", at, what);
        }
    }

    pub(crate) fn report(&mut self, invariant: &'static str, at: Timestamp, what: String) {
        if self.broken.len() < KEPT {
            self.broken.push(Broken { invariant, at, what });
        }
    }
}
