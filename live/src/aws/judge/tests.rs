//! Holds the claims' logic against hand-made cases. Knows records; must not know DynamoDB.

use super::*;
use crate::aws::message::tests::{texts, ticket};
use crate::aws::records::tests::{claimed, policy};
use crate::aws::records::{SHARED, View};
use tidegate_core::time::Span;

fn pen(region: u8) -> Pen {
    Pen { key: policy().regions[usize::from(region)].name.clone(), me: RegionId(region) }
}

fn placement(job: u64, attempt: u16) -> PlacementId {
    PlacementId { job: JobId(job), run_attempt: 1, attempt }
}

fn written(judged: Judged) -> Record {
    match judged {
        Judged::Write(record) => *record,
        Judged::Stands | Judged::Conflict(_) => panic!("it is to be written: {judged:?}"),
    }
}

fn marked(said: Marked) -> Record {
    match said {
        Marked::Write(record) => *record,
        Marked::Known | Marked::Unseen => panic!("it is to be written: {said:?}"),
    }
}

/// Of the first run attempt, with nothing but a stage.
fn note(job: u64, stage: Stage) -> Mark {
    Mark { job: JobId(job), run_attempt: 1, stage, runner: None, unmade: None }
}

fn on(job: u64, stage: Stage, runner: PlacementId) -> Mark {
    Mark { runner: Some(runner), ..note(job, stage) }
}

/// The records with a node's own replaced or added.
fn with(records: &[Record], record: Record) -> Vec<Record> {
    let others = records.iter().filter(|other| other.key != record.key).cloned();
    others.chain([Record { revision: record.revision + 1, ..record.clone() }]).collect()
}

fn verdict(records: &[Record], asked: PlacementId, region: u8) -> Next {
    begin(view(records), asked, RegionId(region))
}

#[test]
fn a_claim_is_written_once_and_stands_when_its_answer_was_lost() {
    let first = ticket(1, 1, 0);
    let record = written(claim(&[], &first, Some(texts()), &pen(0)));
    assert_eq!((record.revision, record.writer, record.view.standing.attempt), (0, RegionId(0), 1));
    let records = with(&[], record);
    assert_eq!(claim(&records, &first, None, &pen(0)), Judged::Stands);
    let standing = records[0].view.standing;
    assert_eq!(claim(&records, &ticket(1, 1, 1), None, &pen(1)), Judged::Conflict(standing), "as high an attempt");
}

#[test]
fn a_higher_attempt_is_claimed_and_an_end_is_not_claimed_over() {
    let mut records = vec![claimed(1, 1, 0, 0)];
    let again = written(claim(&records, &ticket(1, 2, 1), None, &pen(1)));
    assert_eq!(again.revision, 0, "each node writes its own record");
    records[0].view.standing.stage = Stage::Started;
    assert!(matches!(claim(&records, &ticket(1, 2, 1), None, &pen(1)), Judged::Conflict(_)));
    let mut rerun = ticket(1, 1, 1);
    rerun.placement.run_attempt = 2;
    assert_eq!(written(claim(&records, &rerun, None, &pen(0))).view.standing.stage, Stage::Placed, "a new life");
}

#[test]
fn of_two_equal_attempts_the_lower_region_stands() {
    let records = [claimed(1, 2, 2, 2), claimed(1, 2, 1, 0)];
    assert_eq!(view(&records).map(|view| view.standing.region), Some(RegionId(1)));
    assert_eq!(verdict(&records, placement(1, 2), 2), Next::Say(Verdict::Superseded));
    assert_eq!(verdict(&records, placement(1, 2), 1), Next::Say(Verdict::Current { consumed: false }));
    assert!(matches!(claim(&records, &ticket(1, 2, 2), None, &pen(2)), Judged::Conflict(_)));
}

// Broken: `claim` writes a claim that another node made, although its runner is taken: the second node waited for a runner
// that had served another job long ago.
#[test]
fn a_claim_whose_runner_is_taken_is_not_made_again_by_another_node() {
    let records = [claimed(1, 1, 0, 0)];
    assert!(matches!(claim(&records, &ticket(1, 1, 0), None, &pen(1)), Judged::Write(_)), "it is coming");
    let taken = with(&records, marked(take(&records, placement(1, 1), JobId(9), &pen(1))));
    let Judged::Conflict(standing) = claim(&taken, &ticket(1, 1, 0), None, &pen(1)) else { panic!("it is taken") };
    assert_eq!((standing.attempt, standing.taken_by), (1, Some(JobId(9))));
    assert_eq!(claim(&taken, &ticket(1, 1, 0), None, &pen(0)), Judged::Stands, "its own answer was lost");
    let anew = Ticket { received_at: ticket(1, 1, 0).received_at + Span::from_secs(60), ..ticket(1, 1, 0) };
    assert!(matches!(claim(&taken, &anew, None, &pen(0)), Judged::Conflict(_)), "it lost its journal, and begins anew");
    let shared = |by: u8| Pen { key: SHARED.to_owned(), me: RegionId(by) };
    let taken = [Record { key: SHARED.to_owned(), ..claimed(1, 1, 0, 0) }];
    let taken = with(&taken, marked(take(&taken, placement(1, 1), JobId(9), &shared(1))));
    assert!(matches!(claim(&taken, &ticket(1, 1, 0), None, &shared(1)), Judged::Conflict(_)), "in strong mode, too");
    assert_eq!(claim(&taken, &ticket(1, 1, 0), None, &shared(0)), Judged::Stands);
}

// Broken: `mark` does not note a runner that nobody makes: who was to have it in turn waited for it in vain.
#[test]
fn a_runner_that_nobody_makes_is_owed_to_nobody() {
    let records = [claimed(1, 1, 0, 0)];
    let started = Mark { unmade: Some(placement(1, 1)), ..on(1, Stage::Started, placement(2, 1)) };
    let records = with(&records, marked(mark(&records, &started, &pen(0))));
    assert_eq!(view(&records).and_then(|view| view.standing.taken_by), Some(JobId(1)));
    assert_eq!(view(&records).and_then(|view| view.served_by), Some(JobId(2)));
}

// Broken: a mark does not ask for which attempt it is. The runner of an attempt in another region was taken for busy, and
// was never reaped.
#[test]
fn the_runner_of_an_older_attempt_says_nothing_of_the_newer_one_s() {
    let records = [claimed(1, 1, 0, 0), claimed(1, 2, 1, 1)];
    let started = marked(mark(&records, &on(1, Stage::Started, placement(1, 1)), &pen(1)));
    let shown = verdict(&with(&records, started), placement(1, 2), 1);
    assert_eq!(shown, Next::Say(Verdict::Over { consumed: false }), "it started on the first");
    assert_eq!(take(&records, placement(1, 1), JobId(9), &pen(1)), Marked::Known, "another job took the first");
}

#[test]
fn a_mark_joins_and_says_nothing_twice() {
    let records = vec![claimed(1, 1, 0, 0)];
    let started = marked(mark(&records, &on(1, Stage::Started, placement(1, 1)), &pen(0)));
    assert_eq!(started.view.standing.taken_by, Some(JobId(1)));
    assert_eq!(started.view.served_by, Some(JobId(1)));
    let records = with(&records, started);
    assert_eq!(mark(&records, &note(1, Stage::Started), &pen(0)), Marked::Known);
    assert_eq!(mark(&records, &note(1, Stage::Placed), &pen(0)), Marked::Known, "stages only grow");
    assert_eq!(verdict(&records, placement(1, 1), 0), Next::Say(Verdict::Over { consumed: true }));
}

#[test]
fn a_node_marks_what_another_claimed_in_a_record_of_its_own() {
    let records = vec![claimed(1, 3, 2, 0)];
    let ended = marked(mark(&records, &note(1, Stage::Ended), &pen(1)));
    assert_eq!((ended.key.as_str(), ended.view.standing.attempt, ended.ticket), (pen(1).key.as_str(), 0, None));
    let records = with(&records, ended);
    let standing = view(&records).expect("two records").standing;
    assert_eq!((standing.attempt, standing.region, standing.stage), (3, RegionId(2), Stage::Ended));
    assert_eq!(open_claim(&records), None);
    assert_eq!(mark(&records, &note(1, Stage::Ended), &pen(2)), Marked::Known, "another said it");
    assert_eq!(close(&records, &pen(1)), None, "it made no claim");
    assert_eq!(close(&records, &pen(0)).map(|own| own.view.standing.stage), Some(Stage::Ended));
}

#[test]
fn an_end_that_comes_before_its_claim_is_kept_for_it() {
    let records = with(&[], marked(mark(&[], &note(1, Stage::Ended), &pen(1))));
    assert!(matches!(claim(&records, &ticket(1, 1, 0), None, &pen(1)), Judged::Conflict(_)));
    assert_eq!(open_claim(&records), None);
    let late = mark(&records, &Mark { run_attempt: 0, ..note(1, Stage::Ended) }, &pen(1));
    assert_eq!(late, Marked::Known, "a run that is over");
    assert_eq!(
        marked(mark(&records, &Mark { run_attempt: 2, ..note(1, Stage::Started) }, &pen(1))).view.standing.run_attempt,
        2
    );
}

#[test]
fn a_taken_runner_is_consumed_where_its_claim_was_made() {
    assert_eq!(take(&[], placement(1, 1), JobId(2), &pen(0)), Marked::Unseen);
    // Node 0 claimed attempt 1 for region 0, node 1 attempt 2 for region 1; the runner of attempt 2 is taken.
    let records = vec![claimed(1, 1, 0, 0), claimed(1, 2, 1, 1)];
    let taken = marked(take(&records, placement(1, 2), JobId(5), &pen(0)));
    assert_eq!((taken.view.standing.attempt, taken.view.standing.region), (2, RegionId(1)));
    let records = with(&records, taken);
    assert_eq!(verdict(&records, placement(1, 2), 1), Next::Say(Verdict::Current { consumed: true }));
    let claim = open_claim(&records).expect("it is open");
    assert_eq!((claim.ticket.placement.attempt, claim.writer), (2, RegionId(1)));
}

#[test]
fn what_a_replica_does_not_show_is_unknown() {
    assert_eq!(verdict(&[], placement(1, 1), 0), Next::Say(Verdict::Unknown));
    assert_eq!(verdict(&[claimed(1, 1, 0, 0)], placement(1, 2), 0), Next::Say(Verdict::Unknown), "it is behind");
    assert_eq!(verdict(&[claimed(1, 2, 0, 0)], placement(1, 1), 0), Next::Say(Verdict::Superseded));
}

#[test]
fn a_job_served_by_anothers_runner_owes_its_own_to_who_waits() {
    let served = |job: u64, by: u64| {
        let records = vec![claimed(job, 1, 0, 0)];
        with(&records, marked(mark(&records, &on(job, Stage::Started, placement(by, 1)), &pen(0))))
    };
    assert_eq!(verdict(&served(1, 2), placement(1, 1), 0), Next::Read(JobId(2)));
    let waits = [claimed(2, 1, 0, 0)];
    assert_eq!(follow(view(&waits), JobId(1)), Next::Say(Verdict::Owed), "job 2 waits for the runner of job 1");
    assert_eq!(follow(None, JobId(1)), Next::Say(Verdict::Owed), "it cannot be told");
    assert_eq!(follow(view(&served(2, 3)), JobId(1)), Next::Read(JobId(3)), "a longer chain");
    assert_eq!(follow(view(&served(2, 1)), JobId(1)), Next::Say(Verdict::Over { consumed: false }), "they swapped");
    let alone = vec![claimed(1, 1, 0, 0)];
    let foreign = with(&alone, marked(mark(&alone, &note(1, Stage::Started), &pen(0))));
    assert_eq!(verdict(&foreign, placement(1, 1), 0), Next::Say(Verdict::Over { consumed: false }));
}

#[test]
fn in_strong_mode_all_write_one_record() {
    let shared = |me: u8| Pen { key: SHARED.to_owned(), me: RegionId(me) };
    let records = with(&[], written(claim(&[], &ticket(1, 1, 0), None, &shared(0))));
    let again = written(claim(&records, &ticket(1, 2, 1), None, &shared(1)));
    assert_eq!((again.revision, again.writer), (1, RegionId(1)), "on the condition that it is unchanged");
    let records = with(&records, again);
    assert_eq!(records.len(), 1);
    assert_eq!(claim(&records, &ticket(1, 2, 1), None, &shared(2)), Judged::Stands);
    let records = with(&records, marked(mark(&records, &note(1, Stage::Ended), &shared(0))));
    assert_eq!(records[0].ticket, Some(ticket(1, 2, 1)));
    assert_eq!(open_claim(&records), None);
}

#[test]
fn a_fresh_view_is_below_every_claim() {
    let fresh = View::fresh(1, RegionId(0));
    let claim = claimed(1, 1, 2, 2).view;
    assert_eq!(fresh.join(claim), claim);
}
