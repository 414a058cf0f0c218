//! Tests of the agenda against an ordered map. Know the promised order and memory; must not know how it is reached.

use super::Agenda;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_distr::Exp1;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::BTreeMap;
use tidegate_core::time::{Span, Timestamp};

/// An agenda beside a map that orders by time and number of arrival. Every step is checked.
struct Pair {
    agenda: Agenda<u64>,
    map: BTreeMap<(Timestamp, u64), u64>,
    arrivals: u64,
}

impl Pair {
    fn new(start: Timestamp) -> Self {
        Self { agenda: Agenda::new(start), map: BTreeMap::new(), arrivals: 0 }
    }

    fn schedule(&mut self, delay: u64) {
        let at = self.agenda.now() + Span(delay);
        self.agenda.schedule(at, self.arrivals);
        self.map.insert((at, self.arrivals), self.arrivals);
        self.arrivals += 1;
    }

    /// Pops from both; false when both are empty.
    fn pop(&mut self) -> bool {
        let expected = self.map.pop_first().map(|((at, _), event)| (at, event));
        let popped = self.agenda.pop();
        assert_eq!(popped, expected);
        assert!(popped.is_none_or(|(at, _)| at == self.agenda.now()));
        assert_eq!((self.agenda.len(), self.agenda.is_empty()), (self.map.len(), self.map.is_empty()));
        popped.is_some()
    }

    fn peek(&mut self) {
        assert_eq!(self.agenda.peek_time(), self.map.first_key_value().map(|((at, _), _)| *at));
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// So many events after the same delay.
    Same(usize, u64),
    /// So many events after delays in a range of so many bits, from a seed.
    Spread(usize, u32, u64),
    /// So many pops, each followed by as many events as the second number says, after delays of up to so many bits.
    Run(usize, usize, u32, u64),
    Peek,
}

fn step() -> impl Strategy<Value = Step> {
    let delay = prop_oneof![
        3 => Just(0),
        3 => 0..3u64,
        3 => 0..100_000u64,
        1 => (0..64u32).prop_map(|bit| 1 << bit),
        1 => any::<u64>(),
        1 => Just(u64::MAX),
    ];
    let bits = prop_oneof![3 => 0..30u32, 1 => 0..64u32];
    prop_oneof![
        4 => (1..4usize, delay.clone()).prop_map(|(n, delay)| Step::Same(n, delay)),
        1 => (1..600usize, delay).prop_map(|(n, delay)| Step::Same(n, delay)),
        2 => (1..600usize, bits.clone(), any::<u64>()).prop_map(|(n, bits, seed)| Step::Spread(n, bits, seed)),
        4 => (1..600usize, 0..3usize, bits, any::<u64>()).prop_map(|(n, m, bits, seed)| Step::Run(n, m, bits, seed)),
        2 => Just(Step::Peek),
    ]
}

fn start() -> impl Strategy<Value = u64> {
    let epoch = 1_795_564_800_000_000;
    prop_oneof![Just(0), Just(epoch), any::<u64>(), u64::MAX - 1_000_000..=u64::MAX]
}

/// A delay below two to the power of `bits`; one in five is none at all.
fn below(rng: &mut Xoshiro256PlusPlus, bits: u32) -> u64 {
    if rng.random_range(0..5) == 0 { 0 } else { rng.random::<u64>() & ((1 << bits) - 1) }
}

fn take(pair: &mut Pair, step: &Step) {
    match *step {
        Step::Same(count, delay) => (0..count).for_each(|_| pair.schedule(delay)),
        Step::Spread(count, bits, seed) => {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            (0..count).for_each(|_| pair.schedule(below(&mut rng, bits)));
        }
        Step::Run(pops, each, bits, seed) => {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            for _ in 0..pops {
                if !pair.pop() {
                    break;
                }
                (0..each).for_each(|_| pair.schedule(below(&mut rng, bits)));
            }
        }
        Step::Peek => pair.peek(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_interleaving_comes_out_as_from_an_ordered_map(start in start(), steps in prop::collection::vec(step(), 1..40)) {
        let mut pair = Pair::new(Timestamp(start));
        for step in &steps {
            take(&mut pair, step);
        }
        while pair.pop() {
            pair.peek();
        }
    }
}

#[test]
fn the_hold_model_comes_out_as_from_an_ordered_map() {
    for (pending, mean) in [(1, 1e6), (3, 1e3), (40, 0.5), (100, 1e6), (3_000, 10.0), (3_000, 1e9), (30_000, 1e5)] {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut delay = || (rng.sample::<f64, _>(Exp1) * mean) as u64;
        let mut pair = Pair::new(Timestamp::ZERO);
        (0..pending).for_each(|_| pair.schedule(delay()));
        for _ in 0..2 * pending + 5_000 {
            assert!(pair.pop());
            pair.schedule(delay());
        }
        assert_eq!(pair.agenda.len(), pending);
    }
}

#[test]
fn events_without_delay_wait_behind_those_of_the_same_time() {
    for crowd in [1, 10, 100, 1_000, 10_000] {
        let mut agenda = Agenda::new(Timestamp::ZERO);
        (0..crowd).for_each(|n| agenda.schedule(Timestamp(1_000_000), n));
        agenda.schedule(Timestamp(1_000_001), u64::MAX);
        // Each event of the crowd schedules one more for the same time.
        for expected in 0..2 * crowd {
            assert_eq!(agenda.pop(), Some((Timestamp(1_000_000), expected)), "in a crowd of {crowd}");
            if expected < crowd {
                agenda.schedule(agenda.now(), crowd + expected);
            }
        }
        assert_eq!(agenda.pop(), Some((Timestamp(1_000_001), u64::MAX)));
        assert_eq!(agenda.pop(), None);
    }
}

#[test]
fn a_peek_changes_nothing() {
    let mut agenda = Agenda::new(Timestamp::ZERO);
    (0..1_000).for_each(|n| agenda.schedule(Timestamp(3_600_000_000 + n), n));
    assert_eq!(agenda.peek_time(), Some(Timestamp(3_600_000_000)));
    assert_eq!(agenda.now(), Timestamp::ZERO);
    agenda.schedule(Timestamp(7), 7);
    assert_eq!(agenda.peek_time(), Some(Timestamp(7)));
    assert_eq!(agenda.pop(), Some((Timestamp(7), 7)));
}

#[test]
#[should_panic(expected = "no wake in the past")]
fn the_past_is_refused() {
    let mut agenda = Agenda::new(Timestamp(10));
    agenda.schedule(Timestamp(12), ());
    assert_eq!(agenda.pop(), Some((Timestamp(12), ())));
    agenda.schedule(Timestamp(11), ());
}

#[test]
fn memory_follows_the_pending_events() {
    const MANY: usize = 300_000;
    const FEW: usize = 100;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut agenda = Agenda::new(Timestamp::ZERO);
    let small = agenda.capacity();
    for round in 0..3 {
        while agenda.len() < MANY {
            // One round in three is a crowd, due at one time.
            let delay = if round == 1 { 1 << 40 } else { rng.random_range(0..1 << 30) };
            agenda.schedule(agenda.now() + Span(delay), agenda.len());
        }
        for _ in 0..2 * MANY {
            agenda.pop().expect("events are pending");
            agenda.schedule(agenda.now() + Span(rng.random_range(0..1 << 30)), 0);
            assert!(agenda.capacity() < 3 * MANY, "{} at the peak of round {round}", agenda.capacity());
        }
        while agenda.len() > FEW {
            agenda.pop().expect("events are pending");
        }
        assert!(agenda.capacity() < small + 25_000, "{} after round {round}", agenda.capacity());
    }
}

#[test]
fn memory_follows_a_crowd() {
    let mut agenda = Agenda::new(Timestamp::ZERO);
    (0..300_000).for_each(|n| agenda.schedule(Timestamp(1 << 40), n));
    while let Some((_, event)) = agenda.pop() {
        assert_eq!(event + 1 + agenda.len(), 300_000);
        assert!(agenda.capacity() < 2 * agenda.len() + 10_000, "{} for {}", agenda.capacity(), agenda.len());
    }
}
