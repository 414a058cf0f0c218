//! The exponential function, written out. Knows arithmetic; must not know what is drawn.
//!
//! It is asked for most times of a world, and a call of the C library's between the normal number and the rounding shows in a profile.
//! That one also takes another way where the processor has fused multiplication, and this one gives the same bits everywhere. (What
//! is made once, the parameters of a distribution, and rare cases of `rand_distr` still ask the library.)
//! The way is the usual one (P. T. P. Tang, "Table-driven implementation of the exponential function", ACM TOMS 15, 1989):
//! x = (64 k + j) ln 2 / 64 + r, and e^x = 2^k · 2^(j/64) · e^r with a short polynomial for the last.

/// Parts of a doubling in the table.
const PARTS: usize = 64;
/// Beyond this and its negative e^x is left to the library: no time of a world is that long or that short.
pub(super) const FAR: f64 = 700.0;
const LN_2: f64 = std::f64::consts::LN_2;
/// ln 2 / 64 without its last 28 bits: times a whole number below 2^17 it is exact.
const STEP_HIGH: f64 = f64::from_bits((LN_2 / 64.0).to_bits() & !0x0FFF_FFFF);
/// And what is missing of it: ln 2 less its nearest float is 2.319e-17 (its digits beyond those of a float).
const STEP_LOW: f64 = (LN_2 / 64.0 - STEP_HIGH) + 2.319_046_813_846_299_6e-17 / 64.0;
/// Added and taken away again it leaves the nearest whole number, and that number is in the lowest bits of the sum.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// 2^(j/64).
static POWERS: [f64; PARTS] = powers();

/// e to the power of `x`, to two units in the last place.
#[inline(always)]
pub(super) fn exp(x: f64) -> f64 {
    if x.abs() < FAR { near(x) } else { far(x) }
}

/// The same for an `x` nearer to 0 than [`FAR`].
#[inline(always)]
pub(super) fn near(x: f64) -> f64 {
    let sum = x * (64.0 / LN_2) + ROUND;
    let whole = sum - ROUND;
    let bits = sum.to_bits() as i64;
    let r = (x - whole * STEP_HIGH) - whole * STEP_LOW;
    let r2 = r * r;
    // e^r - 1 for |r| up to 0.0055: the first term left out is below 4e-17.
    let p = (r + r2 * (0.5 + r * (1.0 / 6.0))) + r2 * r2 * (1.0 / 24.0 + r * (1.0 / 120.0));
    let power = POWERS[bits as usize % PARTS];
    // The whole doublings go to the exponent.
    let power = f64::from_bits(power.to_bits().wrapping_add(((bits >> 6) << 52) as u64));
    power + power * p
}

/// And of what is no number.
#[cold]
#[inline(never)]
fn far(x: f64) -> f64 {
    x.exp()
}

const fn powers() -> [f64; PARTS] {
    let mut powers = [1.0; PARTS];
    let mut j = 1;
    while j < PARTS {
        // The series from its end: each term is added to what is smaller.
        let x = LN_2 * (j as f64) / (PARTS as f64);
        let mut sum = 1.0;
        let mut n = 24;
        while n > 0 {
            sum = 1.0 + sum * x / (n as f64);
            n -= 1;
        }
        powers[j] = sum;
        j += 1;
    }
    powers
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    /// Units in the last place between two numbers of one sign.
    fn apart(a: f64, b: f64) -> u64 {
        a.to_bits().abs_diff(b.to_bits())
    }

    #[test]
    fn it_is_the_librarys_to_two_units_in_the_last_place() {
        let mut rng = crate::rng::Rng::seed_from_u64(7);
        for reach in [1e-9, 0.01, 1.0, 20.0, 699.9] {
            for _ in 0..200_000 {
                let x = (rng.random::<f64>() * 2.0 - 1.0) * reach;
                assert!(apart(exp(x), x.exp()) <= 2, "{x}: {} and {}", exp(x), x.exp());
            }
        }
    }

    #[test]
    fn nothing_jumps_where_the_next_entry_of_the_table_takes_over() {
        for step in -64_000_i32..64_000 {
            let seam = (f64::from(step) + 0.5) * (LN_2 / 64.0);
            let (below, above) = (exp(seam.next_down()), exp(seam.next_up()));
            // Two steps of x are so many steps of what comes of it, and two more for either's error.
            let steps = 2.0 * seam.abs().next_up() * f64::EPSILON * above / (above.next_up() - above);
            assert!(apart(below, above) <= 4 + steps as u64, "{seam}: {below} and {above}");
        }
    }

    #[test]
    fn known_values_and_the_ends() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(1.0), std::f64::consts::E);
        assert_eq!((exp(-800.0), exp(800.0), exp(f64::NEG_INFINITY)), (0.0, f64::INFINITY, 0.0));
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn its_bits_are_the_same_on_every_machine() {
        // As the same steps give them in Python.
        let bits = (-6_990..=6_990).map(|n| exp(f64::from(n) / 10.0).to_bits());
        assert_eq!(bits.fold(0, |all, bits| tidegate_core::map::mix(all ^ bits)), 0x589E_4E7D_6B5E_73E9);
    }
}
