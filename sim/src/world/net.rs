//! How long calls take between regions. Knows round trips and noise; must not know who calls.

use super::spec::WorldSpec;
use crate::dist::Ahead;
use crate::rng::Rng;
use tidegate_core::Span;
use tidegate_core::id::{PerRegion, RegionId};
use tidegate_core::policy::Policy;

/// Round trips by region id, in seconds.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    rtt: PerRegion<PerRegion<f64>>,
    github: PerRegion<f64>,
    /// What multiplies the next round trips.
    noise: Ahead,
    far: f64,
}

impl Net {
    /// The part of the world's network that a policy uses. A pair without a figure counts as 0.2 s, the longest of
    /// the common pairs; the readers of world files refuse such a pair.
    pub(crate) fn new(policy: &Policy, spec: &WorldSpec, rng: Rng) -> Self {
        let mut net = Self {
            rtt: Default::default(),
            github: Default::default(),
            noise: Ahead::new(spec.network_noise.clone(), rng),
            far: spec.far_rtt,
        };
        for a in policy.ids() {
            let region = &spec.regions[&policy.region(a).name];
            net.github[a.index()] = region.github_rtt;
            for b in policy.ids() {
                let other = &policy.region(b).name;
                let missing = if spec.ideal { 0.0 } else { 0.2 };
                let rtt = if a == b { spec.local_rtt } else { region.rtt.get(other).copied().unwrap_or(missing) };
                net.rtt[a.index()][b.index()] = rtt;
            }
        }
        net
    }

    /// Mean round trip, seconds.
    pub(crate) fn mean(&self, a: RegionId, b: RegionId) -> f64 {
        self.rtt[a.index()][b.index()]
    }

    /// Which pairs of regions are far from each other.
    pub(crate) fn far_pairs(&self) -> PerRegion<PerRegion<bool>> {
        self.rtt.map(|row| row.map(|rtt| rtt >= self.far))
    }

    /// A round trip between regions, `times` over.
    pub(crate) fn rtt(&mut self, a: RegionId, b: RegionId, times: f64) -> Span {
        Span::from_secs_f64(self.mean(a, b) * times * self.noise.next())
    }

    /// A round trip between GitHub and a region, `times` over.
    pub(crate) fn github(&mut self, region: RegionId, times: f64) -> Span {
        Span::from_secs_f64(self.github[region.index()] * times * self.noise.next())
    }
}
