//! The replicated tables on DynamoDB: what controllers and dispatchers ask of them, and the answers. Knows which call
//! answers which command; must not know items.

use super::Gate;
use super::failure::failure;
use super::judge::{self, Judged, Next, Pen};
use super::records::{SHARED, number};
use crate::config;
use crate::names::{Names, Texts};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tidegate_core::id::{JobId, MAX_REGIONS, PlacementId, RegionId};
use tidegate_core::policy::Consistency;
use tidegate_core::port::confirm::{self, Verdict};
use tidegate_core::port::table::{Command, Event, Mark, NodeRecord, NodeRecords};
use tidegate_core::port::{Failure, Ticket};
use tidegate_core::{Policy, Span};
use tracing::{debug, warn};

/// The index of open claims.
pub(super) const INDEX: &str = "open-jobs";

/// Calls at once: at 6 ms each (facts.md) that is 10,000 a second, more than one node's turns ask for; it bounds what a
/// slow table can pile up.
const CALLS_AT_ONCE: usize = 64;

/// Links of who serves whom that are followed at the most, as in the simulator.
const CHAIN_MAX: u32 = 64;

/// A verdict is worth nothing later: the dispatcher waits 15 s and then takes it that the replica does not answer.
const VERDICT_WITHIN: Duration = Duration::from_secs(12);

/// A mark is tried so often: nobody asks for it again, and an end that is not marked keeps a claim open.
const MARKS: u32 = 4;

/// The wait before a mark is tried again, each time doubled: seven seconds in all, which outlasts a throttle and the
/// lag of a replica (a second as a rule).
const MARK_WAIT: Duration = Duration::from_secs(1);

/// Ended items of each shard that one sweep of strong mode takes away at the most.
const SWEEP_MAX: usize = 200;

/// Claims in one page of a tidying.
const TIDY_PAGE: usize = 500;

/// Pages of one tidying at the most: a million open jobs is what a node holds by default, and those are enough of a
/// bound for one pass.
const TIDY_PAGES: usize = 2_000;

/// The replica of the tables in the own region.
#[derive(Debug)]
pub struct Tables {
    pub(super) client: Client,
    pub(super) names_of: config::Tables,
    /// Regions and their order, which do not change while a node runs.
    pub(super) policy: Arc<Policy>,
    /// The policy's `endedFor` in microseconds; another policy may change it.
    pub(super) ended_for: AtomicU64,
    pub(super) pen: Pen,
    pub(super) gate: Gate,
    pub(super) names: Arc<Names>,
}

impl Tables {
    pub(crate) fn new(
        client: Client,
        names_of: &config::Tables,
        policy: Arc<Policy>,
        me: RegionId,
        names: Arc<Names>,
    ) -> Self {
        let key = match policy.consistency {
            Consistency::Eventual => policy.regions[me.index()].name.clone(),
            Consistency::Strong => SHARED.to_owned(),
        };
        let pen = Pen { key, me };
        let ended_for = AtomicU64::new(policy.caps.ended_for.0);
        Self { client, names_of: names_of.clone(), policy, ended_for, pen, gate: Gate::new(CALLS_AT_ONCE), names }
    }

    /// From now on the claims of ended jobs are kept for so long.
    pub(crate) fn keep_ended_for(&self, span: Span) {
        self.ended_for.store(span.0, Ordering::Relaxed);
    }

    /// Does what a controller asks. A mark is answered only when it failed, a look only when it did not.
    pub async fn run(&self, command: Command) -> Option<Event> {
        match command {
            Command::Claim { ticket } => Some(self.claim(ticket).await),
            Command::Mark(mark) => {
                let Mark { job, run_attempt, stage, runner, .. } = mark;
                let marked = self.mark(&mark).await;
                (!marked).then_some(Event::MarkFailed { job, run_attempt, stage, runner })
            }
            Command::Look { job } => match self.records(job, false).await {
                Ok(records) => Some(Event::Stands { job, standing: judge::view(&records).map(|view| view.standing) }),
                Err(failure) => {
                    debug!(job = job.0, ?failure, "a look is not answered");
                    None
                }
            },
            Command::Exchange { record } => Some(self.exchange(&record).await),
            Command::ListOpen { after, limit } => Some(match self.open(after, limit as usize).await {
                Ok((claims, more)) => Event::Open { claims, more },
                Err(failure) => {
                    warn!(?failure, "open claims cannot be listed");
                    Event::ListFailed
                }
            }),
        }
    }

    /// Whether a placement is the current one, as the local replica shows it. Answered within 12 seconds.
    pub async fn confirm(&self, command: confirm::Command) -> confirm::Event {
        let confirm::Command::Check { placement, region } = command;
        let told = tokio::time::timeout(VERDICT_WITHIN, self.verdict(placement, region)).await;
        let verdict = match told {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(failure)) => {
                debug!(%placement, ?failure, "the replica does not answer");
                Verdict::Unavailable
            }
            Err(_) => Verdict::Unavailable,
        };
        confirm::Event { placement, verdict }
    }

    /// Keeps the claims table small: own claims that ended by another node's word are closed, and in strong mode, which
    /// has no TTL, what ended long ago is taken away. To be called every few minutes; answers how many items went.
    ///
    /// # Errors
    /// Why the table does not answer.
    pub async fn tidy(&self) -> Result<u32, Failure> {
        if self.is_strong() {
            return self.sweep(SWEEP_MAX).await;
        }
        let mut after = None;
        for _ in 0..TIDY_PAGES {
            let (claims, more) = self.open(after, TIDY_PAGE).await?;
            after = claims.last().map(|claim| claim.ticket.placement.job);
            if !more || after.is_none() {
                break;
            }
        }
        Ok(0)
    }

    /// The texts behind the names of a placement that was made for the own region, if the table has its claim or a newer one.
    pub async fn texts(&self, placement: PlacementId) -> Option<Texts> {
        let records = self.records(placement.job, false).await.ok()?;
        let region_of = |of: PlacementId| {
            records.iter().filter_map(|record| record.ticket).find(|t| t.placement == of).map(|t| t.region)
        };
        // The name of its runner may be that of a runner elsewhere.
        if region_of(placement).is_some_and(|region| region != self.pen.me) {
            return None;
        }
        records.into_iter().find_map(|record| record.texts)
    }

    async fn claim(&self, ticket: Ticket) -> Event {
        let placement = ticket.placement;
        let texts = self.names.texts(ticket.organization, ticket.repository, ticket.class);
        let judged = self
            .change(placement.job, |records| match judge::claim(records, &ticket, texts.clone(), &self.pen) {
                Judged::Write(record) => Ok(*record),
                Judged::Stands => Err(None),
                Judged::Conflict(standing) => Err(Some(standing)),
            })
            .await;
        match judged {
            Ok(None | Some(None)) => Event::Claimed { placement },
            Ok(Some(Some(standing))) => Event::Conflict { placement, standing },
            Err(failure) => Event::ClaimFailed { placement, failure },
        }
    }

    /// Marks the job, and the placement whose runner serves it if that was made for another.
    async fn mark(&self, mark: &Mark) -> bool {
        let staged = async { self.persist(mark.job, |records| judge::mark(records, mark, &self.pen)).await };
        let taken = async {
            match mark.runner.filter(|runner| runner.job != mark.job) {
                Some(runner) => {
                    self.persist(runner.job, |records| judge::take(records, runner, mark.job, &self.pen)).await
                }
                None => true,
            }
        };
        let (staged, taken) = tokio::join!(staged, taken);
        staged && taken
    }

    async fn persist(&self, job: JobId, mark: impl Fn(&[super::records::Record]) -> judge::Marked) -> bool {
        let mut wait = MARK_WAIT;
        for attempt in 1..=MARKS {
            match self.note(job, &mark).await {
                Ok(true) => return true,
                Ok(false) => debug!(job = job.0, "the claim of a runner's own job is not shown yet"),
                Err(Failure::Denied) => break,
                Err(failure) => debug!(job = job.0, ?failure, "a mark is not written"),
            }
            if attempt < MARKS {
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
        }
        warn!(job = job.0, "a mark is given up");
        false
    }

    async fn verdict(&self, placement: PlacementId, region: RegionId) -> Result<Verdict, Failure> {
        let shown = |records: Vec<_>| judge::view(&records);
        let mut next = judge::begin(shown(self.records(placement.job, false).await?), placement, region);
        for _ in 0..CHAIN_MAX {
            match next {
                Next::Say(verdict) => return Ok(verdict),
                Next::Read(job) => next = judge::follow(shown(self.records(job, false).await?), placement.job),
            }
        }
        Ok(Verdict::Owed)
    }

    async fn exchange(&self, record: &NodeRecord) -> Event {
        let own = self.policy.regions[self.pen.me.index()].name.clone();
        match self.try_exchange(&own, record).await {
            Ok(records) => Event::Records { records: Box::new(records) },
            Err(failure) => {
                debug!(?failure, "records are not exchanged");
                Event::ExchangeFailed
            }
        }
    }

    async fn try_exchange(&self, own: &str, record: &NodeRecord) -> Result<NodeRecords, Failure> {
        let json = serde_json::to_string(record).expect("numbers have a JSON form");
        let put = {
            let _permit = self.gate.pass().await?;
            self.client
                .put_item()
                .table_name(&self.names_of.nodes)
                .item("node", AttributeValue::S(own.to_owned()))
                .item("record", AttributeValue::S(json))
                .item("version", number(record.version))
                .send()
                .await
        };
        put.map_err(|error| failure(&error))?;
        let key = |name: &String| [("node".to_owned(), AttributeValue::S(name.clone()))].into_iter().collect();
        let asked = KeysAndAttributes::builder()
            .set_keys(Some(self.policy.regions.iter().map(|region| key(&region.name)).collect()))
            .build()
            .expect("keys are set");
        let mut records: NodeRecords = [None; MAX_REGIONS];
        for item in self.batch_get(&self.names_of.nodes, asked).await? {
            if let Some((node, record)) = node_record(&item, &self.policy) {
                records[node.index()] = Some(record);
            }
        }
        // Our own is known: what was just written may not be shown by this read yet.
        records[self.pen.me.index()] = Some(*record);
        Ok(records)
    }
}

/// A node's record of an item; one of another version of the program is no news.
fn node_record(item: &BTreeMap<String, AttributeValue>, policy: &Policy) -> Option<(RegionId, NodeRecord)> {
    let text = |key: &str| item.get(key).and_then(|value| value.as_s().ok());
    let node = policy.region_named(text("node")?)?;
    match serde_json::from_str(text("record")?) {
        Ok(record) => Some((node, record)),
        Err(error) => {
            warn!(node = policy.regions[node.index()].name, %error, "a node's record cannot be read");
            None
        }
    }
}

#[cfg(test)]
mod tests;
