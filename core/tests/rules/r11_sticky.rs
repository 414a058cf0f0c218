//! Rule 11: jobs of one workflow run stay where the first went; a planned drain honours it until its deadline, a
//! failover does not.

use crate::bench::{Bench, open_claim, standing};
use crate::words::{DUBLIN, FRANKFURT, SYDNEY, claim, hours, mins, policy};
use tidegate_core::controller::phase::{Hold, Phase};
use tidegate_core::fact::Fact;
use tidegate_core::id::RunId;
use tidegate_core::port::operator::Verb;
use tidegate_core::port::{Reason, Stage};

/// Run 7 began in Dublin, for Frankfurt was full; now Frankfurt has room again.
fn run_7_is_in_dublin() -> Bench {
    let mut t = Bench::new(policy());
    t.load(FRANKFURT, 150, 400);
    t.job(1).of_run(7).queued();
    t.expect([claim(1, DUBLIN)]);
    t.load(FRANKFURT, 0, 0);
    t.rounds(4);
    t.take();
    t
}

// Broken: `place` asks no `sticky`; or `place` does not remember.
#[test]
fn a_run_stays_where_its_first_job_went() {
    let mut t = run_7_is_in_dublin();
    t.job(2).of_run(7).queued();
    t.job(3).of_run(8).queued();
    t.expect([claim(2, DUBLIN), claim(3, FRANKFURT)]);
    assert_eq!(t.ticket(2).reason, Reason::Sticky);
}

// Broken: `Sticky::region` looks at no expiry.
#[test]
fn a_run_is_remembered_for_its_time() {
    let mut t = run_7_is_in_dublin();
    t.settle(1);
    t.job(1).of_run(7).completed_on(1, 1);
    t.advance(hours(5));
    t.take();
    t.job(2).of_run(7).queued();
    t.expect([claim(2, DUBLIN)]);
    t.settle(2);
    t.job(2).of_run(7).completed_on(2, 1);
    t.advance(hours(6) + mins(1));
    t.take();
    t.job(3).of_run(7).queued();
    t.expect([claim(3, FRANKFURT)]);
}

// Broken: `admits_sticky` asks for an open hold; or `end_drain` never drains.
#[test]
fn a_drain_honours_it_until_its_deadline() {
    let mut t = run_7_is_in_dublin();
    t.settle(1);
    t.order(DUBLIN, Verb::Drain);
    t.expect_hold(DUBLIN, Hold::Draining);
    t.job(2).of_run(7).queued();
    t.expect([claim(2, DUBLIN)]);
    t.settle(2);
    t.job(1).of_run(7).completed_on(1, 1);
    t.job(2).of_run(7).completed_on(2, 1);
    t.advance(mins(61));
    t.take();
    t.expect_hold(DUBLIN, Hold::Drained);
    t.job(3).of_run(7).queued();
    t.expect([claim(3, FRANKFURT)]);
}

// Broken: `admits_home` or `admits_guests` takes new work while draining.
#[test]
fn a_drain_takes_no_new_run() {
    let mut t = Bench::new(policy());
    t.placed(1); // run 1
    t.order(FRANKFURT, Verb::Drain);
    t.job(2).queued();
    t.expect([claim(2, DUBLIN)]);
    t.job(3).of_run(1).queued();
    t.expect([claim(3, FRANKFURT)]);
    t.order(DUBLIN, Verb::Drain);
    t.job(4).queued();
    assert!(!t.take().contains(&claim(4, DUBLIN)));
}

// Broken: `admits_sticky` does not look at the phase.
#[test]
fn a_failover_does_not_honour_it() {
    let mut t = run_7_is_in_dublin();
    t.region(DUBLIN).lost();
    t.until(DUBLIN, Phase::Evacuating);
    t.take();
    t.job(2).of_run(7).queued();
    t.expect([claim(2, FRANKFURT)]);
    assert_eq!(t.count(|fact| matches!(fact, Fact::JobWaits { .. })), 0);
}

// Broken: `on_conflict` leaves the run where this node had wanted it.
#[test]
fn a_run_follows_the_claim_that_stands() {
    let mut t = Bench::new(policy());
    t.job(1).of_run(7).queued();
    t.take();
    t.conflict(1, standing(1, DUBLIN, Stage::Placed));
    t.job(2).of_run(7).queued();
    t.expect([claim(2, DUBLIN)]);
}

// Broken: `on_open_claims` learns no run of claims that it does not take over.
#[test]
fn a_run_that_a_lost_node_began_is_learned_from_its_claims() {
    let mut t = Bench::at(DUBLIN, policy());
    t.region(FRANKFURT).lost();
    t.until(FRANKFURT, Phase::Evacuating);
    t.take();
    let mut abroad = open_claim(1, 1, SYDNEY, FRANKFURT);
    abroad.ticket.run = RunId(7);
    abroad.standing.stage = Stage::Started;
    t.open(vec![abroad], false);
    t.job(2).of_run(7).queued();
    t.job(3).of_run(8).queued();
    t.expect([claim(2, SYDNEY), claim(3, DUBLIN)]);
}
