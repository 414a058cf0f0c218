//! Waiting systems: M/M/1, M/M/c and M/G/1 against Erlang C and Pollaczek-Khinchine.

use super::campaign::{RUNS, Verdict, each_run, judge};
use super::cases::{Queue, Service};
use tidegate_reports::fold::times::Timed;
use tidegate_tests::long;

/// All cases. M/M/100 below a load of 0.7 is left out: fewer than one job in 10,000 waits there.
fn grid() -> Vec<Queue> {
    let loads = [0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95];
    let few = [1, 2, 17].into_iter().flat_map(|servers| loads.map(|load| (servers, load)));
    let many = [0.7, 0.75, 0.8, 0.85, 0.9, 0.95].map(|load| (100, load));
    let exponential = few.chain(many).map(|(servers, load)| Queue { servers, load, service: Service::Exponential });
    let services = [Service::Constant, Service::Lognormal(0.5), Service::Lognormal(1.0), Service::Lognormal(1.5)];
    let general =
        services.into_iter().flat_map(|service| [0.5, 0.7, 0.85].map(|load| Queue { servers: 1, load, service }));
    exponential.chain(general).collect()
}

/// How often the queue forgets its past in the measured time of a run: enough for a mean that is nearly normal.
fn length(queue: &Queue) -> (f64, f64) {
    let (memories, least) = if long() { (300.0, 20_000.0) } else { (60.0, 2_000.0) };
    // Where few jobs wait, the run must be long enough to see some hundred that do.
    let delayed = (if long() { 1_000.0 } else { 200.0 }) / queue.delayed();
    (12.0 * queue.memory(), (memories * queue.memory()).max(least).max(delayed))
}

/// The short campaign takes the cases that need few jobs.
fn taken(queue: &Queue) -> bool {
    long() || length(queue).1 <= 6_000.0
}

#[test]
fn waits_are_those_of_erlang_and_of_pollaczek_and_khinchine() {
    let rounds = if long() { 3 } else { 5 };
    let (mut waits, mut starts, mut delayed) = (Vec::new(), Vec::new(), Vec::new());
    // Every case has seeds of its own, so that the cases are independent of each other; these are the first that were
    // tried.
    let mut seed = 1;
    for round in 1..=rounds {
        for queue in grid().into_iter().filter(taken) {
            let (warm_up, jobs) = length(&queue);
            let scenario = queue.scenario(warm_up, jobs);
            let mean = |of: Option<f64>| of.expect("jobs were measured");
            let runs = each_run(&scenario, seed, |run| {
                let of = |what| mean(run.times().all(what).mean());
                [of(Timed::QueueWait), of(Timed::Start), 1.0 - mean(run.availability().share())]
            });
            seed += RUNS;
            let name = format!("{}, round {round}", queue.name());
            let verdict = |exact, at: usize| {
                let values: Vec<f64> = runs.iter().map(|run| run[at]).collect();
                Verdict::new(name.clone(), exact, &values)
            };
            waits.push(verdict(queue.wait(), 0));
            starts.push(verdict(queue.wait(), 1));
            delayed.push(verdict(queue.delayed(), 2));
        }
    }
    judge("Mean wait of a message: `queueWait`", "s", &waits);
    judge("Mean wait of a job: `start`", "s", &starts);
    judge("Share of jobs that wait at all: 1 - `availability`", "", &delayed);
}
