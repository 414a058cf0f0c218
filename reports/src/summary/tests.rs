//! Runs by hand, results by hand.

use super::*;
use crate::fold::CostComponent;
use crate::fold::tests::{A, B, at, completed, frame, phase, placed, queued, started};
use crate::frame::FaultMark;
use crate::model::Verdict;
use tidegate_core::controller::phase::Phase;
use tidegate_core::port::Reason;

/// A run of ten jobs that wait so long, and cost as many USD a job.
fn run(frame: &Frame, wait: u64, usd: i64) -> RunMeasures {
    let mut run = RunMeasures::new(frame);
    for i in 0..10 {
        run.fold(at(i * 60), &queued(A));
        run.fold(at(i * 60), &placed(A, B, Reason::Spillover));
        let (when, fact) = started(i * 60 + wait, A, B, wait);
        run.fold(when, &fact);
        let (when, fact) = completed(i * 60, B, wait, 5);
        run.fold(when, &fact);
        run.cost(when, CostComponent::FargateSpot, Some(B), usd * 1_000_000);
    }
    run.gauges(B, 4, 2.5, 7);
    run.finish();
    run
}

/// 12.706 (Student, one degree of freedom) times the standard error of two values that are `apart`.
fn half(apart: f64) -> f64 {
    12.706_204_736 * apart / 2.0
}

fn close(found: Estimate, value: f64, half: f64) {
    let near = |x: Option<f64>, y: f64| x.is_some_and(|x| (x - y).abs() < 1e-6 * y.abs().max(1.0));
    assert!(near(found.value, value) && near(found.high, value + half), "{found:?}, not {value} and {}", value + half);
    assert!(near(found.low, (value - half).max(0.0)), "{found:?}");
}

#[test]
fn a_figure_is_the_mean_of_the_runs_figures() {
    let frame = frame(1);
    let runs = [run(&frame, 10, 1), run(&frame, 14, 3)];
    let summary = summarize(&frame, &runs, None, &[]).summary;
    let start = &summary.measures["start"];
    assert_eq!((start.count, start.unit.as_str()), (20, "s"));
    close(start.p95, 12.0, half(4.0));
    close(start.mean, 12.0, half(4.0));
    assert_eq!(summary.measures["availability"].mean, Estimate { value: Some(1.0), low: Some(1.0), high: Some(1.0) });
    assert_eq!((summary.measures["availability"].count, summary.measures["goodMinutes"].count), (20, 20));
    assert_eq!(summary.regions["b"].measures["total"].count, 20);
    assert_eq!(summary.regions["a"].measures["total"].count, 0);
    assert_eq!(summary.regions["b"].utilisation.value, Some(0.25));
    assert_eq!(summary.regions["b"].placements["spillover"].value, Some(10.0));
    assert_eq!(summary.regional["start"].count, 0, "the home was spilling");
    assert_eq!(summary.counts["jobsCompleted"].value, Some(10.0));
    assert_eq!(summary.counts["placementsSpillover"].value, Some(10.0));
}

#[test]
fn money_is_scaled_to_a_month_and_a_thousand_jobs_and_paired_with_the_single_region() {
    let frame = frame(3);
    let runs = [run(&frame, 10, 1), run(&frame, 10, 3)];
    let components = [("nat".to_owned(), vec![1.0, 2.0])].into();
    let baseline = Baseline { region: "a".into(), totals: vec![5.0, 15.0], components };
    let summary = summarize(&frame, &runs, Some(&baseline), &[Objective::new("costRatio", 2.0).unwrap()]).summary;
    close(summary.cost.total, 20.0, half(20.0));
    close(summary.cost.per_month, 20.0 * 240.0, half(20.0 * 240.0));
    close(summary.cost.per_thousand_jobs, 2_000.0, half(2_000.0));
    // 10 / 5 and 30 / 15: the runs differ threefold, their ratios not at all.
    assert_eq!(summary.cost.ratio, Estimate { value: Some(2.0), low: Some(2.0), high: Some(2.0) });
    assert_eq!(summary.objectives[0].verdict, Verdict::Met);
    assert_eq!(summary.cost.components["fargateSpot"].keys().collect::<Vec<_>>(), ["b"]);
    assert_eq!(summary.measures["cost"].mean, summary.cost.per_month);
    assert_eq!(summary.cost.single_region.map(|single| single.total.value), Some(Some(10.0)));
}

/// Two runs with an outage each, and the single region to hold them against.
pub(crate) fn sample() -> (Frame, Vec<RunMeasures>, Baseline) {
    let mut frame = frame(3);
    frame.faults.push(FaultMark { region: Some(A), kind: "regionOutage".into(), from: at(60), to: at(600) });
    let mut runs = vec![run(&frame, 10, 1), run(&frame, 14, 3), run(&frame, 11, 2)];
    runs.extend([outage(&frame, Some(90), true), outage(&frame, Some(99), false)]);
    let baseline = Baseline { region: "a".into(), totals: vec![5.0, 15.0, 11.0, 9.0, 8.0], ..Baseline::default() };
    (frame, runs, baseline)
}

fn outage(frame: &Frame, decided: Option<u64>, recovered: bool) -> RunMeasures {
    let mut run = RunMeasures::new(frame);
    (0..40).for_each(|_| run.fold(at(60), &queued(A)));
    if let Some(second) = decided {
        run.fold(at(second), &phase(B, A, Phase::Evacuating));
    }
    if recovered {
        for _ in 0..40 {
            let (when, fact) = started(400, A, B, 340);
            run.fold(when, &fact);
        }
    }
    run.finish();
    run
}

#[test]
fn failover_time_counts_every_run_of_a_fault_that_needed_one() {
    let mut frame = frame(1);
    frame.faults.push(FaultMark { region: Some(A), kind: "regionOutage".into(), from: at(60), to: at(600) });
    let objective = [Objective::new("failoverTime", 7_200.0).unwrap()];
    // One run decided and recovered in the minute that begins 360 s after the start, one never decided, nor recovered.
    let runs = [outage(&frame, Some(120), true), outage(&frame, None, true)];
    let summary = summarize(&frame, &runs, None, &objective).summary;
    assert_eq!(summary.failovers[0].runs, (1, 2));
    assert_eq!(summary.failovers[0].decided.value, Some(60.0));
    assert_eq!((summary.failovers[0].recovered.value, summary.failovers[0].unrecovered), (Some(300.0), 0));
    assert_eq!((summary.measures["failoverTime"].count, summary.measures["failoverTime"].max.value), (2, Some(300.0)));
    assert_eq!(summary.objectives[0].verdict, Verdict::Met);

    let runs = [outage(&frame, Some(120), true), outage(&frame, Some(120), false)];
    let summary = summarize(&frame, &runs, None, &objective).summary;
    assert_eq!((summary.failovers[0].recovered.value, summary.failovers[0].unrecovered), (Some(300.0), 1));
    assert_eq!(summary.measures["failoverTime"].max.value, Some((300.0 + 3_540.0) / 2.0), "to the end of the run");
    assert_eq!(summary.measures["failoverTime"].censored.len(), 6);
    assert_eq!(summary.objectives[0].verdict, Verdict::Inconclusive, "{:?}", summary.objectives[0]);

    let runs = [outage(&frame, None, true), outage(&frame, None, true)];
    let summary = summarize(&frame, &runs, None, &objective).summary;
    assert_eq!((summary.measures["failoverTime"].count, summary.failovers.len()), (0, 1));
    assert!(summary.objectives[0].why.starts_with("no failover happened"), "{:?}", summary.objectives[0]);
}

#[test]
fn jobs_that_never_started_keep_a_start_objective_from_being_met() {
    let frame = frame(1);
    let unstarted = |mut run: RunMeasures, jobs, regional| {
        for _ in 0..jobs {
            let (job, waited) = (tidegate_core::id::JobId(1), Span::from_secs(3_000));
            let (home, queued_at) = (A, at(600));
            let unstarted = tidegate_core::Fact::JobUnstarted { job, home, regional, queued_at, waited };
            run.fold(at(3_600), &unstarted);
        }
        run
    };
    let runs = [unstarted(run(&frame, 10, 1), 1, false), unstarted(run(&frame, 10, 1), 0, false)];
    let [p50, p95] = [Stat::P50, Stat::P95].map(|stat| Objective { stat, ..Objective::new("start", 60.0).unwrap() });
    let summary = summarize(&frame, &runs, None, &[p50, p95]).summary;
    // One of eleven: the median is known, the 95th percentile is not.
    assert_eq!(summary.measures["start"].censored, ["mean", "p95", "p99", "max"]);
    assert_eq!(summary.objectives.iter().map(|o| o.verdict).collect::<Vec<_>>(), [Verdict::Met, Verdict::Inconclusive]);
    // One that was not regional hides nothing of those that were; its placement and its message wait on, too.
    assert!(summary.regional.values().all(|measure| measure.censored.is_empty()));
    let runs = [unstarted(run(&frame, 10, 1), 10, true), unstarted(run(&frame, 10, 1), 0, true)];
    let summary = summarize(&frame, &runs, None, &[]).summary;
    for censored in ["placement", "start"].map(|name| &summary.regional[name].censored) {
        assert!(censored.iter().any(|stat| stat == "p95"), "{censored:?}");
    }
    let censored = |name: &str| !summary.measures[name].censored.is_empty();
    assert_eq!(["ack", "placement", "queueWait", "run"].map(censored), [false, true, true, false]);
}

#[test]
fn the_series_and_the_flows_are_of_the_first_run() {
    let frame = Frame { detail: true, buckets: 1, ..frame(1) };
    let runs = [run(&frame, 10, 1), RunMeasures::new(&Frame { detail: false, ..frame.clone() })];
    let report = summarize(&frame, &runs, None, &[]);
    assert_eq!(report.series.len(), 3);
    assert_eq!(report.series[1].placed_spillover, 10);
    assert_eq!(report.flows, [Flow { home: "a".into(), region: "b".into(), jobs: [0, 0, 10, 0] }]);
    assert_eq!(report.max_runners, [10, 10, 10]);
}

#[test]
fn no_runs_make_a_report_in_which_nothing_is_met() {
    let report = summarize(&frame(1), &[], None, &[Objective::new("start", 1e9).unwrap()]);
    assert_eq!(report.summary.objectives[0].verdict, Verdict::Inconclusive);
    assert!(!crate::export::json::summary_json(&report.summary).contains("NaN"));
}
