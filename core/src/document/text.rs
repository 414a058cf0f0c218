//! Text into trees. Knows which parser reads which file; must not know what files are for.

mod json;
mod nesting;
#[cfg(test)]
mod tests;
mod toml;

use super::problem::{Problem, Problems};
use super::source::{Place, Source};
use super::{Document, Format};

pub use json::parse_json;
pub use toml::parse_toml;

/// Parses a file by the ending of its name: `.toml` or `.json`.
///
/// # Errors
/// An ending that is neither, or text that is not what the ending says.
pub fn parse(source: &Source) -> Result<Document, Problems> {
    match ending(source.name()).as_str() {
        "toml" => parse_toml(source),
        "json" => parse_json(source),
        other => {
            let message = if other.is_empty() { "the name has no ending" } else { "unknown ending of the file's name" };
            let problem = Problem::new(source, Place::default(), message);
            Err(problem.with_expected("a name that ends in .toml or .json").into())
        }
    }
}

/// What stands behind the last point of a file's name, in small letters.
fn ending(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    file.rsplit_once('.').map_or(String::new(), |(_, ending)| ending.to_lowercase())
}

/// A name for each format, in messages.
const fn format_name(format: Format) -> &'static str {
    match format {
        Format::Toml => "TOML",
        Format::Json => "JSON",
    }
}

/// The mistake of nesting deeper than is read.
fn too_deep(source: &Source, offset: usize) -> Problem {
    let message = format!("values are nested more than {} deep", super::MAX_DEPTH);
    Problem::new(source, Place::new(offset, offset + 1), message).with_help("no file of ours needs that")
}

/// The mistake of text that a parser refuses, with its reason in small letters.
fn syntax(source: &Source, format: Format, place: Place, reason: &str) -> Problem {
    let mut letters = reason.chars();
    let reason: String = letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect();
    Problem::new(source, place, format!("not {}: {reason}", format_name(format)))
}

/// Whether nothing but blanks follows: what is wrong there is mostly that the file was cut off.
fn at_the_end(source: &Source, place: Place) -> bool {
    place.end.max(place.start) >= source.text().trim_end().len()
}

const CUT_OFF: &str = "the file ends here: was it cut off?";
