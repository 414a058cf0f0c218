//! The text of a file and places in it. Knows lines and columns; must not know what the text says.

use super::problem::{Problem, Problems};
use std::fmt;
use std::sync::Arc;

/// A stretch of bytes of a text, from `start` up to and without `end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Place {
    /// From `start` up to and without `end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

impl From<std::ops::Range<usize>> for Place {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// The name and text of a file; cheap to copy, so that every problem carries its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Source(Arc<Inner>);

#[derive(PartialEq, Eq)]
struct Inner {
    name: String,
    text: String,
}

/// Longest stretch of a line that an excerpt shows, in characters.
const WINDOW: usize = 120;

impl Source {
    /// A text under the name by which messages call it, mostly its path.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self(Arc::new(Inner { name: name.into(), text: text.into() }))
    }

    /// The same from bytes as they lie on the disk.
    ///
    /// # Errors
    /// The place of the first byte that is not UTF-8.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Result<Self, Problems> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(name, text)),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let source = Self::new(name, String::from_utf8_lossy(error.as_bytes()));
                let problem = Problem::new(&source, Place::new(valid, valid + 1), "the text is not UTF-8")
                    .with_help("save the file as UTF-8");
                Err(problem.into())
            }
        }
    }

    /// The name by which messages call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Line and column of a byte, both from one; columns count characters, and a byte order mark is none.
    #[must_use]
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let (line, start) = self.line_start(offset);
        let before = self.text().get(start..self.floor(offset)).unwrap_or_default();
        let column = before.chars().filter(|c| *c != '\u{feff}').count();
        (line, column + 1)
    }

    /// The number of the line that holds a byte, and where that line begins.
    fn line_start(&self, offset: usize) -> (usize, usize) {
        let before = &self.text().as_bytes()[..self.floor(offset)];
        let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        (before.iter().filter(|b| **b == b'\n').count() + 1, start)
    }

    /// The nearest character boundary at or before an offset.
    fn floor(&self, offset: usize) -> usize {
        self.text().floor_char_boundary(offset.min(self.text().len()))
    }

    /// Two lines that show the line of a place and point at it; nothing when there is no text.
    pub(super) fn excerpt(&self, place: Place) -> Option<String> {
        if self.text().is_empty() {
            return None;
        }
        let (number, start) = self.line_start(place.start);
        let line = self.text()[start..].lines().next().unwrap_or_default();
        let (from, to) = (self.floor(place.start), self.floor(place.end));
        let lead = self.text()[start..from.min(start + line.len())].chars().count();
        let marked = self.text().get(from..to.min(start + line.len())).unwrap_or_default().chars().count();
        let first = if lead > WINDOW / 2 && line.chars().count() > WINDOW { lead - WINDOW / 2 } else { 0 };
        let shown: String = line.chars().skip(first).take(WINDOW).map(printable).collect();
        let more = if line.chars().count() > first + WINDOW { "…" } else { "" };
        let dots = if first > 0 { "…" } else { "" };
        let width = lead - first + dots.chars().count();
        let pad: String = dots.chars().chain(shown.chars()).take(width).map(blank).collect();
        let pad = format!("{pad:<width$}");
        let caret = "^".repeat(marked.clamp(1, WINDOW.saturating_sub(lead - first).max(1)));
        Some(format!("{number:>5} | {dots}{shown}{more}\n      | {pad}{caret}"))
    }
}

/// A character as a terminal may safely see it; the byte order mark has no width and goes unseen.
fn printable(c: char) -> char {
    if c == '\u{feff}' || (c.is_control() && c != '\t') { '\u{fffd}' } else { c }
}

/// What stands under a character before the pointer: a tab under a tab, so that the columns agree.
fn blank(c: char) -> char {
    if c == '\t' { '\t' } else { ' ' }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({:?}, {} bytes)", self.name(), self.text().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_on_any_kind_of_line() {
        let source = Source::new("x", "a\r\n\tŻółw = 1\r\nlast");
        let at = |word: &str| source.line_column(source.text().find(word).expect("in the text"));
        assert_eq!(at("Ż"), (2, 2));
        assert_eq!(at("="), (2, 7));
        assert_eq!(at("last"), (3, 1));
        assert_eq!(source.line_column(9999), (3, 5));
        assert_eq!(Source::new("x", "\u{feff}a").line_column(3), (1, 1));
    }

    #[test]
    fn the_pointer_stands_under_what_it_means() {
        let source = Source::new("x", "\tŻ = bad\r\n");
        let start = source.text().find("bad").expect("in the text");
        let excerpt = source.excerpt(Place::new(start, start + 3)).expect("there is text");
        assert_eq!(excerpt, "    1 | \tŻ = bad\n      | \t    ^^^");
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_place_and_escapes_do_not_reach_the_terminal() {
        let text = format!("{}\u{1b}[31mBAD{}", "a".repeat(5_000), "b".repeat(5_000));
        let source = Source::new("x", text);
        let start = source.text().find("BAD").expect("in the text");
        let excerpt = source.excerpt(Place::new(start, start + 3)).expect("there is text");
        let lines: Vec<_> = excerpt.lines().collect();
        assert!(excerpt.len() < 400 && !excerpt.contains('\u{1b}'));
        let (line, caret) = (lines[0].chars().collect::<Vec<_>>(), lines[1].find('^').expect("a caret"));
        assert_eq!(line[caret..caret + 3].iter().collect::<String>(), "BAD");
    }

    #[test]
    fn bytes_that_are_not_text_are_placed() {
        let problems = Source::from_bytes("x", b"ok\nb\xff".to_vec()).expect_err("not UTF-8");
        assert!(problems.to_string().starts_with("x:2:2: the text is not UTF-8"), "{problems}");
    }
}
