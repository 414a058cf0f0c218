//! Rules 7 and 15 and invariant I5, the dispatcher's part: GitHub's budget is a bucket per organization, its errors pause
//! and blame no region; no cap is exceeded.

use crate::floor::{CURRENT, Floor};
use crate::words::{Does, FRANKFURT, mins, policy, policy_with, secs, ticket};
use tidegate_core::fact::Fact;
use tidegate_core::id::Name;
use tidegate_core::port::dequeue::Receipt;
use tidegate_core::port::runner::StopCause;
use tidegate_core::port::{Failure, Ticket};

fn of(organization: &str, job: u64) -> Ticket {
    Ticket { organization: Name::of(organization), ..ticket(job, 1, FRANKFURT) }
}

fn registers(d: &mut Floor) -> usize {
    d.take().iter().filter(|does| matches!(does, Does::Register(..))).count()
}

// Broken: `register` asks no bucket; or one bucket for all organizations.
#[test]
fn registrations_come_out_of_a_bucket_per_organization() {
    let mut d = Floor::new(policy());
    for job in 1..=200 {
        d.received(of("patient-studio", job));
        d.confirm(job, CURRENT);
    }
    assert_eq!(registers(&mut d), 180);
    d.received(of("europe-team", 1_000));
    d.confirm(1_000, CURRENT);
    assert_eq!(registers(&mut d), 1, "another organization has its own");
    d.advance(secs(8));
    assert_eq!(registers(&mut d), 20, "three a second");
}

// Broken: an error of GitHub's is counted as a failed launch, runs out of retries, or is given back.
#[test]
fn githubs_errors_pause_and_blame_no_region() {
    for failure in [Failure::GitHubBudget, Failure::GitHubDown] {
        let mut d = Floor::new(policy());
        d.received(ticket(1, 1, FRANKFURT));
        d.confirm(1, CURRENT);
        let mut tries = 0;
        for _ in 0..3_600 {
            for does in d.take() {
                match does {
                    Does::Register(..) => {
                        tries += 1;
                        d.register_failed(1, failure);
                    }
                    other => assert!(matches!(other, Does::Check(..) | Does::Extend(_)), "{other:?}"),
                }
            }
            d.advance(secs(1));
        }
        assert!((10..=25).contains(&tries), "{tries} tries in an hour");
        assert_eq!(d.load().failed, 0);
        assert_eq!(d.load().launches, 0);
        assert_eq!(d.machine().tasks(), 1);
    }
}

// Broken: `fits` does not count; or a message over the cap is dropped.
#[test]
fn a_message_over_a_cap_is_put_back() {
    let capped = policy_with(|p| {
        p.regions[0].max_runners = 3;
        p.caps.organizations.insert(Name::of("patient-studio"), 2);
    });
    let mut d = Floor::new(capped);
    d.starting(of("patient-studio", 1));
    d.starting(of("patient-studio", 2));
    d.received(of("patient-studio", 3));
    d.expect([Does::Release(Receipt(301))]);
    assert_eq!(d.count(|fact| matches!(fact, Fact::CapReached { .. })), 1);
    d.received(of("europe-team", 4));
    d.expect([Does::Check(4, 1)]);
    assert_eq!(d.receiving, None, "full: it asks for no more");
    d.online(1);
    d.stopped(1, StopCause::Done);
    assert_eq!(d.receiving, Some(1));
    d.take();
    d.received(of("patient-studio", 3));
    d.expect([Does::Check(3, 1)]);
}

// Broken: `fits` does not count vCPUs, or classes.
#[test]
fn quotas_and_classes_are_caps_too() {
    let mut d = Floor::new(policy_with(|p| p.regions[0].max_vcpu_milli = Some(5_000)));
    d.starting(ticket(1, 1, FRANKFURT)); // two vCPUs each
    d.starting(ticket(2, 1, FRANKFURT));
    d.received(ticket(3, 1, FRANKFURT));
    d.expect([Does::Release(Receipt(301))]);
    let mut d = Floor::new(policy_with(|p| {
        p.caps.classes.insert(crate::words::class(), 1);
    }));
    d.starting(ticket(1, 1, FRANKFURT));
    d.received(ticket(2, 1, FRANKFURT));
    d.expect([Does::Release(Receipt(201))]);
}

// Broken: a message that waits for the budget is not kept hidden, and comes again to another receive.
#[test]
fn a_message_that_waits_is_kept_hidden() {
    let mut d = Floor::new(policy_with(|p| p.github.registrations_per_minute = 1));
    for job in 1..=10 {
        d.received(ticket(job, 1, FRANKFURT));
        d.confirm(job, CURRENT);
    }
    d.take();
    d.advance(mins(5));
    assert!(d.take().iter().any(|does| matches!(does, Does::Extend(_))));
}

// Broken: the snapshot forgets tasks, counts or the bucket: a dispatcher that came up again would go over its caps.
#[test]
fn a_dispatcher_that_came_up_again_goes_on_where_it_was() {
    let mut d = Floor::new(policy_with(|p| {
        p.regions[0].max_runners = 2;
        p.github.registrations_per_minute = 1;
    }));
    d.starting(ticket(1, 1, FRANKFURT));
    d.received(ticket(2, 1, FRANKFURT));
    d.restart();
    assert_eq!((d.machine().tasks(), d.machine().occupied(), d.receiving), (2, (2, 0), None));
    d.take();
    d.confirm(2, CURRENT);
    assert_eq!(registers(&mut d), 0, "the budget of this minute is used up");
    d.online(1);
    d.stopped(1, StopCause::Done);
    assert_eq!(d.receiving, Some(1));
}
