//! Runs the queues against a stand-in for SQS. Knows its answers; must not know the core.

use super::super::message::tests::{texts, ticket};
use super::super::replay;
use super::*;
use serde_json::{Value, json};
use std::sync::OnceLock;
use tidegate_core::PlacementId;
use tidegate_core::policy::Region as PolicyRegion;
use tokio::task::JoinSet;

fn queues(url: &str, names: Arc<Names>) -> Arc<Queues> {
    let policy = Policy::of_regions(vec![PolicyRegion::new("us-east-1", 1)]);
    let config = replay::config("us-east-1", url);
    let sdk = Sdk::of_base(replay::sdk(), &config, &policy);
    Arc::new(Queues::new(&sdk, &config, &policy, RegionId(0), names, 7_000))
}

fn url_of_queue() -> (u16, Value) {
    (200, json!({ "QueueUrl": "https://sqs/1/tidegate.fifo" }))
}

fn error(code: &str) -> (u16, Value) {
    (400, json!({ "__type": format!("com.amazonaws.sqs#{code}"), "message": "no" }))
}

#[tokio::test]
async fn messages_sent_together_go_in_one_batch_and_fail_alone() {
    let (url, calls) = replay::start(|operation, _, _| match operation {
        "GetQueueUrl" => url_of_queue(),
        _ => (
            200,
            json!({
                "Successful": [{ "Id": "0", "MessageId": "a", "MD5OfMessageBody": "x" }],
                "Failed": [
                    { "Id": "1", "SenderFault": false, "Code": "ThrottlingException" },
                    { "Id": "2", "SenderFault": true, "Code": "InvalidMessageContents" }
                ]
            }),
        ),
    })
    .await;
    let names = Arc::new(Names::default());
    names.note_all(&texts());
    let (queues, mut sending) = (queues(&url, names), JoinSet::new());
    for job in 1..=3 {
        let queues = Arc::clone(&queues);
        sending.spawn(async move { queues.send(enqueue::Command::Send { ticket: ticket(job, 1, 0) }).await });
    }
    let answers = sending.join_all().await;
    let failures = |wanted: Failure| {
        answers.iter().filter(|e| matches!(e, enqueue::Event::Failed { failure, .. } if *failure == wanted)).count()
    };
    let sent = answers.iter().filter(|event| matches!(event, enqueue::Event::Sent { .. })).count();
    // Whether by an answer of SQS's own or for want of one, each entry has its answer.
    assert_eq!((sent, failures(Failure::Throttled), failures(Failure::Denied)), (1, 1, 1), "{answers:?}");
    assert_eq!(replay::operations(&calls), ["GetQueueUrl", "SendMessageBatch"]);
    let calls = calls.lock().expect("no test panics with it");
    let entry = &calls[1].1["Entries"][0];
    let body = Body::of_json(entry["MessageBody"].as_str().expect("a body")).expect("ours");
    assert_eq!(entry["MessageDeduplicationId"], body.ticket.placement.to_string());
    assert_eq!(entry["MessageGroupId"], body.ticket.placement.to_string());
    assert_eq!(body.texts, Some(texts()));
}

#[tokio::test]
async fn a_queue_that_is_gone_is_asked_for_anew() {
    let (url, calls) = replay::start(|operation, _, before| match (operation, before) {
        ("GetQueueUrl", _) => url_of_queue(),
        (_, 0) => error("QueueDoesNotExist"),
        _ => (200, json!({ "Successful": [{ "Id": "0", "MessageId": "a", "MD5OfMessageBody": "x" }], "Failed": [] })),
    })
    .await;
    let queues = queues(&url, Arc::default());
    let send = enqueue::Command::Send { ticket: ticket(1, 1, 0) };
    let placement = PlacementId { job: tidegate_core::JobId(1), run_attempt: 1, attempt: 1 };
    let failed = enqueue::Event::Failed { placement, region: RegionId(0), failure: Failure::Service };
    assert_eq!(queues.send(send).await, failed);
    assert_eq!(queues.send(send).await, enqueue::Event::Sent { placement });
    let operations = replay::operations(&calls);
    assert_eq!(operations, ["GetQueueUrl", "SendMessageBatch", "GetQueueUrl", "SendMessageBatch"]);
}

#[tokio::test]
async fn a_message_is_received_hidden_and_deleted_by_its_receipt() {
    let (url, calls) = replay::start(|operation, _, before| match operation {
        "GetQueueUrl" => url_of_queue(),
        "ReceiveMessage" => {
            let body = Body { ticket: ticket(5, 1, 0), texts: Some(texts()) }.to_json();
            let about = json!({ "SentTimestamp": "1700000000123", "ApproximateReceiveCount": "2" });
            let ours = json!({ "MessageId": "m1", "ReceiptHandle": "h1", "Body": body, "Attributes": about });
            let foreign = json!({ "MessageId": "m2", "ReceiptHandle": "h2", "Body": "hello" });
            (200, json!({ "Messages": [foreign, ours] }))
        }
        "DeleteMessageBatch" if before == 0 => {
            (200, json!({ "Successful": [], "Failed": [{ "Id": "0", "SenderFault": false, "Code": "InternalError" }] }))
        }
        "DeleteMessageBatch" => (200, json!({ "Successful": [{ "Id": "0" }], "Failed": [] })),
        _ => (200, json!({})),
    })
    .await;
    let names = Arc::new(Names::default());
    let queues = queues(&url, Arc::clone(&names));
    let received = queues.dequeue(dequeue::Command::Receive { max: 10 }).await;
    let (receipt, enqueued_at) = (Receipt(7_000), Timestamp(1_700_000_000_123_000));
    let message = Message { receipt, ticket: ticket(5, 1, 0), enqueued_at, receives: 2 };
    assert_eq!(received, Some(dequeue::Event::Received { messages: vec![message] }));
    assert_eq!(names.text(ticket(5, 1, 0).repository).as_deref(), Some("acme/site"));
    assert_eq!(queues.dequeue(dequeue::Command::Release { receipt, after: Span::from_millis(1_500) }).await, None);
    assert_eq!(queues.dequeue(dequeue::Command::Delete { receipt }).await, None);
    assert_eq!(queues.dequeue(dequeue::Command::Delete { receipt }).await, None, "it is deleted: nothing is asked");
    let operations = replay::operations(&calls);
    let wanted =
        ["GetQueueUrl", "ReceiveMessage", "ChangeMessageVisibility", "DeleteMessageBatch", "DeleteMessageBatch"];
    assert_eq!(operations, wanted);
    assert_eq!(calls.lock().expect("no test panics with it")[2].1["VisibilityTimeout"], 2, "rounded up");
}

// Broken: `close` does not wait for the poll under way, or what that brings is not given back: it was hidden for five minutes.
#[tokio::test]
async fn what_the_last_poll_brings_is_given_back() {
    let closing: Arc<OnceLock<Arc<Queues>>> = Arc::default();
    let known = Arc::clone(&closing);
    let (url, calls) = replay::start(move |operation, _, _| match operation {
        "GetQueueUrl" => url_of_queue(),
        "ReceiveMessage" => {
            // The process is told to stop while the poll is under way.
            known.get().expect("they are known").closed.store(true, Ordering::Release);
            let body = Body { ticket: ticket(5, 1, 0), texts: None }.to_json();
            (200, json!({ "Messages": [{ "MessageId": "m1", "ReceiptHandle": "h1", "Body": body }] }))
        }
        _ => (200, json!({})),
    })
    .await;
    let queues = queues(&url, Arc::default());
    closing.set(Arc::clone(&queues)).expect("once");
    let receive = dequeue::Command::Receive { max: 10 };
    let polling = Arc::clone(&queues);
    let poll = tokio::spawn(async move { polling.dequeue(receive).await });
    while !queues.closed.load(Ordering::Acquire) {
        tokio::task::yield_now().await;
    }
    queues.close().await;
    assert_eq!(replay::operations(&calls), ["GetQueueUrl", "ReceiveMessage", "ChangeMessageVisibility"]);
    let hidden = calls.lock().expect("no test panics with it")[2].1.clone();
    assert_eq!((&hidden["ReceiptHandle"], &hidden["VisibilityTimeout"]), (&json!("h1"), &json!(0)));
    assert!(!poll.is_finished(), "nobody is told of it");
    poll.abort();
}

#[test]
fn an_entry_without_a_word_is_not_known_to_be_done() {
    assert_eq!(by_entry(2, ["1", "7", "x"].into_iter(), &[]), [Err(Failure::Service), Ok(())]);
    assert_eq!(whole_seconds(Span::MAX), 43_200);
    assert_eq!(whole_seconds(Span::ZERO), 0);
}
