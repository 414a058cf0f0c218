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
    failed: bool,
}

/// The path of a segment.
fn path_of(folder: &Path, head: &Head) -> PathBuf {
    folder.join(format!("{:08}-{}.{EXTENSION}", head.segment, head.node))
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
        let writer = Self { folder: folder.to_owned(), limits, file, lines: Vec::new(), written, failed: false };
        writer.prune()?;
        Ok(writer)
    }

    /// Whether another segment should begin: this one is full, or part of it is lost.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.written >= self.limits.segment_bytes || self.failed
    }

    /// Ends this segment and begins the next; the oldest go when there are too many.
    ///
    /// # Errors
    /// When the disk says no: then this segment goes on.
    pub fn begin_next(&mut self, head: &Head) -> io::Result<()> {
        self.commit(true)?;
        let (file, written) = open(&self.folder, head)?;
        (self.file, self.written, self.failed) = (file, written, false);
        self.prune()
    }

    /// Writes a text seen for the first time.
    pub fn name(&mut self, text: &str) {
        self.line(LineRef::Name(text));
    }

    fn line(&mut self, line: LineRef<'_>) {
        serde_json::to_writer(&mut self.lines, &line).expect("events and facts are data");
        self.lines.push(b'\n');
    }

    /// Hands over what was written since the last time. `sync`: and waits until the disk has it.
    ///
    /// # Errors
    /// When it cannot: the lines are lost to this segment.
    pub fn commit(&mut self, sync: bool) -> io::Result<()> {
        if self.failed {
            self.lines.clear();
            return Err(io::Error::other("part of this segment is lost; another one must begin"));
        }
        let mut done = self.file.write_all(&self.lines);
        if done.is_ok() && sync {
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
    fn prune(&self) -> io::Result<()> {
        let mut closed: Vec<PathBuf> = std::fs::read_dir(&self.folder)?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == EXTENSION))
            .collect();
        closed.sort();
        let extra = closed.len().saturating_sub(self.limits.keep + 1);
        closed.iter().take(extra).try_for_each(std::fs::remove_file)
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
