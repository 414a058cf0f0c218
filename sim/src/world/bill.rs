//! The bill but for tasks: requests, writes, reads, transfer, gateways. Knows prices; must not know what the money was
//! spent for.

use super::World;
use super::cache::Fetch;
use tidegate_core::Span;
use tidegate_core::id::{PerRegion, RegionId};
use tidegate_reports::fold::CostComponent;

/// What was used since the last bill, by region.
#[derive(Clone, Debug, Default)]
pub(super) struct Usage {
    pub(super) deliveries: PerRegion<u64>,
    /// Jobs that ran.
    pub(super) jobs: PerRegion<u64>,
    sent_gb: PerRegion<f64>,
    puts: PerRegion<u64>,
    gets: PerRegion<u64>,
}

impl Usage {
    pub(super) fn count_fetch(&mut self, fetch: &Fetch) {
        for at in 0..fetch.puts.len() {
            self.sent_gb[at] += fetch.sent_gb[at];
            self.puts[at] += u64::from(fetch.puts[at]);
            self.gets[at] += u64::from(fetch.gets[at]);
        }
    }
}

/// Micro-dollars of a count at a price for each `unit` of them.
fn micro(count: u64, price: f64, unit: f64) -> i64 {
    (count as f64 * price / unit * 1e6).round() as i64
}

impl World {
    /// Bills what was used in the last `lasting`.
    pub(crate) fn bill(&mut self, lasting: Span) {
        let hours = lasting.as_secs_f64() / 3_600.0;
        let now = self.agenda.now();
        let storage = self.cache.store(&self.spec.cache, &self.prices, lasting, now);
        let usage = std::mem::take(&mut self.usage);
        let replicas = self.policy.regions.len() as u64;
        for region in self.policy.ids() {
            let at = region.index();
            let price = self.prices[at];
            let some = Some(region);
            let writes = std::mem::take(&mut self.table.writes[at]);
            let reads = std::mem::take(&mut self.table.reads[at]);
            let requests = std::mem::take(&mut self.queues[at].requests);
            let jobs = usage.jobs[at] as f64;
            let nat = self.spec.nat_gateways * hours * price.nat_hour + jobs * self.spec.nat_gb_per_job * price.nat_gb;
            self.cost(CostComponent::Nat, some, (nat * 1e6).round() as i64);
            self.cost(CostComponent::Transfer, some, (usage.sent_gb[at] * price.transfer_gb * 1e6).round() as i64);
            // A write is paid once in each replica: the local one here, the others at their prices.
            self.cost(
                CostComponent::DynamoDb,
                some,
                micro(writes, price.write_million, 1e6) + micro(reads, price.read_million, 1e6),
            );
            self.bill_replicas(region, writes, replicas);
            let objects =
                micro(usage.puts[at], price.s3_put_thousand, 1e3) + micro(usage.gets[at], price.s3_get_thousand, 1e3);
            self.cost(CostComponent::S3, some, storage[at] + objects);
            self.cost(CostComponent::Sqs, some, micro(requests, price.sqs_million, 1e6));
            self.cost(CostComponent::Ingress, some, micro(usage.deliveries[at], price.ingress_million, 1e6));
            let checks = self.spec.health_check_month * hours / 720.0;
            self.cost(CostComponent::HealthChecks, some, (checks * 1e6).round() as i64);
        }
    }

    fn bill_replicas(&mut self, writer: RegionId, writes: u64, replicas: u64) {
        if replicas < 2 || writes == 0 {
            return;
        }
        for other in self.policy.ids().filter(|other| *other != writer) {
            let price = self.prices[other.index()].write_million;
            self.cost(CostComponent::DynamoDb, Some(other), micro(writes, price, 1e6));
        }
    }
}
