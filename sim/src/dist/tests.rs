//! Tests of the distributions. Knows moments and quantiles; must not know loads.

use super::*;
use crate::rng::stream;

/// A sorted sample.
fn draw(dist: &Dist, count: usize) -> Vec<f64> {
    let mut rng = stream(7, "test");
    let mut values: Vec<f64> = (0..count).map(|_| dist.sample(&mut rng)).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let mean = average(values);
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

fn share(values: &[f64], p: f64) -> f64 {
    values[(p * values.len() as f64) as usize]
}

fn near(found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance * wanted.abs().max(1e-9), "found {found}, wanted {wanted}");
}

fn all() -> Vec<(&'static str, Dist)> {
    let jobs = Dist::mixture(vec![
        (1.0, Dist::lognormal_p90(20.0, 63.0).expect("good")),
        (3.0, Dist::lognormal_p90(350.0, 755.0).expect("good")),
    ]);
    let table = vec![(0.1, 1.0), (0.5, 4.0), (0.9, 20.0), (1.0, 100.0)];
    vec![
        ("constant", Dist::constant(3.0)),
        ("uniform", Dist::uniform(-1.0, 4.0).expect("good")),
        ("exponential", Dist::exponential(12.0).expect("good")),
        ("lognormal", Dist::lognormal(5.0, 0.8).expect("good")),
        ("smooth gamma", Dist::gamma(2.0, 0.3).expect("good")),
        ("bursty gamma", Dist::gamma(1.0, 1.4).expect("good")),
        ("empirical", Dist::empirical(table).expect("good")),
        ("mixture", jobs.expect("good")),
    ]
}

#[test]
fn means_agree_with_samples_with_and_without_bounds() {
    for (name, dist) in all() {
        let bounded = dist.clone().with_min(2.0).expect("good").with_max(9.0).expect("good");
        let nested = Dist::mixture(vec![(0.3, bounded.clone()), (0.7, dist.clone())]).expect("good");
        let nested = nested.with_max(6.0).expect("good");
        for (case, dist) in [("free", dist), ("bounded", bounded), ("nested", nested)] {
            let values = draw(&dist, 100_000);
            let error = (average(&values) - dist.mean()).abs();
            let allowed = 4.0 * deviation(&values) / (values.len() as f64).sqrt() + 1e-12;
            assert!(error <= allowed, "{name}, {case}: sampled {}, said {}", average(&values), dist.mean());
        }
    }
}

#[test]
fn quantiles_are_where_they_were_asked_for() {
    let values = draw(&Dist::lognormal_p90(4.0, 16.0).expect("good"), 200_000);
    near(share(&values, 0.5), 4.0, 0.02);
    near(share(&values, 0.9), 16.0, 0.02);
    let values = draw(&Dist::lognormal_p99(0.1, 2.0).expect("good"), 200_000);
    near(share(&values, 0.5), 0.1, 0.02);
    near(share(&values, 0.99), 2.0, 0.05);
    let values = draw(&Dist::exponential(10.0).expect("good"), 200_000);
    near(share(&values, 0.5), 10.0 * 2f64.ln(), 0.02);
    let values = draw(&Dist::uniform(10.0, 20.0).expect("good"), 200_000);
    near(share(&values, 0.25), 12.5, 0.01);
    let values = draw(&Dist::gamma(5.0, 0.8).expect("good"), 200_000);
    near(deviation(&values), 4.0, 0.02);
    let table = vec![(0.5, 10.0), (0.9, 50.0), (0.99, 200.0)];
    let values = draw(&Dist::empirical(table).expect("good"), 200_000);
    near(share(&values, 0.2), 10.0, 0.0);
    near(share(&values, 0.7), 30.0, 0.02);
    near(share(&values, 0.95), 133.3, 0.03);
    near(values[values.len() - 1], 200.0, 0.0);
}

#[test]
fn bounds_clamp_and_never_loosen() {
    let dist = Dist::exponential(10.0).expect("good").with_min(5.0).expect("good").with_max(8.0).expect("good");
    let values = draw(&dist, 10_000);
    assert_eq!((values[0], values[9_999]), (5.0, 8.0));
    let tighter = dist.clone().with_min(1.0).expect("good");
    assert_eq!(tighter, dist, "a lower minimum changes nothing");
    assert!(dist.clone().with_min(9.0).is_err() && dist.with_max(4.0).is_err());
}

#[test]
fn a_constant_draws_nothing_and_spans_are_never_negative() {
    let (mut drawn, mut fresh) = (stream(1, "x"), stream(1, "x"));
    for same in [Dist::constant(2.5), Dist::gamma(2.5, 0.0).expect("good"), Dist::lognormal(2.5, 0.0).expect("good")] {
        assert_eq!(same.span(&mut drawn), Span::from_millis(2_500));
        assert_eq!(same.mean(), 2.5);
    }
    assert_eq!(RngExt::random::<u64>(&mut drawn), RngExt::random::<u64>(&mut fresh));
    assert_eq!(Dist::constant(-1.0).span(&mut drawn), Span::ZERO);
    assert_eq!(Dist::constant(f64::NAN).span(&mut drawn), Span::ZERO);
}

#[test]
fn the_same_seed_draws_the_same_and_another_does_not() {
    for (name, dist) in all().into_iter().skip(1) {
        let take = |seed| {
            let mut rng = stream(seed, "draw");
            (0..20).map(|_| dist.sample(&mut rng)).collect::<Vec<_>>()
        };
        assert_eq!(take(1), take(1), "{name}");
        assert_ne!(take(1), take(2), "{name}");
    }
}

#[test]
fn parameters_that_make_no_sense_are_refused_with_a_sentence() {
    let nan = f64::NAN;
    let bad = [
        Dist::uniform(2.0, 1.0),
        Dist::uniform(nan, 1.0),
        Dist::uniform(0.0, f64::INFINITY),
        Dist::exponential(0.0),
        Dist::exponential(-1.0),
        Dist::exponential(nan),
        Dist::lognormal(0.0, 1.0),
        Dist::lognormal(1.0, -1.0),
        Dist::lognormal(1.0, nan),
        Dist::lognormal(1.0, 1e200),
        Dist::lognormal_p90(5.0, 4.0),
        Dist::lognormal_p90(-5.0, 4.0),
        Dist::lognormal_p99(5.0, f64::INFINITY),
        Dist::gamma(0.0, 1.0),
        Dist::gamma(1.0, -1.0),
        Dist::gamma(1.0, 1e-9),
        Dist::gamma(1.0, nan),
        Dist::empirical(vec![]),
        Dist::empirical(vec![(0.5, 1.0), (0.5, 2.0)]),
        Dist::empirical(vec![(0.5, 2.0), (0.9, 1.0)]),
        Dist::empirical(vec![(50.0, 2.0)]),
        Dist::empirical(vec![(0.5, nan)]),
        Dist::mixture(vec![]),
        Dist::mixture(vec![(0.0, Dist::constant(1.0))]),
        Dist::mixture(vec![(f64::MAX, Dist::constant(1.0)), (f64::MAX, Dist::constant(1.0))]),
        Dist::constant(1.0).with_min(nan),
        Dist::constant(1.0).with_max(f64::INFINITY),
    ];
    for (at, result) in bad.into_iter().enumerate() {
        let error = result.expect_err(&format!("case {at} is bad")).to_string();
        assert!(error.contains("expected"), "case {at}: {error}");
    }
}
