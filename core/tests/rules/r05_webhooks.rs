//! Rule 5: webhooks are lost, reordered, doubled.

use crate::bench::{Bench, standing};
use crate::words::{Does, FRANKFURT, claim, claim_again, hours, mins, policy, policy_with, secs};
use tidegate_core::fact::{Fact, Why};
use tidegate_core::port::Stage;

fn ignored(t: &Bench, why: Why) -> usize {
    t.count(|fact| *fact == Fact::Ignored { why })
}

// Broken: `on_queued` does not look whether the job is known.
#[test]
fn a_doubled_webhook_places_once() {
    let mut t = Bench::new(policy());
    t.job(1).queued();
    t.expect([claim(1, FRANKFURT)]);
    t.job(1).queued();
    t.expect([]);
    assert_eq!(ignored(&t, Why::Duplicate), 1);
}

// Broken: `end` does not remember the job as ended.
#[test]
fn completed_before_queued_makes_no_capacity() {
    let mut t = Bench::new(policy());
    t.job(1).completed_on(9, 1);
    t.expect([Does::Mark(1, Stage::Ended)]);
    t.job(1).queued();
    t.expect([]);
    assert_eq!(ignored(&t, Why::Ended), 1);
}

// Broken: `on_job_started` does not remember a job that it does not know.
#[test]
fn in_progress_before_queued_makes_no_capacity() {
    let mut t = Bench::new(policy());
    t.job(1).started_on(9, 1);
    t.expect([Does::Mark(1, Stage::Started)]);
    t.job(1).queued();
    t.expect([]);
}

// Broken: `on_webhook` believes a `queued` of any age.
#[test]
fn an_old_webhook_is_not_believed() {
    let mut t = Bench::new(policy());
    let long_ago = t.now - hours(1) - secs(1);
    t.job(1).with(|spec| spec.queued_at = long_ago).queued();
    t.expect([]);
    assert_eq!(ignored(&t, Why::Old), 1);
}

// Broken: `ended` forgets at its first rotation.
#[test]
fn an_end_is_remembered_for_as_long_as_a_webhook_is_believed() {
    let mut t = Bench::new(policy());
    let queued_at = t.now;
    t.advance(mins(50));
    t.job(1).with(|spec| spec.queued_at = queued_at).completed_on(1, 1);
    t.take();
    t.advance(mins(55));
    let soon = t.now - mins(59);
    t.job(1).with(|spec| spec.queued_at = soon).queued();
    t.expect([]);
}

// Broken: `on_queued_list` places at the first look (`second_look` of zero).
#[test]
fn a_job_on_githubs_list_is_placed_at_the_second_look() {
    let mut t = Bench::new(policy());
    t.job(1).listed();
    while t.list_asked == 0 {
        t.advance(secs(1));
    }
    t.expect([]); // its webhook may be on the way, and the list may be behind
    t.advance(mins(1));
    t.expect([claim(1, FRANKFURT)]);
    t.claimed(1);
    assert_eq!(t.count(|fact| matches!(fact, Fact::JobRecovered { .. })), 1);
    t.sent(1);
    t.take();
    t.advance(mins(5));
    t.expect([]); // known now
}

// Broken: `on_queued_list` keeps what is not listed any more, so that two looks an hour apart make a second look.
#[test]
fn a_job_that_left_the_list_is_looked_at_anew() {
    let mut t = Bench::new(policy());
    t.job(1).listed();
    while t.list_asked == 0 {
        t.advance(secs(1));
    }
    let job = t.listed.remove(0);
    t.advance(mins(2));
    t.listed.push(job);
    t.advance(secs(59));
    t.expect([]);
}

// Broken: `on_deadline` does not look after a job that runs, or `on_stands` does not end it: it stayed open for five days at
// the node that heard of its start, when another heard of its end.
#[test]
fn a_job_whose_end_was_told_to_another_node_ends_here_too() {
    let mut t = Bench::new(policy());
    for job in [1, 2, 3] {
        t.placed(job);
        t.job(job).started_on(job, 1);
        t.take();
    }
    t.wait(mins(70));
    t.expect([Does::LookUp(1), Does::LookUp(2), Does::LookUp(3)]);
    t.stands(1, Some(standing(1, FRANKFURT, Stage::Ended)));
    t.stands(2, None); // its claim had its time
    t.stands(3, Some(standing(1, FRANKFURT, Stage::Started)));
    assert_eq!(t.machine().open_jobs(), 1);
    for _ in 0..120 {
        t.advance(mins(60)); // the table does not answer
        assert!(t.take().iter().all(|does| *does == Does::LookUp(3)));
    }
    t.advance(mins(60));
    assert_eq!(t.machine().open_jobs(), 0, "GitHub ended it long ago");
}

// Broken: `on_job_completed` ends a job whatever run attempt the webhook speaks of.
#[test]
fn the_late_end_of_an_older_run_attempt_ends_nothing() {
    let mut t = Bench::new(policy());
    t.job(1).with(|spec| spec.run_attempt = 2).queued();
    t.settle(1);
    t.job(1).started_on(1, 1);
    t.job(1).completed_on(1, 1);
    assert_eq!(t.machine().open_jobs(), 1);
    assert!(t.machine().job_state(tidegate_core::JobId(1)).is_some_and(|(state, _)| state == "Placed"));
}

// Broken: `on_queued` takes a higher run attempt of an open job for a duplicate.
#[test]
fn a_new_run_attempt_is_placed_anew() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.job(1).with(|spec| spec.run_attempt = 2).queued();
    t.expect([claim(1, FRANKFURT)]);
    assert_eq!(t.ticket(1).placement.run_attempt, 2);
}

// Broken: `on_overdue` never asks the table; the webhooks of the job went to another node.
#[test]
fn a_job_whose_webhooks_went_elsewhere_is_looked_up_and_let_go() {
    let mut t = Bench::new(policy_with(|p| p.launch.start_timeout = mins(4)));
    t.placed(1);
    t.wait(mins(9));
    t.expect([Does::LookUp(1)]);
    t.stands(1, None); // it was claimed; its claim had its time after the job's end
    t.expect([]);
    assert_eq!(t.machine().open_jobs(), 0);
    t.placed(2);
    t.job(2).listed(); // GitHub has it still
    t.wait(mins(9));
    t.expect([Does::LookUp(2)]);
    t.stands(2, Some(standing(1, FRANKFURT, Stage::Placed))); // lost: once more
    t.expect([claim_again(2, 2, FRANKFURT)]);
}

// Broken: `on_stands` does not ask GitHub's list. A node that a partition kept from all marks made a second runner for
// every job of its region.
#[test]
fn a_job_that_github_lists_no_more_needs_no_second_runner() {
    let mut t = Bench::new(policy_with(|p| p.launch.start_timeout = mins(4)));
    t.placed(1);
    t.wait(mins(9));
    t.expect([Does::LookUp(1)]);
    t.stands(1, Some(standing(1, FRANKFURT, Stage::Placed))); // no mark came through
    t.expect([]);
    assert_eq!(t.machine().open_jobs(), 0);
}
