//! A search whose answer is exact: the fewest runners with which so many jobs start in time, by Erlang C. Knows the shipped
//! scenario and the formula; must not know how a search works.

use super::cases::{SERVICE, read_shipped, shipped};
use super::exact::erlang_c;
use tidegate_core::Span;
use tidegate_reports::values::judge_runs;
use tidegate_sim::experiment::Silent;
use tidegate_sim::experiment::batch::batch;
use tidegate_sim::experiment::tune::scenarios::{Minimized, Scenarios};
use tidegate_sim::experiment::tune::space::Axis;
use tidegate_sim::experiment::tune::{Plan, tune};
use tidegate_sim::scenario::file::{Overrides, read};
use tidegate_sim::scenario::setting::Setting;

pub(crate) const NAME: &str = "fewest-runners.toml";

/// Jobs that arrive in the mean time of one, as the scenario says.
const OFFERED: f64 = 3.0;

/// The share of jobs that start within `wait` seconds: `1 - C exp(-(c - a) t / s)`. Kleinrock, Queueing Systems I (1975),
/// problem 3.11; Cooper (1981), chapter 3, (4.11).
fn in_time(servers: u32, wait: f64) -> f64 {
    if f64::from(servers) <= OFFERED {
        return 0.0; // the queue grows for ever
    }
    1.0 - erlang_c(servers, OFFERED) * (-(f64::from(servers) - OFFERED) * wait / SERVICE).exp()
}

fn exact() -> (u32, f64) {
    let scenario = read_shipped(NAME);
    let (wait, limit) = (scenario.start_within.as_secs_f64(), scenario.objectives[0].limit);
    let fewest = (1..).find(|servers| in_time(*servers, wait) >= limit).expect("many are enough");
    (fewest, in_time(fewest, wait))
}

#[test]
fn the_shipped_queue_starts_as_many_in_time_as_erlang_says() {
    let (fewest, share) = exact();
    assert!(read_shipped(NAME).about.contains(&format!(": {fewest} runners")), "it says the answer");
    let settings = [Setting::new("maxRunners", &fewest.to_string())];
    let over = Overrides { settings: &settings, ..Overrides::default() };
    let scenario = read(&shipped(NAME), over).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(scenario.start_within, Span::from_secs(15));
    let seeds: Vec<u64> = (1..=30).collect();
    let found = judge_runs(&scenario.objectives[0], batch(&scenario, &seeds, None, &Silent).values()).estimate;
    let (value, high) = (found.value.expect("jobs"), found.high.expect("an interval"));
    assert!((value - share).abs() < 2.0 * (high - value), "{share} is exact, and {found:?} was found");
}

#[test]
fn the_fewest_runners_are_found_in_19_of_20_searches() {
    let (fewest, _) = exact();
    let found = |search: &u64| {
        // Far enough from each other that no two searches share a seed.
        let over = Overrides { seed: Some(search * 100_000), ..Overrides::default() };
        let scenario = read(&shipped(NAME), over).unwrap_or_else(|error| panic!("{error}"));
        let problem = Scenarios::new(std::slice::from_ref(&scenario), over, Minimized::MaxRunners, &Silent);
        let plan = Plan {
            axes: vec![Axis::parse("maxRunners=3..30").expect("an axis")],
            references: vec![("own policy".to_owned(), Vec::new())],
            budget: 400,
            confidence: 0.95,
            indifference: 0.01,
            runs_first: 5,
            seed: scenario.seed,
        };
        let done = tune(&problem, &plan).expect("the policy is valid");
        assert!(done.spent.iter().sum::<u64>() <= plan.budget, "{:?}", done.spent);
        let winner = done.selected.winner.map(|place| &done.selected.finalists[place]);
        winner.is_some_and(|winner| winner.cost.value == Some(f64::from(fewest)))
    };
    let right = (1..=20).filter(found).count();
    assert!(right >= 19, "{fewest} runners were found in {right} of 20 searches");
}
