//! Tasks of the own cluster that no dispatcher holds: their launch was given up while its answer was lost, or their node lost
//! its journal. Knows how they are found and that GitHub is asked before one is stopped; must not know how a task is made.

use super::Inner;
use crate::clock;
use std::collections::BTreeSet;
use std::sync::Arc;
use tidegate_core::PlacementId;
use tidegate_core::port::runner::Event;

/// Looks again and again, as often as an idle runner is given time. Who is not held at two looks in a row is an orphan: a
/// launch that goes on is held long before.
pub(super) async fn look_for(inner: Arc<Inner>) {
    let mut before = BTreeSet::new();
    loop {
        let every = inner.board.policy_in_force().launch.idle_timeout;
        tokio::time::sleep(clock::duration(every)).await;
        match inner.aws.tasks.unheld().await {
            Ok(unheld) => {
                for placement in unheld.intersection(&before) {
                    inner.stop_orphan(*placement).await;
                }
                before = unheld;
            }
            Err(failure) => tracing::debug!(?failure, "the cluster's tasks cannot be listed"),
        }
    }
}

impl Inner {
    /// Stops it when GitHub gives its word that no job can reach its runner. One at work ends by itself.
    async fn stop_orphan(&self, placement: PlacementId) {
        let texts = match self.texts_of(placement) {
            Some(texts) => Some(texts),
            None => self.aws.tables.texts(placement.job).await,
        };
        let Some(texts) = texts else {
            // Another installation's, perhaps; or its claim is gone.
            tracing::warn!(%placement, "a task that no node holds runs in the cluster, and nobody knows for whom: look at it");
            return;
        };
        match self.github.remove(placement, &texts).await {
            Event::Removed { .. } => {
                tracing::info!(%placement, "a task that no node held is stopped: no job can reach its runner");
                self.aws.tasks.stop(placement).await;
            }
            told => tracing::debug!(?told, "a task that no node holds is left alone"),
        }
    }
}
