//! The run in intervals.

use super::*;

#[test]
fn levels_are_averages_over_time_and_hold_until_the_next_sample() {
    let frame = Frame { detail: true, buckets: 2, ..frame(1) }; // two intervals of 1,800 s
    let mut run = RunMeasures::new(&frame);
    run.sample(at(600), A, 12, 6, 3);
    run.sample(at(2_400), A, 0, 2, 9); // the first levels held for 1,200 s and then for 600 s
    run.fold(at(100), &placed(A, A, Reason::Home));
    run.fold(at(1_800), &placed(A, B, Reason::Spillover));
    run.cost(at(100), CostComponent::Nat, Some(A), 3_000_000);
    run.cost(at(100), CostComponent::Nat, None, 9_000_000);
    run.phase(at(1_799), A, Phase::Suspect);
    run.phase(at(1_800), A, Phase::Evacuating);
    for (when, fact) in [started(1_900, A, B, 10), started(1_901, A, B, 30)] {
        run.fold(when, &fact);
    }
    run.finish();
    run.finish();
    let rows = run.series(&frame);
    let keys: Vec<_> = rows.iter().map(|row| (row.time, row.region.as_str())).collect();
    assert_eq!(keys, [(0.0, "a"), (0.0, "b"), (0.0, "c"), (1_800.0, "a"), (1_800.0, "b"), (1_800.0, "c")]);
    let levels = |row: &SeriesRow| (row.queue_depth, row.starting, row.running);
    assert_eq!(levels(&rows[0]), (8.0, 4.0, 2.0), "1,200 of 1,800 s");
    assert_eq!(levels(&rows[3]), (4.0, (6.0 * 600.0 + 2.0 * 1_200.0) / 1_800.0, 7.0));
    assert_eq!(
        (rows[0].phase.as_str(), rows[3].phase.as_str(), rows[4].phase.as_str()),
        ("suspect", "evacuating", "active")
    );
    assert_eq!((rows[0].placed_home, rows[4].placed_spillover), (1, 1));
    assert_eq!((rows[0].cost_rate, rows[1].cost_rate), (6.0, 0.0), "3 USD in half an hour");
    assert_eq!((rows[0].start_p50, rows[3].start_p95, rows[4].start_p95), (None, Some(30.0), None), "by home");
}

#[test]
fn a_series_of_the_end_alone_is_the_end_of_the_whole_one() {
    let whole = Frame { detail: true, buckets: 4, ..frame(1) };
    let half = Frame { series_from: whole.start + Span::from_mins(30), buckets: 2, ..whole.clone() };
    let rows = [whole, half].map(|frame| {
        let mut run = RunMeasures::new(&frame);
        run.phase(at(60), B, Phase::Out);
        run.sample(at(600), A, 12, 6, 3);
        for when in [100, 1_000, 1_800, 2_700] {
            run.fold(at(when), &placed(A, A, Reason::Home));
            let (then, fact) = started(when + 1, A, B, when);
            run.fold(then, &fact);
            run.cost(at(when + 1), CostComponent::Nat, Some(A), 3_000_000);
        }
        run.sample(at(2_400), A, 0, 2, 9);
        run.finish();
        run.series(&frame)
    });
    assert_eq!((rows[0].len(), rows[1].len()), (12, 6));
    assert_eq!(rows[0][6..], rows[1][..]);
}

#[test]
fn the_last_interval_may_be_short() {
    let start = frame(1).start;
    let frame = Frame { detail: true, buckets: 100, end: start + Span::from_secs(90), ..frame(1) };
    let mut run = RunMeasures::new(&frame);
    run.sample(at(60), B, 5, 0, 0);
    run.fold(at(90), &placed(A, A, Reason::Home)); // at the very end
    run.cost(at(60), CostComponent::Sqs, Some(B), 30);
    run.finish();
    let rows = run.series(&frame);
    assert_eq!(rows.len(), 6);
    assert_eq!((rows[4].queue_depth, rows[3].placed_home), (5.0, 1));
    assert!((rows[4].cost_rate - 0.0036).abs() < 1e-12, "30 millionths in 30 s: {}", rows[4].cost_rate);
}

#[test]
fn without_detail_there_is_no_series() {
    let mut run = RunMeasures::new(&frame(1));
    run.sample(at(1), A, 1, 1, 1);
    run.phase(at(1), A, Phase::Out);
    run.finish();
    assert!(run.series(&frame(1)).is_empty());
}
