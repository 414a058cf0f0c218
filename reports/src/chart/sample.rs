//! Made-up reports to draw in tests: usual, large, empty and hostile. Knows the model alone; must not be used outside tests.

use crate::model::*;
use std::collections::BTreeMap;

const HOUR: f64 = 3_600.0;

/// Three regions, a day, `us-east-1` lost from 14 h to 17 h.
pub(crate) fn usual() -> Report {
    report(&["us-east-1", "eu-west-1", "ap-southeast-1"])
}

/// Eight regions.
pub(crate) fn large() -> Report {
    report(&[
        "us-east-1", "eu-west-1", "ap-southeast-1", "us-west-2", "eu-central-1", "ap-northeast-1", "sa-east-1", "ca-central-1",
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
    for text in [&mut summary.about, &mut summary.scenario.name, &mut summary.scenario.path, &mut summary.digest, &mut summary.tidegate.commit] {
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
        [&mut objective.measure, &mut objective.unit, &mut objective.why].into_iter().for_each(|text| NAME.clone_into(text));
    }
    for (i, row) in report.series.iter_mut().enumerate().filter(|(i, _)| i % 5 == 0) {
        (row.queue_depth, row.running, row.start_p95) = (f64::NAN, f64::INFINITY, Some(f64::NAN));
        (row.start_p50, row.phase) = (Some(-1.0), NAME.to_owned());
        row.time = if i % 10 == 0 { f64::NAN } else { -5.0 };
    }
    let fault = |from: f64, to: f64| FaultSpan { region: String::new(), kind: NAME.to_owned(), from, to };
    report.faults.extend([fault(f64::NAN, 1.0), fault(0.0, f64::INFINITY), fault(1e9, 2e9), fault(5.0, 5.0), fault(9.0, 3.0)]);
    NAME.clone_into(&mut report.reproduce);
    report
}

fn report(names: &[&str]) -> Report {
    let regions: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let faults = names.first().map(|name| FaultSpan { region: (*name).to_owned(), kind: "regionOutage".to_owned(), from: 14.0 * HOUR, to: 17.0 * HOUR });
    Report {
        summary: summary(names),
        series: (0..288).flat_map(|step| names.iter().enumerate().map(move |(at, name)| row(step, at, name, names.len()))).collect(),
        max_runners: vec![400; names.len()],
        faults: faults.into_iter().collect(),
        flows: flows(names),
        regions,
        reproduce: "tidegate run scenarios/home-region-outage.toml --runs 20 --seed 1 --out target/tidegate/home-region-outage".to_owned(),
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
    let late = if at == 0 && (14.0..14.6).contains(&hour) { 14.0 } else if guests { 1.6 } else { 1.0 };
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

fn about(value: f64, spread: f64) -> Estimate {
    Estimate { value: Some(value), low: Some(value * (1.0 - spread)), high: Some(value * (1.0 + spread)) }
}

fn measure(unit: &str, p50: f64) -> Measure {
    Measure {
        unit: unit.to_owned(),
        count: 412_388,
        mean: about(p50 * 1.2, 0.02),
        p50: about(p50, 0.02),
        p90: about(p50 * 1.7, 0.03),
        p95: about(p50 * 2.2, 0.04),
        p99: about(p50 * 6.0, 0.08),
        max: about(p50 * 20.0, 0.15),
    }
}

fn measures() -> BTreeMap<String, Measure> {
    let times = [("ack", 0.11), ("placement", 0.78), ("queueWait", 0.24), ("start", 34.0), ("run", 212.0), ("total", 260.0)];
    let mut all: BTreeMap<String, Measure> = times.map(|(name, p50)| (name.to_owned(), measure("s", p50))).into();
    let availability = Measure { unit: "share".to_owned(), count: 20, mean: Estimate { value: Some(0.99874), low: Some(0.9981), high: Some(0.9993) }, ..Measure::default() };
    all.insert("availability".to_owned(), availability);
    all
}

fn judged(name: (&str, &str, &str), limit: (&str, f64, &str), estimate: (f64, f64, f64), verdict: Verdict, why: &str) -> Judged {
    let (value, low, high) = estimate;
    Judged {
        measure: name.0.to_owned(),
        of: name.1.to_owned(),
        stat: name.2.to_owned(),
        bound: limit.0.to_owned(),
        limit: limit.1,
        unit: limit.2.to_owned(),
        estimate: Estimate { value: Some(value), low: Some(low), high: Some(high) },
        verdict,
        why: why.to_owned(),
    }
}

fn objectives() -> Vec<Judged> {
    vec![
        judged(("placement", "regional", "p95"), ("atMost", 2.0, "s"), (1.71, 1.64, 1.79), Verdict::Met, ""),
        judged(("availability", "all", "mean"), ("atLeast", 0.999, "share"), (0.99874, 0.9981, 0.9993), Verdict::Inconclusive, "the interval [99.81 %, 99.93 %] straddles 99.9 %: about 60 runs would decide it"),
        judged(("failoverTime", "all", "p95"), ("atMost", 300.0, "s"), (754.0, 690.0, 818.0), Verdict::Missed, "recovery waits for the backlog of us-east-1: approval took 2 m 10 s of it"),
        judged(("costRatio", "all", "mean"), ("atMost", 3.0, "ratio"), (1.31, 1.29, 1.33), Verdict::Met, ""),
    ]
}

fn costs(names: &[&str]) -> CostSummary {
    let parts = [("fargate", 312.4), ("fargateSpot", 41.2), ("nat", 22.9), ("transfer", 9.7), ("dynamodb", 6.3), ("s3", 3.1), ("sqs", 0.84), ("ingress", 0.6), ("healthChecks", 0.31), ("surplusRunners", 7.4), ("lostWork", 12.2)];
    let split = |usd: f64| -> BTreeMap<String, Estimate> {
        names.iter().enumerate().map(|(i, name)| ((*name).to_owned(), about(usd / (i + 2) as f64, 0.02))).collect()
    };
    CostSummary {
        components: parts.map(|(name, usd)| (name.to_owned(), split(usd))).into(),
        total: about(451.2, 0.02),
        per_month: about(13_536.0, 0.02),
        per_thousand_jobs: about(11.9, 0.02),
        single_region: names.first().map(|name| SingleRegion { region: (*name).to_owned(), total: about(344.0, 0.02), components: parts.map(|(name, usd)| (name.to_owned(), about(usd * 0.8, 0.02))).into() }),
        ratio: about(1.31, 0.015),
    }
}

fn failover(region: &str, hour: f64) -> Failover {
    Failover {
        region: region.to_owned(),
        fault: "regionOutage".to_owned(),
        at: hour * HOUR,
        runs: (20, 20),
        detected: about(38.0, 0.08),
        decided: about(188.0, 0.12),
        first_success: about(231.0, 0.12),
        recovered: about(754.0, 0.09),
        failed_back: about(16_560.0, 0.02),
    }
}

fn summary(names: &[&str]) -> Summary {
    let first = names.first().copied().unwrap_or_default();
    let input = |name: &str, path: &str| Input { name: name.to_owned(), path: path.to_owned(), sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned() };
    let region = |at: usize| RegionSummary {
        measures: measures(),
        peak_runners: about(388.0 - at as f64 * 30.0, 0.03),
        utilisation: about(0.41, 0.02),
        peak_queue_depth: about(143.0, 0.2),
        placements: [("home", 9_120.0), ("sticky", 6_210.0), ("spillover", 412.0), ("failover", 2_044.0)].map(|(n, v)| (n.to_owned(), about(v, 0.02))).into(),
    };
    Summary {
        schema: 1,
        tidegate: Program { version: "0.1.0".to_owned(), commit: "f5dafb7".to_owned() },
        scenario: input("home-region-outage", "scenarios/home-region-outage.toml"),
        policy: input("three-regions", "scenarios/policies/three-regions.json"),
        about: "us-east-1 is lost for three hours at Tuesday's peak".to_owned(),
        start: "2026-11-24T00:00:00Z".to_owned(),
        duration: 24.0 * HOUR,
        warm_up: HOUR,
        seeds: (1..=20).collect(),
        digest: "blake:4be1c0ffee4be1c0ffee4be1c0ffee4be1c0ffee".to_owned(),
        measures: measures(),
        regional: measures(),
        regions: names.iter().enumerate().map(|(at, name)| ((*name).to_owned(), region(at))).collect(),
        counts: [("lostJobs", 0.0), ("duplicateLaunches", 12.4), ("phaseChanges", 6.0), ("apiBudgetUsed", 21_480.0), ("residencyWaits", 3.2)].map(|(n, v)| (n.to_owned(), about(v, 0.1))).into(),
        cost: costs(names),
        failovers: vec![failover(first, 14.0), Failover { recovered: Estimate::default(), fault: "gray".to_owned(), runs: (11, 20), ..failover("eu-west-1", 20.5) }],
        objectives: objectives(),
        n_minus_one: NMinusOne { region: first.to_owned(), worst_hour: 15.0 * HOUR, objectives: objectives(), holds: Some(false), why: "eu-west-1 and ap-southeast-1 reach their limits of 400 runners; 212 jobs wait longer than 10 m".to_owned() },
        engine: Engine { events: 48_211_904, wall_seconds: 21.4, events_per_second: 2_252_892.0, peak_bytes: Some(412 << 20) },
    }
}
