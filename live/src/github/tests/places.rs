//! Calls under way at once. Knows a GitHub that lets its answers wait, and counts; must not know how the client works
//! inside.

use super::*;
use crate::github::places::CALLS_MAX;
use crate::names::Texts;
use std::time::Duration;
use tidegate_core::port::{Failure, runner};
use tidegate_core::{JobId, PlacementId};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Long enough for any machine; no test waits that long for what it asks for.
const BOUND: Duration = Duration::from_secs(30);

/// What a GitHub sees that answers only those whom it lets through.
struct Slow {
    under_way: watch::Sender<usize>,
    most: watch::Sender<usize>,
    asked: watch::Sender<usize>,
    gate: Semaphore,
}

impl Slow {
    /// It, with a client of it that has its installation and its token already.
    async fn start() -> (Arc<Self>, Client) {
        let [under_way, most, asked] = [(); 3].map(|()| watch::Sender::new(0));
        let slow = Arc::new(Self { under_way, most, asked, gate: Semaphore::new(1) });
        let app = Router::new().fallback(answer).with_state(Arc::clone(&slow));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port of the loopback");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let client =
            Stub { url, shared: Arc::new(Shared { asked: Mutex::default(), answers: Box::new(|_| usual()) }) }.client();
        assert_eq!(client.look(placement(0), &texts()).await, Some(seen(0)));
        slow.asked.send_replace(0);
        slow.most.send_replace(0);
        // Now nobody is let through.
        slow.gate.acquire().await.expect("it is open").forget();
        (slow, client)
    }

    async fn has_under_way(&self, count: usize) {
        let mut under_way = self.under_way.subscribe();
        let reached = under_way.wait_for(|now| *now >= count);
        timeout(BOUND, reached).await.expect("so many come").expect("the sender is here");
    }
}

async fn answer(State(slow): State<Arc<Slow>>, uri: Uri) -> Response<axum::body::Body> {
    let path = uri.to_string();
    slow.under_way.send_modify(|count| *count += 1);
    slow.asked.send_modify(|count| *count += 1);
    let now = *slow.under_way.borrow();
    slow.most.send_modify(|most| *most = now.max(*most));
    let permit = slow.gate.acquire().await;
    let reply = match path.as_str() {
        path if path.ends_with("/access_tokens") => token(path),
        path if path.ends_with("/installation") => Reply::new(200, json!({ "id": 42 })),
        _ => Reply::new(200, json!({ "total_count": 0, "runners": [] })),
    };
    slow.under_way.send_modify(|count| *count -= 1);
    drop(permit);
    Response::builder().status(reply.status).body(reply.body.to_string().into()).expect("the test writes it right")
}

fn texts() -> Texts {
    Texts { organization: "s".to_owned(), repository: "s/a".to_owned(), class: "linux".to_owned() }
}

fn placement(job: u64) -> PlacementId {
    PlacementId { job: JobId(job), run_attempt: 1, attempt: 1 }
}

fn seen(job: u64) -> runner::Event {
    runner::Event::Seen { placement: placement(job), online: None }
}

/// Looks at so many runners at once.
fn look(client: &Client, count: usize) -> JoinSet<Option<runner::Event>> {
    let mut looks = JoinSet::new();
    for job in 1..=count as u64 {
        let client = client.clone();
        looks.spawn(async move { client.look(placement(job), &texts()).await });
    }
    looks
}

// Broken: a call takes no place; GitHub saw all 50 at once.
#[tokio::test]
async fn never_are_more_calls_under_way_than_there_are_places() {
    let (slow, client) = Slow::start().await;
    let count = CALLS_MAX + 20;
    let mut looks = look(&client, count);
    slow.has_under_way(CALLS_MAX).await;
    // Who does without a place has time to come; nobody has to.
    tokio::time::sleep(Duration::from_millis(200)).await;
    slow.gate.add_permits(1);
    while let Some(looked) = looks.join_next().await {
        assert!(looked.expect("no look panics").is_some(), "all are answered in the end");
    }
    assert_eq!((*slow.most.borrow(), *slow.asked.borrow()), (CALLS_MAX, count));
}

// Broken: who got no place is told that GitHub is down.
#[tokio::test]
async fn who_gets_no_place_has_sent_nothing_and_tries_again_later() {
    let (slow, client) = Slow::start().await;
    let looks = look(&client, CALLS_MAX);
    slow.has_under_way(CALLS_MAX).await;
    let texts = texts();
    let (registered, removed) =
        tokio::join!(client.register(placement(77), &texts), client.remove(placement(77), &texts, false));
    assert_eq!(registered.map(|_| ()), Err(Failure::GitHubBudget));
    assert_eq!(removed, runner::Event::RemoveFailed { placement: placement(77), failure: Failure::GitHubBudget });
    assert_eq!(*slow.asked.borrow(), CALLS_MAX, "nothing of theirs was sent");
    let left = client.left().into_iter().find(|left| left.payer.to_string() == "s").expect("it was asked");
    assert_eq!((left.registrations, left.waiting), (180, false), "and nothing is used up");
    // Calls that are given up leave their places.
    drop(looks);
    slow.gate.add_permits(CALLS_MAX);
    assert_eq!(client.look(placement(78), &texts).await, Some(seen(78)));
}
