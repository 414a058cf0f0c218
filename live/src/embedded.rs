//! Embedded mode: the simulator's virtual world on the real clock, in the place of AWS and GitHub. Knows the world's
//! thread and who is told what; must not know HTTP or what a node decides.

use crate::clock::Clock;
use crate::node::{Handle, Incoming, Outside};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use tidegate_core::port::{JobSpec, Ticket, probe, webhook};
use tidegate_core::{Policy, RegionId, RegionSet, Span, controller, dispatcher};
use tidegate_sim::real_time::{RealTime, Tellings, Told};

/// The longest sleep of the world's thread.
const SLEEP_MAX: Duration = Duration::from_millis(200);

/// What the world's thread is told.
enum Say {
    Controller(RegionId, controller::Effect),
    Dispatcher(RegionId, dispatcher::Effect),
    Queue(Box<JobSpec>),
    Lost(RegionId, bool),
    Stop,
}

/// The virtual world, from outside its thread.
#[derive(Clone, Debug)]
pub struct Embedded {
    sender: mpsc::Sender<Say>,
    shown: Arc<Shown>,
}

/// What the world's thread shows.
#[derive(Debug, Default)]
struct Shown {
    ingress: AtomicU8,
    lost: AtomicU8,
}

impl Embedded {
    /// Starts the world's thread. `nodes`: the nodes by region; `job_duration`: how long a job runs whose webhook came
    /// from outside.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(
        world: RealTime,
        nodes: Vec<Handle>,
        clock: Arc<Clock>,
        job_duration: Span,
    ) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (sender, receiver) = mpsc::channel();
        let shown = Arc::new(Shown::default());
        let thread = Thread { world, nodes, clock, job_duration, shown: Arc::clone(&shown), out: Vec::new() };
        let joined = std::thread::Builder::new().name("world".to_owned()).spawn(move || thread.run(&receiver))?;
        Ok((Self { sender, shown }, joined))
    }

    /// The way out of the node of a region.
    #[must_use]
    pub fn outside(&self, node: RegionId) -> impl Outside + use<> {
        Way { sender: self.sender.clone(), node }
    }

    /// A job was queued at somebody's GitHub, and its webhook was taken.
    pub fn queue(&self, event: &webhook::Event) {
        if let webhook::Event::JobQueued { spec } = event {
            self.say(Say::Queue(Box::new(*spec)));
        }
    }

    /// Loses a region, or brings it back.
    pub fn set_lost(&self, region: RegionId, lost: bool) {
        self.say(Say::Lost(region, lost));
    }

    /// The node that webhooks are sent to now.
    #[must_use]
    pub fn ingress(&self) -> RegionId {
        RegionId(self.shown.ingress.load(Ordering::Acquire))
    }

    /// The regions that are lost.
    #[must_use]
    pub fn lost(&self) -> RegionSet {
        RegionSet(self.shown.lost.load(Ordering::Acquire))
    }

    /// Ends the world's thread.
    pub fn stop(&self) {
        self.say(Say::Stop);
    }

    fn say(&self, say: Say) {
        let _ = self.sender.send(say); // it fails when the world has ended, and then nothing matters any more
    }
}

/// A node's effects on their way to the world.
struct Way {
    sender: mpsc::Sender<Say>,
    node: RegionId,
}

impl Outside for Way {
    fn controller(&mut self, effect: controller::Effect) {
        let _ = self.sender.send(Say::Controller(self.node, effect));
    }

    fn dispatcher(&mut self, effect: dispatcher::Effect) {
        let _ = self.sender.send(Say::Dispatcher(self.node, effect));
    }

    fn adopt(&mut self, _held: Vec<(Ticket, bool)>) {} // the world begins with the process, and so do its tasks

    fn policy(&mut self, _policy: &Policy) {} // the world has budgets and times of its own
}

struct Thread {
    world: RealTime,
    nodes: Vec<Handle>,
    clock: Arc<Clock>,
    job_duration: Span,
    shown: Arc<Shown>,
    out: Tellings,
}

impl Thread {
    fn run(mut self, receiver: &mpsc::Receiver<Say>) {
        loop {
            let next = self.world.next_at().map_or(SLEEP_MAX, |at| self.clock.until(at));
            let first = match receiver.recv_timeout(next.min(SLEEP_MAX)) {
                Ok(Say::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(first) => Some(first),
                Err(RecvTimeoutError::Timeout) => None,
            };
            self.advance();
            if let Some(first) = first {
                self.say(first);
            }
            while let Ok(say) = receiver.try_recv() {
                if matches!(say, Say::Stop) {
                    return;
                }
                self.say(say);
            }
            self.advance();
            self.tell();
        }
    }

    fn advance(&mut self) {
        let (now, nodes) = (self.clock.now(), &self.nodes);
        let load = |region: RegionId| probe::Load { at: now, ..nodes[region.index()].board.load() };
        self.world.advance(now, load, &mut self.out);
    }

    fn say(&mut self, say: Say) {
        match say {
            Say::Controller(node, effect) => self.world.submit_controller(node, effect),
            Say::Dispatcher(node, effect) => self.world.submit_dispatcher(node, effect),
            Say::Queue(spec) => {
                self.world.queue(&spec, self.job_duration);
            }
            Say::Lost(region, lost) => self.world.set_lost(region, lost, &mut self.out),
            Say::Stop => {}
        }
    }

    fn tell(&mut self) {
        for (node, told) in self.out.drain(..) {
            let inbox = &self.nodes[node.index()].inbox;
            match told {
                Told::Controller(event) => inbox.tell(Incoming::Controller(event)),
                Told::Dispatcher(event) => inbox.tell(Incoming::Dispatcher(event)),
                Told::Delivery(event) => inbox.delivery(event),
                Told::Lost => inbox.tell(Incoming::Lost),
                Told::Risen => inbox.tell(Incoming::Risen),
            }
        }
        let all = (0..self.nodes.len()).map(RegionId::at);
        let lost = all.filter(|r| self.world.is_lost(*r)).fold(RegionSet::EMPTY, RegionSet::with);
        self.shown.lost.store(lost.0, Ordering::Release);
        // Real senders have no patience for a name server's: they are sent to the first node that is there.
        let first = (0..self.nodes.len()).map(RegionId::at).find(|r| !lost.contains(*r));
        self.shown.ingress.store(first.unwrap_or_default().0, Ordering::Release);
    }
}
