//! Whole runs: jobs a second of the core and the world together, journal and decisions off. Knows scenarios; must not
//! know their insides.
#![allow(clippy::print_stdout, missing_docs, reason = "a benchmark prints its results")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rayon::prelude::*;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tidegate_sim::experiment::order_regions;
use tidegate_sim::run::{Keep, frame, run};
use tidegate_sim::scenario::Scenario;
use tidegate_sim::scenario::file::{Overrides, read};

fn scenario(name: &str) -> Scenario {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(name);
    let mut scenario = read(&path, Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
    order_regions(&mut scenario);
    scenario
}

fn jobs(scenario: &Scenario) -> u64 {
    let frame = frame(scenario, false);
    let outcome = run(scenario, scenario.seed, &frame, Keep::default());
    outcome.measures.counts().all().find(|(name, _)| *name == "jobsQueued").map_or(0, |(_, count)| count as u64)
}

fn whole_runs(c: &mut Criterion) {
    let mut group = c.benchmark_group("run");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    for name in ["three-regions", "home-region-outage"] {
        let scenario = scenario(&format!("{name}.toml"));
        let frame = frame(&scenario, false);
        let jobs = jobs(&scenario);
        group.throughput(Throughput::Elements(jobs));
        group.bench_function(name, |b| {
            b.iter_batched(Keep::default, |keep| black_box(run(&scenario, 1, &frame, keep)), BatchSize::PerIteration);
        });
        let began = Instant::now();
        let outcome = run(&scenario, 1, &frame, Keep::default());
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "{name}: {jobs} jobs, {:.1} events a job, {:.0} jobs a second, {:.0} events a second",
            outcome.events as f64 / jobs as f64,
            jobs as f64 / seconds,
            outcome.events as f64 / seconds,
        );
    }
    group.finish();
}

/// Eight runs on two threads beside eight on one, taken in turn, for the machine's speed drifts.
fn two_threads(_: &mut Criterion) {
    let scenario = scenario("three-regions.toml");
    let frame = frame(&scenario, false);
    let eight = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
        let began = Instant::now();
        let runs = || (1..=8u64).into_par_iter().map(|seed| run(&scenario, seed, &frame, Keep::default()).events).sum();
        let events: u64 = pool.install(runs);
        black_box(events);
        began.elapsed().as_secs_f64()
    };
    let mut ratios: Vec<f64> = (0..3).map(|_| eight(2) / eight(1)).collect();
    ratios.sort_by(f64::total_cmp);
    println!("8 runs on 2 threads take {:.2} of the time of 8 runs on 1 (goal: 0.55)", ratios[1]);
}

criterion_group!(benches, whole_runs, two_threads);
criterion_main!(benches);
