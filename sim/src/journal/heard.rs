//! What a controller heard of jobs from GitHub, in one form. Knows which events speak of jobs; must not know what is made of
//! that.

use tidegate_core::controller::Event;
use tidegate_core::port::{github, webhook};

/// GitHub's words about jobs in an event: a webhook, or a list, each job of which says that it is queued. The webhook of a
/// listed job may never have come; if it did, the list says nothing new.
pub(super) fn heard(event: &Event) -> impl Iterator<Item = webhook::Event> {
    let (one, listed) = match event {
        Event::Webhook(event) => (Some(*event), &[][..]),
        Event::GitHub(github::Event::Queued { jobs, .. }) => (None, &jobs[..]),
        Event::GitHub(github::Event::Failed { .. })
        | Event::Enqueue(_)
        | Event::Notice(_)
        | Event::Operator(_)
        | Event::Probe(_)
        | Event::Started
        | Event::Table(_)
        | Event::Wake => (None, &[][..]),
    };
    one.into_iter().chain(listed.iter().map(|spec| webhook::Event::JobQueued { spec: *spec }))
}
