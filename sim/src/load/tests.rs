//! Tests of the merged stream. Knows statistics; must not know files.

use super::worst::worst_of;
use super::*;
use crate::dist::Dist;
use crate::scenario::{Arrivals, RecordedJob};
use std::sync::Arc;
use tidegate_core::time::days_from_civil;

const HOUR: Span = Span::from_hours(1);

fn monday() -> Timestamp {
    Timestamp(days_from_civil(2026, 11, 23) * 24 * HOUR.0)
}

fn synthetic(arrivals: Arrivals) -> Load {
    Load {
        organization: "patient-studio".to_owned(),
        kind: LoadKind::Synthetic {
            repositories: 4,
            arrivals,
            jobs_per_push: Dist::constant(1.0),
            job_duration: Dist::exponential(100.0).expect("good"),
        },
        need: Need::default(),
        labels: Vec::new(),
    }
}

fn poisson(per_hour: f64) -> Load {
    synthetic(Arrivals::Poisson { per_hour })
}

/// Twice as many pushes in the second half of every day, and none on Sundays.
fn profile() -> Vec<f64> {
    let rate = |hour: usize| match (hour / 24, hour % 24) {
        (6, _) => 0.0,
        (_, 0..12) => 7.0 / 9.0,
        _ => 14.0 / 9.0,
    };
    (0..168).map(rate).collect()
}

fn weekly(per_day: f64, burstiness: f64) -> Load {
    synthetic(Arrivals::Weekly { per_day, profile: Arc::new(profile()), burstiness })
}

fn with(mut load: Load, batch: Dist, duration: Dist) -> Load {
    if let LoadKind::Synthetic { jobs_per_push, job_duration, .. } = &mut load.kind {
        (*jobs_per_push, *job_duration) = (batch, duration);
    }
    load
}

fn recorded(rows: &[(u64, u64, u32)], scale: f64) -> Load {
    let job = |(id, (at, duration, run)): (u64, &(u64, u64, u32))| RecordedJob {
        at: Span::from_secs(*at),
        duration: Span::from_secs(*duration),
        run: *run,
        repository: format!("r{}", run % 2),
        labels: (run % 2 == 1).then(|| vec!["gpu".to_owned(), "big".to_owned()]),
        need: None,
        id,
    };
    let jobs = (1..).zip(rows).map(job).collect();
    Load { kind: LoadKind::Recorded { jobs: Arc::new(jobs), scale }, ..poisson(1.0) }
}

fn play(loads: &[Load], hours: u64, seed: u64) -> Vec<Arrival> {
    Loads::of(loads, monday(), monday() + HOUR * hours, seed).arrivals().collect()
}

fn near(found: f64, wanted: f64, allowed: f64) {
    assert!((found - wanted).abs() <= allowed, "found {found}, wanted {wanted} within {allowed}");
}

#[test]
fn a_week_begins_on_monday() {
    assert_eq!(hour_of_week(Timestamp::ZERO), 72, "1970-01-01 was a Thursday");
    assert_eq!(hour_of_week(monday()), 0);
    assert_eq!(hour_of_week(monday() - Span(1)), 167);
    assert_eq!(hour_of_week(monday() + HOUR * 24 * 8 + HOUR * 5), 29);
}

#[test]
fn pushes_follow_the_hour_of_the_week() {
    let weeks = 20;
    let mut counts = vec![0.0; 168];
    for arrival in play(&[weekly(2_400.0, 0.0)], 168 * weeks, 1) {
        counts[hour_of_week(arrival.at)] += 1.0;
    }
    for (count, share) in counts.iter().zip(profile()) {
        let wanted = 100.0 * share * weeks as f64;
        near(*count, wanted, 4.5 * wanted.sqrt());
    }
}

#[test]
fn bursts_keep_the_mean_and_spread_the_hours() {
    let (hours, cv) = (168 * 60, 0.8);
    let flat = Arrivals::Weekly { per_day: 2_400.0, profile: Arc::new(vec![1.0; 168]), burstiness: cv };
    let mut counts = vec![0.0; hours as usize];
    for arrival in play(&[synthetic(flat)], hours, 3) {
        counts[(arrival.at.since(monday()).0 / HOUR.0) as usize] += 1.0;
    }
    let mean = counts.iter().sum::<f64>() / hours as f64;
    let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / hours as f64;
    near(mean, 100.0, 4.0);
    near(variance / mean, 1.0 + 100.0 * cv * cv, 8.0);
}

#[test]
fn a_poisson_process_has_exponential_gaps() {
    let times: Vec<f64> = play(&[poisson(360.0)], 300, 2).iter().map(|a| a.at.as_secs_f64()).collect();
    let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let beyond = |t: f64| gaps.iter().filter(|gap| **gap > t).count() as f64 / gaps.len() as f64;
    near(mean, 10.0, 0.15);
    near(beyond(10.0), (-1.0f64).exp(), 0.01);
    near(beyond(30.0), (-3.0f64).exp(), 0.005);
}

#[test]
fn the_same_seed_gives_the_same_stream_and_another_does_not() {
    let loads = [weekly(500.0, 0.8), poisson(20.0)];
    assert_eq!(play(&loads, 48, 1), play(&loads, 48, 1));
    assert_ne!(play(&loads, 48, 1), play(&loads, 48, 2));
}

#[test]
fn a_draw_for_one_purpose_moves_no_other() {
    let batch = || Dist::exponential(5.0).expect("good");
    let base = play(&[with(weekly(500.0, 0.8), batch(), Dist::constant(1.0))], 48, 1);
    let drawn = play(&[with(weekly(500.0, 0.8), batch(), Dist::exponential(9.0).expect("good"))], 48, 1);
    let plan = |all: &[Arrival]| -> Vec<_> { all.iter().map(|a| (a.at, a.job.run, a.job.repository)).collect() };
    assert_eq!(plan(&base), plan(&drawn), "durations moved arrivals");
    let pushes = |all: &[Arrival]| {
        let mut pushes = plan(all);
        pushes.dedup();
        pushes
    };
    let single = play(&[weekly(500.0, 0.8)], 48, 1);
    assert_eq!(pushes(&base), pushes(&single), "batches moved pushes");
    let beside = play(&[with(weekly(500.0, 0.8), batch(), Dist::constant(1.0)), poisson(50.0)], 48, 1);
    let first: Vec<_> = beside.iter().filter(|a| a.job.load == 0).map(|a| (a.at, a.job.external_id)).collect();
    let alone: Vec<_> = base.iter().map(|a| (a.at, a.job.external_id)).collect();
    assert_eq!(first, alone, "a second load moved the first");
}

#[test]
fn time_goes_on_and_ties_are_by_load() {
    let rows = [(0, 5, 0), (0, 5, 1), (60, 5, 0)];
    let mut loads = Loads::of(&[recorded(&rows, 1.0), recorded(&rows, 1.0)], monday(), monday() + HOUR, 1);
    let mut out = vec![];
    assert_eq!(loads.next_at(), Some(monday()));
    assert_eq!(loads.pop_batch(&mut out), Some(monday()));
    let who: Vec<_> = out.iter().map(|job| (job.load, job.run.0, job.external_id)).collect();
    assert_eq!(who, [(0, 1, 1), (0, 2, 2), (1, 3, 1), (1, 4, 2)]);
    assert_eq!(loads.pop_batch(&mut out), Some(monday() + Span::from_secs(60)));
    assert_eq!(out.iter().map(|job| job.run.0).collect::<Vec<_>>(), [1, 3]);
    assert_eq!((loads.pop_batch(&mut out), out.len(), loads.next_at()), (None, 0, None));
    let mut busy = Loads::of(&[poisson(3_000.0), weekly(90_000.0, 2.0)], monday(), monday() + HOUR * 24, 1);
    let mut last = Timestamp::ZERO;
    while let Some(at) = busy.pop_batch(&mut out) {
        assert!(at > last && at < monday() + HOUR * 24 && !out.is_empty());
        last = at;
    }
}

#[test]
fn a_push_is_one_run_of_one_to_256_jobs_of_one_repository() {
    for (drawn, wanted) in [(0.0, 1), (1.4, 1), (2.5, 3), (1e9, 256), (f64::NAN, 1)] {
        let load = with(poisson(10.0), Dist::constant(drawn), Dist::constant(7.0));
        let mut loads = Loads::of(&[load], monday(), monday() + HOUR * 5, 1);
        let mut out = Vec::new();
        let mut runs = 0;
        while loads.pop_batch(&mut out).is_some() {
            runs += 1;
            assert_eq!(out.len(), wanted, "{drawn}");
            assert!(out.iter().all(|job| job.run == RunId(runs) && job.repository == out[0].repository));
            assert!(out.iter().all(|job| job.duration == Span::from_secs(7) && job.run_attempt == 1));
        }
        assert!(runs > 10);
    }
}

#[test]
fn the_first_repository_gets_most_pushes_and_all_are_named() {
    let load = poisson(1_000.0);
    let mut counts = [0.0; 4];
    let names = repositories(&load);
    for arrival in play(std::slice::from_ref(&load), 40, 1) {
        counts[arrival.job.repository as usize] += 1.0;
        assert_eq!(arrival.job.repository_name, Name::of(&names[arrival.job.repository as usize]));
        assert_eq!(arrival.job.organization, Name::of("patient-studio"));
        assert_eq!(arrival.job.class, Name::of("2cpu,linux,self-hosted,x64"));
    }
    let total: f64 = counts.iter().sum();
    for (rank, count) in (1..).zip(counts) {
        near(count / total, 12.0 / 25.0 / f64::from(rank), 0.01);
    }
    assert_eq!(names[3], "patient-studio/repo-4");
}

#[test]
fn a_stream_may_begin_within_an_hour_and_be_empty() {
    let start = monday() + Span::from_mins(90);
    let all: Vec<_> = Loads::of(&[poisson(600.0)], start, start + HOUR, 1).arrivals().collect();
    assert!(all.iter().all(|a| a.at >= start && a.at < start + HOUR));
    near(all.len() as f64, 600.0, 100.0);
    for never in [poisson(0.0), poisson(f64::NAN), poisson(-1.0), weekly(0.0, 0.8), recorded(&[], 1.0)] {
        assert_eq!(play(&[never], 24 * 365, 1), []);
    }
    assert_eq!(Loads::of(&[], monday(), monday() + HOUR, 1).next_at(), None);
    let late: Vec<_> = play(&[recorded(&[(0, 1, 0), (3_600, 1, 1)], 1.0)], 1, 1);
    assert_eq!(late.len(), 1, "what is recorded after the end does not arrive");
}

#[test]
fn recorded_jobs_keep_their_labels_repositories_and_numbers() {
    let load = recorded(&[(0, 5, 0), (10, 6, 1), (20, 7, 0)], 1.0);
    let all = play(std::slice::from_ref(&load), 1, 1);
    assert_eq!(repositories(&load), ["patient-studio/r0", "patient-studio/r1"]);
    assert_eq!(all.iter().map(|a| a.job.repository).collect::<Vec<_>>(), [0, 1, 0]);
    assert_eq!(all[0].job.class, Name::of(&class_text(&load)));
    assert_eq!(all[1].job.class, Name::of("big,gpu"));
    assert_eq!(all[1].job.repository_name, Name::of("patient-studio/r1"));
    assert_eq!((all[2].job.external_id, all[2].job.duration, all[2].job.run), (3, Span::from_secs(7), RunId(1)));
}

#[test]
fn scaling_thins_or_repeats_whole_runs() {
    let rows: Vec<_> = (0..4_000).map(|n| (n, 5, n as u32 / 4)).collect();
    let ids = |scale| -> Vec<u64> {
        let all = play(&[recorded(&rows, scale)], 2, 1);
        assert!(all.windows(2).all(|pair| pair[0].at <= pair[1].at));
        all.iter().map(|a| a.job.external_id).collect()
    };
    let (third, half) = (ids(0.3), ids(0.5));
    near(third.len() as f64, 1_200.0, 200.0);
    near(half.len() as f64, 2_000.0, 200.0);
    assert!(third.iter().all(|id| half.contains(id)), "what is kept at 0.3 is kept at 0.5");
    for run in half.chunk_by(|a, b| (a - 1) / 4 == (b - 1) / 4) {
        assert_eq!(run.len(), 4, "a run is whole");
    }
    assert_eq!(ids(1.0), (1..=4_000).collect::<Vec<_>>());
    let more = play(&[recorded(&rows, 2.5)], 2, 1);
    near(more.len() as f64, 10_000.0, 300.0);
    let runs = more.iter().map(|a| a.job.run.0).max();
    near(runs.unwrap_or(0) as f64 * 4.0, more.len() as f64, 0.5);
    let late = more.iter().all(|a| {
        let recorded = monday() + Span::from_secs(a.job.external_id - 1);
        a.at >= recorded && a.at <= recorded + JITTER
    });
    assert!(late, "repeats come at most ten minutes later");
    assert_eq!(ids(0.0), [0; 0]);
    assert_eq!(ids(f64::NAN), [0; 0]);
}

#[test]
fn the_worst_hour_is_the_one_with_most_work_after_the_warm_up() {
    let rows = [(0, 90_000, 0), (7_200, 10, 1), (7_300, 10, 1), (10_800, 15, 2), (14_400, 20, 3)];
    let worst = |warm_up| worst_of(&[recorded(&rows, 1.0)], monday(), HOUR * 8, warm_up, 1);
    let hour =
        |hour: u64, jobs, seconds| WorstHour { start: monday() + HOUR * hour, jobs, work: Span::from_secs(seconds) };
    assert_eq!(worst(Span::ZERO), hour(0, 1, 90_000));
    assert_eq!(worst(Span::from_secs(1)), hour(2, 2, 20), "the first of two alike");
    assert_eq!(worst(HOUR * 3), hour(4, 1, 20));
    assert_eq!(worst(HOUR * 5), hour(5, 0, 0), "nothing arrives");
}
