//! Runs the tables against a stand-in for DynamoDB that keeps items. Knows its conditions; must not know the core.

use super::super::message::tests::{texts, ticket};
use super::super::records::tests::policy;
use super::super::{Sdk, replay};
use super::*;
use crate::aws::replay::Calls;
use serde_json::{Value, json};
use std::sync::Mutex;
use tidegate_core::port::Stage;
use tidegate_core::port::table::{Claim, Mark, Standing};

type Items = Mutex<BTreeMap<String, Value>>;

fn key(item: &Value) -> String {
    let part = |name: &str| item[name]["N"].as_str().or(item[name]["S"].as_str()).unwrap_or("").to_owned();
    format!("{:>20}/{}{}", part("job"), part("writer"), part("node"))
}

fn refused(code: &str) -> (u16, Value) {
    (400, json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "no" }))
}

fn put(items: &Items, body: &Value) -> (u16, Value) {
    let mut items = items.lock().expect("no test panics with it");
    let (key, item) = (key(&body["Item"]), &body["Item"]);
    let is_so = match body["ConditionExpression"].as_str() {
        None => true,
        Some("attribute_not_exists(#job)") => !items.contains_key(&key),
        Some(_) => items.get(&key).is_some_and(|old| old["revision"] == body["ExpressionAttributeValues"][":revision"]),
    };
    if !is_so {
        return refused("ConditionalCheckFailedException");
    }
    items.insert(key, item.clone());
    (200, json!({}))
}

fn query(items: &Items, body: &Value) -> (u16, Value) {
    let (items, values) = (items.lock().expect("no test panics with it"), &body["ExpressionAttributeValues"]);
    let number = |value: &Value| value["N"].as_str().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    let fits = |item: &&Value| match body["IndexName"].as_str() {
        Some(_) => item["open"] == values[":open"] && number(&item["job"]) > number(&values[":after"]),
        None => item["job"] == values[":job"],
    };
    let found: Vec<&Value> = items.values().filter(fits).collect();
    (200, json!({ "Items": found, "Count": found.len() }))
}

fn batch(items: &Items, body: &Value) -> (u16, Value) {
    let items = items.lock().expect("no test panics with it");
    let (table, asked) = body["RequestItems"].as_object().and_then(|all| all.iter().next()).expect("one table");
    let keys = asked["Keys"].as_array().expect("keys");
    let found: Vec<&Value> = keys.iter().filter_map(|one| items.get(&key(one))).collect();
    (200, json!({ "Responses": { (table.clone()): found }, "UnprocessedKeys": {} }))
}

/// A table that keeps what is put, and fails first puts with `first`.
async fn table(first: Option<&'static str>) -> (String, Calls) {
    let items = Items::default();
    replay::start(move |operation, body, before| match (operation, first) {
        ("PutItem", Some(code)) if before == 0 => refused(code),
        ("PutItem", _) => put(&items, body),
        ("Query", _) => query(&items, body),
        ("BatchGetItem", _) => batch(&items, body),
        _ => (400, json!({ "__type": "ValidationException" })),
    })
    .await
}

fn node(url: &str, me: u8, consistency: Consistency) -> Tables {
    let policy = Policy { consistency, ..policy() };
    let config = replay::config(&policy.regions[usize::from(me)].name, url);
    let sdk = Sdk::of_base(replay::sdk(), &config, &policy);
    let names = Arc::new(Names::default());
    names.note_all(&texts());
    Tables::new(sdk.dynamodb(RegionId(me)), &config.tables, Arc::new(policy), RegionId(me), names)
}

fn placement(job: u64, attempt: u16) -> PlacementId {
    ticket(job, attempt, 0).placement
}

async fn verdict(tables: &Tables, job: u64, attempt: u16, region: u8) -> Verdict {
    let check = confirm::Command::Check { placement: placement(job, attempt), region: RegionId(region) };
    tables.confirm(check).await.verdict
}

#[tokio::test]
async fn a_claim_a_conflict_a_mark_and_the_page_of_what_is_open() {
    for consistency in [Consistency::Eventual, Consistency::Strong] {
        let (url, _) = table(None).await;
        let (zero, one) = (node(&url, 0, consistency), node(&url, 1, consistency));
        let claim = |job, attempt, region| Command::Claim { ticket: ticket(job, attempt, region) };
        for job in 1..=20 {
            let claimed = Some(Event::Claimed { placement: placement(job, 1) });
            assert_eq!(zero.run(claim(job, 1, 0)).await, claimed);
            assert_eq!(zero.run(claim(job, 1, 0)).await, claimed, "its answer was lost");
        }
        let standing =
            Standing { run_attempt: 1, attempt: 1, region: RegionId(0), stage: Stage::Placed, taken_by: None };
        let conflict = Event::Conflict { placement: placement(1, 1), standing };
        assert_eq!(one.run(claim(1, 1, 1)).await, Some(conflict));
        assert_eq!(one.run(claim(1, 2, 1)).await, Some(Event::Claimed { placement: placement(1, 2) }));
        assert_eq!(verdict(&one, 1, 1, 0).await, Verdict::Superseded);
        assert_eq!(verdict(&one, 1, 2, 1).await, Verdict::Current { consumed: false });
        assert_eq!(verdict(&one, 99, 1, 0).await, Verdict::Unknown);
        let mark =
            Command::Mark(Mark { job: JobId(2), run_attempt: 1, stage: Stage::Ended, runner: None, unmade: None });
        assert_eq!(one.run(mark).await, None);
        assert_eq!(verdict(&zero, 2, 1, 0).await, Verdict::Over { consumed: false });
        let Some(Event::Open { claims, more }) = zero.run(Command::ListOpen { after: None, limit: 5 }).await else {
            panic!("a page")
        };
        let jobs = |claims: &[Claim]| claims.iter().map(|claim| claim.ticket.placement.job.0).collect::<Vec<u64>>();
        assert_eq!((jobs(&claims), more), (vec![1, 3, 4, 5, 6], true));
        assert_eq!((claims[0].ticket, claims[0].writer), (ticket(1, 2, 1), RegionId(1)));
        let rest = zero.run(Command::ListOpen { after: Some(JobId(6)), limit: 500 }).await;
        let Some(Event::Open { claims, more }) = rest else { panic!("a page") };
        assert_eq!((jobs(&claims), more), ((7..=20).collect(), false));
    }
}

// Broken: a node that takes jobs over knows the texts of those alone whose repository it had a webhook of: it can register no
// runner for the rest.
#[tokio::test]
async fn who_lists_open_claims_learns_their_texts() {
    for consistency in [Consistency::Eventual, Consistency::Strong] {
        let (url, _) = table(None).await;
        let (zero, mut one) = (node(&url, 0, consistency), node(&url, 1, consistency));
        one.names = Arc::new(Names::default());
        let claimed = ticket(1, 1, 0);
        assert!(zero.run(Command::Claim { ticket: claimed }).await.is_some());
        let known = || one.names.texts(claimed.organization, claimed.repository, claimed.class);
        assert_eq!(known(), None);
        one.run(Command::ListOpen { after: None, limit: 5 }).await;
        assert_eq!(known(), Some(texts()));
    }
}

#[tokio::test]
async fn a_runner_that_serves_another_job_is_owed_to_who_waits() {
    let (url, _) = table(None).await;
    let tables = node(&url, 0, Consistency::Eventual);
    for job in [1, 2] {
        tables.run(Command::Claim { ticket: ticket(job, 1, 0) }).await;
    }
    let runner = Some(placement(2, 1));
    let mark = Command::Mark(Mark { job: JobId(1), run_attempt: 1, stage: Stage::Started, runner, unmade: None });
    assert_eq!(tables.run(mark).await, None);
    assert_eq!(verdict(&tables, 1, 1, 0).await, Verdict::Owed, "job 2 waits, and the runner of job 1 comes");
    assert_eq!(verdict(&tables, 2, 1, 0).await, Verdict::Current { consumed: true });
    let Some(Event::Stands { standing: Some(standing), .. }) = tables.run(Command::Look { job: JobId(2) }).await else {
        panic!("it stands")
    };
    assert_eq!(standing.taken_by, Some(JobId(1)));
}

#[tokio::test]
async fn a_lost_race_is_judged_anew() {
    for code in ["ConditionalCheckFailedException", "ReplicatedWriteConflictException"] {
        let (url, calls) = table(Some(code)).await;
        let tables = node(&url, 0, Consistency::Strong);
        let claimed = tables.run(Command::Claim { ticket: ticket(1, 1, 0) }).await;
        assert_eq!(claimed, Some(Event::Claimed { placement: placement(1, 1) }));
        assert_eq!(replay::operations(&calls), ["Query", "PutItem", "Query", "PutItem"]);
    }
}

#[tokio::test]
async fn a_table_that_refuses_is_told_with_its_class() {
    let (url, _) = replay::start(|_, _, _| refused("ProvisionedThroughputExceededException")).await;
    let tables = node(&url, 0, Consistency::Eventual);
    let failed = Event::ClaimFailed { placement: placement(1, 1), failure: Failure::Throttled };
    assert_eq!(tables.run(Command::Claim { ticket: ticket(1, 1, 0) }).await, Some(failed));
    assert_eq!(tables.run(Command::Look { job: JobId(1) }).await, None);
    assert_eq!(tables.run(Command::ListOpen { after: None, limit: 5 }).await, Some(Event::ListFailed));
    assert_eq!(tables.run(Command::Exchange { record: Box::default() }).await, Some(Event::ExchangeFailed));
    assert_eq!(verdict(&tables, 1, 1, 0).await, Verdict::Unavailable);
}

#[tokio::test]
async fn nodes_read_each_others_records() {
    let (url, _) = table(None).await;
    let record = |version: u64| Box::new(NodeRecord { version, ..NodeRecord::default() });
    let (zero, two) = (node(&url, 0, Consistency::Eventual), node(&url, 2, Consistency::Eventual));
    two.run(Command::Exchange { record: record(9) }).await;
    let Some(Event::Records { records }) = zero.run(Command::Exchange { record: record(4) }).await else {
        panic!("records")
    };
    assert_eq!(records.map(|record| record.map(|record| record.version))[..3], [Some(4), None, Some(9)]);
}
