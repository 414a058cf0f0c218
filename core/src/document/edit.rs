//! Puts a value into a tree by its path. Knows tables, lists and names; must not know what a value means.

use super::Document;
use super::nearest::nearest;
use super::node::{Key, Node, Value};
use super::source::Place;

/// Keys by which an element of a list may be called.
const NAMES: [&str; 3] = ["name", "organization", "kind"];

impl Document {
    /// Puts a value where a dotted path leads: keys of tables; of lists a number from 0, `*` for all elements, or what an
    /// element says under `name`, `organization` or `kind`. Tables that are missing on the way are made.
    ///
    /// # Errors
    /// When the path leads through something that is neither, or to an element that is not there: in words, with what is.
    pub fn set(&mut self, path: &str, value: &Value) -> Result<(), String> {
        let steps: Vec<&str> = path.split('.').collect();
        if steps.iter().any(|step| step.is_empty()) {
            return Err(format!("`{path}` is no path: expected keys with single points between them"));
        }
        put(&mut self.root, &steps, value)
    }
}

fn put(node: &mut Node, steps: &[&str], value: &Value) -> Result<(), String> {
    let Some((step, rest)) = steps.split_first() else {
        *node = Node { place: node.place, value: value.clone() };
        return Ok(());
    };
    match &mut node.value {
        Value::Table(entries) => {
            let index = entries.iter().position(|(key, _)| key.name == *step).unwrap_or_else(|| {
                let key = Key { name: (*step).to_owned(), place: Place::default() };
                entries.push((key, Node::new(Value::Table(Vec::new()))));
                entries.len() - 1
            });
            put(&mut entries[index].1, rest, value)
        }
        Value::List(items) => {
            let meant = meant(items, step)?;
            meant.into_iter().try_for_each(|index| put(&mut items[index], rest, value))
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_) | Value::DateTime(_) => {
            Err(format!("there is no `{step}` in {}", node.value.found()))
        }
    }
}

/// The elements of a list that a step of a path means.
fn meant(items: &[Node], step: &str) -> Result<Vec<usize>, String> {
    if step == "*" {
        return if items.is_empty() { Err("the list is empty".to_owned()) } else { Ok((0..items.len()).collect()) };
    }
    if let Ok(index) = step.parse::<usize>() {
        return if index < items.len() {
            Ok(vec![index])
        } else {
            Err(format!("there is no element {index}: the list has {}, and the first is 0", items.len()))
        };
    }
    let called: Vec<(usize, &str)> =
        items.iter().enumerate().flat_map(|(index, item)| names(item).map(move |name| (index, name))).collect();
    let found: Vec<usize> = called.iter().filter(|(_, name)| *name == step).map(|(index, _)| *index).collect();
    if found.is_empty() {
        let known: Vec<&str> = called.iter().map(|(_, name)| *name).collect();
        let near =
            nearest(step, known.iter().copied()).map_or_else(String::new, |near| format!("; was `{near}` meant?"));
        return Err(format!(
            "no element is called `{step}`: expected `*`, a number from 0, or one of {}{near}",
            known.join(", ")
        ));
    }
    Ok(found)
}

fn names(item: &Node) -> impl Iterator<Item = &str> {
    let entries = if let Value::Table(entries) = &item.value { &entries[..] } else { &[] };
    let named = entries.iter().filter(|(key, _)| NAMES.contains(&key.name.as_str()));
    named.filter_map(|(_, node)| if let Value::Text(text) = &node.value { Some(text.as_str()) } else { None })
}

#[cfg(all(test, feature = "text"))]
mod tests {
    use super::super::{Source, parse};
    use super::*;

    fn edited(path: &str, value: Value) -> Result<Document, String> {
        let text = r#"{ "a": { "b": 1 }, "regions": [ { "name": "west", "n": 1 }, { "name": "east", "n": 2 } ] }"#;
        let mut document = parse(&Source::new("t.json", text)).expect("it parses");
        document.set(path, &value).map(|()| document)
    }

    #[test]
    fn a_path_leads_through_tables_and_lists() {
        let root = |path, value| edited(path, value).expect("it leads somewhere").root;
        let text = |node: &Node| format!("{node:?}");
        assert!(text(&root("a.b", Value::Int(7))).contains("Int(7)"));
        assert!(text(&root("new.deep", Value::Bool(true))).contains("Bool(true)"));
        let all = edited("regions.*.n", Value::Int(9)).expect("a list");
        assert_eq!(text(&all.root).matches("Int(9)").count(), 2);
        let one = edited("regions.east.n", Value::Int(9)).expect("a name");
        let other = edited("regions.1.n", Value::Int(9)).expect("a number");
        assert_eq!(one.root, other.root);
        assert_eq!(text(&one.root).matches("Int(9)").count(), 1);
    }

    #[test]
    fn a_path_that_leads_nowhere_says_what_is_there() {
        let said = |path| edited(path, Value::Int(1)).expect_err("nowhere");
        assert_eq!(said("a.b.c"), "there is no `c` in the number 1");
        assert!(said("regions.wst.n").contains("one of west, east; was `west` meant?"), "{}", said("regions.wst.n"));
        assert!(said("regions.2.n").contains("the list has 2"));
        assert!(said("a..b").contains("is no path"));
    }
}
