//! A node's journal, made by the node's own controller in a world that says yes to everything. Knows turns and lines; must
//! not know what is right.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use tidegate_core::controller::{self, Controller};
use tidegate_core::dispatcher::Dispatcher;
use tidegate_core::document::Source;
use tidegate_core::journal::{EXTENSION, FORMAT, Head, LineRef, PolicyText};
use tidegate_core::machine::{Host, Journal, Ports};
use tidegate_core::policy::file as policies;
use tidegate_core::port::{JobSpec, enqueue, table, webhook};
use tidegate_core::{Fact, JobId, Name, Need, PlacementId, RunId, Span, Timestamp};

/// When these journals begin: 2026-11-24, 15:00.
pub const BEGINS: Timestamp = Timestamp(1_795_532_400_000_000);

/// What a job of these journals is called by.
const TEXTS: [&str; 3] = ["patient-studio", "patient-studio/app", "linux,self-hosted,x64"];

/// A moment of these journals.
#[must_use]
pub fn at(seconds: u64) -> Timestamp {
    BEGINS + Span::from_secs(seconds)
}

/// A webhook: a job is queued in that second.
#[must_use]
pub fn queued(job: u64, second: u64) -> webhook::Event {
    let [organization, repository, class] = TEXTS.map(Name::of);
    let spec = JobSpec {
        job: JobId(job),
        run: RunId(1_000 + job),
        run_attempt: 1,
        organization,
        repository,
        sender: None,
        class,
        need: Need::default(),
        queued_at: at(second),
    };
    webhook::Event::JobQueued { spec }
}

/// A webhook: the job's own runner took it in that second.
#[must_use]
pub fn started(job: u64, second: u64) -> webhook::Event {
    let job = JobId(job);
    webhook::Event::JobStarted {
        job,
        run_attempt: 1,
        organization: Name::of(TEXTS[0]),
        runner: Some(PlacementId { job, run_attempt: 1, attempt: 1 }),
        started_at: at(second),
    }
}

/// A webhook: the job ended in that second.
#[must_use]
pub fn completed(job: u64, second: u64) -> webhook::Event {
    let job = JobId(job);
    webhook::Event::JobCompleted {
        job,
        run_attempt: 1,
        organization: Name::of(TEXTS[0]),
        runner: Some(PlacementId { job, run_attempt: 1, attempt: 1 }),
        completed_at: at(second),
    }
}

/// A node whose journal is made.
#[derive(Debug)]
pub struct Recorder {
    head: Head,
    controller: Host<Controller>,
    lines: Lines,
}

/// The lines so far.
#[derive(Debug, Default)]
struct Lines(Vec<String>);

impl Lines {
    fn push(&mut self, line: LineRef<'_>) {
        self.0.push(serde_json::to_string(&line).expect("data"));
    }
}

impl Journal<controller::Event> for Lines {
    fn event(&mut self, at: Timestamp, event: &controller::Event) {
        self.push(LineRef::Controller { at, event });
    }

    fn fact(&mut self, at: Timestamp, fact: &Fact) {
        self.push(LineRef::Fact { at, fact });
    }
}

/// Answers to claims and sends: yes.
#[derive(Default)]
struct Yes(Vec<controller::Event>);

impl Ports<controller::Effect> for Yes {
    fn submit(&mut self, _now: Timestamp, effect: controller::Effect) {
        match effect {
            controller::Effect::Table(table::Command::Claim { ticket }) => {
                let placement = ticket.placement;
                self.0.push(controller::Event::Table(table::Event::Claimed { placement }));
            }
            controller::Effect::Enqueue(enqueue::Command::Send { ticket }) => {
                let placement = ticket.placement;
                self.0.push(controller::Event::Enqueue(enqueue::Event::Sent { placement }));
            }
            controller::Effect::Table(_) | controller::Effect::GitHub(_) | controller::Effect::Probe(_) => {}
        }
    }
}

impl Recorder {
    /// A node of a policy in TOML comes up.
    ///
    /// # Panics
    /// When the policy is wrong, or has no such region.
    #[must_use]
    pub fn begin(policy: &str, node: &str) -> Self {
        let text = PolicyText { file: "policy.toml".to_owned(), text: policy.to_owned() };
        let policy = Arc::new(policies::read(&Source::new("policy.toml", policy)).expect("a good policy"));
        let me = policy.region_named(node).expect("a region of the policy");
        let controller = Controller::new(Arc::clone(&policy), me, 1, BEGINS);
        let head = Head {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            node: node.to_owned(),
            segment: 1,
            at: BEGINS,
            policy: text,
            controller: controller.snapshot(),
            dispatcher: Dispatcher::new(policy, me).snapshot(),
            names: TEXTS.map(str::to_owned).to_vec(),
        };
        let mut lines = Lines::default();
        lines.push(LineRef::Head(&head));
        let mut node = Self { head, controller: Host::new(controller, BEGINS), lines };
        node.turn(BEGINS, controller::Event::Started);
        node
    }

    /// It hears a webhook in that second, and what it asks of the world is answered at once.
    pub fn hears(&mut self, second: u64, event: webhook::Event) -> &mut Self {
        self.turn(at(second), controller::Event::Webhook(event));
        self
    }

    fn turn(&mut self, now: Timestamp, event: controller::Event) {
        let (mut now, mut events) = (now, vec![event]);
        while let Some(event) = events.pop() {
            let mut answers = Yes::default();
            self.controller.turn(now, event, &mut answers, &mut self.lines);
            events.extend(answers.0);
            now += Span::from_millis(10);
        }
    }

    /// Writes the segment so far, as [`Recorder::write`], and goes on with the next, which begins in that second.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn rotate(&mut self, folder: &Path, second: u64) -> PathBuf {
        let path = self.write(folder);
        self.head.segment += 1;
        (self.head.at, self.head.controller) = (at(second), self.controller.machine().snapshot());
        self.lines = Lines::default();
        self.lines.push(LineRef::Head(&self.head));
        path
    }

    /// Writes its journal's latest segment into a folder that is made; gives the segment's path.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> PathBuf {
        std::fs::create_dir_all(folder).expect("a folder");
        let path = folder.join(format!("{:08}-{}.{EXTENSION}", self.head.segment, self.head.node));
        std::fs::write(&path, self.lines.0.join("\n") + "\n").expect("written");
        path
    }
}
