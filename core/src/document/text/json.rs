//! JSON into the tree, strictly after RFC 8259. Knows the parser; must not know what files are for.

use super::super::node::{Key, Node, Value};
use super::super::problem::{Problem, Problems};
use super::super::source::{Place, Source};
use super::{CUT_OFF, Document, Format, at_the_end, nesting, syntax, too_deep};
use jsonc_parser::ast::{Object, Value as Ast};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use std::borrow::Cow;
use std::collections::BTreeMap;

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Parses JSON.
///
/// # Errors
/// The first place at which the text is not JSON.
pub fn parse_json(source: &Source) -> Result<Document, Problems> {
    let brackets = nesting::json(source.text());
    if let Some(offset) = brackets.deep {
        return Err(too_deep(source, offset).into());
    }
    if let Some(quote) = brackets.string {
        return Err(open_string(source, quote).into());
    }
    // A byte order mark is no JSON, but editors write it: the parser sees blanks of the same length.
    let text = match source.text().strip_prefix('\u{feff}') {
        Some(rest) => Cow::Owned(format!("   {rest}")),
        None => Cow::Borrowed(source.text()),
    };
    let parsed = parse_to_ast(&text, &CollectOptions::default(), &STRICT);
    let root = parsed.map_err(|error| problem(source, &error, &brackets.open))?.value;
    let Some(root) = root else {
        return Err(Problem::new(source, Place::default(), "the file is empty").with_expected("a JSON table").into());
    };
    let mut reader = Converter { source, problems: Vec::new() };
    let root = reader.node(root);
    Ok(Document { source: source.clone(), format: Format::Json, root, problems: reader.problems })
}

fn open_string(source: &Source, quote: usize) -> Problem {
    let line = source.text()[quote..].lines().next().unwrap_or_default();
    let place = Place::new(quote, quote + line.len());
    let help = if at_the_end(source, place) { CUT_OFF } else { "close it on the same line" };
    syntax(source, Format::Json, place, "the text is not closed").with_expected("`\"`").with_help(help)
}

fn problem(source: &Source, error: &ParseError, open: &[usize]) -> Problem {
    let (kind, place) = (error.kind(), place(error.range()));
    let end = source.text().trim_end().len();
    let unclosed = matches!(kind, ParseErrorKind::UnterminatedObject | ParseErrorKind::UnterminatedArray);
    if unclosed || (at_the_end(source, place) && !open.is_empty()) {
        let message = "the file ends in the middle";
        let problem = syntax(source, Format::Json, Place::new(end, end), message);
        let Some(&opened) = open.last() else {
            return problem.with_help(CUT_OFF);
        };
        let (bracket, (line, column)) = (&source.text()[opened..=opened], source.line_column(opened));
        let closing = if bracket == "{" { "}" } else { "]" };
        let expected = format!("`{closing}` for the `{bracket}` of line {line}, column {column}");
        return problem.with_expected(expected).with_help("was it cut off?");
    }
    syntax(source, Format::Json, place, &kind.to_string()).with_help(help(kind))
}

fn help(kind: &ParseErrorKind) -> &'static str {
    if matches!(kind, ParseErrorKind::CommentsNotAllowed) {
        "remove it, or write the file as TOML, which has comments"
    } else if matches!(kind, ParseErrorKind::TrailingCommasNotAllowed) {
        "remove the comma"
    } else if matches!(kind, ParseErrorKind::ExpectedComma) {
        "write a comma between the values"
    } else if matches!(kind, ParseErrorKind::SingleQuotedStringsNotAllowed) {
        "write double quotes"
    } else if matches!(kind, ParseErrorKind::UnexpectedWord | ParseErrorKind::ExpectedStringObjectProperty) {
        "write text in double quotes"
    } else if matches!(kind, ParseErrorKind::MultipleRootJsonValues) {
        "remove what follows the first value"
    } else {
        ""
    }
}

const fn place(range: Range) -> Place {
    Place::new(range.start, range.end)
}

struct Converter<'a> {
    source: &'a Source,
    problems: Vec<Problem>,
}

impl Converter<'_> {
    fn node(&mut self, ast: Ast<'_>) -> Node {
        let place = place(ast.range());
        let value = match ast {
            Ast::NullKeyword(_) => Value::Null,
            Ast::BooleanLit(value) => Value::Bool(value.value),
            Ast::NumberLit(number) => self.number(number.value, place),
            Ast::StringLit(text) => Value::Text(self.text(text.value, place)),
            Ast::Array(array) => Value::List(array.elements.into_iter().map(|item| self.node(item)).collect()),
            Ast::Object(object) => Value::Table(self.table(object)),
        };
        Node { place, value }
    }

    fn number(&mut self, text: &str, place: Place) -> Value {
        if let Ok(whole) = text.parse::<i64>() {
            return Value::Int(whole);
        }
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        if number.is_none() {
            self.problems.push(Problem::new(self.source, place, "the number is too large"));
        }
        Value::Float(number.unwrap_or(0.0))
    }

    fn text(&mut self, text: Cow<'_, str>, place: Place) -> String {
        let raw = self.source.text().get(place.start..place.end).unwrap_or_default();
        if raw.bytes().any(|byte| byte < b' ') {
            let problem = syntax(self.source, Format::Json, place, "a control character within text");
            self.problems.push(problem.with_help("write it as an escape such as \\t"));
        }
        text.into_owned()
    }

    fn table(&mut self, object: Object<'_>) -> Vec<(Key, Node)> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for property in object.properties {
            let place = place(property.name.range());
            let name = self.text(Cow::Owned(property.name.into_string()), place);
            let node = self.node(property.value);
            if let Some(first) = seen.get(&name) {
                let (line, column) = self.source.line_column(*first);
                let message = format!("the key `{}` is given twice", super::super::problem::quoted(&name));
                let help = format!("it stands in line {line}, column {column} already: remove one");
                self.problems.push(Problem::new(self.source, place, message).with_help(help));
                continue;
            }
            seen.insert(name.clone(), place.start);
            entries.push((Key { name, place }, node));
        }
        entries
    }
}
