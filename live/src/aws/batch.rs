//! Gathers single requests into batches. Knows how many and for how long; must not know what is in them.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

/// Entries of one batch at the most: the limit of SQS.
pub(crate) const BATCH_MAX: usize = 10;

/// How long the first of a batch waits for others: less than the call itself takes (14 ms by facts.md), while the jobs
/// of one workflow's matrix come within a few milliseconds of each other.
const LINGER: Duration = Duration::from_millis(5);

/// Batches of one kind on the way at once: ten entries each, so that three hundred requests are.
const AT_ONCE: usize = 32;

/// Requests that wait for their batch; beyond that those who ask wait.
const WAITING_MAX: usize = 1_024;

/// How long those who ask wait to hand in their request: less than the ten seconds after which a machine asks again.
const PLACE_WITHIN: Duration = Duration::from_secs(8);

type Asked<T, A> = (T, oneshot::Sender<A>);

/// Where single requests are handed in.
#[derive(Debug)]
pub(crate) struct Batcher<T, A> {
    inbox: mpsc::Sender<Asked<T, A>>,
}

impl<T: Send + 'static, A: Send + 'static> Batcher<T, A> {
    /// Starts the task that gathers; it ends with its batcher. `flush` sends one batch and answers each entry, in
    /// order.
    pub(crate) fn start<F, Fut>(flush: F) -> Self
    where
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Vec<A>> + Send + 'static,
    {
        let (inbox, requests) = mpsc::channel(WAITING_MAX);
        tokio::spawn(gather(requests, Arc::new(flush)));
        Self { inbox }
    }

    /// Hands in a request and waits for its answer; `None` when the batch was lost, or too many others waited for long.
    pub(crate) async fn ask(&self, request: T) -> Option<A> {
        let (answer, answered) = oneshot::channel();
        self.inbox.send_timeout((request, answer), PLACE_WITHIN).await.ok()?;
        answered.await.ok()
    }
}

async fn gather<T, A, F, Fut>(mut requests: mpsc::Receiver<Asked<T, A>>, flush: Arc<F>)
where
    T: Send + 'static,
    A: Send + 'static,
    F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Vec<A>> + Send + 'static,
{
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    while let Some(first) = requests.recv().await {
        let mut batch = vec![first];
        let until = Instant::now() + LINGER;
        while batch.len() < BATCH_MAX {
            let Ok(Some(next)) = timeout_at(until, requests.recv()).await else { break };
            batch.push(next);
        }
        let permit = Arc::clone(&gate).acquire_owned().await.expect("it is never closed");
        let flush = Arc::clone(&flush);
        tokio::spawn(async move {
            let (entries, answers): (Vec<T>, Vec<_>) = batch.into_iter().unzip();
            for (answer, outcome) in answers.into_iter().zip(flush(entries).await) {
                // Who asked may have gone; that changes nothing.
                let _ = answer.send(outcome);
            }
            drop(permit);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::task::JoinSet;

    #[tokio::test]
    async fn what_comes_together_goes_together_and_each_gets_its_own_answer() {
        let batcher = Arc::new(Batcher::start(|entries: Vec<u32>| async move {
            let size = entries.len();
            entries.into_iter().map(|n| (n * 2, size)).collect()
        }));
        let mut asking = JoinSet::new();
        for n in 0..25 {
            let batcher = Arc::clone(&batcher);
            asking.spawn(async move { (n, batcher.ask(n).await.expect("answered")) });
        }
        let mut largest = 0;
        while let Some(done) = asking.join_next().await {
            let (n, (answer, size)) = done.expect("it does not panic");
            assert_eq!(answer, n * 2);
            assert!(size <= BATCH_MAX, "{size} entries");
            largest = largest.max(size);
        }
        assert_eq!(largest, BATCH_MAX);
    }

    #[tokio::test]
    async fn a_batch_that_answers_too_few_leaves_the_rest_without() {
        let batcher: Batcher<u32, u32> = Batcher::start(|_| async { Vec::new() });
        assert_eq!(batcher.ask(1).await, None);
    }
}
