//! Rule 10: never evacuate the last active region; when all look bad, believe none of it; an isolated node serves on.

use crate::bench::{Answer, Bench};
use crate::words::{DUBLIN, Does, FRANKFURT, SYDNEY, claim, mins, policy, policy_of, policy_with, secs};
use tidegate_core::controller::phase::{Hold, Phase};
use tidegate_core::fact::Fact;
use tidegate_core::port::operator::Verb;

fn claims(t: &mut Bench) -> Vec<Does> {
    t.take().into_iter().filter(|does| matches!(does, Does::Claim(..))).collect()
}

// Broken: `is_safe` says yes to everything.
#[test]
fn the_last_active_region_is_not_evacuated() {
    let mut t = Bench::new(policy_with(|p| p.failover.quorum = 1));
    t.region(DUBLIN).lost();
    t.until(DUBLIN, Phase::Out);
    t.region(SYDNEY).lost();
    t.until(SYDNEY, Phase::Out);
    t.region(FRANKFURT).launches(100, 100);
    t.advance(mins(30));
    t.expect_phase(FRANKFURT, Phase::Suspect);
    t.take();
    t.job(1).queued();
    assert_eq!(claims(&mut t), [claim(1, FRANKFURT)]);
}

// Broken: `is_safe` counts on a region in probation, which may be out again with its next miss.
#[test]
fn a_region_in_probation_does_not_stand_in_for_the_last_active_one() {
    let mut t = Bench::new({
        let mut policy = policy_of(2);
        policy.failover.quorum = 1;
        policy
    });
    t.region(DUBLIN).lost();
    t.until(DUBLIN, Phase::Out);
    t.region(DUBLIN).back();
    t.until(DUBLIN, Phase::Probation);
    t.region(FRANKFURT).launches(100, 100);
    t.advance(mins(1));
    t.expect_phase(FRANKFURT, Phase::Suspect);
    t.region(DUBLIN).lost();
    t.advance(mins(5));
    t.expect_phase(DUBLIN, Phase::Out);
    t.expect_phase(FRANKFURT, Phase::Suspect);
    assert!(t.machine().admitting() > 0);
    t.job(1).queued();
    assert_eq!(claims(&mut t), [claim(1, FRANKFURT)]);
}

// Broken: `all_look_bad` is never true.
#[test]
fn when_all_look_bad_none_of_it_is_believed() {
    let mut t = Bench::new(policy());
    t.placed(1);
    for region in [FRANKFURT, DUBLIN, SYDNEY] {
        t.region(region).lost();
    }
    t.advance(mins(5));
    assert!(t.machine().in_panic());
    assert_eq!(t.count(|fact| matches!(fact, Fact::PanicChanged { panic: true, .. })), 1);
    for region in [FRANKFURT, DUBLIN, SYDNEY] {
        t.expect_phase(region, Phase::Suspect);
    }
    t.job(2).queued();
    t.expect([claim(2, FRANKFURT)]); // and nobody was evacuated
    for region in [FRANKFURT, DUBLIN, SYDNEY] {
        t.region(region).back();
    }
    t.rounds(4);
    assert!(!t.machine().in_panic());
    t.expect_phase(FRANKFURT, Phase::Active);
}

// Broken: placement in panic believes the phase of a home that is out.
#[test]
fn in_panic_jobs_stay_home_even_where_home_is_out() {
    let mut t = Bench::at(DUBLIN, policy());
    t.region(FRANKFURT).lost();
    t.until(FRANKFURT, Phase::Out);
    t.region(DUBLIN).lost();
    t.region(SYDNEY).lost();
    t.rounds(3);
    assert!(t.machine().in_panic());
    t.take();
    t.job(1).queued();
    assert_eq!(claims(&mut t), [claim(1, FRANKFURT)]);
}

// Broken: panic overrides the operator's hold, which is no phase and no belief.
#[test]
fn panic_does_not_override_an_operator() {
    let mut t = Bench::new(policy_with(|p| p.failover.drain_deadline = secs(10)));
    t.order(FRANKFURT, Verb::Drain);
    t.rounds(2);
    t.expect_hold(FRANKFURT, Hold::Drained);
    for region in [FRANKFURT, DUBLIN, SYDNEY] {
        t.region(region).answers(Answer::Misses);
    }
    t.rounds(3);
    assert!(t.machine().in_panic());
    t.job(1).queued();
    assert_eq!(claims(&mut t), [claim(1, DUBLIN)]);
}

// Broken: a node counts the silence of the others against itself.
#[test]
fn an_isolated_node_keeps_serving_its_own_region() {
    let mut t = Bench::new(policy());
    t.region(DUBLIN).lost();
    t.region(SYDNEY).lost();
    t.advance(mins(10));
    t.expect_phase(FRANKFURT, Phase::Active);
    assert!(!t.machine().in_panic());
    t.take();
    t.job(1).queued();
    assert_eq!(claims(&mut t), [claim(1, FRANKFURT)]);
}
