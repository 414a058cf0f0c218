//! The summary of the made-up reports. Knows the model alone; must not be used outside tests.

use super::HOUR;
use crate::model::*;
use std::collections::BTreeMap;

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
        censored: vec!["max".to_owned()],
    }
}

fn measures() -> BTreeMap<String, Measure> {
    let times =
        [("ack", 0.11), ("placement", 0.78), ("queueWait", 0.24), ("start", 34.0), ("run", 212.0), ("total", 260.0)];
    let mut all: BTreeMap<String, Measure> = times.map(|(name, p50)| (name.to_owned(), measure("s", p50))).into();
    let availability = Measure {
        unit: "share".to_owned(),
        count: 20,
        mean: Estimate { value: Some(0.99874), low: Some(0.9981), high: Some(0.9993) },
        ..Measure::default()
    };
    all.insert("availability".to_owned(), availability);
    all
}

fn judged(
    name: (&str, &str, &str),
    limit: (&str, f64, &str),
    estimate: (f64, f64, f64),
    verdict: Verdict,
    why: &str,
) -> Judged {
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
        runs_beyond: 0,
    }
}

fn objectives() -> Vec<Judged> {
    vec![
        judged(("placement", "regional", "p95"), ("atMost", 2.0, "s"), (1.71, 1.64, 1.79), Verdict::Met, ""),
        judged(
            ("availability", "all", "mean"),
            ("atLeast", 0.999, "share"),
            (0.99874, 0.9981, 0.9993),
            Verdict::Inconclusive,
            "the interval [99.81 %, 99.93 %] straddles 99.9 %: about 60 runs would decide it",
        ),
        judged(
            ("failoverTime", "all", "p95"),
            ("atMost", 300.0, "s"),
            (754.0, 690.0, 818.0),
            Verdict::Missed,
            "recovery waits for the backlog of us-east-1: approval took 2 m 10 s of it",
        ),
        judged(("costRatio", "all", "mean"), ("atMost", 3.0, "ratio"), (1.31, 1.29, 1.33), Verdict::Met, ""),
    ]
}

fn costs(names: &[&str]) -> CostSummary {
    let parts = [
        ("fargate", 312.4),
        ("fargateSpot", 41.2),
        ("nat", 22.9),
        ("transfer", 9.7),
        ("dynamodb", 6.3),
        ("s3", 3.1),
        ("sqs", 0.84),
        ("ingress", 0.6),
        ("healthChecks", 0.31),
        ("surplusRunners", 7.4),
        ("lostWork", 12.2),
    ];
    let split = |usd: f64| -> BTreeMap<String, Estimate> {
        names.iter().enumerate().map(|(i, name)| ((*name).to_owned(), about(usd / (i + 2) as f64, 0.02))).collect()
    };
    CostSummary {
        components: parts.map(|(name, usd)| (name.to_owned(), split(usd))).into(),
        total: about(451.2, 0.02),
        per_month: about(13_536.0, 0.02),
        per_thousand_jobs: about(11.9, 0.02),
        single_region: names.first().map(|name| SingleRegion {
            region: (*name).to_owned(),
            total: about(344.0, 0.02),
            components: parts.map(|(name, usd)| (name.to_owned(), about(usd * 0.8, 0.02))).into(),
        }),
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
        unrecovered: 3,
        failed_back: about(16_560.0, 0.02),
    }
}

/// A summary of these regions.
pub(crate) fn summary(names: &[&str]) -> Summary {
    let first = names.first().copied().unwrap_or_default();
    let input = |name: &str, path: &str| Input {
        name: name.to_owned(),
        path: path.to_owned(),
        sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
    };
    let region = |at: usize| RegionSummary {
        measures: measures(),
        peak_runners: about(388.0 - at as f64 * 30.0, 0.03),
        utilisation: about(0.41, 0.02),
        peak_queue_depth: about(143.0, 0.2),
        placements: [("home", 9_120.0), ("sticky", 6_210.0), ("spillover", 412.0), ("failover", 2_044.0)]
            .map(|(n, v)| (n.to_owned(), about(v, 0.02)))
            .into(),
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
        precision: None,
        digest: "blake:4be1c0ffee4be1c0ffee4be1c0ffee4be1c0ffee".to_owned(),
        measures: measures(),
        regional: measures(),
        regions: names.iter().enumerate().map(|(at, name)| ((*name).to_owned(), region(at))).collect(),
        counts: [
            ("lostJobs", 0.0),
            ("duplicateLaunches", 12.4),
            ("phaseChanges", 6.0),
            ("apiBudgetUsed", 21_480.0),
            ("residencyWaits", 3.2),
        ]
        .map(|(n, v)| (n.to_owned(), about(v, 0.1)))
        .into(),
        cost: costs(names),
        failovers: vec![
            failover(first, 14.0),
            Failover {
                recovered: Estimate::default(),
                fault: "gray".to_owned(),
                runs: (11, 20),
                ..failover("eu-west-1", 20.5)
            },
        ],
        objectives: objectives(),
        n_minus_one: n_minus_one(names),
        runs: BTreeMap::new(),
        engine: Engine {
            events: 48_211_904,
            wall_seconds: 21.4,
            events_per_second: 2_252_892.0,
            peak_bytes: Some(412 << 20),
        },
    }
}

/// The fleet without the first region.
fn n_minus_one(names: &[&str]) -> NMinusOne {
    let name = |index: usize| names.get(index).copied().unwrap_or_default().to_owned();
    NMinusOne {
        region: name(0),
        worst_hour: 15.0 * HOUR,
        objectives: objectives(),
        holds: Some(false),
        why: "eu-west-1 and ap-southeast-1 reach their limits of 400 runners; 212 jobs wait longer than 10 m"
            .to_owned(),
        breaks_first: Some(BreaksFirst { region: name(1), after: 240.0, limit: "maxRunners".to_owned(), runs: (4, 5) }),
        mend: Some(Mend {
            holds: true,
            factor: 1.19,
            total: 76,
            more: [(name(1), 76)].into(),
            why: format!("with 76 more runners in {} it would hold", name(1)),
        }),
    }
}
