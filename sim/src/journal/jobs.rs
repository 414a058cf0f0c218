//! The jobs that journals tell of: when each was queued, started and completed, whichever node heard of it. Knows events
//! and names; must not know loads.

use super::heard::heard;
use super::read::{JournalError, Segment};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tidegate_core::journal::Line;
use tidegate_core::port::{JobSpec, webhook};
use tidegate_core::{JobId, Name, Span, Timestamp};

/// The most jobs that are held.
const MOST: usize = 5_000_000;

/// What was heard of one attempt of a job, in whatever order.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    queued: Option<JobSpec>,
    started: Option<Timestamp>,
    completed: Option<Timestamp>,
}

/// A job that ran from its beginning to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobRan {
    /// What it asked for, and when.
    pub spec: JobSpec,
    /// From in progress to completed.
    pub duration: Span,
    /// When it was over.
    pub completed_at: Timestamp,
}

/// Jobs that are told of and did not run from beginning to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Queued before the journals begin.
    pub unqueued: u64,
    /// Never completed within the journals.
    pub open: u64,
    /// Ended without a start.
    pub unstarted: u64,
    /// Ended before they started, by GitHub's own times.
    pub reversed: u64,
}

/// The jobs of one journal, or of several nodes' journals: what two nodes heard of the same job counts once.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    heard: BTreeMap<(JobId, u16), Heard>,
    names: BTreeMap<Name, String>,
    /// When the first event was.
    pub first: Option<Timestamp>,
}

fn earlier(before: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    Some(before.map_or(now, |before| before.min(now)))
}

impl Jobs {
    /// Reads the segments of a journal in addition to what was read before.
    ///
    /// # Errors
    /// When one cannot be read, or there are too many jobs.
    pub fn read(&mut self, paths: &[PathBuf]) -> Result<(), JournalError> {
        for path in paths {
            let Some(mut segment) = Segment::open(path)? else { continue };
            let names = std::mem::take(&mut segment.head.names);
            names.into_iter().for_each(|text| self.name(text));
            while let Some((number, line)) = segment.next_line()? {
                self.line(line);
                if self.heard.len() > MOST {
                    let message = format!("this is job {}; expected at most {MOST}; give fewer segments", MOST + 1);
                    return Err(JournalError::Line { path: path.display().to_string(), line: number, message });
                }
            }
        }
        Ok(())
    }

    fn name(&mut self, text: String) {
        self.names.insert(Name::of(&text), text);
    }

    fn line(&mut self, line: Line) {
        match line {
            Line::Controller { at, event } => {
                self.first = earlier(self.first, at);
                heard(&event).for_each(|event| self.event(event));
            }
            Line::Dispatcher { at, .. } => self.first = earlier(self.first, at),
            Line::Name(text) => self.name(text),
            Line::Head(_) | Line::Fact { .. } => {}
        }
    }

    fn event(&mut self, event: webhook::Event) {
        match event {
            webhook::Event::JobQueued { spec } => self.queued(&spec),
            webhook::Event::JobStarted { job, run_attempt, started_at, .. } => {
                let heard = self.heard.entry((job, run_attempt)).or_default();
                heard.started = earlier(heard.started, started_at);
            }
            webhook::Event::JobCompleted { job, run_attempt, completed_at, .. } => {
                let heard = self.heard.entry((job, run_attempt)).or_default();
                heard.completed = earlier(heard.completed, completed_at);
            }
        }
    }

    fn queued(&mut self, spec: &JobSpec) {
        let heard = self.heard.entry((spec.job, spec.run_attempt)).or_default();
        if heard.queued.is_none_or(|before| spec.queued_at < before.queued_at) {
            heard.queued = Some(*spec);
        }
    }

    /// Attempts of jobs that are told of.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heard.len()
    }

    /// Whether no job is told of.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heard.is_empty()
    }

    /// The jobs that ran from beginning to end, by number, and how many did not.
    #[must_use]
    pub fn ran(&self) -> (Vec<JobRan>, LeftOut) {
        let (mut ran, mut out) = (Vec::new(), LeftOut::default());
        for heard in self.heard.values() {
            match (heard.queued, heard.started, heard.completed) {
                (None, _, _) => out.unqueued += 1,
                (Some(_), _, None) => out.open += 1,
                (Some(_), None, Some(_)) => out.unstarted += 1,
                (Some(_), Some(from), Some(to)) if to < from => out.reversed += 1,
                (Some(spec), Some(from), Some(to)) => {
                    ran.push(JobRan { spec, duration: to.since(from), completed_at: to });
                }
            }
        }
        (ran, out)
    }

    /// The text of a name, if a journal holds it.
    #[must_use]
    pub fn text(&self, name: Name) -> Option<&str> {
        self.names.get(&name).map(String::as_str)
    }
}

impl LeftOut {
    /// What was left out, a sentence each.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let all = [
            (self.unqueued, "jobs queued before the journal begins, left out"),
            (self.open, "jobs that never completed within the journal, left out"),
            (self.unstarted, "jobs that ended without a start, left out"),
            (self.reversed, "jobs that ended before they started, left out"),
        ];
        all.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{what}: {count}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, completed, queued, started};
    use super::*;
    use tidegate_core::controller;
    use tidegate_core::port::github;

    fn read(journals: &[(&str, &[controller::Event])]) -> Jobs {
        let folder = tempfile::tempdir().expect("a folder");
        let mut jobs = Jobs::default();
        for (node, events) in journals {
            let lines: Vec<Line> = events.iter().cloned().zip(1..).map(sample::heard).collect();
            jobs.read(&[sample::write(folder.path(), node, 1, &lines)]).expect("good");
        }
        jobs
    }

    #[test]
    fn jobs_come_from_beginning_to_end_in_any_order_and_what_two_nodes_heard_counts_once() {
        let first: &[_] = &[queued(7, 10), completed(8, 40), queued(7, 10), started(7, 12), queued(8, 11)];
        let second: &[_] = &[completed(7, 20), started(8, 15), completed(7, 20), queued(7, 10)];
        let jobs = read(&[("us-east-1", first), ("eu-west-1", second)]);
        let (ran, out) = jobs.ran();
        let told: Vec<_> = ran.iter().map(|job| (job.spec.job.0, job.duration, job.completed_at)).collect();
        let at = sample::at;
        assert_eq!(told, [(7, Span::from_secs(8), at(20)), (8, Span::from_secs(25), at(40))]);
        assert_eq!(out, LeftOut::default());
        assert_eq!(jobs.text(Name::of("acme/app")), Some("acme/app"));
        assert_eq!(jobs.text(Name::of("unheard of")), None);
        assert_eq!(jobs.first, Some(at(1)));
    }

    #[test]
    fn a_list_of_github_s_adds_jobs_whose_webhook_never_came() {
        let webhook::Event::JobQueued { spec } = sample::webhook(&queued(9, 3)) else { panic!("queued") };
        let list = controller::Event::GitHub(github::Event::Queued { jobs: vec![spec], complete: true });
        let jobs = read(&[("us-east-1", &[list, started(9, 70), completed(9, 75)])]);
        let (ran, _) = jobs.ran();
        assert_eq!(ran, [JobRan { spec, duration: Span::from_secs(5), completed_at: sample::at(75) }]);
    }

    #[test]
    fn what_is_not_whole_is_counted() {
        let events: &[_] = &[
            queued(1, 1),
            started(1, 2),
            started(2, 2),
            completed(2, 3),
            queued(3, 1),
            completed(3, 4),
            queued(4, 1),
            started(4, 9),
            completed(4, 8),
        ];
        let (ran, out) = read(&[("us-east-1", events)]).ran();
        assert_eq!((ran.len(), out), (0, LeftOut { unqueued: 1, open: 1, unstarted: 1, reversed: 1 }));
        assert_eq!(out.sentences().len(), 4);
    }
}
