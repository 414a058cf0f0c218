//! How many calls are under way at GitHub at once. Knows places and the wait for one; must not know what is called.
//!
//! GitHub allows "no more than 100 concurrent requests", REST and GraphQL together, and answers more with a secondary rate
//! limit (its page "Rate limits for the REST API"). Nodes of a fleet are one App to it and do not know of each other's calls.

use std::time::Duration;
use tidegate_core::port::Failure;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

/// Calls of one node that are under way at the most. Three nodes together stay below GitHub's hundred, with some left for
/// whoever else speaks as the App; at half a second a call these are 60 calls a second.
pub const CALLS_MAX: usize = 30;
/// The longest wait for a place. It is taken off the patience of the call, which leaves GitHub seven seconds at the least;
/// and a wait and a call end before the core takes a registration for unanswered, which is after 15 s.
pub const PLACE_PATIENCE: Duration = Duration::from_secs(3);

/// The places of a node.
#[derive(Debug)]
pub(super) struct Places {
    free: Semaphore,
    patience: Duration,
}

/// A place, until it is dropped. Calls made one after the other may share one.
#[derive(Debug)]
pub(super) struct Place<'a> {
    _permit: SemaphorePermit<'a>,
    waited: Duration,
}

impl Places {
    /// So many places, waited for so long at the most.
    pub(super) const fn new(most: usize, patience: Duration) -> Self {
        Self { free: Semaphore::const_new(most), patience }
    }

    /// A place; who came first is served first.
    ///
    /// # Errors
    /// [`Failure::GitHubBudget`] when none came in time: what we may ask of GitHub at once is used up, in all regions
    /// alike if GitHub is slow, so the core waits and tries again here. Nothing was sent, and no owner is unknown.
    pub(super) async fn take(&self) -> Result<Place<'_>, Failure> {
        let since = Instant::now();
        // Nobody closes the semaphore; a closed one had no places either.
        match timeout(self.patience, self.free.acquire()).await {
            Ok(Ok(permit)) => Ok(Place { _permit: permit, waited: since.elapsed() }),
            Ok(Err(_)) | Err(_) => {
                tracing::warn!("as many calls are under way at GitHub as may be; one was not made");
                Err(Failure::GitHubBudget)
            }
        }
    }
}

impl Place<'_> {
    /// What the wait for it left of a call's patience.
    pub(super) fn rest_of(&self, patience: Duration) -> Duration {
        patience.saturating_sub(self.waited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_gets_no_place_in_time_has_used_up_the_budget() {
        let places = Places::new(1, Duration::from_millis(5));
        let place = places.take().await.expect("the only one is free");
        assert_eq!(places.take().await.expect_err("it is taken"), Failure::GitHubBudget);
        drop(place);
        let place = places.take().await.expect("it is free again");
        let patience = Duration::from_secs(10);
        assert!(place.rest_of(patience) > Duration::from_secs(7) && place.rest_of(Duration::ZERO) == Duration::ZERO);
    }
}
