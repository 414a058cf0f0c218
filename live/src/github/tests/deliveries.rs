//! Sweeps of failed deliveries. Knows what GitHub answers; must not know how the client works inside.

use super::*;
use crate::github::Swept;
use tidegate_core::Timestamp;
use tidegate_core::port::Failure;

/// A delivery of so many minutes ago.
fn delivery(id: u64, guid: &str, minutes: u64, status: u16, redelivery: bool) -> Value {
    let now = crate::clock::wall().as_secs();
    let at = Timestamp((now - minutes * 60) * 1_000_000);
    json!({
        "id": id, "guid": guid, "delivered_at": at.to_string(), "redelivery": redelivery, "duration": 0.1,
        "status": "timed out", "status_code": status, "event": "workflow_job", "action": "queued",
        "installation_id": 42, "repository_id": 9,
    })
}

const FIRST: &str = "/app/hook/deliveries?per_page=100";

fn next(cursor: &str) -> String {
    format!("<http://x/app/hook/deliveries?per_page=100&cursor={cursor}>; rel=\"next\"")
}

#[tokio::test]
async fn failed_deliveries_that_were_never_taken_are_asked_for_again() {
    let stub = Stub::start(|asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", FIRST) => {
            let mut push = delivery(1, "push", 1, 502, false);
            push["event"] = json!("push");
            let page = [push, delivery(9, "taken", 2, 200, true), delivery(8, "young", 3, 502, false)];
            Reply::new(200, json!(page)).with("link", &next("v1_2"))
        }
        ("GET", path) if path.ends_with("cursor=v1_2") => {
            let mut silent = delivery(6, "old", 90, 0, false);
            silent["status_code"] = Value::Null;
            let page = [delivery(7, "taken", 60, 503, false), silent, delivery(5, "ok", 100, 202, false)];
            Reply::new(200, json!(page)).with("link", &next("v1_3"))
        }
        ("GET", path) if path.ends_with("cursor=v1_3") => {
            let page = [delivery(4, "too old", 5_000, 502, false)];
            Reply::new(200, json!(page)).with("link", &next("v1_4"))
        }
        ("POST", _) => Reply::new(202, json!({})),
        _ => usual(),
    })
    .await;
    let client = stub.client();
    let swept = client.sweep().await.expect("all is answered");
    let posts: Vec<String> = stub.lines().into_iter().filter(|line| line.starts_with("POST")).collect();
    let attempt = |id| format!("POST /app/hook/deliveries/{id}/attempts");
    assert_eq!(posts[..2], [attempt(6), attempt(8)], "oldest first, and only what was never taken");
    assert_eq!((swept.read, swept.failed, swept.complete), (7, 3, true));
    assert_eq!(stub.count("cursor=v1_4"), 0, "three days are read");
    assert!(stub.asked().iter().all(|asked| asked.authorization.starts_with("Bearer eyJ")), "as the App itself");
    let before = stub.asked().len();
    client.sweep().await.expect("all is answered");
    assert_eq!(stub.asked()[before].path, FIRST);
    assert_eq!(stub.count("cursor=v1_3"), 1, "what was read is not read again");
}

#[tokio::test]
async fn five_times_are_enough_and_a_refusal_is_final() {
    let stub = Stub::start(|asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", FIRST) => {
            Reply::new(200, json!([delivery(1, "lost", 1, 502, false), delivery(2, "gone", 2, 502, false)]))
        }
        ("POST", "/app/hook/deliveries/2/attempts") => Reply::new(422, json!({})),
        ("POST", _) => Reply::new(202, json!({})),
        _ => usual(),
    })
    .await;
    let client = stub.client();
    for _ in 0..7 {
        client.sweep().await.expect("all is answered");
    }
    assert_eq!((stub.count("/1/attempts"), stub.count("/2/attempts")), (5, 1));
    let last = client.sweep().await.expect("all is answered");
    let expected = Swept { read: 2, failed: 2, asked: 0, left: 0, given_up: 2, complete: true };
    assert_eq!(last, expected);
}

#[tokio::test]
async fn a_sweep_that_was_cut_short_goes_on_where_it_was() {
    let fails = Arc::new(Mutex::new(true));
    let failing = Arc::clone(&fails);
    let stub = Stub::start(move |asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", FIRST) => Reply::new(200, json!([delivery(3, "ok", 1, 200, false)])).with("link", &next("v1_2")),
        ("GET", path) if path.ends_with("cursor=v1_2") => {
            if *failing.lock().expect("no test panics under it") {
                return Reply::new(502, json!({}));
            }
            Reply::new(200, json!([delivery(2, "lost", 60, 502, false)]))
        }
        ("POST", _) => Reply::new(202, json!({})),
        _ => usual(),
    })
    .await;
    let client = stub.client();
    assert_eq!(client.sweep().await, Err(Failure::GitHubDown));
    *fails.lock().expect("no test panics under it") = false;
    let swept = client.sweep().await.expect("all is answered");
    assert_eq!((swept.asked, swept.complete), (1, true));
    assert_eq!(stub.count("/2/attempts"), 1);
}
