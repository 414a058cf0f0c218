//! Made-up reports to draw in tests: usual, large, empty and hostile. Knows the model alone; must not be used outside tests.

mod numbers;

use crate::model::*;
use numbers::summary;
use std::collections::BTreeMap;

const HOUR: f64 = 3_600.0;

/// Three regions, a day, `us-east-1` lost from 14 h to 17 h.
pub(crate) fn usual() -> Report {
    report(&["us-east-1", "eu-west-1", "ap-southeast-1"])
}

/// Eight regions.
pub(crate) fn large() -> Report {
    report(&[
        "us-east-1",
        "eu-west-1",
        "ap-southeast-1",
        "us-west-2",
        "eu-central-1",
        "ap-northeast-1",
        "sa-east-1",
        "ca-central-1",
    ])
}

/// Nothing but the scenario's name.
pub(crate) fn empty() -> Report {
    let mut report = usual();
    let summary = &mut report.summary;
    (summary.about, summary.start, summary.duration) = (String::new(), String::new(), 0.0);
    (summary.seeds, summary.measures, summary.regional) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    (summary.regions, summary.counts, summary.cost) = (BTreeMap::new(), BTreeMap::new(), CostSummary::default());
    (summary.failovers, summary.objectives, summary.n_minus_one) = (Vec::new(), Vec::new(), NMinusOne::default());
    let nothing: (Vec<_>, Vec<_>, Vec<_>) = Default::default();
    (report.series, report.faults, report.flows) = nothing;
    (report.regions, report.max_runners, report.reproduce) = (Vec::new(), Vec::new(), String::new());
    report
}

/// Names that are markup, and numbers that are none.
pub(crate) fn hostile() -> Report {
    const NAME: &str = "<script>alert('x')</script> & \"\u{0}\"]]>";
    let mut report = report(&[NAME, "r-1", "R 1", "a-region-with-a-name-that-no-chart-has-room-for-at-all", ""]);
    let nan = Estimate { value: Some(f64::NAN), low: Some(f64::NEG_INFINITY), high: Some(f64::INFINITY) };
    let summary = &mut report.summary;
    for text in [
        &mut summary.about,
        &mut summary.scenario.name,
        &mut summary.scenario.path,
        &mut summary.digest,
        &mut summary.tidegate.commit,
    ] {
        NAME.clone_into(text);
    }
    (summary.start, summary.duration, summary.warm_up) = ("2026-99-99Tno".to_owned(), f64::NAN, f64::INFINITY);
    summary.counts.insert(NAME.to_owned(), nan);
    summary.cost.total = nan;
    summary.cost.components.entry(NAME.to_owned()).or_default().insert(NAME.to_owned(), nan);
    for failover in &mut summary.failovers {
        (failover.at, failover.detected, failover.decided) = (f64::NAN, nan, Estimate::default());
        NAME.clone_into(&mut failover.fault);
    }
    for objective in summary.objectives.iter_mut().chain(&mut summary.n_minus_one.objectives) {
        (objective.limit, objective.estimate) = (f64::INFINITY, nan);
        [&mut objective.measure, &mut objective.unit, &mut objective.why]
            .into_iter()
            .for_each(|text| NAME.clone_into(text));
    }
    hostile_rows(&mut report.series, NAME);
    let fault = |from: f64, to: f64| FaultSpan { region: String::new(), kind: NAME.to_owned(), from, to };
    report.faults.extend([
        fault(f64::NAN, 1.0),
        fault(0.0, f64::INFINITY),
        fault(1e9, 2e9),
        fault(5.0, 5.0),
        fault(9.0, 3.0),
    ]);
    NAME.clone_into(&mut report.reproduce);
    report
}

fn hostile_rows(series: &mut [SeriesRow], name: &str) {
    for (i, row) in series.iter_mut().enumerate().filter(|(i, _)| i % 5 == 0) {
        (row.queue_depth, row.running, row.start_p95) = (f64::NAN, f64::INFINITY, Some(f64::NAN));
        (row.start_p50, row.phase) = (Some(-1.0), name.to_owned());
        row.time = if i % 10 == 0 { f64::NAN } else { -5.0 };
    }
}

fn report(names: &[&str]) -> Report {
    let regions: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let faults = names.first().map(|name| FaultSpan {
        region: (*name).to_owned(),
        kind: "regionOutage".to_owned(),
        from: 14.0 * HOUR,
        to: 17.0 * HOUR,
    });
    Report {
        summary: summary(names),
        series: (0..288)
            .flat_map(|step| names.iter().enumerate().map(move |(at, name)| row(step, at, name, names.len())))
            .collect(),
        max_runners: vec![400; names.len()],
        faults: faults.into_iter().collect(),
        flows: flows(names),
        regions,
        reproduce:
            "tidegate run scenarios/home-region-outage.toml --runs 20 --seed 1 --out target/tidegate/home-region-outage"
                .to_owned(),
    }
}

fn row(step: u32, at: usize, name: &str, regions: usize) -> SeriesRow {
    let hour = f64::from(step) / 12.0;
    let noise = |salt: u32| f64::from((step * 7_919 + salt * 104_729 + at as u32 * 31_337) % 97) / 97.0;
    let (out, guests) = (at == 0 && (14.05..17.4).contains(&hour), at > 0 && (14.05..17.6).contains(&hour));
    let peak = 15.0 - at as f64 * 6.0;
    let day = (-((hour - peak) / 4.5).powi(2)).exp() + 0.5 * (-((hour - peak - 24.0) / 4.5).powi(2)).exp();
    let guest = if guests { 210.0 / (regions.max(2) - 1) as f64 } else { 0.0 };
    let load = if out { 0.0 } else { 20.0 + 260.0 * day * (0.9 + 0.2 * noise(1)) + guest };
    let ramp = if at == 0 && (17.4..18.6).contains(&hour) { ((hour - 17.4) / 1.2).max(0.05) } else { 1.0 };
    let phase = match hour {
        h if at > 0 || h < 14.0 => "active",
        h if h < 14.05 => "suspect",
        h if h < 14.09 => "awaitingApproval",
        h if h < 14.3 => "evacuating",
        h if h < 17.4 => "out",
        h if h < 18.6 => "probation",
        _ => "active",
    };
    let late = if at == 0 && (14.0..14.6).contains(&hour) {
        14.0
    } else if guests {
        1.6
    } else {
        1.0
    };
    let quiet = regions > 3 && at > 5 && noise(4) > 0.4;
    SeriesRow {
        time: f64::from(step) * 300.0,
        region: name.to_owned(),
        queue_depth: if out { 90.0 * (-(hour - 14.05)).exp() } else { (load - 200.0).max(0.0) * 0.35 + 3.0 * noise(2) },
        running: load * ramp,
        starting: load * ramp * 0.08 + if guests && hour < 14.5 { 60.0 } else { 0.0 },
        phase: phase.to_owned(),
        placed_home: 20,
        start_p50: (!quiet).then(|| 32.0 * late * (0.9 + 0.2 * noise(3))),
        start_p95: (!quiet).then(|| 55.0 * late * (0.9 + 0.5 * noise(5))),
        cost_rate: load * 0.05,
        ..SeriesRow::default()
    }
}

fn flows(names: &[&str]) -> Vec<Flow> {
    let mut flows = Vec::new();
    for (i, home) in names.iter().enumerate() {
        for (j, region) in names.iter().enumerate() {
            let scale = 9_000 / (i as u64 + 1);
            let jobs = match (i, j) {
                (i, j) if i == j => [scale, scale * 2 / 3, 0, 0],
                (0, j) => [0, 120, 610 / j as u64, 2_100 / j as u64],
                (i, 0) => [0, 0, 40 / i as u64, 0],
                _ => [0; 4],
            };
            if jobs.iter().sum::<u64>() > 0 {
                flows.push(Flow { home: (*home).to_owned(), region: (*region).to_owned(), jobs });
            }
        }
    }
    flows
}
