//! Rule 3: a placement is job, run attempt and placement attempt; its name is the fence, and a taken name is no failure.

use crate::floor::{CURRENT, Floor};
use crate::words::{Does, FRANKFURT, mins, placement, policy, secs, ticket};
use tidegate_core::fact::{DropReason, Fact};
use tidegate_core::id::{JobId, PlacementId};
use tidegate_core::port::Failure;
use tidegate_core::port::confirm::Verdict;
use tidegate_core::port::dequeue::Receipt;

/// The name of the runner of job 1 is taken.
fn owner_unknown() -> Floor {
    let mut d = Floor::new(policy());
    d.received(ticket(1, 1, FRANKFURT));
    d.expect([Does::Check(1, 1)]);
    d.confirm(1, CURRENT);
    d.expect([Does::Register(1, 1)]);
    d.register_failed(1, Failure::NameTaken);
    d
}

// Broken: the text leaves out the run attempt, or grows past 64 characters.
#[test]
fn its_text_tells_all_three_and_fits_a_client_token() {
    assert_eq!(placement(7, 3).to_string(), "tidegate-7-1-3");
    let texts = [(1, 1, 2), (1, 2, 1), (2, 1, 1)].map(|(job, run_attempt, attempt)| {
        let id = PlacementId { job: JobId(job), run_attempt, attempt };
        assert_eq!(id.to_string().parse(), Ok(id));
        id.to_string()
    });
    assert!(texts[0] != texts[1] && texts[1] != texts[2]);
    let longest = PlacementId { job: JobId(u64::MAX), run_attempt: u16::MAX, attempt: u16::MAX };
    assert!(longest.to_string().len() <= 64);
}

// Broken: `on_register_failed` treats a taken name as any failure: it is tried again, or given back at once.
#[test]
fn a_taken_name_means_owner_unknown_and_nothing_is_launched() {
    let mut d = owner_unknown();
    let done = d.take();
    assert!(done.iter().all(|does| matches!(does, Does::Extend(_))), "{done:?}");
    assert_eq!(d.count(|fact| matches!(fact, Fact::NameTaken { .. })), 1);
    assert_eq!(d.count(|fact| matches!(fact, Fact::LaunchFailed { .. })), 0);
    assert_eq!(d.load().failed, 0, "and no region is blamed");
    d.wait(mins(3));
    d.expect([Does::LookAtRunner(1, 1)]);
}

// Broken: `on_seen` gives back what is online, so that a second runner is made.
#[test]
fn an_owner_that_is_online_is_left_to_its_work() {
    let mut d = owner_unknown();
    d.wait(mins(3));
    d.take();
    d.seen(1, Some(true));
    d.expect([Does::Delete(Receipt(101))]);
    let dropped = |fact: &Fact| matches!(fact, Fact::AttemptDropped { why: DropReason::Duplicate, .. });
    assert_eq!(d.count(dropped), 1);
    assert_eq!(d.machine().tasks(), 0);
}

// Broken: `on_seen` drops a name whose owner never came up, and nobody serves the job.
#[test]
fn a_name_that_nobody_uses_is_lost_and_the_next_attempt_takes_another() {
    for online in [Some(false), None] {
        let mut d = owner_unknown();
        d.wait(mins(3));
        d.take();
        d.seen(1, online);
        d.expect([Does::Delete(Receipt(101)), Does::GiveBack(1, 1, Failure::NameTaken)]);
    }
}

// Broken: `unheard` is not looked at, or set by answers that say that nothing happened: who waits for a runner whose
// configuration nobody has waits in vain, and who does not wait for another region's makes a second one.
#[test]
fn a_name_is_looked_up_at_once_if_it_may_be_ours_and_the_answer_was_lost() {
    let failures = [
        (Failure::GitHubDown, true),
        (Failure::Timeout, true),
        (Failure::Service, true),
        (Failure::Unreachable, true),
        (Failure::Throttled, false),
        (Failure::GitHubBudget, false),
    ];
    for (failure, at_once) in failures {
        let mut d = Floor::new(policy());
        d.received(ticket(1, 1, FRANKFURT));
        d.confirm(1, CURRENT);
        d.take();
        d.register_failed(1, failure);
        d.take();
        d.wait(mins(1));
        d.expect([Does::Register(1, 1)]);
        d.register_failed(1, Failure::NameTaken);
        let looked = d.take().contains(&Does::LookAtRunner(1, 1));
        assert_eq!(looked, at_once, "{failure:?}");
    }
}

// Broken: the wait for another region's runner is a number of its own: a policy that gives up a task after 20 s waits 90.
#[test]
fn an_owner_is_given_no_longer_than_any_task_to_come_up() {
    for (start_timeout, waits) in [(secs(20), secs(20)), (mins(10), secs(90))] {
        let mut policy = policy();
        policy.launch.start_timeout = start_timeout;
        let mut d = Floor::new(policy);
        d.received(ticket(1, 1, FRANKFURT));
        d.confirm(1, CURRENT);
        d.register_failed(1, Failure::NameTaken);
        d.take();
        let since = d.now;
        d.wait(mins(3));
        d.expect([Does::LookAtRunner(1, 1)]);
        let waited = d.now.since(since);
        assert!(waited >= waits && waited.0 <= waits.0 / 4 * 5, "{waited}, and not {waits} and a deadline's rounding");
    }
}

// Broken: a lost answer to the look is waited for without a deadline.
#[test]
fn the_owner_is_looked_up_until_github_answers() {
    let mut d = owner_unknown();
    d.wait(mins(3));
    d.expect([Does::LookAtRunner(1, 1)]);
    d.wait(secs(30));
    d.expect([Does::LookAtRunner(1, 1)]);
}

// Broken: `take_in` holds a message for each delivery of it.
#[test]
fn the_same_message_twice_makes_one_runner() {
    let mut d = Floor::new(policy());
    d.received(ticket(1, 1, FRANKFURT));
    d.received(ticket(1, 1, FRANKFURT));
    d.expect([Does::Check(1, 1), Does::Extend(Receipt(101))]);
    d.confirm(1, CURRENT);
    d.registered(1);
    d.launched(1);
    d.take();
    d.received(ticket(1, 1, FRANKFURT)); // the deletion was lost
    d.expect([Does::Delete(Receipt(101))]);
    assert_eq!(d.machine().tasks(), 1);
}

// Broken: `on_launched` takes in the task of a placement that was given back, and nobody ever stops it.
#[test]
fn a_task_that_was_accepted_after_we_gave_up_is_stopped() {
    let mut d = Floor::new(policy());
    d.launching(ticket(1, 1, FRANKFURT));
    d.take();
    d.launch_failed(1, Failure::Unreachable);
    d.take();
    d.launched(1);
    d.expect([Does::Stop(1, 1)]);
}

// Broken: `discard` leaves the runner on GitHub's list.
#[test]
fn a_dropped_attempt_takes_its_registration_along() {
    let mut d = Floor::new(policy());
    d.launching(ticket(1, 1, FRANKFURT));
    d.take();
    while !d.take().contains(&Does::Check(1, 1)) {
        d.launch_failed(1, Failure::Throttled); // until the confirmation is old, and asked for again
        d.wait(secs(10));
    }
    d.confirm(1, Verdict::Superseded);
    let done = d.take();
    assert!(done.contains(&Does::Remove(1, 1)) && done.contains(&Does::Delete(Receipt(101))), "{done:?}");
}
