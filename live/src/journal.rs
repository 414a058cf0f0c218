//! Writes the journal of a node, and takes up where an earlier process stopped. Knows files, their ends and their limits;
//! must not know what an event means.

mod recover;

pub use recover::{Recovered, recover};

use crate::config;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tidegate_core::journal::{EXTENSION, Head, LineRef};
use tidegate_core::machine::Journal;
use tidegate_core::{Fact, Timestamp, controller, dispatcher};
use tidegate_sim::journal::segments;

/// The journal being written.
///
/// Lines gather in memory until [`Writer::commit`], which hands them to the system in one write: a process that is killed
/// leaves whole turns, and at the most one torn line. A write that fails is told by `commit`; what was not written is
/// lost, so that the next segment, which begins with all state, must follow: [`Writer::begin_next`].
#[derive(Debug)]
pub struct Writer {
    folder: PathBuf,
    limits: config::Journal,
    file: File,
    lines: Vec<u8>,
    written: u64,
    /// Bytes of its head.
    head: u64,
    failed: bool,
}

/// The path of a segment.
fn path_of(folder: &Path, head: &Head) -> PathBuf {
    folder.join(format!("{:08}-{}.{EXTENSION}", head.segment, head.node))
}

/// The number of the next segment of a folder.
#[must_use]
pub fn next_segment(folder: &Path) -> u64 {
    let paths = segments(folder).unwrap_or_default();
    let number = |path: &PathBuf| path.file_name()?.to_str()?.split('-').next()?.parse::<u64>().ok();
    paths.iter().filter_map(number).max().unwrap_or(0) + 1
}

/// Writes a segment's head and gives the file to go on with. Under another name until it is whole and on the disk.
fn open(folder: &Path, head: &Head) -> io::Result<(File, u64)> {
    std::fs::create_dir_all(folder)?;
    let path = path_of(folder, head);
    let begun = path.with_extension("begun");
    let mut line = serde_json::to_vec(&LineRef::Head(head)).map_err(io::Error::other)?;
    line.push(b'\n');
    let mut file = File::create(&begun)?;
    file.write_all(&line)?;
    file.sync_data()?;
    std::fs::rename(&begun, &path)?;
    Ok((file, line.len() as u64))
}

impl Writer {
    /// Begins a journal's next segment in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn begin(folder: &Path, limits: config::Journal, head: &Head) -> io::Result<Self> {
        let (file, written) = open(folder, head)?;
        let (folder, lines) = (folder.to_owned(), Vec::new());
        let writer = Self { folder, limits, file, lines, written, head: written, failed: false };
        writer.prune();
        Ok(writer)
    }

    /// Whether another segment should begin: this one is full, or part of it is lost.
    #[must_use]
    pub fn is_over(&self) -> bool {
        // A head may be as large as a segment: then a segment is twice its head.
        self.written - self.head >= self.limits.segment_bytes.max(self.head) || self.failed
    }

    /// Whether part of this segment is lost, so that another one must begin.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.failed
    }

    /// Ends this segment and begins the next; the oldest go when there are too many.
    ///
    /// # Errors
    /// When the disk says no: then this segment goes on.
    pub fn begin_next(&mut self, head: &Head) -> io::Result<()> {
        if self.failed {
            self.lines.clear(); // the head holds what they led to
        } else {
            self.commit(true)?;
        }
        let (file, written) = open(&self.folder, head)?;
        (self.file, self.written, self.head, self.failed) = (file, written, written, false);
        self.prune();
        Ok(())
    }

    /// Writes a text seen for the first time.
    pub fn name(&mut self, text: &str) {
        self.line(LineRef::Name(text));
    }

    fn line(&mut self, line: LineRef<'_>) {
        serde_json::to_writer(&mut self.lines, &line).expect("events and facts are data");
        self.lines.push(b'\n');
    }

    /// Hands over what was written since the last time. `sync`: and waits until the disk has it, where the configuration
    /// says that somebody's answer waits for that.
    ///
    /// # Errors
    /// When it cannot: the lines are lost to this segment.
    pub fn commit(&mut self, sync: bool) -> io::Result<()> {
        if self.failed {
            self.lines.clear();
            return Err(io::Error::other("part of this segment is lost; another one must begin"));
        }
        let mut done = self.file.write_all(&self.lines);
        if done.is_ok() && sync && self.limits.sync {
            done = self.file.sync_data();
        }
        self.written += self.lines.len() as u64;
        self.lines.clear();
        self.failed = done.is_err();
        done
    }

    /// Bytes of this segment.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.written
    }

    /// Deletes the oldest segments beyond what is kept.
    fn prune(&self) {
        let closed = segments(&self.folder).unwrap_or_default();
        let extra = closed.len().saturating_sub(self.limits.keep + 1);
        for path in closed.iter().take(extra) {
            if let Err(error) = std::fs::remove_file(path) {
                tracing::warn!(%error, path = %path.display(), "an old segment of the journal stays");
            }
        }
    }
}

impl Journal<controller::Event> for Writer {
    fn event(&mut self, at: Timestamp, event: &controller::Event) {
        self.line(LineRef::Controller { at, event });
    }

    fn fact(&mut self, at: Timestamp, fact: &Fact) {
        self.line(LineRef::Fact { at, fact });
    }
}

impl Journal<dispatcher::Event> for Writer {
    fn event(&mut self, at: Timestamp, event: &dispatcher::Event) {
        self.line(LineRef::Dispatcher { at, event });
    }

    fn fact(&mut self, at: Timestamp, fact: &Fact) {
        self.line(LineRef::Fact { at, fact });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tidegate_core::journal::{FORMAT, PolicyText};
    use tidegate_core::policy::{Policy, Region};
    use tidegate_core::{RegionId, controller::Controller, dispatcher::Dispatcher};

    /// The policy of [`head`], as text.
    const POLICY: &str = r#"{ "regions": [{ "name": "us-east-1", "priority": 1 }] }"#;

    pub(super) fn head(segment: u64, at: Timestamp) -> Head {
        let policy = Arc::new(Policy::of_regions(vec![Region::new("us-east-1", 1)]));
        Head {
            format: FORMAT,
            version: String::new(),
            node: "us-east-1".to_owned(),
            segment,
            at,
            policy: PolicyText { file: "policy.json".to_owned(), text: POLICY.to_owned() },
            controller: Controller::new(Arc::clone(&policy), RegionId(0), 1, at).snapshot(),
            dispatcher: Dispatcher::new(policy, RegionId(0)).snapshot(),
            names: Vec::new(),
        }
    }

    #[test]
    fn a_journal_goes_on_after_a_write_that_failed_and_old_segments_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = config::Journal { segment_bytes: 1, keep: 2, sync: false };
        let mut writer = Writer::begin(folder.path(), limits, &head(1, Timestamp(1))).expect("begun");
        assert!(!writer.is_over(), "a head alone is no reason for another");
        writer.file = File::options().write(true).open("/dev/full").expect("it is always full");
        writer.name("lost");
        assert!(writer.commit(false).is_err());
        assert!(writer.is_over() && writer.commit(false).is_err(), "until another segment begins");
        writer.begin_next(&head(2, Timestamp(2))).expect("the disk has room again");
        writer.name("kept");
        writer.commit(true).expect("it goes on");
        for segment in 3..9 {
            writer.begin_next(&head(segment, Timestamp(segment))).expect("room");
        }
        let left = segments(folder.path()).expect("some");
        assert_eq!(left.len(), 3, "two closed ones and the one being written");
        assert_eq!(next_segment(folder.path()), 9);
    }
}
