//! Mistakes in a record and how they print. Knows places; must not know formats.

use std::fmt;

/// After this many mistakes a file is read no further.
const MAX_TROUBLES: usize = 10;

/// One mistake in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The line from 1; 0: the file as a whole.
    pub line: u64,
    /// The column from 1, in bytes; 0: the line as a whole.
    pub column: u64,
    /// What was found, what was expected, and what to do.
    pub message: String,
}

/// Why a record cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The file.
    pub file: String,
    /// The mistakes by line, at least one.
    pub troubles: Vec<Trouble>,
    /// Whether the machine failed (no permission, a broken disk) and not the file.
    pub environment: bool,
}

impl ReadError {
    /// A mistake of the file as a whole.
    pub(super) fn whole(file: impl fmt::Display, message: impl Into<String>) -> Self {
        Findings::only(Trouble { line: 0, column: 0, message: message.into() }).into_error(file)
    }

    /// A failure of the machine.
    pub(super) fn environment(file: impl fmt::Display, error: &std::io::Error) -> Self {
        let message = format!("cannot be read: {error}; expected a readable file; look at its permissions and disk");
        Self { environment: true, ..Self::whole(file, message) }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (trouble, first) in self.troubles.iter().zip(std::iter::once(true).chain(std::iter::repeat(false))) {
            if !first {
                writeln!(f)?;
            }
            write!(f, "{}:", self.file)?;
            for number in [trouble.line, trouble.column].into_iter().take_while(|number| *number > 0) {
                write!(f, "{number}:")?;
            }
            write!(f, " {}", trouble.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ReadError {}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Trouble>);

impl Findings {
    pub(super) fn only(trouble: Trouble) -> Self {
        Self(vec![trouble])
    }

    pub(super) fn push(&mut self, trouble: Trouble) {
        self.0.push(trouble);
    }

    /// Whether reading on would only tire the reader of the errors.
    pub(super) const fn is_full(&self) -> bool {
        self.0.len() >= MAX_TROUBLES
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_error(self, file: impl fmt::Display) -> ReadError {
        let mut troubles = self.0;
        troubles.sort_by_key(|trouble| trouble.line);
        ReadError { file: file.to_string(), troubles, environment: false }
    }
}

/// Rows with the same mistake: how many, and the lines of the first few.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) count: u64,
    lines: Vec<u64>,
}

impl Group {
    const NAMED: usize = 3;

    pub(super) fn add(&mut self, line: u64) {
        self.count += 1;
        if self.lines.len() < Self::NAMED {
            self.lines.push(line);
        }
    }

    /// The first line; 0 when there is none.
    pub(super) fn first(&self) -> u64 {
        self.lines.first().copied().unwrap_or(0)
    }

    /// How many and where, as `1 row has` or `77 rows have`, with the first lines.
    pub(super) fn sentence(&self, one: &str, many: &str, what: &str) -> String {
        let lines: Vec<String> = self.lines.iter().map(u64::to_string).collect();
        match (self.count, &lines[..]) {
            (1, _) => format!("1 {one} {what}, at line {}", self.first()),
            (count, lines) if count > lines.len() as u64 => {
                format!("{count} {many} {what}, first at lines {}", lines.join(", "))
            }
            (count, lines) => format!("{count} {many} {what}, at lines {}", lines.join(", ")),
        }
    }
}

/// A piece of the user's file as a message may quote it: escaped, and not too long.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push_str("...");
    }
    shown.replace("\\\"", "\"").replace("\\'", "'")
}
