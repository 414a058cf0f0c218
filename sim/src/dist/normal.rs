//! Standard normal numbers, those of `rand_distr`. Knows its ziggurat; must not know what is drawn.
//!
//! Of a hundred numbers 99 are settled by one look at a table: those are drawn here, and the generator is handed on to
//! `rand_distr` as it was for the others. Its own function does both in one, and what the rare case needs (four more words of the
//! generator's state in registers, calls of `exp` and `ln`) makes the frequent one a third slower.

use crate::rng::Rng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::rand_core::{Infallible, Rng as _, TryRng};
use std::sync::LazyLock;

/// The right edges of the layers of the ziggurat, as `rand_distr` has them, and 0.
static EDGES: LazyLock<[f64; 257]> = LazyLock::new(edges);

/// Farther from 0 than any number drawn: the tail's are 3.7 and at most -ln(2^-54) / 3.7 more.
pub(super) const FARTHEST: f64 = 40.0;

/// Draws one: the same number as from [`StandardNormal`], and the generator is left the same.
#[inline(always)]
pub(super) fn standard_normal(rng: &mut Rng) -> f64 {
    one(&EDGES, rng)
}

/// Draws as many as there is room for: those that so many calls of [`standard_normal`] would draw.
#[inline(always)]
pub(super) fn fill(rng: &mut Rng, numbers: &mut [f64]) {
    let edges = &*EDGES;
    let mut own = rng.clone();
    numbers.iter_mut().for_each(|number| *number = one(edges, &mut own));
    *rng = own;
}

#[inline(always)]
fn one(edges: &[f64; 257], rng: &mut Rng) -> f64 {
    let mut next = rng.clone();
    let bits = next.next_u64();
    let layer = usize::from(bits as u8);
    let x = half_open(bits) * edges[layer];
    if x.abs() < edges[layer + 1] {
        *rng = next;
        return x;
    }
    // A copy goes there and back, so that the generator can stay in registers.
    let mut copy = rng.clone();
    let x = beyond(&mut copy);
    *rng = copy;
    x
}

/// Beyond what the next layer covers.
#[cold]
#[inline(never)]
fn beyond(rng: &mut Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// The upper 52 bits as a number from -1 to below 1: they are the fraction of one between 2 and 4.
#[inline(always)]
fn half_open(bits: u64) -> f64 {
    f64::from_bits(bits >> 12 | 0x4000_0000_0000_0000) - 3.0
}

/// The edges cannot be asked for, but each layer tells its own: the middle of a layer is taken at once.
fn edges() -> [f64; 257] {
    let mut edges = [0.0; 257];
    for (layer, edge) in edges.iter_mut().take(256).enumerate() {
        let mut middle = Middle { layer: layer as u64, first: true };
        let half: f64 = StandardNormal.sample(&mut middle);
        *edge = half * 2.0;
    }
    edges
}

/// A generator that gives a layer and its middle, and then what lets the top layer, which is never taken at once, be taken.
struct Middle {
    layer: u64,
    first: bool,
}

impl TryRng for Middle {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| word as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let middle = 0xC000_0000_0000_0000 | self.layer;
        Ok(if std::mem::take(&mut self.first) { middle } else { u64::MAX })
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0xFF);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::rand_core::SeedableRng;

    #[test]
    fn numbers_and_generator_are_those_of_the_library_to_the_last_bit() {
        let (mut ours, mut theirs) = (Rng::seed_from_u64(7), Rng::seed_from_u64(7));
        for _ in 0..1_000_000 {
            let (a, b): (f64, f64) = (standard_normal(&mut ours), StandardNormal.sample(&mut theirs));
            assert_eq!(a.to_bits(), b.to_bits());
            assert!(a.abs() < FARTHEST);
        }
        assert_eq!(ours, theirs);
    }

    #[test]
    fn edges_fall_from_the_base_to_the_top() {
        assert!(EDGES.is_sorted_by(|a, b| a > b) && EDGES[256] == 0.0 && EDGES[255] > 0.2);
    }
}
