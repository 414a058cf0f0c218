//! The claims' logic on records that were read: what may be written, what stands, who is wanted. Knows records; must
//! not know DynamoDB. The virtual tables of the simulator give the same answers.

use super::records::{Record, View};
use crate::names::Texts;
use tidegate_core::id::{JobId, PlacementId, RegionId};
use tidegate_core::port::confirm::Verdict;
use tidegate_core::port::table::{Claim, Mark, Standing};
use tidegate_core::port::{Stage, Ticket};

/// Who writes: its key in the table, and the region it stands in.
#[derive(Clone, Debug)]
pub(crate) struct Pen {
    pub(crate) key: String,
    pub(crate) me: RegionId,
}

impl Pen {
    fn own(&self, records: &[Record]) -> Option<Record> {
        records.iter().find(|record| record.key == self.key).cloned()
    }

    /// The own record as it is, or one that says nothing yet.
    fn begin(&self, records: &[Record], job: JobId, view: View) -> Record {
        self.own(records).unwrap_or_else(|| Record {
            job,
            key: self.key.clone(),
            writer: self.me,
            view,
            ticket: None,
            texts: None,
            revision: 0,
        })
    }
}

/// What a claim comes to on the records that were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// It stands already: an answer was lost.
    Stands,
    /// This record makes it stand, if the own one is still as it was read.
    Write(Box<Record>),
    /// The replica knows better.
    Conflict(Standing),
}

/// What a mark comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Marked {
    /// It says nothing new.
    Known,
    /// This record says it.
    Write(Box<Record>),
    /// The replica does not show the claim that it is about.
    Unseen,
}

/// What the records of a job say together.
pub(crate) fn view(records: &[Record]) -> Option<View> {
    records.iter().map(|record| record.view).reduce(View::join)
}

/// Judges a claim: it is refused when an attempt as high is known, or the job's start or end; see
/// [`Standing::yields_to`].
pub(crate) fn claim(records: &[Record], ticket: &Ticket, texts: Option<Texts>, pen: &Pen) -> Judged {
    let placement = ticket.placement;
    let mut view = View::fresh(placement.run_attempt, ticket.region);
    view.standing.attempt = placement.attempt;
    let mut record = pen.begin(records, placement.job, view);
    let claims = |known: Ticket| known.placement == placement && known.region == ticket.region;
    let claimed = record.ticket.is_some_and(claims);
    if let Some(View { standing, .. }) = self::view(records) {
        // In strong mode all nodes write one record.
        // A node that lost its journal makes the same placement anew, of a ticket that it received at another time.
        let made_here = record.ticket == Some(*ticket) && record.writer == pen.me;
        if !standing.yields_to(ticket, made_here) {
            return Judged::Conflict(standing);
        }
    }
    let said = record.view.standing;
    if claimed && said == (Standing { taken_by: said.taken_by, ..view.standing }) {
        return Judged::Stands;
    }
    record.view = view;
    record.writer = pen.me;
    record.ticket = Some(*ticket);
    record.texts = texts;
    Judged::Write(Box::new(record))
}

/// Marks a job's stage, and whose runner serves it. A job that the replica does not show is marked all the same: its
/// claim may be on the way, and must find its end.
pub(crate) fn mark(records: &[Record], mark: &Mark, pen: &Pen) -> Marked {
    let Mark { job, run_attempt, stage, runner, unmade } = *mark;
    let region = view(records).map_or(pen.me, |view| view.standing.region);
    let fresh = View::fresh(run_attempt, region);
    let mut record = pen.begin(records, job, fresh);
    if record.view.standing.run_attempt > run_attempt {
        return Marked::Known; // it speaks of a run that is over
    }
    if record.view.standing.run_attempt < run_attempt {
        record.view = fresh;
    }
    let before = record.view;
    let says = &mut record.view;
    says.standing.stage = says.standing.stage.max(stage);
    if let Some(own) = runner.filter(|runner| runner.job == job).or(unmade)
        && let Some(region) = region_of(records, own)
    {
        says.standing.note_taken(own, region, job);
    }
    says.served_by = says.served_by.max(runner.map(|runner| runner.job));
    write_if_new(record, before, records)
}

/// Notes that the runner of a placement serves another job.
pub(crate) fn take(records: &[Record], runner: PlacementId, taker: JobId, pen: &Pen) -> Marked {
    let Some(joined) = view(records) else { return Marked::Unseen };
    let region = region_of(records, runner).unwrap_or(joined.standing.region);
    let fresh = View::fresh(runner.run_attempt, region);
    let mut record = pen.begin(records, runner.job, fresh);
    if record.view.standing.run_attempt > runner.run_attempt {
        return Marked::Known;
    }
    if record.view.standing.run_attempt < runner.run_attempt {
        record.view = fresh;
    }
    let before = record.view;
    record.view.standing.note_taken(runner, region, taker);
    write_if_new(record, before, records)
}

/// Where a placement was made, if its claim is among the records.
fn region_of(records: &[Record], placement: PlacementId) -> Option<RegionId> {
    let made = |ticket: &Ticket| ticket.placement == placement;
    records.iter().find_map(|record| record.ticket.filter(made)).map(|ticket| ticket.region)
}

fn write_if_new(record: Record, before: View, records: &[Record]) -> Marked {
    let is_new = match record.revision {
        0 => view(records).is_none_or(|joined| joined.join(record.view) != joined),
        _ => record.view != before,
    };
    if is_new { Marked::Write(Box::new(record)) } else { Marked::Known }
}

/// The own record closed, when it is open and the job has ended by another's word.
pub(crate) fn close(records: &[Record], pen: &Pen) -> Option<Record> {
    let mut own = pen.own(records).filter(Record::is_open)?;
    if view(records)?.standing.stage != Stage::Ended {
        return None;
    }
    own.view.standing.stage = Stage::Ended;
    Some(own)
}

/// The open claim that the records make together; `None` when the job has ended, or nobody's record has a ticket.
pub(crate) fn open_claim(records: &[Record]) -> Option<Claim> {
    let standing = view(records)?.standing;
    if standing.stage == Stage::Ended {
        return None;
    }
    let newest = |record: &&Record| {
        let ticket = record.ticket.as_ref().expect("filtered");
        (ticket.placement, std::cmp::Reverse(ticket.region), std::cmp::Reverse(record.writer))
    };
    let record = records.iter().filter(|record| record.ticket.is_some()).max_by_key(newest)?;
    let ticket = record.ticket.expect("filtered");
    let shows = |record: &&Record| record.view.standing.attempt == standing.attempt;
    let writer = if ticket.placement.attempt == standing.attempt {
        record.writer
    } else {
        records.iter().find(shows).map_or(ticket.region, |record| record.writer)
    };
    Some(Claim { ticket, standing, writer })
}

/// What a verdict needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing more.
    Say(Verdict),
    /// The records of the job whose runner serves the one before.
    Read(JobId),
}

/// Begins a verdict on a placement made in `region` with what is shown of its job.
pub(crate) fn begin(view: Option<View>, placement: PlacementId, region: RegionId) -> Next {
    let Some(view) = view else { return Next::Say(Verdict::Unknown) };
    match view.standing.judge(placement, region) {
        Some(verdict) => Next::Say(verdict),
        None => link(view, placement.job),
    }
}

/// Goes on with what is shown of the next job. A link that is not shown, or no more, cannot tell that nobody waits.
pub(crate) fn follow(view: Option<View>, origin: JobId) -> Next {
    match view {
        Some(view) if view.standing.stage != Stage::Placed => link(view, origin),
        Some(_) | None => Next::Say(Verdict::Owed),
    }
}

fn link(view: View, origin: JobId) -> Next {
    match view.served_by {
        Some(next) if next != origin => Next::Read(next),
        Some(_) | None => Next::Say(Verdict::Over { consumed: false }),
    }
}

#[cfg(test)]
mod tests;
