//! Rule 2: facts are joined, never overwritten; the highest attempt wins, then the lowest region; no lease decides.

use crate::bench::{Answer, Bench, standing};
use crate::words::{DUBLIN, Does, FRANKFURT, SYDNEY, claim, claim_again, mins, policy, secs, send, ticket};
use tidegate_core::controller::phase::Phase;
use tidegate_core::fact::Fact;
use tidegate_core::id::{JobId, PlacementId};
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

// Broken: `on_conflict` waits for a runner that another job took; it came from a node that was down when that was known.
#[test]
fn an_attempt_that_stands_without_its_runner_is_placed_again() {
    let taken = |taker| Standing { taken_by: Some(JobId(taker)), ..standing(1, DUBLIN, Stage::Placed) };
    let mut t = Bench::new(policy());
    t.job(1).queued();
    t.take();
    t.conflict(1, taken(7));
    t.expect([Does::LookUp(7)]);
    t.stands(7, None); // nobody made one for that one
    t.expect([claim_again(1, 2, DUBLIN)]);
    t.job(2).queued();
    t.take();
    t.conflict(2, taken(8));
    t.expect([Does::LookUp(8)]);
    t.stands(8, Some(standing(1, SYDNEY, Stage::Started)));
    t.expect([]); // that one's own is free
    t.given_back_ticket(ticket(8, 1, SYDNEY), Failure::Stopped);
    t.expect([claim_again(2, 2, DUBLIN)]);
}

// Broken: `on_conflict` goes on waiting for the runner of another job, although another node has placed this one again; it
// did not even look whether that one's runner was taken.
#[test]
fn a_job_that_another_node_placed_again_waits_for_that_runner() {
    let waits_for_the_runner_of_7 = || {
        let mut t = Bench::new(policy());
        t.placed(1);
        t.job(7).started_on(1, 1);
        t.take();
        t.stands(7, Some(standing(1, DUBLIN, Stage::Started)));
        t.job(1).listed();
        t.wait(mins(20));
        t.expect([Does::LookUp(1)]);
        t
    };
    let again = standing(2, DUBLIN, Stage::Placed);
    let mut t = waits_for_the_runner_of_7();
    t.stands(1, Some(again));
    t.given_back_ticket(ticket(7, 1, DUBLIN), Failure::Stopped);
    t.expect([]); // nobody waits for that one
    let mut t = waits_for_the_runner_of_7();
    t.stands(1, Some(Standing { taken_by: Some(JobId(8)), ..again }));
    t.expect([Does::LookUp(8)]);
    t.stands(8, None);
    t.expect([claim_again(1, 3, DUBLIN)]);
}

// Broken: `Standing::yields_to` lets another node's claim be written again although its runner is taken; or refuses the
// node's own, whose answer was lost.
#[test]
fn a_claim_is_made_again_while_its_runner_is_coming() {
    let ticket = ticket(1, 2, DUBLIN);
    let stands = standing(2, DUBLIN, Stage::Placed);
    let taken = Standing { taken_by: Some(JobId(7)), ..stands };
    let yields = |standing: Standing| [true, false].map(|made_here| standing.yields_to(&ticket, made_here));
    assert_eq!(yields(stands), [true, true]);
    assert_eq!(yields(taken), [true, false]);
    assert_eq!(yields(Standing { attempt: 1, ..taken }), [true, true], "a higher attempt");
    assert_eq!(yields(Standing { region: FRANKFURT, ..stands }), [false, false], "the same elsewhere");
    assert_eq!(yields(Standing { stage: Stage::Started, ..stands }), [false, false]);
    assert_eq!(yields(Standing { run_attempt: 2, attempt: 1, ..stands }), [false, false], "the run was started anew");
    assert_eq!(yields(Standing { run_attempt: 0, ..taken }), [true, true], "what stands is of the run before");
}

// Broken: `note_taken` does not compare attempts. The runner of an attempt in another region was taken for busy, and was
// never reaped.
#[test]
fn the_runner_of_an_older_attempt_says_nothing_of_the_newer_one_s() {
    let noted = |attempt: u16, run_attempt: u16| {
        let mut stands = standing(2, DUBLIN, Stage::Placed);
        let runner = PlacementId { job: JobId(1), run_attempt, attempt };
        stands.note_taken(runner, SYDNEY, JobId(7));
        (stands.attempt, stands.region, stands.taken_by)
    };
    assert_eq!(noted(1, 1), (2, DUBLIN, None));
    assert_eq!(noted(2, 1), (2, DUBLIN, Some(JobId(7))));
    assert_eq!(noted(3, 1), (3, SYDNEY, Some(JobId(7))));
    assert_eq!(noted(1, 0), (2, DUBLIN, None));
    assert_eq!(noted(1, 2), (2, DUBLIN, None), "of a run that this view does not know");
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
