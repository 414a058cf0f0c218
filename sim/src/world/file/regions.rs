//! Reads the regions of a world: prices and round trips. Knows keys; must not know which regions a policy names.

use super::dist::Seconds;
use crate::world::spec::{Prices, RegionSpec};
use std::collections::BTreeMap;
use tidegate_core::document::{NodeReader, TableReader};

/// Reads the regions over those of the world that is extended.
pub(super) fn read(t: &mut TableReader<'_>, base: &BTreeMap<String, RegionSpec>) -> BTreeMap<String, RegionSpec> {
    let mut regions = base.clone();
    let read = t.entries("regions", "the regions by name, each over what is extended", |key, node| {
        let base = base.get(&key.name).cloned().unwrap_or_default();
        node.table(|t| region(t, base))
    });
    regions.extend(read.into_iter().map(|(key, region)| (key.name, region)));
    regions
}

fn region(t: &mut TableReader<'_>, base: RegionSpec) -> RegionSpec {
    let github = t.optional_in_range("githubRtt", Seconds(0.0).., "round trip from GitHub");
    let round_trips = t.entries("rtt", "round trips to other regions by name", |_, node: &mut NodeReader<'_>| {
        node.in_range(Seconds(0.0)..)
    });
    let mut rtt = base.rtt;
    rtt.extend(round_trips.into_iter().map(|(key, Seconds(value))| (key.name, value)));
    let capacity = t.optional_in_range("taskCapacity", 1.., "tasks at once that the region holds for us");
    RegionSpec {
        prices: t.section("prices", "in USD", |t| prices(t, base.prices)),
        github_rtt: github.map_or(base.github_rtt, |Seconds(value)| value),
        rtt,
        task_capacity: capacity.or(base.task_capacity),
    }
}

fn prices(t: &mut TableReader<'_>, base: Prices) -> Prices {
    let mut price = |key, base, doc| t.optional_in_range(key, 0.0.., doc).unwrap_or(base);
    Prices {
        vcpu_hour: price("vcpuHour", base.vcpu_hour, "Fargate x86, a vCPU-hour"),
        gb_hour: price("gbHour", base.gb_hour, "Fargate x86, a GB-hour"),
        arm_vcpu_hour: price("armVcpuHour", base.arm_vcpu_hour, "Fargate Arm, a vCPU-hour"),
        arm_gb_hour: price("armGbHour", base.arm_gb_hour, "Fargate Arm, a GB-hour"),
        spot_vcpu_hour: price("spotVcpuHour", base.spot_vcpu_hour, "Fargate Spot, a vCPU-hour"),
        spot_gb_hour: price("spotGbHour", base.spot_gb_hour, "Fargate Spot, a GB-hour"),
        nat_hour: price("natHour", base.nat_hour, "NAT gateway, an hour"),
        nat_gb: price("natGb", base.nat_gb, "NAT gateway, a GB"),
        transfer_gb: price("transferGb", base.transfer_gb, "transfer to another region, a GB"),
        write_million: price("writeMillion", base.write_million, "DynamoDB, a million write units"),
        read_million: price("readMillion", base.read_million, "DynamoDB, a million read units"),
        table_gb_month: price("tableGbMonth", base.table_gb_month, "DynamoDB storage, a GB-month"),
        s3_gb_month: price("s3GbMonth", base.s3_gb_month, "S3 Standard, a GB-month"),
        s3_cold_gb_month: price("s3ColdGbMonth", base.s3_cold_gb_month, "S3 cold storage, a GB-month"),
        s3_put_thousand: price("s3PutThousand", base.s3_put_thousand, "S3 PUT, a thousand"),
        s3_get_thousand: price("s3GetThousand", base.s3_get_thousand, "S3 GET, a thousand"),
        sqs_million: price("sqsMillion", base.sqs_million, "SQS, a million requests"),
        ingress_million: price("ingressMillion", base.ingress_million, "webhook endpoint, a million requests"),
    }
}
