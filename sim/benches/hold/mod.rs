//! A queue of events in use: what is popped is scheduled again, some time later; and the usual queue, a binary heap. Knows
//! times and delays; must not know whose queue it is, nor what is made of the measurements.

use rand::{RngExt, SeedableRng};
use rand_distr::Exp1;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::{Duration, Instant};
use tidegate_core::time::{Span, Timestamp};

/// A payload of the size of the simulator's events.
pub(crate) type Event = [u64; 4];

/// What a queue of events must do.
pub(crate) trait Queue {
    fn new() -> Self;
    fn schedule(&mut self, at: Timestamp, event: Event);
    fn pop(&mut self) -> (Timestamp, Event);
}

/// The usual agenda: ordered by time, then by number of arrival. The event is never compared.
pub(crate) struct Heap {
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
pub(crate) enum Pattern {
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

/// A queue in use: what is popped is scheduled again.
pub(crate) struct Run<Q> {
    queue: Q,
    rng: Xoshiro256PlusPlus,
    pattern: Pattern,
}

impl<Q: Queue> Run<Q> {
    /// Fills the queue and uses it until nothing is left of how it was filled.
    pub(crate) fn new(pending: u64, pattern: Pattern) -> Self {
        let mut run = Self { queue: Q::new(), rng: Xoshiro256PlusPlus::seed_from_u64(1), pattern };
        for n in 0..pending {
            let delay = run.pattern.delay(&mut run.rng);
            run.queue.schedule(Timestamp::ZERO + delay, [n; 4]);
        }
        run.steps(3 * pending + 10_000);
        run
    }

    #[inline]
    pub(crate) fn step(&mut self) -> u64 {
        let (now, [first, ..]) = self.queue.pop();
        let delay = self.pattern.delay(&mut self.rng);
        self.queue.schedule(now + delay, [first, now.0, delay.0, 0]);
        first
    }

    /// How long so many of them take.
    pub(crate) fn steps(&mut self, count: u64) -> Duration {
        let start = Instant::now();
        for _ in 0..count {
            black_box(self.step());
        }
        start.elapsed()
    }
}
