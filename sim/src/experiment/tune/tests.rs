//! Searches of problems whose answer is known, without a simulator. Knows formulae; must not know scenarios.

use super::*;
use rand_distr::{Distribution, StandardNormal};
use std::collections::BTreeMap;
use tidegate_reports::objective::Bound;
use tidegate_reports::values::RunValue;

/// A formula: settings' values in, cost and the value of the one objective out; noise is common to all candidates.
struct Formula<F> {
    of: F,
    /// What the files say.
    own: BTreeMap<&'static str, f64>,
    noise: f64,
    constraints: Vec<Constraint>,
    seed: u64,
}

impl<F: Fn(&[f64]) -> (f64, f64) + Sync> Formula<F> {
    fn new(own: &[(&'static str, f64)], of: F, noise: f64, limit: f64, seed: u64) -> Self {
        let (name, unit) = ("start p95".to_owned(), "s".to_owned());
        let constraints = vec![Constraint { name, unit, bound: Bound::AtMost, limit }];
        Self { of, own: own.iter().copied().collect(), noise, constraints, seed }
    }
}

fn value(setting: &Setting) -> f64 {
    setting.value().parse().expect("a number")
}

impl<F: Fn(&[f64]) -> (f64, f64) + Sync> Problem for Formula<F> {
    fn constraints(&self) -> &[Constraint] {
        &self.constraints
    }

    fn simulations(&self) -> u64 {
        1
    }

    fn admit(&self, settings: &[Setting]) -> Result<String, String> {
        if settings.iter().any(|setting| setting.value() == "13") {
            return Err("thirteen brings bad luck".to_owned());
        }
        Ok(settings.iter().map(ToString::to_string).collect())
    }

    fn evaluate(&self, work: &[(&[Setting], Range<u64>)]) -> Vec<Vec<Sample>> {
        let sample = |settings: &[Setting], run: u64| {
            // A later one over an earlier one, and all over the files.
            let mut values: BTreeMap<&str, f64> = self.own.clone();
            values.extend(settings.iter().map(|setting| (setting.path(), value(setting))));
            let values: Vec<f64> = values.into_values().collect();
            let (cost, reading) = (self.of)(&values);
            // Much that all candidates share, and a little of each candidate's own.
            let normal = |text: &str| -> f64 { StandardNormal.sample(&mut stream(self.seed ^ run << 20, text)) };
            let own = normal(&format!("{values:?}"));
            let cost = cost + self.noise * cost * (normal("cost") + 0.1 * own);
            let value = reading + self.noise * (normal("reading") + own);
            Sample { cost: Some(cost), readings: vec![Some(RunValue { value, at_least: false })], broken: None }
        };
        work.iter().map(|(settings, runs)| runs.clone().map(|run| sample(settings, run)).collect()).collect()
    }
}

fn plan(axes: &[&str], budget: u64, seed: u64) -> Plan {
    Plan {
        axes: axes.iter().map(|text| Axis::parse(text).expect("an axis")).collect(),
        references: vec![("own".to_owned(), Vec::new())],
        budget,
        confidence: 0.95,
        indifference: 0.01,
        runs_first: 5,
        seed,
    }
}

// Broken: a bound is taken without its correction, or the search stops one short of the answer.
#[test]
fn the_fewest_that_keep_the_objective_are_found() {
    let found = (0..40).filter(|seed| {
        // 17 keep it (8.5 of 9), 16 do not (9.6).
        let problem = Formula::new(&[("c", 40.0)], |v: &[f64]| (v[0], 24.4 - 15.5 * v[0] / 17.0), 0.3, 9.35, *seed);
        let plan = Plan { indifference: 0.001, ..plan(&["c=1..40"], 1_200, *seed) };
        let done = tune(&problem, &plan).expect("it makes sense");
        let winner = done.selected.winner.map(|winner| done.selected.finalists[winner].candidate);
        winner.is_some_and(|winner| done.candidates[winner].settings.iter().any(|setting| value(setting) == 17.0))
    });
    let found = found.count();
    assert!(found >= 38, "17 was found in {found} of 40");
}

// Broken: the winner is judged by the runs that chose it.
#[test]
fn what_misses_by_a_hair_is_named_no_oftener_than_was_said() {
    let wrong = (0..200).filter(|seed| {
        // All but the own policy miss, the least of them by a fifth of a standard deviation.
        let problem =
            Formula::new(&[("c", 100.0)], |v: &[f64]| (v[0], if v[0] < 100.0 { 9.2 } else { 5.0 }), 1.0, 9.0, *seed);
        let done = tune(&problem, &plan(&["c=1..40"], 400, *seed)).expect("it makes sense");
        done.selected.winner.is_some_and(|winner| done.selected.finalists[winner].candidate != 0)
    });
    // 5 % of 200 are 10; of a binomial with that mean more than 18 are seen once in two hundred.
    let wrong = wrong.count();
    assert!(wrong <= 18, "{wrong} of 200");
}

#[test]
fn settings_that_do_nothing_are_told_from_those_that_do() {
    let problem = Formula::new(
        &[("a", 900.0), ("b", 100.0), ("c", 500.0)],
        |v: &[f64]| (100.0 + (v[0] - 300.0).abs() / 10.0, v[1] / 10.0),
        0.001,
        50.0,
        5,
    );
    let plan = plan(&["a=0..1000", "b=0..1000", "c=0..1000"], 2_000, 5);
    let done = tune(&problem, &plan).expect("it makes sense");
    let winner = &done.selected.finalists[done.selected.winner.expect("there is one")];
    assert!(winner.cost.value < Some(103.0), "{:?}", winner.cost);
    let own = done.selected.finalists.iter().find(|one| one.candidate == 0).expect("the reference goes on");
    assert!(own.more.expect("beside the winner").low > Some(50.0) && !own.not_told_apart, "{:?}", own.more);
    let effect = |axis: usize| done.effects.iter().find(|effect| effect.axis == axis).map(|effect| effect.matters);
    assert_eq!(effect(0), Some(without::Matters::Yes));
    assert_ne!(effect(2).unwrap_or(without::Matters::No), without::Matters::Yes);
}

#[test]
fn where_nothing_keeps_the_objective_nothing_is_named() {
    let problem = Formula::new(&[("c", 40.0)], |v: &[f64]| (v[0], 20.0), 0.1, 9.0, 1);
    let done = tune(&problem, &plan(&["c=1..40"], 400, 1)).expect("it makes sense");
    assert_eq!((done.selected.winner, done.verdict()), (None, Verdict::Missed));
    assert!(done.selected.finalists.iter().all(|one| one.samples.len() == 20), "one look was enough");
}

#[test]
fn what_cannot_be_told_is_said_to_be() {
    // 8.99 of 9 with a deviation of 1: a hundred thousand runs would tell.
    let problem = Formula::new(&[("c", 40.0)], |v: &[f64]| (v[0], 8.99), 1.0, 9.0, 1);
    let done = tune(&problem, &plan(&["c=1..40"], 400, 1)).expect("it makes sense");
    assert_eq!((done.selected.winner, done.verdict()), (None, Verdict::Inconclusive));
    assert!(done.selected.out_of_budget);
}

// Broken: the selection ends when one is left, whether it is known to keep the objective or not.
#[test]
fn the_last_one_left_is_run_until_it_is_told_whether_it_keeps_the_objective() {
    // 8.6 of 9 with a deviation of 1.4: twenty runs do not tell, some hundred do; all others miss at once.
    let of = |v: &[f64]| (v[0], if v[0] < 100.0 { 20.0 } else { 8.6 });
    let problem = Formula::new(&[("c", 100.0)], of, 1.0, 9.0, 3);
    let done = tune(&problem, &plan(&["c=1..40"], 2_000, 3)).expect("it makes sense");
    let winner = done.selected.winner.map(|winner| &done.selected.finalists[winner]);
    let winner = winner.expect("the budget is enough to tell");
    assert!(winner.candidate == 0 && winner.samples.len() > 20, "{} runs", winner.samples.len());
}

#[test]
fn the_budget_is_kept_and_the_same_plan_gives_the_same() {
    for budget in [350, 400, 700, 1_500] {
        let once = || {
            let problem = Formula::new(&[("c", 400.0)], |v: &[f64]| (v[0], 5.0 + v[0] / 100.0), 0.5, 9.0, 4);
            tune(&problem, &plan(&["c=1..400"], budget, 4)).expect("it makes sense")
        };
        let (one, other) = (once(), once());
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        assert!(one.spent.iter().sum::<u64>() <= budget, "{:?} of {budget}", one.spent);
        let runs: usize = one.candidates.iter().map(|candidate| candidate.samples.len()).sum();
        // Broken: the selection uses runs of the search again.
        let used =
            |last: &Finalist| last.samples.iter().any(|run| one.candidates[last.candidate].samples.contains(run));
        assert!(one.selected.finalists.iter().all(|last| !last.samples.is_empty() && !used(last)));
        assert_eq!(runs as u64, one.spent[0] + one.spent[1], "every run is written down");
        assert!(one.candidates.iter().all(|candidate| candidate.settings.iter().all(|s| s.value() != "13")));
    }
}

#[test]
fn a_reference_that_makes_no_sense_is_an_error() {
    let problem = Formula::new(&[("c", 40.0)], |v: &[f64]| (v[0], 1.0), 0.0, 9.0, 1);
    let unlucky = ("unlucky".to_owned(), vec![Setting::new("c", "13")]);
    let plan = Plan { references: vec![unlucky], ..plan(&["c=1..40"], 400, 1) };
    let error = tune(&problem, &plan).expect_err("refused");
    assert_eq!(error, "unlucky: thirteen brings bad luck");
    let error =
        tune(&problem, &Plan { axes: vec![Axis::parse("c=13|13").expect("words")], ..plan }).expect_err("refused");
    assert_eq!(error, "c=13|13: thirteen brings bad luck");
}
