//! Replays a journal: every event again into machines that begin where its writer's began. Knows turns; must not know
//! files.

use super::machines::Machines;
use super::read::{JournalError, Segment};
use crate::digest::Digest;
use std::collections::VecDeque;
use std::path::PathBuf;
use tidegate_core::journal::{Line, PolicyText};
use tidegate_core::{Fact, Timestamp};

/// What came of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Segments.
    pub segments: u64,
    /// Turns of both machines.
    pub turns: u64,
    /// Facts compared.
    pub facts: u64,
    /// From the first event to the last.
    pub from: Timestamp,
    /// See `from`.
    pub to: Timestamp,
    /// The digest of the recorded decisions.
    pub recorded: String,
    /// The digest of those made again.
    pub digest: String,
    /// The first fact that differs.
    pub difference: Option<Difference>,
    /// Segments whose last line was torn, by the kill of their writer.
    pub torn: u64,
    /// Segments that do not begin as the one before them ended: part of the journal is lost, or the state of its writer was.
    pub gaps: Vec<PathBuf>,
}

impl Replayed {
    /// Whether all was decided as it was recorded, and nothing is missing in between.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.difference.is_none() && self.recorded == self.digest && self.gaps.is_empty()
    }
}

/// Where a replay leaves its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The file.
    pub path: PathBuf,
    /// The line of the event whose turn differs, from 1.
    pub line: u64,
    /// When the turn was.
    pub at: Timestamp,
    /// The recorded fact, or none.
    pub recorded: Option<Fact>,
    /// The fact now, or none.
    pub now: Option<Fact>,
}

struct Replay {
    out: Replayed,
    recorded: Digest,
    now: Digest,
    /// Facts made again that the journal has yet to confirm.
    expected: VecDeque<Fact>,
    turn: (PathBuf, u64, Timestamp),
    /// The end of the segment before: its head without the state, and the machines.
    before: Option<(u64, PolicyText, Machines)>,
}

/// Replays segments in the order given. `seen` is told of every event's time, for progress.
///
/// # Errors
/// When a segment cannot be read. A difference is no error.
///
/// # Panics
/// When an invariant of a machine is broken, as it then was when the journal was written.
pub fn replay(paths: &[PathBuf], mut seen: impl FnMut(Timestamp)) -> Result<Replayed, JournalError> {
    let out = Replayed {
        segments: 0,
        turns: 0,
        facts: 0,
        from: Timestamp::MAX,
        to: Timestamp::ZERO,
        recorded: String::new(),
        digest: String::new(),
        difference: None,
        torn: 0,
        gaps: Vec::new(),
    };
    let turn = (PathBuf::new(), 0, Timestamp::ZERO);
    let mut replay = Replay {
        out,
        recorded: Digest::default(),
        now: Digest::default(),
        expected: VecDeque::new(),
        turn,
        before: None,
    };
    for path in paths {
        if let Some(segment) = Segment::open(path)? {
            replay.segment(segment, &mut seen)?;
        }
    }
    replay.out.recorded = replay.recorded.text();
    replay.out.digest = replay.now.text();
    Ok(replay.out)
}

impl Replay {
    fn segment(&mut self, mut segment: Segment, seen: &mut impl FnMut(Timestamp)) -> Result<(), JournalError> {
        let mut machines = Machines::of(&segment)?;
        self.out.segments += 1;
        let (number, policy) = (segment.head.segment, segment.head.policy.clone());
        // Under another policy the state begins otherwise, and a segment that was thrown away is known to be missing.
        let follows = |before: &(u64, PolicyText, Machines)| before.0 + 1 == number && before.1.text == policy.text;
        if self.before.take().is_some_and(|before| follows(&before) && !before.2.stand_as(&machines)) {
            self.out.gaps.push(segment.path.clone());
        }
        while let Some((number, line)) = segment.next_line()? {
            if let Line::Controller { at, .. } | Line::Dispatcher { at, .. } = line {
                self.begin(&segment, number, at, seen);
            }
            if let Line::Fact { at, fact } = line {
                self.fact(at, fact);
            }
            machines.turn(line, |fact| self.expected.push_back(fact));
        }
        // A writer that was killed may have written an event and not all of its facts.
        self.settle(true);
        self.out.torn += u64::from(segment.torn);
        self.before = Some((number, policy, machines));
        Ok(())
    }

    fn begin(&mut self, segment: &Segment, line: u64, at: Timestamp, seen: &mut impl FnMut(Timestamp)) {
        self.settle(false);
        self.turn = (segment.path.clone(), line, at);
        self.out.turns += 1;
        self.out.from = self.out.from.min(at);
        self.out.to = self.out.to.max(at);
        seen(at);
    }

    fn fact(&mut self, at: Timestamp, recorded: Fact) {
        self.out.facts += 1;
        self.recorded.fact(at, &recorded);
        let now = self.expected.pop_front();
        if let Some(now) = &now {
            self.now.fact(self.turn.2, now);
        }
        if now != Some(recorded) {
            self.differs(Some(recorded), now);
        }
    }

    /// What the journal has no facts for: a difference, unless its writer was killed there.
    fn settle(&mut self, at_end: bool) {
        let left = std::mem::take(&mut self.expected);
        if let (Some(now), false) = (left.front(), at_end) {
            left.iter().for_each(|fact| self.now.fact(self.turn.2, fact));
            self.differs(None, Some(*now));
        }
    }

    fn differs(&mut self, recorded: Option<Fact>, now: Option<Fact>) {
        let (path, line, at) = self.turn.clone();
        self.out.difference.get_or_insert(Difference { path, line, at, recorded, now });
    }
}
