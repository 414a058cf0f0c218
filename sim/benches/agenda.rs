//! How long the agenda takes for one event, beside a binary heap. Knows both queues; must not know how either works.
//!
//! `cargo bench -p tidegate-sim --bench agenda` measures each case with criterion, then both queues in turns in every
//! case, and prints the ratios beside their targets. Only a ratio from turns in one process says anything on a machine
//! that others use as well.

#![allow(clippy::print_stdout, missing_docs)] // the table is for a person; criterion's macros write public functions

mod hold;

use criterion::{Criterion, criterion_group, criterion_main};
use hold::{Event, Heap, Pattern, Queue, Run};
use std::time::Duration;
use tidegate_core::time::Timestamp;
use tidegate_sim::agenda::Agenda;

impl Queue for Agenda<Event> {
    fn new() -> Self {
        Self::new(Timestamp::ZERO)
    }

    #[inline]
    fn schedule(&mut self, at: Timestamp, event: Event) {
        self.schedule(at, event);
    }

    #[inline]
    fn pop(&mut self) -> (Timestamp, Event) {
        self.pop().expect("as many events are scheduled as popped")
    }
}

struct Case {
    name: &'static str,
    pending: u64,
    pattern: Pattern,
    /// The most that the agenda may take of the binary heap's time.
    target: Option<f64>,
}

const CASES: [Case; 5] = [
    Case { name: "hold/100", pending: 100, pattern: Pattern::Exponential, target: Some(0.9) },
    Case { name: "hold/10_000", pending: 10_000, pattern: Pattern::Exponential, target: Some(0.6) },
    Case { name: "hold/1_000_000", pending: 1_000_000, pattern: Pattern::Exponential, target: Some(0.1) },
    Case { name: "bimodal/10_000", pending: 10_000, pattern: Pattern::Bimodal, target: None },
    Case { name: "crowd/10_000", pending: 10_000, pattern: Pattern::Crowd, target: None },
];

fn measure<Q: Queue>(criterion: &mut Criterion, case: &Case, queue: &str) {
    let mut run = None; // made only when the filter on the command line lets the case pass
    criterion.benchmark_group(case.name).bench_function(queue, |bencher| {
        let run = run.get_or_insert_with(|| Run::<Q>::new(case.pending, case.pattern));
        bencher.iter(|| run.step());
    });
}

fn each_alone(criterion: &mut Criterion) {
    for case in &CASES {
        measure::<Agenda<Event>>(criterion, case, "agenda");
        measure::<Heap>(criterion, case, "binary_heap");
    }
}

/// Medians of the nanoseconds per event of the agenda and of the heap, and of the ratios of neighbouring turns.
fn in_turns(case: &Case) -> [f64; 3] {
    let (turns, steps) = if case.pending < 100_000 { (51, 50_000) } else { (21, 200_000) };
    let (mut agenda, mut heap) =
        (Run::<Agenda<Event>>::new(case.pending, case.pattern), Run::<Heap>::new(case.pending, case.pattern));
    let mut columns = [vec![], vec![], vec![]];
    for turn in 0..turns {
        // Who goes first alternates, so that a drift of the machine's speed favours neither.
        let [ours, theirs] = if turn % 2 == 0 {
            [agenda.steps(steps), heap.steps(steps)]
        } else {
            let theirs = heap.steps(steps);
            [agenda.steps(steps), theirs]
        }
        .map(|time| time.as_nanos() as f64 / steps as f64);
        for (column, value) in columns.iter_mut().zip([ours, theirs, ours / theirs]) {
            column.push(value);
        }
    }
    columns.map(|mut column: Vec<f64>| {
        column.sort_by(f64::total_cmp);
        column[column.len() / 2]
    })
}

fn table(_: &mut Criterion) {
    let given = |flag: &str| std::env::args().any(|argument| argument == flag);
    if !given("--bench") || given("--test") || given("--list") {
        return; // criterion measures nothing either
    }
    println!("{:16} {:>9} {:>12} {:>6}  target", "ns per event", "agenda", "binary heap", "ratio");
    for case in &CASES {
        let [agenda, heap, ratio] = in_turns(case);
        let verdict = match case.target {
            Some(target) if ratio <= target => format!("{target:.1}  met"),
            Some(target) => format!("{target:.1}  MISSED"),
            None => "-".into(),
        };
        println!("{:16} {agenda:9.1} {heap:12.1} {ratio:6.3}  {verdict}", case.name);
    }
}

criterion_group! {
    name = agenda;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    targets = each_alone, table
}
criterion_main!(agenda);
