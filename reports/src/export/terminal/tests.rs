//! What the screen looks like.

use super::*;
use crate::model::{Engine, Input, SingleRegion};

fn about(value: f64, half: f64) -> Estimate {
    Estimate { value: Some(value), low: Some(value - half), high: Some(value + half) }
}

fn times(p50: f64, count: u64) -> Measure {
    let of = |factor: f64| about(p50 * factor, p50 * factor * 0.1);
    Measure {
        unit: "s".into(),
        count,
        mean: of(1.2),
        p50: of(1.0),
        p90: of(2.0),
        p95: of(3.0),
        p99: of(5.0),
        max: of(20.0),
        ..Measure::default()
    }
}

fn judged(
    measure: &str,
    stat: &str,
    bound: &str,
    limit: f64,
    unit: &str,
    estimate: Estimate,
    verdict: Verdict,
) -> Judged {
    let why = if verdict == Verdict::Met { "" } else { "said in a sentence, and what to do about it" };
    let (of, why) = (if measure == "placement" { "regional" } else { "all" }, why.to_owned());
    let (measure, stat, bound, unit) = (measure.into(), stat.into(), bound.into(), unit.into());
    Judged { measure, of: of.into(), stat, bound, limit, unit, estimate, verdict, why, runs_beyond: 0 }
}

fn named_of<T: Clone>(names: &[&str], value: &T) -> BTreeMap<String, T> {
    names.iter().map(|name| ((*name).to_owned(), value.clone())).collect()
}

fn region(scale: f64) -> RegionSummary {
    let placements = ["home", "sticky", "spillover", "failover"].iter().zip([8_123.0, 12_001.0, 310.0, 42.0]);
    RegionSummary {
        peak_runners: about(380.4 * scale, 3.0),
        utilisation: about(0.372 * scale, 0.01),
        peak_queue_depth: about(212.0 * scale, 9.0),
        placements: placements.map(|(name, n)| ((*name).to_owned(), about((n * scale).round(), 1.0))).collect(),
        ..RegionSummary::default()
    }
}

fn outage() -> Failover {
    Failover {
        region: "us-east-1".into(),
        fault: "regionOutage".into(),
        at: 50_400.0,
        runs: (20, 20),
        detected: about(34.0, 2.0),
        decided: about(215.0, 4.0),
        first_success: about(262.0, 9.0),
        recovered: about(421.0, 30.0),
        unrecovered: 0,
        failed_back: about(11_900.0, 100.0),
    }
}

fn summary() -> Summary {
    let regions = ["us-east-1", "eu-west-1", "ap-southeast-1"];
    let counts = [
        ("jobsQueued", 25_310.0),
        ("jobsCompleted", 25_180.5),
        ("jobsLost", 96.2),
        ("jobsLostByUs", 0.0),
        ("relaunches", 341.0),
    ];
    let mut cost = CostSummary {
        per_month: about(48_210.0, 400.0),
        per_thousand_jobs: about(63.17, 0.4),
        ratio: about(1.314, 0.02),
        ..CostSummary::default()
    };
    cost.single_region = Some(SingleRegion { region: "us-east-1".into(), ..SingleRegion::default() });
    let mut start = times(38.0, 503_600);
    start.censored = vec!["max".into()];
    let mut measures = named_of(&["ack", "placement"], &times(0.0142, 506_200));
    measures.extend([("start".to_owned(), start), ("queueWait".to_owned(), times(1.0, 0))]);
    Summary {
        scenario: Input { name: "home-region-outage".into(), ..Input::default() },
        about: "us-east-1 is lost for three hours at Tuesday's peak".into(),
        start: "2026-11-24T00:00:00.000Z".into(),
        duration: 86_400.0,
        seeds: (1..=20).collect(),
        digest: "3f2a9c41d07be6a1".into(),
        objectives: vec![
            judged("placement", "p95", "atMost", 2.0, "s", about(1.21, 0.08), Verdict::Met),
            judged("availability", "mean", "atLeast", 0.999, "share", about(0.9921, 0.0012), Verdict::Missed),
            judged("failoverTime", "max", "atMost", 300.0, "s", about(301.0, 60.0), Verdict::Inconclusive),
            judged("costRatio", "mean", "atMost", 3.0, "ratio", about(1.314, 0.02), Verdict::Met),
        ],
        measures,
        regional: named_of(&["start"], &times(37.0, 401_200)),
        regions: regions.iter().zip([1.0, 0.5, 0.1]).map(|(name, scale)| ((*name).to_owned(), region(scale))).collect(),
        counts: counts.map(|(name, n)| (name.to_owned(), about(n, 1.0))).into(),
        cost,
        failovers: vec![
            outage(),
            Failover { runs: (17, 20), unrecovered: 2, ..outage() },
            Failover { unrecovered: 20, recovered: Estimate::default(), ..outage() },
        ],
        n_minus_one: NMinusOne {
            region: "us-east-1".into(),
            worst_hour: 50_400.0,
            holds: Some(false),
            why: "availability is missed".into(),
            ..NMinusOne::default()
        },
        engine: Engine { events: 41_200_000, wall_seconds: 14.2, events_per_second: 2_901_408.4, peak_bytes: None },
        ..Summary::default()
    }
}

fn report() -> Report {
    let regions = ["us-east-1", "eu-west-1", "ap-southeast-1"].map(str::to_owned).to_vec();
    let reproduce = "tidegate run scenarios/home-region-outage.toml --seed 1 --runs 20".into();
    Report { summary: summary(), regions, max_runners: vec![400, 400, 40], reproduce, ..Report::default() }
}

#[test]
fn it_fits_on_one_screen_and_looks_like_this() {
    let text = terminal(&report(), 100, false, "target/tidegate/home-region-outage/index.html");
    assert!(text.lines().count() <= 45 && text.lines().all(|line| line.chars().count() <= 100), "{text}");
    insta::assert_snapshot!(text, @r"
    home-region-outage  24 h from 2026-11-24 00:00 UTC, 20 runs (seeds 1 to 20), digest 3f2a9c41d07b
    us-east-1 is lost for three hours at Tuesday's peak

    Objectives
      ✓ placement p95, regional jobs  1.2 s    [1.1 s, 1.3 s]      at most 2 s
      ✗ availability                  99.21 %  [99.09 %, 99.33 %]  at least 99.9 %
          said in a sentence, and what to do about it
      ? failoverTime max              5 m 1 s  [4 m 1 s, 6 m 1 s]  at most 5 m
          said in a sentence, and what to do about it
      ✓ costRatio                     1.31×    [1.29×, 1.33×]      at most 3.00×

    Latency                   p50       p95       p99          max  samples
      ack                   14 ms     43 ms     71 ms       284 ms  506,200
      placement             14 ms     43 ms     71 ms       284 ms  506,200
      start                  38 s  1 m 54 s  3 m 10 s  ≥ 12 m 40 s  503,600
      start, regional jobs   37 s  1 m 51 s   3 m 5 s    12 m 20 s  401,200

    Regions            home  sticky  spillover  failover  peak runners  utilisation  peak queue
      us-east-1       8,123  12,001        310        42    380 of 400       37.2 %         212
      eu-west-1       4,062   6,001        155        21    190 of 400       18.6 %         106
      ap-southeast-1    812   1,200         31         4      38 of 40        3.7 %        21.2

    Faults                         at  detected           decided  first job        recovered      back
      us-east-1, region outage  14:00      34 s          3 m 35 s   4 m 22 s          7 m 1 s  3 h 18 m
      us-east-1, region outage  14:00      34 s  3 m 35 s (17/20)   4 m 22 s  7 m 1 s (18/20)  3 h 18 m
      us-east-1, region outage  14:00      34 s          3 m 35 s   4 m 22 s            never  3 h 18 m

    Jobs        25,310 queued, 25,180 completed, 96.2 lost, 0 lost by us, 341 relaunches (per run)
    Cost        $48,210 a month, $63.17 per 1,000 jobs; 1.31× [1.29×, 1.33×] of us-east-1 alone
    N-1         ✗ does not hold without us-east-1 in the worst hour, from 24 Nov 14:00: availability is
                missed
    Engine      41,200,000 events in 14 s, 2,901,408 a second
    Report      target/tidegate/home-region-outage/index.html
    Reproduce   tidegate run scenarios/home-region-outage.toml --seed 1 --runs 20
    ");
}

#[test]
fn colour_changes_nothing_but_colour() {
    let (plain, coloured) = (terminal(&report(), 100, false, "here"), terminal(&report(), 100, true, "here"));
    assert!(coloured.contains("\u{1b}[32m") && coloured.contains("\u{1b}[31m") && coloured.contains("\u{1b}[33m"));
    let mut stripped = String::new();
    for (i, part) in coloured.split('\u{1b}').enumerate() {
        stripped += if i == 0 { part } else { part.split_once('m').expect("a code ends in m").1 };
    }
    let trimmed: Vec<&str> = stripped.lines().map(str::trim_end).collect();
    assert_eq!(trimmed, plain.lines().collect::<Vec<_>>());
}

#[test]
fn an_empty_report_is_still_a_screen() {
    let text = terminal(&Report::default(), 60, false, "");
    assert!(text.contains("none in the scenario") && text.contains("cannot be told"), "{text}");
}

#[test]
fn many_objectives_do_not_push_the_verdicts_off_the_screen() {
    let mut report = report();
    report.summary.objectives = vec![report.summary.objectives[0].clone(); 30];
    report.summary.failovers = vec![outage(); 30];
    let text = terminal(&report, 100, false, "here");
    assert!(text.contains("and 22 more in objectives.csv") && text.contains("and 25 more in summary.json"), "{text}");
    assert!(text.lines().count() <= 45, "{text}");
}
