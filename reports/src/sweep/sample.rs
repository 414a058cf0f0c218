//! Made-up sweeps to draw in tests: a grid, one axis, a Latin hypercube, one without objectives, a hostile one. Knows the
//! model alone; must not be used outside tests.

use super::{Axis, AxisValue, Design, Map, Point, Sweep};
use crate::model::{Estimate, Input, Judged, Program, Verdict};
use std::collections::BTreeMap;

/// Ten depths by six delays; the shallow ones cost more, the long ones start later.
pub(crate) fn grid() -> Sweep {
    let depths: Vec<String> = (1..=10).map(|n| (20 * n).to_string()).collect();
    let delays: Vec<String> = (1..=6).map(|n| format!("{}s", 10 * n)).collect();
    let mut points = Vec::new();
    for x in 0..depths.len() {
        for y in 0..delays.len() {
            points.push(point(vec![x, y], (x as f64 / 9.0, y as f64 / 5.0)));
        }
    }
    sweep(vec![axis("queueDepth", depths, ""), axis("failover.suspectFor", delays, "s")], points)
}

/// One axis of words.
pub(crate) fn line() -> Sweep {
    let modes = ["automatic", "supervised", "never"].map(str::to_owned).to_vec();
    let points = (0..3).map(|x| point(vec![x], (x as f64 / 2.0, 0.5))).collect();
    let mut sweep = sweep(vec![axis("failover.mode", modes, "")], points);
    sweep.map.y = None;
    sweep
}

/// Sixty points of three axes.
pub(crate) fn hypercube() -> Sweep {
    let share = |n: usize, by: usize| (n * by % 60) as f64 / 59.0;
    let shares = |by: usize| (0..60).map(move |n| share(n, by));
    let texts = |by: usize| {
        let mut texts: Vec<f64> = shares(by).collect();
        texts.sort_by(f64::total_cmp);
        texts.dedup();
        texts.into_iter().map(|share| format!("{:.4}", 0.5 + share)).collect::<Vec<_>>()
    };
    let place = |n: usize, by: usize, texts: &[String]| {
        texts.iter().position(|text| *text == format!("{:.4}", 0.5 + share(n, by))).expect("one of them")
    };
    let (a, b) = (texts(7), texts(11));
    let all = (0..60).map(|n| point(vec![place(n, 7, &a), place(n, 11, &b), n % 2], (share(n, 7), share(n, 11))));
    let modes = vec!["automatic".to_owned(), "supervised".to_owned()];
    let axes = vec![
        axis("spillover.stopAt", a.clone(), ""),
        axis("load.0.scale", b.clone(), ""),
        axis("failover.mode", modes, ""),
    ];
    Sweep { design: Design::LatinHypercube, ..sweep(axes, all.collect()) }
}

/// Nothing to judge, no failover, one seed.
pub(crate) fn without_objectives() -> Sweep {
    let mut sweep = grid();
    sweep.seeds.truncate(1);
    for point in &mut sweep.points {
        point.objectives.clear();
        point.estimates.remove("failoverTime.max");
        point.estimates.values_mut().for_each(|estimate| (estimate.low, estimate.high) = (None, None));
    }
    sweep
}

/// Names that are markup, no points that are good, numbers that are none, and a point that broke.
pub(crate) fn hostile() -> Sweep {
    let mut sweep = grid();
    sweep.scenario.name = "<script>alert('x')</script> &".to_owned();
    sweep.axes[0].path = "regions.<b>.a-very-long-path.that.goes.on.and.on.spilloverThreshold.queueDepth".to_owned();
    sweep.axes[0].values.iter_mut().for_each(|value| value.text = format!("\"{}\" & so on and on", value.text));
    for point in &mut sweep.points {
        point.objectives.iter_mut().for_each(|judged| judged.verdict = Verdict::Missed);
        point.estimates.insert("start.p95".to_owned(), at(f64::NAN));
    }
    sweep.points[3].broken = true;
    sweep.points[4].estimates.clear();
    sweep
}

fn axis(path: &str, values: Vec<String>, unit: &str) -> Axis {
    let number = |text: &String| text.trim_end_matches('s').parse().ok();
    let values = values.into_iter().map(|text| AxisValue { number: number(&text), text }).collect();
    Axis { path: path.to_owned(), values, unit: unit.to_owned() }
}

fn at(value: f64) -> Estimate {
    Estimate { value: Some(value), low: Some(value * 0.97), high: Some(value * 1.03) }
}

fn point(place: Vec<usize>, (x, y): (f64, f64)) -> Point {
    let cost = 9_000.0 - 2_500.0 * x + 400.0 * y;
    let start = 40.0 + 60.0 * x * x + 15.0 * y;
    let failover = 120.0 + 300.0 * y;
    let verdict = match start {
        s if s < 70.0 => Verdict::Met,
        s if s < 76.0 => Verdict::Inconclusive,
        _ => Verdict::Missed,
    };
    let share = (0.999 - start * 1e-4).min(1.0);
    let estimates = [("cost", cost), ("start.p95", start), ("availability", share), ("failoverTime.max", failover)];
    Point {
        index: 0,
        place,
        estimates: estimates.into_iter().map(|(key, value)| (key.to_owned(), at(value))).collect::<BTreeMap<_, _>>(),
        objectives: vec![
            judged("availability", "mean", "share", share, Verdict::Met),
            judged("start", "p95", "s", start, verdict),
        ],
        broken: false,
        digest: format!("{:032x}", (cost * 1e6) as u64),
        reproduce: "tidegate run scenarios/home-region-outage.toml --set queueDepth=60 --runs 20 --seed 1".to_owned(),
    }
}

fn judged(measure: &str, stat: &str, unit: &str, value: f64, verdict: Verdict) -> Judged {
    Judged {
        measure: measure.to_owned(),
        of: "all".to_owned(),
        stat: stat.to_owned(),
        bound: if unit == "share" { "atLeast" } else { "atMost" }.to_owned(),
        limit: if unit == "share" { 0.99 } else { 73.0 },
        unit: unit.to_owned(),
        estimate: at(value),
        verdict,
        why: String::new(),
        runs_beyond: 0,
    }
}

fn sweep(axes: Vec<Axis>, mut points: Vec<Point>) -> Sweep {
    points.iter_mut().zip(0..).for_each(|(point, index)| point.index = index);
    let input = |name: &str, path: &str| Input { name: name.into(), path: path.into(), sha256: "ab".repeat(32) };
    Sweep {
        schema: 1,
        tidegate: Program { version: "0.1.0".to_owned(), commit: "abcdef".to_owned() },
        scenario: input("home-region-outage", "scenarios/home-region-outage.toml"),
        policy: input("three-regions", "scenarios/policies/three-regions.json"),
        about: "us-east-1 is lost for three hours at Tuesday's peak".to_owned(),
        seeds: (1..=20).collect(),
        design: Design::Grid,
        axes,
        map: Map { x: 0, y: Some(1), show: "cost".to_owned() },
        points,
        reproduce: "tidegate sweep scenarios/home-region-outage.toml --vary queueDepth=20..200/10 --runs 20 --seed 1"
            .to_owned(),
    }
}
