//! A shape as JSON Schema, draft 2020-12. Knows the schema language; must not know any file.

use super::duration::PATTERN;
use super::node::Value;
use super::shape::{Field, Given, Kind, Shape, TableShape, limits};
use serde_json::{Map, Value as Json, json};
use std::ops::Bound;

impl Shape {
    /// The JSON Schema of the file, for editors and other programs.
    #[must_use]
    pub fn to_json_schema(&self, title: &str) -> Json {
        let mut schema = table(&self.root);
        schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        schema["title"] = json!(title);
        if !self.definitions.is_empty() {
            let each = |(name, kind): (&&str, &Kind)| ((*name).to_owned(), of_kind(kind));
            schema["$defs"] = Json::Object(self.definitions.iter().map(each).collect());
        }
        schema
    }
}

fn table(shape: &TableShape) -> Json {
    let Some(variants) = &shape.variants else {
        return object(shape.fields.iter());
    };
    let arm = |(word, fields): &(&'static str, Vec<Field>)| {
        let tag =
            Field { key: variants.tag, kind: Kind::Choice(vec![*word]), given: Given::Required, doc: variants.doc };
        object(std::iter::once(&tag).chain(&shape.fields).chain(fields))
    };
    json!({ "type": "object", "required": [variants.tag], "oneOf": variants.arms.iter().map(arm).collect::<Vec<_>>() })
}

fn object<'a>(fields: impl Iterator<Item = &'a Field>) -> Json {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in fields {
        let mut schema = of_kind(&field.kind);
        if field.given == Given::Optional {
            schema = nullable(schema);
        }
        let bounds = bounds_of(&field.kind).unwrap_or_default();
        if !field.doc.is_empty() || !bounds.is_empty() {
            let mut text = field.doc.to_owned();
            text += &bounds;
            schema["description"] = json!(text.trim());
        }
        match &field.given {
            Given::Required => required.push(field.key),
            Given::Or(value) if *value != Value::Null => schema["default"] = of_value(value),
            Given::Or(_) | Given::Optional => {}
        }
        properties.insert(field.key.to_owned(), schema);
    }
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// The bounds of a duration or a time in words, since the schema language has none for text.
fn bounds_of(kind: &Kind) -> Option<String> {
    let Kind::Within { kind, least, most } = kind else {
        return None;
    };
    matches!(**kind, Kind::Duration | Kind::Timestamp).then(|| format!(";{}", limits(least, most)))
}

fn of_kind(kind: &Kind) -> Json {
    match kind {
        Kind::Any => json!({}),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Integer { least, most } => whole(*least, *most),
        Kind::Number => json!({ "type": "number" }),
        Kind::Text => json!({ "type": "string" }),
        Kind::Duration => json!({ "type": "string", "pattern": PATTERN }),
        Kind::Timestamp => json!({ "type": "string", "format": "date-time" }),
        Kind::Choice(words) if words.len() == 1 => json!({ "const": words[0] }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Within { kind, least, most } => within(kind, least, most),
        Kind::List { item, least: 0 } => json!({ "type": "array", "items": of_kind(item) }),
        Kind::List { item, least } => {
            json!({ "type": "array", "items": of_kind(item), "minItems": least })
        }
        Kind::Map(item) => json!({ "type": "object", "additionalProperties": of_kind(item) }),
        Kind::Table(shape) => table(shape),
        Kind::Either(kinds) => json!({ "anyOf": kinds.iter().map(of_kind).collect::<Vec<_>>() }),
        Kind::Nullable(kind) => nullable(of_kind(kind)),
        Kind::Named(name) => json!({ "$ref": format!("#/$defs/{name}") }),
    }
}

fn whole(least: i64, most: i64) -> Json {
    let mut schema = json!({ "type": "integer" });
    if least > i64::MIN {
        schema["minimum"] = json!(least);
    }
    if most < i64::MAX {
        schema["maximum"] = json!(most);
    }
    schema
}

fn within(kind: &Kind, least: &Bound<Value>, most: &Bound<Value>) -> Json {
    let mut schema = of_kind(kind);
    if matches!(kind, Kind::Integer { .. } | Kind::Number) {
        for (bound, with, without) in [(least, "minimum", "exclusiveMinimum"), (most, "maximum", "exclusiveMaximum")] {
            match bound {
                Bound::Included(value) => schema[with] = of_value(value),
                Bound::Excluded(value) => schema[without] = of_value(value),
                Bound::Unbounded => {}
            }
        }
    }
    schema
}

fn nullable(schema: Json) -> Json {
    match schema.get("type") {
        Some(Json::String(name)) if !schema["oneOf"].is_array() => {
            let kinds = json!([name, "null"]);
            let mut schema = schema;
            schema["type"] = kinds;
            schema
        }
        _ => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

fn of_value(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::Text(text) | Value::DateTime(text) => json!(text),
        Value::List(items) => Json::Array(items.iter().map(|item| of_value(&item.value)).collect()),
        Value::Table(entries) => {
            Json::Object(entries.iter().map(|(key, node)| (key.name.clone(), of_value(&node.value))).collect())
        }
    }
}
