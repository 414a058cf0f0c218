//! The clocks of failovers.

use super::*;
use crate::frame::FaultMark;

const OUTAGE: u64 = 2 * 3_600;

/// A frame with one fault of region A, two hours after the start and an hour long.
fn faulty(kind: &str) -> Frame {
    let mut frame = frame(8);
    frame.faults.push(FaultMark { region: Some(A), kind: kind.into(), from: at(OUTAGE), to: at(OUTAGE + 3_600) });
    frame
}

/// A job of A every ten seconds that waits for `wait` seconds and starts in `region`.
fn steady(run: &mut RunMeasures, from: u64, to: u64, region: RegionId, wait: u64) {
    for second in (from..to).step_by(10) {
        run.fold(at(second), &queued(A));
        let (when, fact) = started(second, A, region, wait);
        run.fold(when, &fact);
    }
}

fn seconds(time: Option<Timestamp>, episode: &Episode) -> Option<f64> {
    time.map(|t| t.since(episode.from).as_secs_f64())
}

fn clocks(episode: &Episode) -> [Option<f64>; 5] {
    let Episode { detected, decided, first_success, recovered, failed_back, .. } = *episode;
    [detected, decided, first_success, recovered, failed_back].map(|time| seconds(time, episode))
}

#[test]
fn an_outage_runs_through_all_its_clocks() {
    let mut run = RunMeasures::new(&faulty("regionOutage"));
    steady(&mut run, 0, OUTAGE, A, 40);
    for second in (OUTAGE..OUTAGE + 200).step_by(10) {
        run.fold(at(second), &queued(A)); // 20 jobs that do not start
    }
    run.fold(at(OUTAGE + 20), &phase(A, A, Phase::Suspect)); // its own opinion is not a detection
    run.fold(at(OUTAGE + 30), &phase(B, A, Phase::Suspect));
    run.fold(at(OUTAGE + 35), &phase(C, A, Phase::Suspect));
    run.fold(at(OUTAGE + 185), &phase(C, A, Phase::Evacuating));
    run.fold(at(OUTAGE + 190), &phase(B, A, Phase::Evacuating));
    run.fold(at(OUTAGE + 210), &started(OUTAGE + 210, A, A, 1).1); // at home: no success
    for i in 0..19 {
        let (when, fact) = started(OUTAGE + 250 + i, A, B, 240); // late ones, until 14:04:28
        run.fold(when, &fact);
    }
    steady(&mut run, OUTAGE + 300, 5 * 3_600, B, 45);
    for (second, to) in [(4_000, Phase::Out), (9_000, Phase::Probation), (9_900, Phase::Active), (9_950, Phase::Active)]
    {
        run.fold(at(OUTAGE + second), &phase(B, A, to));
    }
    run.finish();
    let [episode] = run.episodes() else { panic!("one episode: {:?}", run.episodes()) };
    // The minutes that end 240 and 300 s after the impact hold late starts or a backlog of 20; the next is good.
    assert_eq!(clocks(episode), [Some(30.0), Some(185.0), Some(250.0), Some(300.0), Some(9_900.0)]);
}

#[test]
fn a_backlog_must_be_gone_although_new_jobs_start_in_time() {
    let mut run = RunMeasures::new(&faulty("regionOutage"));
    steady(&mut run, 0, OUTAGE, A, 40);
    // Waits in the band go up to 40 + 30 s, and in those 7 jobs are queued: 30 are a backlog.
    (0..30).for_each(|_| run.fold(at(OUTAGE), &queued(A)));
    run.fold(at(OUTAGE + 60), &phase(B, A, Phase::Evacuating));
    steady(&mut run, OUTAGE + 60, OUTAGE + 1_200, B, 45);
    for _ in 0..24 {
        let (when, fact) = started(OUTAGE + 1_200, A, B, 60);
        run.fold(when, &fact);
    }
    steady(&mut run, OUTAGE + 1_200, 4 * 3_600, B, 45);
    run.finish();
    assert_eq!(seconds(run.episodes()[0].recovered, &run.episodes()[0]), Some(1_200.0), "6 are left");
}

#[test]
fn a_rising_load_is_not_a_backlog() {
    let mut run = RunMeasures::new(&faulty("regionOutage"));
    steady(&mut run, 0, OUTAGE, A, 40);
    run.fold(at(OUTAGE + 90), &phase(B, A, Phase::Evacuating));
    // One job a second that waits 50 s: 50 jobs wait at any time, ten times as many as before the impact.
    for second in OUTAGE + 90..3 * 3_600 {
        run.fold(at(second), &queued(A));
        if second >= OUTAGE + 140 {
            run.fold(at(second), &started(second, A, B, 50).1);
        }
    }
    run.finish();
    assert_eq!(seconds(run.episodes()[0].recovered, &run.episodes()[0]), Some(120.0), "whoever waits is in the band");
}

#[test]
fn a_fact_long_after_the_end_changes_nothing() {
    let mut run = RunMeasures::new(&faulty("regionOutage"));
    run.fold(Timestamp::MAX, &queued(A));
    run.finish();
    assert_eq!(clocks(&run.episodes()[0]), [None, None, None, Some(0.0), None]);
}

#[test]
fn what_never_recovers_has_no_clock() {
    let mut run = RunMeasures::new(&faulty("gray"));
    steady(&mut run, 0, OUTAGE, A, 40);
    run.fold(at(OUTAGE + 60), &phase(B, A, Phase::Evacuating));
    steady(&mut run, OUTAGE + 60, 8 * 3_600, B, 71); // just out of its band
    run.finish();
    assert_eq!(clocks(&run.episodes()[0]), [None, Some(60.0), Some(60.0), None, None]);
}

#[test]
fn a_fault_without_a_failover_recovers_when_its_last_bad_minute_is_over() {
    let mut run = RunMeasures::new(&faulty("slow"));
    steady(&mut run, 0, OUTAGE + 600, A, 40); // nothing to see for ten minutes
    steady(&mut run, OUTAGE + 600, OUTAGE + 1_200, A, 400);
    steady(&mut run, OUTAGE + 1_200, 8 * 3_600, A, 40);
    run.finish();
    assert_eq!(clocks(&run.episodes()[0]), [None, None, None, Some(1_200.0), None]);
}

#[test]
fn suspicion_an_hour_after_the_fault_is_another_story() {
    let mut run = RunMeasures::new(&faulty("slow"));
    run.fold(at(OUTAGE - 1), &phase(B, A, Phase::Suspect));
    run.fold(at(OUTAGE - 1), &phase(B, A, Phase::Active));
    run.fold(at(OUTAGE + 2 * 3_600 + 1), &phase(B, A, Phase::Suspect));
    run.fold(at(OUTAGE + 2 * 3_600 + 2), &phase(B, A, Phase::Evacuating));
    run.finish();
    let [fault, other] = run.episodes() else { panic!("two episodes: {:?}", run.episodes()) };
    assert_eq!(clocks(fault), [None, None, None, Some(0.0), None]);
    assert_eq!((other.mark, other.kind.as_str(), seconds(other.decided, other)), (None, "unprovoked", Some(0.0)));
}

#[test]
fn an_order_is_one_episode_whoever_sees_it_first() {
    let mut run = RunMeasures::new(&frame(8));
    let ordered = |observer| Fact::PhaseChanged {
        observer,
        region: C,
        from: Phase::Active,
        to: Phase::Evacuating,
        cause: Cause::Ordered,
    };
    for (second, observer) in [(100, C), (101, A), (102, B)] {
        run.fold(at(second), &ordered(observer));
    }
    run.finish();
    let [episode] = run.episodes() else { panic!("one episode: {:?}", run.episodes()) };
    assert_eq!((episode.kind.as_str(), episode.from, episode.region), ("operator", at(101), C));
}

#[test]
fn what_an_isolated_region_thinks_of_the_others_is_no_episode() {
    let mut run = RunMeasures::new(&faulty("partition"));
    run.fold(at(OUTAGE + 60), &phase(A, B, Phase::Evacuating));
    run.fold(at(OUTAGE + 60), &phase(B, A, Phase::Evacuating));
    run.finish();
    assert_eq!(run.episodes().len(), 1);
}

#[test]
fn a_later_fault_of_the_same_region_takes_over_what_follows() {
    let mut frame = faulty("slow");
    frame.faults[0].to = at(OUTAGE + 60);
    frame.faults.push(FaultMark {
        region: Some(A),
        kind: "regionOutage".into(),
        from: at(OUTAGE + 600),
        to: at(OUTAGE + 900),
    });
    frame.faults.push(FaultMark { region: None, kind: "githubOutage".into(), from: at(0), to: at(900) });
    let mut run = RunMeasures::new(&frame);
    run.fold(at(OUTAGE + 700), &phase(B, A, Phase::Suspect));
    run.fold(at(OUTAGE + 800), &phase(B, A, Phase::Evacuating));
    run.finish();
    let found: Vec<_> = run.episodes().iter().map(|e| (e.mark, clocks(e)[0], clocks(e)[1])).collect();
    assert_eq!(found, [(Some(0), None, None), (Some(1), Some(100.0), Some(200.0))]);
}
