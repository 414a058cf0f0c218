//! Lines of a file, one at a time, none longer than a limit. Knows bytes; must not know formats.

use super::error::{Findings, ReadError, Trouble, shown};
use std::io::{BufRead, Read};

/// The longest line in bytes: 1 MiB. GitHub's longest delivery has 25 MB, but none about a job comes near this.
pub const MAX_LINE: usize = 1 << 20;

/// Reads lines. Never holds more than one, and of that never more than [`MAX_LINE`] bytes.
pub(super) struct Lines<'a, R> {
    name: &'a str,
    input: R,
    number: u64,
    buffer: Vec<u8>,
}

impl<'a, R: BufRead> Lines<'a, R> {
    pub(super) const fn new(name: &'a str, input: R) -> Self {
        Self { name, input, number: 0, buffer: Vec::new() }
    }

    /// The next line that is not blank, with its number from 1 and without its end; `None` at the end of the file.
    ///
    /// # Errors
    /// A line that is too long or no UTF-8, after which there is no reading on.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &str)>, ReadError> {
        loop {
            self.buffer.clear();
            let mut limited = (&mut self.input).take(MAX_LINE as u64 + 1);
            let read = limited.read_until(b'\n', &mut self.buffer);
            if read.map_err(|error| ReadError::environment(self.name, &error))? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if self.buffer.last() == Some(&b'\n') {
                self.buffer.pop();
            } else if self.buffer.len() > MAX_LINE {
                let message = "the line is longer than 1 MiB; expected one record a line; look for missing line ends";
                return Err(self.error(1, message.to_owned()));
            }
            if self.buffer.last() == Some(&b'\r') {
                self.buffer.pop();
            }
            if !self.buffer.trim_ascii().is_empty() {
                break;
            }
        }
        match std::str::from_utf8(&self.buffer) {
            Ok(text) => Ok(Some((self.number, text))),
            Err(error) => {
                let good = error.valid_up_to();
                let before = String::from_utf8_lossy(&self.buffer[good.saturating_sub(10)..good]).into_owned();
                let place = if before.is_empty() { String::new() } else { format!(" after `{}`", shown(&before)) };
                let message = format!("no UTF-8 text{place}; expected UTF-8; convert the file");
                Err(self.error(good as u64 + 1, message))
            }
        }
    }

    fn error(&self, column: u64, message: String) -> ReadError {
        Findings::only(Trouble { line: self.number, column, message }).into_error(self.name)
    }
}
