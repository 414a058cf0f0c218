//! Tasks of the own cluster that no dispatcher holds: their launch was given up while its answer was lost, or their node lost
//! its journal. Knows how they are found and that GitHub is asked before one is stopped; must not know how a task is made.

use super::Inner;
use crate::clock;
use crate::node::Incoming;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tidegate_core::port::runner::Event;
use tidegate_core::{PlacementId, dispatcher};

/// Orphans that are asked for at GitHub at one look: its budget is shared with what routes jobs.
const AT_ONCE: usize = 30;

/// Looks for which one is left alone that was at work: it ends by itself as a rule.
const LEFT_ALONE: u8 = 4;

/// Looks again and again, as often as an idle runner is given time. Who is not held at two looks in a row is an orphan: a
/// launch that goes on is held long before.
pub(super) async fn look_for(inner: Arc<Inner>) {
    let (mut before, mut at_work) = (BTreeSet::new(), BTreeMap::new());
    loop {
        let every = inner.board.policy_in_force().launch.idle_timeout;
        tokio::time::sleep(clock::duration(every)).await;
        match inner.aws.tasks.unheld().await {
            Ok(unheld) => {
                at_work.retain(|placement, _| unheld.contains(placement));
                let is_due = |placement: &&PlacementId| at_work.get(*placement).is_none_or(|left: &u8| *left == 0);
                let due: Vec<PlacementId> =
                    unheld.intersection(&before).filter(is_due).copied().take(AT_ONCE).collect();
                at_work.values_mut().for_each(|left| *left = left.saturating_sub(1));
                for placement in due {
                    if !inner.stop_orphan(placement).await {
                        at_work.insert(placement, LEFT_ALONE);
                    }
                }
                before = unheld;
            }
            Err(failure) => tracing::debug!(?failure, "the cluster's tasks cannot be listed"),
        }
    }
}

impl Inner {
    /// Stops it when GitHub gives its word that no job can reach its runner; false when it is left alone. One at work ends by
    /// itself.
    async fn stop_orphan(&self, placement: PlacementId) -> bool {
        let texts = match self.texts_of(placement) {
            Some(texts) => Some(texts),
            None => self.aws.tables.texts(placement).await,
        };
        let Some(texts) = texts else {
            // Another installation's, perhaps; or its claim is gone.
            tracing::warn!(%placement, "a task that no node holds runs in the cluster, and nobody knows for whom: look at it");
            return false;
        };
        let told = self.github.remove(placement, &texts, true).await;
        if !matches!(told, Event::Removed { .. }) {
            tracing::debug!(?told, "a task that no node holds is left alone");
            return false;
        }
        tracing::info!(%placement, "a task that no node held is stopped: no job can reach its runner");
        if let Some(event) = self.aws.tasks.stop(placement).await {
            self.inbox.tell(Incoming::Dispatcher(dispatcher::Event::Runner(event)));
        }
        true
    }
}
