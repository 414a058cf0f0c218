//! Rule 1: GitHub binds jobs to runners, not us; every queued job keeps exactly one runner coming.

use crate::bench::{Bench, standing};
use crate::words::{DUBLIN, Does, FRANKFURT, claim, claim_again, mins, policy, secs};
use tidegate_core::JobId;
use tidegate_core::fact::Fact;
use tidegate_core::port::table::Standing;
use tidegate_core::port::{Failure, Stage};

const STARTED: Stage = Stage::Started;
const ENDED: Stage = Stage::Ended;

// Broken: `swap_covers` does not note whose runner is freed for whom (`covers.insert`).
#[test]
fn the_runner_of_the_job_that_took_mine_is_now_mine() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.placed(2);
    t.job(1).started_on(2, 1);
    t.expect([Does::Mark(1, STARTED)]);
    t.given_back(1, Failure::Capacity); // runner 1 never comes: job 2 waited for it
    t.expect([claim_again(2, 2, DUBLIN)]);
}

// Broken: `on_placement_failed` looks at the job the runner was made for, and not at the one it is expected to serve.
#[test]
fn a_runner_lost_under_a_job_that_runs_elsewhere_makes_no_second_one() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.placed(2);
    t.job(1).started_on(2, 1);
    t.take();
    t.given_back(2, Failure::Stopped); // runner 2 was taken by job 1, which runs: nobody waits for it
    t.expect([]);
    t.job(2).started_on(1, 1);
    t.expect([Does::Mark(2, STARTED)]);
    t.given_back(1, Failure::Stopped);
    t.expect([]);
}

// Broken: the started job keeps its `cover`, so that its end forgets what is noted for the third.
#[test]
fn a_chain_of_swaps_survives_the_end_of_its_links() {
    let mut t = Bench::new(policy());
    (1..=3).for_each(|job| {
        t.placed(job);
    });
    t.job(1).started_on(2, 1); // 2 waits for runner 1
    t.job(2).started_on(3, 1); // 3 waits for runner 1
    t.job(2).completed_on(3, 1);
    t.take();
    t.given_back(1, Failure::Capacity);
    t.expect([claim_again(3, 2, DUBLIN)]);
}

// Broken: `on_job_started` swaps runners again for a job that is known to have started.
#[test]
fn a_doubled_webhook_swaps_once() {
    let mut t = Bench::new(policy());
    (1..=3).for_each(|job| {
        t.placed(job);
    });
    t.job(1).started_on(2, 1);
    t.job(2).started_on(3, 1);
    t.job(1).started_on(2, 1); // again
    t.take();
    t.given_back(1, Failure::Capacity);
    t.expect([claim_again(3, 2, DUBLIN)]);
}

// Broken: `on_job_started` leaves the robbed job alone when the job that robbed it had no runner coming.
#[test]
fn a_job_robbed_by_one_without_a_runner_gets_a_new_one() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.job(2).queued();
    t.expect([claim(2, FRANKFURT)]); // not answered: no message of job 2 was ever sent
    t.job(2).started_on(1, 1);
    t.expect([Does::MarkUnmade(2, STARTED), claim_again(1, 2, FRANKFURT)]);
}

// Broken: `on_job_started` does not mark that no runner of the job comes. It was robbed of a runner by another node's job,
// and that one waited for its own in turn, until it was overdue.
#[test]
fn a_job_that_was_served_before_its_message_was_sent_says_so() {
    let mut t = Bench::new(policy());
    t.placed(3);
    t.job(1).queued(); // its claim is not answered
    t.job(2).queued();
    t.claimed(2); // nor is its message known to be sent
    t.take();
    t.job(1).started_on(7, 1);
    t.job(2).started_on(8, 1);
    t.job(3).completed_on(9, 1);
    t.expect([Does::MarkUnmade(1, STARTED), Does::Mark(2, STARTED), Does::Mark(3, ENDED)]);
    t.job(4).queued();
    t.claimed(4);
    t.take();
    t.advance(secs(1));
    t.restart(); // what was being sent may be lost
    t.job(4).completed_on(9, 1);
    t.expect([Does::MarkUnmade(4, ENDED)]);
}

// Broken: `unmade` names the attempt before of a job that waits anew: its runner may be up, and was taken for busy.
#[test]
fn what_may_have_been_sent_is_not_called_unmade() {
    let mut t = Bench::new(policy());
    t.placed(1);
    for _ in 0..3 {
        t.given_back(1, Failure::Capacity);
    }
    assert!(t.count(|fact| matches!(fact, Fact::JobWaits { .. })) > 0, "no region has room");
    t.take();
    t.job(1).started_on(9, 1);
    t.expect([Does::Mark(1, STARTED)]);
}

// Broken: `forget_cover_of` forgets nothing.
#[test]
fn nothing_of_the_swaps_is_kept_when_all_is_over() {
    let mut t = Bench::new(policy());
    (1..=9).for_each(|job| {
        t.placed(job);
    });
    for job in 1..=8 {
        t.job(job).started_on(job + 1, 1);
    }
    t.job(9).started_on(1, 1);
    (1..=9).for_each(|job| t.job(job).completed_on(job % 9 + 1, 1));
    t.take();
    assert_eq!(t.machine().remembered()[2], 0, "swapped runners");
    assert_eq!(t.machine().open_jobs(), 0);
    t.advance(secs(3_600));
    t.expect([]);
}

// Broken: `swap_covers` keeps the note of a runner that took a job (`covers.remove`).
#[test]
fn a_freed_runner_that_takes_a_third_job_frees_that_ones() {
    let mut t = Bench::new(policy());
    (1..=3).for_each(|job| {
        t.placed(job);
    });
    t.job(1).started_on(2, 1); // 2 waits for runner 1
    t.job(3).started_on(1, 1); // 2 waits for runner 3
    assert_eq!(t.machine().remembered()[2], 1, "swapped runners");
    t.take();
    t.given_back(1, Failure::Stopped); // runner 1 served job 3
    t.expect([]);
    t.given_back(3, Failure::Stopped);
    t.expect([claim_again(2, 2, DUBLIN)]);
}

// Broken: `swap_covers` is only called for jobs this node holds in progress, not for those that completed at once.
#[test]
fn a_completion_without_its_start_swaps_too() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.placed(2);
    t.job(1).completed_on(2, 1);
    t.expect([Does::Mark(1, ENDED)]);
    t.given_back(1, Failure::Capacity);
    t.expect([claim_again(2, 2, DUBLIN)]);
}

// Broken: `doubt` does not ask about a runner that a job unknown to us took.
#[test]
fn a_job_robbed_by_one_that_nobody_placed_is_placed_again() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.job(7).started_on(1, 1); // its `queued` was lost
    t.expect([Does::Mark(7, STARTED), Does::LookUp(7)]);
    t.stands(7, None);
    t.expect([claim_again(1, 2, FRANKFURT)]);
    t.job(7).completed_on(1, 1); // told again: the runner of the first attempt is not that of the second
    t.expect([Does::Mark(7, ENDED)]);
}

// Broken: `on_taker_stands` places again although the runner of the other job is free for ours.
#[test]
fn a_job_robbed_by_one_of_another_node_waits_for_that_ones_runner() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.placed(2);
    t.job(7).started_on(1, 1);
    t.take();
    t.stands(7, Some(standing(1, DUBLIN, STARTED)));
    t.expect([]);
    t.job(2).started_on(7, 1); // which is taken in turn: 1 waits for the runner of 2
    t.expect([Does::Mark(2, STARTED)]);
    t.given_back(2, Failure::Capacity);
    t.expect([claim_again(1, 2, DUBLIN)]);
}

// Broken: `on_taker_stands` does not look who took the runner of the taker.
#[test]
fn the_chain_of_takers_is_followed_through_the_table() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.job(7).started_on(1, 1);
    t.take();
    t.stands(7, Some(Standing { taken_by: Some(JobId(8)), ..standing(1, DUBLIN, STARTED) }));
    t.expect([Does::LookUp(8)]);
    t.stands(8, None);
    t.expect([claim_again(1, 2, FRANKFURT)]);
}

// Broken: each taker of a chain has a deadline of its own, so that a chain without end is asked for ever.
#[test]
fn a_chain_of_takers_is_followed_for_a_while_and_no_longer() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.job(7).started_on(1, 1);
    t.take();
    t.advance(secs(8));
    t.stands(7, Some(Standing { taken_by: Some(JobId(8)), ..standing(1, DUBLIN, STARTED) }));
    t.expect([Does::LookUp(8)]);
    t.wait(secs(6));
    t.expect([claim_again(1, 2, FRANKFURT)]);
}

// Broken: `on_stands` places a job again that was asked for another's sake, and is not overdue.
#[test]
fn a_late_word_on_a_taker_places_nobody_again() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.stands(1, Some(standing(1, FRANKFURT, Stage::Placed)));
    t.expect([]);
}

// Broken: no deadline for the word of the table on a taker.
#[test]
fn without_a_word_a_runner_too_many_is_better_than_one_too_few() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.job(7).started_on(1, 1);
    t.take();
    t.wait(secs(15));
    t.expect([claim_again(1, 2, FRANKFURT)]);
}

// Broken: `covers` is keyed by the job and not by the placement, so that two runners of one job are taken for one.
#[test]
fn an_old_runner_of_a_job_placed_again_robs_nobody() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.placed(2);
    t.given_back(1, Failure::Stopped);
    t.take();
    t.claimed(1);
    t.sent(1); // attempt 2 is coming
    t.take();
    t.job(2).started_on(1, 2); // 1 waits for the runner of 2
    t.job(8).started_on(1, 1); // the first runner of 1 came up all the same
    t.expect([Does::Mark(2, STARTED), Does::Mark(8, STARTED)]);
}

// Broken: `make_up_for` sets no deadline, or `swap_covers` does not hand the runner's age on with the runner.
#[test]
fn a_runner_that_never_comes_is_found_out_by_its_own_age() {
    let mut t = Bench::new(policy());
    t.placed(1); // its runner is lost without a word
    for job in 2..20 {
        t.placed(job);
        t.advance(mins(1));
        t.job(job - 1).started_on(job, 1); // each is served by the runner of the next: none is ever overdue by itself
        if t.take().iter().any(|does| matches!(does, Does::LookUp(_))) {
            assert!((15..=18).contains(&job), "after {job} minutes");
            return;
        }
    }
    panic!("the class stays a runner short");
}

// Broken: the doubt about a runner is kept with the job and not with the runner: whoever inherits it waits for nobody.
#[test]
fn a_doubt_goes_with_the_runner_to_who_waits_for_it_next() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.placed(2);
    t.job(7).started_on(1, 1); // nobody placed it; 1 waits for a runner of 7, if there is one
    t.job(1).started_on(2, 1); // and 2 in its stead
    t.take();
    t.stands(7, None);
    t.expect([claim_again(2, 2, FRANKFURT)]);
}
