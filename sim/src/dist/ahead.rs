//! Numbers of one distribution, drawn some at a time. Knows when to draw; must not know what is drawn.

use super::Dist;
use crate::rng::Rng;
use tidegate_core::Span;

/// Numbers drawn at a time: with their count they fill two lines of memory.
const MANY: usize = 15;

/// A distribution with a stream of its own. Gives the numbers that [`Dist::sample`] would draw from that stream, in their order:
/// only earlier, for a number drawn alone has to wait for the tables and the code that it takes to draw it.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Ahead {
    used: usize,
    drawn: [f64; MANY],
    dist: Dist,
    rng: Rng,
}

impl Ahead {
    pub(crate) const fn new(dist: Dist, rng: Rng) -> Self {
        Self { used: MANY, drawn: [0.0; MANY], dist, rng }
    }

    /// The next number.
    #[inline]
    pub(crate) fn next(&mut self) -> f64 {
        if self.used == MANY {
            self.draw();
        }
        let number = self.drawn[self.used];
        self.used += 1;
        number
    }

    /// The next number as a length of time: seconds, and 0 for what is below 0.
    #[inline]
    pub(crate) fn span(&mut self) -> Span {
        Span::from_secs_f64(self.next())
    }

    #[inline(never)]
    fn draw(&mut self) {
        self.dist.fill(&mut self.rng, &mut self.drawn);
        self.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::rand_core::SeedableRng;

    #[test]
    fn the_numbers_are_those_of_the_stream_in_their_order() {
        let lognormal = Dist::lognormal(2.0, 0.7).unwrap();
        let dists = [
            Dist::constant(3.0),
            Dist::exponential(2.0).unwrap(),
            lognormal.clone(),
            lognormal.clone().with_min(1.9).unwrap().with_max(2.5).unwrap(),
            Dist::lognormal(1.0, 20.0).unwrap(), // too wide for the short way
            Dist::mixture(vec![(1.0, lognormal), (2.0, Dist::constant(5.0))]).unwrap(),
        ];
        for dist in dists {
            let mut rng = Rng::seed_from_u64(7);
            let mut ahead = Ahead::new(dist.clone(), rng.clone());
            for n in 0..1_000 {
                let wanted = dist.sample(&mut rng);
                if n % 2 == 0 {
                    assert_eq!(ahead.next().to_bits(), wanted.to_bits(), "{dist:?}, number {n}");
                } else {
                    assert_eq!(ahead.span(), Span::from_secs_f64(wanted), "{dist:?}, number {n}");
                }
            }
        }
    }
}
