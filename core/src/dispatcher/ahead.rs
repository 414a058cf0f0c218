//! What the news of a runner will look at, fetched into the processor's caches before its turn. Knows which places; must change
//! nothing.

use super::Dispatcher;
use crate::id::PlacementId;

impl Dispatcher {
    /// Lets the processor fetch the place where it is told what is known of a placement's task. A hint: nothing changes, and
    /// nothing is wrong when no news comes.
    #[inline]
    pub fn prefetch(&self, placement: PlacementId) {
        self.state.tasks.prefetch(placement);
    }
}
