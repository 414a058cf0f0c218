//! The hash of all decisions of a run. Knows bits; must not know what was decided.

use serde::Serialize;
use tidegate_core::map::mix;
use tidegate_core::{Fact, Timestamp};

/// A running 128-bit hash of decisions: two runs with the same digest decided the same at the same times.
///
/// It guards against difference by accident, not by intent, so a fast mixing function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Digest {
    a: u64,
    b: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Self { a: 0x243F_6A88_85A3_08D3, b: 0x1319_8A2E_0370_7344 } // digits of pi
    }
}

impl Digest {
    /// Takes a word in.
    pub fn word(&mut self, word: u64) {
        self.a = mix(self.a ^ word);
        self.b = self.b.rotate_left(23) ^ self.a.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    /// Takes a decision in: a placement, or a change of phase, hold, spilling or panic. Other facts follow from these
    /// and from the world.
    #[expect(clippy::wildcard_enum_match_arm, reason = "what is no decision is not hashed")]
    pub fn fact(&mut self, at: Timestamp, fact: &Fact) {
        let (kind, x, y) = match fact {
            Fact::JobPlaced { placement, decision, .. } => {
                let where_to = u64::from(decision.region.0) << 8 | decision.reason as u64;
                let attempts = u64::from(placement.run_attempt) << 16 | u64::from(placement.attempt);
                let considered = decision.considered.iter().fold(0, |sum, c| sum << 4 | *c as u64);
                (1, placement.job.0 << 20 ^ attempts, where_to << 40 ^ considered)
            }
            Fact::PhaseChanged { observer, region, to, cause, .. } => {
                (2, u64::from(observer.0) << 8 | u64::from(region.0), (*to as u64) << 8 | *cause as u64)
            }
            Fact::SpillChanged { observer, region, spilling } => {
                (3, u64::from(observer.0) << 8 | u64::from(region.0), u64::from(*spilling))
            }
            Fact::HoldChanged { observer, region, hold } => {
                (4, u64::from(observer.0) << 8 | u64::from(region.0), *hold as u64)
            }
            Fact::PanicChanged { observer, panic } => (5, u64::from(observer.0), u64::from(*panic)),
            Fact::JobAbandoned { job, failure } => (6, job.0, *failure as u64),
            Fact::JobWaits { job, why, .. } => (7, job.0, *why as u64),
            _ => return, // see above
        };
        self.word(at.0 ^ kind << 56);
        self.word(x);
        self.word(y);
    }

    /// 32 hexadecimal digits.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{:016x}{:016x}", self.a, self.b)
    }
}
