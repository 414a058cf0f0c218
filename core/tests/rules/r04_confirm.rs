//! Rule 4 and invariant I2, the dispatcher's part: stale messages are dropped by confirm, and nothing is launched on an
//! old confirmation.

use crate::floor::{CURRENT, Floor};
use crate::told::standing;
use crate::words::{DUBLIN, Does, FRANKFURT, SYDNEY, mins, policy, policy_with, secs, ticket};
use tidegate_core::dispatcher::Event;
use tidegate_core::fact::{DropReason, Fact};
use tidegate_core::id::{JobId, PlacementId};
use tidegate_core::port::confirm::Verdict;
use tidegate_core::port::dequeue::Receipt;
use tidegate_core::port::table::Standing;
use tidegate_core::port::{Failure, Stage};

// Broken: `on_confirmed` makes capacity for a superseded attempt, or for a job that is over.
#[test]
fn messages_of_a_region_that_was_evacuated_are_stale_hints() {
    let stale = [
        (Verdict::Superseded, DropReason::Superseded),
        (Verdict::Over { consumed: false }, DropReason::Over),
        (Verdict::Current { consumed: true }, DropReason::Over),
    ];
    for (verdict, why) in stale {
        let mut d = Floor::new(policy());
        d.received(ticket(1, 1, FRANKFURT));
        d.take();
        d.confirm(1, verdict);
        d.expect([Does::Delete(Receipt(101))]);
        assert_eq!(d.count(|fact| matches!(fact, Fact::AttemptDropped { why: w, .. } if *w == why)), 1);
    }
}

// Broken: `on_confirmed` drops what the replica does not know yet.
#[test]
fn what_the_replica_does_not_know_or_tell_is_launched_all_the_same() {
    for verdict in [Verdict::Unknown, Verdict::Unavailable] {
        let mut d = Floor::new(policy());
        d.received(ticket(1, 1, FRANKFURT));
        d.take();
        d.confirm(1, verdict);
        d.expect([Does::Register(1, 1)]);
    }
    let mut d = Floor::new(policy());
    d.received(ticket(1, 1, FRANKFURT));
    d.take();
    d.wait(secs(20)); // nor does silence hold it up
    d.expect([Does::Register(1, 1)]);
}

// Broken: `Standing::judge` takes a replica that is behind for one that knows better. Every claim that a message
// overtook was dropped, and its label class was a runner short until the job was overdue.
#[test]
fn a_replica_that_is_behind_supersedes_nothing() {
    let asked = PlacementId { job: JobId(1), run_attempt: 1, attempt: 2 };
    let judge = |standing: Standing| standing.judge(asked, DUBLIN);
    let placed = |attempt, region| standing(attempt, region, Stage::Placed);
    assert_eq!(judge(placed(1, FRANKFURT)), Some(Verdict::Unknown), "the claim is on its way");
    assert_eq!(judge(placed(2, DUBLIN)), Some(Verdict::Current { consumed: false }));
    assert_eq!(
        judge(placed(2, SYDNEY)),
        Some(Verdict::Unknown),
        "of one attempt the lowest region wins, and that is ours"
    );
    assert_eq!(judge(placed(2, FRANKFURT)), Some(Verdict::Superseded));
    assert_eq!(judge(placed(3, SYDNEY)), Some(Verdict::Superseded));
    let later = Standing { run_attempt: 2, ..placed(1, DUBLIN) };
    assert_eq!(judge(later), Some(Verdict::Superseded), "a re-run starts anew");
    let earlier = PlacementId { run_attempt: 3, attempt: 1, ..asked };
    let over = Standing { run_attempt: 2, ..standing(4, DUBLIN, Stage::Ended) };
    assert_eq!(over.judge(earlier, DUBLIN), Some(Verdict::Unknown), "what ended is the run before");
}

// Broken: `Standing::judge` looks for whoever waits in a served job's turn on behalf of an older attempt, too. After an
// evacuation a job had two or three runners made for it.
#[test]
fn only_the_newest_attempt_of_a_served_job_is_owed_to_another() {
    let first = PlacementId { job: JobId(1), run_attempt: 1, attempt: 1 };
    for stage in [Stage::Started, Stage::Ended] {
        for newest in [standing(2, SYDNEY, stage), Standing { run_attempt: 2, ..standing(1, DUBLIN, stage) }] {
            assert_eq!(newest.judge(first, DUBLIN), Some(Verdict::Superseded), "{newest:?}");
        }
        let taken = Standing { taken_by: Some(JobId(7)), ..standing(2, SYDNEY, stage) };
        assert_eq!(taken.judge(first, DUBLIN), Some(Verdict::Superseded), "its turn is over, and not this one's");
        let second = PlacementId { attempt: 2, ..first };
        assert_eq!(standing(2, SYDNEY, stage).judge(second, SYDNEY), None, "the chain of takers tells");
    }
}

// Broken: `Standing::judge` does not tell whose runner is taken.
#[test]
fn a_runner_that_is_taken_is_wanted_by_nobody() {
    let asked = PlacementId { job: JobId(1), run_attempt: 1, attempt: 1 };
    let taken = |stage| Standing { taken_by: Some(JobId(7)), ..standing(1, DUBLIN, stage) };
    assert_eq!(taken(Stage::Placed).judge(asked, DUBLIN), Some(Verdict::Current { consumed: true }));
    assert_eq!(taken(Stage::Started).judge(asked, DUBLIN), Some(Verdict::Over { consumed: true }));
    assert_eq!(standing(1, DUBLIN, Stage::Started).judge(asked, DUBLIN), None, "the chain of takers tells");
}

// Broken: `on_confirmed` launches on a hint of any age.
#[test]
fn a_message_from_before_an_outage_is_launched_only_if_its_own_job_waits() {
    for verdict in [Verdict::Owed, Verdict::Unknown] {
        let mut d = Floor::new(policy());
        d.advance(mins(60));
        d.hear(Event::Started); // the region was away
        d.received_late(ticket(1, 1, FRANKFURT), mins(30));
        d.expect([Does::Release(Receipt(101))]); // and so was its replica
        d.advance(secs(20));
        d.received_late(ticket(1, 1, FRANKFURT), mins(30));
        d.take();
        d.confirm(1, verdict);
        d.expect([Does::Delete(Receipt(101))]);
        d.advance(mins(60));
        d.take();
        d.received_late(ticket(2, 1, FRANKFURT), mins(40)); // the queue is long
        d.take();
        d.confirm(2, verdict);
        d.expect([Does::Register(2, 1)]);
    }
}

// Broken: `launch` goes by a confirmation of any age.
#[test]
fn nothing_is_launched_on_an_old_confirmation() {
    let mut d = Floor::new(policy_with(|p| p.github.registrations_per_minute = 1));
    d.received(ticket(1, 1, FRANKFURT));
    d.confirm(1, CURRENT);
    d.received(ticket(2, 1, FRANKFURT));
    d.confirm(2, CURRENT); // waits a minute for the budget
    d.take();
    d.wait(secs(90));
    let done = d.take();
    assert!(done.contains(&Does::Register(2, 1)) || done.contains(&Does::Register(1, 1)), "{done:?}");
    d.registered(2);
    d.registered(1);
    assert!(!d.take().iter().any(|does| matches!(does, Does::Launch(2, ..))), "confirmed long ago");
    d.confirm(2, Verdict::Superseded);
    assert!(d.take().contains(&Does::Remove(2, 1)));
}

// Broken: `give_back` leaves the message in the queue, or the runner on GitHub's list.
#[test]
fn what_is_given_back_leaves_nothing_behind() {
    let mut d = Floor::new(policy());
    d.launching(ticket(1, 1, FRANKFURT));
    d.take();
    d.launch_failed(1, Failure::Denied);
    d.expect([Does::Delete(Receipt(101)), Does::Remove(1, 1), Does::GiveBack(1, 1, Failure::Denied)]);
    assert_eq!(d.machine().occupied(), (0, 0));
}
