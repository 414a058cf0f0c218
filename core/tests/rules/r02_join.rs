//! Rule 2: facts are joined, never overwritten; the highest attempt wins, then the lowest region; no lease decides.

use crate::bench::{Answer, Bench, standing};
use crate::words::{DUBLIN, Does, FRANKFURT, SYDNEY, claim, claim_again, mins, policy, secs, send};
use tidegate_core::controller::phase::Phase;
use tidegate_core::fact::Fact;
use tidegate_core::port::table::Standing;
use tidegate_core::port::{Failure, Stage};

// Broken: `on_conflict` keeps its own attempt instead of the one that stands.
#[test]
fn a_node_that_lost_counts_on_from_what_stands() {
    let mut t = Bench::new(policy());
    t.job(1).queued();
    t.expect([claim(1, FRANKFURT)]);
    t.conflict(1, standing(4, DUBLIN, Stage::Placed));
    t.expect([]); // capacity is coming by another node's doing: no message of ours
    assert_eq!(t.count(|fact| matches!(fact, Fact::ClaimConflict { .. })), 1);
    t.job(1).listed();
    t.wait(mins(20)); // it never came
    t.expect([Does::LookUp(1)]);
    t.stands(1, Some(standing(4, DUBLIN, Stage::Placed)));
    t.expect([claim_again(1, 5, DUBLIN)]); // sticky: its run is in Dublin now
}

// Broken: `on_conflict` goes on with a job whose end stands in the table.
#[test]
fn the_end_of_a_job_joins_over_everything() {
    let mut t = Bench::new(policy());
    t.job(1).queued();
    t.conflict(1, standing(1, DUBLIN, Stage::Ended));
    assert_eq!(t.machine().open_jobs(), 0);
    t.take();
    t.advance(mins(30));
    t.expect([]);
}

// Broken: `on_conflict` makes capacity for a job whose start stands in the table.
#[test]
fn a_job_that_another_node_saw_start_needs_nothing() {
    let mut t = Bench::new(policy());
    t.job(1).queued();
    t.take();
    t.conflict(1, standing(1, DUBLIN, Stage::Started));
    t.advance(mins(60));
    t.expect([]);
}

// Broken: `on_claimed` does not compare the placement it is told of with the one it holds.
#[test]
fn an_answer_to_an_older_attempt_sends_nothing() {
    let mut t = Bench::new(policy());
    t.job(1).queued();
    let first = t.ticket(1);
    t.given_back(1, Failure::Stopped);
    t.expect([claim(1, FRANKFURT), claim_again(1, 2, DUBLIN)]);
    t.hear(tidegate_core::controller::Event::Table(tidegate_core::port::table::Event::Claimed {
        placement: first.placement,
    }));
    t.expect([]);
    t.claimed(1);
    t.expect([Does::Send(1, 2, DUBLIN)]);
}

// Broken: `Standing::join` prefers the higher region, or the lower attempt.
#[test]
fn the_highest_attempt_wins_then_the_lowest_region() {
    let joined = standing(2, SYDNEY, Stage::Placed).join(standing(1, FRANKFURT, Stage::Started));
    assert_eq!(joined, standing(2, SYDNEY, Stage::Started));
    let tie = standing(2, SYDNEY, Stage::Placed).join(standing(2, DUBLIN, Stage::Placed));
    assert_eq!(tie.region, DUBLIN);
    let anew = Standing { run_attempt: 2, ..standing(1, SYDNEY, Stage::Placed) };
    assert_eq!(anew.join(standing(9, FRANKFURT, Stage::Ended)), anew, "a new run attempt is a new life");
}

// Broken: `on_conflict` lets a job rest on an attempt in a region that is out.
#[test]
fn an_attempt_that_stands_in_a_lost_region_is_placed_again_at_once() {
    let mut t = Bench::at(DUBLIN, policy());
    t.region(FRANKFURT).lost();
    t.until(FRANKFURT, Phase::Out);
    t.take();
    t.job(1).queued();
    t.expect([claim(1, DUBLIN)]);
    t.conflict(1, standing(1, FRANKFURT, Stage::Placed));
    t.expect([claim_again(1, 2, DUBLIN)]);
}

// Broken: `on_claim_failed` waits for the tables for ever.
#[test]
fn without_the_tables_capacity_is_made_all_the_same() {
    let mut t = Bench::new(policy());
    t.job(1).queued();
    t.expect([claim(1, FRANKFURT)]);
    t.claim_failed(1, Failure::Service);
    t.wait(secs(10));
    t.expect([claim(1, FRANKFURT)]);
    t.claim_failed(1, Failure::Service);
    t.expect([send(1, FRANKFURT)]);
}

// Broken: `is_silent` compares the record's own time with ours, and not when we saw it change.
#[test]
fn a_node_whose_clock_is_wrong_is_not_silent() {
    let mut t = Bench::new(policy());
    t.world[DUBLIN.index()].record.written_at = tidegate_core::Timestamp::ZERO;
    t.region(DUBLIN).answers(Answer::Misses); // between us and it alone
    t.advance(mins(10));
    t.expect_phase(DUBLIN, Phase::Suspect);
}
