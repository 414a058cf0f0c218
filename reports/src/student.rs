//! Student's interval at any confidence: what is corrected for many comparisons needs more than 95 %. Knows statistics; must
//! not know what was measured or compared.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

/// A mean over runs with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Values.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their variance, with `count - 1` in the denominator; 0 where they agree to the last bit.
    pub variance: f64,
}

impl Spread {
    /// Of some values; `None` of fewer than two, which have no spread.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.len() < 2 {
            return None;
        }
        let count = values.len() as f64;
        let agree = values.iter().all(|value| *value == values[0]);
        let mean = if agree { values[0] } else { values.iter().sum::<f64>() / count };
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Some(Self { count: values.len(), mean, variance })
    }

    /// The end of an interval on one side, which the true mean is beyond with a chance of `risk` at the most, for values
    /// that are normal: `sign` is -1 for the lower end and 1 for the upper.
    ///
    /// # Panics
    /// When the risk is not above 0 and below a half.
    #[must_use]
    pub fn end(&self, sign: f64, risk: f64) -> f64 {
        let t = student_above(self.count as u32 - 1, risk);
        sign.mul_add(t * (self.variance / self.count as f64).sqrt(), self.mean)
    }
}

/// The value that Student's t with that many degrees of freedom exceeds with a chance of `risk`.
///
/// The distribution function has closed forms for whole degrees of freedom in the angle `atan(t / sqrt(degrees))`, and grows
/// with it, so that halving finds the angle. The chance above is summed as the complement of the chance within, so that risks
/// below 1e-12 cannot be told apart; a correction for a thousand candidates is far from that.
///
/// # Panics
/// Without a degree of freedom, or when the risk is not above 1e-12 and below a half.
#[must_use]
pub fn student_above(degrees: u32, risk: f64) -> f64 {
    assert!(degrees > 0, "one value has no spread");
    assert!(1e-12 < risk && risk < 0.5, "a risk of {risk}");
    let (mut low, mut high) = (0.0, FRAC_PI_2);
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if 1.0 - within(middle, degrees) > 2.0 * risk {
            low = middle;
        } else {
            high = middle;
        }
    }
    low.tan() * f64::from(degrees).sqrt()
}

/// The chance that |t| is at most `sqrt(degrees) * tan(angle)`: Abramowitz and Stegun, Handbook of Mathematical Functions,
/// 26.7.3 and 26.7.4.
fn within(angle: f64, degrees: u32) -> f64 {
    let (sin, cos) = angle.sin_cos();
    let odd = degrees % 2 == 1;
    // Odd: cos + 2/3 cos^3 + (2 4)/(3 5) cos^5 ...; even: 1 + 1/2 cos^2 + (1 3)/(2 4) cos^4 ...; up to cos^(degrees - 2).
    let (mut term, mut power) = if odd { (cos, 1) } else { (1.0, 0) };
    let mut series = 0.0;
    while power + 2 <= degrees {
        series += term;
        power += 2;
        term *= cos * cos * f64::from(power - 1) / f64::from(power);
    }
    if odd { FRAC_2_PI * (angle + sin * series) } else { sin * series }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::estimate;

    /// Upper critical values, as in any table: NIST/SEMATECH e-Handbook, 1.3.6.7.2.
    const TABLE: [(u32, f64, f64); 10] = [
        (1, 0.10, 3.078),
        (1, 0.001, 318.313),
        (4, 0.05, 2.132),
        (9, 0.05, 1.833),
        (9, 0.025, 2.262),
        (9, 0.001, 4.297),
        (19, 0.01, 2.539),
        (19, 0.001, 3.579),
        (29, 0.005, 2.756),
        (100, 0.001, 3.174),
    ];

    #[test]
    fn quantiles_are_those_of_the_table() {
        for (degrees, risk, expected) in TABLE {
            let found = student_above(degrees, risk);
            assert!((found / expected - 1.0).abs() < 3e-4, "{degrees}, {risk}: {found}, not {expected}");
        }
    }

    #[test]
    fn at_95_percent_the_interval_is_that_of_every_report() {
        let values = [2.0, 4.0, 6.0, 7.0];
        let (spread, usual) = (Spread::of(&values).expect("four"), estimate(&values));
        for (sign, end) in [(-1.0, usual.low), (1.0, usual.high)] {
            assert!((spread.end(sign, 0.025) - end.expect("an interval")).abs() < 1e-9);
        }
        let agree = Spread::of(&[0.1; 7]).expect("seven");
        assert_eq!((agree.end(1.0, 1e-6), agree.variance), (0.1, 0.0), "no width where all agree");
        assert_eq!(Spread::of(&[1.0]), None);
    }
}
