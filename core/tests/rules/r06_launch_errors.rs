//! Rule 6, the dispatcher's part: classes of launch errors, the negative cache, spot and its breaker; and how runners
//! that never come up, or that no job takes, are let go.

use crate::floor::{CURRENT, Floor};
use crate::words::{Does, FRANKFURT, mins, policy, policy_with, secs, ticket};
use tidegate_core::fact::Fact;
use tidegate_core::id::Name;
use tidegate_core::port::confirm::Verdict;
use tidegate_core::port::dequeue::Receipt;
use tidegate_core::port::runner::StopCause;
use tidegate_core::port::{Failure, Ticket};

fn on_spot(job: u64) -> Ticket {
    let mut ticket = ticket(job, 1, FRANKFURT);
    ticket.need.spot = true;
    ticket
}

// Broken: `on_launch_failed` tries again here what has no capacity; or `take_in` knows no refused class.
#[test]
fn a_class_without_capacity_is_given_back_and_left_alone_for_a_while() {
    let mut d = Floor::new(policy());
    d.launching(ticket(1, 1, FRANKFURT));
    d.take();
    d.launch_failed(1, Failure::Capacity);
    d.expect([Does::Delete(Receipt(101)), Does::Remove(1, 1), Does::GiveBack(1, 1, Failure::Capacity)]);
    d.received(ticket(2, 1, FRANKFURT));
    d.expect([Does::Delete(Receipt(201)), Does::GiveBack(2, 1, Failure::Capacity)]);
    d.received(Ticket { class: Name::of("gpu"), ..ticket(3, 1, FRANKFURT) });
    d.expect([Does::Check(3, 1)]);
    d.advance(mins(3) + secs(1));
    d.take();
    d.received(ticket(4, 1, FRANKFURT));
    d.expect([Does::Check(4, 1)]);
}

// Broken: a failure that may pass is given back at once, or tried for ever.
#[test]
fn a_failure_that_may_pass_is_tried_here_and_then_given_back() {
    let mut d = Floor::new(policy());
    d.launching(ticket(1, 1, FRANKFURT));
    let mut launches = 0;
    for _ in 0..600 {
        for does in d.take() {
            match does {
                Does::Launch(..) => {
                    launches += 1;
                    d.launch_failed(1, Failure::Service);
                }
                Does::Check(..) => d.confirm(1, CURRENT),
                Does::GiveBack(_, _, failure) => assert_eq!((failure, launches), (Failure::Service, 6)),
                other => {
                    assert!(matches!(other, Does::Register(..) | Does::Extend(_) | Does::Delete(_) | Does::Remove(..)))
                }
            }
        }
        d.advance(secs(1));
    }
    assert_eq!((launches, d.machine().tasks()), (6, 0), "one try and five more");
    assert_eq!(d.count(|fact| matches!(fact, Fact::LaunchFailed { .. })), 6);
}

// Broken: spot without capacity is given back as if the region had none, or blamed on the region.
#[test]
fn spot_without_capacity_falls_back_to_on_demand_at_once() {
    let mut d = Floor::new(policy());
    d.launching(on_spot(1));
    assert!(d.take().contains(&Does::Launch(1, 1, true)));
    d.launch_failed(1, Failure::Capacity);
    d.expect([Does::Launch(1, 1, false)]);
    assert_eq!(d.load().failed, 0);
}

// Broken: `Breaker::strike` never opens; or it never closes again.
#[test]
fn two_interruptions_leave_spot_alone_for_its_pause() {
    let mut d = Floor::new(policy());
    for job in 1..=2 {
        d.launching(on_spot(job));
        assert!(d.take().contains(&Does::Launch(job, 1, true)));
        d.launched(job);
        d.online(job);
        d.stopped(job, StopCause::Interrupted);
    }
    d.take();
    d.launching(on_spot(3));
    assert!(d.take().contains(&Does::Launch(3, 1, false)));
    d.launched(3);
    d.online(3);
    d.advance(mins(30) + secs(1));
    d.take();
    d.launching(on_spot(4));
    assert!(d.take().contains(&Does::Launch(4, 1, true)));
}

// Broken: a task that is not online in time stays for ever; or its job is not placed again.
#[test]
fn a_task_that_never_comes_up_is_withdrawn_stopped_and_given_back() {
    let mut d = Floor::new(policy());
    d.starting(ticket(1, 1, FRANKFURT));
    d.wait(mins(13));
    d.expect([Does::Remove(1, 1)]);
    d.removed(1);
    d.expect([Does::Stop(1, 1)]);
    d.stopped(1, StopCause::Requested);
    d.expect([Does::GiveBack(1, 1, Failure::Stopped)]);
    assert_eq!((d.machine().tasks(), d.machine().occupied()), (0, (0, 0)));
    assert_eq!(d.load().failed, 1);
}

// Broken: `on_start_overdue` stops the task without GitHub's word that no job can reach it: the word that it came up
// may have been lost, and a job may run on it.
#[test]
fn a_task_whose_coming_up_we_missed_is_not_stopped_under_its_job() {
    let mut d = Floor::new(policy());
    d.starting(ticket(1, 1, FRANKFURT));
    d.wait(mins(13));
    d.expect([Does::Remove(1, 1)]);
    d.busy(1); // it is at work
    d.advance(mins(30));
    d.expect([]);
    assert_eq!(d.machine().occupied(), (0, 1));
    d.stopped(1, StopCause::Done);
    d.expect([]);
}

// Broken: `on_online` takes no word of a task whose acceptance is not known yet, and later withdraws a runner at work.
#[test]
fn a_runner_may_be_online_before_we_hear_that_it_was_accepted() {
    let mut d = Floor::new(policy());
    d.launching(ticket(1, 1, FRANKFURT));
    d.take();
    d.online(1);
    d.launched(1);
    d.expect([Does::Delete(Receipt(101))]);
    assert_eq!(d.machine().occupied(), (0, 1));
    assert_eq!(d.count(|fact| matches!(fact, Fact::LaunchAccepted { .. })), 1);
}

/// A runner that no job took is looked at after its time.
fn idle() -> Floor {
    let mut d = Floor::new(policy());
    d.starting(ticket(1, 1, FRANKFURT));
    d.online(1);
    d.wait(mins(13));
    d.expect([Does::Check(1, 1)]);
    d
}

// Broken: a surplus runner is never reaped, or stopped without GitHub's word.
#[test]
fn a_surplus_runner_is_taken_off_githubs_list_and_then_stopped() {
    let mut d = idle();
    d.confirm(1, Verdict::Over { consumed: false });
    d.expect([Does::Remove(1, 1)]);
    d.removed(1);
    d.expect([Does::Stop(1, 1)]);
    d.stopped(1, StopCause::Requested);
    d.expect([]); // nobody waits for it
    assert_eq!(d.count(|fact| matches!(fact, Fact::SurplusReaped { .. })), 1);
    assert_eq!(d.machine().occupied(), (0, 0));
}

// Broken: GitHub's refusal is not believed.
#[test]
fn a_runner_at_work_is_left_alone() {
    let mut d = idle();
    d.confirm(1, Verdict::Unknown);
    d.expect([Does::Remove(1, 1)]);
    d.busy(1);
    d.advance(mins(60));
    d.expect([]);
    let mut d = idle();
    d.confirm(1, Verdict::Over { consumed: true }); // the table knows it: GitHub need not be asked
    d.advance(mins(35));
    d.expect([]);
}

// Broken: the table's word that a runner is taken is believed for as long as a job may run: it was of a runner of the same
// name in another region, and this one was never reaped.
#[test]
fn a_runner_that_is_said_to_be_taken_is_asked_for_at_github_in_the_end() {
    let mut d = idle();
    d.confirm(1, Verdict::Current { consumed: true });
    d.wait(mins(60)); // within the idle time-out on from four of them
    d.expect([Does::RemoveTaken(1, 1)]);
    d.removed(1);
    d.expect([Does::Stop(1, 1)]);
    let mut d = idle();
    d.confirm(1, Verdict::Over { consumed: true });
    d.wait(mins(60));
    d.expect([Does::RemoveTaken(1, 1)]);
    d.busy(1); // a long job
    d.advance(mins(24 * 60));
    d.expect([]);
}

// Broken: a runner that was lost under its job is not reported to the controller.
#[test]
fn a_runner_that_was_lost_is_given_back_and_one_that_is_done_is_not() {
    for (cause, back) in [(StopCause::Done, false), (StopCause::Lost, true), (StopCause::FailedToStart, true)] {
        let mut d = Floor::new(policy_with(|_| {}));
        d.starting(ticket(1, 1, FRANKFURT));
        d.stopped(1, cause);
        assert_eq!(d.take() == [Does::GiveBack(1, 1, Failure::Stopped)], back, "{cause:?}");
    }
}
