//! One region's node: its two machines, their journal, and the loop that runs them. Knows turns, deadlines and the order
//! of journal, answers and effects; must not know what a machine decides or who answers an effect.
//!
//! The loop takes what has come, gives each its turn, hands the journal to the system, and only then answers the senders
//! of webhooks and lets the effects out: what a node did for others is on its journal before they can know of it.

mod board;
mod change;
mod desk;
mod inbox;
mod outside;
mod shadow;
mod stories;
#[cfg(test)]
mod tests;

pub use board::{Board, RegionStatus, Status};
pub use inbox::{Handle, Inbox, Incoming, Outlet, Refused, Taken};
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
use tidegate_core::machine::{Host, Wake};
use tidegate_core::policy::Policy;
use tidegate_core::port::{JobSpec, dequeue, github, webhook};
use tidegate_core::{Name, RegionId, Span, Timestamp};

/// What is taken in before the journal is handed over: so many share one write.
const BATCH: usize = 256;

/// The longest sleep: the board is kept fresh.
const SLEEP_MAX: Duration = Duration::from_millis(500);

/// A journal that cannot be written is tried again after so long.
const RETRY_EVERY: Span = Span::from_secs(1);

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
    /// When a journal that cannot be written was tried again last.
    tried_at: Timestamp,
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
            tried_at: Timestamp::ZERO,
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
                if let webhook::Event::JobQueued { spec } = &event {
                    self.note_names(vec![spec.organization, spec.repository, spec.class]);
                }
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
            Incoming::Controller(event) => {
                if let controller::Event::GitHub(github::Event::Queued { jobs, .. }) = &event {
                    let of = |spec: &JobSpec| [spec.organization, spec.repository, spec.class];
                    self.note_names(jobs.iter().flat_map(of).collect());
                }
                self.controller_turn(event);
            }
            Incoming::Dispatcher(event) => {
                if let dispatcher::Event::Dequeue(dequeue::Event::Received { messages }) = &event {
                    let of = |m: &dequeue::Message| [m.ticket.organization, m.ticket.repository, m.ticket.class];
                    self.note_names(messages.iter().flat_map(of).collect());
                }
                self.dispatcher_turn(event);
            }
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

    /// Texts of jobs that the journal does not have yet.
    fn note_names(&mut self, names: Vec<Name>) {
        for name in names {
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
        if self.shadow.as_mut().is_some_and(|shadow| !shadow.turn(now, &event)) {
            tracing::warn!("the shadow contradicts itself; the trial is over");
            self.shadow = None;
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
        let written = self.writer.commit(sync);
        let well = match written {
            Ok(()) => true,
            Err(error) => self.begin_again(&error),
        };
        self.board.set_journal(well, self.writer.bytes());
        self.publish();
        for taken in self.taken.drain(..) {
            let answer = if well { Ok(()) } else { Err(Refused::Journal) };
            let _ = taken.send(answer); // a sender that did not wait is answered by GitHub's sweep
        }
        if !well {
            self.effects.clear(); // nobody must know of what no journal knows; the machines ask again at their deadlines
        }
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Controller(effect) => self.outside.controller(effect),
                Effect::Dispatcher(effect) => self.outside.dispatcher(effect),
            }
        }
        if well && self.writer.is_over() {
            self.next_segment();
        }
    }

    /// Part of the segment is lost: another one, which begins with all state, takes its place. False while it cannot.
    fn begin_again(&mut self, error: &std::io::Error) -> bool {
        let now = self.clock.now();
        if now.since(self.tried_at) < RETRY_EVERY {
            return false;
        }
        self.tried_at = now;
        tracing::warn!(%error, "the journal cannot be written; webhooks are refused until it can");
        self.next_segment()
    }

    /// Shows what the node sees, if what it showed is old or somebody is about to look.
    fn publish(&mut self) {
        let now = self.clock.now();
        if std::mem::take(&mut self.show) || self.board.is_old(now) {
            let load = self.dispatcher.machine().load(now);
            let shadow = self.shadow.as_ref().map(Shadow::summary);
            let status = board::status(self.controller.machine(), &load, self.lost, shadow, now);
            self.board.publish(status);
        }
    }

    fn head(&self, segment: u64) -> Head {
        let now = self.clock.now();
        head(&self.name, segment, now, &self.policy_text, &self.controller, &self.dispatcher, &self.names)
    }

    /// Begins the next segment; false when the disk says no, and then this one goes on.
    fn next_segment(&mut self) -> bool {
        let head = self.head(self.segment + 1);
        match self.writer.begin_next(&head) {
            Ok(()) => {
                self.segment = head.segment;
                self.written = head.names.iter().map(|text| Name::of(text)).collect();
                true
            }
            Err(error) => {
                tracing::warn!(%error, "no new segment of the journal");
                false
            }
        }
    }

    /// Leaves a segment that begins with all state, so that the next process has nothing to replay.
    fn close(mut self) {
        self.finish_batch(true);
        self.next_segment();
        tracing::info!(node = self.name, region = self.me.0, "the node has saved its state and ends");
    }
}
