//! The queues on SQS: sends to every region's, receives from the own one. Knows messages, receipts and batches; must
//! not know why a message is sent or let go.
//!
//! In a FIFO queue a group is one placement: while a message is in flight, SQS holds back the others of its group, and a
//! newer attempt must not wait for the message that a dead process took with it.

use super::batch::Batcher;
use super::failure::{failure, of_code};
use super::message::Body;
use super::receipts::Receipts;
use super::{Gate, Sdk, timeouts};
use crate::config::Config;
use crate::names::Names;
use aws_config::retry::RetryConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, DeleteMessageBatchRequestEntry, Message as Received, MessageSystemAttributeName,
    QueueAttributeName, SendMessageBatchRequestEntry,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tidegate_core::Policy;
use tidegate_core::id::RegionId;
use tidegate_core::port::dequeue::{BATCH, Message, Receipt};
use tidegate_core::port::{Failure, Ticket, dequeue, enqueue};
use tidegate_core::time::{Span, Timestamp};
use tracing::{debug, warn};

/// How long a poll waits for messages, in seconds. SQS allows 20; a node that ends waits for its last poll, and has 25 s for
/// all. The more empty answers cost 3 US dollars a year and region (17,280 requests a day at 0.50 a million, FIFO).
const LONG_POLL: i32 = 5;

/// A long poll with its way there and back. The dispatcher waits 40 s, so there is no second attempt.
const POLL_TIME_OUT: Duration = Duration::from_secs(12);

/// The longest a message may be hidden: 12 hours, by the API reference of ChangeMessageVisibility.
const HIDDEN_MAX: u64 = 43_200;

/// Single calls (visibility, attributes) at once: as many as the dispatcher has messages of three receives.
const CALLS_AT_ONCE: usize = 32;

/// How full a queue is, as SQS estimates it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueLoad {
    /// Messages that can be received.
    pub visible: u32,
    /// Messages that were received and not deleted.
    pub in_flight: u32,
    /// Messages that cannot be received yet.
    pub delayed: u32,
}

/// One region's queue and the client of that region.
#[derive(Debug)]
pub(crate) struct Queue {
    client: Client,
    name: String,
    url: Mutex<Option<String>>,
}

/// The queues of all regions.
#[derive(Debug)]
pub struct Queues {
    me: RegionId,
    queues: Vec<Arc<Queue>>,
    sending: Vec<Batcher<Ticket, Result<(), Failure>>>,
    deleting: Batcher<String, Result<(), Failure>>,
    receipts: Receipts,
    names: Arc<Names>,
    gate: Gate,
    /// Held by the poll that is under way: a dispatcher has one at a time.
    polling: tokio::sync::Mutex<()>,
    closed: AtomicBool,
}

impl Queues {
    pub(crate) fn new(
        sdk: &Sdk,
        config: &Config,
        policy: &Policy,
        me: RegionId,
        names: Arc<Names>,
        started_at_micros: u64,
    ) -> Self {
        let queue = |region: RegionId| {
            let name = config.regions.get(&policy.regions[region.index()].name).map(|region| region.queue.clone());
            Arc::new(Queue { client: sdk.sqs(region), name: name.unwrap_or_default(), url: Mutex::default() })
        };
        let queues: Vec<Arc<Queue>> = policy.ids().map(queue).collect();
        let sender = |queue: &Arc<Queue>| {
            let (queue, names) = (Arc::clone(queue), Arc::clone(&names));
            Batcher::start(move |tickets: Vec<Ticket>| {
                let (queue, names) = (Arc::clone(&queue), Arc::clone(&names));
                async move { queue.send(&tickets, &names).await }
            })
        };
        let own = Arc::clone(&queues[me.index()]);
        let deleting = Batcher::start(move |handles: Vec<String>| {
            let own = Arc::clone(&own);
            async move { own.delete(handles).await }
        });
        Self {
            me,
            sending: queues.iter().map(sender).collect(),
            queues,
            deleting,
            receipts: Receipts::new(started_at_micros),
            names,
            gate: Gate::new(CALLS_AT_ONCE),
            polling: tokio::sync::Mutex::default(),
            closed: AtomicBool::new(false),
        }
    }

    /// Receives no more, and returns when the poll that is under way has its answer: a queue hides for minutes what it handed
    /// to a connection that is gone. What that poll brought is given back at once.
    pub async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        drop(self.polling.lock().await);
    }

    /// The queue of the own region.
    pub(crate) fn own(&self) -> Arc<Queue> {
        Arc::clone(&self.queues[self.me.index()])
    }

    /// Sends a ticket to the queue of its region, with others that come within a few milliseconds.
    pub async fn send(&self, command: enqueue::Command) -> enqueue::Event {
        let enqueue::Command::Send { ticket } = command;
        let (placement, region) = (ticket.placement, ticket.region);
        let answer = match self.sending.get(region.index()) {
            // A batch is lost when its task panicked: what became of it is not known.
            Some(batcher) => batcher.ask(ticket).await.unwrap_or(Err(Failure::Timeout)),
            None => Err(Failure::Denied), // a region the policy does not name
        };
        match answer {
            Ok(()) => enqueue::Event::Sent { placement },
            Err(failure) => enqueue::Event::Failed { placement, region, failure },
        }
    }

    /// Does what a dispatcher asks of its queue. Only a receive is answered, within 12 seconds; never once it is closed.
    pub async fn dequeue(&self, command: dequeue::Command) -> Option<dequeue::Event> {
        match command {
            dequeue::Command::Receive { max } => return Some(self.receive(max).await),
            dequeue::Command::Delete { receipt } => self.delete(receipt).await,
            dequeue::Command::Release { receipt, after } => self.hide(receipt, after).await,
            dequeue::Command::Extend { receipt, hidden_for } => self.hide(receipt, hidden_for).await,
        }
        None
    }

    /// How full the own queue is.
    ///
    /// # Errors
    /// Why SQS does not tell.
    pub async fn load(&self) -> Result<QueueLoad, Failure> {
        let _permit = self.gate.pass().await?;
        self.queues[self.me.index()].load().await
    }

    async fn receive(&self, max: u8) -> dequeue::Event {
        let most = i32::from(max).clamp(1, BATCH as i32);
        let polling = self.polling.lock().await;
        let is_closed = || self.closed.load(Ordering::Acquire);
        let received = if is_closed() { Ok(Vec::new()) } else { self.queues[self.me.index()].receive(most).await };
        if is_closed() {
            for message in received.unwrap_or_default() {
                self.give_back(message).await;
            }
            drop(polling);
            return std::future::pending().await; // its node is on the way out
        }
        match received {
            Ok(received) => {
                let mut messages: Vec<Message> = received.into_iter().filter_map(|one| self.take_in(one)).collect();
                messages.sort_by_key(|message| message.enqueued_at);
                dequeue::Event::Received { messages }
            }
            Err(failure) => dequeue::Event::Failed { failure },
        }
    }

    async fn give_back(&self, received: Received) {
        let Some(handle) = received.receipt_handle else { return };
        if let Err(failure) = self.queues[self.me.index()].hide(handle, 0).await {
            debug!(?failure, "a message is not given back; it is seen again when its time is up");
        }
    }

    fn take_in(&self, received: Received) -> Option<Message> {
        let id = received.message_id().unwrap_or("").to_owned();
        let Some(body) = received.body().and_then(Body::of_json) else {
            // It comes back until the queue gives it to the dead-letter queue, where somebody can look at it.
            warn!(message = id, "a queue message is none of ours");
            return None;
        };
        if let Some(texts) = &body.texts {
            self.names.note_all(texts);
        }
        let number =
            |name: MessageSystemAttributeName| -> Option<u64> { received.attributes()?.get(&name)?.parse().ok() };
        let sent_at = number(MessageSystemAttributeName::SentTimestamp);
        let receives = number(MessageSystemAttributeName::ApproximateReceiveCount).unwrap_or(1);
        let receipt = self.receipts.note(received.receipt_handle.unwrap_or_default());
        Some(Message {
            receipt,
            ticket: body.ticket,
            enqueued_at: sent_at.map_or(body.ticket.received_at, |millis| Timestamp(millis * 1_000)),
            receives: u16::try_from(receives).unwrap_or(u16::MAX),
        })
    }

    /// Deletes a message; tried twice, for a lost deletion brings it back.
    async fn delete(&self, receipt: Receipt) {
        for _ in 0..2 {
            let Some(handle) = self.receipts.handle(receipt) else {
                return debug!(receipt = receipt.0, "a receipt of an earlier process, or one spent: nothing to delete");
            };
            match self.deleting.ask(handle).await {
                Some(Ok(())) => return self.receipts.forget(receipt),
                Some(Err(failure)) => debug!(receipt = receipt.0, ?failure, "a message is not deleted"),
                None => debug!(receipt = receipt.0, "a batch of deletions is lost"),
            }
        }
    }

    async fn hide(&self, receipt: Receipt, hidden_for: Span) {
        let Some(handle) = self.receipts.handle(receipt) else {
            return debug!(receipt = receipt.0, "a receipt of an earlier process, or one spent: nothing to hide");
        };
        let hidden = match self.gate.pass().await {
            Ok(_permit) => self.queues[self.me.index()].hide(handle, whole_seconds(hidden_for)).await,
            Err(failure) => Err(failure),
        };
        if let Err(failure) = hidden {
            debug!(receipt = receipt.0, ?failure, "a message is not hidden");
        }
    }
}

/// Rounded up, within what SQS allows.
fn whole_seconds(span: Span) -> i32 {
    span.as_micros().div_ceil(1_000_000).min(HIDDEN_MAX) as i32
}

impl Queue {
    fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }

    /// Its address: asked for once, and again when the queue is gone.
    async fn url(&self) -> Result<String, Failure> {
        let known = self.url.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(url) = known {
            return Ok(url);
        }
        let found = self.client.get_queue_url().queue_name(&self.name).send().await;
        let url = found.map_err(|error| self.failed(&error))?.queue_url.ok_or(Failure::Service)?;
        *self.url.lock().unwrap_or_else(PoisonError::into_inner) = Some(url.clone());
        Ok(url)
    }

    /// What an error means. A queue that is not there is made by `provision`, and until then its region is of no use:
    /// that is the region's failure and no mistake of the request.
    fn failed<E: ProvideErrorMetadata>(&self, error: &SdkError<E>) -> Failure {
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or("");
        if code.ends_with("QueueDoesNotExist") || code.ends_with("NonExistentQueue") {
            *self.url.lock().unwrap_or_else(PoisonError::into_inner) = None;
            return Failure::Service;
        }
        failure(error)
    }

    async fn send(&self, tickets: &[Ticket], names: &Names) -> Vec<Result<(), Failure>> {
        match self.try_send(tickets, names).await {
            Ok(answers) => answers,
            Err(failure) => vec![Err(failure); tickets.len()],
        }
    }

    async fn try_send(&self, tickets: &[Ticket], names: &Names) -> Result<Vec<Result<(), Failure>>, Failure> {
        let mut call = self.client.send_message_batch().queue_url(self.url().await?);
        for (n, ticket) in tickets.iter().enumerate() {
            let texts = names.texts(ticket.organization, ticket.repository, ticket.class);
            let body = Body { ticket: *ticket, texts }.to_json();
            let mut entry = SendMessageBatchRequestEntry::builder().id(n.to_string()).message_body(body);
            if self.is_fifo() {
                entry = entry
                    .message_deduplication_id(ticket.placement.to_string())
                    .message_group_id(ticket.placement.to_string());
            }
            call = call.entries(entry.build().expect("id and body are set"));
        }
        let answer = call.send().await.map_err(|error| self.failed(&error))?;
        let done = answer.successful().iter().map(|entry| entry.id());
        Ok(by_entry(tickets.len(), done, answer.failed()))
    }

    async fn delete(&self, handles: Vec<String>) -> Vec<Result<(), Failure>> {
        let count = handles.len();
        match self.try_delete(handles).await {
            Ok(answers) => answers,
            Err(failure) => vec![Err(failure); count],
        }
    }

    async fn try_delete(&self, handles: Vec<String>) -> Result<Vec<Result<(), Failure>>, Failure> {
        let count = handles.len();
        let mut call = self.client.delete_message_batch().queue_url(self.url().await?);
        for (n, handle) in handles.into_iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder().id(n.to_string()).receipt_handle(handle);
            call = call.entries(entry.build().expect("id and handle are set"));
        }
        let answer = call.send().await.map_err(|error| self.failed(&error))?;
        let done = answer.successful().iter().map(|entry| entry.id());
        Ok(by_entry(count, done, answer.failed()))
    }

    async fn receive(&self, max: i32) -> Result<Vec<Received>, Failure> {
        let patient = aws_sdk_sqs::config::Builder::new()
            .timeout_config(timeouts(POLL_TIME_OUT, POLL_TIME_OUT))
            .retry_config(RetryConfig::disabled());
        let call = self.client.receive_message().queue_url(self.url().await?);
        let answer = call
            .max_number_of_messages(max)
            .wait_time_seconds(LONG_POLL)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .customize()
            .config_override(patient)
            .send()
            .await;
        answer.map(|answer| answer.messages.unwrap_or_default()).map_err(|error| self.failed(&error))
    }

    async fn hide(&self, handle: String, seconds: i32) -> Result<(), Failure> {
        let call = self.client.change_message_visibility().queue_url(self.url().await?);
        let answer = call.receipt_handle(handle).visibility_timeout(seconds).send().await;
        answer.map(drop).map_err(|error| self.failed(&error))
    }

    pub(crate) async fn load(&self) -> Result<QueueLoad, Failure> {
        let (visible, in_flight, delayed) = (
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        );
        let call = self.client.get_queue_attributes().queue_url(self.url().await?);
        let call =
            [&visible, &in_flight, &delayed].into_iter().fold(call, |call, name| call.attribute_names(name.clone()));
        let answer = call.send().await.map_err(|error| self.failed(&error))?;
        let count = |name| answer.attributes().and_then(|all| all.get(name)?.parse().ok()).unwrap_or(0);
        Ok(QueueLoad { visible: count(&visible), in_flight: count(&in_flight), delayed: count(&delayed) })
    }
}

/// The answer to each entry of a batch, whose id is its place. An entry that is in neither list is not known to be
/// done.
fn by_entry<'a>(
    count: usize,
    done: impl Iterator<Item = &'a str>,
    failed: &[BatchResultErrorEntry],
) -> Vec<Result<(), Failure>> {
    let mut answers = vec![Err(Failure::Service); count];
    let place = |id: &str| id.parse().ok().filter(|n: &usize| *n < count);
    for n in done.filter_map(place) {
        answers[n] = Ok(());
    }
    for entry in failed {
        if let Some(n) = place(entry.id()) {
            // An entry has no status of its own: the sender's fault is a 400, the service's a 500.
            let status = if entry.sender_fault() { 400 } else { 500 };
            answers[n] = Err(of_code(entry.code(), entry.message().unwrap_or(""), status));
        }
    }
    answers
}

#[cfg(test)]
mod tests;
