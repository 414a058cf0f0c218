//! Section 4: supervised mode stops in `AwaitingApproval`; an operator decides, or the time-out does; null is never.

use crate::bench::Bench;
use crate::words::{DUBLIN, Does, FRANKFURT, claim_again, hours, mins, policy_with, secs};
use tidegate_core::controller::phase::{Cause, Phase};
use tidegate_core::fact::Fact;
use tidegate_core::policy::{Mode, Policy};
use tidegate_core::port::operator::{Order, Verb};
use tidegate_core::port::table::Opinion;
use tidegate_core::{Span, Timestamp};

fn supervised(timeout: Option<Span>) -> Policy {
    policy_with(|p| {
        p.failover.mode = Mode::Supervised;
        p.failover.approval_timeout = timeout;
    })
}

/// Frankfurt is lost, and Dublin proposes a failover.
fn proposed(timeout: Option<Span>) -> Bench {
    let mut t = Bench::at(DUBLIN, supervised(timeout));
    t.placed(1);
    t.region(FRANKFURT).lost();
    t.until(FRANKFURT, Phase::AwaitingApproval);
    t.take();
    t
}

fn last_cause(t: &Bench) -> Option<Cause> {
    let cause = |fact: &Fact| if let Fact::PhaseChanged { cause, .. } = fact { Some(*cause) } else { None };
    t.facts.iter().rev().find_map(cause)
}

// Broken: `leave_suspect` goes to `Evacuating` in both modes; or `enter` raises no proposal.
#[test]
fn the_machines_propose_and_wait() {
    let mut t = proposed(None);
    assert_eq!(t.count(|fact| matches!(fact, Fact::FailoverProposed { region: FRANKFURT, .. })), 1);
    t.advance(hours(12));
    t.expect_phase(FRANKFURT, Phase::AwaitingApproval); // null is never
    assert!(!t.take().iter().any(|does| matches!(does, Does::Claim(_, _, DUBLIN))));
}

// Broken: `answer_proposal` does not look for an approval.
#[test]
fn an_approval_goes_on() {
    let mut t = proposed(None);
    t.order(FRANKFURT, Verb::Approve);
    t.expect_phase(FRANKFURT, Phase::Evacuating);
    assert_eq!(last_cause(&t), Some(Cause::Approved));
    assert!(t.take().contains(&claim_again(1, 2, DUBLIN)));
}

// Broken: `answer_proposal` does not look for a rejection; or an old one answers the next proposal.
#[test]
fn a_rejection_goes_back_and_answers_one_proposal() {
    let mut t = proposed(Some(mins(3)));
    t.order(FRANKFURT, Verb::Reject);
    assert_eq!(t.count(|fact| matches!(fact, Fact::PhaseChanged { cause: Cause::Rejected, .. })), 1);
    t.until(FRANKFURT, Phase::AwaitingApproval); // it is lost all the same
    t.advance(mins(2));
    t.expect_phase(FRANKFURT, Phase::AwaitingApproval);
    t.advance(mins(2));
    assert_eq!(t.count(|fact| matches!(fact, Fact::PhaseChanged { cause: Cause::ApprovalTimedOut, .. })), 1);
}

// Broken: `answer_proposal` forgets the time-out.
#[test]
fn without_an_answer_the_time_out_decides() {
    let mut t = proposed(Some(mins(3)));
    t.advance(secs(179));
    t.expect_phase(FRANKFURT, Phase::AwaitingApproval);
    t.advance(secs(11));
    t.expect_phase(FRANKFURT, Phase::Evacuating);
    assert_eq!(last_cause(&t), Some(Cause::ApprovalTimedOut));
}

// Broken: the time-out goes on although the quorum does not agree any more.
#[test]
fn the_time_out_decides_nothing_when_the_others_see_the_region_well() {
    let mut t = proposed(Some(mins(3)));
    t.world[FRANKFURT.index()].writes = true;
    t.world.iter_mut().for_each(|played| played.record.opinions[FRANKFURT.index()] = Opinion::Well);
    t.advance(mins(10)); // only our own probes still fail
    t.expect_phase(FRANKFURT, Phase::AwaitingApproval);
}

// Broken: a recovered region is not believed while it awaits approval.
#[test]
fn a_recovery_ends_a_proposal() {
    let mut t = proposed(None);
    t.region(FRANKFURT).back();
    t.rounds(4);
    t.expect_phase(FRANKFURT, Phase::Active);
}

// Broken: `answer_proposal` takes only answers from after this node's own proposal, although the operator may have
// answered that of a quicker node; without a time-out this node then waits for ever.
#[test]
fn an_approval_of_a_quicker_nodes_proposal_counts_here() {
    let mut t = Bench::at(DUBLIN, supervised(None));
    t.region(FRANKFURT).lost();
    t.until(FRANKFURT, Phase::Suspect);
    t.advance(secs(10));
    let at: Timestamp = t.now; // Sydney proposed a little before us, and was answered at once
    t.until(FRANKFURT, Phase::AwaitingApproval);
    t.world[crate::words::SYDNEY.index()].record.orders[FRANKFURT.index()] =
        Some(Order { at, node: crate::words::SYDNEY, verb: Verb::Approve });
    t.rounds(1);
    t.expect_phase(FRANKFURT, Phase::Evacuating);
}
