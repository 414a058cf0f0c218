//! Rule 8: start and stop thresholds, dwell, cooldown that doubles with a cap, a budget of transitions per hour.

use crate::bench::{Answer, Bench};
use crate::words::{DUBLIN, FRANKFURT, mins, policy, secs};
use tidegate_core::Timestamp;
use tidegate_core::controller::phase::Phase;
use tidegate_core::port::table::Opinion;

// Broken: spilling stops at the start threshold (`Ratio::ONE` in place of `stop_at`).
#[test]
fn spilling_starts_at_the_threshold_and_stops_well_below() {
    let mut t = Bench::new(policy());
    t.load(FRANKFURT, 99, 0);
    assert!(!t.machine().spilling(FRANKFURT));
    t.load(FRANKFURT, 100, 0);
    assert!(t.machine().spilling(FRANKFURT));
    t.rounds(3);
    t.load(FRANKFURT, 70, 0);
    assert!(t.machine().spilling(FRANKFURT), "70 is still 70 % of 100");
    t.load(FRANKFURT, 69, 0);
    assert!(!t.machine().spilling(FRANKFURT));
}

// Broken: `update` does not look at `min_dwell`.
#[test]
fn a_start_stands_for_its_dwell() {
    let mut t = Bench::new(policy());
    t.load(FRANKFURT, 0, 320); // 80 % of 400
    assert!(t.machine().spilling(FRANKFURT));
    t.load(FRANKFURT, 0, 0);
    t.load(FRANKFURT, 0, 0);
    assert!(t.machine().spilling(FRANKFURT), "20 s are less than 30 s");
    t.load(FRANKFURT, 0, 0);
    assert!(!t.machine().spilling(FRANKFURT));
}

/// How long Frankfurt stays out, in minutes; ends with a relapse in probation.
fn minutes_out(t: &mut Bench) -> u64 {
    t.until(FRANKFURT, Phase::Out);
    let out: Timestamp = t.now;
    t.region(FRANKFURT).back();
    t.until(FRANKFURT, Phase::Probation);
    let minutes = (t.now.since(out).0 + 30_000_000) / 60_000_000;
    t.region(FRANKFURT).answers(Answer::Misses);
    minutes
}

// Broken: `enter` does not count relapses; or `doubled` knows no cap.
#[test]
fn the_cooldown_doubles_with_each_relapse_up_to_its_cap() {
    let mut t = Bench::at(DUBLIN, policy());
    t.region(FRANKFURT).lost();
    let out: Vec<u64> = (0..5).map(|_| minutes_out(&mut t)).collect();
    assert_eq!(out, [5, 10, 20, 40, 60]);
}

// Broken: `assess` does not ask `may_return`.
#[test]
fn a_flapping_region_stays_under_the_budget_of_changes() {
    let mut t = Bench::new(policy());
    let mut changes: Vec<Timestamp> = Vec::new();
    let mut last = Phase::Active;
    t.region(DUBLIN).called(Opinion::Well, FRANKFURT); // only our probes flap: nobody agrees
    for second in 0..4 * 3_600 {
        let answer = if second / 40 % 2 == 0 { Answer::Misses } else { Answer::Answers };
        t.region(DUBLIN).answers(answer);
        t.advance(secs(1));
        let phase = t.machine().phase(DUBLIN);
        if phase != std::mem::replace(&mut last, phase) {
            changes.push(t.now);
        }
    }
    let in_the_hour_after =
        |from: &Timestamp| changes.iter().filter(|at| *at >= from && at.since(*from) < mins(60)).count();
    let most = changes.iter().map(in_the_hour_after).max();
    assert!(most.is_some_and(|most| (10..=20).contains(&most)), "{most:?} changes in an hour");
}

// Broken: `leave_suspect` does not wait for `suspect_for`.
#[test]
fn nobody_is_moved_before_a_region_was_suspect_for_its_time() {
    let mut t = Bench::new(policy());
    t.region(DUBLIN).lost();
    t.until(DUBLIN, Phase::Suspect);
    t.advance(secs(19));
    t.expect_phase(DUBLIN, Phase::Suspect);
    t.advance(secs(11));
    t.expect_phase(DUBLIN, Phase::Evacuating);
}
