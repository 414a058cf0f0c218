//! Distributions of numbers, drawn from a given stream. Knows probability; must not know what is drawn.

mod ahead;
mod exp;
mod moment;
mod normal;
#[cfg(test)]
mod tests;

pub(crate) use ahead::Ahead;

use crate::rng::Rng;
use exp::exp;
use normal::standard_normal;
use rand::RngExt;
use rand_distr::{Distribution, Exp1, Gamma};
use std::sync::Arc;
use tidegate_core::Span;

/// The 90 % quantile of the standard normal distribution.
const Z90: f64 = 1.281_551_565_544_600_4;
/// The 99 % quantile of the standard normal distribution.
const Z99: f64 = 2.326_347_874_040_840_8;
/// The largest and (but for 0) the reciprocal of the smallest coefficient of variation of a gamma distribution:
/// beyond them it is a constant or a lottery, and its formulas lose their digits.
const MAX_CV: f64 = 1_000.0;
/// The most points of a quantile table and parts of a mixture.
const MAX_PARTS: usize = 100_000;

/// A distribution of numbers; times are in seconds. Cheap to clone and to draw from; a constant draws nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Dist {
    kind: Kind,
    /// Lower values become this; minus infinity: no bound.
    min: f64,
    /// Higher values become this; infinity: no bound.
    max: f64,
}

/// The shape of a distribution, with everything computed that does not change.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Constant(f64),
    Uniform {
        from: f64,
        to: f64,
    },
    Exponential {
        mean: f64,
    },
    Lognormal {
        mu: f64,
        sigma: f64,
    },
    Gamma {
        sampler: Gamma<f64>,
        shape: f64,
        scale: f64,
    },
    Empirical(Arc<[(f64, f64)]>),
    /// Cumulative weights, the last of them 1.
    Mixture(Arc<[(f64, Dist)]>),
}

impl Kind {
    /// Draws one number, as if there were no bounds.
    #[inline(never)]
    fn sample(&self, rng: &mut Rng) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Uniform { from, to } => from + (to - from) * rng.random::<f64>(),
            Self::Exponential { mean } => mean * exp1(rng),
            Self::Lognormal { mu, sigma } => exp(mu + sigma * standard_normal(rng)),
            Self::Gamma { sampler, .. } => sampler.sample(rng),
            Self::Empirical(points) => quantile(points, rng.random()),
            Self::Mixture(parts) => {
                let u: f64 = rng.random();
                let at = parts.iter().position(|part| u < part.0).unwrap_or(parts.len() - 1);
                parts[at].1.sample(rng)
            }
        }
    }
}

/// Parameters that make no distribution: what is wrong and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DistError(String);

impl Dist {
    const fn of(kind: Kind) -> Self {
        Self { kind, min: f64::NEG_INFINITY, max: f64::INFINITY }
    }

    /// Always that number.
    #[must_use]
    pub const fn constant(value: f64) -> Self {
        Self::of(Kind::Constant(value))
    }

    /// Any number between two, all as likely.
    ///
    /// # Errors
    /// When `from` is above `to` or one of them is no finite number.
    pub fn uniform(from: f64, to: f64) -> Result<Self, DistError> {
        let good = from.is_finite() && to.is_finite() && from <= to;
        check(good, || format!("uniform: from {from} to {to}: expected finite numbers, the lower one first"))?;
        Ok(if from == to { Self::constant(from) } else { Self::of(Kind::Uniform { from, to }) })
    }

    /// Exponential with a mean above 0.
    ///
    /// # Errors
    /// When the mean is not above 0.
    pub fn exponential(mean: f64) -> Result<Self, DistError> {
        check(positive(mean), || format!("exponential: mean {mean}: expected a number above 0"))?;
        Ok(Self::of(Kind::Exponential { mean }))
    }

    /// Lognormal by its median and its 90 % quantile.
    ///
    /// # Errors
    /// When the median is not above 0 or `p90` is below it.
    pub fn lognormal_p90(median: f64, p90: f64) -> Result<Self, DistError> {
        Self::lognormal_through(median, "p90", p90, Z90)
    }

    /// Lognormal by its median and its 99 % quantile.
    ///
    /// # Errors
    /// When the median is not above 0 or `p99` is below it.
    pub fn lognormal_p99(median: f64, p99: f64) -> Result<Self, DistError> {
        Self::lognormal_through(median, "p99", p99, Z99)
    }

    fn lognormal_through(median: f64, name: &str, high: f64, z: f64) -> Result<Self, DistError> {
        let good = positive(median) && high.is_finite() && high >= median;
        check(good, || {
            format!("lognormal: median {median}, {name} {high}: expected a median above 0 and a {name} not below it")
        })?;
        Self::lognormal(median, (high / median).ln() / z)
    }

    /// Lognormal by its median and the standard deviation of its logarithm.
    ///
    /// # Errors
    /// When the median is not above 0, `sigma` is below 0, or the mean would be infinite.
    pub fn lognormal(median: f64, sigma: f64) -> Result<Self, DistError> {
        let good = positive(median) && sigma >= 0.0 && (median.ln() + sigma * sigma / 2.0).exp().is_finite();
        check(good, || {
            format!(
                "lognormal: median {median}, sigma {sigma}: expected a median above 0, a sigma of 0 or more and a finite mean"
            )
        })?;
        let mu = median.ln();
        Ok(if sigma == 0.0 { Self::constant(median) } else { Self::of(Kind::Lognormal { mu, sigma }) })
    }

    /// Gamma by its mean and its coefficient of variation (standard deviation over mean); 0 is the constant.
    ///
    /// # Errors
    /// When the mean is not above 0 or `cv` is neither 0 nor between 0.001 and 1,000.
    pub fn gamma(mean: f64, cv: f64) -> Result<Self, DistError> {
        let good = positive(mean) && (cv == 0.0 || (1.0 / MAX_CV..=MAX_CV).contains(&cv));
        let bad = || {
            format!("gamma: mean {mean}, cv {cv}: expected a mean above 0 and a cv of 0 or between 0.001 and {MAX_CV}")
        };
        check(good, bad)?;
        if cv == 0.0 {
            return Ok(Self::constant(mean));
        }
        let (shape, scale) = (1.0 / (cv * cv), mean * cv * cv);
        let sampler = Gamma::new(shape, scale).map_err(|_| DistError(bad()))?;
        Ok(Self::of(Kind::Gamma { sampler, shape, scale }))
    }

    /// A table of quantiles `(share, value)`: linear between its points, constant beyond the first and the last.
    ///
    /// # Errors
    /// When the table is empty, a share is outside 0 to 1, or shares or values do not ascend.
    pub fn empirical(points: Vec<(f64, f64)>) -> Result<Self, DistError> {
        let count = points.len();
        check((1..=MAX_PARTS).contains(&count), || {
            format!("empirical: {count} quantiles: expected between 1 and {MAX_PARTS}")
        })?;
        for (p, v) in &points {
            check((0.0..=1.0).contains(p) && v.is_finite(), || {
                format!("empirical: quantile {p} of value {v}: expected a share between 0 and 1 and a finite value")
            })?;
        }
        for pair in points.windows(2) {
            let ((p, v), (q, w)) = (pair[0], pair[1]);
            check(p < q && v <= w, || {
                format!("empirical: quantile {p} is {v} and the next, {q}, is {w}: expected both to ascend")
            })?;
        }
        Ok(Self::of(Kind::Empirical(points.into())))
    }

    /// One of several distributions, chosen by weight; the weights need not sum to 1.
    ///
    /// # Errors
    /// When there is no part or a weight is not above 0.
    pub fn mixture(parts: Vec<(f64, Self)>) -> Result<Self, DistError> {
        let count = parts.len();
        check((1..=MAX_PARTS).contains(&count), || {
            format!("mixture: {count} parts: expected between 1 and {MAX_PARTS}")
        })?;
        for (weight, _) in &parts {
            check(positive(*weight), || format!("mixture: weight {weight}: expected a number above 0"))?;
        }
        let total: f64 = parts.iter().map(|part| part.0).sum();
        check(total.is_finite(), || format!("mixture: the weights sum to {total}: expected a finite number"))?;
        let mut so_far = 0.0;
        let mut shares: Vec<(f64, Self)> = Vec::with_capacity(count);
        for (weight, part) in parts {
            so_far += weight;
            shares.push((so_far / total, part));
        }
        if count == 1 {
            return Ok(shares.remove(0).1);
        }
        shares[count - 1].0 = 1.0;
        Ok(Self::of(Kind::Mixture(shares.into())))
    }

    /// The same with everything below `min` put at `min`.
    ///
    /// # Errors
    /// When `min` is no finite number or above the maximum.
    pub fn with_min(mut self, min: f64) -> Result<Self, DistError> {
        let max = self.max;
        check(min.is_finite() && min <= max, || format!("min {min}, max {max}: expected a finite min, not above max"))?;
        self.min = self.min.max(min);
        Ok(self)
    }

    /// The same with everything above `max` put at `max`.
    ///
    /// # Errors
    /// When `max` is no finite number or below the minimum.
    pub fn with_max(mut self, max: f64) -> Result<Self, DistError> {
        let min = self.min;
        check(max.is_finite() && max >= min, || format!("min {min}, max {max}: expected a finite max, not below min"))?;
        self.max = self.max.min(max);
        Ok(self)
    }

    /// Draws one number.
    #[must_use]
    pub fn sample(&self, rng: &mut Rng) -> f64 {
        self.bounded(self.kind.sample(rng))
    }

    #[inline(always)]
    fn bounded(&self, value: f64) -> f64 {
        if value < self.min {
            self.min
        } else if value > self.max {
            self.max
        } else {
            value
        }
    }

    /// Draws as many numbers as there is room for: those that so many calls of [`Self::sample`] would draw.
    pub(crate) fn fill(&self, rng: &mut Rng, numbers: &mut [f64]) {
        if let Kind::Lognormal { mu, sigma } = self.kind
            && mu.abs() + sigma * normal::FARTHEST < exp::FAR
        {
            // In two passes with next to no branch, so that the processor has several numbers under way.
            normal::fill(rng, numbers);
            numbers.iter_mut().for_each(|number| *number = self.bounded(exp::near(mu + sigma * *number)));
        } else {
            numbers.iter_mut().for_each(|number| *number = self.sample(rng));
        }
    }

    /// Draws a length of time: seconds, and 0 for what is below 0.
    #[must_use]
    pub fn span(&self, rng: &mut Rng) -> Span {
        Span::from_secs_f64(self.sample(rng))
    }

    /// The mean, bounds included: closed forms, to about ten digits where they need the incomplete gamma function
    /// (bounded lognormal and gamma).
    #[must_use]
    pub fn mean(&self) -> f64 {
        moment::mean(self)
    }
}

/// One exponential number of mean 1.
fn exp1(rng: &mut Rng) -> f64 {
    Exp1.sample(rng)
}

/// The value of a quantile table at a share.
fn quantile(points: &[(f64, f64)], share: f64) -> f64 {
    let above = points.partition_point(|point| point.0 <= share);
    if above == 0 {
        return points[0].1;
    }
    let (p, v) = points[above - 1];
    points.get(above).map_or(v, |(q, w)| v + (w - v) * (share - p) / (q - p))
}

fn positive(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

fn check(good: bool, message: impl FnOnce() -> String) -> Result<(), DistError> {
    if good { Ok(()) } else { Err(DistError(message())) }
}
