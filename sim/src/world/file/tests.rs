//! Tests.

use super::*;
use crate::dist::Dist;
use tidegate_core::document::Problems;

const REGIONS: [&str; 8] = [
    "us-east-1",
    "eu-west-1",
    "ap-southeast-1",
    "us-west-2",
    "eu-central-1",
    "ap-northeast-1",
    "sa-east-1",
    "ap-south-1",
];

fn toml(text: &str) -> Result<WorldSpec, Problems> {
    read(&Source::new("world.toml", text), &["a", "b"])
}

fn good(text: &str) -> WorldSpec {
    toml(text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Reads a bad world and asserts its only mistake, which stands where the text says `@`.
#[track_caller]
fn bad(marked: &str, words: &str) {
    let place = marked.find('@').expect("a mark");
    let text = marked.replace('@', "");
    let expected = Source::new("", text.as_str()).line_column(place);
    let problems = toml(&text).expect_err(&text);
    let problem = problems.iter().next().expect("a problem");
    assert_eq!(problem.line_column(), expected, "{problems}");
    assert!(problem.to_string().contains(words), "expected {words:?} in: {problems}");
    assert_eq!(problems.len(), 1, "{problems}");
}

#[test]
fn the_shipped_world_has_eight_regions_and_lacks_nothing() {
    let world = Shipped::Aws.world(&[]);
    assert_eq!(lacks(&world, &REGIONS), Vec::new());
    assert_eq!((world.name.as_str(), world.regions.len(), world.ideal), ("aws", 8, false));
    let (virginia, singapore) = (&world.regions["us-east-1"], &world.regions["ap-southeast-1"]);
    assert!((virginia.prices.vcpu_hour - 0.040_48).abs() < 1e-9 && (singapore.prices.transfer_gb - 0.09).abs() < 1e-9);
    assert!((virginia.rtt["eu-west-1"] - 0.069_6).abs() < 1e-9 && (singapore.github_rtt - 0.224_8).abs() < 1e-9);
    assert_eq!(world.task_start, Dist::lognormal(60.0, 0.35).expect("good"));
    assert!((world.launch_rate - 20.0).abs() < 1e-9 && (world.github_queue_limit - 86_400.0).abs() < 1e-9);
}

#[test]
fn the_shipped_world_sets_every_key_that_there_is() {
    let mut missing = Vec::new();
    let schema = schema();
    let keys = |table: &serde_json::Value| table["properties"].as_object().expect("a table").keys().cloned().collect();
    let top: Vec<String> = keys(&schema);
    let region = &schema["properties"]["regions"]["additionalProperties"];
    let (regions, prices): (Vec<String>, Vec<String>) = (keys(region), keys(&region["properties"]["prices"]));
    let cache: Vec<String> = keys(&schema["properties"]["cache"]);
    for key in top.into_iter().chain(regions).chain(prices).chain(cache) {
        let (plain, table) = (format!("\n{key} = "), format!("[{key}"));
        if !AWS.contains(&plain) && !AWS.contains(&table) && !AWS.contains(&format!(".{key}]")) {
            missing.push(key);
        }
    }
    missing.sort();
    assert_eq!(missing, ["extends", "taskCapacity"], "these alone make no sense there");
}

#[test]
fn a_world_is_the_shipped_one_with_changes() {
    let world = good(
        "localRtt = 0.002\nlaunchRate = \"unlimited\"\n[regions.us-east-1]\ntaskCapacity = 50\n[cache]\nkeys = 3\n",
    );
    let shipped = Shipped::Aws.world(&[]);
    assert!((world.local_rtt - 0.002).abs() < 1e-12 && world.launch_rate.is_infinite());
    assert_eq!((world.regions["us-east-1"].task_capacity, world.cache.keys), (Some(50), 3));
    assert_eq!(world.regions["us-east-1"].prices, shipped.regions["us-east-1"].prices);
    assert_eq!(world.task_start, shipped.task_start);
}

#[test]
fn a_world_over_ideal_has_the_regions_of_the_policy() {
    let world = good("extends = \"ideal\"\ntaskStart = \"3s\"\n");
    assert!(world.ideal && world.regions.contains_key("b"));
    assert_eq!(world.task_start, Dist::constant(3.0));
    assert_eq!(lacks(&world, &["a", "b"]), Vec::new());
}

#[test]
fn what_a_world_lacks_is_said_with_the_way_out() {
    let world = good("regions.a = { githubRtt = 0.1, rtt = { us-east-1 = \"9ms\" } }");
    assert!((world.regions["us-east-1"].rtt["a"] - 0.009).abs() < 1e-12, "the way back is as long");
    let lacks = lacks(&world, &["a", "us-east-1", "eu-west-1", "mars-1"]);
    assert_eq!(lacks.len(), 2, "{lacks:?}");
    assert!(
        lacks[0].0.contains("`mars-1` of the policy is not in the world `aws`") && lacks[0].1.contains("sa-east-1")
    );
    assert!(lacks[1].0.contains("between `a` and `eu-west-1`"));
}

#[test]
fn distributions_of_every_kind_are_read() {
    let read = |text: &str| good(&format!("taskStart = {text}")).task_start;
    let dist = |dist: Result<Dist, _>| dist.expect("good");
    assert_eq!(read("4"), Dist::constant(4.0));
    assert_eq!(read("\"1m\""), Dist::constant(60.0));
    assert_eq!(read("{ dist = \"constant\", value = \"1m\" }"), Dist::constant(60.0));
    assert_eq!(read("{ dist = \"uniform\", from = 1, to = \"2s\" }"), dist(Dist::uniform(1.0, 2.0)));
    assert_eq!(read("{ dist = \"exponential\", mean = 5 }"), dist(Dist::exponential(5.0)));
    assert_eq!(read("{ dist = \"lognormal\", median = 4, p90 = 16 }"), dist(Dist::lognormal_p90(4.0, 16.0)));
    assert_eq!(read("{ dist = \"lognormal\", median = 4, p99 = 16 }"), dist(Dist::lognormal_p99(4.0, 16.0)));
    assert_eq!(read("{ dist = \"lognormal\", median = 4, sigma = 0.5 }"), dist(Dist::lognormal(4.0, 0.5)));
    assert_eq!(read("{ dist = \"gamma\", mean = 4, cv = 0.5 }"), dist(Dist::gamma(4.0, 0.5)));
    assert_eq!(read("{ dist = \"gamma\", shape = 4, scale = 3 }"), dist(Dist::gamma(12.0, 0.5)));
    let table = read("{ dist = \"empirical\", quantiles = [[0, \"1s\"], [0.5, 2], [1, 9]] }");
    assert_eq!(table, dist(Dist::empirical(vec![(0.0, 1.0), (0.5, 2.0), (1.0, 9.0)])));
    let parts =
        "[{ weight = 1, dist = \"constant\", value = 1 }, { weight = 2, dist = \"exponential\", mean = 2, max = 3 }]";
    let capped = dist(Dist::exponential(2.0).and_then(|dist| dist.with_max(3.0)));
    let mixed = dist(Dist::mixture(vec![(1.0, Dist::constant(1.0)), (2.0, capped)]));
    assert_eq!(read(&format!("{{ dist = \"mixture\", parts = {parts} }}")), mixed);
    let bounded = dist(Dist::exponential(5.0).and_then(|dist| dist.with_min(1.0)?.with_max(8.0)));
    assert_eq!(read("{ dist = \"exponential\", mean = 5, min = 1, max = \"8s\" }"), bounded);
}

#[test]
fn bad_distributions_are_refused() {
    bad("taskStart = @-1", "at least 0");
    bad("taskStart = @true", "a duration such as");
    bad("networkNoise = @\"1s\"", "a number");
    bad("taskStart = @{ value = 3 }", "missing `dist`");
    bad("taskStart = { dist = @\"lognornal\", median = 3 }", "did you mean `lognormal`?");
    bad("taskStart = @{ dist = \"lognormal\", median = 3 }", "give one of `p90`, `p99` and `sigma`");
    bad("taskStart = @{ dist = \"lognormal\", median = 3, p90 = 4, p99 = 5 }", "two spreads");
    bad("taskStart = { dist = \"lognormal\", median = 3, p90 = @2 }", "below the median");
    bad("taskStart = { dist = \"lognormal\", median = @0, p90 = 2 }", "above 0");
    bad("taskStart = { dist = \"lognormal\", @media = 1, median = 1, p90 = 2 }", "did you mean");
    bad("taskStart = { dist = \"uniform\", from = @3, to = 2 }", "at most `to`");
    bad("taskStart = { dist = \"exponential\", mean = 3, min = @9, max = 2 }", "at most `max`");
    bad("taskStart = @{ dist = \"gamma\", mean = 3, shape = 2 }", "`mean` and `cv`, or `shape` and `scale`");
    bad("taskStart = @{ dist = \"gamma\", mean = 3, cv = 100000 }", "cv");
    bad("taskStart = { dist = \"empirical\", quantiles = @[] }", "0 of at least 1");
    bad("taskStart = { dist = \"empirical\", quantiles = [@[1, 2, 3]] }", "a pair");
    bad("taskStart = @{ dist = \"empirical\", quantiles = [[0.5, 2], [0.4, 3]] }", "ascend");
    bad("taskStart = { dist = \"mixture\", parts = @[] }", "0 of at least 1");
    bad("taskStart = { dist = \"mixture\", parts = [{ weight = @0, dist = \"constant\", value = 1 }] }", "above 0");
    bad("taskStart = { dist = \"mixture\", parts = [@{ dist = \"constant\", value = 1 }] }", "missing `weight`");
}

#[test]
fn bad_parameters_are_refused() {
    bad("@taskstart = 3", "did you mean `taskStart`?");
    bad("extends = @\"awss\"", "did you mean `aws`?");
    bad("localRtt = @\"-1ms\"", "must not be negative");
    bad("unbilledStart = @1.5", "from 0 to 1");
    bad("launchRate = @0", "above 0");
    bad("launchRate = @\"unlimitted\"", "a number, or one of: unlimited");
    bad("maxReceives = @0", "at least 1");
    bad("[cache]\nlocalGbPerSecond = @0", "above 0");
    bad("[regions.us-east-1.prices]\nvcpuHour = @-1", "at least 0");
    bad("[regions.us-east-1]\nrtt = { eu-west-1 = @\"fast\" }", "a duration");
    bad("[regions.us-east-1]\n@price = 3", "did you mean `prices`?");
}

#[test]
fn queues_are_in_a_region_of_the_policy_or_each_in_its_own() {
    let world = |text: &str| {
        let source = Source::new("w.toml", text);
        read(&source, &REGIONS).unwrap_or_else(|problems| panic!("{problems}"))
    };
    assert_eq!(world("queuesIn = \"own\"").queues_in, None);
    assert_eq!(lacks(&world("queuesIn = \"eu-west-1\""), &REGIONS), Vec::new());
    let (message, help) = lacks(&world("queuesIn = \"af-south-1\""), &REGIONS).remove(0);
    assert!(
        message.contains("queues in `af-south-1`") && help.contains("`own`, or one of us-east-1"),
        "{message} {help}"
    );
}
