//! YAML into the trees that every reader reads. Knows YAML; must not know what any key means.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, ScanError, YamlData};
use saphyr_parser::{Event, Parser};
use tidegate_core::document::{Document, Format, Key, MAX_DEPTH, Node, Place, Problem, Problems, Source, Value};

/// The documents of a file, in order.
///
/// # Errors
/// Where the text is no YAML, or nested deeper than is read.
pub(super) fn documents(source: &Source) -> Result<Vec<Document>, Problems> {
    let places = Places::of(source.text());
    let syntax = |error: &ScanError| -> Problems {
        let message = format!("not YAML: {}", error.info());
        Problem::new(source, places.at(error.marker().index(), error.marker().index() + 1), message).into()
    };
    depth(source, &places, syntax)?;
    let all = MarkedYaml::load_from_str(source.text()).map_err(|error| syntax(&error))?;
    let document = |yaml: &MarkedYaml<'_>| Document {
        source: source.clone(),
        format: Format::Json, // of the two that messages know, the one whose lists look the same
        root: node(yaml, &places),
        problems: Vec::new(),
    };
    Ok(all.iter().map(document).collect())
}

/// Trees are built and read by functions that call themselves: how deep, is known before.
fn depth(source: &Source, places: &Places, syntax: impl Fn(&ScanError) -> Problems) -> Result<(), Problems> {
    let mut deep = 0_usize;
    for event in Parser::new_from_str(source.text()) {
        let (event, span) = event.map_err(|error| syntax(&error))?;
        match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => deep += 1,
            Event::SequenceEnd | Event::MappingEnd => deep = deep.saturating_sub(1),
            Event::StreamEnd => break,
            Event::Nothing
            | Event::StreamStart
            | Event::DocumentStart(..)
            | Event::DocumentEnd
            | Event::Alias(..)
            | Event::Scalar(..) => {}
        }
        if deep > MAX_DEPTH {
            let place = places.at(span.start.index(), span.start.index() + 1);
            let problem = Problem::new(source, place, format!("values are nested more than {MAX_DEPTH} deep"));
            return Err(problem.with_help("no objective needs that").into());
        }
    }
    Ok(())
}

fn node(yaml: &MarkedYaml<'_>, places: &Places) -> Node {
    let place = places.at(yaml.span.start.index(), yaml.span.end.index());
    let value = match &yaml.data {
        YamlData::Value(scalar) => scalar_value(scalar),
        YamlData::Representation(text, ..) => Value::Text(text.to_string()),
        YamlData::Sequence(items) => Value::List(items.iter().map(|item| node(item, places)).collect()),
        YamlData::Mapping(entries) => {
            Value::Table(entries.iter().map(|(key, value)| (name(key, places), node(value, places))).collect())
        }
        YamlData::Tagged(_, inner) => return node(inner, places),
        YamlData::Alias(_) | YamlData::BadValue => Value::Null,
    };
    Node { place, value }
}

fn scalar_value(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => Value::Bool(*value),
        Scalar::Integer(value) => Value::Int(*value),
        Scalar::FloatingPoint(value) => Value::Float(value.into_inner()),
        Scalar::String(text) => Value::Text(text.to_string()),
    }
}

/// A key; one that is no text is called by what it says.
fn name(key: &MarkedYaml<'_>, places: &Places) -> Key {
    let Node { place, value } = node(key, places);
    let name = if let Value::Text(text) = value { text } else { value.found() };
    Key { name, place }
}

/// Where each character of a text begins, in bytes: YAML's marks count characters.
struct Places(Vec<usize>);

impl Places {
    fn of(text: &str) -> Self {
        Self(text.char_indices().map(|(at, _)| at).chain([text.len()]).collect())
    }

    fn at(&self, start: usize, end: usize) -> Place {
        let byte = |index: usize| self.0[index.min(self.0.len() - 1)];
        Place::new(byte(start), byte(end.max(start)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Document>, Problems> {
        documents(&Source::new("s.yaml", text))
    }

    #[test]
    fn values_and_their_places_are_those_of_the_text() {
        let all = read("# Größe\na: [1, 0.5, yes, true, ~, 'é', \"1\"]\n---\nb: {c: d}\n").expect("YAML");
        let [first, second] = &all[..] else { panic!("{} documents", all.len()) };
        let Value::Table(entries) = &first.root.value else { panic!("no table") };
        let Value::List(items) = &entries[0].1.value else { panic!("no list") };
        let values: Vec<Value> = items.iter().map(|item| item.value.clone()).collect();
        let text = |text: &str| Value::Text(text.to_owned());
        let wanted =
            [Value::Int(1), Value::Float(0.5), text("yes"), Value::Bool(true), Value::Null, text("é"), text("1")];
        assert_eq!(values, wanted);
        let at = |node: &Node| first.source.line_column(node.place.start);
        assert_eq!((at(&items[1]), at(&items[6])), ((2, 8), (2, 32)));
        assert!(matches!(&second.root.value, Value::Table(entries) if entries[0].0.name == "b"));
    }

    #[test]
    fn what_is_no_yaml_is_refused_and_nothing_blows_up() {
        let said = |text: &str| read(text).expect_err("refused").to_string();
        assert!(said("a: [1\nb: 2").contains("s.yaml:2:"), "{}", said("a: [1\nb: 2"));
        assert!(said(&"- ".repeat(100_000)).contains("nested more than 64 deep"));
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read("a: 1\na: 2\n").is_err(), "a key twice");
        let bomb: String = (0..40).map(|n| format!("a{}: &a{} [*a{n}, *a{n}]\n", n + 1, n + 1)).collect();
        assert!(read(&format!("a0: &a0 [x]\n{bomb}")).is_err(), "two to the fortieth values");
    }
}
