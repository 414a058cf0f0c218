//! Lets so many calls of a port through at once. Knows places and who waits for one; must not know what is called.

use std::time::Duration;
use tidegate_core::port::Failure;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long a call waits for its place: less than the ten seconds after which a machine asks again, so that of one job no more
/// than two calls wait, however long AWS hangs.
const PLACE_WITHIN: Duration = Duration::from_secs(8);

/// So many calls of a port go at once; the rest waits for a while, and the machines' deadlines go on.
#[derive(Debug)]
pub(crate) struct Gate {
    places: Semaphore,
    within: Duration,
}

impl Gate {
    pub(crate) fn new(at_once: usize) -> Self {
        Self { places: Semaphore::new(at_once), within: PLACE_WITHIN }
    }

    /// # Errors
    /// [`Failure::Throttled`] when no place was free for eight seconds: nothing was sent.
    pub(crate) async fn pass(&self) -> Result<SemaphorePermit<'_>, Failure> {
        let waited = tokio::time::timeout(self.within, self.places.acquire()).await;
        waited.map(|permit| permit.expect("a gate is never closed")).map_err(|_| Failure::Throttled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Broken: a call waits for its place for as long as AWS hangs, and each job asks again every ten seconds.
    #[tokio::test]
    async fn a_call_waits_for_its_place_and_not_for_ever() {
        let gate = Gate { places: Semaphore::new(1), within: Duration::from_millis(10) };
        let first = gate.pass().await.expect("it is free");
        assert_eq!(gate.pass().await.map(drop), Err(Failure::Throttled));
        drop(first);
        assert_eq!(gate.pass().await.map(drop), Ok(()));
    }
}
