//! The story of one job out of journals: what nodes heard of it and decided about it. Knows which lines are about it; must
//! not know how facts read (see `explain`).

use super::heard::heard;
use super::read::{JournalError, Segment};
use crate::explain::{self, Heard};
use crate::recorder::job_of;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use tidegate_core::journal::Line;
use tidegate_core::port::{JobSpec, webhook};
use tidegate_core::{Fact, JobId, PlacementId, RegionId, Timestamp};

/// A line of the story, before all is known that it tells.
#[derive(Clone, Debug)]
struct Entry {
    at: Timestamp,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// About the job.
    Job(String),
    /// About regions.
    Region(String),
    /// GitHub's word that a runner took the job.
    Started { run_attempt: u16, runner: Option<PlacementId>, at: Timestamp },
    /// GitHub's word that the job ended.
    Completed { run_attempt: u16, runner: Option<PlacementId>, at: Timestamp },
}

/// What the journal of one node tells.
#[derive(Clone, Debug, Default)]
struct Told {
    node: String,
    regions: Vec<String>,
    entries: Vec<Entry>,
    /// GitHub's words that were heard already: deliveries come doubled.
    heard: BTreeSet<(u16, &'static str)>,
}

/// The story of a job by several nodes.
#[derive(Clone, Debug)]
pub struct Story {
    job: JobId,
    nodes: Vec<Told>,
    queued_at: BTreeMap<u16, Timestamp>,
    started_at: BTreeMap<u16, Timestamp>,
    /// Where each runner is; a job may be taken by the runner of another.
    placed: BTreeMap<PlacementId, RegionId>,
    jobs: BTreeSet<JobId>,
    span: Option<(Timestamp, Timestamp)>,
}

impl Story {
    /// An empty story.
    #[must_use]
    pub const fn of(job: JobId) -> Self {
        Self {
            job,
            nodes: Vec::new(),
            queued_at: BTreeMap::new(),
            started_at: BTreeMap::new(),
            placed: BTreeMap::new(),
            jobs: BTreeSet::new(),
            span: None,
        }
    }

    /// Reads the segments of a node's journal.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn read(&mut self, paths: &[PathBuf]) -> Result<(), JournalError> {
        let mut told = Told::default();
        for path in paths {
            let Some(mut segment) = Segment::open(path)? else { continue };
            let policy = segment.policy()?;
            told.regions = policy.regions.iter().map(|region| region.name.clone()).collect();
            told.node.clone_from(&segment.head.node);
            while let Some((_, line)) = segment.next_line()? {
                match line {
                    Line::Controller { at, event } => {
                        self.saw(at);
                        for event in heard(&event) {
                            self.webhook(&mut told, at, event, |spec| policy.home_of(spec));
                        }
                    }
                    Line::Dispatcher { at, .. } => self.saw(at),
                    Line::Fact { at, fact } => self.fact(&mut told, at, &fact),
                    Line::Head(_) | Line::Name(_) => {}
                }
            }
        }
        self.nodes.push(told);
        Ok(())
    }

    fn saw(&mut self, at: Timestamp) {
        let (from, to) = self.span.unwrap_or((at, at));
        self.span = Some((from.min(at), to.max(at)));
    }

    fn fact(&mut self, told: &mut Told, at: Timestamp, fact: &Fact) {
        if let Fact::JobPlaced { placement, decision, .. } = fact {
            self.placed.insert(*placement, decision.region);
        }
        let about = job_of(fact);
        self.jobs.extend(about);
        if about.is_some_and(|job| job != self.job) {
            return;
        }
        if let Some(text) = explain::line(at, fact, &told.regions) {
            let what = if about.is_some() { What::Job(text) } else { What::Region(text) };
            told.entries.push(Entry { at, what });
        }
    }

    fn webhook(
        &mut self,
        told: &mut Told,
        at: Timestamp,
        event: webhook::Event,
        home_of: impl Fn(&JobSpec) -> RegionId,
    ) {
        match event {
            webhook::Event::JobQueued { spec } => self.queued(told, at, &spec, &home_of),
            webhook::Event::JobStarted { job, run_attempt, runner, started_at, .. } => {
                self.jobs.insert(job);
                if job == self.job && told.heard.insert((run_attempt, "started")) {
                    self.started_at.entry(run_attempt).or_insert(started_at);
                    told.entries.push(Entry { at, what: What::Started { run_attempt, runner, at: started_at } });
                }
            }
            webhook::Event::JobCompleted { job, run_attempt, runner, completed_at, .. } => {
                self.jobs.insert(job);
                if job == self.job && told.heard.insert((run_attempt, "completed")) {
                    told.entries.push(Entry { at, what: What::Completed { run_attempt, runner, at: completed_at } });
                }
            }
        }
    }

    fn queued(&mut self, told: &mut Told, at: Timestamp, spec: &JobSpec, home_of: &impl Fn(&JobSpec) -> RegionId) {
        self.jobs.insert(spec.job);
        if spec.job == self.job && told.heard.insert((spec.run_attempt, "queued")) {
            self.queued_at.entry(spec.run_attempt).or_insert(spec.queued_at);
            // GitHub's time, which is before the node heard of it; its clock may be ahead.
            let at = spec.queued_at.min(at);
            let text = explain::heard(at, &Heard::Queued { home: home_of(spec) }, &told.regions);
            told.entries.push(Entry { at, what: What::Job(text) });
        }
    }

    /// Jobs that the journals know.
    #[must_use]
    pub fn known(&self) -> usize {
        self.jobs.len()
    }

    /// The first and the last event of the journals.
    #[must_use]
    pub const fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.span
    }

    /// The names of the nodes, each once, in the order in which they were read.
    #[must_use]
    pub fn nodes(&self) -> Vec<&str> {
        let mut nodes: Vec<&str> = Vec::new();
        for told in self.nodes.iter().filter(|told| !told.node.is_empty()) {
            if !nodes.contains(&told.node.as_str()) {
                nodes.push(&told.node);
            }
        }
        nodes
    }

    /// The lines in order of time, from the first about the job to the last: with the node in front when there are
    /// several. Empty when no journal tells of the job.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let nodes = self.nodes();
        let width = nodes.iter().map(|node| node.len()).max().unwrap_or(0);
        let mut all: Vec<(Timestamp, bool, String)> = Vec::new();
        for told in &self.nodes {
            for entry in &told.entries {
                let text = self.words(told, entry);
                let text = if nodes.len() > 1 { format!("{:width$}  {text}", told.node) } else { text };
                all.push((entry.at, matches!(entry.what, What::Region(_)), text));
            }
        }
        all.sort_by_key(|(at, ..)| *at);
        let Some(first) = all.iter().position(|(_, region, _)| !region) else { return Vec::new() };
        let last = all.iter().rposition(|(_, region, _)| !region).unwrap_or(first);
        all.drain(first..=last).map(|(.., text)| text).collect()
    }

    fn words(&self, told: &Told, entry: &Entry) -> String {
        let region = |runner: &PlacementId| self.placed.get(runner).copied();
        match &entry.what {
            What::Job(text) | What::Region(text) => text.clone(),
            What::Started { run_attempt, runner, at } => {
                let wait = self.queued_at.get(run_attempt).map(|queued_at| at.since(*queued_at));
                let region = runner.as_ref().and_then(region);
                explain::heard(entry.at, &Heard::Started { runner: *runner, region, wait }, &told.regions)
            }
            What::Completed { run_attempt, runner, at } => {
                let ran = self.started_at.get(run_attempt).map(|started_at| at.since(*started_at));
                let region = runner.as_ref().and_then(region);
                explain::heard(entry.at, &Heard::Completed { runner: *runner, region, ran }, &told.regions)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, at, completed, heard, queued, started};
    use super::*;
    use tidegate_core::Span;
    use tidegate_core::controller::phase::{Cause, Phase};

    fn accepted(job: u64, region: u8, second: u64) -> Line {
        let fact = Fact::LaunchAccepted {
            placement: PlacementId { job: JobId(job), run_attempt: 1, attempt: 1 },
            region: RegionId(region),
            home: RegionId(0),
            regional: true,
            spot: false,
            wait: Span::from_secs(1),
        };
        Line::Fact { at: at(second), fact }
    }

    fn suspect(second: u64) -> Line {
        let fact = Fact::PhaseChanged {
            observer: RegionId(1),
            region: RegionId(0),
            from: Phase::Active,
            to: Phase::Suspect,
            cause: Cause::ProbesMissed,
        };
        Line::Fact { at: at(second), fact }
    }

    #[test]
    fn the_story_is_told_by_all_nodes_in_order_of_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let lines = [suspect(1), heard((queued(7, 2), 3)), heard((queued(8, 2), 3)), heard((completed(7, 60), 61))];
        let first = sample::write(folder.path(), "us-east-1", 1, &lines);
        let lines = [suspect(1), suspect(5), accepted(7, 1, 6), heard((started(7, 50), 51)), suspect(99)];
        let second = sample::write(folder.path(), "eu-west-1", 1, &lines);
        let mut story = Story::of(JobId(7));
        story.read(std::slice::from_ref(&first)).expect("good");
        story.read(&[second]).expect("good");
        assert_eq!((story.known(), story.span()), (2, Some((at(3), at(61)))));
        let lines = story.lines();
        let wanted = [
            "us-east-1  11-24 00:00:02.000  queued at GitHub; home is us-east-1",
            "eu-west-1  11-24 00:00:05.000    [eu-west-1] sees us-east-1 as Suspect (ProbesMissed)",
            "eu-west-1  11-24 00:00:06.000  launch accepted in eu-west-1 (1.0s after it was received)",
            "eu-west-1  11-24 00:00:51.000  IN PROGRESS on runner tidegate-7-1-1 (48.0s after it was queued)",
            "us-east-1  11-24 00:01:01.000  completed (ran 10.0s)",
        ];
        assert_eq!(lines, wanted);
        let mut alone = Story::of(JobId(7));
        alone.read(std::slice::from_ref(&first)).expect("good");
        assert_eq!(
            alone.lines(),
            ["11-24 00:00:02.000  queued at GitHub; home is us-east-1", "11-24 00:01:01.000  completed"]
        );
        let mut none = Story::of(JobId(9));
        none.read(&[first]).expect("good");
        assert!(none.lines().is_empty());
    }
}
