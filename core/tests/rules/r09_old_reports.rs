//! Rule 9: load reports are old. No herd, no ping-pong.

use crate::bench::{Answer, Bench};
use crate::words::{DUBLIN, Does, FRANKFURT, SYDNEY, claim, claim_again, policy, policy_with, secs};
use tidegate_core::fact::{Considered, Fact};
use tidegate_core::policy::Share;
use tidegate_core::port::{Failure, Reason};

/// Where the jobs of a burst go, without a report in between.
fn burst(t: &mut Bench, jobs: std::ops::Range<u64>) -> [usize; 3] {
    jobs.for_each(|job| t.job(job).queued());
    let done = t.take();
    let there = |region| done.iter().filter(|does| matches!(does, Does::Claim(_, _, r) if *r == region)).count();
    [there(FRANKFURT), there(DUBLIN), there(SYDNEY)]
}

// Broken: `estimate` leaves out our own placements since the report.
#[test]
fn a_burst_between_two_reports_does_not_run_over_a_region() {
    let mut t = Bench::new(policy());
    t.load(FRANKFURT, 0, 300);
    assert_eq!(burst(&mut t, 1..31), [20, 10, 0], "to 80 % of 400 at home, the rest abroad");
}

// Broken: `takes_guests` looks at the start threshold; or guests are sent without counting those sent before.
#[test]
fn guests_do_not_push_a_region_over_and_are_spread() {
    let mut t = Bench::new(policy());
    t.load(DUBLIN, 0, 220); // guests up to 70 % of 80 % of 400 = 224
    t.load(FRANKFURT, 0, 320);
    assert_eq!(burst(&mut t, 1..11), [0, 4, 6]);
}

// Broken: `mark` is taken when the answer comes, so that what was placed between question and answer is forgotten.
#[test]
fn what_was_placed_while_a_probe_was_out_still_counts() {
    let mut t = Bench::new(policy());
    t.load(FRANKFURT, 0, 300);
    t.region(FRANKFURT).answers(Answer::Nothing);
    t.rounds(1); // the probe is out
    assert_eq!(burst(&mut t, 1..16), [15, 0, 0]);
    t.answer_late(FRANKFURT); // from before they arrived
    assert_eq!(burst(&mut t, 16..31), [5, 10, 0]);
}

// Broken: `sheds` sends everything although the policy says only the excess; or the other way round.
#[test]
fn only_the_excess_is_sent_unless_told_otherwise() {
    for (share, wanted) in [(Share::Excess, FRANKFURT), (Share::All, DUBLIN)] {
        let mut t = Bench::new(policy_with(|p| p.spillover.share = share));
        t.load(FRANKFURT, 0, 320);
        t.load(FRANKFURT, 0, 319); // below the start, above the stop: it spills still
        assert!(t.machine().spilling(FRANKFURT));
        t.job(1).queued();
        t.expect([claim(1, wanted)]);
    }
}

// Broken: `run` does not compare the hops a job has made with `max_hops`.
#[test]
fn a_job_is_sent_on_once() {
    let mut t = Bench::new(policy());
    t.load(FRANKFURT, 100, 400);
    t.job(1).queued();
    t.expect([claim(1, DUBLIN)]);
    t.settle(1);
    t.given_back(1, Failure::Stopped); // Dublin failed it, home is full, Sydney has room
    t.expect([claim_again(1, 2, FRANKFURT)]);
    assert_eq!(t.ticket(1).hops, 1);
    assert_eq!(t.ticket(1).reason, Reason::Home);
}

// Broken: `guest` takes a report of any age.
#[test]
fn a_region_whose_report_is_old_takes_no_guests() {
    let mut t = Bench::new(policy_with(|p| p.spillover.stale_after = secs(15)));
    t.region(DUBLIN).answers(Answer::Misses);
    t.rounds(1);
    t.load(FRANKFURT, 100, 400);
    t.job(1).queued();
    t.expect([claim(1, SYDNEY)]);
    let considered = t.facts.iter().rev().find_map(|fact| match fact {
        Fact::JobPlaced { decision, .. } => Some(decision.considered),
        _ => None,
    });
    assert_eq!(considered.map(|list| list[DUBLIN.index()]), Some(Considered::Stale));
}

// Broken: `guest` takes a region that spills itself.
#[test]
fn full_regions_do_not_trade_jobs() {
    let mut t = Bench::new(policy());
    for region in [FRANKFURT, DUBLIN, SYDNEY] {
        t.load(region, 150, 400);
    }
    t.job(1).queued();
    t.expect([claim(1, FRANKFURT)]);
}
