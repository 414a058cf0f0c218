//! Regressions, improvements and noise, on numbers made by hand.

use super::*;
use crate::model::Measure;
use crate::values::RunValue;

/// Runs whose start p95 is this, from a seed on.
fn runs(first: u64, values: &[f64]) -> BTreeMap<u64, RunValues> {
    let run = |value: f64| RunValues::from([("start.p95".to_owned(), RunValue { value, at_least: false })]);
    values.iter().zip(first..).map(|(value, seed)| (seed, run(*value))).collect()
}

fn base(first: u64, values: &[f64]) -> Base {
    Base::of_runs(runs(first, values))
}

fn one(base: &Base, now: &BTreeMap<u64, RunValues>, comparisons: usize) -> Compared {
    let start = Quantity::named("start.p95").expect("a quantity");
    compare(base, now, &[start], Terms { tolerance: 0.01, comparisons }).remove(0)
}

const LOAD: [f64; 6] = [10.0, 14.0, 12.0, 18.0, 11.0, 16.0];

fn more(by: &[f64]) -> Vec<f64> {
    LOAD.iter().zip(by).map(|(value, more)| value + more).collect()
}

#[test]
fn pairs_show_what_noise_between_seeds_hides() {
    let worse = more(&[0.9, 1.1, 1.0, 1.2, 0.8, 1.0]);
    let paired = one(&base(1, &LOAD), &runs(1, &worse), 1);
    assert_eq!((paired.how, paired.change, paired.runs), (How::Paired, Change::Regression, (6, 6)));
    // Differences 0.9 1.1 1.0 1.2 0.8 1.0: mean 1, deviation 0.141421, t(5) = 2.570582: 1 -+ 0.148413.
    let Estimate { value: Some(value), low: Some(low), high: Some(high) } = paired.difference else { panic!("none") };
    assert!((value - 1.0).abs() < 1e-9 && (low - 0.851_587).abs() < 1e-5, "{paired:?}");
    assert!((high - 1.148_413).abs() < 1e-5, "{paired:?}");
    let other = one(&base(1, &LOAD), &runs(7, &worse), 1);
    assert_eq!((other.how, other.change), (How::Unpaired, Change::NoDifference));
    let better = more(&[-0.9, -1.1, -1.0, -1.2, -0.8, -1.0]);
    assert_eq!(one(&base(1, &LOAD), &runs(1, &better), 1).change, Change::Improvement);
    assert_eq!(one(&base(1, &LOAD), &runs(1, &LOAD), 1).difference.high, Some(0.0), "the same is the same");
}

#[test]
fn welch_is_as_in_the_textbook() {
    // Means 2.5 and 7, variances 5/3 and 9, four and three runs: error^2 = 5/12 + 3 = 3.416667, degrees of freedom
    // 3.416667^2 / ((5/12)^2 / 3 + 3^2 / 2) = 2.5610, rounded down 2: 4.5 -+ 4.302653 * 1.848423.
    let found = one(&base(1, &[1.0, 2.0, 3.0, 4.0]), &runs(9, &[4.0, 7.0, 10.0]), 1);
    assert_eq!((found.difference.value, found.change), (Some(4.5), Change::NoDifference));
    let low = found.difference.low.expect("an end");
    assert!((low - (4.5 - 4.302_653 * 1.848_423)).abs() < 1e-4, "{found:?}");
}

#[test]
fn many_comparisons_ask_for_more_and_what_is_small_is_no_regression() {
    let noisy = more(&[0.2, 1.8, 0.4, 1.5, 0.1, 1.4]);
    assert_eq!(one(&base(1, &LOAD), &runs(1, &noisy), 1).change, Change::Regression);
    assert_eq!(one(&base(1, &LOAD), &runs(1, &noisy), 40).change, Change::NoDifference);
    let hair = one(&base(1, &LOAD), &runs(1, &more(&[0.01; 6])), 1);
    assert_eq!((hair.change, hair.why.as_str()), (Change::NoDifference, "the difference is within the tolerance"));
}

#[test]
fn a_share_is_held_to_what_it_lacks() {
    let shares = |first: u64, values: &[f64]| -> BTreeMap<u64, RunValues> {
        let run = |value: f64| RunValues::from([("availability".to_owned(), RunValue { value, at_least: false })]);
        values.iter().zip(first..).map(|(value, seed)| (seed, run(*value))).collect()
    };
    let base = Base::of_runs(shares(1, &[0.9990, 0.9991, 0.9989]));
    let of = [Quantity::named("availability").expect("a quantity")];
    let change = |values: &[f64]| {
        compare(&base, &shares(1, values), &of, Terms { tolerance: 0.01, comparisons: 1 }).remove(0).change
    };
    assert_eq!(change(&[0.9970, 0.9972, 0.9969]), Change::Regression, "three times as many jobs are late");
    assert_eq!(change(&[0.9998, 0.9999, 0.9998]), Change::Improvement);
    assert_eq!(change(&[0.9991, 0.9990, 0.9989]), Change::NoDifference);
}

#[test]
fn an_old_base_is_compared_by_its_intervals() {
    let values: Vec<f64> = LOAD.to_vec();
    let estimate = crate::estimate::estimate(&values);
    let measure = Measure { p95: estimate, ..Measure::default() };
    let text = serde_json::json!({
        "schema": 1, "tidegate": { "version": "0", "commit": "" }, "seeds": [1, 2, 3, 4, 5, 6],
        "scenario": { "name": "s", "path": "s.toml", "sha256": "" },
        "policy": { "name": "p", "path": "p.json", "sha256": "" },
        "measures": { "start": measure }, "regional": {}, "counts": {},
    });
    let old = Base::parse(&text.to_string()).expect("a summary");
    let now = runs(1, &more(&[9.0; 6]));
    let (by_interval, by_runs) = (one(&old, &now, 1), one(&base(11, &LOAD), &now, 1));
    assert_eq!((by_interval.how, by_interval.runs), (How::Intervals, (6, 6)));
    assert_eq!(by_interval.change, Change::Regression);
    let (a, b) = (by_interval.difference.low.expect("an end"), by_runs.difference.low.expect("an end"));
    assert!((a - b).abs() < 1e-9, "the interval carries the spread: {a} and {b}");
    let newer = text.to_string().replace("\"schema\":1", "\"schema\":2");
    assert!(
        Base::parse(&newer).expect_err("refused").starts_with("is a summary of schema 2, expected 1; write it anew")
    );
    assert!(Base::parse("{}").expect_err("refused").contains("it has no `schema`"));
    assert!(Base::parse("[").expect_err("refused").starts_with("is no summary.json: "));
}

#[test]
fn what_cannot_be_told_is_said_to_be_so() {
    let unknown = |base: &Base, now: &BTreeMap<u64, RunValues>| {
        let found = one(base, now, 1);
        assert_eq!((found.change, found.difference), (Change::Unknown, Estimate::default()));
        found.why
    };
    assert_eq!(unknown(&base(1, &LOAD), &BTreeMap::new()), "no samples");
    assert_eq!(unknown(&base(1, &LOAD), &runs(1, &[9.0])), "too few runs: --runs 10");
    let mut bare = base(1, &LOAD);
    bare.runs.values_mut().for_each(RunValues::clear);
    assert_eq!(unknown(&bare, &runs(1, &LOAD)), "the base has no such number");
    let mut open = base(1, &LOAD);
    open.runs.values_mut().flat_map(RunValues::values_mut).for_each(|value| value.at_least = true);
    let worse = one(&open, &runs(1, &more(&[9.0; 6])), 1);
    assert_eq!(worse.change, Change::Unknown, "the base may be as late as this: {worse:?}");
    assert_eq!(one(&open, &runs(1, &more(&[-9.0; 6])), 1).change, Change::Improvement);
}

#[test]
fn objectives_are_compared_and_what_everyone_asks_for() {
    let objectives = ["jobsLostByUs", "availability"].map(|name| Objective::new(name, 0.0).expect("a measure"));
    let keys: Vec<String> = quantities(&objectives).iter().map(Quantity::key).collect();
    assert_eq!(keys, ["jobsLostByUs", "availability", "start.p95", "cost"]);
}
