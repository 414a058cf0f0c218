//! A node on AWS and GitHub. Knows which port goes to whom, and that each outcome comes back as an event; must not know how
//! a call is made, or what is decided on its outcome.

mod orphans;
mod probe;
mod serve;

pub(crate) use probe::Probes;
pub use serve::serve;

use crate::aws::Aws;
use crate::config::Secret;
use crate::github::{Client, Offered};
use crate::names::{Names, Texts};
use crate::node::{Board, Inbox, Incoming, Outside};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use tidegate_core::port::runner::{Command, Event};
use tidegate_core::port::{Failure, Ticket, enqueue, github, probe as probing, table};
use tidegate_core::{PlacementId, Policy, controller, dispatcher};
use tokio::runtime::Handle;

/// Just-in-time configurations held between registration and launch at the most. A dispatcher holds no more tasks than its
/// region may run; this is beyond the largest region.
const HELD_MAX: usize = 20_000;

/// Requests that one list of queued jobs may take: at one list a minute, three fifths of an hour's budget.
const LIST_REQUESTS: u32 = 50;

/// The world outside a node: AWS and GitHub.
#[derive(Clone, Debug)]
pub struct Cloud {
    inner: Arc<Inner>,
    runtime: Handle,
}

#[derive(Debug)]
struct Inner {
    aws: Aws,
    github: Client,
    probes: Probes,
    inbox: Inbox,
    names: Arc<Names>,
    offered: Offered,
    board: Arc<Board>,
    /// Configurations of registered runners that were not launched yet. A process that ends takes them with it; a launch
    /// then registers its runner anew.
    held: Mutex<BTreeMap<PlacementId, Secret>>,
    /// For whom runners were registered: who takes one back is told its placement alone.
    registered: Mutex<BTreeMap<PlacementId, Texts>>,
}

impl Cloud {
    /// Starts something whose outcome, if there is one, goes to the node.
    fn start(&self, work: impl Future<Output = Option<Incoming>> + Send + 'static) {
        let inbox = self.inner.inbox.clone();
        self.runtime.spawn(async move {
            if let Some(outcome) = work.await {
                inbox.tell(outcome);
            }
        });
    }
}

impl Outside for Cloud {
    fn controller(&mut self, effect: controller::Effect) {
        let inner = Arc::clone(&self.inner);
        self.start(async move { inner.controller(effect).await.map(Incoming::Controller) });
    }

    fn dispatcher(&mut self, effect: dispatcher::Effect) {
        let inner = Arc::clone(&self.inner);
        self.start(async move { inner.dispatcher(effect).await.map(Incoming::Dispatcher) });
    }

    fn adopt(&mut self, tickets: Vec<(Ticket, bool)>) {
        let inner = Arc::clone(&self.inner);
        for (ticket, _) in &tickets {
            if let Some(texts) = inner.texts(ticket) {
                inner.remember(ticket.placement, &texts);
            }
        }
        let launched = tickets.into_iter().filter(|(_, launched)| *launched);
        let placements: Vec<PlacementId> = launched.map(|(ticket, _)| ticket.placement).collect();
        self.start(async move {
            inner.aws.tasks.adopt(&placements).await;
            None
        });
    }

    fn policy(&mut self, policy: &Policy) {
        self.inner.github.allow(&policy.github);
        self.inner.probes.allow(policy.failover.probe_timeout);
        self.inner.aws.tables.keep_ended_for(policy.caps.ended_for);
    }
}

impl Inner {
    fn count(&self, port: &str, failure: Failure) {
        self.board.metrics.failed(port, failure);
    }

    async fn controller(&self, effect: controller::Effect) -> Option<controller::Event> {
        match effect {
            controller::Effect::Enqueue(command) => {
                let event = self.aws.queues.send(command).await;
                if let enqueue::Event::Failed { failure, .. } = event {
                    self.count("enqueue", failure);
                }
                Some(controller::Event::Enqueue(event))
            }
            controller::Effect::GitHub(github::Command::ListQueued) => Some(self.list().await),
            controller::Effect::GitHub(github::Command::Sweep) => self.sweep().await,
            controller::Effect::Probe(probing::Command::Check { region, sequence }) => {
                Some(controller::Event::Probe(self.probes.check(region, sequence).await))
            }
            controller::Effect::Table(command) => {
                let event = self.aws.tables.run(command).await?;
                if let table::Event::ClaimFailed { failure, .. } = event {
                    self.count("table", failure);
                }
                Some(controller::Event::Table(event))
            }
        }
    }

    async fn list(&self) -> controller::Event {
        let repositories: Vec<String> = self.names.all().into_iter().filter(|text| is_repository(text)).collect();
        let listed = self.github.list_queued(&repositories, &self.offered, &self.names, LIST_REQUESTS).await;
        controller::Event::GitHub(match listed {
            Ok(listed) => {
                let complete = listed.complete && listed.jobs.len() < github::LIST_MAX;
                github::Event::Queued { jobs: listed.jobs, complete }
            }
            Err(failure) => {
                self.count("github", failure);
                github::Event::Failed { failure }
            }
        })
    }

    async fn sweep(&self) -> Option<controller::Event> {
        match self.github.sweep().await {
            Ok(swept) => {
                tracing::debug!(?swept, "failed deliveries were swept");
                None
            }
            Err(failure) => {
                self.count("github", failure);
                Some(controller::Event::GitHub(github::Event::Failed { failure }))
            }
        }
    }

    async fn dispatcher(&self, effect: dispatcher::Effect) -> Option<dispatcher::Event> {
        match effect {
            dispatcher::Effect::Confirm(command) => {
                Some(dispatcher::Event::Confirm(self.aws.tables.confirm(command).await))
            }
            dispatcher::Effect::Dequeue(command) => {
                self.aws.queues.dequeue(command).await.map(dispatcher::Event::Dequeue)
            }
            dispatcher::Effect::Notice(_) => None, // the node tells its own controller
            dispatcher::Effect::Runner(command) => self.runner(command).await.map(dispatcher::Event::Runner),
        }
    }

    async fn runner(&self, command: Command) -> Option<Event> {
        match command {
            Command::Register { ticket } => Some(self.register(&ticket).await),
            Command::Launch { ticket, spot } => Some(self.launch(&ticket, spot).await),
            Command::Remove { placement, taken } => {
                self.drop_held(placement);
                let Some(texts) = self.texts_of(placement) else {
                    return Some(Event::RemoveFailed { placement, failure: Failure::Denied });
                };
                Some(self.github.remove(placement, &texts, taken).await)
            }
            Command::Stop { placement } => self.aws.tasks.stop(placement).await,
            Command::Look { placement } => {
                let texts = self.texts_of(placement)?;
                self.github.look(placement, &texts).await
            }
        }
    }

    async fn register(&self, ticket: &Ticket) -> Event {
        let placement = ticket.placement;
        match self.configuration(ticket).await {
            Ok(configuration) => {
                self.hold(placement, configuration);
                Event::Registered { placement }
            }
            Err(failure) => {
                self.count("registration", failure);
                Event::RegisterFailed { placement, failure }
            }
        }
    }

    async fn configuration(&self, ticket: &Ticket) -> Result<Secret, Failure> {
        // A ticket whose texts nobody knows cannot be registered here; another attempt may bring them.
        let texts = self.texts(ticket).ok_or(Failure::Service)?;
        self.remember(ticket.placement, &texts);
        self.github.register(ticket.placement, &texts).await
    }

    async fn launch(&self, ticket: &Ticket, spot: bool) -> Event {
        let placement = ticket.placement;
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).get(&placement).cloned();
        let configuration = match held {
            Some(configuration) => configuration,
            None => match self.register_anew(ticket).await {
                Ok(Some(configuration)) => configuration,
                Ok(None) => return Event::Launched { placement }, // its runner is at work already
                Err(failure) => return Event::LaunchFailed { placement, failure },
            },
        };
        let event = self.aws.tasks.launch(ticket, spot, &configuration).await;
        match event {
            Event::Launched { .. } => self.drop_held(placement),
            Event::LaunchFailed { failure, .. } => self.count("launch", failure),
            Event::Busy { .. }
            | Event::Online { .. }
            | Event::RegisterFailed { .. }
            | Event::Registered { .. }
            | Event::RemoveFailed { .. }
            | Event::Removed { .. }
            | Event::Seen { .. }
            | Event::Stopped { .. } => {}
        }
        event
    }

    /// An earlier process registered this runner, and its configuration ended with it. `None`: it launched it as well.
    async fn register_anew(&self, ticket: &Ticket) -> Result<Option<Secret>, Failure> {
        let texts = self.texts(ticket).ok_or(Failure::Service)?;
        match self.github.remove(ticket.placement, &texts, false).await {
            Event::Busy { .. } => Ok(None),
            Event::RemoveFailed { failure, .. } => Err(failure),
            Event::Launched { .. }
            | Event::LaunchFailed { .. }
            | Event::Online { .. }
            | Event::RegisterFailed { .. }
            | Event::Registered { .. }
            | Event::Removed { .. }
            | Event::Seen { .. }
            | Event::Stopped { .. } => self.configuration(ticket).await.map(Some),
        }
    }

    fn hold(&self, placement: PlacementId, configuration: Secret) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(placement, configuration);
        if held.len() > HELD_MAX {
            held.pop_first(); // the oldest job's: it is registered anew if it is launched after all
        }
    }

    fn drop_held(&self, placement: PlacementId) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&placement);
    }

    fn texts(&self, ticket: &Ticket) -> Option<Texts> {
        self.names.texts(ticket.organization, ticket.repository, ticket.class)
    }

    fn remember(&self, placement: PlacementId, texts: &Texts) {
        let mut registered = self.registered.lock().unwrap_or_else(PoisonError::into_inner);
        registered.insert(placement, texts.clone());
        if registered.len() > HELD_MAX {
            registered.pop_first(); // the oldest job's: GitHub takes idle runners off its list by itself after a day
        }
    }

    fn texts_of(&self, placement: PlacementId) -> Option<Texts> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner).get(&placement).cloned()
    }
}

fn is_repository(text: &str) -> bool {
    text.contains('/') && !text.contains(',')
}
