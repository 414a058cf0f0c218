//! What is on its way in the world: answers, deliveries, messages, jobs that will run again. Knows what is sent; must not know
//! when it comes.

use crate::load::NewJob;
use tidegate_core::port::{Ticket, webhook};
use tidegate_core::slab::Slab;
use tidegate_core::{Timestamp, controller, dispatcher};

/// For a machine, in this very instant.
#[derive(Clone, Debug)]
pub(crate) enum Mail {
    Controller(controller::Event),
    Dispatcher(dispatcher::Event),
}

/// A webhook on its way, and when it was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery {
    pub(crate) event: webhook::Event,
    pub(crate) sent_at: Timestamp,
}

/// By kind and place: what lies on the agenda says where. Each kind has places of its own size, for most of what is sent is
/// small.
#[derive(Clone, Debug, Default)]
pub(crate) struct Post {
    pub(crate) for_controllers: Slab<controller::Event>,
    pub(crate) for_dispatchers: Slab<dispatcher::Event>,
    pub(crate) deliveries: Slab<Delivery>,
    pub(crate) messages: Slab<Ticket>,
    pub(crate) reruns: Slab<NewJob>,
}
