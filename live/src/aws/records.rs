//! Records of claims as items of DynamoDB. Knows attributes and how long an item is kept; must not know what a record
//! means for a claim.
//!
//! | attribute | what it is |
//! | --- | --- |
//! | `job` (N), `writer` (S) | the key: the job, and the region of the node that wrote it; in strong mode `*` |
//! | `by` (S) | the region of the node that made the claim |
//! | `runAttempt`, `attempt`, `stage` (N), `region` (S), `takenBy`, `servedBy` (N) | the view |
//! | `ticket`, `texts` (S) | the newest placement of this writer and the texts behind its names, JSON |
//! | `revision` (N) | counts the writes of the item, for conditions |
//! | `open` (S) | the shard of the index: of an open claim `0` to `7`, of what is to be swept `ended-0` to `ended-7` |
//! | `written` (N) | when it was written, seconds since the Unix epoch |
//! | `expires` (N) | when DynamoDB may take it away; not in strong mode, which has no TTL |

use crate::names::Texts;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::BTreeMap;
use tidegate_core::Policy;
use tidegate_core::id::{JobId, RegionId};
use tidegate_core::port::table::Standing;
use tidegate_core::port::{Stage, Ticket};
use tidegate_core::time::Span;

/// Partitions of the index of open claims: one would take 1,000 writes a second at the most (facts.md).
pub(crate) const SHARDS: u64 = 8;

/// The writer of the one shared item of strong mode.
pub(crate) const SHARED: &str = "*";

/// Ended claims are kept for a day more than the policy says: DynamoDB's TTL is not punctual, and a day is what it
/// promises.
const ENDED_MARGIN: u64 = 86_400;

/// No claim is open for longer: GitHub ends a queued job after a day and a running one after five (facts.md). Its end
/// may be marked in another writer's record alone, and then nobody else takes this one away.
const OPEN_MAX: u64 = 7 * 86_400;

/// What one record, or all records of a job together, say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) standing: Standing,
    /// The job whose runner took this job, where known.
    pub(crate) served_by: Option<JobId>,
}

impl View {
    /// Before anything is written: an attempt below all others.
    pub(crate) fn fresh(run_attempt: u16, region: RegionId) -> Self {
        let standing = Standing { run_attempt, attempt: 0, region, stage: Stage::Placed, taken_by: None };
        Self { standing, served_by: None }
    }

    pub(crate) fn join(self, other: Self) -> Self {
        Self { standing: self.standing.join(other.standing), served_by: self.served_by.max(other.served_by) }
    }
}

/// One item of the claims table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) job: JobId,
    /// The sort key.
    pub(crate) key: String,
    /// The node that made the claim in it, or wrote it when there is none.
    pub(crate) writer: RegionId,
    pub(crate) view: View,
    pub(crate) ticket: Option<Ticket>,
    pub(crate) texts: Option<Texts>,
    /// Of the item as it was read; 0: there is none yet.
    pub(crate) revision: u64,
}

impl Record {
    pub(crate) fn is_open(&self) -> bool {
        self.ticket.is_some() && self.view.standing.stage != Stage::Ended
    }
}

/// What decides how long an item is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keeping {
    pub(crate) strong: bool,
    pub(crate) ended_for: Span,
    /// Seconds since the Unix epoch.
    pub(crate) now: u64,
}

impl Keeping {
    /// Ended items of strong mode that were written before this time go.
    pub(crate) fn spent_before(&self) -> u64 {
        self.now.saturating_sub(self.ended_for.as_micros() / 1_000_000 + ENDED_MARGIN)
    }
}

/// The index's partition of an open claim, or in strong mode of one that has ended, or of a mark without a claim.
pub(crate) fn shard(number: u64, ended: bool) -> String {
    let number = number % SHARDS;
    if ended { format!("ended-{number}") } else { number.to_string() }
}

/// The item of a record at its next revision.
pub(crate) fn encode(record: &Record, policy: &Policy, keeping: &Keeping) -> BTreeMap<String, AttributeValue> {
    let (standing, name) = (record.view.standing, |region: RegionId| policy.regions[region.index()].name.clone());
    let ended = standing.stage == Stage::Ended;
    let mut item = BTreeMap::new();
    let mut put = |key: &str, value: AttributeValue| {
        item.insert(key.to_owned(), value);
    };
    put("job", number(record.job.0));
    put("writer", AttributeValue::S(record.key.clone()));
    put("by", AttributeValue::S(name(record.writer)));
    put("runAttempt", number(standing.run_attempt.into()));
    put("attempt", number(standing.attempt.into()));
    put("region", AttributeValue::S(name(standing.region)));
    put("stage", number(of_stage(standing.stage)));
    put("revision", number(record.revision + 1));
    put("written", number(keeping.now));
    if let Some(taker) = standing.taken_by {
        put("takenBy", number(taker.0));
    }
    if let Some(server) = record.view.served_by {
        put("servedBy", number(server.0));
    }
    if let Some(ticket) = &record.ticket {
        put("ticket", AttributeValue::S(json(ticket)));
    }
    if let Some(texts) = &record.texts {
        put("texts", AttributeValue::S(json(texts)));
    }
    if record.is_open() || keeping.strong {
        put("open", AttributeValue::S(shard(record.job.0, !record.is_open())));
    }
    if !keeping.strong {
        let kept = if ended { keeping.ended_for.as_micros() / 1_000_000 + ENDED_MARGIN } else { OPEN_MAX };
        put("expires", number(keeping.now + kept));
    }
    item
}

/// The record of an item.
///
/// # Errors
/// Which attribute is missing or cannot be read.
pub(crate) fn decode<'a>(
    read: impl Fn(&str) -> Option<&'a AttributeValue>,
    policy: &Policy,
) -> Result<Record, &'static str> {
    let text = |key: &'static str| read(key).and_then(|value| value.as_s().ok()).map(String::as_str);
    let integer = |key: &'static str| -> Option<u64> { read(key)?.as_n().ok()?.parse().ok() };
    let small = |key: &'static str| integer(key).and_then(|n| u16::try_from(n).ok()).ok_or(key);
    let region = |key: &'static str| text(key).and_then(|name| policy.region_named(name)).ok_or(key);
    let standing = Standing {
        run_attempt: small("runAttempt")?,
        attempt: small("attempt")?,
        region: region("region")?,
        stage: integer("stage").and_then(to_stage).ok_or("stage")?,
        taken_by: integer("takenBy").map(JobId),
    };
    let ticket = text("ticket").map(serde_json::from_str).transpose().map_err(|_| "ticket")?;
    let texts = text("texts").map(serde_json::from_str).transpose().map_err(|_| "texts")?;
    Ok(Record {
        job: JobId(integer("job").ok_or("job")?),
        key: text("writer").ok_or("writer")?.to_owned(),
        writer: region("by")?,
        view: View { standing, served_by: integer("servedBy").map(JobId) },
        ticket,
        texts,
        revision: integer("revision").ok_or("revision")?,
    })
}

pub(crate) fn number(n: u64) -> AttributeValue {
    AttributeValue::N(n.to_string())
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("numbers and texts have a JSON form")
}

fn of_stage(stage: Stage) -> u64 {
    match stage {
        Stage::Placed => 0,
        Stage::Started => 1,
        Stage::Ended => 2,
    }
}

fn to_stage(n: u64) -> Option<Stage> {
    [Stage::Placed, Stage::Started, Stage::Ended].into_iter().find(|stage| of_stage(*stage) == n)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::message::tests::{texts, ticket};
    use super::*;
    use tidegate_core::policy::Region;

    pub(crate) fn policy() -> Policy {
        Policy::of_regions(["us-east-1", "eu-west-1", "ap-southeast-1"].map(|name| Region::new(name, 1)).to_vec())
    }

    /// A claim of an attempt in a region, written by a node.
    pub(crate) fn claimed(job: u64, attempt: u16, region: u8, writer: u8) -> Record {
        let ticket = ticket(job, attempt, region);
        let mut view = View::fresh(1, RegionId(region));
        view.standing.attempt = attempt;
        Record {
            job: JobId(job),
            key: policy().regions[usize::from(writer)].name.clone(),
            writer: RegionId(writer),
            view,
            ticket: Some(ticket),
            texts: Some(texts()),
            revision: 1,
        }
    }

    fn keeping(strong: bool) -> Keeping {
        Keeping { strong, ended_for: Span::from_hours(1), now: 1_000_000 }
    }

    #[test]
    fn a_record_comes_back_at_its_next_revision() {
        let mut record = claimed(9, 2, 1, 0);
        record.view.standing.taken_by = Some(JobId(10));
        record.view.served_by = Some(JobId(11));
        let item = encode(&record, &policy(), &keeping(false));
        assert_eq!(decode(|key| item.get(key), &policy()), Ok(Record { revision: 2, ..record }));
        assert_eq!(item["open"], AttributeValue::S("1".to_owned()));
        assert_eq!(item["expires"], number(1_000_000 + 7 * 86_400));
    }

    #[test]
    fn an_ended_claim_leaves_the_index_and_is_taken_away_in_time() {
        let mut record = claimed(9, 2, 1, 0);
        record.view.standing.stage = Stage::Ended;
        let item = encode(&record, &policy(), &keeping(false));
        assert!(!item.contains_key("open"));
        assert_eq!(item["expires"], number(1_000_000 + 3_600 + 86_400));
        let item = encode(&record, &policy(), &keeping(true));
        assert_eq!(item["open"], AttributeValue::S("ended-1".to_owned()), "strong mode has no TTL: it is swept");
        assert!(!item.contains_key("expires"));
        assert_eq!(keeping(true).spent_before(), 1_000_000 - 3_600 - 86_400);
    }

    #[test]
    fn an_item_of_another_shape_says_where() {
        let mut item = encode(&claimed(9, 2, 1, 0), &policy(), &keeping(false));
        item.insert("region".to_owned(), AttributeValue::S("mars-1".to_owned()));
        assert_eq!(decode(|key| item.get(key), &policy()), Err("region"));
    }
}
