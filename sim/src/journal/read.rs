//! Journals on the disk: which files, in which order, line by line. Knows torn ends; must not know what a line says.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use tidegate_core::document::{Problems, Source};
use tidegate_core::journal::{EXTENSION, FORMAT, Head, Line};
use tidegate_core::policy::{Policy, file as policies};

/// The longest line: a head holds the state of a node, tens of thousands of jobs of half a kilobyte.
const LONGEST: u64 = 512 << 20;

/// Why a journal cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    /// The system says no.
    #[error("{path}: {message}")]
    File {
        /// The file or folder.
        path: String,
        /// Why.
        message: String,
    },
    /// A line is not what it should be.
    #[error("{path}:{line}: {message}")]
    Line {
        /// The file.
        path: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong, what was expected, and what to do.
        message: String,
    },
    /// The policy that the segment was written under cannot be read.
    #[error("{path}: the policy in the head of the segment cannot be read\n{problems}")]
    Policy {
        /// The file.
        path: String,
        /// Its mistakes.
        problems: Problems,
    },
}

impl JournalError {
    fn file(path: &Path, error: &std::io::Error) -> Self {
        let message = if error.kind() == std::io::ErrorKind::NotFound {
            format!("does not exist; expected a folder of journal segments, or a file that ends in .{EXTENSION}")
        } else {
            format!("cannot be read: {error}")
        };
        Self::File { path: path.display().to_string(), message }
    }
}

/// One segment, open for reading behind its head.
#[derive(Debug)]
pub struct Segment {
    /// Its file.
    pub path: PathBuf,
    /// Its head.
    pub head: Head,
    input: BufReader<File>,
    line: u64,
    text: Vec<u8>,
    /// Whether the last line was torn: the process that wrote it was killed.
    pub torn: bool,
}

/// The segments of a journal in the order in which they were written: of a folder, or of a single file.
///
/// # Errors
/// When there are none.
pub fn segments(path: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let metadata = std::fs::metadata(path).map_err(|error| JournalError::file(path, &error))?;
    if metadata.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| JournalError::file(path, &error))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == EXTENSION))
        .collect();
    files.sort(); // their names begin with their number, in digits of one length
    if files.is_empty() {
        let message = format!("holds no journal; expected files that end in .{EXTENSION}");
        return Err(JournalError::File { path: path.display().to_string(), message });
    }
    Ok(files)
}

/// Whether a path looks like a journal: a folder, or a file that ends as a segment does.
#[must_use]
pub fn is_journal(path: &Path) -> bool {
    path.is_dir() || path.extension().is_some_and(|extension| extension == EXTENSION)
}

/// The journals at a path, each with its segments: that of one node, or those of all nodes whose folders lie in this one, by
/// name, as the daemon's data folder has them.
///
/// # Errors
/// When there are none.
pub fn journals(path: &Path) -> Result<Vec<(PathBuf, Vec<PathBuf>)>, JournalError> {
    let own = segments(path);
    if own.is_ok() || !path.is_dir() {
        return own.map(|segments| vec![(path.to_owned(), segments)]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| JournalError::file(path, &error))?;
    let mut folders: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    let found = folders.into_iter().filter_map(|folder| segments(&folder).ok().map(|segments| (folder, segments)));
    let found: Vec<_> = found.collect();
    if found.is_empty() { own.map(|_| Vec::new()) } else { Ok(found) }
}

impl Segment {
    /// Opens a segment and reads its head; `None` when the file holds no whole line: its writer was killed at once.
    ///
    /// # Errors
    /// When it cannot be read, or does not begin with a head of this format.
    pub fn open(path: &Path) -> Result<Option<Self>, JournalError> {
        let file = File::open(path).map_err(|error| JournalError::file(path, &error))?;
        let mut reader = Lines { path, input: BufReader::new(file), line: 0, text: Vec::new(), torn: false };
        let head = match reader.next()? {
            None => return Ok(None),
            Some(Line::Head(head)) => *head,
            Some(_) => return Err(reader.wrong("is no head; expected the first line of a segment to be one")),
        };
        if head.format != FORMAT {
            let message =
                format!("has format {}; this program reads {FORMAT}: use the program that wrote it", head.format);
            return Err(reader.wrong(&message));
        }
        let Lines { input, line, text, torn, .. } = reader;
        Ok(Some(Self { path: path.to_owned(), head, input, line, text, torn }))
    }

    /// The next line with its number; `None` at the end. A line that is torn ends the segment.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn next_line(&mut self) -> Result<Option<(u64, Line)>, JournalError> {
        let file = std::mem::take(&mut self.text);
        let mut lines = Lines { path: &self.path, input: &mut self.input, line: self.line, text: file, torn: false };
        let read = lines.next();
        let (line, torn) = (lines.line, lines.torn);
        self.text = lines.text;
        (self.line, self.torn) = (line, self.torn | torn);
        Ok(read?.map(|read| (line, read)))
    }

    /// The policy it was written under.
    ///
    /// # Errors
    /// When it cannot be read any more.
    pub fn policy(&self) -> Result<Policy, JournalError> {
        let text = &self.head.policy;
        policies::read(&Source::new(text.file.clone(), text.text.clone()))
            .map_err(|problems| JournalError::Policy { path: self.path.display().to_string(), problems })
    }
}

/// Lines of one file.
struct Lines<'a, R> {
    path: &'a Path,
    input: R,
    line: u64,
    text: Vec<u8>,
    torn: bool,
}

impl<R: BufRead> Lines<'_, R> {
    fn wrong(&self, message: &str) -> JournalError {
        JournalError::Line { path: self.path.display().to_string(), line: self.line, message: message.to_owned() }
    }

    fn next(&mut self) -> Result<Option<Line>, JournalError> {
        use std::io::Read;
        self.text.clear();
        let mut limited = self.input.by_ref().take(LONGEST);
        limited.read_until(b'\n', &mut self.text).map_err(|error| JournalError::file(self.path, &error))?;
        if self.text.last() != Some(&b'\n') {
            self.torn = !self.text.is_empty();
            return Ok(None);
        }
        self.line += 1;
        serde_json::from_slice(&self.text).map(Some).map_err(|error| {
            let found = error.to_string();
            let found = found.split(" at line ").next().unwrap_or_default();
            self.wrong(&format!("column {}: {found}; expected a line of a journal", error.column()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_folder_of_nodes_is_the_journals_of_all_of_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for node in ["us-east-1", "eu-west-1", "notes"] {
            std::fs::create_dir(path(node)).expect("made");
        }
        let second = sample::write(&path("us-east-1"), "us-east-1", 2, &[]);
        let first = sample::write(&path("us-east-1"), "us-east-1", 1, &[]);
        let other = sample::write(&path("eu-west-1"), "eu-west-1", 1, &[]);
        let found = journals(folder.path()).expect("two");
        let us = (path("us-east-1"), vec![first.clone(), second]);
        assert_eq!(found, [(path("eu-west-1"), vec![other]), us.clone()]);
        assert_eq!(journals(&path("us-east-1")).expect("one"), [us]);
        assert_eq!(journals(&first).expect("one segment"), [(first.clone(), vec![first])]);
        let error = journals(&path("notes")).expect_err("none").to_string();
        assert!(error.contains("holds no journal; expected files that end in .journal"), "{error}");
        assert!(journals(&path("nowhere")).expect_err("none").to_string().contains("does not exist"));
    }
}
