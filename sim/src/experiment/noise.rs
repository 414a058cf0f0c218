//! Whether a check against a baseline is fooled by noise: the same scenario with other seeds, again and again. Knows how many
//! alarms chance may raise; must not know files of summaries.

use super::Silent;
use super::batch::batch;
use crate::scenario::Scenario;
use crate::scenario::file::{Overrides, read};
use crate::scenario::setting::Setting;
use std::collections::BTreeMap;
use std::path::Path;
use tidegate_reports::regression::{Base, Change, How, Terms, compare, quantities};
use tidegate_reports::values::RunValues;

/// Two hours of two regions, the second of which takes what does not fit into the first; some 20 runners are busy.
const CHEAP: &str = r#"name = "cheap"
duration = "2h"
warmUp = "30m"
policy = { regions = [{ name = "us-east-1", maxRunners = 20 }, { name = "eu-west-1", maxRunners = 20 }],
  routing = { default = "us-east-1" } }
[[load]]
organization = "o"
arrivals = { dist = "poisson", perHour = 80 }
jobsPerPush = { dist = "lognormal", median = 2, p90 = 6, max = 20 }
jobDuration = { dist = "lognormal", median = "3m", p90 = "10m" }
[[objective]]
measure = "queueWait"
atMost = "1h"
[[objective]]
measure = "jobsLostByUs"
atMost = 0
"#;

fn cheap(settings: &[Setting]) -> Scenario {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cheap.toml");
    std::fs::write(&path, CHEAP).expect("written");
    read(&path, Overrides { settings, ..Overrides::default() }).unwrap_or_else(|error| panic!("{error}"))
}

fn runs(scenario: &Scenario, first: u64, count: u64) -> BTreeMap<u64, RunValues> {
    let seeds: Vec<u64> = (first..first + count).collect();
    batch(scenario, &seeds, None, &Silent).runs.into_iter().collect()
}

/// The regressions that a check would tell.
fn alarms(scenario: &Scenario, base: &Base, now: &BTreeMap<u64, RunValues>) -> Vec<(String, How)> {
    let of = quantities(&scenario.objectives);
    let terms = Terms { tolerance: 0.01, comparisons: of.len() };
    let compared = compare(base, now, &of, terms).into_iter();
    compared.filter(|one| one.change == Change::Regression).map(|one| (one.quantity, one.how)).collect()
}

/// How many of so many repetitions with other seeds raise an alarm against the same baseline.
fn false_alarms(scenario: &Scenario, count: u64, repetitions: u64) -> usize {
    let base = Base::of_runs(runs(scenario, 1, count));
    let fooled = |n: &u64| !alarms(scenario, &base, &runs(scenario, 1 + n * count, count)).is_empty();
    (1..=repetitions).filter(fooled).count()
}

#[test]
fn other_seeds_are_no_regression() {
    // Each is fooled once in forty times at most; as the base is the same for all, they are not independent.
    assert!(false_alarms(&cheap(&[]), 10, 20) <= 2);
}

#[test]
fn fewer_runners_are_one_with_the_same_seeds_and_with_others() {
    let scenario = cheap(&[]);
    let base = Base::of_runs(runs(&scenario, 1, 8));
    let worse = cheap(&[Setting::new("maxRunners", "8")]);
    for (first, how) in [(1, How::Paired), (101, How::Unpaired)] {
        let found = alarms(&worse, &base, &runs(&worse, first, 8));
        assert!(found.contains(&("start.p95".to_owned(), how)), "{found:?}");
    }
    let better = cheap(&[Setting::new("maxRunners", "60")]);
    assert_eq!(alarms(&better, &base, &runs(&better, 1, 8)), []);
}

/// `TIDEGATE_LONG=1`: a hundred repetitions, of a cheap scenario and of a day with an outage.
#[test]
fn a_hundred_repetitions_raise_five_false_alarms_at_the_most() {
    if std::env::var_os("TIDEGATE_LONG").is_none_or(|value| value != "1") {
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/home-region-outage.toml");
    let outage = read(&path, Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
    for (scenario, count) in [(cheap(&[]), 10), (outage, 5)] {
        let found = false_alarms(&scenario, count, 100);
        assert!(found <= 5, "{}: {found} of 100", scenario.input.name);
    }
}
