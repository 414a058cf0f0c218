//! TOML into the tree. Knows the parser; must not know what files are for.

use super::super::node::{Key, Node, Value};
use super::super::problem::{Problem, Problems};
use super::super::source::{Place, Source};
use super::{CUT_OFF, Document, Format, at_the_end, nesting, syntax, too_deep};
use std::ops::Range;
use toml_edit::{Item, TableLike, TomlError};

/// Parses TOML.
///
/// # Errors
/// The places at which the text is not TOML: all of them, as far as one line can be judged without another.
pub fn parse_toml(source: &Source) -> Result<Document, Problems> {
    if let Some(offset) = nesting::toml(source.text()) {
        return Err(too_deep(source, offset).into());
    }
    let (mut text, mut problems) = (source.text().to_owned(), Vec::new());
    loop {
        match toml_edit::Document::parse(text.as_str()) {
            Ok(parsed) if problems.is_empty() => {
                let root = Node { place: Place::new(0, 0), value: table(parsed.as_table()) };
                return Ok(Document { source: source.clone(), format: Format::Toml, root, problems });
            }
            Ok(_) => return Err(Problems::new(problems)),
            Err(error) => {
                let problem = problem(source, &error);
                let line = line_that_stands_alone(&text, problem.place.start);
                problems.push(problem);
                let Some(line) = line.filter(|_| problems.len() < MAX_SYNTAX) else {
                    return Err(Problems::new(problems));
                };
                // Blanks of the same length: what follows keeps its place.
                text.replace_range(line.clone(), &" ".repeat(line.len()));
            }
        }
    }
}

/// How many bad lines are looked for; each costs another look at the whole text.
const MAX_SYNTAX: usize = 20;

/// The line around an offset if it is a whole `key = value`, so that the text without it is as good as before.
fn line_that_stands_alone(text: &str, offset: usize) -> Option<Range<usize>> {
    let start = text.get(..offset)?.rfind('\n').map_or(0, |at| at + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let even = |open: char, close: char| line.matches(open).count() == line.matches(close).count();
    let long_text = line.contains("\"\"\"") || line.contains("\'\'\'");
    let heading = line.trim_start().starts_with('[');
    let alone = line.contains('=') && !heading && !long_text && even('[', ']') && even('{', '}');
    alone.then(|| start..start + line.len())
}

fn problem(source: &Source, error: &TomlError) -> Problem {
    let end = source.text().len();
    let place = error.span().map_or(Place::new(end, end), Place::from);
    let (reason, expected) = error.message().split_once(", expected ").unwrap_or((error.message(), ""));
    let unquoted = reason == "string values must be quoted";
    let problem = syntax(source, Format::Toml, place, reason).with_expected(if unquoted { "" } else { expected });
    let help = match reason {
        "string values must be quoted" => "write the text in double quotes",
        "duplicate key" => "give each key once, and each table one heading",
        "integer number overflowed" => "write a smaller number",
        _ if at_the_end(source, place) => CUT_OFF,
        "invalid basic string" | "invalid literal string" => "close the text on the same line",
        _ => "",
    };
    problem.with_help(help)
}

fn table(table: &dyn TableLike) -> Value {
    let entry = |(name, item): (&str, &Item)| {
        let node = node(item)?;
        let place = table.get_key_value(name).and_then(|(key, _)| key.span()).map_or(node.place, Place::from);
        Some((Key { name: name.to_owned(), place }, node))
    };
    Value::Table(table.iter().filter_map(entry).collect())
}

fn node(item: &Item) -> Option<Node> {
    let place = item.span().map_or_else(Place::default, Place::from);
    let value = match item {
        Item::None => return None,
        Item::Value(value) => return Some(scalar(value)),
        Item::Table(inner) => table(inner),
        Item::ArrayOfTables(tables) => {
            let each = |inner: &toml_edit::Table| {
                let place = inner.span().map_or(place, Place::from);
                Node { place, value: table(inner) }
            };
            Value::List(tables.iter().map(each).collect())
        }
    };
    Some(Node { place, value })
}

fn scalar(value: &toml_edit::Value) -> Node {
    let place = value.span().map_or_else(Place::default, Place::from);
    let value = match value {
        toml_edit::Value::String(text) => Value::Text(text.value().clone()),
        toml_edit::Value::Integer(number) => Value::Int(*number.value()),
        toml_edit::Value::Float(number) => Value::Float(*number.value()),
        toml_edit::Value::Boolean(value) => Value::Bool(*value.value()),
        toml_edit::Value::Datetime(time) => Value::DateTime(time.value().to_string()),
        toml_edit::Value::Array(items) => Value::List(items.iter().map(scalar).collect()),
        toml_edit::Value::InlineTable(inner) => table(inner),
    };
    Node { place, value }
}
