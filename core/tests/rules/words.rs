//! The words of the stories: regions, organizations, and what a machine does, short enough to compare and read.

use std::fmt;
use tidegate_core::controller;
use tidegate_core::dispatcher;
use tidegate_core::id::{JobId, Name, PlacementId, RegionId, RunId};
use tidegate_core::policy::{Policy, Region};
use tidegate_core::port::dequeue::Receipt;
use tidegate_core::port::{Failure, Stage, confirm, dequeue, enqueue, notice, runner, table};
use tidegate_core::{Need, RegionSet, Span, Timestamp};

pub(crate) const FRANKFURT: RegionId = RegionId(0);
pub(crate) const DUBLIN: RegionId = RegionId(1);
pub(crate) const SYDNEY: RegionId = RegionId(2);

/// Where all stories begin: 2026-11-24, 14:00 UTC.
pub(crate) const START: Timestamp = Timestamp(1_795_528_800_000_000);

/// Three regions with every default, each with 400 runners; home of all is Frankfurt.
pub(crate) fn policy() -> Policy {
    policy_of(3)
}

/// The first `count` regions of [`policy`].
pub(crate) fn policy_of(count: usize) -> Policy {
    let names = ["eu-central-1", "eu-west-1", "ap-southeast-2"];
    Policy::of_regions(names.iter().zip(1..).take(count).map(|(name, priority)| Region::new(name, priority)).collect())
}

/// The policy with a change.
pub(crate) fn policy_with(change: impl FnOnce(&mut Policy)) -> Policy {
    let mut policy = policy();
    change(&mut policy);
    policy
}

pub(crate) fn secs(n: u64) -> Span {
    Span::from_secs(n)
}

pub(crate) fn mins(n: u64) -> Span {
    Span::from_mins(n)
}

pub(crate) fn hours(n: u64) -> Span {
    Span::from_hours(n)
}

pub(crate) fn org() -> Name {
    Name::of("patient-studio")
}

pub(crate) fn class() -> Name {
    Name::of("self-hosted,linux")
}

/// Attempt `attempt` of a job, in the first attempt of its run.
pub(crate) fn placement(job: u64, attempt: u16) -> PlacementId {
    PlacementId { job: JobId(job), run_attempt: 1, attempt }
}

/// The ticket of a job's placement in a region that is its home.
pub(crate) fn ticket(job: u64, attempt: u16, region: RegionId) -> tidegate_core::port::Ticket {
    tidegate_core::port::Ticket {
        placement: placement(job, attempt),
        run: RunId(job),
        organization: org(),
        repository: Name::of("patient-studio/app"),
        class: class(),
        need: Need::default(),
        region,
        home: region,
        reason: tidegate_core::port::Reason::Home,
        regional: true,
        hops: 0,
        tried: RegionSet::EMPTY,
        queued_at: START,
        received_at: START,
    }
}

/// What a machine does: an effect without what the story does not look at. Placements are `(job, attempt)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Does {
    // -- a controller
    Claim(u64, u16, RegionId),
    Send(u64, u16, RegionId),
    Mark(u64, Stage),
    /// And its own runner does not come.
    MarkUnmade(u64, Stage),
    LookUp(u64),
    ListOpen(Option<u64>),
    // -- a dispatcher
    Check(u64, u16),
    Delete(Receipt),
    Extend(Receipt),
    Release(Receipt),
    Register(u64, u16),
    Launch(u64, u16, bool),
    LookAtRunner(u64, u16),
    Remove(u64, u16),
    /// Of which the table says that it serves a job.
    RemoveTaken(u64, u16),
    Stop(u64, u16),
    GiveBack(u64, u16, Failure),
}

impl fmt::Debug for Does {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claim(job, attempt, region) => write!(f, "claim {job}/{attempt} in {}", region.0),
            Self::Send(job, attempt, region) => write!(f, "send {job}/{attempt} to {}", region.0),
            Self::Mark(job, stage) => write!(f, "mark {job} {stage:?}"),
            Self::MarkUnmade(job, stage) => write!(f, "mark {job} {stage:?}, and that its own runner does not come"),
            Self::LookUp(job) => write!(f, "look up {job}"),
            Self::ListOpen(after) => write!(f, "list open claims after {after:?}"),
            Self::Check(job, attempt) => write!(f, "check {job}/{attempt}"),
            Self::Delete(receipt) => write!(f, "delete message {}", receipt.0),
            Self::Extend(receipt) => write!(f, "hide message {} for longer", receipt.0),
            Self::Release(receipt) => write!(f, "release message {}", receipt.0),
            Self::Register(job, attempt) => write!(f, "register {job}/{attempt}"),
            Self::Launch(job, attempt, spot) => {
                write!(f, "launch {job}/{attempt}{}", if *spot { " on spot" } else { "" })
            }
            Self::LookAtRunner(job, attempt) => write!(f, "look at runner {job}/{attempt}"),
            Self::RemoveTaken(job, attempt) => write!(f, "remove runner {job}/{attempt}, said to be taken"),
            Self::Remove(job, attempt) => write!(f, "remove runner {job}/{attempt}"),
            Self::Stop(job, attempt) => write!(f, "stop {job}/{attempt}"),
            Self::GiveBack(job, attempt, failure) => write!(f, "give {job}/{attempt} back: {failure:?}"),
        }
    }
}

/// The first claim of a job.
pub(crate) fn claim(job: u64, region: RegionId) -> Does {
    Does::Claim(job, 1, region)
}

/// A later claim of a job.
pub(crate) fn claim_again(job: u64, attempt: u16, region: RegionId) -> Does {
    Does::Claim(job, attempt, region)
}

/// The first message of a job.
pub(crate) fn send(job: u64, region: RegionId) -> Does {
    Does::Send(job, 1, region)
}

fn pair(placement: PlacementId) -> (u64, u16) {
    (placement.job.0, placement.attempt)
}

/// An effect of a controller as a story tells it; `None`: it comes round by itself.
pub(crate) fn told(effect: &controller::Effect) -> Option<Does> {
    Some(match effect {
        controller::Effect::Enqueue(enqueue::Command::Send { ticket }) => {
            Does::Send(ticket.placement.job.0, ticket.placement.attempt, ticket.region)
        }
        controller::Effect::Table(table::Command::Claim { ticket }) => {
            Does::Claim(ticket.placement.job.0, ticket.placement.attempt, ticket.region)
        }
        controller::Effect::Table(table::Command::Mark(mark)) => match mark.unmade {
            None => Does::Mark(mark.job.0, mark.stage),
            Some(unmade) => Does::MarkUnmade(unmade.job.0, mark.stage),
        },
        controller::Effect::Table(table::Command::Look { job }) => Does::LookUp(job.0),
        controller::Effect::Table(table::Command::ListOpen { after, .. }) => Does::ListOpen(after.map(|job| job.0)),
        controller::Effect::Table(table::Command::Exchange { .. })
        | controller::Effect::GitHub(_)
        | controller::Effect::Probe(_) => return None,
    })
}

/// An effect of a dispatcher as a story tells it; `None`: a receive.
pub(crate) fn done(effect: &dispatcher::Effect) -> Option<Does> {
    Some(match effect {
        dispatcher::Effect::Confirm(confirm::Command::Check { placement, .. }) => {
            let (job, attempt) = pair(*placement);
            Does::Check(job, attempt)
        }
        dispatcher::Effect::Dequeue(dequeue::Command::Receive { .. }) => return None,
        dispatcher::Effect::Dequeue(dequeue::Command::Delete { receipt }) => Does::Delete(*receipt),
        dispatcher::Effect::Dequeue(dequeue::Command::Release { receipt, .. }) => Does::Release(*receipt),
        dispatcher::Effect::Dequeue(dequeue::Command::Extend { receipt, .. }) => Does::Extend(*receipt),
        dispatcher::Effect::Notice(notice::Event::PlacementFailed { ticket, failure }) => {
            Does::GiveBack(ticket.placement.job.0, ticket.placement.attempt, *failure)
        }
        dispatcher::Effect::Runner(command) => of_runner(command),
    })
}

fn of_runner(command: &runner::Command) -> Does {
    let (placement, make): (PlacementId, fn(u64, u16) -> Does) = match command {
        runner::Command::Register { ticket } => (ticket.placement, Does::Register),
        runner::Command::Launch { ticket, spot: true } => (ticket.placement, |job, n| Does::Launch(job, n, true)),
        runner::Command::Launch { ticket, spot: false } => (ticket.placement, |job, n| Does::Launch(job, n, false)),
        runner::Command::Remove { placement, taken: true } => (*placement, Does::RemoveTaken),
        runner::Command::Remove { placement, taken: false } => (*placement, Does::Remove),
        runner::Command::Stop { placement } => (*placement, Does::Stop),
        runner::Command::Look { placement } => (*placement, Does::LookAtRunner),
    };
    make(placement.job.0, placement.attempt)
}
