//! Reads CSV files of jobs after RFC 4180, but for line breaks within quotes. Knows columns; must not know loads.

use super::Recording;
use super::collect::{Collector, Row};
use super::error::{Findings, ReadError, Trouble, shown};
use super::line::Lines;
use std::borrow::Cow;
use std::io::BufRead;
use tidegate_core::Timestamp;
use tidegate_core::document::nearest;

/// The first second after the year 9999.
const MAX_SECONDS: f64 = 253_402_300_800.0;

/// A field, and its column in the line, in bytes from 1.
type Cell<'a> = (u64, Cow<'a, str>);

/// Where the columns are that we know.
struct Columns {
    created: usize,
    duration: usize,
    run: usize,
    repository: Option<usize>,
    labels: Option<usize>,
    job: Option<usize>,
    count: usize,
}

pub(super) fn read<R: BufRead>(name: &str, input: R, clean: bool) -> Result<Recording, ReadError> {
    let mut lines = Lines::new(name, input);
    let mut collector = Collector::new(name, clean, true);
    let columns = match lines.next()? {
        Some((number, line)) => header(number, line).map_err(|findings| findings.into_error(name))?,
        None => return collector.finish("the file is empty"),
    };
    let mut rows = 0;
    while let Some((number, line)) = lines.next()? {
        rows += 1;
        let at = |(column, message)| Trouble { line: number, column, message };
        match split(line).map_err(at).and_then(|cells| Ok((columns.row(&cells, rows).map_err(at)?, cells))) {
            Ok(((at, duration, id, labels), cells)) => collector.push(Row {
                line: number,
                at,
                duration,
                run: cells[columns.run].1.trim(),
                repository: columns.repository.map_or("", |at| cells[at].1.trim()),
                labels,
                need: None,
                id,
            })?,
            Err(trouble) => collector.trouble(trouble)?,
        }
    }
    collector.finish("there are no rows below the header")
}

/// Finds the columns.
fn header(number: u64, line: &str) -> Result<Columns, Findings> {
    let trouble = |column, message| Trouble { line: number, column, message };
    let cells = split(line).map_err(|(column, message)| Findings::only(trouble(column, message)))?;
    let names: Vec<String> = cells.iter().map(|cell| cell.1.trim().to_lowercase()).collect();
    let mut findings = Findings::default();
    for (at, (cell, name)) in cells.iter().zip(&names).enumerate() {
        if !name.is_empty() && names[..at].contains(name) {
            let message = format!("column `{}` is given twice; expected it once; rename one", shown(name));
            findings.push(trouble(cell.0, message));
        }
    }
    let find = |wanted: &str| names.iter().position(|name| name == wanted);
    let mut required = |wanted: &str| {
        find(wanted).unwrap_or_else(|| {
            findings.push(trouble(1, missing(wanted, &names)));
            0
        })
    };
    let columns = Columns {
        created: required("created_unix_s"),
        duration: required("duration_s"),
        run: required("run_id"),
        repository: find("repository"),
        labels: find("labels"),
        job: find("job_id"),
        count: cells.len(),
    };
    if findings.is_empty() { Ok(columns) } else { Err(findings) }
}

/// What to say about a column that is not there.
fn missing(wanted: &str, names: &[String]) -> String {
    let found = shown(&names.join(","));
    let help = match nearest(wanted, names.iter().map(String::as_str)) {
        _ if names.len() == 1 && found.contains([';', '\t']) => "separate the columns by commas".to_owned(),
        Some(near) => format!("did you mean it by `{}`? Rename that", shown(near)),
        None => "add it; the first line names the columns".to_owned(),
    };
    format!("no column `{wanted}`; found `{found}`; expected created_unix_s, duration_s and run_id; {help}")
}

/// What a row's cells mean.
type Meaning = (Timestamp, i64, u64, Option<Vec<String>>);

impl Columns {
    /// Reads the cells of the data row of that number.
    fn row(&self, cells: &[Cell<'_>], number: u64) -> Result<Meaning, (u64, String)> {
        if cells.len() != self.count {
            let counts = format!("{} fields; expected {} as in the header", cells.len(), self.count);
            return Err((0, format!("{counts}; put fields with commas in double quotes")));
        }
        let created = seconds("created_unix_s", &cells[self.created])?;
        let Ok(at) = u64::try_from(created) else {
            let found = shown(&cells[self.created].1);
            let message = format!("created_unix_s: found `{found}`; expected seconds since 1970; mend the row");
            return Err((cells[self.created].0, message));
        };
        let duration = seconds("duration_s", &cells[self.duration])?;
        if cells[self.run].1.trim().is_empty() {
            let message = "run_id: found nothing; expected the workflow run of the job; mend the row";
            return Err((cells[self.run].0, message.to_owned()));
        }
        let id = self.job.map_or(Ok(number), |at| id(&cells[at]))?;
        Ok((Timestamp(at), duration, id, self.labels.and_then(|at| labels(&cells[at].1))))
    }
}

/// Labels separated by commas, semicolons or bars; `None` when there are none.
fn labels(text: &str) -> Option<Vec<String>> {
    let labels = text.split([',', ';', '|']).map(str::trim).filter(|label| !label.is_empty());
    Some(labels.map(str::to_owned).collect()).filter(|labels: &Vec<String>| !labels.is_empty())
}

fn id((column, text): &Cell<'_>) -> Result<u64, (u64, String)> {
    text.trim().parse().map_err(|_| {
        let help = "rename the column, and rows are numbered instead";
        (*column, format!("job_id: found `{}`; expected a whole number; {help}", shown(text)))
    })
}

/// Seconds, whole or decimal, as microseconds.
fn seconds(field: &str, (column, text): &Cell<'_>) -> Result<i64, (u64, String)> {
    let good = |seconds: &f64| seconds.abs() < MAX_SECONDS;
    let number: Option<f64> = text.trim().parse().ok();
    match number.filter(good) {
        Some(seconds) => Ok((seconds * 1e6).round() as i64),
        None => {
            let help = match number {
                Some(number) if number.abs() >= MAX_SECONDS => "divide milliseconds by 1,000",
                _ if text.trim().is_empty() => "leave out jobs that have none",
                _ => "mend the row",
            };
            Err((*column, format!("{field}: found `{}`; expected a number of seconds; {help}", shown(text))))
        }
    }
}

/// Splits a line at its commas.
fn split(line: &str) -> Result<Vec<Cell<'_>>, (u64, String)> {
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let (cell, used) = match line[at..].strip_prefix('"') {
            Some(rest) => quoted(rest).map_err(|(offset, message)| ((at + offset) as u64 + 1, message))?,
            None => {
                let end = line[at..].find(',').unwrap_or(line.len() - at);
                (Cow::Borrowed(&line[at..at + end]), end)
            }
        };
        cells.push((at as u64 + 1, cell));
        at += used;
        if at >= line.len() {
            return Ok(cells);
        }
        at += 1; // the comma
    }
}

/// The field whose opening quote is before `rest`, and its length with both quotes.
fn quoted(rest: &str) -> Result<(Cow<'_, str>, usize), (usize, String)> {
    let mut from = 0;
    while let Some(quote) = rest[from..].find('"').map(|offset| from + offset) {
        match rest.as_bytes().get(quote + 1) {
            Some(b'"') => from = quote + 2,
            None | Some(b',') => {
                let text = &rest[..quote];
                let text = if from > 0 { Cow::Owned(text.replace("\"\"", "\"")) } else { Cow::Borrowed(text) };
                return Ok((text, quote + 2));
            }
            Some(_) => {
                let message = "a character behind the closing quote; expected a comma; double quotes within a field";
                return Err((quote + 2, message.to_owned()));
            }
        }
    }
    let message = "a quote is not closed on its line; expected one row a line; take line breaks out of fields";
    Err((0, message.to_owned()))
}
