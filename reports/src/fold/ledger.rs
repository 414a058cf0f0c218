//! What it cost and how large things became. Knows components of cost; must not know prices.

use super::CostComponent;
use tidegate_core::id::{MAX_REGIONS, PerRegion, RegionId};

/// The column of what belongs to no region.
const GLOBAL: usize = MAX_REGIONS;

impl CostComponent {
    /// All components.
    pub const ALL: [Self; 11] = [
        Self::FargateOnDemand,
        Self::FargateSpot,
        Self::Nat,
        Self::Transfer,
        Self::DynamoDb,
        Self::S3,
        Self::Sqs,
        Self::Ingress,
        Self::HealthChecks,
        Self::Surplus,
        Self::LostWork,
    ];

    /// Its name in `summary.json`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FargateOnDemand => "fargateOnDemand",
            Self::FargateSpot => "fargateSpot",
            Self::Nat => "nat",
            Self::Transfer => "transfer",
            Self::DynamoDb => "dynamoDb",
            Self::S3 => "s3",
            Self::Sqs => "sqs",
            Self::Ingress => "ingress",
            Self::HealthChecks => "healthChecks",
            Self::Surplus => "surplus",
            Self::LostWork => "lostWork",
        }
    }
}

/// Levels of a region over the measured time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gauge {
    /// Most runners at once, starting and running.
    pub peak_runners: u32,
    /// Their average over time.
    pub mean_runners: f64,
    /// Most messages waiting.
    pub peak_queue: u32,
}

/// Money in whole millionths of a USD, so that sums are exact in any order.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    micro_usd: [[i64; MAX_REGIONS + 1]; CostComponent::ALL.len()],
    gauges: PerRegion<Option<Gauge>>,
}

impl Ledger {
    pub(super) fn spend(&mut self, component: CostComponent, region: Option<RegionId>, micro_usd: i64) {
        self.micro_usd[component as usize][region.map_or(GLOBAL, RegionId::index)] += micro_usd;
    }

    pub(super) fn gauge(&mut self, region: RegionId, gauge: Gauge) {
        self.gauges[region.index()] = Some(gauge);
    }

    /// USD of a component in a region, or in none.
    #[must_use]
    pub fn spent(&self, component: CostComponent, region: Option<RegionId>) -> f64 {
        self.micro_usd[component as usize][region.map_or(GLOBAL, RegionId::index)] as f64 / 1e6
    }

    /// USD of a component everywhere.
    #[must_use]
    pub fn component(&self, component: CostComponent) -> f64 {
        self.micro_usd[component as usize].iter().sum::<i64>() as f64 / 1e6
    }

    /// USD of everything.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.micro_usd.iter().flatten().sum::<i64>() as f64 / 1e6
    }

    /// The levels of a region, where they were given.
    #[must_use]
    pub const fn levels(&self, region: RegionId) -> Option<Gauge> {
        self.gauges[region.index()]
    }
}
