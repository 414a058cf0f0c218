//! Differences by hand.

use super::*;
use crate::values::RunValue;

/// Runs with these start p95 and costs.
fn runs(start: &[f64], cost: &[f64]) -> Vec<RunValues> {
    let run = |(start, cost): (&f64, &f64)| {
        let value = |value: f64| RunValue { value, at_least: false };
        [("start.p95".to_owned(), value(*start)), ("cost".to_owned(), value(*cost))].into()
    };
    start.iter().zip(cost).map(run).collect()
}

pub(crate) fn measured(name: &str, start: &[f64], cost: &[f64]) -> Measured {
    Measured { name: name.to_owned(), runs: runs(start, cost), ..Measured::default() }
}

fn difference(key: &str, a: &[f64], b: &[f64], comparisons: usize) -> Difference {
    Difference::of(Quantity::named(key).expect("a key"), &runs(a, a), &runs(b, b), comparisons)
}

#[test]
fn a_difference_is_taken_run_by_run() {
    // Differences 1, 2, 3: mean 2, standard deviation 1, t(2) = 4.302653.
    let found = difference("start.p95", &[10.0, 100.0, 1_000.0], &[11.0, 102.0, 1_003.0], 1);
    let half = 4.302_653 / 3.0_f64.sqrt();
    let near = |x: Option<f64>, y: f64| x.is_some_and(|x| (x - y).abs() < 1e-4);
    assert!(near(found.difference.value, 2.0) && near(found.difference.low, 2.0 - half), "{found:?}");
    assert!(near(found.difference.high, 2.0 + half));
    let width = |estimate: &Estimate| estimate.high.unwrap() - estimate.low.unwrap();
    assert!(width(&found.unpaired) > 100.0 * width(&found.difference), "{found:?}");
    assert_eq!((found.says, found.pairs), (Says::CannotTell, 3));
    // The half width of 2.48 must fall below 2: (2.48 / 2)^2 times as many runs.
    assert_eq!(found.runs_to_tell, Some(5));
    let wider = difference("start.p95", &[10.0, 100.0, 1_000.0], &[11.0, 102.0, 1_003.0], 3);
    assert!(width(&wider.difference) > 1.5 * width(&found.difference), "three comparisons share the risk");
}

#[test]
fn the_unpaired_interval_is_welch_s() {
    // 1, 2, 3 against 4, 6, 8: means 2 and 6, variances 1 and 4; (1/3 + 4/3)^2 / ((1/9 + 16/9) / 2) = 2.94 degrees, taken as 2.
    let found = difference("start.p95", &[1.0, 2.0, 3.0], &[4.0, 6.0, 8.0], 1).unpaired;
    let half = 4.302_653 * (5.0_f64 / 3.0).sqrt();
    assert!((found.low.unwrap() - (4.0 - half)).abs() < 1e-4, "{found:?}");
}

#[test]
fn what_is_wanted_decides_what_is_better() {
    let (few, many) = ([1.0, 1.1, 1.2], [5.0, 5.2, 5.1]);
    assert_eq!(difference("cost", &few, &many, 1).says, Says::Worse);
    assert_eq!(difference("cost", &many, &few, 1).says, Says::Better);
    assert_eq!(difference("cost", &few, &few, 1).says, Says::Same);
    assert_eq!(difference("cost", &few[..1], &many[..1], 1).says, Says::CannotTell, "one run has no interval");
    let share = |values: &[f64]| -> Vec<RunValues> {
        let one = |value: &f64| [("availability".to_owned(), RunValue { value: *value, at_least: false })].into();
        values.iter().map(one).collect()
    };
    let quantity = Quantity::named("availability").expect("a key");
    assert_eq!(Difference::of(quantity, &share(&[0.90, 0.91]), &share(&[0.99, 0.999]), 1).says, Says::Better);
    assert_eq!(Difference::of(quantity, &share(&[0.9]), &[RunValues::new()], 1).pairs, 0);
}

#[test]
fn a_verdict_names_what_is_clear_and_what_is_not() {
    let base = measured("a", &[60.0, 80.0, 70.0, 65.0], &[1_000.0, 1_100.0, 900.0, 1_050.0]);
    let dearer = measured("b", &[22.0, 43.0, 31.0, 27.0], &[1_212.0, 1_313.0, 1_111.0, 1_263.0]);
    let said = compare(&[base.clone(), dearer]).against[0].verdict.clone();
    assert!(said.starts_with("b starts jobs 38 s [37 s, 39 s] sooner at p95 and costs $212.25 ["), "{said}");
    assert!(said.contains("] a month more.") && said.ends_with("The scenario sets no objectives."), "{said}");
    let said = compare(&[base.clone(), base.clone()]).against[0].verdict.clone();
    assert!(said.starts_with("a decides the same"), "{said}");
    let noisy = measured("c", &[61.0, 79.0, 75.0, 60.0], &[900.0, 1_200.0, 950.0, 1_020.0]);
    let said = compare(&[base, noisy]).against[0].verdict.clone();
    assert!(said.starts_with("c cannot be told apart") && said.contains("runs would tell"), "{said}");
}

#[test]
fn an_objective_that_flips_is_named() {
    let base = measured("a", &[60.0, 61.0, 60.5], &[1.0, 1.0, 1.0]);
    let other = measured("b", &[20.0, 21.0, 20.5], &[1.0, 1.0, 1.0]);
    let promising =
        |variant| Measured { objectives: vec![Objective::new("start", 30.0).expect("a measure")], ..variant };
    let comparison = compare(&[base, other].map(promising));
    let said = &comparison.against[0].verdict;
    assert!(said.ends_with("b meets all objectives; a does not meet start p95."), "{said}");
    let (page, screen) = (page::page(&comparison), terminal::terminal(&comparison, 100, false, ""));
    assert!(page.contains("✗ missed") && page.contains("✓ met") && !page.contains("NaN"), "{page}");
    assert!(screen.contains("start p95") && screen.contains("✓ better"), "{screen}");
    assert_eq!(export::csv(&comparison).lines().count(), 3, "a head, start p95, cost");
    assert_eq!(serde_json::from_str::<Comparison>(&export::json(&comparison)).expect("it reads"), comparison);
}

#[test]
fn each_variant_is_judged_by_what_it_promises_itself() {
    let promising = |name: &str, limit| {
        let objectives = vec![Objective::new("start", limit).expect("a measure")];
        Measured { objectives, ..measured(name, &[60.0, 61.0, 60.5], &[1.0, 1.0, 1.0]) }
    };
    let comparison = compare(&[promising("a", 90.0), promising("b", 30.0)]);
    let said = &comparison.against[0].verdict;
    assert!(said.ends_with("b does not meet start p95; a meets all."), "{said}");
    assert!(page::page(&comparison).contains("at most 30 s"), "limits that differ are told");
}

#[test]
fn what_is_at_least_so_much_is_no_better_than_anything() {
    let with = |values: [f64; 3], at_least| -> Vec<RunValues> {
        values.map(|value| [("start.p95".to_owned(), RunValue { value, at_least })].into()).into()
    };
    let start = Quantity::named("start.p95").expect("a key");
    let says =
        |a: ([f64; 3], bool), b: ([f64; 3], bool)| Difference::of(start, &with(a.0, a.1), &with(b.0, b.1), 1).says;
    let (small, large) = ([10.0, 11.0, 10.5], [60.0, 61.0, 60.5]);
    assert_eq!(says((small, false), (large, true)), Says::Worse, "it may be worse still");
    assert_eq!(says((small, true), (large, false)), Says::CannotTell);
    assert_eq!(says((large, true), (small, false)), Says::Better);
    assert_eq!(says((large, false), (small, true)), Says::CannotTell);
    assert_eq!(says((small, true), (small, true)), Says::CannotTell);
    let open = Measured { runs: with(large, true), ..measured("b", &[], &[]) };
    let comparison = compare(&[Measured { runs: with(small, false), ..measured("a", &[], &[]) }, open]);
    let (said, screen) = (&comparison.against[0].verdict, terminal::terminal(&comparison, 100, false, ""));
    assert!(said.starts_with("b starts jobs at least 50 s"), "{said}");
    assert!(screen.contains("≥ 1 m 0 s") || screen.contains("≥ 1 m"), "{screen}");
}
