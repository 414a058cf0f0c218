//! Whole runs: jobs a second of the core and the world together, journal and decisions off. Knows scenarios; must not
//! know their insides.
#![allow(clippy::print_stdout, missing_docs, reason = "a benchmark prints its results")]

#[expect(dead_code, reason = "the other benchmark has more patterns")]
mod hold;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hold::{Heap, Pattern, Run};
use rayon::prelude::*;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tidegate_sim::experiment::order_regions;
use tidegate_sim::run::{Keep, frame, run};
use tidegate_sim::scenario::Scenario;
use tidegate_sim::scenario::file::{Overrides, read};

const SCENARIOS: [&str; 2] = ["three-regions", "home-region-outage"];

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

/// Whole runs and a binary heap in turns, for a speed says little on a machine that others use as well: the best and the
/// median of either, and what a job takes beside one event of the heap (the median of neighbouring turns).
///
/// The goal of 250,000 jobs a second is taken as set on a machine where that heap took 94 ns: 42.6 of its events a job.
fn beside_a_heap(_: &mut Criterion) {
    const TURNS: usize = 31;
    const STEPS: u64 = 1_000_000;
    let mut heap = Run::<Heap>::new(10_000, Pattern::Exponential);
    for name in SCENARIOS {
        let scenario = scenario(&format!("{name}.toml"));
        let frame = frame(&scenario, false);
        let jobs = jobs(&scenario) as f64;
        let mut columns = [vec![], vec![], vec![]];
        let mut events = 0;
        for _ in 0..TURNS {
            let step = heap.steps(STEPS).as_nanos() as f64 / STEPS as f64;
            let began = Instant::now();
            events = black_box(run(&scenario, 1, &frame, Keep::default())).events;
            let job = began.elapsed().as_nanos() as f64 / jobs;
            for (column, value) in columns.iter_mut().zip([step, job, job / step]) {
                column.push(value);
            }
        }
        columns.iter_mut().for_each(|column| column.sort_by(f64::total_cmp));
        let [step, job, ratio] = columns;
        println!(
            "{name}: {jobs} jobs, {:.1} events a job; jobs a second: {:.0} at best, {:.0} median; one event of a binary heap of \
             10,000: {:.0} ns at best, {:.0} median; a job takes {:.1} of those (goal: {:.1})",
            events as f64 / jobs,
            1e9 / job[0],
            1e9 / job[TURNS / 2],
            step[0],
            step[TURNS / 2],
            ratio[TURNS / 2],
            1e9 / 250_000.0 / 94.0,
        );
    }
}

fn whole_runs(c: &mut Criterion) {
    let mut group = c.benchmark_group("run");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    for name in SCENARIOS {
        let scenario = scenario(&format!("{name}.toml"));
        let frame = frame(&scenario, false);
        let jobs = jobs(&scenario);
        group.throughput(Throughput::Elements(jobs));
        group.bench_function(name, |b| {
            b.iter_batched(Keep::default, |keep| black_box(run(&scenario, 1, &frame, keep)), BatchSize::PerIteration);
        });
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

criterion_group!(benches, whole_runs, beside_a_heap, two_threads);
criterion_main!(benches);
