//! Rule 14: nothing grows without a limit, and every limit is in the policy.

use crate::bench::{Bench, open_claim};
use crate::words::{DUBLIN, Does, FRANKFURT, claim, mins, policy, policy_with, ticket};
use tidegate_core::controller::phase::Phase;
use tidegate_core::fact::{Fact, Why};
use tidegate_core::port::Failure;

fn refused(t: &Bench) -> usize {
    t.count(|fact| *fact == Fact::Ignored { why: Why::Limit })
}

// Broken: `on_queued` does not compare with `open_jobs`.
#[test]
fn a_job_over_the_limit_is_refused_and_found_again() {
    let mut t = Bench::new(policy_with(|p| p.caps.open_jobs = 2));
    t.placed(1);
    t.placed(2);
    t.job(3).queued();
    t.expect([]);
    assert_eq!(refused(&t), 1);
    t.job(3).listed();
    t.job(1).completed_on(1, 1);
    t.take();
    t.advance(mins(3));
    assert!(t.take().contains(&claim(3, FRANKFURT)));
}

// Broken: `on_placement_failed` takes another node's job in without looking at the limit.
#[test]
fn a_failed_placement_of_another_node_counts_as_any_job() {
    let mut t = Bench::new(policy_with(|p| p.caps.open_jobs = 2));
    t.placed(1);
    t.placed(2);
    t.given_back_ticket(ticket(9, 1, DUBLIN), Failure::Stopped);
    t.expect([]);
    assert_eq!(t.machine().open_jobs(), 2);
}

// Broken: `on_open_claims` takes over without looking at the limit.
#[test]
fn an_adoption_stays_under_the_limit() {
    let mut t = Bench::at(DUBLIN, policy_with(|p| p.caps.open_jobs = 2));
    t.region(FRANKFURT).lost();
    t.until(FRANKFURT, Phase::Evacuating);
    t.take();
    t.open((1..=5).map(|job| open_claim(job, 1, FRANKFURT, FRANKFURT)).collect(), false);
    assert_eq!(t.take().len(), 2);
    assert_eq!(t.machine().open_jobs(), 2);
}

// Broken: `Sticky::expire` never forgets while an entry lives.
#[test]
fn remembered_runs_and_ended_jobs_stay_under_their_limits() {
    let mut t = Bench::new(policy_with(|p| {
        p.sticky.max_entries = 10;
        p.caps.ended_jobs = 20;
    }));
    for job in 1..=500 {
        t.job(job).queued();
        t.job(job).started_on(job, 1);
        t.job(job).completed_on(job, 1);
        let [runs, ended, swapped, _] = t.machine().remembered();
        assert!(runs <= 10 && ended <= 40 && swapped == 0, "{runs} runs, {ended} ended, {swapped} swapped");
    }
    t.take();
}

// Broken: `on_placement_failed` notes the same class once more with every failure.
#[test]
fn refused_classes_are_noted_once() {
    let mut t = Bench::new(policy());
    for job in 1..=50 {
        t.given_back_ticket(ticket(job, 1, FRANKFURT), Failure::Capacity);
    }
    let saved = serde_json::to_value(t.machine().snapshot()).unwrap();
    assert_eq!(saved["state"]["refused"].as_array().map(Vec::len), Some(1));
}

// Broken: `on_queued` with a new run attempt keeps what was noted of swapped runners.
#[test]
fn a_new_run_attempt_leaves_nothing_of_the_old_one_behind() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.placed(2);
    t.job(1).started_on(2, 1); // job 2 waits for runner 1
    t.job(2).with(|spec| spec.run_attempt = 2).queued();
    assert_eq!(t.machine().remembered()[2], 0, "swapped runners");
    assert!(t.take().contains(&Does::Claim(2, 1, FRANKFURT)));
}
