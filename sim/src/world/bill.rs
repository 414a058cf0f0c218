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
fn micro(count: u64, price: f64, unit: f64) -> f64 {
    count as f64 * price / unit * 1e6
}

/// Storage is billed by the hour, as S3 measures it.
const STORAGE_EVERY: Span = Span::from_hours(1);

impl World {
    /// Bills what was used in the last `lasting`.
    pub(crate) fn bill(&mut self, lasting: Span) {
        let hours = lasting.as_secs_f64() / 3_600.0;
        self.stored_for += lasting;
        if self.stored_for >= STORAGE_EVERY {
            self.bill_storage();
        }
        let usage = std::mem::take(&mut self.usage);
        for region in self.policy.ids() {
            let at = region.index();
            let price = self.prices[at];
            let writes = std::mem::take(&mut self.table.writes[at]);
            let reads = std::mem::take(&mut self.table.reads[at]);
            let requests = std::mem::take(&mut self.queues[at].requests);
            let through = usage.jobs[at] as f64 * self.spec.nat_gb_per_job * price.nat_gb;
            let nat = self.spec.nat_gateways * hours * price.nat_hour + through;
            let objects =
                micro(usage.puts[at], price.s3_put_thousand, 1e3) + micro(usage.gets[at], price.s3_get_thousand, 1e3);
            let table = micro(writes, price.write_million, 1e6) + micro(reads, price.read_million, 1e6);
            self.charge(CostComponent::Nat, region, nat * 1e6);
            self.charge(CostComponent::Transfer, region, usage.sent_gb[at] * price.transfer_gb * 1e6);
            self.charge(CostComponent::DynamoDb, region, table);
            self.bill_replicas(region, writes);
            self.charge(CostComponent::S3, region, objects);
            self.charge(CostComponent::Sqs, region, micro(requests, price.sqs_million, 1e6));
            self.charge(CostComponent::Ingress, region, micro(usage.deliveries[at], price.ingress_million, 1e6));
            self.charge(CostComponent::HealthChecks, region, self.spec.health_check_month * hours / 720.0 * 1e6);
        }
    }

    /// What the caches hold since the last time.
    pub(super) fn bill_storage(&mut self) {
        let lasting = std::mem::take(&mut self.stored_for);
        let now = self.agenda.now();
        let storage = self.cache.store(&self.spec.cache, &self.prices, lasting, now);
        for region in self.policy.ids() {
            self.charge(CostComponent::S3, region, storage[region.index()]);
        }
    }

    /// A write is paid once in each replica: here for the others, at their prices.
    fn bill_replicas(&mut self, writer: RegionId, writes: u64) {
        if writes == 0 {
            return;
        }
        for other in self.policy.ids().filter(|other| *other != writer) {
            let price = self.prices[other.index()].write_million;
            self.charge(CostComponent::DynamoDb, other, micro(writes, price, 1e6));
        }
    }
}
