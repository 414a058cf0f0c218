//! Rule 6, the controller's part: retry here, retry elsewhere, fatal; and one visible outcome of retries that run out.

use crate::bench::{Bench, standing};
use crate::words::{DUBLIN, Does, FRANKFURT, SYDNEY, claim, claim_again, hours, mins, policy, policy_with, secs, send};
use tidegate_core::JobId;
use tidegate_core::fact::Fact;
use tidegate_core::id::Name;
use tidegate_core::policy::{Consistency, Policy};
use tidegate_core::port::{ErrorClass, Failure, Stage};

fn abandoned(t: &Bench) -> Vec<(JobId, Failure)> {
    let outcome =
        |fact: &Fact| if let Fact::JobAbandoned { job, failure } = *fact { Some((job, failure)) } else { None };
    t.facts.iter().filter_map(outcome).collect()
}

fn impatient() -> Policy {
    policy_with(|p| p.launch.give_up_after = hours(2))
}

// Broken: the class of `Throttled`, `Capacity` or `Denied` in `Failure::class`.
#[test]
fn every_failure_has_its_class() {
    use ErrorClass::{Fatal, RetryElsewhere, RetryHere};
    assert_eq!([Failure::Capacity, Failure::Unreachable].map(Failure::class), [RetryElsewhere; 2]);
    assert_eq!(
        [Failure::Throttled, Failure::Timeout, Failure::Service, Failure::GitHubDown].map(Failure::class),
        [RetryHere; 4]
    );
    assert_eq!(Failure::Denied.class(), Fatal);
}

// Broken: `on_send_failed` retries what is fatal.
#[test]
fn what_is_fatal_is_given_up_at_once_and_visibly() {
    let mut t = Bench::new(policy());
    t.job(1).queued();
    t.claimed(1);
    t.send_failed(1, Failure::Denied);
    assert_eq!(abandoned(&t), [(JobId(1), Failure::Denied)]);
    t.take();
    t.placed(2);
    t.given_back(2, Failure::Denied);
    t.expect([]);
    assert_eq!(abandoned(&t).len(), 2);
    assert_eq!(t.machine().open_jobs(), 0);
}

// Broken: `on_send_failed` tries a region out of reach as often as one that stumbles.
#[test]
fn a_queue_out_of_reach_is_given_up_after_three_tries_and_another_asked() {
    let mut t = Bench::new(policy());
    t.job(1).queued();
    t.claimed(1);
    t.expect([claim(1, FRANKFURT), send(1, FRANKFURT)]);
    for _ in 0..2 {
        t.send_failed(1, Failure::Unreachable);
        t.wait(secs(13));
        t.expect([send(1, FRANKFURT)]);
    }
    t.send_failed(1, Failure::Unreachable);
    t.expect([claim_again(1, 2, DUBLIN)]);
}

// Broken: `on_send_failed` does not retry here what may pass.
#[test]
fn a_queue_that_stumbles_is_tried_again_here() {
    let mut t = Bench::new(policy());
    t.job(1).queued();
    t.claimed(1);
    t.take();
    for _ in 0..5 {
        t.send_failed(1, Failure::Throttled);
        t.wait(secs(13));
        t.expect([send(1, FRANKFURT)]);
    }
    t.sent(1);
    t.advance(mins(1));
    t.expect([]);
}

// Broken: `on_placement_failed` notes no refused class; or `negative_cache` never ends; or it holds for every class.
#[test]
fn a_class_without_capacity_is_left_alone_for_a_while() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.given_back(1, Failure::Capacity);
    t.expect([claim_again(1, 2, DUBLIN)]);
    t.job(2).queued();
    t.expect([claim(2, DUBLIN)]);
    t.job(3).with(|spec| spec.class = Name::of("gpu")).queued();
    t.expect([claim(3, FRANKFURT)]);
    (1..=3).for_each(|job| {
        t.settle(job);
    });
    t.advance(mins(3) + secs(1));
    t.job(4).queued();
    t.expect([claim(4, FRANKFURT)]);
}

// Broken: `on_placement_failed` forgets which regions failed the job.
#[test]
fn a_region_that_failed_a_job_is_not_asked_again_before_all_others() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.given_back(1, Failure::Stopped);
    t.expect([claim_again(1, 2, DUBLIN)]);
    t.given_back(1, Failure::Stopped);
    t.expect([claim_again(1, 3, SYDNEY)]);
    t.given_back(1, Failure::Stopped);
    t.expect([]); // all failed: it waits a while
    t.wait(secs(5));
    t.expect([claim_again(1, 4, SYDNEY)]); // any will do now; its run is in Sydney
}

// Broken: `on_placement_failed` counts a taken name against the region, and the job runs far from its caches for nothing.
#[test]
fn a_taken_name_sends_no_job_to_another_region() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.given_back(1, Failure::NameTaken);
    t.expect([claim_again(1, 2, FRANKFURT)]);
}

// Broken: no taken name ever counts, and a job stays in a region that GitHub's answers do not reach.
#[test]
fn two_taken_names_in_a_row_send_it_on() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.given_back(1, Failure::NameTaken);
    t.expect([claim_again(1, 2, FRANKFURT)]);
    t.given_back(1, Failure::NameTaken);
    t.expect([claim_again(1, 3, DUBLIN)]);
}

// Broken: `wait` never gives up.
#[test]
fn a_job_that_no_region_takes_has_one_visible_outcome() {
    let mut t = Bench::new(impatient());
    t.job(1).queued();
    for _ in 0..200 {
        while t.take().iter().any(|does| matches!(does, Does::Claim(1, ..))) {
            t.given_back(1, Failure::Capacity);
        }
        t.advance(mins(1));
    }
    assert_eq!(abandoned(&t), [(JobId(1), Failure::Capacity)]);
    t.expect([]);
}

// Broken: `place` looks at `give_up_after` only when no region is open.
#[test]
fn a_job_whose_runners_never_come_up_has_one_visible_outcome() {
    let mut t = Bench::new(impatient());
    t.job(1).queued();
    t.job(1).listed();
    for _ in 0..200 {
        for does in t.take() {
            let attempt = t.ticket(1).placement.attempt;
            if let Does::Claim(..) = does {
                t.claimed(1);
            } else if let Does::Send(..) = does {
                t.sent(1);
            } else {
                assert_eq!(does, Does::LookUp(1));
                t.stands(1, Some(standing(attempt, FRANKFURT, Stage::Placed)));
            }
        }
        t.advance(mins(1));
    }
    assert_eq!(abandoned(&t), [(JobId(1), Failure::Timeout)]);
}

// Broken: `on_claim_failed` never gives up.
#[test]
fn a_job_that_cannot_be_claimed_has_one_visible_outcome() {
    let mut t = Bench::new(Policy { consistency: Consistency::Strong, ..impatient() });
    t.job(1).queued();
    for _ in 0..150 {
        if t.take().iter().any(|does| matches!(does, Does::Claim(..))) {
            t.claim_failed(1, Failure::Unreachable);
        }
        t.advance(mins(1));
    }
    assert_eq!(abandoned(&t), [(JobId(1), Failure::Unreachable)]);
}
