//! Operators: a hold is a second field beside the phase; orders reach every node through the node records.

use crate::bench::Bench;
use crate::words::{DUBLIN, Does, FRANKFURT, SYDNEY, claim, claim_again, hours, mins, policy, policy_with};
use tidegate_core::controller::phase::{Cause, Hold, Phase};
use tidegate_core::fact::Fact;
use tidegate_core::port::operator::{Order, Verb};

// Broken: `exchange` does not write the orders; or `on_records` does not take them.
#[test]
fn an_order_given_to_one_node_is_obeyed_by_all() {
    let (mut here, mut there) = (Bench::at(DUBLIN, policy()), Bench::at(SYDNEY, policy()));
    here.order(FRANKFURT, Verb::Drain);
    here.expect_hold(FRANKFURT, Hold::Draining);
    there.expect_hold(FRANKFURT, Hold::Open);
    there.world[DUBLIN.index()].record = here.record;
    there.world[DUBLIN.index()].record.version += 100;
    there.rounds(1);
    there.expect_hold(FRANKFURT, Hold::Draining);
    let passed_on = there.record.orders[FRANKFURT.index()];
    there.rounds(1);
    assert_eq!(there.record.orders[FRANKFURT.index()], here.record.orders[FRANKFURT.index()], "was {passed_on:?}");
}

// Broken: `take_order` takes any order, newer or not.
#[test]
fn of_two_orders_the_later_one_stands() {
    let mut t = Bench::at(DUBLIN, policy());
    t.order(FRANKFURT, Verb::Drain);
    t.advance(mins(1));
    t.order(FRANKFURT, Verb::Resume);
    let old = Order { at: t.now - mins(1), node: SYDNEY, verb: Verb::Drain };
    t.world[SYDNEY.index()].record.orders[FRANKFURT.index()] = Some(old);
    t.rounds(2);
    t.expect_hold(FRANKFURT, Hold::Open);
}

// Broken: `on_operator` stamps an order with the own clock alone, so that one from a clock ahead outranks it.
#[test]
fn an_order_is_never_outrun_by_a_clock_ahead() {
    let mut t = Bench::at(DUBLIN, policy());
    let ahead = Order { at: t.now + hours(1), node: SYDNEY, verb: Verb::Drain };
    t.world[SYDNEY.index()].record.orders[FRANKFURT.index()] = Some(ahead);
    t.rounds(1);
    t.expect_hold(FRANKFURT, Hold::Draining);
    t.order(FRANKFURT, Verb::Resume);
    t.expect_hold(FRANKFURT, Hold::Open);
    t.rounds(3);
    t.expect_hold(FRANKFURT, Hold::Open);
}

// Broken: `due` does not look at an ordered evacuation; or the region comes back by itself.
#[test]
fn an_ordered_evacuation_moves_what_is_queued_and_stands_until_it_is_resumed() {
    let mut t = Bench::at(DUBLIN, policy());
    t.placed(1);
    t.order(FRANKFURT, Verb::Evacuate);
    t.expect_phase(FRANKFURT, Phase::Evacuating);
    assert!(t.take().contains(&claim_again(1, 2, DUBLIN)));
    t.settle(1);
    t.job(1).completed_on(1, 2);
    t.advance(hours(3));
    t.expect_phase(FRANKFURT, Phase::Out);
    t.order(FRANKFURT, Verb::Resume);
    t.rounds(1);
    t.expect_phase(FRANKFURT, Phase::Probation);
    assert_eq!(t.count(|fact| matches!(fact, Fact::PhaseChanged { cause: Cause::Resumed, .. })), 1);
}

// Broken: an ordered evacuation does not ask `is_safe`.
#[test]
fn not_even_an_operator_evacuates_the_last_active_region() {
    let mut t = Bench::at(DUBLIN, policy());
    t.order(FRANKFURT, Verb::Evacuate);
    t.order(SYDNEY, Verb::Evacuate);
    t.rounds(2);
    t.order(DUBLIN, Verb::Evacuate);
    t.rounds(2);
    t.expect_phase(DUBLIN, Phase::Active);
    t.take();
    t.job(1).queued();
    assert!(t.take().contains(&claim(1, DUBLIN)));
}

// Broken: a resume does not open the hold.
#[test]
fn a_drained_region_takes_work_again_when_it_is_resumed() {
    let mut t = Bench::new(policy_with(|p| p.failover.drain_deadline = mins(1)));
    t.order(FRANKFURT, Verb::Drain);
    t.rounds(7);
    t.expect_hold(FRANKFURT, Hold::Drained);
    t.job(1).queued();
    t.expect([claim(1, DUBLIN)]);
    t.order(FRANKFURT, Verb::Resume);
    t.job(2).queued();
    assert_eq!(t.take(), [Does::Claim(2, 1, FRANKFURT)]);
}
