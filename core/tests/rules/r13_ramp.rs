//! Rule 13: failback is a ramp: probation with a trickle, then steps, aborted on regression.

use crate::bench::{Answer, Bench};
use crate::words::{DUBLIN, Does, FRANKFURT, SYDNEY, mins, policy, policy_with, secs};
use tidegate_core::controller::phase::{Cause, Phase};
use tidegate_core::fact::Fact;
use tidegate_core::id::Name;

/// Frankfurt came into probation just now; as Dublin sees it.
fn in_probation() -> Bench {
    let mut t = Bench::at(
        DUBLIN,
        policy_with(|p| {
            p.routing.organizations.insert(Name::of("europe-team"), DUBLIN);
        }),
    );
    t.region(FRANKFURT).lost();
    t.until(FRANKFURT, Phase::Out);
    t.region(FRANKFURT).back();
    t.until(FRANKFURT, Phase::Probation);
    t.take();
    t
}

/// Of 300 new runs, those that go home, in per cent.
fn share(t: &mut Bench, from: u64) -> u64 {
    (from..from + 300).for_each(|job| t.job(job).queued());
    let done = t.take();
    for job in from..from + 300 {
        t.job(job).completed(None);
    }
    t.take();
    done.iter().filter(|does| matches!(does, Does::Claim(job, _, FRANKFURT) if *job >= from)).count() as u64 / 3
}

// Broken: `enter` begins probation with the whole share; or `phase_admits` ignores the ramp.
#[test]
fn probation_begins_with_a_trickle_and_grows_in_steps() {
    let mut t = in_probation();
    assert!((3..=7).contains(&share(&mut t, 10_000)), "5 %");
    for (step, about) in [(1, 30), (2, 55), (3, 80), (4, 100)] {
        t.advance(mins(2));
        let got = share(&mut t, 10_000 + step * 10_000);
        assert!(got.abs_diff(about) <= 5, "{got} % after step {step}, and not {about} %");
        t.expect_phase(FRANKFURT, Phase::Probation);
    }
    t.advance(mins(2));
    t.expect_phase(FRANKFURT, Phase::Active);
    assert_eq!(t.count(|fact| matches!(fact, Fact::PhaseChanged { cause: Cause::RampedUp, .. })), 1);
}

// Broken: `admits_sticky` lets every run that began there before the failure come back at once.
#[test]
fn runs_that_began_there_before_come_back_with_the_ramp_too() {
    let mut t = Bench::at(DUBLIN, policy());
    for job in 1..=100 {
        t.job(job).queued();
        t.job(job).completed(None);
    }
    t.region(FRANKFURT).lost();
    t.until(FRANKFURT, Phase::Out);
    t.region(FRANKFURT).back();
    t.until(FRANKFURT, Phase::Probation);
    t.take();
    (1..=100).for_each(|job| t.job(1_000 + job).of_run(job).queued());
    let home = t.take().iter().filter(|does| matches!(does, Does::Claim(_, _, FRANKFURT))).count();
    assert!(home <= 12, "{home} of 100 runs at once");
}

// Broken: `probation` waits for a run of misses.
#[test]
fn one_miss_ends_a_probation() {
    let mut t = in_probation();
    t.region(FRANKFURT).answers(Answer::Misses);
    t.rounds(1);
    t.expect_phase(FRANKFURT, Phase::Out);
    assert_eq!(t.count(|fact| matches!(fact, Fact::PhaseChanged { cause: Cause::Regressed, .. })), 1);
}

// Broken: `probation` asks for the whole sample, which a trickle never makes.
#[test]
fn a_few_failed_launches_end_a_probation() {
    let mut t = in_probation();
    t.advance(mins(1));
    t.region(FRANKFURT).launches(5, 3);
    t.rounds(1);
    t.expect_phase(FRANKFURT, Phase::Out);
}

// Broken: a relapse does not set the ramp back.
#[test]
fn after_a_relapse_the_ramp_begins_anew() {
    let mut t = in_probation();
    t.advance(mins(4) + secs(10));
    t.region(FRANKFURT).answers(Answer::Misses);
    t.rounds(1);
    t.expect_phase(FRANKFURT, Phase::Out);
    t.region(FRANKFURT).back();
    t.until(FRANKFURT, Phase::Probation);
    t.take();
    assert!(share(&mut t, 10_000) <= 7);
}

// Broken: `admits_guests` lets a region in probation take guests.
#[test]
fn a_region_in_probation_takes_no_guests() {
    let mut t = in_probation();
    t.load(DUBLIN, 200, 400);
    t.load(SYDNEY, 200, 400);
    (1..=50).for_each(|job| t.job(job).of("europe-team").queued());
    let done = t.take();
    assert!(!done.iter().any(|does| matches!(does, Does::Claim(_, _, FRANKFURT))), "{done:?}");
    assert!(done.contains(&Does::Claim(50, 1, DUBLIN)));
}
