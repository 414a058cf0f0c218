//! A small search's evidence for tests. Knows nothing that is true.

use super::{AxisTold, EffectTold, FinalistTold, Held, LookTold, Promise, Selection, Spent, Tried, TriedRun, Tuned};
use crate::model::{Estimate, Input, Program, Verdict};

fn estimate(value: f64, half: f64) -> Estimate {
    Estimate { value: Some(value), low: Some(value - half), high: Some(value + half) }
}

fn tried(number: usize, name: &str, settings: &[&str], cost: f64, margin: f64) -> Tried {
    Tried {
        number,
        name: name.to_owned(),
        origin: if name.starts_with('#') { "the design that covers the space" } else { "there before the search" }
            .to_owned(),
        settings: settings.iter().map(|s| (*s).to_owned()).collect(),
        first_cost: Some(cost),
        first_margin: Some(margin),
        runs: vec![TriedRun { cost: Some(cost), values: vec![Some(0.999), None] }; 5],
        ..Tried::default()
    }
}

fn finalist(number: usize, cost: f64, more: Option<(f64, f64)>, verdict: Verdict) -> FinalistTold {
    let held = |verdict| Held { value: Some(0.999), worst: Some(0.998), verdict };
    FinalistTold {
        number,
        runs: 20,
        verdict: Some(verdict),
        objectives: vec![held(Verdict::Met), held(verdict)],
        cost: estimate(cost, 900.0),
        more: more.map_or_else(Estimate::default, |(value, half)| estimate(value, half)),
        not_told_apart: more.is_some_and(|(value, half)| value - half < 640.0),
        ..FinalistTold::default()
    }
}

/// One with a winner.
pub(crate) fn usual() -> Tuned {
    let promise = |name: &str, unit: &str, bound: &str, limit| Promise {
        name: name.into(),
        unit: unit.into(),
        bound: bound.into(),
        limit,
    };
    let input = |name: &str, path: &str| Input { name: name.into(), path: path.into(), sha256: "ab".repeat(32) };
    let effect = |path: &str, value: &str, matters: &str, cost| EffectTold {
        of: 2,
        path: path.into(),
        value: value.into(),
        without: Some(4),
        cost,
        margins: (Some(0.5), None),
        matters: matters.into(),
    };
    let look = |generation, spent, before, after, best| LookTold {
        generation,
        runs: 5,
        candidates: (before, after),
        spent,
        best,
    };
    Tuned {
        schema: 1,
        tidegate: Program { version: "0.1.0".into(), commit: "abcdef".into() },
        scenarios: vec![input("three-regions", "three-regions.toml")],
        policy: input("three", "three.json"),
        minimized: "cost".into(),
        unit: "USD".into(),
        confidence: 0.95,
        indifference: 0.01,
        verdict: Some(Verdict::Met),
        winner: Some(2),
        seeds: (1, 10_001),
        spent: Spent { budget: 400, search: 200, effects: 40, selection: 140, yardsticks: 0 },
        objectives: vec![
            promise("availability", "share", "atLeast", 0.99),
            promise("failoverTime max", "s", "atMost", 300.0),
        ],
        space: vec![AxisTold { path: "queueDepth".into(), range: "10 .. 400".into(), why: "one push & more".into() }],
        selection: Selection {
            finalists: vec![
                finalist(2, 64_000.0, None, Verdict::Met),
                finalist(4, 64_100.0, Some((100.0, 700.0)), Verdict::Met),
                FinalistTold { beaten_by: Some(2), ..finalist(0, 67_000.0, Some((3_000.0, 400.0)), Verdict::Met) },
                finalist(1, 66_000.0, Some((2_000.0, 300.0)), Verdict::Missed),
            ],
            indifference: 640.0,
            looks: (2, 3),
            risk: 0.002,
            out_of_budget: false,
        },
        effects: vec![
            effect("queueDepth", "40", "yes", estimate(2_000.0, 200.0)),
            effect("errorRate", "0.2", "notAtAll", estimate(0.0, 0.0)),
        ],
        looks: vec![
            look(0, 100, 20, 6, Some((2, 64_500.0))),
            look(1, 160, 12, 5, None),
            look(2, 200, 9, 4, Some((2, 64_000.0))),
        ],
        refused: 3,
        candidates: candidates(),
        reproduce: "tidegate tune three-regions.toml --budget 400".into(),
        run_winner: vec!["tidegate run three-regions.toml --set queueDepth=40 --runs 20 --seed 10001".into()],
    }
}

fn candidates() -> Vec<Tried> {
    let dropped = Tried {
        dropped: Some("misses failoverTime max".into()),
        dropped_after: Some(5),
        ..tried(3, "#3", &["queueDepth=400"], 61_000.0, -2.0)
    };
    vec![
        tried(0, "own policy", &[], 67_000.0, 0.4),
        tried(1, "100 / 80 % / 5 %", &["queueDepth=100"], 66_000.0, 0.3),
        tried(2, "#2", &["queueDepth=40", "errorRate=0.2"], 64_000.0, 0.2),
        dropped,
        tried(4, "#4", &["queueDepth=40"], 64_100.0, 0.2),
    ]
}
