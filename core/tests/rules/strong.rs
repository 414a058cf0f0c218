//! The switch `consistency`: with strong claims nothing is made without one. And a controller that came up again.

use crate::bench::Bench;
use crate::words::{Does, FRANKFURT, claim, mins, policy, policy_with, secs, send};
use tidegate_core::policy::Consistency;
use tidegate_core::port::{Failure, Stage};

// Broken: `on_claim_failed` sends after two tries in both modes.
#[test]
fn a_strong_claim_is_never_skipped() {
    let mut t = Bench::new(policy_with(|p| p.consistency = Consistency::Strong));
    t.job(1).queued();
    for _ in 0..20 {
        t.wait(secs(20));
        t.expect([claim(1, FRANKFURT)]);
        t.claim_failed(1, Failure::Unreachable);
    }
    t.advance(mins(5)); // nor when no answer comes at all
    assert!(t.take().iter().all(|does| *does == claim(1, FRANKFURT)));
    t.claimed(1);
    t.expect([send(1, FRANKFURT)]);
}

// Broken: an answer that never comes leaves a job without a deadline, be it in `Claiming` or in `Enqueuing`.
#[test]
fn without_an_answer_the_machines_own_deadlines_fire() {
    let mut t = Bench::new(policy());
    t.job(1).queued();
    t.expect([claim(1, FRANKFURT)]);
    t.wait(secs(13));
    t.expect([claim(1, FRANKFURT)]);
    t.wait(secs(13));
    t.expect([send(1, FRANKFURT)]);
    t.wait(secs(13));
    t.expect([send(1, FRANKFURT)]);
    t.sent(1);
    t.wait(mins(20));
    let done = t.take(); // its claim was never written: once more, and a look at what the table shows
    assert!(done.contains(&claim(1, FRANKFURT)) && done.contains(&Does::LookUp(1)), "{done:?}");
}

// Broken: `on_started_up` leaves a probe or a listing open that nobody will answer; or forgets the jobs.
#[test]
fn a_controller_that_came_up_again_goes_on_where_it_was() {
    let mut t = Bench::new(policy());
    t.placed(1);
    t.job(2).queued();
    t.take();
    t.advance(secs(5));
    t.restart();
    assert_eq!(t.machine().open_jobs(), 2);
    t.wait(secs(20)); // the answer to the claim is lost with the process
    t.expect([claim(2, FRANKFURT)]);
    t.claimed(2);
    t.expect([send(2, FRANKFURT)]);
    t.job(1).queued(); // GitHub delivers again
    t.expect([]);
    t.job(1).started_on(1, 1);
    t.expect([Does::Mark(1, Stage::Started)]);
}
