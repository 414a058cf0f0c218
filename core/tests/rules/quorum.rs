//! Sections 2 and 4: phases follow from own evidence plus the fresh opinions of others, and no single view decides.

use crate::bench::{Answer, Bench};
use crate::words::{DUBLIN, FRANKFURT, SYDNEY, mins, policy, policy_of, policy_with, secs};
use tidegate_core::controller::phase::{Cause, Phase};
use tidegate_core::fact::Fact;
use tidegate_core::port::table::Opinion;

// Broken: `quorum` is always one.
#[test]
fn one_vote_is_not_enough() {
    let mut t = Bench::new(policy());
    t.region(DUBLIN).answers(Answer::Misses); // the others see it well, and its record goes on
    t.advance(mins(30));
    t.expect_phase(DUBLIN, Phase::Suspect);
}

// Broken: `votes` does not count the opinions of others.
#[test]
fn two_votes_are() {
    let mut t = Bench::new(policy());
    t.region(DUBLIN).answers(Answer::Misses);
    t.region(DUBLIN).called(Opinion::Unwell, SYDNEY);
    t.advance(mins(2));
    assert!(t.machine().phase(DUBLIN).is_closed());
}

// Broken: `votes` counts a silence although somebody vouches for the region.
#[test]
fn a_silence_that_another_vouches_for_is_no_vote() {
    let mut t = Bench::new(policy());
    t.region(DUBLIN).answers(Answer::Misses);
    t.region(DUBLIN).falls_silent(); // between us and it alone: Sydney sees it well
    t.advance(mins(30));
    t.expect_phase(DUBLIN, Phase::Suspect);
    t.region(DUBLIN).called(Opinion::Unknown, SYDNEY);
    t.advance(mins(1));
    assert!(t.machine().phase(DUBLIN).is_closed());
}

// Broken: `votes` counts a silence although the region answers us: whoever sees it well would be the one to give it up.
#[test]
fn a_silent_record_of_a_region_that_answers_us_is_no_vote() {
    let mut t = Bench::new(policy());
    t.region(DUBLIN).falls_silent(); // its writes do not come through, its probes are answered
    t.region(DUBLIN).called(Opinion::Unwell, SYDNEY);
    t.advance(mins(30));
    t.expect_phase(DUBLIN, Phase::Active);
    t.region(DUBLIN).answers(Answer::Misses);
    t.advance(mins(2));
    assert!(t.machine().phase(DUBLIN).is_closed());
}

// Broken: one missed probe takes back that a region was well: the others would count its silence against it.
#[test]
fn a_late_probe_takes_back_no_good_word() {
    let mut t = Bench::new(policy());
    let told = |t: &Bench| t.record.opinions[DUBLIN.index()];
    t.rounds(3);
    assert_eq!(told(&t), Opinion::Well);
    t.region(DUBLIN).answers(Answer::Misses);
    let mut seen = Vec::new();
    for _ in 0..20 {
        t.rounds(1);
        seen.push(told(&t));
    }
    seen.dedup();
    assert_eq!(seen, [Opinion::Well, Opinion::Unwell], "nothing is unknown in between");
}

// Broken: `votes` believes records that have not changed for long.
#[test]
fn an_old_opinion_is_no_vote() {
    let mut t = Bench::new(policy());
    t.region(DUBLIN).called(Opinion::Unwell, SYDNEY);
    t.region(SYDNEY).falls_silent();
    t.advance(mins(1));
    t.region(DUBLIN).answers(Answer::Misses);
    t.advance(mins(10));
    t.expect_phase(DUBLIN, Phase::Suspect);
}

// Broken: with two regions the quorum of two can never be had, for `votes` leaves the region's own silence out.
#[test]
fn with_two_regions_own_evidence_and_its_silence_decide() {
    let mut t = Bench::new(policy_of(2));
    t.region(DUBLIN).answers(Answer::Misses);
    t.advance(mins(5));
    t.expect_phase(DUBLIN, Phase::Suspect); // its record goes on: the way to it is broken, not the region
    t.region(DUBLIN).falls_silent();
    t.region(DUBLIN).called(Opinion::Unknown, DUBLIN);
    t.advance(mins(2));
    assert!(t.machine().phase(DUBLIN).is_closed());
}

// Broken: `suspect` looks at own evidence alone.
#[test]
fn a_region_the_others_agree_on_is_suspect_though_it_answers_us() {
    let mut t = Bench::new(policy());
    t.region(DUBLIN).called(Opinion::Unwell, DUBLIN);
    t.region(DUBLIN).called(Opinion::Unwell, SYDNEY);
    t.rounds(1);
    t.expect_phase(DUBLIN, Phase::Suspect);
    let quorum = |fact: &Fact| matches!(fact, Fact::PhaseChanged { region: DUBLIN, cause: Cause::Quorum, .. });
    assert_eq!(t.count(quorum), 1);
}

// Broken: `quorum` asks for more observers than there are.
#[test]
fn a_quorum_is_never_more_than_there_are() {
    let mut t = Bench::new({
        let mut policy = policy_of(2);
        policy.failover.quorum = 5;
        policy
    });
    t.region(DUBLIN).lost();
    t.advance(mins(2));
    assert!(t.machine().phase(DUBLIN).is_closed());
}

// Broken: the votes of a region's own node are counted for its own silence.
#[test]
fn a_node_that_restarts_gives_everyone_the_time_of_a_first_start() {
    let mut t = Bench::new(policy_with(|p| p.failover.quorum = 1));
    t.advance(mins(5));
    t.now += mins(60); // the process was down: nothing was heard for an hour
    t.restart();
    t.advance(secs(1));
    for region in [FRANKFURT, DUBLIN, SYDNEY] {
        t.expect_phase(region, Phase::Active);
    }
    t.advance(mins(5));
    t.expect_phase(DUBLIN, Phase::Active);
}
