//! The phases of us-east-1 as the fleet saw them: now, and by a node's journal. Knows the times of the quick policy; must not
//! know why the region was lost.

use tidegate_core::controller::phase::{Cause, Hold, Phase};
use tidegate_core::journal::Line;
use tidegate_core::{Fact, RegionId, Span, Timestamp};
use tidegate_sim::journal::{Machines, Segment, segments};
use tidegate_tests::rig::Fleet;
use tidegate_tests::wait::until;

/// What a machine that is short of time may be late by.
const LATE: Span = Span::from_secs(12);

/// The share of its home jobs, in hundredths of a percent, that a region in probation takes: `probationShare`, and twice
/// `rampStep`.
const RAMP: [u64; 3] = [500, 5_500, 10_000];

/// A change of the phase of us-east-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    at: Timestamp,
    to: Phase,
    cause: Cause,
}

/// What a node's journal tells of us-east-1.
#[derive(Debug, Default)]
struct Seen {
    changes: Vec<Change>,
    /// The shares of the latest probation, in order.
    ramp: Vec<u64>,
}

impl Seen {
    /// Reads a node's journal, and makes its turns again: the shares of a probation are in no fact.
    fn of(fleet: &Fleet, observer: &str) -> Self {
        let mut seen = Self::default();
        for path in segments(&fleet.journal_of(observer)).expect("a journal") {
            let Some(mut segment) = Segment::open(&path).expect("a segment") else { continue };
            let mut machines = Machines::of(&segment).expect("of this version");
            while let Some((_, line)) = segment.next_line().expect("a line") {
                if let Line::Fact { at, fact: Fact::PhaseChanged { region: RegionId(0), to, cause, .. } } = line {
                    seen.changes.push(Change { at, to, cause });
                    if to == Phase::Probation {
                        seen.ramp.clear();
                    }
                }
                // All facts of the turn before are read: what the machines hold now goes with the phase seen last.
                let is_turn = matches!(line, Line::Controller { .. });
                if is_turn && seen.changes.last().is_some_and(|change| change.to == Phase::Probation) {
                    seen.note_share(&machines);
                }
                machines.turn(line, |_| {});
            }
        }
        seen
    }

    fn note_share(&mut self, machines: &Machines) {
        let state = serde_json::to_value(machines.snapshots().0).expect("data");
        let share = state["state"]["regions"][0]["ramp"].as_u64().expect("a share");
        if self.ramp.last() != Some(&share) {
            self.ramp.push(share);
        }
    }

    /// The place of the first return to work after a failover.
    fn returned(&self) -> usize {
        let (out, _) = self.next(0, Phase::Out);
        self.next(out, Phase::Active).0
    }

    /// The first change to a phase from that place on, and its own place.
    fn next(&self, from: usize, to: Phase) -> (usize, Change) {
        let found = (from..self.changes.len()).find(|at| self.changes[*at].to == to);
        let at = found.unwrap_or_else(|| panic!("never {to:?} after change {from} of {self:?}"));
        (at, self.changes[at])
    }
}

/// The lines of a node's journal, but for the heads of its segments. Of a node that runs, those that it has written.
pub(super) fn lines(fleet: &Fleet, node: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for path in segments(&fleet.journal_of(node)).expect("a journal") {
        let Some(mut segment) = Segment::open(&path).expect("a segment") else { continue };
        while let Some((_, line)) = segment.next_line().expect("a line") {
            lines.push(line);
        }
    }
    lines
}

/// The facts in a node's journal.
pub(super) fn facts(fleet: &Fleet, node: &str) -> impl Iterator<Item = Fact> {
    let of = |line| if let Line::Fact { fact, .. } = line { Some(fact) } else { None };
    lines(fleet, node).into_iter().filter_map(of)
}

/// What a node held us-east-1 at, one after the other.
pub(super) fn held(fleet: &Fleet, node: &str) -> Vec<Hold> {
    let of = |fact| if let Fact::HoldChanged { region: RegionId(0), hold, .. } = fact { Some(hold) } else { None };
    facts(fleet, node).filter_map(of).collect()
}

/// The first change but a passing suspicion was an operator's evacuation, and another order of theirs brought it back.
pub(super) fn assert_evacuated_by_order(fleet: &Fleet, observer: &str) {
    let seen = Seen::of(fleet, observer);
    let (place, ordered) = seen.next(0, Phase::Evacuating);
    assert_eq!(ordered.cause, Cause::Ordered, "{seen:?}");
    let (out, over) = (place + 1, seen.changes[place + 1]);
    assert_eq!((over.to, over.cause), (Phase::Out, Cause::Evacuated), "{seen:?}");
    let evacuated = over.at.since(ordered.at);
    assert!(evacuated <= Span::from_secs(15) + LATE, "`evacuateFor` is 15 s, and it took {evacuated}: {seen:?}");
    let back = seen.changes[out + 1];
    assert_eq!((back.to, back.cause), (Phase::Probation, Cause::Resumed), "{seen:?}");
}

/// A proposal was rejected, and nothing was evacuated from then on: the region answered again in the end.
pub(super) fn assert_never_evacuated_after_rejection(fleet: &Fleet, observer: &str) {
    let seen = Seen::of(fleet, observer);
    let rejected = seen.changes.iter().position(|change| change.cause == Cause::Rejected);
    let rejected = rejected.unwrap_or_else(|| panic!("nothing was rejected: {seen:?}"));
    let before = seen.changes[rejected - 1];
    assert_eq!((before.to, seen.changes[rejected].to), (Phase::AwaitingApproval, Phase::Active), "{seen:?}");
    let after = &seen.changes[rejected..];
    assert_eq!(after.iter().find(|change| change.to >= Phase::Evacuating), None, "{seen:?}");
    let back = (Phase::Active, Cause::Recovered);
    assert!(after.iter().any(|change| (change.to, change.cause) == back), "{seen:?}");
}

/// Waits until a node shows a region in one of these phases.
pub(super) fn wait_phase(fleet: &Fleet, observer: &str, region: &str, wanted: &[&str], seconds: u64) {
    until(&format!("{observer} to see {region} as {wanted:?}"), seconds, || {
        let phase = fleet.nodes[observer].phase(observer, region);
        if wanted.contains(&phase.as_str()) { Ok(()) } else { Err(phase) }
    });
}

/// The first failover, as a survivor's journal tells it: decided when the policy says, and a little later on a machine that
/// is short of time; over when the policy says at the latest.
pub(super) fn assert_failed_over_in_time(fleet: &Fleet, observer: &str) {
    let seen = Seen::of(fleet, observer);
    let (place, decided) = seen.next(1, Phase::Evacuating);
    let before = seen.changes[place - 1];
    assert_eq!(before.to, Phase::Suspect, "{seen:?}");
    // `suspectFor` is 3 s and `probeEvery` 2 s; the others' opinions come with the next exchange.
    assert_between(decided.at.since(before.at), Span::from_secs(3), &seen);
    let out = seen.changes[place + 1];
    assert_eq!((out.to, out.cause), (Phase::Out, Cause::Evacuated), "{seen:?}");
    let evacuated = out.at.since(decided.at);
    assert!(evacuated <= Span::from_secs(15) + LATE, "`evacuateFor` is 15 s, and it took {evacuated}: {seen:?}");
}

/// The supervised failover: proposed when the policy says, begun at once when it was `approved`, over when the policy says at the
/// latest.
pub(super) fn assert_failed_over_on_approval(fleet: &Fleet, observer: &str, approved: Timestamp) {
    let seen = Seen::of(fleet, observer);
    let (place, decided) = seen.next(2, Phase::Evacuating);
    let (suspected, proposed) = (seen.changes[place - 2], seen.changes[place - 1]);
    let before = (suspected.to, proposed.to, proposed.cause, decided.cause);
    assert_eq!(before, (Phase::Suspect, Phase::AwaitingApproval, Cause::Quorum, Cause::Approved), "{seen:?}");
    assert_between(proposed.at.since(suspected.at), Span::from_secs(3), &seen);
    // A quicker node's proposal is approved, and this node's own may be a little later.
    assert!(decided.at >= approved, "before {approved:?}: {seen:?}");
    assert!(decided.at.since(approved) <= LATE, "approved at {approved:?}: {seen:?}");
    let out = seen.changes[place + 1];
    assert_eq!((out.to, out.cause), (Phase::Out, Cause::Evacuated), "{seen:?}");
    let evacuated = out.at.since(decided.at);
    assert!(evacuated <= Span::from_secs(15) + LATE, "`evacuateFor` is 15 s, and it took {evacuated}: {seen:?}");
}

/// The first failover: launches failed while probes were answered. Gives whether this node saw it first, and not by others' word.
pub(super) fn assert_failed_over_for_launches(fleet: &Fleet, observer: &str) -> bool {
    let seen = Seen::of(fleet, observer);
    let (place, decided) = seen.next(1, Phase::Evacuating);
    let before = seen.changes[place - 1];
    assert_eq!((before.to, decided.cause), (Phase::Suspect, Cause::Quorum), "{seen:?}");
    assert!([Cause::LaunchesFail, Cause::Quorum].contains(&before.cause), "{seen:?}");
    before.cause == Cause::LaunchesFail
}

/// Before it returned from the first failover it was tried, and launches still failed.
pub(super) fn assert_tried_in_vain(fleet: &Fleet, observer: &str) {
    let seen = Seen::of(fleet, observer);
    let (place, _) = seen.next(0, Phase::Evacuating);
    let back = &seen.changes[place..=seen.returned()];
    assert!(back.iter().any(|change| (change.to, change.cause) == (Phase::Out, Cause::Regressed)), "{seen:?}");
}

/// The return after the first failover: no sooner than the cooldown allows, in probation, by every step of the ramp.
pub(super) fn assert_returned_by_a_ramp(fleet: &Fleet, observer: &str) {
    assert_returned_by_steps_of(fleet, observer, Span::from_secs(1));
}

/// The same where `rampEvery` is another.
pub(super) fn assert_returned_by_steps_of(fleet: &Fleet, observer: &str, step: Span) {
    let seen = Seen::of(fleet, observer);
    let (out, left) = seen.next(0, Phase::Out);
    let (back, active) = seen.next(out, Phase::Active);
    for pair in seen.changes[out..back].windows(2) {
        let allowed = [(Phase::Out, Phase::Probation), (Phase::Probation, Phase::Out)];
        assert!(allowed.contains(&(pair[0].to, pair[1].to)), "{seen:?}");
    }
    let probation = seen.changes[back - 1];
    assert_eq!((probation.to, active.cause), (Phase::Probation, Cause::RampedUp), "{seen:?}");
    assert!(probation.at.since(left.at) >= Span::from_secs(5), "`cooldown` is 5 s: {seen:?}");
    // A turn that is late makes two steps at once, or the last one and the end of the probation.
    let steps = seen.ramp.iter().map(|step| RAMP.iter().position(|known| known == step));
    let places: Option<Vec<usize>> = steps.collect();
    let goes_up = |places: &Vec<usize>| places.len() >= 2 && places[0] == 0 && places.is_sorted_by(|a, b| a < b);
    assert!(places.as_ref().is_some_and(goes_up), "{seen:?}");
    // Two steps of `rampEvery`, and one more with all of its home jobs.
    assert_between(active.at.since(probation.at), step * 3, &seen);
}

/// After the first failover and its return: the observer suspected the region alone, for as long as a failover would have
/// needed and longer, and believed it again with no failover.
pub(super) fn assert_suspected_alone(fleet: &Fleet, observer: &str) {
    let seen = Seen::of(fleet, observer);
    let back = seen.returned();
    let (place, suspected) = seen.next(back, Phase::Suspect);
    assert_eq!(suspected.cause, Cause::ProbesMissed, "{seen:?}");
    let after = seen.changes.get(place + 1).unwrap_or_else(|| panic!("it is suspected for good: {seen:?}"));
    assert_eq!((after.to, after.cause), (Phase::Active, Cause::Recovered), "{seen:?}");
    assert!(after.at.since(suspected.at) > Span::from_secs(3), "`suspectFor` is 3 s: {seen:?}");
    assert_no_second_failover(fleet, observer);
}

/// The first failover was the only one.
pub(super) fn assert_no_second_failover(fleet: &Fleet, observer: &str) {
    let seen = Seen::of(fleet, observer);
    let again = seen.changes[seen.returned()..].iter().find(|change| change.to == Phase::Evacuating);
    assert!(again.is_none(), "{seen:?}");
}

/// That something took as long as the policy says, and little longer.
#[track_caller]
fn assert_between(took: Span, least: Span, seen: &Seen) {
    assert!((least..=least + LATE).contains(&took), "it took {took}, and {least} is right: {seen:?}");
}
