//! Fleets that hold without their largest region, that more runners mend, and that none mend.

use super::super::{Silent, run};
use super::*;
use crate::scenario::file::{Overrides, read};

/// Some 25 runners are busy on average. Two regions, the larger of which is enough.
fn scenario(left: u32, objective: &str) -> Scenario {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.toml");
    let text = format!(
        r#"name = "s"
duration = "2h"
runs = 2
startWithin = "15m"
policy = {{ regions = [{{ name = "us-east-1", maxRunners = 80 }}, {{ name = "eu-west-1", maxRunners = {left} }}],
  routing = {{ default = "us-east-1" }} }}
[[load]]
organization = "o"
arrivals = {{ dist = "poisson", perHour = 60 }}
jobsPerPush = {{ dist = "constant", value = 5 }}
jobDuration = {{ dist = "constant", value = "5m" }}
[[objective]]
{objective}
"#
    );
    std::fs::write(&path, text).expect("written");
    read(&path, Overrides { runs: Some(5), ..Overrides::default() }).unwrap_or_else(|error| panic!("{error}"))
}

const AVAILABLE: &str = "measure = \"availability\"\natLeast = 0.9";

fn question(scenario: &Scenario) -> NMinusOne {
    run(scenario, Keep::default(), &Silent).report.summary.n_minus_one
}

#[test]
fn a_fleet_that_holds_needs_no_mending() {
    let found = question(&scenario(70, AVAILABLE));
    assert_eq!((found.holds, found.region.as_str()), (Some(true), "us-east-1"), "{found:?}");
    assert_eq!((found.breaks_first, found.mend), (None, None));
}

#[test]
fn the_region_that_breaks_is_named_and_so_many_runners_mend_it() {
    let scenario = scenario(12, AVAILABLE);
    let found = question(&scenario);
    assert_eq!(found.holds, Some(false), "{found:?}");
    let first = found.breaks_first.expect("12 runners for the work of 25");
    assert_eq!((first.region.as_str(), first.runs), ("eu-west-1", (5, 5)), "{first:?}");
    assert!(first.after < 1_800.0, "it is full long before the hour is over: {first:?}");
    let mend = found.mend.expect("it does not hold");
    assert!(mend.holds && mend.more.keys().eq(["eu-west-1"]) && mend.more["eu-west-1"] == mend.total, "{mend:?}");
    assert_eq!(mend.why, format!("with {} more runners in eu-west-1 it would hold", mend.total));
    // So many do, and a step fewer do not: the answer is that of the question asked anew.
    let lesser = without_largest(&scenario);
    let seeds: Vec<u64> = (1..=5).collect();
    let search = Search { lesser: &lesser, seeds: &seeds, progress: &Silent };
    assert!(holds(&search.look(mend.factor).0));
    assert!(!holds(&search.look(mend.factor / factor(1)).0));
}

#[test]
fn what_runners_cannot_mend_is_said_to_be_so() {
    let none = question(&scenario(12, "measure = \"start\"\nstat = \"p50\"\natMost = \"1s\""));
    let mend = none.mend.expect("it does not hold");
    assert_eq!((mend.holds, mend.total, mend.factor), (false, 0, MOST));
    assert_eq!(mend.why, "even 4 times the runners of the other regions do not mend it: start p50");
    let roomy = question(&scenario(400, "measure = \"start\"\nstat = \"p50\"\natMost = \"1s\""));
    assert_eq!(roomy.breaks_first, None, "nobody runs out");
    assert_eq!(
        roomy.mend.expect("it does not hold").why,
        "no other region runs out of runners, so more of them mend nothing"
    );
}

#[test]
fn the_loss_of_a_region_is_no_broken_promise_of_calm() {
    let calm = question(&scenario(70, &format!("{AVAILABLE}\n[[objective]]\nmeasure = \"phaseChanges\"\natMost = 0")));
    assert_eq!((calm.holds, calm.objectives.len()), (Some(true), 1), "{calm:?}");
}

#[test]
fn steps_grow_to_the_most() {
    assert_eq!((factor(0), factor(STEPS)), (1.0, MOST));
    assert!((factor(STEPS / 2) - 2.0).abs() < 1e-12);
}
