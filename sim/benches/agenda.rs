//! How long the agenda takes for one event, beside a binary heap. Knows both queues; must not know how either works.
//!
//! `cargo bench -p tidegate-sim --bench agenda` measures each case with criterion, then both queues in turns in every
//! case, and prints the ratios beside their targets. Only a ratio from turns in one process says anything on a machine
//! that others use as well.

#![allow(clippy::print_stdout, missing_docs)] // the table is for a person; criterion's macros write public functions

use criterion::{Criterion, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng};
use rand_distr::Exp1;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::{Duration, Instant};
use tidegate_core::time::{Span, Timestamp};
use tidegate_sim::agenda::Agenda;

/// A payload of the size of the simulator's events.
type Event = [u64; 4];

trait Queue {
    fn new() -> Self;
    fn schedule(&mut self, at: Timestamp, event: Event);
    fn pop(&mut self) -> (Timestamp, Event);
}

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

/// The usual agenda: ordered by time, then by number of arrival. The event is never compared.
struct Heap {
    heap: BinaryHeap<Reverse<(Timestamp, u64, Event)>>,
    arrivals: u64,
}

impl Queue for Heap {
    fn new() -> Self {
        Self { heap: BinaryHeap::new(), arrivals: 0 }
    }

    #[inline]
    fn schedule(&mut self, at: Timestamp, event: Event) {
        self.arrivals += 1;
        self.heap.push(Reverse((at, self.arrivals, event)));
    }

    #[inline]
    fn pop(&mut self) -> (Timestamp, Event) {
        let Reverse((at, _, event)) = self.heap.pop().expect("as many events are scheduled as popped");
        (at, event)
    }
}

/// What delays events are scheduled with.
#[derive(Clone, Copy)]
enum Pattern {
    /// Exponential, one second in the mean: the hold model.
    Exponential,
    /// Many at once, many in a tenth of a second, some timers of thirty seconds, a few in a month.
    Bimodal,
    /// All events at the same instants, one second apart.
    Crowd,
}

impl Pattern {
    fn delay(self, rng: &mut Xoshiro256PlusPlus) -> Span {
        let exponential = |rng: &mut Xoshiro256PlusPlus, mean: f64| Span((rng.sample::<f64, _>(Exp1) * mean) as u64);
        match self {
            Self::Exponential => exponential(rng, 1e6),
            Self::Bimodal => match rng.random_range(0..100) {
                0..40 => Span::ZERO,
                40..90 => exponential(rng, 1e5),
                90..99 => Span::from_secs(30),
                _ => Span::from_hours(30 * 24),
            },
            Self::Crowd => Span::from_secs(1),
        }
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

/// A queue in use: what is popped is scheduled again.
struct Run<Q> {
    queue: Q,
    rng: Xoshiro256PlusPlus,
    pattern: Pattern,
}

impl<Q: Queue> Run<Q> {
    /// Fills the queue and uses it until nothing is left of how it was filled.
    fn new(case: &Case) -> Self {
        let mut run = Self { queue: Q::new(), rng: Xoshiro256PlusPlus::seed_from_u64(1), pattern: case.pattern };
        for n in 0..case.pending {
            let delay = run.pattern.delay(&mut run.rng);
            run.queue.schedule(Timestamp::ZERO + delay, [n; 4]);
        }
        run.steps(3 * case.pending + 10_000);
        run
    }

    #[inline]
    fn step(&mut self) -> u64 {
        let (now, [first, ..]) = self.queue.pop();
        let delay = self.pattern.delay(&mut self.rng);
        self.queue.schedule(now + delay, [first, now.0, delay.0, 0]);
        first
    }

    fn steps(&mut self, count: u64) -> Duration {
        let start = Instant::now();
        for _ in 0..count {
            black_box(self.step());
        }
        start.elapsed()
    }
}

fn measure<Q: Queue>(criterion: &mut Criterion, case: &Case, queue: &str) {
    let mut run = None; // made only when the filter on the command line lets the case pass
    criterion.benchmark_group(case.name).bench_function(queue, |bencher| {
        let run = run.get_or_insert_with(|| Run::<Q>::new(case));
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
    let (mut agenda, mut heap) = (Run::<Agenda<Event>>::new(case), Run::<Heap>::new(case));
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
