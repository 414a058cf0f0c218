//! The claims table on DynamoDB: reads, conditional writes, the index of open claims. Knows items and conditions; must
//! not know what decides a claim, which is in `judge`.
//!
//! Every write is "if the item is still as I read it", by its revision. In eventual mode that guards the node's own
//! item against its own concurrent calls alone, for no other node writes it; in strong mode all write one item, the
//! condition is judged on its latest version anywhere, and so the judgement before it is atomic.

use super::failure::failure;
use super::judge::{Marked, close, open_claim};
use super::listing::Listing;
use super::records::{Keeping, Record, SHARDS, SHARED, decode, encode, number, shard};
use super::tables::{INDEX, Tables};
use super::{backoff, epoch_seconds};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use tidegate_core::Span;
use tidegate_core::id::JobId;
use tidegate_core::port::Failure;
use tidegate_core::port::table::Claim;
use tracing::{debug, warn};

/// Rounds of reading, judging and writing: a lost race is judged anew, and three nodes cannot lose more than two races
/// about one attempt; the rest is for conflicts of replicated writes, which say nothing of who won.
const ROUNDS: u32 = 5;

/// The most keys of one BatchGetItem, by its API reference.
const KEYS_MAX: usize = 100;

/// Unprocessed keys are asked for so often; then the whole read has failed.
const READS: u32 = 4;

/// Rounds of one listing at the most: each brings a page of some shard, so that a listing ends even when all it finds
/// has ended meanwhile.
const PAGES_MAX: usize = 400;

/// Own claims that one listing closes at the most: a few milliseconds each, while a machine waits for the page.
const CLOSED_MAX: usize = 25;

/// What became of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Yes,
    /// The item is not as it was read.
    Changed,
    /// Another replica writes it at this moment.
    Contended,
}

impl Tables {
    pub(super) fn is_strong(&self) -> bool {
        self.pen.key == SHARED
    }

    fn keeping(&self) -> Keeping {
        let ended_for = Span(self.ended_for.load(Ordering::Relaxed));
        Keeping { strong: self.is_strong(), ended_for, now: epoch_seconds() }
    }

    /// The records of a job. For a write in strong mode they are read from the latest version anywhere, which an
    /// isolated region cannot do; for a look the local replica will do, and always answers.
    pub(super) async fn records(&self, job: JobId, to_write: bool) -> Result<Vec<Record>, Failure> {
        let _permit = self.gate.pass().await?;
        let answer = self
            .client
            .query()
            .table_name(&self.names_of.claims)
            .consistent_read(to_write || !self.is_strong())
            .key_condition_expression("#job = :job")
            .expression_attribute_names("#job", "job")
            .expression_attribute_values(":job", number(job.0))
            .send()
            .await
            .map_err(|error| failure(&error))?;
        Ok(answer.items().iter().filter_map(|item| self.read(|key| item.get(key))).collect())
    }

    /// The record of an item; one that cannot be read is as good as none, and somebody must look.
    fn read<'a>(&self, item: impl Fn(&str) -> Option<&'a AttributeValue>) -> Option<Record> {
        let job = item("job").and_then(|value| value.as_n().ok()).cloned();
        match decode(item, &self.policy) {
            Ok(record) => Some(record),
            Err(attribute) => {
                warn!(?job, attribute, "a claim cannot be read");
                None
            }
        }
    }

    /// Reads, lets `change` judge, and writes what it says unless the item has changed meanwhile; then again.
    pub(super) async fn change<T>(
        &self,
        job: JobId,
        mut change: impl FnMut(&[Record]) -> Result<Record, T>,
    ) -> Result<Option<T>, Failure> {
        for round in 1..=ROUNDS {
            let record = match change(&self.records(job, true).await?) {
                Ok(record) => record,
                Err(said) => return Ok(Some(said)),
            };
            match self.write(&record).await? {
                Written::Yes => return Ok(None),
                Written::Changed => {}
                Written::Contended => {
                    tokio::time::sleep(backoff(round)).await;
                }
            }
        }
        // All rounds were lost to others: our own doing, and no fault of the region.
        Err(Failure::Throttled)
    }

    /// The same for a mark. `Ok(false)`: the claim it is about is not shown here.
    pub(super) async fn note(&self, job: JobId, mark: impl Fn(&[Record]) -> Marked) -> Result<bool, Failure> {
        let said = self
            .change(job, |records| match mark(records) {
                Marked::Write(record) => Ok(*record),
                Marked::Known => Err(true),
                Marked::Unseen => Err(false),
            })
            .await?;
        Ok(said.unwrap_or(true))
    }

    async fn write(&self, record: &Record) -> Result<Written, Failure> {
        let _permit = self.gate.pass().await?;
        let item = encode(record, &self.policy, &self.keeping());
        let mut call =
            self.client.put_item().table_name(&self.names_of.claims).set_item(Some(item.into_iter().collect()));
        call = if record.revision == 0 {
            call.condition_expression("attribute_not_exists(#job)").expression_attribute_names("#job", "job")
        } else {
            call.condition_expression("#revision = :revision")
                .expression_attribute_names("#revision", "revision")
                .expression_attribute_values(":revision", number(record.revision))
        };
        let Err(error) = call.send().await else { return Ok(Written::Yes) };
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or("");
        match code {
            "ConditionalCheckFailedException" => Ok(Written::Changed),
            "ReplicatedWriteConflictException" | "TransactionConflictException" => Ok(Written::Contended),
            _ => Err(failure(&error)),
        }
    }

    /// Open claims by ascending job after `after`, `limit` at the most, and whether there are more. Own records whose
    /// job has ended by another node's word are closed on the way. The texts of all of them are remembered: whoever takes a
    /// job over registers its runner by them, and may have had no webhook of its repository.
    pub(super) async fn open(&self, after: Option<JobId>, limit: usize) -> Result<(Vec<Claim>, bool), Failure> {
        let (mut listing, mut claims, mut closed) = (Listing::new(after, limit), Vec::new(), 0);
        for _ in 0..PAGES_MAX {
            let ready = listing.take_ready(KEYS_MAX);
            if ready.is_empty() {
                let Some(behind) = listing.furthest_behind() else { break };
                let (jobs, is_last) = self.open_page(behind, listing.after(behind), listing.page).await?;
                listing.add(behind, &jobs, is_last);
                continue;
            }
            for records in self.all_records(&ready).await?.values() {
                records.iter().filter_map(|record| record.texts.as_ref()).for_each(|texts| self.names.note_all(texts));
                claims.extend(open_claim(records));
                if closed < CLOSED_MAX
                    && let Some(record) = close(records, &self.pen)
                {
                    closed += 1;
                    // A lost race or an error: the next listing finds it.
                    let _ = self.write(&record).await;
                }
            }
            if claims.len() > limit {
                break;
            }
        }
        let more = claims.len() > limit || !listing.is_over();
        claims.truncate(limit);
        Ok((claims, more))
    }

    /// Takes away what ended long ago, `most` items of each shard at the most: in strong mode there is no TTL.
    pub(super) async fn sweep(&self, most: usize) -> Result<u32, Failure> {
        let before = self.keeping().spent_before();
        let mut gone = 0;
        for of in 0..SHARDS {
            for job in self.spent(of, before, most).await? {
                let _permit = self.gate.pass().await?;
                let call = self
                    .client
                    .delete_item()
                    .table_name(&self.names_of.claims)
                    .key("job", number(job.0))
                    .key("writer", AttributeValue::S(SHARED.to_owned()))
                    // A new run of the job may have been claimed meanwhile.
                    .condition_expression("#written < :before")
                    .expression_attribute_names("#written", "written")
                    .expression_attribute_values(":before", number(before));
                match call.send().await.map_err(|error| failure(&error)) {
                    Ok(_) => gone += 1,
                    Err(Failure::Denied) => return Err(Failure::Denied), // the role may not: it will not be better for the next
                    Err(failure) => debug!(job = job.0, ?failure, "a claim that ended is not taken away"),
                }
            }
        }
        Ok(gone)
    }

    /// Ended jobs of one shard that were written before a time. The filter works on what was read, so most are read for
    /// nothing only while the oldest jobs of a shard have ended lately.
    async fn spent(&self, of: u64, before: u64, most: usize) -> Result<Vec<JobId>, Failure> {
        let _permit = self.gate.pass().await?;
        let answer = self
            .client
            .query()
            .table_name(&self.names_of.claims)
            .index_name(INDEX)
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .key_condition_expression("#open = :open")
            .filter_expression("#written < :before")
            .expression_attribute_names("#open", "open")
            .expression_attribute_names("#written", "written")
            .expression_attribute_values(":open", AttributeValue::S(shard(of, true)))
            .expression_attribute_values(":before", number(before))
            .send()
            .await
            .map_err(|error| failure(&error))?;
        let job = |value: &AttributeValue| value.as_n().ok()?.parse().ok().map(JobId);
        Ok(answer.items().iter().filter_map(|item| job(item.get("job")?)).collect())
    }

    /// Jobs of one shard of the index after a job, ascending, and whether these are the last.
    async fn open_page(&self, of: u64, after: Option<JobId>, limit: usize) -> Result<(Vec<JobId>, bool), Failure> {
        let _permit = self.gate.pass().await?;
        let mut call = self
            .client
            .query()
            .table_name(&self.names_of.claims)
            .index_name(INDEX)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .expression_attribute_names("#open", "open")
            .expression_attribute_values(":open", AttributeValue::S(shard(of, false)));
        call = match after {
            Some(after) => call
                .key_condition_expression("#open = :open AND #job > :after")
                .expression_attribute_names("#job", "job")
                .expression_attribute_values(":after", number(after.0)),
            None => call.key_condition_expression("#open = :open"),
        };
        let answer = call.send().await.map_err(|error| failure(&error))?;
        let job = |value: &AttributeValue| value.as_n().ok()?.parse().ok().map(JobId);
        let jobs = answer.items().iter().filter_map(|item| job(item.get("job")?)).collect();
        Ok((jobs, answer.last_evaluated_key().is_none()))
    }

    /// All writers' records of jobs, by job.
    async fn all_records(&self, jobs: &[JobId]) -> Result<BTreeMap<JobId, Vec<Record>>, Failure> {
        let writers: Vec<&str> = if self.is_strong() {
            vec![SHARED]
        } else {
            self.policy.regions.iter().map(|region| region.name.as_str()).collect()
        };
        let mut keys: Vec<(JobId, &str)> =
            jobs.iter().flat_map(|job| writers.iter().map(|writer| (*job, *writer))).collect();
        let mut found: BTreeMap<JobId, Vec<Record>> = BTreeMap::new();
        while !keys.is_empty() {
            let rest = keys.split_off(keys.len().min(KEYS_MAX));
            for record in self.batch(&keys).await? {
                found.entry(record.job).or_default().push(record);
            }
            keys = rest;
        }
        Ok(found)
    }

    async fn batch(&self, keys: &[(JobId, &str)]) -> Result<Vec<Record>, Failure> {
        let key = |(job, writer): &(JobId, &str)| {
            let writer = AttributeValue::S((*writer).to_owned());
            [("job".to_owned(), number(job.0)), ("writer".to_owned(), writer)].into_iter().collect()
        };
        let asked = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(key).collect()))
            .consistent_read(!self.is_strong())
            .build()
            .expect("keys are set");
        let items = self.batch_get(&self.names_of.claims, asked).await?;
        Ok(items.iter().filter_map(|item| self.read(|key| item.get(key))).collect())
    }

    /// Reads a batch of one table's items, and again what DynamoDB left undone.
    pub(super) async fn batch_get(
        &self,
        table: &str,
        mut asked: KeysAndAttributes,
    ) -> Result<Vec<BTreeMap<String, AttributeValue>>, Failure> {
        let mut items = Vec::new();
        for round in 1..=READS {
            let answer = {
                let _permit = self.gate.pass().await?;
                self.client.batch_get_item().request_items(table, asked).send().await
            };
            let mut answer = answer.map_err(|error| failure(&error))?;
            let found = answer.responses.as_mut().and_then(|tables| tables.remove(table)).unwrap_or_default();
            items.extend(found.into_iter().map(|item| item.into_iter().collect()));
            match answer.unprocessed_keys.and_then(|mut tables| tables.remove(table)) {
                Some(left) => asked = left,
                None => return Ok(items),
            }
            tokio::time::sleep(backoff(round)).await;
        }
        Err(Failure::Throttled)
    }
}
