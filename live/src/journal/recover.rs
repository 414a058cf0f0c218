//! Takes up the state that an earlier process left in its journal. Knows heads and turns; must not know the world: what
//! was in flight is lost, and the machines' own deadlines find it again. Marks have none: the latest are told.

use std::collections::VecDeque;
use std::path::Path;
use tidegate_core::journal::Line;
use tidegate_core::port::table::Mark;
use tidegate_core::{Span, Timestamp, controller, dispatcher};
use tidegate_sim::journal::{JournalError, Machines, Segment, segments};

/// A mark that is older than this when its process ends is written, or was given up: its tries take a minute or so.
const MARKS_FOR: Span = Span::from_secs(120);

/// So many marks are told at the most, the latest ones.
const MARKS_MAX: usize = 10_000;

/// Segments before the last one that are read for marks at the most: a process that is killed soon after its start has hardly
/// begun another.
const EARLIER_MAX: usize = 2;

/// What an earlier process left.
#[derive(Debug)]
pub struct Recovered {
    /// The controller's state after its last turn.
    pub controller: controller::Snapshot,
    /// The dispatcher's state after its last turn.
    pub dispatcher: dispatcher::Snapshot,
    /// What it had marked in the table of claims just before it ended, and when, oldest first: that may not be written.
    pub marks: Vec<(Timestamp, Mark)>,
    /// Texts it had seen.
    pub names: Vec<String>,
    /// When the earliest segment began that was read.
    began: Timestamp,
    /// The time of its last turn.
    pub last: Timestamp,
    /// Turns that were made again.
    pub turns: u64,
    /// The regions of the policy it ran under, in their order.
    pub regions: Vec<String>,
}

/// The state at the end of the journal in a folder; `None` when there is none.
///
/// # Errors
/// When there is one and it cannot be read.
pub fn recover(folder: &Path) -> Result<Option<Recovered>, JournalError> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let Ok(paths) = segments(folder) else { return Ok(None) };
    // A head is written before its file has its name, so the last one has a head.
    let Some((path, earlier)) = paths.split_last() else { return Ok(None) };
    let mut left = recover_segment(path)?;
    let since = Timestamp(left.last.0.saturating_sub(MARKS_FOR.0));
    for path in earlier.iter().rev().take(EARLIER_MAX) {
        if left.began <= since {
            break;
        }
        // It is read for its marks alone: all else is in the head of the next one.
        let Ok(before) = recover_segment(path) else { break };
        left.began = before.began;
        left.marks.splice(0..0, before.marks);
    }
    left.marks.retain(|(at, _)| *at >= since);
    left.marks.drain(..left.marks.len().saturating_sub(MARKS_MAX));
    Ok(Some(left))
}

fn recover_segment(path: &Path) -> Result<Recovered, JournalError> {
    let Some(segment) = Segment::open(path)? else {
        let message = "has no whole head; what it held is lost to this node".to_owned();
        return Err(JournalError::File { path: path.display().to_string(), message });
    };
    let path = path.display().to_string();
    // A machine that contradicts itself would do so again at every start.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| replay(segment))).unwrap_or_else(|_| {
        Err(JournalError::File { path, message: "an invariant broke in its replay; see above".to_owned() })
    })
}

fn replay(mut segment: Segment) -> Result<Recovered, JournalError> {
    let mut machines = Machines::of(&segment)?;
    let regions = segment.policy()?.regions.into_iter().map(|region| region.name).collect();
    let began = segment.head.at;
    let (mut names, mut last, mut turns) = (segment.head.names.clone(), began, 0);
    let mut marks = VecDeque::new();
    while let Some((_, line)) = segment.next_line()? {
        match &line {
            Line::Controller { at, .. } | Line::Dispatcher { at, .. } => (last, turns) = (last.max(*at), turns + 1),
            Line::Name(text) => names.push(text.clone()),
            Line::Fact { .. } | Line::Head(_) => {}
        }
        machines.turn_with_marks(line, |_| {}, |mark| marks.push_back((last, mark)));
        while marks.len() > MARKS_MAX || marks.front().is_some_and(|(at, _)| last.since(*at) > MARKS_FOR) {
            marks.pop_front();
        }
    }
    let (controller, dispatcher) = machines.snapshots();
    Ok(Recovered { controller, dispatcher, marks: marks.into(), names, began, last, turns, regions })
}

#[cfg(test)]
mod tests {
    use super::super::{Writer, tests::head};
    use super::*;
    use crate::config;
    use tidegate_core::machine::Journal;
    use tidegate_core::port::webhook;
    use tidegate_core::{JobId, Name};

    // Broken: a process that is killed before the table has a mark leaves that claim open for good; and so does one that is
    // killed again as soon as it has started.
    #[test]
    fn what_was_marked_just_before_the_end_is_told_of_this_segment_and_the_one_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = config::Journal { segment_bytes: 1_000_000, keep: 8, sync: false };
        let at = |seconds: u64| Timestamp(seconds * 1_000_000);
        let completed = |job: u64| {
            let (job, organization, completed_at) = (JobId(job), Name::of("acme"), at(job));
            let event = webhook::Event::JobCompleted { job, run_attempt: 1, organization, runner: None, completed_at };
            controller::Event::Webhook(event)
        };
        let marked = |segment: u64, from: u64, jobs: &[(u64, u64)]| {
            let head = head(segment, at(from));
            let mut writer = Writer::begin(folder.path(), limits, &head).expect("begun");
            for (job, second) in jobs {
                Journal::event(&mut writer, at(*second), &completed(*job));
            }
            writer.commit(false).expect("written");
            let left = recover(folder.path()).expect("it can be read").expect("it is there");
            left.marks.iter().map(|(_, mark)| mark.job.0).collect::<Vec<_>>()
        };
        assert_eq!(marked(1, 1_000, &[(1, 1_001), (2, 1_070), (3, 1_150)]), [2, 3], "the first is two minutes old");
        assert_eq!(marked(2, 1_180, &[]), [2, 3], "it was killed as soon as it had started");
        assert_eq!(marked(3, 1_185, &[(4, 1_195)]), [3, 4]);
        assert_eq!(marked(4, 2_000, &[(5, 2_001)]), [5], "all else was long ago");
    }
}
