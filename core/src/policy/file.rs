//! Reads a policy file: every key of it, every check, all mistakes at once.
//! Knows keys, limits and relations; must not know disks, or what the machines do with a value.
//!
//! A file with nothing but `regions` is complete: what is left out is as in [`Policy::of_regions`].

mod parts;
mod routing;
#[cfg(test)]
mod tests;

use super::{Consistency, Policy, Region, Threshold};
use crate::document::{Located, NodeReader, Problems, Source, TableReader, describe, parse};
use crate::id::{MAX_REGIONS, Name};
use crate::time::Span;
use crate::unit::{Arch, Need, Ratio};

/// The shortest time there is: what must take some time takes at least this.
const SHORTEST: Span = Span(1);

/// Regions that strong consistency needs: DynamoDB's MRSC takes three, no fewer and no more.
const STRONG_REGIONS: usize = 3;

/// Reads a policy file, JSON or TOML by the ending of its name.
///
/// # Errors
/// Every mistake of the file.
pub fn read(source: &Source) -> Result<Policy, Problems> {
    parse(source)?.read(read_table)
}

/// Reads a policy that stands as a table within another file.
pub fn read_node(node: &mut NodeReader<'_>) -> Option<Policy> {
    node.table(read_table)
}

/// The JSON Schema of a policy file.
#[must_use]
pub fn schema() -> serde_json::Value {
    describe(read_table).to_json_schema("Tidegate policy")
}

/// Reads a policy out of a table. Where the table has mistakes, the reader keeps them and the policy is of no use.
pub fn read_table(t: &mut TableReader<'_>) -> Policy {
    let regions = t.each_at_least("regions", 1, "the regions jobs may run in, one to eight", read_region);
    let names = check_regions(t, &regions);
    let mut regions: Vec<Region> = regions.into_iter().map(|(_, region)| region).take(MAX_REGIONS).collect();
    number_priorities(&mut regions);
    if regions.is_empty() {
        regions.push(Region::new("", 1));
    }
    let mut policy = Policy::of_regions(regions);
    let known = Known { policy: &policy, quiet: names == 0 };
    policy.routing = t.section("routing", "where a job belongs when all is well", |t| routing::read(t, &known));
    policy.spillover = t.section("spillover", "jobs sent abroad because home is full", parts::spillover);
    policy.sticky = t.section("sticky", "jobs of one workflow run stay where the first went", parts::sticky);
    policy.failover = t.section("failover", "jobs sent abroad because home is unwell", |t| parts::failover(t, names));
    policy.launch = t.section("launch", "how runners are launched and looked after", parts::launch);
    policy.github = t.section("github", "what we allow ourselves of GitHub's API, by organization", parts::github);
    policy.cache = t.section("cache", "where build artifacts are kept", parts::cache);
    policy.consistency = t.choice("consistency", &parts::CONSISTENCY, Consistency::Eventual, "of the claims table");
    policy.caps = t.section("caps", "limits of what a node holds", |t| parts::caps(t, &policy.caps));
    check_relations(t, &policy, names);
    policy
}

/// The regions by name, for all places that name one.
struct Known<'a> {
    policy: &'a Policy,
    /// No region could be read: then every name would be unknown, which would say nothing.
    quiet: bool,
}

/// A region in the file: the place of its name, and itself; priority 0 stands for one that is left out.
type Read = (Located<String>, Region);

fn read_region(t: &mut TableReader<'_>) -> Read {
    let name: Located<String> = t.required("name", "the cloud's name of it, such as us-east-1");
    if name.value.is_empty() && t.has("name") {
        t.problem_at("name", "is empty", "write the cloud's name of the region, such as \"us-east-1\"");
    }
    let priority = t.optional_in_range("priority", 1.., "lower is preferred; its place in the list by default");
    let default = Region::new(&name.value, priority.unwrap_or(0));
    let region = Region {
        max_runners: t.in_range("maxRunners", default.max_runners, 1.., "tasks at once, starting ones included"),
        spill: t.section("spilloverThreshold", "when it begins to spill", threshold),
        max_vcpu_milli: t
            .optional_in_range("maxVcpu", 0.25..=1e9, "vCPU at once (the Fargate quota)")
            .map(|vcpu: f64| (vcpu * 1_000.0).round() as u64),
        largest: t.section("largest", "the largest runner it takes", |t| largest(t, &default.largest)),
        arch: arch(t),
        spot: t.or("spot", default.spot, "whether it offers spot capacity"),
        ..default
    };
    (name, region)
}

fn threshold(t: &mut TableReader<'_>) -> Threshold {
    let default = Threshold::default();
    let percent = default.concurrency.as_fraction() * 100.0;
    let concurrency =
        t.in_range("concurrencyPercent", percent, 0.01..=100.0, "share of maxRunners starting or running, in percent");
    Threshold {
        queue_depth: t.in_range("queueDepth", default.queue_depth, 1.., "jobs waiting in its queue"),
        concurrency: Ratio::from_fraction(concurrency / 100.0),
        error_rate: share(t, "errorRate", default.error_rate, "share of launches that failed lately"),
    }
}

fn largest(t: &mut TableReader<'_>, default: &Need) -> Need {
    let (vcpu, memory) = (f64::from(default.vcpu_milli) / 1_000.0, f64::from(default.memory_mib) / 1_024.0);
    let vcpu = t.in_range("vcpu", vcpu, 0.25..=1_024.0, "vCPU");
    let memory = t.in_range("memoryGb", memory, 0.5..=65_536.0, "GiB");
    Need { vcpu_milli: (vcpu * 1_000.0).round() as u32, memory_mib: (memory * 1_024.0).round() as u32, ..*default }
}

/// Whether it runs x86, and Arm.
fn arch(t: &mut TableReader<'_>) -> (bool, bool) {
    let words = [("x86", Arch::X86), ("arm", Arch::Arm)];
    let read = |node: &mut NodeReader<'_>| Some(node.list(1, |item| item.choice(&words)));
    let Some(listed) = t.node("arch", "processor architectures it runs; both by default", read) else {
        return (true, true);
    };
    (listed.contains(&Arch::X86), listed.contains(&Arch::Arm))
}

/// A share of a whole as a ratio: above nothing, at most all. The least that a ratio can tell is a ten-thousandth.
fn share(t: &mut TableReader<'_>, key: &'static str, default: Ratio, doc: &'static str) -> Ratio {
    Ratio::from_fraction(t.in_range(key, default.as_fraction(), 0.0001..=1.0, doc))
}

/// Names given twice and regions too many; the number of regions that have names.
fn check_regions(t: &mut TableReader<'_>, regions: &[Read]) -> usize {
    if regions.len() > MAX_REGIONS {
        let (extra, count) = (&regions[MAX_REGIONS].0, regions.len());
        t.problem(extra.place, format!("{count} regions are too many"), format!("name at most {MAX_REGIONS}"));
    }
    for (at, (name, _)) in regions.iter().enumerate() {
        if !name.value.is_empty() && regions[..at].iter().any(|(earlier, _)| earlier.value == name.value) {
            t.problem(name.place, format!("the region `{}` is named twice", name.value), "remove one of the two");
        }
    }
    regions.iter().filter(|(name, _)| !name.value.is_empty()).count()
}

/// Gives regions without a priority their place in the list.
fn number_priorities(regions: &mut [Region]) {
    for (at, region) in regions.iter_mut().enumerate() {
        if region.priority == 0 {
            region.priority = at as u32 + 1;
        }
    }
}

/// What two parts of a policy must keep between them.
fn check_relations(t: &mut TableReader<'_>, policy: &Policy, names: usize) {
    if policy.consistency == Consistency::Strong && names != STRONG_REGIONS {
        let message = format!("is \"strong\", which takes exactly {STRONG_REGIONS} regions, and there are {names}");
        t.problem_at("consistency", &message, "write \"eventual\", or name three regions");
    }
    if policy.spillover.stale_after <= policy.failover.probe_every {
        let every = crate::document::duration_text(policy.failover.probe_every);
        let message = format!("must be longer than `failover.probeEvery` ({every}): reports come with the probes");
        let key = if t.has("spillover") { "spillover" } else { "failover" };
        t.problem_at(key, &format!("has a `spillover.staleAfter` that {message}"), "raise it");
    }
}

/// The text of a set of labels, whatever their order: lower-cased, as GitHub compares them, sorted, each once, joined by
/// commas.
#[must_use]
pub fn class_text<S: AsRef<str>>(labels: &[S]) -> String {
    let mut labels: Vec<String> = labels.iter().map(|label| label.as_ref().trim().to_lowercase()).collect();
    labels.sort_unstable();
    labels.dedup();
    labels.join(",")
}

/// The name of a set of labels: its label class.
#[must_use]
pub fn class_name<S: AsRef<str>>(labels: &[S]) -> Name {
    Name::of(&class_text(labels))
}
