//! The story of one job, in words. Knows how facts read; must not know where they came from.

use std::fmt::Write;
use tidegate_core::controller::phase::Phase;
use tidegate_core::fact::{Considered, Decision};
use tidegate_core::id::{PlacementId, RegionId};
use tidegate_core::port::Reason;
use tidegate_core::{Fact, Span, Timestamp};

/// A fact as a line of a story; `None` for facts that tell nothing to a reader.
#[must_use]
pub fn line(at: Timestamp, fact: &Fact, regions: &[String]) -> Option<String> {
    let words = job_words(fact, regions).or_else(|| region_words(fact, regions))?;
    Some(timed(at, &words))
}

fn timed(at: Timestamp, words: &str) -> String {
    format!("{}  {words}", &at.to_string()[5..23].replace('T', " "))
}

/// What GitHub said of a job, where nobody stands by who knows all of it: as a node hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is queued.
    Queued {
        /// Where it belongs.
        home: RegionId,
    },
    /// A runner took it.
    Started {
        /// The runner, if it is one of ours.
        runner: Option<PlacementId>,
        /// Where that is, if known.
        region: Option<RegionId>,
        /// Queued to in progress, if known.
        wait: Option<Span>,
    },
    /// It ended.
    Completed {
        /// The runner that had it, if it had one of ours.
        runner: Option<PlacementId>,
        /// Where that was, if known.
        region: Option<RegionId>,
        /// In progress to completed, if known.
        ran: Option<Span>,
    },
}

/// What GitHub said as a line of a story, in the words of the facts that [`line()`] tells.
#[must_use]
pub fn heard(at: Timestamp, heard: &Heard, regions: &[String]) -> String {
    let place = |runner: Option<PlacementId>, region: Option<RegionId>| match (region, runner) {
        (Some(region), _) => format!(" in {}", name(regions, region)),
        (None, Some(runner)) => format!(" on runner {runner}"),
        (None, None) => String::new(),
    };
    let words = match *heard {
        Heard::Queued { home } => queued(name(regions, home)),
        Heard::Started { runner, region, wait } => started(&place(runner, region), wait),
        Heard::Completed { runner, region, ran } => completed(&place(runner, region), ran),
    };
    timed(at, &words)
}

fn queued(home: &str) -> String {
    format!("queued at GitHub; home is {home}")
}

fn started(place: &str, wait: Option<Span>) -> String {
    let wait = wait.map_or_else(String::new, |wait| format!(" ({wait} after it was queued)"));
    format!("IN PROGRESS{place}{wait}")
}

fn completed(place: &str, ran: Option<Span>) -> String {
    let ran = ran.map_or_else(String::new, |ran| format!(" (ran {ran})"));
    format!("completed{place}{ran}")
}

fn name(regions: &[String], region: RegionId) -> &str {
    regions.get(region.index()).map_or("?", String::as_str)
}

fn job_words(fact: &Fact, regions: &[String]) -> Option<String> {
    let name = |region: &RegionId| name(regions, *region);
    Some(match fact {
        Fact::JobQueued { home, .. } => queued(name(home)),
        Fact::JobPlaced { placement, decision, home, .. } => placed(placement.attempt, decision, *home, regions),
        Fact::JobWaits { why, .. } => format!("waits without a placement: {why:?}"),
        Fact::JobClaimed { took, .. } => format!("claim written ({took})"),
        Fact::ClaimConflict { placement } => format!("attempt {}: another claim stands already", placement.attempt),
        Fact::JobEnqueued { region, took, .. } => format!("message in the queue of {} ({took})", name(region)),
        Fact::Retried { placement, failure } => format!("attempt {}: tried again after {failure:?}", placement.attempt),
        Fact::JobAbandoned { failure, .. } => format!("GIVEN UP after {failure:?}"),
        Fact::JobRecovered { .. } => "found by reconcile: its webhook never came".to_owned(),
        Fact::JobReceived { region, wait, .. } => {
            format!("received by the dispatcher of {} (waited {wait})", name(region))
        }
        Fact::AttemptDropped { placement, region, why } => {
            format!("attempt {} dropped in {}: {why:?}", placement.attempt, name(region))
        }
        Fact::NameTaken { region, .. } => {
            format!("GitHub has a runner of that name already (asked from {})", name(region))
        }
        Fact::LaunchAccepted { region, spot, wait, .. } => {
            format!(
                "launch accepted in {}{} ({wait} after it was received)",
                name(region),
                if *spot { " on spot" } else { "" }
            )
        }
        Fact::LaunchFailed { region, failure, .. } => format!("launch failed in {}: {failure:?}", name(region)),
        Fact::TaskOnline { region, took, .. } => format!("runner online in {} ({took} after the launch)", name(region)),
        Fact::TaskStopped { region, cause, .. } => format!("task stopped in {}: {cause:?}", name(region)),
        Fact::SurplusReaped { region, idle, .. } => {
            format!("surplus runner taken back in {} (idle for {idle})", name(region))
        }
        Fact::CapReached { region, .. } => format!("message put back in {}: a cap is reached", name(region)),
        Fact::JobStarted { region, wait, .. } => started(&format!(" in {}", name(region)), Some(*wait)),
        Fact::JobCompleted { region, ran, .. } => completed(&format!(" in {}", name(region)), Some(*ran)),
        Fact::JobLost { region, ran, by_us, .. } => {
            format!("LOST with its runner in {} after {ran}{}", name(region), if *by_us { ", by us" } else { "" })
        }
        Fact::JobUnstarted { waited, .. } => format!("still queued at the end, after {waited}"),
        Fact::DeliveryLost { .. } => "a webhook of it was lost".to_owned(),
        Fact::JobsAdopted { .. }
        | Fact::PhaseChanged { .. }
        | Fact::FailoverProposed { .. }
        | Fact::HoldChanged { .. }
        | Fact::SpillChanged { .. }
        | Fact::PanicChanged { .. }
        | Fact::Ignored { .. }
        | Fact::DeliveryAcked { .. } => return None,
    })
}

fn placed(attempt: u16, decision: &Decision, home: RegionId, regions: &[String]) -> String {
    let why = match decision.reason {
        Reason::Home => "its home takes it".to_owned(),
        Reason::Sticky => "its workflow run began there".to_owned(),
        Reason::Spillover => format!("spillover, {} is full", name(regions, home)),
        Reason::Failover => format!("failover, {} is unwell or out of capacity", name(regions, home)),
    };
    let mut text = format!("attempt {attempt} placed in {}: {why}", name(regions, decision.region));
    for (at, region) in regions.iter().enumerate() {
        let verdict = match decision.considered[at] {
            Considered::Chosen | Considered::NotAsked => continue,
            Considered::Closed => "takes no such work now",
            Considered::Failed => "failed lately",
            Considered::Full => "full",
            Considered::Residency => "not allowed by residency",
            Considered::Stale => "its load report is too old",
            Considered::Unsupported => "cannot run it",
        };
        write!(text, "; {region}: {verdict}").expect("a string takes all");
    }
    text
}

#[expect(clippy::wildcard_enum_match_arm, reason = "told by the job's own lines, or too many to tell")]
fn region_words(fact: &Fact, regions: &[String]) -> Option<String> {
    let name = |region: &RegionId| name(regions, *region);
    Some(match fact {
        Fact::PhaseChanged { observer, region, to, cause, .. } => {
            let mark = if *to == Phase::Evacuating { "  <-- failover" } else { "" };
            format!("  [{}] sees {} as {to:?} ({cause:?}){mark}", name(observer), name(region))
        }
        Fact::FailoverProposed { observer, region } => {
            format!("  [{}] proposes to fail over {}", name(observer), name(region))
        }
        Fact::HoldChanged { observer, region, hold } => {
            format!("  [{}] holds {} {hold:?}", name(observer), name(region))
        }
        Fact::PanicChanged { observer, panic } => {
            format!(
                "  [{}] {}",
                name(observer),
                if *panic { "believes nothing: all regions look bad" } else { "believes again" }
            )
        }
        Fact::JobsAdopted { node, count } => format!("  [{}] takes over {count} jobs from the table", name(node)),
        _ => return None,
    })
}
