//! Looks over a text before it is parsed, so that deep nesting cannot overflow the stack of a parser.
//! Knows brackets, keys and quotes; must not know values.

use crate::document::MAX_DEPTH;

/// What a look over the brackets of a JSON text finds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Brackets {
    /// The first bracket that is nested too deep.
    pub(super) deep: Option<usize>,
    /// The brackets that are never closed.
    pub(super) open: Vec<usize>,
    /// The quote of a string that does not end on its line.
    pub(super) string: Option<usize>,
}

/// Looks over a JSON text up to the first string that is not closed.
pub(super) fn json(text: &str) -> Brackets {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Brackets::default(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' => {
                found.open.push(at);
                if found.open.len() > MAX_DEPTH {
                    found.deep.get_or_insert(at);
                }
            }
            b'}' | b']' => {
                found.open.pop();
            }
            b'"' => {
                let (end, closed) = line_string(bytes, at);
                if !closed {
                    found.string = Some(at);
                    return found;
                }
                at = end - 1;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Where a string that begins at `at` ends, behind its closing quote or before the end of its line, and whether it
/// was closed. In double quotes a backslash hides a quote or another backslash.
fn line_string(bytes: &[u8], at: usize) -> (usize, bool) {
    let (quote, mut end) = (bytes[at], at + 1);
    while let Some(&byte) = bytes.get(end) {
        if byte == quote {
            return (end + 1, true);
        }
        if byte == b'\n' {
            return (end, false);
        }
        end += if hides(bytes, end, quote) { 2 } else { 1 };
    }
    (end, false)
}

/// Whether there is a backslash that takes the meaning from what follows it.
fn hides(bytes: &[u8], at: usize, quote: u8) -> bool {
    quote == b'"' && bytes[at] == b'\\' && matches!(bytes.get(at + 1), Some(b'"' | b'\\'))
}

/// Where a TOML string of any kind ends.
fn toml_string(bytes: &[u8], at: usize) -> usize {
    let quote = bytes[at];
    let triple = [quote; 3];
    if !bytes[at..].starts_with(&triple) {
        return line_string(bytes, at).0;
    }
    let mut end = at + 3;
    while end < bytes.len() {
        if bytes[end..].starts_with(&triple) {
            end += 3;
            let more = bytes[end..].iter().take(2).take_while(|byte| **byte == quote).count();
            return end + more;
        }
        end += if hides(bytes, end, quote) { 2 } else { 1 };
    }
    end
}

/// The first place in a TOML text where headings, dotted keys and brackets together nest too deep.
pub(super) fn toml(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut nesting = Nesting { line_begins: true, ..Nesting::default() };
    while at < bytes.len() {
        nesting.step(bytes[at]);
        if nesting.depth() > MAX_DEPTH {
            return Some(at);
        }
        at = token_end(bytes, at);
    }
    None
}

/// Where a TOML token ends: the text is cut exactly as the parser cuts it.
fn token_end(bytes: &[u8], at: usize) -> usize {
    let until = |stops: &[u8]| bytes[at..].iter().position(|byte| stops.contains(byte)).map_or(bytes.len(), |n| at + n);
    match bytes[at] {
        b'"' | b'\'' => toml_string(bytes, at),
        b'#' => until(b"\r\n"),
        b'.' | b'=' | b',' | b'[' | b']' | b'{' | b'}' | b' ' | b'\t' | b'\r' | b'\n' => at + 1,
        _ => until(b".=,[]{} \t#\r\n"),
    }
}

/// How deep a TOML text is nested at some place, counting every point of a key.
#[derive(Default)]
struct Nesting {
    /// The depth within each bracket that is open.
    open: Vec<usize>,
    /// The depth of the last heading.
    heading: usize,
    in_heading: bool,
    line_begins: bool,
    /// The points of the key being read.
    points: usize,
}

impl Nesting {
    fn depth(&self) -> usize {
        self.open.last().copied().unwrap_or(self.heading) + self.points
    }

    /// Takes in the first byte of a token.
    fn step(&mut self, byte: u8) {
        match byte {
            b'.' => self.points += 1,
            b',' => self.points = 0,
            b'[' | b'{' => {
                if self.line_begins && self.open.is_empty() && byte == b'[' {
                    (self.in_heading, self.heading, self.points) = (true, 0, 0);
                }
                self.open.push(self.depth() + 1);
                self.points = 0;
            }
            b']' | b'}' => {
                if self.in_heading {
                    self.heading = self.heading.max(self.depth());
                }
                self.open.pop();
                self.points = 0;
            }
            b'\n' if self.in_heading || self.open.is_empty() => {
                self.open.clear();
                (self.points, self.in_heading) = (0, false);
            }
            _ => {}
        }
        self.line_begins = byte == b'\n' || (self.line_begins && matches!(byte, b' ' | b'\t' | b'\r'));
    }
}
