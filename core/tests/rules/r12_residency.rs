//! Rule 12: data residency is hard. Not even a failover breaks it; the job waits, and the report says why.

use crate::bench::Bench;
use crate::words::{DUBLIN, Does, FRANKFURT, SYDNEY, claim, mins, policy_with};
use tidegate_core::JobId;
use tidegate_core::controller::phase::Phase;
use tidegate_core::fact::{Fact, WaitReason};
use tidegate_core::id::{Name, RegionSet};
use tidegate_core::policy::Policy;
use tidegate_core::port::Failure;

const TEAM: &str = "europe-team";

/// The team's jobs may run in Dublin and nowhere else.
fn resident() -> Policy {
    policy_with(|p| {
        p.routing.residency.insert(Name::of(TEAM), RegionSet::only(DUBLIN));
    })
}

fn waits(t: &Bench, job: u64, why: WaitReason) -> bool {
    t.count(|fact| matches!(fact, Fact::JobWaits { job: j, why: w, .. } if *j == JobId(job) && *w == why)) > 0
}

fn claims(t: &mut Bench) -> Vec<Does> {
    t.take().into_iter().filter(|does| matches!(does, Does::Claim(..))).collect()
}

// Broken: `home_of` does not look at residency.
#[test]
fn home_is_inside_the_residency() {
    let mut t = Bench::new(resident()); // the default home is Frankfurt
    t.job(1).of(TEAM).queued();
    t.expect([claim(1, DUBLIN)]);
}

// Broken: `candidates` lets every region be a candidate.
#[test]
fn a_full_home_sheds_nothing_that_must_stay() {
    let mut t = Bench::new(resident());
    t.load(DUBLIN, 500, 400);
    t.job(1).of(TEAM).queued();
    t.expect([claim(1, DUBLIN)]);
}

// Broken: `candidates` lets every region be a candidate; or `why_not` always says capacity.
#[test]
fn a_failover_breaks_no_residency_and_the_report_says_why() {
    let mut t = Bench::new(resident());
    t.job(1).of(TEAM).queued();
    t.settle(1);
    t.region(DUBLIN).lost();
    t.until(DUBLIN, Phase::Out);
    t.job(2).of(TEAM).queued();
    t.job(3).queued(); // nobody keeps this one home
    assert_eq!(claims(&mut t), [claim(3, FRANKFURT)]);
    assert!(waits(&t, 1, WaitReason::Residency) && waits(&t, 2, WaitReason::Residency));
    t.advance(mins(30));
    assert_eq!(claims(&mut t).iter().filter(|does| !matches!(does, Does::Claim(3, ..))).count(), 0);
    t.region(DUBLIN).back();
    t.until(DUBLIN, Phase::Active);
    let back = claims(&mut t);
    assert!(back.contains(&Does::Claim(1, 2, DUBLIN)) && back.contains(&claim(2, DUBLIN)), "{back:?}");
}

// Broken: in panic every region is a candidate.
#[test]
fn panic_breaks_no_residency() {
    let mut t = Bench::new(resident());
    for region in [FRANKFURT, DUBLIN, SYDNEY] {
        t.region(region).lost();
    }
    t.rounds(4);
    assert!(t.machine().in_panic());
    t.take();
    t.job(1).of(TEAM).queued();
    assert_eq!(claims(&mut t), [claim(1, DUBLIN)]);
}

// Broken: what a region failed is placed anywhere once all allowed regions have failed.
#[test]
fn a_failed_launch_breaks_no_residency() {
    let mut t = Bench::new(resident());
    t.job(1).of(TEAM).queued();
    t.settle(1);
    t.given_back(1, Failure::Capacity);
    t.expect([]);
    assert!(waits(&t, 1, WaitReason::Capacity));
    t.advance(mins(8));
    assert_eq!(claims(&mut t).first(), Some(&Does::Claim(1, 2, DUBLIN)));
}

// Broken: `candidates` does not ask `can_run`.
#[test]
fn a_job_that_no_region_can_run_waits_and_says_so() {
    let mut t = Bench::new(policy_with(|p| p.regions[FRANKFURT.index()].largest.vcpu_milli = 4_000));
    t.job(1).with(|spec| spec.need.vcpu_milli = 8_000).queued();
    t.expect([claim(1, DUBLIN)]);
    t.job(2).with(|spec| spec.need.vcpu_milli = 64_000).queued();
    t.expect([]);
    assert!(waits(&t, 2, WaitReason::Unsupported));
}
