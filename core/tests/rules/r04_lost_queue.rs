//! Rule 4: a dead region's queue is out of reach; demand is rebuilt from the table and from GitHub's list.

use crate::bench::{Bench, open_claim, standing};
use crate::words::{DUBLIN, Does, FRANKFURT, SYDNEY, claim, claim_again, mins, policy, secs};
use tidegate_core::controller::Event;
use tidegate_core::controller::phase::Phase;
use tidegate_core::fact::Fact;
use tidegate_core::port::{Failure, Stage, table};

fn dublin_after_the_loss_of_frankfurt() -> Bench {
    let mut t = Bench::at(DUBLIN, policy());
    t.region(FRANKFURT).lost();
    t.until(FRANKFURT, Phase::Evacuating);
    t
}

// Broken: `evacuate` selects no job; or those in progress too.
#[test]
fn an_evacuation_places_again_what_is_queued_and_leaves_alone_what_runs() {
    let mut t = Bench::at(DUBLIN, policy());
    t.placed(1);
    t.placed(2);
    t.job(3).queued();
    t.job(1).started_on(1, 1);
    t.expect([claim(3, FRANKFURT), Does::Mark(1, Stage::Started)]);
    t.region(FRANKFURT).lost();
    t.advance(secs(5));
    t.claimed(3);
    t.take();
    t.until(FRANKFURT, Phase::Evacuating);
    let done = t.take();
    assert!(done.contains(&claim_again(2, 2, DUBLIN)) && done.contains(&claim_again(3, 2, DUBLIN)), "{done:?}");
    assert!(!done.iter().any(|does| matches!(does, Does::Claim(1, ..))), "{done:?}");
}

// Broken: `on_phase` does not adopt; or `on_open_claims` does not place what it takes over.
#[test]
fn the_jobs_of_a_lost_node_are_adopted_from_the_table() {
    let mut t = dublin_after_the_loss_of_frankfurt();
    t.expect([Does::ListOpen(None)]);
    t.open(vec![open_claim(7, 3, FRANKFURT, FRANKFURT)], false);
    t.expect([claim_again(7, 4, DUBLIN)]);
    assert_eq!(t.count(|fact| matches!(fact, Fact::JobsAdopted { count: 1, .. })), 1);
}

// Broken: `on_open_claims` takes over every claim, whatever its stage, region and writer.
#[test]
fn only_what_waits_on_a_lost_region_or_a_lost_node_is_adopted() {
    let mut t = dublin_after_the_loss_of_frankfurt();
    let mut running = open_claim(7, 1, FRANKFURT, FRANKFURT);
    running.standing.stage = Stage::Started;
    let elsewhere = open_claim(8, 1, SYDNEY, SYDNEY);
    let orphan = open_claim(9, 1, SYDNEY, FRANKFURT); // well placed, but nobody looks after it
    t.take();
    t.open(vec![running, elsewhere, orphan], false);
    t.expect([]);
    assert_eq!(t.machine().open_jobs(), 1);
    t.wait(mins(20));
    t.expect([Does::LookUp(9)]);
}

// Broken: `on_open_claims` asks for no further page.
#[test]
fn the_listing_goes_on_page_by_page() {
    let mut t = dublin_after_the_loss_of_frankfurt();
    t.take();
    t.open(vec![open_claim(7, 1, FRANKFURT, FRANKFURT)], true);
    t.expect([claim_again(7, 2, DUBLIN), Does::ListOpen(Some(7))]);
    t.open(vec![open_claim(8, 1, FRANKFURT, FRANKFURT)], false);
    t.expect([claim_again(8, 2, DUBLIN)]);
}

// Broken: `reconcile` waits for ever for an answer to a listing; or does not ask again after a failure.
#[test]
fn a_listing_without_an_answer_is_asked_for_again() {
    let mut t = dublin_after_the_loss_of_frankfurt();
    t.expect([Does::ListOpen(None)]);
    t.advance(mins(2)); // no answer, nor word of a failure
    let again = t.take();
    assert!(!again.is_empty() && again.iter().all(|does| *does == Does::ListOpen(None)), "{again:?}");
    t.hear(Event::Table(table::Event::ListFailed));
    t.advance(mins(1));
    t.expect([Does::ListOpen(None)]);
    t.open(vec![open_claim(7, 1, FRANKFURT, FRANKFURT)], false);
    t.expect([claim_again(7, 2, DUBLIN)]);
    t.advance(mins(2));
    assert!(!t.take().contains(&Does::ListOpen(None)), "done");
}

// Broken: `adopt` does not ask whether it is for this node to do.
#[test]
fn one_node_adopts() {
    let mut t = Bench::at(SYDNEY, policy());
    t.region(FRANKFURT).lost();
    t.until(FRANKFURT, Phase::Evacuating);
    t.expect([]); // Dublin does it
}

// Broken: `on_queued_list` does nothing with what it does not know.
#[test]
fn what_the_table_lost_is_found_on_githubs_list() {
    let mut t = dublin_after_the_loss_of_frankfurt();
    t.open(vec![], false);
    t.take();
    t.job(5).listed();
    t.advance(mins(3));
    let done = t.take();
    assert!(done.contains(&claim(5, DUBLIN)), "{done:?}");
    t.claimed(5);
    assert_eq!(t.count(|fact| matches!(fact, Fact::JobRecovered { .. })), 1);
}

// Broken: `place` acts at once on what a process held before it came up. A region that returned placed again all that
// the others had looked after, before its replica could tell.
#[test]
fn a_process_that_returns_places_nothing_before_its_replica_can_tell() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.placed(2);
    t.job(2).listed();
    t.now += mins(60); // away, and nobody woke it
    t.hear(Event::Started);
    t.take();
    t.given_back(1, Failure::Stopped); // its task is gone
    t.hear(Event::Wake);
    t.expect([Does::LookUp(2)]); // it is overdue
    t.stands(2, Some(standing(1, FRANKFURT, Stage::Placed))); // says a replica that was away as long
    t.expect([]);
    t.wait(secs(30));
    t.expect([claim_again(1, 2, DUBLIN), claim_again(2, 2, FRANKFURT)]);
    t.conflict(1, standing(2, SYDNEY, Stage::Ended));
    t.conflict(2, standing(2, SYDNEY, Stage::Started));
    t.expect([]);
}
