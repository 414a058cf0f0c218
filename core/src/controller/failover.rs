//! Which phase each region is in: signals, quorum, safety, ramp. Knows regions and opinions; must not know jobs.
//!
//! No leader and no lease: every node derives the phases from its own evidence and the fresh opinions of the others.

use super::detector::Signal;
use super::phase::{Cause, Hold, Phase};
use super::region::Region;
use crate::fact::Fact;
use crate::id::RegionId;
use crate::policy::{Failover, Mode};
use crate::port::operator::Verb;
use crate::port::table::Opinion;
use crate::time::Timestamp;
use crate::unit::Ratio;

/// What a look at one region calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Stay,
    To(Phase, Cause),
}

/// Looks at all regions and makes the steps that are due. `left(r)` tells how many jobs of ours still wait in `r`.
/// Gives the regions whose phase changed.
pub(crate) fn assess(
    regions: &mut [Region],
    policy: &Failover,
    panic: bool,
    left: impl Fn(RegionId) -> bool,
    now: Timestamp,
    facts: &mut Vec<Fact>,
) -> Vec<(RegionId, Phase)> {
    let mut changed = Vec::new();
    for at in 0..regions.len() {
        end_drain(&mut regions[at], policy, now, facts);
        let id = regions[at].id;
        let Step::To(to, cause) = due(regions, at, policy, panic, &left, now) else { continue };
        let region = &mut regions[at];
        if region.phase().is_return_to(to) && !region.may_return(policy, now) {
            continue;
        }
        enter(region, to, cause, policy, now, facts);
        changed.push((id, to));
    }
    changed
}

/// Whether there is nothing to assess, as nearly always: every region takes work, nobody speaks against one, and nothing is
/// under way that could end by itself. Then no vote is cast, no step is due and this is no panic.
pub(crate) fn all_is_well(regions: &[Region], policy: &Failover, now: Timestamp) -> bool {
    let well = |region: &Region| {
        region.phase() == Phase::Active
            && region.hold != Hold::Draining
            && !region.ordered_out
            && !region.accuses()
            && !region.looks_unwell(policy)
            && !region.is_silent(policy, now)
    };
    policy.quorum > 0 && regions.iter().all(well)
}

/// A planned drain honours sticky placement until its deadline.
fn end_drain(region: &mut Region, policy: &Failover, now: Timestamp, facts: &mut Vec<Fact>) {
    if region.hold == Hold::Draining && now.since(region.hold_since) >= policy.drain_deadline {
        region.hold_at(Hold::Drained, now, facts);
    }
}

fn enter(region: &mut Region, to: Phase, cause: Cause, policy: &Failover, now: Timestamp, facts: &mut Vec<Fact>) {
    let from = region.phase();
    region.transition(to, cause, now, facts);
    match (from, to) {
        (_, Phase::AwaitingApproval) => {
            facts.push(Fact::FailoverProposed { observer: region.observer(), region: region.id });
        }
        (_, Phase::Probation) => {
            region.ramp = policy.probation_share;
            region.ramp_at = now;
        }
        (Phase::Probation, Phase::Out) => region.relapses = region.relapses.saturating_add(1),
        (Phase::Probation, Phase::Active) => region.ramp = Ratio::ONE,
        _ => {}
    }
}

fn due(
    regions: &[Region],
    at: usize,
    policy: &Failover,
    panic: bool,
    left: &impl Fn(RegionId) -> bool,
    now: Timestamp,
) -> Step {
    let region = &regions[at];
    let agreed = votes(regions, at, policy, now) >= quorum(policy, regions.len());
    let ordered = region.ordered_out && !region.phase().is_closed() && is_safe(regions, at, policy);
    if ordered && region.phase().may_become(Phase::Evacuating) {
        return Step::To(Phase::Evacuating, Cause::Ordered);
    }
    match region.phase() {
        Phase::Active => suspect(region, policy, agreed),
        Phase::Suspect => leave_suspect(regions, at, policy, panic, agreed, now),
        Phase::AwaitingApproval => answer_proposal(regions, at, policy, panic, agreed, now),
        Phase::Evacuating => {
            let over = now.since(region.since()) >= policy.evacuate_for;
            let empty = !region.adopting && !left(region.id) && now > region.since();
            if over || empty { Step::To(Phase::Out, Cause::Evacuated) } else { Step::Stay }
        }
        Phase::Out => {
            let cooled = now.since(region.since()) >= policy.cooldown.doubled(region.relapses, policy.cooldown_max);
            let back = region.detector.is_back(policy) && !agreed && !region.is_silent(policy, now);
            if cooled && back && !region.ordered_out {
                let resumed = region.order.is_some_and(|order| order.verb == Verb::Resume);
                Step::To(Phase::Probation, if resumed { Cause::Resumed } else { Cause::CooledDown })
            } else {
                Step::Stay
            }
        }
        Phase::Probation => probation(region, policy, agreed, now),
    }
}

fn suspect(region: &Region, policy: &Failover, agreed: bool) -> Step {
    match region.detector.signal(policy, policy.min_samples) {
        Signal::Silent => Step::To(Phase::Suspect, Cause::ProbesMissed),
        Signal::Failing => Step::To(Phase::Suspect, Cause::LaunchesFail),
        Signal::Well if agreed => Step::To(Phase::Suspect, Cause::Quorum),
        Signal::Well => Step::Stay,
    }
}

fn leave_suspect(regions: &[Region], at: usize, policy: &Failover, panic: bool, agreed: bool, now: Timestamp) -> Step {
    let region = &regions[at];
    if !agreed && region.detector.is_back(policy) {
        return Step::To(Phase::Active, Cause::Recovered);
    }
    let long_enough = now.since(region.since()) >= policy.suspect_for;
    if panic || !agreed || !long_enough || !is_safe(regions, at, policy) {
        return Step::Stay;
    }
    match policy.mode {
        Mode::Automatic => Step::To(Phase::Evacuating, Cause::Quorum),
        Mode::Supervised => Step::To(Phase::AwaitingApproval, Cause::Quorum),
    }
}

fn answer_proposal(
    regions: &[Region],
    at: usize,
    policy: &Failover,
    panic: bool,
    agreed: bool,
    now: Timestamp,
) -> Step {
    let region = &regions[at];
    // An operator answers one node's proposal, and this node's may be a little later.
    let answer = region.order.filter(|order| order.at >= region.suspect_since).map(|order| order.verb);
    if answer == Some(Verb::Reject) {
        return Step::To(Phase::Active, Cause::Rejected);
    }
    if !agreed && region.detector.is_back(policy) {
        return Step::To(Phase::Active, Cause::Recovered);
    }
    if panic || !is_safe(regions, at, policy) {
        return Step::Stay;
    }
    let timed_out = policy.approval_timeout.is_some_and(|timeout| now.since(region.since()) >= timeout);
    match answer {
        Some(Verb::Approve) => Step::To(Phase::Evacuating, Cause::Approved),
        _ if timed_out && agreed => Step::To(Phase::Evacuating, Cause::ApprovalTimedOut),
        _ => Step::Stay,
    }
}

/// One miss ends a probation; a quarter of the usual sample is enough for launches, for a trickle makes few.
fn probation(region: &Region, policy: &Failover, agreed: bool, now: Timestamp) -> Step {
    let few = (policy.min_samples / 4).max(1);
    if agreed || region.detector.missed_last() || region.detector.signal(policy, few) != Signal::Well {
        return Step::To(Phase::Out, Cause::Regressed);
    }
    let ramped = region.ramp >= Ratio::ONE && now.since(region.ramp_at) >= policy.ramp_every;
    if ramped { Step::To(Phase::Active, Cause::RampedUp) } else { Step::Stay }
}

/// Makes the steps of the ramp that are due in probation.
pub(crate) fn ramp_up(region: &mut Region, policy: &Failover, now: Timestamp) {
    while region.phase() == Phase::Probation
        && region.ramp < Ratio::ONE
        && now.since(region.ramp_at) >= policy.ramp_every
    {
        region.ramp = Ratio(region.ramp.0 + policy.ramp_step.0).min(Ratio::ONE);
        region.ramp_at += policy.ramp_every;
    }
}

/// How many observers must agree: never more than there are.
fn quorum(policy: &Failover, regions: usize) -> u32 {
    policy.quorum.min(regions as u32)
}

/// Votes against a region: our evidence, the fresh opinions of the others, and the silence of its record, unless its node
/// answers us or somebody else vouches for it (then the silence is between its record and our table, or between it and us
/// alone).
fn votes(regions: &[Region], at: usize, policy: &Failover, now: Timestamp) -> u32 {
    let region = &regions[at];
    let mut votes = u32::from(region.looks_unwell(policy));
    let mut vouched = region.detector.opinion(policy) == Opinion::Well;
    for (n, other) in regions.iter().enumerate() {
        if n == at || other.is_own() || other.is_silent(policy, now) {
            continue;
        }
        match other.record.as_ref().map_or(Opinion::Unknown, |record| record.opinions[at]) {
            Opinion::Unwell => votes += 1,
            Opinion::Well => vouched = true,
            Opinion::Unknown => {}
        }
    }
    let own_word = region.record.as_ref().map_or(Opinion::Unknown, |record| record.opinions[at]);
    if !region.is_own() {
        let silent = region.is_silent(policy, now) && !vouched;
        votes += u32::from(silent || (!region.is_silent(policy, now) && own_word == Opinion::Unwell));
    }
    votes
}

/// Rule 10: some other region must be left that takes work and does not look bad itself. One in probation does not
/// count: it takes no guests, and is out again with its next miss.
fn is_safe(regions: &[Region], at: usize, policy: &Failover) -> bool {
    regions.iter().enumerate().any(|(n, other)| {
        let active = other.phase() == Phase::Active;
        n != at && active && other.hold == Hold::Open && !other.looks_unwell(policy)
    })
}

/// Whether all regions look bad to us: then none of it is believed.
pub(crate) fn all_look_bad(regions: &[Region], policy: &Failover) -> bool {
    regions.iter().all(|region| region.looks_unwell(policy) || region.phase().is_closed())
        && regions.iter().any(|region| !region.phase().is_closed())
}
