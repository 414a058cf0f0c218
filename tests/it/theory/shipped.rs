//! The shipped scenarios in `scenarios/theory`, as they are, each against its exact result. Knows their names; what they
//! hold is read from them.

use super::campaign::{RUNS, Verdict, each_run};
use super::cases::{Queue, Service, read_shipped};
use super::{exact, fewest, loss};
use tidegate_reports::fold::times::Timed;
use tidegate_tests::house;

const EXPONENTIAL: Service = Service::Exponential;

/// What each file promises in its name.
const WAITING: [(&str, Queue); 5] = [
    ("mg1-lognormal-load-70.toml", Queue { servers: 1, load: 0.7, service: Service::Lognormal(1.0) }),
    ("mm1-load-50.toml", Queue { servers: 1, load: 0.5, service: EXPONENTIAL }),
    ("mmc-100-load-85.toml", Queue { servers: 100, load: 0.85, service: EXPONENTIAL }),
    ("mmc-17-load-90.toml", Queue { servers: 17, load: 0.9, service: EXPONENTIAL }),
    ("mmc-2-load-80.toml", Queue { servers: 2, load: 0.8, service: EXPONENTIAL }),
];

const LOSS: &str = "erlang-b-17.toml";

#[test]
fn every_shipped_file_is_held_against_theory() {
    let mut names: Vec<&str> = WAITING.iter().map(|(name, _)| *name).chain([LOSS, fewest::NAME]).collect();
    names.sort_unstable();
    let found = house::walk(&house::root().join("scenarios/theory"));
    let mut found: Vec<String> = found.iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect();
    found.sort_unstable();
    assert_eq!(found, names);
}

#[test]
fn shipped_queues_wait_as_long_as_the_textbook_s() {
    for (name, queue) in WAITING {
        let scenario = read_shipped(name);
        assert_eq!(u64::from(scenario.runs), RUNS, "{name}");
        let about = format!("{:.3}", queue.wait()).trim_end_matches('0').trim_end_matches('.').to_owned();
        assert!(scenario.about.contains(&about), "{name} says {:?}, and exact is {about} s", scenario.about);
        let runs = each_run(&scenario, scenario.seed, |run| [run.times().all(Timed::QueueWait).mean().expect("jobs")]);
        let values: Vec<f64> = runs.iter().map(|run| run[0]).collect();
        near(&Verdict::new(name.to_owned(), queue.wait(), &values));
    }
}

#[test]
fn the_shipped_loss_system_spills_as_much_as_erlang_says() {
    let scenario = read_shipped(LOSS);
    let runs = each_run(&scenario, scenario.seed, |run| [loss::share(&scenario.policy, run)]);
    let values: Vec<f64> = runs.iter().map(|run| run[0]).collect();
    let every = scenario.policy.failover.probe_every.as_secs_f64() / 3_600.0;
    near(&Verdict::new(LOSS.to_owned(), exact::spilled(17, 14.0, every), &values));
}

/// One case alone may lie outside of its interval, once in twenty; not by as much again.
fn near(verdict: &Verdict) {
    assert!(verdict.off().abs() < 2.0, "{verdict:?}");
}
