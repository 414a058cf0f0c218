//! How far replicas are behind. Knows distributions of lags; must not know what is written.

use crate::dist::Dist;
use crate::rng::Rng;
use rand_xoshiro::rand_core::SeedableRng;
use tidegate_core::Span;
use tidegate_core::id::{PerRegion, RegionId};
use tidegate_core::map::mix;

/// No lag is longer than this; what takes longer is a fault, and faults are planned.
pub(super) const LAG_MAX: Span = Span::from_secs(30);

/// How long a write takes to each replica: drawn when somebody asks, from the write's own seed, for hardly any reader is
/// elsewhere and early.
#[derive(Clone, Debug)]
pub(crate) struct LagModel {
    pub(crate) near: Dist,
    pub(crate) far: Dist,
    /// By writer and replica.
    pub(crate) is_far: PerRegion<PerRegion<bool>>,
    /// Strong mode: every replica shows every write.
    pub(crate) none: bool,
    pub(crate) seed: u64,
}

impl LagModel {
    /// The lag of a write, at most [`LAG_MAX`].
    pub(crate) fn lag(&self, write: u64, from: RegionId, to: RegionId) -> Span {
        if from == to || self.none {
            return Span::ZERO;
        }
        let far = self.is_far[from.index()][to.index()];
        let dist = if far { &self.far } else { &self.near };
        let mut rng = Rng::seed_from_u64(mix(self.seed ^ write) ^ u64::from(to.0));
        dist.span(&mut rng).min(LAG_MAX)
    }
}
