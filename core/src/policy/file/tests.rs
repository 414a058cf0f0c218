//! Tests.

use super::*;
use crate::id::{RegionId, RegionSet};
use crate::policy::{CacheStrategy, Mode, Order, Share};
use crate::time::Span;

/// Three regions and nothing else.
const SEED: &str = include_str!("../../../../scenarios/policies/seed.json");

/// One region in TOML, to which tests add.
const ONE: &str = "[[regions]]\nname = \"a\"\n";

/// Three of them, which take four lines.
const THREE: &str = "regions = [ { name = \"a\" },\n  { name = \"b\" },\n  { name = \"c\" },\n]\n";

fn json(text: &str) -> Result<Policy, Problems> {
    read(&Source::new("policy.json", text))
}

fn toml(text: &str) -> Result<Policy, Problems> {
    read(&Source::new("policy.toml", text))
}

fn good(text: &str) -> Policy {
    toml(text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn the_seed_configuration_is_complete_and_means_the_defaults() {
    let regions = ["us-east-1", "eu-west-1", "ap-southeast-1"];
    let regions = regions.iter().zip(1..).map(|(name, priority)| Region::new(name, priority)).collect();
    assert_eq!(json(SEED), Ok(Policy::of_regions(regions)));
}

#[test]
fn what_is_left_out_is_as_in_policy_of_regions() {
    let names = ["x", "b", "a"];
    let text: String = names.iter().map(|name| format!("[[regions]]\nname = \"{name}\"\n")).collect();
    let regions = names.iter().zip(1..).map(|(name, priority)| Region::new(name, priority)).collect();
    let policy = good(&text);
    assert_eq!(policy, Policy::of_regions(regions));
    assert_eq!(policy.region_named("x"), Some(RegionId(0)), "its place in the list is its priority");
}

#[test]
fn every_shipped_policy_reads() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/policies");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let source = Source::new(path.display().to_string(), std::fs::read_to_string(&path).unwrap());
        read(&source).unwrap_or_else(|problems| panic!("{problems}"));
        count += 1;
    }
    assert!(count >= 4);
}

#[test]
fn regions_are_ordered_by_priority_and_then_name_whatever_the_file_says() {
    let policy = good(
        "[[regions]]\nname = \"z\"\npriority = 2\n[[regions]]\nname = \"b\"\npriority = 1\n[[regions]]\nname = \"a\"\n\
         priority = 2\n[routing]\ndefault = \"z\"\nresidency = { eu = [\"a\", \"z\"] }\n\
         organizations = { eu = \"a\" }\n",
    );
    assert_eq!(policy.regions.iter().map(|region| &region.name[..]).collect::<Vec<_>>(), ["b", "a", "z"]);
    assert_eq!(policy.routing.default, RegionId(2));
    assert_eq!(policy.routing.residency[&Name::of("eu")], RegionSet(0b110));
    assert_eq!(policy.routing.organizations[&Name::of("eu")], RegionId(1));
}

#[test]
fn keys_of_every_kind_arrive() {
    let policy = good(
        r#"
consistency = "strong"
cache.strategy = "activeActive"
regions = [
  { name = "a", maxRunners = 9, maxVcpu = 18, largest = { vcpu = 4, memoryGb = 8 }, arch = ["arm"], spot = false,
    spilloverThreshold = { queueDepth = 7, concurrencyPercent = 62.5, errorRate = 0.125 } },
  { name = "b" }, { name = "c" },
]
[routing]
repositories = { "o/r" = "b" }
networks = { "10.0.0.0/8" = "a", "10.1.0.0/16" = "b", "2001:db8::/32" = "c" }
[spillover]
stopAt = 0.5
maxHops = 2
share = "all"
order = "cost"
[failover]
mode = "supervised"
approvalTimeout = "never"
[launch]
retries = 3
spotBreaker = { pause = "1h" }
[github]
secondLook = "10s"
[caps]
organizations = { o = 50 }
classes = { "x64, linux" = 5 }
openJobs = 10
surplus = 0.1
"#,
    );
    let a = &policy.regions[0];
    assert_eq!((a.max_runners, a.max_vcpu_milli, a.arch, a.spot), (9, Some(18_000), (false, true), false));
    assert_eq!((a.largest.vcpu_milli, a.largest.memory_mib), (4_000, 8_192));
    let spill = Threshold { queue_depth: 7, concurrency: Ratio(6_250), error_rate: Ratio(1_250) };
    assert_eq!(a.spill, spill);
    assert_eq!((policy.consistency, policy.cache), (Consistency::Strong, CacheStrategy::ActiveActive));
    assert_eq!(policy.routing.repositories[&Name::of("o/r")], RegionId(1));
    let homes: Vec<_> = policy.routing.networks.iter().map(|(network, home)| (network.prefix_len(), *home)).collect();
    assert_eq!(homes, [(32, RegionId(2)), (16, RegionId(1)), (8, RegionId(0))], "longest prefix first");
    assert_eq!((policy.spillover.stop_at, policy.spillover.max_hops), (Ratio(5_000), 2));
    assert_eq!((policy.spillover.share, policy.spillover.order), (Share::All, Order::Cost));
    assert_eq!((policy.failover.mode, policy.failover.approval_timeout), (Mode::Supervised, None));
    assert_eq!((policy.launch.retries, policy.launch.spot_breaker.pause), (3, Span::from_hours(1)));
    assert_eq!(policy.github.second_look, Span::from_secs(10));
    assert_eq!(policy.caps.organizations[&Name::of("o")], 50);
    assert_eq!(policy.caps.classes[&Name::of("linux,x64")], 5, "labels have no order");
    assert_eq!((policy.caps.open_jobs, policy.caps.surplus), (10, Ratio(1_000)));
}

#[test]
fn null_is_never_in_json() {
    let read = json(r#"{ "regions": [ { "name": "a" } ], "failover": { "approvalTimeout": null } }"#);
    assert_eq!(read.expect("good").failover.approval_timeout, None);
}

/// Reads a bad file and asserts its only mistake.
#[track_caller]
fn bad(text: &str, line: usize, column: usize, words: &str) {
    let problems = toml(text).expect_err(text);
    let problem = problems.iter().next().expect("a problem");
    assert_eq!(problem.line_column(), (line, column), "{problems}");
    assert!(problem.to_string().contains(words), "expected {words:?} in: {problems}");
    assert_eq!(problems.len(), 1, "{problems}");
}

#[test]
fn bad_keys_types_and_numbers_are_refused() {
    let one = |rest: &str| format!("{ONE}{rest}");
    bad(&one("[spillover]\nminDwel = \"30s\""), 4, 1, "did you mean `minDwell`?");
    bad(&one("prioritie = 1"), 3, 1, "did you mean `priority`?");
    bad(&one("maxRunners = \"400\""), 3, 14, "write it without quotes");
    bad(&one("maxRunners = 0"), 3, 14, "of at least 1");
    bad(&one("maxVcpu = 0"), 3, 11, "from 0.25");
    bad(&one("priority = 0"), 3, 12, "of at least 1");
    bad(&one("arch = [\"arm\", \"x68\"]"), 3, 16, "did you mean `x86`?");
    bad(&one("arch = []"), 3, 8, "0 of at least 1");
    bad(&one("spot = \"yes\""), 3, 8, "true or false");
    bad(&one("[sticky]\nttl = \"-5s\""), 4, 7, "must not be negative");
    bad(&one("[sticky]\nttl = 5"), 4, 7, "write a unit, e.g. \"5s\"");
    bad(&one("[sticky]\nmaxEntries = 0"), 4, 14, "of at least 1");
    bad(&one("spilloverThreshold.queueDepth = 0"), 3, 33, "of at least 1");
    bad(&one("spilloverThreshold.concurrencyPercent = 101"), 3, 41, "from 0.01 to 100");
    bad(&one("spilloverThreshold.concurrencyPercent = 0"), 3, 41, "from 0.01 to 100");
    bad(&one("spilloverThreshold.errorRate = 5"), 3, 32, "from 0.0001 to 1");
    bad(&one("spilloverThreshold.errorRate = 0"), 3, 32, "from 0.0001 to 1");
    bad(&one("[spillover]\nstopAt = 1.2"), 4, 10, "from 0.0001 to 1");
    bad(&one("[spillover]\nstopAt = 0"), 4, 10, "from 0.0001 to 1");
    bad(&one("[spillover]\norder = \"prioritiy\""), 4, 9, "did you mean `priority`?");
    bad(&one("[failover]\nmode = \"manual\""), 4, 8, "one of: automatic, supervised");
    bad(&one("[failover]\nrampStep = 0.0"), 4, 12, "from 0.0001 to 1");
    bad(&one("[failover]\nprobationShare = 2"), 4, 18, "from 0.0001 to 1");
    bad(&one("[launch]\nstartTimeout = \"0s\""), 4, 16, "at least 1us");
    bad(&one("[github]\nrequestsPerHour = 0"), 4, 19, "of at least 1");
    bad(&one("[caps]\nopenJobs = 0"), 4, 12, "of at least 1");
    bad(&one("[caps.classes]\n\"a,,b\" = 3"), 4, 10, "empty label");
    bad(&one("[cache]\nstrategy = \"activActive\""), 4, 12, "did you mean `activeActive`?");
}

#[test]
fn bad_regions_are_refused() {
    bad("consistency = \"eventual\"\n", 1, 1, "missing `regions`");
    bad("regions = []\n", 1, 11, "0 of at least 1");
    bad("[[regions]]\npriority = 1\n", 1, 1, "missing `name`");
    bad("[[regions]]\nname = \"\"\n", 2, 8, "is empty");
    bad("[[regions]]\nname = \"a\"\n[[regions]]\nname = \"a\"\n", 4, 8, "named twice");
    let nine: String = (0..9).map(|n| format!("[[regions]]\nname = \"r{n}\"\n")).collect();
    bad(&nine, 18, 8, "at most 8");
    bad("regions = { name = \"a\" }\n", 1, 11, "expected a list");
}

#[test]
fn bad_routes_are_refused() {
    let three = |rest: &str| format!("{THREE}[routing]\n{rest}");
    bad(&three("default = \"d\""), 6, 11, "one of: a, b, c");
    bad(&three("organizations = { o = \"us-east-1\" }"), 6, 23, "a region of this policy");
    bad(&three("repositories = { \"o/r\" = \"d\" }"), 6, 26, "a region of this policy");
    bad(&three("repositories = { \"r\" = \"a\" }"), 6, 24, "organization/repository");
    bad(&three("organizations = { \"o/r\" = \"a\" }"), 6, 27, "no organization");
    bad(&three("networks = { \"10.0.0.0/8\" = \"d\" }"), 6, 29, "a region of this policy");
    bad(&three("networks = { \"10.0.0.0/33\" = \"a\" }"), 6, 30, "such as \"203.0.113.0/24\"");
    bad(&three("networks = { \"10.0.0.1\" = \"a\" }"), 6, 27, "write \"10.0.0.1/32\"");
    bad(&three("networks = { \"10.0.0.1/8\" = \"a\" }"), 6, 29, "write \"10.0.0.0/8\"");
    let twice = "networks = { \"2001:db8::/32\" = \"a\", \"2001:0db8::/32\" = \"b\" }";
    bad(&three(twice), 6, 37, "given twice");
    bad(&three("residency = { o = [] }"), 6, 19, "0 of at least 1");
    bad(&three("residency = { o = [\"a\", \"d\"] }"), 6, 25, "a region of this policy");
    bad(&three("residency = { o = [\"b\"] }\norganizations = { o = \"a\" }"), 7, 19, "must be one of: b");
    bad(&three("residency = { o = [\"b\"] }"), 6, 15, "add it to `routing.organizations`");
    let own = "residency = { o = [\"a\"] }\nrepositories = { \"o/r\" = \"c\", \"p/r\" = \"c\" }";
    bad(&three(own), 7, 18, "outside of the residency of `o`");
}

#[test]
fn bad_relations_are_refused() {
    let three = |rest: &str| format!("{THREE}{rest}");
    bad(&three("[failover]\nprobeTimeout = \"10s\""), 6, 16, "shorter than `probeEvery`");
    bad(&three("[failover]\nprobeEvery = \"3s\""), 6, 14, "shorter than `probeEvery`");
    bad(&three("[failover]\ncooldown = \"2h\""), 6, 12, "at most `cooldownMax`");
    bad(&three("[failover]\ncooldownMax = \"1m\""), 6, 15, "at most `cooldownMax`");
    bad(&three("[failover]\nquorum = 0"), 6, 10, "from 1 to 8");
    bad(&three("[failover]\nquorum = 4"), 6, 10, "write at most 3");
    bad(&three("[failover]\nprobeEvery = \"30s\""), 5, 1, "`spillover.staleAfter`");
    bad(&three("[launch]\nbackoff = \"10m\""), 6, 11, "at most `backoffMax`");
    bad(&format!("consistency = \"strong\"\n{ONE}"), 1, 15, "exactly 3 regions, and there are 1");
}

#[test]
fn all_mistakes_come_at_once() {
    let text = "[[regions]]\nname = \"a\"\nmaxRunners = 0\n[routing]\ndefault = \"b\"\n[sticky]\nttl = 1\n[spilover]\n";
    let lines: Vec<usize> = toml(text).expect_err("bad").iter().map(|problem| problem.line_column().0).collect();
    assert_eq!(lines, [3, 5, 7, 8]);
}

#[test]
fn the_schema_lists_every_key_of_the_contract() {
    let schema = schema();
    let text = schema.to_string();
    let contract = "regions name priority maxRunners spilloverThreshold queueDepth concurrencyPercent errorRate \
        maxVcpu largest vcpu memoryGb arch spot routing default organizations repositories networks residency \
        spillover stopAt minDwell minSamples staleAfter maxHops share order sticky ttl maxEntries failover \
        mode approvalTimeout probeEvery probeTimeout missesToSuspect suspectFor quorum evacuateFor cooldown \
        cooldownMax probationShare rampStep rampEvery window passesToReturn flapBudget drainDeadline launch \
        retries backoff backoffMax negativeCache spotBreaker count pause startTimeout idleTimeout \
        giveUpAfter maxJob github registrationsPerMinute requestsPerHour reconcileEvery sweepEvery \
        secondLook cache strategy consistency caps classes openJobs endedJobs endedFor surplus";
    for key in contract.split_whitespace() {
        assert!(text.contains(&format!("\"{key}\":")), "{key} is not in the schema");
    }
    assert_eq!(schema["required"], serde_json::json!(["regions"]));
    assert_eq!(schema["properties"]["regions"]["items"]["required"], serde_json::json!(["name"]));
}
