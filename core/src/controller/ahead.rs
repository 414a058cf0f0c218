//! What a webhook will look at, fetched into the processor's caches before its turn. Knows which places; must change nothing.

use super::Controller;
use crate::port::webhook;

impl Controller {
    /// Lets the processor fetch the places where it is told what is known of a webhook's job. A hint: nothing changes, and nothing
    /// is wrong when the webhook does not come.
    #[inline]
    pub fn prefetch(&self, event: &webhook::Event) {
        let job = event.job();
        self.state.jobs.prefetch(job);
        self.state.ended.prefetch(job.0);
        if let webhook::Event::JobQueued { spec } = event {
            self.state.sticky.prefetch(spec.run);
        }
    }
}
