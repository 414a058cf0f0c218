//! A search's result as evidence. Knows both shapes and the words between them; must not know files, nor draw anything.

use super::sample::{Constraint, mean_cost, tightest};
use super::scenarios::{Minimized, Scenarios};
use super::without::Matters;
use super::{Candidate, Dropped, Effect, FRESH, Finalist, Look, Origin, Plan, Problem, Sample, Searched};
use crate::experiment::program;
use crate::scenario::Scenario;
use crate::scenario::file::Overrides;
use tidegate_reports::tune::{
    AxisTold, EffectTold, FinalistTold, Held, LookTold, Promise, Selection, Spent, Tried, TriedRun, Tuned,
};

/// What the evidence is about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The scenarios.
    pub scenarios: &'a [Scenario],
    /// What was minimised.
    pub minimized: Minimized,
    /// What was asked.
    pub plan: &'a Plan,
    /// The line that does the same again.
    pub reproduce: &'a str,
}

/// The evidence of a search.
#[must_use]
pub fn evidence(about: &About<'_>, problem: &Scenarios<'_>, done: &Searched) -> Tuned {
    let text = str::to_owned;
    let place = done.selected.winner;
    let number = |place: usize| done.selected.finalists[place].candidate;
    let [search, effects, selection] = done.spent;
    let constraints = problem.constraints();
    let finalist = |one: &Finalist| FinalistTold {
        beaten_by: one.beaten_by.map(number),
        same_as: one.same_as.map(number),
        ..finalist(one)
    };
    let candidates: Vec<Tried> =
        (0..done.candidates.len()).map(|at| tried(about.plan, constraints, done, at)).collect();
    let winner = place.map(number);
    Tuned {
        schema: 1,
        tidegate: program(),
        scenarios: about.scenarios.iter().map(|scenario| scenario.input.clone()).collect(),
        policy: about.scenarios.first().map(|scenario| scenario.policy_input.clone()).unwrap_or_default(),
        minimized: about.minimized.name(),
        unit: text(about.minimized.unit()),
        confidence: about.plan.confidence,
        indifference: about.plan.indifference,
        verdict: Some(done.verdict()),
        winner,
        seeds: (problem.seed(0), problem.seed(FRESH)),
        spent: Spent { budget: about.plan.budget, search, effects, selection, yardsticks: problem.yardsticks() },
        objectives: constraints.iter().map(promise).collect(),
        space: about.plan.axes.iter().map(axis).collect(),
        selection: Selection {
            finalists: done.selected.finalists.iter().map(finalist).collect(),
            indifference: done.selected.indifference,
            looks: done.selected.looks,
            risk: done.selected.risk,
            out_of_budget: done.selected.out_of_budget,
        },
        effects: done.effects.iter().map(|effect| effect_told(about.plan, done, effect)).collect(),
        looks: done.looks.iter().map(look).collect(),
        refused: done.refused,
        candidates,
        reproduce: text(about.reproduce),
        run_winner: winner.map_or_else(Vec::new, |winner| lines(about, problem, done, winner)),
    }
}

/// The lines that run a candidate with the fresh seeds that it was judged by.
fn lines(about: &About<'_>, problem: &Scenarios<'_>, done: &Searched, number: usize) -> Vec<String> {
    let runs = done.selected.finalists.iter().find(|one| one.candidate == number).map_or(0, |one| one.samples.len());
    let settings = Overrides { settings: &done.candidates[number].settings, ..Overrides::default() }.arguments();
    let line = |scenario: &Scenario| {
        let (path, over, seed) = (&scenario.input.path, &scenario.over, problem.seed(FRESH));
        format!("tidegate run {path}{over}{settings} --runs {runs} --seed {seed}")
    };
    about.scenarios.iter().map(line).collect()
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn promise(constraint: &Constraint) -> Promise {
    let Constraint { name, unit, bound, limit } = constraint;
    Promise { name: name.clone(), unit: unit.clone(), bound: bound.name().to_owned(), limit: *limit }
}

fn axis(axis: &super::space::Axis) -> AxisTold {
    AxisTold { path: axis.path.clone(), range: axis.ends(), why: axis.why.clone() }
}

fn look(look: &Look) -> LookTold {
    let Look { generation, runs, candidates, spent, best } = *look;
    LookTold { generation, runs, candidates, spent, best }
}

fn finalist(one: &Finalist) -> FinalistTold {
    let held = |found: &super::sample::Found| Held { value: found.mean, worst: found.worst, verdict: found.verdict };
    FinalistTold {
        number: one.candidate,
        runs: one.samples.len() as u64,
        verdict: Some(one.verdict),
        objectives: one.found.iter().map(held).collect(),
        cost: one.cost,
        more: one.more.unwrap_or_default(),
        not_told_apart: one.not_told_apart,
        beaten_by: None,
        same_as: None,
    }
}

fn effect_told(plan: &Plan, done: &Searched, effect: &Effect) -> EffectTold {
    let axis = &plan.axes[effect.axis];
    let at = done.candidates[effect.of].point[effect.axis];
    let matters = match effect.matters {
        Matters::Yes => "yes",
        Matters::No => "no",
        Matters::NotAtAll => "notAtAll",
        Matters::Unknown => "unknown",
    };
    EffectTold {
        of: effect.of,
        path: axis.path.clone(),
        value: at.map_or_else(String::new, |at| axis.text(at)),
        without: effect.without,
        cost: effect.cost,
        margins: (finite(effect.margins.0), finite(effect.margins.1)),
        matters: matters.to_owned(),
    }
}

fn tried(plan: &Plan, constraints: &[Constraint], done: &Searched, number: usize) -> Tried {
    let one = &done.candidates[number];
    let first = &one.samples[..one.samples.len().min(plan.runs_first as usize)];
    Tried {
        number,
        name: name(done, number),
        origin: origin(plan, done, one),
        generation: one.generation,
        settings: one.settings.iter().map(ToString::to_string).collect(),
        first_cost: finite(mean_cost(first)),
        first_margin: finite(tightest(constraints, first)).or_else(|| constraints.is_empty().then_some(1.0)),
        dropped: one.dropped.as_ref().map(|(why, _)| dropped(constraints, done, why)),
        dropped_after: one.dropped.as_ref().map(|(_, runs)| *runs),
        runs: one.samples.iter().map(tried_run).collect(),
    }
}

fn tried_run(sample: &Sample) -> TriedRun {
    TriedRun { cost: sample.cost, values: sample.readings.iter().map(|r| r.map(|r| r.value)).collect() }
}

fn name(done: &Searched, number: usize) -> String {
    match &done.candidates[number].origin {
        Origin::Reference(name) => name.clone(),
        Origin::Design | Origin::Near(_) | Origin::Without(..) | Origin::Plain(_) => format!("#{number}"),
    }
}

fn origin(plan: &Plan, done: &Searched, one: &Candidate) -> String {
    match &one.origin {
        Origin::Reference(_) => "there before the search".to_owned(),
        Origin::Design => "the design that covers the space".to_owned(),
        Origin::Near(parent) => format!("near {}", name(done, *parent)),
        Origin::Without(parent, axis) => format!("{} without {}", name(done, *parent), plan.axes[*axis].path),
        Origin::Plain(parent) => format!("{} without what does not matter", name(done, *parent)),
    }
}

fn dropped(constraints: &[Constraint], done: &Searched, why: &Dropped) -> String {
    match why {
        Dropped::Misses(objective) => format!("misses {}", constraints[*objective].name),
        Dropped::Broken(what) => what.clone(),
        Dropped::Dearer(than) => format!("dearer than {}", name(done, *than)),
        Dropped::Same(as_one) => format!("every run as of {}", name(done, *as_one)),
        Dropped::Behind => "behind the best when the runs were spent".to_owned(),
    }
}
