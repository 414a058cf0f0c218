//! One region's node: its two machines, their journal, and the loop that runs them. Knows turns, deadlines and the order
//! of journal, answers and effects; must not know what a machine decides or who answers an effect.
//!
//! The loop takes what has come, gives each its turn, hands the journal to the system, and only then answers the senders
//! of webhooks and lets the effects out: what a node did for others is on its journal before they can know of it.

mod board;
mod desk;
mod inbox;
mod outside;
mod shadow;
mod stories;

pub use board::{Board, RegionStatus, Status};
pub use inbox::{Inbox, Incoming, Outlet, Refused, Taken};
pub use outside::Outside;
pub use stories::Stories;

use crate::clock::Clock;
use crate::journal::Writer;
use crate::names::Names;
use desk::{Effect, Ends, Pen, head};
use shadow::Shadow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use tidegate_core::controller::{self, Controller};
use tidegate_core::dispatcher::{self, Dispatcher};
use tidegate_core::journal::{Head, PolicyText};
use tidegate_core::machine::{Host, Machine, Wake};
use tidegate_core::policy::Policy;
use tidegate_core::port::webhook;
use tidegate_core::{Name, RegionId, Timestamp};

/// What is taken in before the journal is handed over: so many share one write.
const BATCH: usize = 256;

/// The longest sleep: the board is kept fresh.
const SLEEP_MAX: Duration = Duration::from_millis(500);

/// What a node is made of.
#[derive(Debug)]
pub struct Parts {
    /// The clock.
    pub clock: Arc<Clock>,
    /// Its controller.
    pub controller: Controller,
    /// Its dispatcher.
    pub dispatcher: Dispatcher,
    /// The policy in force, as text.
    pub policy_text: PolicyText,
    /// The texts behind names.
    pub names: Arc<Names>,
    /// Where it shows itself.
    pub board: Arc<Board>,
    /// Where its journal lies.
    pub folder: std::path::PathBuf,
    /// How much of it is kept.
    pub limits: crate::config::Journal,
    /// The number of its next segment.
    pub segment: u64,
}

/// A node, ready to run.
pub struct Node<O> {
    clock: Arc<Clock>,
    me: RegionId,
    name: String,
    controller: Host<Controller>,
    dispatcher: Host<Dispatcher>,
    policy: Arc<Policy>,
    policy_text: PolicyText,
    shadow: Option<Shadow>,
    writer: Writer,
    segment: u64,
    names: Arc<Names>,
    /// Names whose texts are on the journal already.
    written: BTreeSet<Name>,
    board: Arc<Board>,
    outside: O,
    outlet: Outlet,
    effects: Vec<Effect>,
    taken: Vec<Taken>,
    /// By machine: when it wants to be woken.
    wakes: [Option<Timestamp>; 2],
    lost: bool,
    /// Somebody who gave an order is about to look.
    show: bool,
}

impl<O> std::fmt::Debug for Node<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<O: Outside> Node<O> {
    /// A node that begins a segment of its journal.
    ///
    /// # Errors
    /// When the journal cannot be begun.
    pub fn new(parts: Parts, outside: O, outlet: Outlet) -> std::io::Result<Self> {
        let now = parts.clock.now();
        let policy = Arc::new(parts.controller.policy().clone());
        let me = parts.controller.me();
        let name = policy.region(me).name.clone();
        let controller = Host::new(parts.controller, now);
        let dispatcher = Host::new(parts.dispatcher, now);
        let head = head(&name, parts.segment, now, &parts.policy_text, &controller, &dispatcher, &parts.names);
        let writer = Writer::begin(&parts.folder, parts.limits, &head)?;
        Ok(Self {
            clock: parts.clock,
            me,
            name,
            controller,
            dispatcher,
            policy,
            policy_text: parts.policy_text,
            shadow: None,
            writer,
            segment: parts.segment,
            written: head.names.iter().map(|text| Name::of(text)).collect(),
            names: parts.names,
            board: parts.board,
            outside,
            outlet,
            effects: Vec::new(),
            taken: Vec::new(),
            wakes: [None, None],
            lost: false,
            show: false,
        })
    }

    /// Runs until it is told to stop, or nobody can tell it anything any more. Then its journal is whole, and its last
    /// segment begins with all its state.
    ///
    /// # Panics
    /// When an invariant of a machine is broken: the process must end, and the journal shows how it came to that.
    pub fn run(mut self) {
        tracing::info!(node = self.name, open_jobs = self.controller.machine().open_jobs(), "the node comes up");
        self.outside.adopt(self.dispatcher.machine().held());
        self.come_up();
        self.finish_batch(false);
        let mut stop = false;
        while !stop {
            let mut webhooks = 0;
            match self.outlet.receiver.recv_timeout(self.patience()) {
                Ok(first) => {
                    stop = self.take(first, &mut webhooks);
                    for _ in 1..BATCH {
                        let Ok(next) = self.outlet.receiver.try_recv() else { break };
                        stop |= self.take(next, &mut webhooks);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => stop = true,
            }
            self.wake();
            self.finish_batch(webhooks > 0);
        }
        self.close();
    }

    fn patience(&self) -> Duration {
        let next = self.wakes.iter().flatten().min().copied();
        next.filter(|_| !self.lost).map_or(SLEEP_MAX, |at| self.clock.until(at)).min(SLEEP_MAX)
    }

    fn come_up(&mut self) {
        self.controller_turn(controller::Event::Started);
        self.dispatcher_turn(dispatcher::Event::Started);
    }

    /// Takes one thing in. True: the node is to stop.
    fn take(&mut self, incoming: Incoming, webhooks: &mut usize) -> bool {
        match incoming {
            Incoming::Webhook(event, taken) => {
                self.outlet.waiting.fetch_sub(1, Ordering::AcqRel);
                if self.lost {
                    let _ = taken.send(Err(Refused::Down)); // its sender may be gone: then GitHub knows it as failed
                    return false;
                }
                *webhooks += 1;
                self.note_names(&event);
                self.board.webhook(&event);
                self.taken.push(taken);
                self.controller_turn(controller::Event::Webhook(event));
            }
            Incoming::Order(event, taken) => {
                tracing::info!(region = self.policy.region(event.region).name, order = ?event.verb, "an operator orders");
                *webhooks += 1;
                self.show = true;
                self.taken.push(taken);
                self.controller_turn(controller::Event::Operator(event));
            }
            Incoming::Controller(event) => self.controller_turn(event),
            Incoming::Dispatcher(event) => self.dispatcher_turn(event),
            Incoming::Policy(policy, text) => self.change_policy(policy, text),
            Incoming::Shadow(policy) => self.set_shadow(policy),
            Incoming::Lost => self.lost = true,
            Incoming::Risen => {
                self.lost = false;
                self.come_up();
            }
            Incoming::Stop => return true,
        }
        false
    }

    /// Texts of a job that the journal does not have yet.
    fn note_names(&mut self, event: &webhook::Event) {
        let webhook::Event::JobQueued { spec } = event else { return };
        for name in [spec.organization, spec.repository, spec.class] {
            if !self.written.contains(&name)
                && let Some(text) = self.names.text(name)
            {
                self.written.insert(name);
                self.writer.name(&text);
            }
        }
    }

    fn controller_turn(&mut self, event: controller::Event) {
        if self.lost {
            return;
        }
        let now = self.clock.now();
        let _span = tracing::debug_span!("turn", machine = "controller", now = now.0).entered();
        if let Some(shadow) = &mut self.shadow {
            shadow.turn(now, &event);
        }
        let mut notices = Vec::new();
        let mut ends = Ends { effects: &mut self.effects, notices: &mut notices };
        let mut pen = Pen(&mut self.writer, &self.board, &mut self.shadow);
        let wake = self.controller.turn(now, event, &mut ends, &mut pen);
        self.wakes[0] = wake.map(|wake: Wake| wake.at);
        self.board.turn(false);
    }

    fn dispatcher_turn(&mut self, event: dispatcher::Event) {
        if self.lost {
            return;
        }
        let now = self.clock.now();
        let span = tracing::debug_span!("turn", machine = "dispatcher", now = now.0).entered();
        let mut notices = Vec::new();
        let mut ends = Ends { effects: &mut self.effects, notices: &mut notices };
        let mut pen = Pen(&mut self.writer, &self.board, &mut self.shadow);
        let wake = self.dispatcher.turn(now, event, &mut ends, &mut pen);
        self.wakes[1] = wake.map(|wake: Wake| wake.at);
        self.board.turn(true);
        drop(span);
        for notice in notices {
            self.controller_turn(notice);
        }
    }

    /// Wakes the machines whose deadlines are due.
    fn wake(&mut self) {
        let now = self.clock.now();
        if self.wakes[0].is_some_and(|at| at <= now) {
            self.controller_turn(controller::Event::Wake);
        }
        if self.wakes[1].is_some_and(|at| at <= now) {
            self.dispatcher_turn(dispatcher::Event::Wake);
        }
    }

    /// Journal, then the board, then answers, then effects.
    fn finish_batch(&mut self, sync: bool) {
        let written = self.writer.commit(sync && self.board.journal_syncs());
        if let Err(error) = &written {
            tracing::warn!(%error, "the journal cannot be written; webhooks are refused until it can");
        }
        self.board.set_journal(written.is_ok(), self.writer.bytes());
        self.publish();
        for taken in self.taken.drain(..) {
            let answer = if written.is_ok() { Ok(()) } else { Err(Refused::Journal) };
            let _ = taken.send(answer); // a sender that did not wait is answered by GitHub's sweep
        }
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Controller(now, effect) => self.outside.controller(now, effect),
                Effect::Dispatcher(now, effect) => self.outside.dispatcher(now, effect),
            }
        }
        if self.writer.is_over() {
            self.next_segment();
        }
    }

    /// Shows what the node sees, if what it showed is old or somebody is about to look.
    fn publish(&mut self) {
        let now = self.clock.now();
        if std::mem::take(&mut self.show) || self.board.is_old(now) {
            let load = self.dispatcher.machine_mut().load(now);
            let shadow = self.shadow.as_ref().map(Shadow::summary);
            let status = board::status(self.controller.machine(), &load, self.lost, shadow, now);
            self.board.publish(status, load, now);
        }
    }

    fn head(&self, segment: u64) -> Head {
        let now = self.clock.now();
        head(&self.name, segment, now, &self.policy_text, &self.controller, &self.dispatcher, &self.names)
    }

    fn next_segment(&mut self) {
        let head = self.head(self.segment + 1);
        match self.writer.begin_next(&head) {
            Ok(()) => {
                self.segment = head.segment;
                self.written = head.names.iter().map(|text| Name::of(text)).collect();
            }
            Err(error) => tracing::warn!(%error, "no new segment of the journal"),
        }
    }

    /// Goes on with another policy for the same regions, from a new segment of the journal on.
    fn change_policy(&mut self, policy: Arc<Policy>, text: PolicyText) {
        let now = self.clock.now();
        let controller = Controller::restore(Arc::clone(&policy), self.controller.machine().snapshot());
        let dispatcher = Dispatcher::restore(Arc::clone(&policy), self.dispatcher.machine().snapshot());
        let (Ok(controller), Ok(dispatcher)) = (controller, dispatcher) else {
            tracing::warn!(policy = text.file, "the new policy has other regions; restart the node to go on with it");
            return;
        };
        tracing::info!(policy = text.file, "a new policy is in force");
        self.controller = Host::new(controller, now);
        self.dispatcher = Host::new(dispatcher, now);
        (self.policy, self.policy_text) = (policy, text);
        self.board.policy(&self.policy);
        self.next_segment();
        self.wakes = [self.controller.machine().next_wake(), self.dispatcher.machine().next_wake()]
            .map(|wake| wake.map(|wake| wake.at));
    }

    fn set_shadow(&mut self, policy: Option<Arc<Policy>>) {
        let Some(policy) = policy else {
            self.shadow = None;
            return;
        };
        match Controller::restore(policy, self.controller.machine().snapshot()) {
            Ok(controller) => {
                tracing::info!("a policy is tried in the shadow");
                self.shadow = Some(Shadow::new(controller, self.clock.now()));
            }
            Err(error) => tracing::warn!(%error, "the policy cannot be tried in the shadow"),
        }
    }

    /// Leaves a segment that begins with all state, so that the next process has nothing to replay.
    fn close(mut self) {
        self.finish_batch(true);
        self.next_segment();
        tracing::info!(node = self.name, region = self.me.0, "the node has saved its state and ends");
    }
}
