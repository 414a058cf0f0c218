//! The way into a node: what may be said to it and by whom. Knows the limit on what waits; must not know what a node does
//! with it.

use super::board::Board;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use tidegate_core::journal::PolicyText;
use tidegate_core::policy::Policy;
use tidegate_core::port::{operator, webhook};
use tidegate_core::{controller, dispatcher};
use tokio::sync::oneshot;

/// Told when what was said is on the journal.
pub type Taken = oneshot::Sender<Result<(), Refused>>;

/// Why a node did not take something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Too much waits already.
    #[error("too many webhooks wait for their turn")]
    Full,
    /// The journal cannot be written.
    #[error("the journal cannot be written")]
    Journal,
    /// The node does not run, or its region is lost.
    #[error("the node does not run")]
    Down,
}

/// What is said to a node.
#[derive(Debug)]
pub enum Incoming {
    /// An answer for its controller.
    Controller(controller::Event),
    /// An answer for its dispatcher.
    Dispatcher(dispatcher::Event),
    /// A webhook, whose sender waits for the journal.
    Webhook(webhook::Event, Taken),
    /// An operator's order.
    Order(operator::Event, Taken),
    /// A policy to go on with from now on.
    Policy(Arc<Policy>, PolicyText),
    /// A policy to be tried beside the one in force.
    Shadow(Arc<Policy>),
    /// Embedded mode: its region is lost.
    Lost,
    /// Embedded mode: its region is back.
    Risen,
    /// Finish, save, end.
    Stop,
}

/// A sender to a node.
#[derive(Clone, Debug)]
pub struct Inbox {
    sender: mpsc::Sender<Incoming>,
    waiting: Arc<AtomicUsize>,
    max_waiting: usize,
}

/// A running node, from outside: the way in, and where it shows itself.
#[derive(Clone, Debug)]
pub struct Handle {
    /// The way in.
    pub inbox: Inbox,
    /// Where it shows itself.
    pub board: Arc<Board>,
}

/// The node's end of it.
#[derive(Debug)]
pub struct Outlet {
    pub(super) receiver: mpsc::Receiver<Incoming>,
    pub(super) waiting: Arc<AtomicUsize>,
}

impl Inbox {
    /// A way into a node where at most `max_waiting` webhooks wait.
    #[must_use]
    pub fn new(max_waiting: usize) -> (Self, Outlet) {
        let (sender, receiver) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        (Self { sender, waiting: Arc::clone(&waiting), max_waiting }, Outlet { receiver, waiting })
    }

    /// Says something that needs no answer. Answers to effects are bounded by the effects in flight. A node that has
    /// ended hears nothing.
    pub fn tell(&self, incoming: Incoming) {
        let _ = self.sender.send(incoming); // it fails when the node has ended, and then nobody is there
    }

    /// Hands in a webhook and waits until it is on the journal.
    ///
    /// # Errors
    /// Why it is not; then its sender must be told, so that it is delivered again.
    pub async fn webhook(&self, event: webhook::Event) -> Result<(), Refused> {
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= self.max_waiting {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            return Err(Refused::Full);
        }
        let (taken, told) = oneshot::channel();
        if self.sender.send(Incoming::Webhook(event, taken)).is_err() {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            return Err(Refused::Down);
        }
        told.await.unwrap_or(Err(Refused::Down))
    }

    /// Hands in a webhook of the virtual world, which does not wait.
    pub fn delivery(&self, event: webhook::Event) {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let (taken, _) = oneshot::channel();
        self.tell(Incoming::Webhook(event, taken));
    }

    /// Hands in an operator's order and waits until it is on the journal.
    ///
    /// # Errors
    /// Why it is not.
    pub async fn order(&self, event: operator::Event) -> Result<(), Refused> {
        let (taken, told) = oneshot::channel();
        self.sender.send(Incoming::Order(event, taken)).map_err(|_| Refused::Down)?;
        told.await.unwrap_or(Err(Refused::Down))
    }

    /// Webhooks that wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }
}
