//! A small checker of values against the JSON Schema that is written here. Knows the words that it uses, not all.

use serde_json::Value as Json;

/// Whether a value is what a schema says; `root` holds the definitions.
pub(super) fn accepts(root: &Json, schema: &Json, value: &Json) -> bool {
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.trim_start_matches('#')).expect("the definition is there");
        return accepts(root, target, value);
    }
    let among = |word: &str| schema[word].as_array().map(|all| all.iter().filter(|s| accepts(root, s, value)).count());
    of_type(&schema["type"], value)
        && schema.get("const").is_none_or(|wanted| wanted == value)
        && schema["enum"].as_array().is_none_or(|words| words.contains(value))
        && among("oneOf").is_none_or(|count| count == 1)
        && among("anyOf").is_none_or(|count| count > 0)
        && within(schema, value)
        && items(root, schema, value)
        && properties(root, schema, value)
}

fn of_type(wanted: &Json, value: &Json) -> bool {
    let one = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => value.is_number(),
    };
    match wanted {
        Json::String(name) => one(name),
        Json::Array(names) => names.iter().filter_map(Json::as_str).any(one),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => true,
    }
}

fn within(schema: &Json, value: &Json) -> bool {
    let Some(number) = value.as_f64() else {
        return true;
    };
    let bound = |word: &str, good: fn(f64, f64) -> bool| schema[word].as_f64().is_none_or(|limit| good(number, limit));
    bound("minimum", |n, limit| n >= limit)
        && bound("maximum", |n, limit| n <= limit)
        && bound("exclusiveMinimum", |n, limit| n > limit)
        && bound("exclusiveMaximum", |n, limit| n < limit)
}

fn items(root: &Json, schema: &Json, value: &Json) -> bool {
    let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) else {
        return true;
    };
    let least = schema["minItems"].as_u64().unwrap_or(0);
    values.len() as u64 >= least && values.iter().all(|value| accepts(root, items, value))
}

fn properties(root: &Json, schema: &Json, value: &Json) -> bool {
    let Some(entries) = value.as_object() else {
        return true;
    };
    let named = schema["required"].as_array();
    let all_there = named.is_none_or(|keys| keys.iter().filter_map(Json::as_str).all(|key| entries.contains_key(key)));
    let known =
        |(key, value): (&String, &Json)| match (schema["properties"].get(key), schema.get("additionalProperties")) {
            (Some(schema), _) => accepts(root, schema, value),
            (None, Some(Json::Bool(more))) => *more,
            (None, Some(schema)) => accepts(root, schema, value),
            (None, None) => true,
        };
    all_there && entries.iter().all(known)
}
