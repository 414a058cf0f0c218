//! Random numbers: one stream per purpose from one seed. Knows seeds; must not know what is drawn.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use tidegate_core::id::Name;
use tidegate_core::map::mix;

/// The generator everywhere: xoshiro256++ (Blackman and Vigna 2019), named, so that a seed means the same for ever.
pub type Rng = Xoshiro256PlusPlus;

/// The stream of a purpose. A draw from one stream never shifts another, so two policies see the same pushes,
/// durations and faults (common random numbers).
#[must_use]
pub fn stream(seed: u64, purpose: &str) -> Rng {
    Rng::seed_from_u64(mix(mix(seed) ^ Name::of(purpose).0))
}
