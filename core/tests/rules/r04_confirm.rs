//! Rule 4 and invariant I2, the dispatcher's part: stale messages are dropped by confirm, and nothing is launched on an
//! old confirmation.

use crate::floor::{CURRENT, Floor};
use crate::words::{Does, FRANKFURT, policy, policy_with, secs, ticket};
use tidegate_core::fact::{DropReason, Fact};
use tidegate_core::port::Failure;
use tidegate_core::port::confirm::Verdict;
use tidegate_core::port::dequeue::Receipt;

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
