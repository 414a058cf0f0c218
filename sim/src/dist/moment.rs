//! Means of distributions with bounds. Knows the integrals; must not draw.
//!
//! Everything rests on the limited mean `E[min(X, t)]`: a clamped variable is `a + min(X, b) - min(X, a)`.

use super::{Dist, Kind};

/// The most terms of a series or a continued fraction; both end far sooner for every shape that is let through.
const MAX_TERMS: u32 = 100_000;

/// The mean, bounds included.
pub(super) fn mean(dist: &Dist) -> f64 {
    limited(dist, f64::INFINITY)
}

/// `E[min(X, t)]` of a distribution with its bounds.
fn limited(dist: &Dist, t: f64) -> f64 {
    let (a, b) = (dist.min, dist.max.min(t));
    if b <= a {
        b
    } else if a == f64::NEG_INFINITY {
        unbounded(&dist.kind, b)
    } else {
        a + unbounded(&dist.kind, b) - unbounded(&dist.kind, a)
    }
}

/// `E[min(X, t)]` of a shape without bounds.
fn unbounded(kind: &Kind, t: f64) -> f64 {
    match kind {
        Kind::Constant(value) => value.min(t),
        Kind::Uniform { from, to } => uniform(*from, *to, t),
        Kind::Exponential { mean } => {
            if t <= 0.0 {
                t
            } else {
                -mean * (-t / mean).exp_m1()
            }
        }
        Kind::Lognormal { mu, sigma } => lognormal(*mu, *sigma, t),
        Kind::Gamma { shape, scale, .. } => {
            if t <= 0.0 {
                t
            } else {
                let x = t / scale;
                beyond(t, 1.0 - lower_gamma(*shape, x)) + shape * scale * lower_gamma(shape + 1.0, x)
            }
        }
        Kind::Empirical(points) => empirical(points, t),
        Kind::Mixture(parts) => {
            let mut below = 0.0;
            parts.iter().map(|(upto, part)| (upto - std::mem::replace(&mut below, *upto)) * limited(part, t)).sum()
        }
    }
}

fn uniform(from: f64, to: f64, t: f64) -> f64 {
    if t <= from {
        t
    } else if t >= to {
        from + (to - from) / 2.0
    } else {
        let share = (t - from) / (to - from);
        share * (from + t) / 2.0 + (1.0 - share) * t
    }
}

fn lognormal(mu: f64, sigma: f64, t: f64) -> f64 {
    if t <= 0.0 {
        return t;
    }
    let z = (t.ln() - mu) / sigma;
    (mu + sigma * sigma / 2.0).exp() * phi(z - sigma) + beyond(t, phi(-z))
}

fn empirical(points: &[(f64, f64)], t: f64) -> f64 {
    let (first, last) = (points[0], points[points.len() - 1]);
    let ends = first.0 * first.1.min(t) + (1.0 - last.0) * last.1.min(t);
    ends + points.windows(2).map(|w| (w[1].0 - w[0].0) * uniform(w[0].1, w[1].1, t)).sum::<f64>()
}

/// `t` times the chance of being beyond it, which is nothing at infinity.
fn beyond(t: f64, chance: f64) -> f64 {
    if t.is_finite() { t * chance } else { 0.0 }
}

/// The standard normal distribution function.
fn phi(z: f64) -> f64 {
    let half = lower_gamma(0.5, z * z / 2.0) / 2.0;
    if z >= 0.0 { 0.5 + half } else { 0.5 - half }
}

/// The regularised lower incomplete gamma function P(a, x): its series below `a + 1`, its continued fraction
/// (modified Lentz) above. Abramowitz and Stegun 6.5.29 and 6.5.31.
fn lower_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x.is_infinite() {
        return 1.0;
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 { front * series(a, x) } else { 1.0 - front * fraction(a, x) }
}

fn series(a: f64, x: f64) -> f64 {
    let mut term = 1.0 / a;
    let mut sum = term;
    for n in 1..MAX_TERMS {
        term *= x / (a + f64::from(n));
        sum += term;
        if term < sum * 1e-16 {
            break;
        }
    }
    sum
}

fn fraction(a: f64, x: f64) -> f64 {
    let tiny = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / b;
    let mut h = d;
    for n in 1..MAX_TERMS {
        let n = f64::from(n);
        let an = -n * (n - a);
        b += 2.0;
        let below = an * d + b;
        d = 1.0 / if below.abs() < tiny { tiny } else { below };
        c = b + an / c;
        c = if c.abs() < tiny { tiny } else { c };
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    h
}

/// The logarithm of the gamma function of a number above 0: Stirling's series, after shifting the number above 10.
fn ln_gamma(a: f64) -> f64 {
    let (mut x, mut shift) = (a, 0.0);
    while x < 10.0 {
        shift += x.ln();
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    let tail = (1.0 / 12.0 - r * (1.0 / 360.0 - r * (1.0 / 1260.0 - r * (1.0 / 1680.0 - r / 1188.0)))) / x;
    (x - 0.5) * x.ln() - x + 0.918_938_533_204_672_7 + tail - shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_functions_match_known_values() {
        assert!((ln_gamma(0.5) - 0.572_364_942_924_700_1).abs() < 1e-13);
        assert!((ln_gamma(100.0) - 359.134_205_369_575_4).abs() < 1e-10);
        assert!((phi(1.959_963_984_540_054) - 0.975).abs() < 1e-13);
        assert!((phi(-super::super::Z90) - 0.1).abs() < 1e-13);
        assert!((phi(super::super::Z99) - 0.99).abs() < 1e-13);
        assert!((lower_gamma(3.0, 2.0) - 0.323_323_583_816_936_5).abs() < 1e-13);
        assert!((lower_gamma(3.0, 8.0) - 0.986_246_032_255_997_5).abs() < 1e-13);
        assert!((lower_gamma(1e6, 1e6) - 0.500_132_980_8).abs() < 1e-7);
    }
}
