//! Mistakes in an input file and how they print. Knows places and words; must not know what the file is for.

use super::source::{Place, Source};
use std::fmt;

/// One mistake: where, what was found, what was expected, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub source: Source,
    /// The stretch of it that is wrong.
    pub place: Place,
    /// What was found, such as "unknown key `minDwel` in `spillover`".
    pub message: String,
    /// What would have been right, to follow the word "expected".
    pub expected: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// A mistake with nothing said yet about the way out.
    #[must_use]
    pub fn new(source: &Source, place: Place, message: impl Into<String>) -> Self {
        Self { source: source.clone(), place, message: message.into(), expected: None, help: None }
    }

    /// Says what would have been right; empty says nothing.
    #[must_use]
    pub fn with_expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into()).filter(|text| !text.is_empty());
        self
    }

    /// Says what to do; empty says nothing.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into()).filter(|text| !text.is_empty());
        self
    }

    /// Line and column, both from one.
    #[must_use]
    pub fn line_column(&self) -> (usize, usize) {
        self.source.line_column(self.place.start)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_column();
        write!(f, "{}:{line}:{column}: {}", self.source.name(), self.message)?;
        if let Some(excerpt) = self.source.excerpt(self.place) {
            write!(f, "\n{excerpt}")?;
        }
        match (&self.expected, &self.help) {
            (Some(expected), Some(help)) => write!(f, "\n   expected {expected}; {help}"),
            (Some(expected), None) => write!(f, "\n   expected {expected}"),
            (None, Some(help)) => write!(f, "\n   {help}"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// All the mistakes of one or more files; never empty when it is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

/// How many mistakes are printed in full.
const MAX_PRINTED: usize = 50;

/// More mistakes than this are not kept: nobody reads them, and a hostile file could fill the memory.
pub(super) const MAX_KEPT: usize = 10_000;

impl Problems {
    /// Puts mistakes of one file in the order of their places.
    #[must_use]
    pub fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.place);
        Self(problems)
    }

    /// Adds those of another file behind.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// The last line of the report: how many, and where.
    fn total(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for problem in &self.0 {
            if !names.contains(&problem.source.name()) {
                names.push(problem.source.name());
            }
        }
        let count = match self.len() {
            1 => "1 problem".to_owned(),
            many if many >= MAX_KEPT => format!("{many} or more problems"),
            many => format!("{many} problems"),
        };
        match names[..] {
            [] => count,
            [name] => format!("{count} in {name}"),
            _ => format!("{count} in {} files", names.len()),
        }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in self.0.iter().take(MAX_PRINTED) {
            writeln!(f, "{problem}")?;
        }
        if self.len() > MAX_PRINTED {
            writeln!(f, "... and {} more", self.len() - MAX_PRINTED)?;
        }
        write!(f, "{}", self.total())
    }
}

impl std::error::Error for Problems {}

/// A word of the user's file as a message may quote it: escaped, and not too long.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let escaped: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    let more = if text.chars().nth(LONGEST).is_some() { "…" } else { "" };
    format!("{}{more}", escaped.replace("\\\"", "\"").replace("\\'", "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_prints_its_place_the_line_and_the_way_out() {
        let source = Source::new("scenarios/x.toml", "[spillover]\nminDwel = \"30s\"\n");
        let problem = Problem::new(&source, Place::new(12, 19), "unknown key `minDwel` in `spillover`")
            .with_expected("one of: minDwell, minSamples")
            .with_help("did you mean `minDwell`?");
        let text = Problems::from(problem).to_string();
        assert_eq!(
            text,
            "scenarios/x.toml:2:1: unknown key `minDwel` in `spillover`\n    2 | minDwel = \"30s\"\n      | ^^^^^^^\n   \
             expected one of: minDwell, minSamples; did you mean `minDwell`?\n1 problem in scenarios/x.toml"
        );
    }

    #[test]
    fn many_are_cut_short_and_several_files_are_counted() {
        let a = Source::new("a", "");
        let mut all = Problems::new((0..60).map(|_| Problem::new(&a, Place::default(), "bad")).collect());
        let text = all.to_string();
        assert!(text.ends_with("... and 10 more\n60 problems in a"), "{text}");
        all.extend(Problem::new(&Source::new("b", ""), Place::default(), "bad").into());
        assert!(all.to_string().ends_with("61 problems in 2 files"));
    }
}
