//! Reads a table of known keys. Knows which keys were asked for, so that the others are mistakes;
//! must not know what the keys mean.

use super::context::Context;
use super::item::NodeReader;
use super::nearest::nearest;
use super::node::{Key, Node, Value};
use super::problem::{Problem, quoted};
use super::shape::{Field, Given, Kind, TableShape, Variants};
use super::source::Place;

/// A cursor over a table. The keys asked for are the known ones; when the reading function returns, every other key
/// is a mistake. So ask for all keys before returning early.
#[derive(Debug)]
pub struct TableReader<'a> {
    context: &'a mut Context,
    entries: &'a [(Key, Node)],
    place: Place,
    known: Vec<&'static str>,
    /// The key that should have said which keys are known, but did not.
    lost: Option<&'static str>,
    shape: TableShape,
}

/// Reads one variant of a table.
pub type Arm<T> = fn(&mut TableReader<'_>) -> T;

/// More keys than this are not listed in a message.
const MAX_LISTED: usize = 24;

impl<'a> TableReader<'a> {
    /// Runs a reading function over a table, then looks for keys it did not ask for.
    pub(super) fn run<T>(
        context: &mut Context,
        entries: &[(Key, Node)],
        place: Place,
        read: impl FnOnce(&mut TableReader<'_>) -> T,
    ) -> (T, TableShape) {
        let shape = TableShape::default();
        let mut reader = TableReader { context, entries, place, known: Vec::new(), lost: None, shape };
        let value = read(&mut reader);
        reader.refuse_unknown();
        (value, reader.shape)
    }

    /// Reads a table within this one; where it is left out, as if it were empty, so that all its defaults hold.
    pub fn section<T>(
        &mut self,
        key: &'static str,
        doc: &'static str,
        read: impl FnOnce(&mut TableReader<'_>) -> T,
    ) -> T {
        let (entries, place, good) = match self.find(key) {
            None => (&[][..], self.place, true),
            Some(Node { place, value: Value::Table(entries) }) => (&entries[..], *place, true),
            Some(node) => {
                self.context.under(key, |context| context.wrong(node, "a table", ""));
                (&[][..], node.place, false)
            }
        };
        self.known.push(key);
        let run = |context: &mut Context| TableReader::run(context, entries, place, read);
        let (value, shape) = self.context.under(key, |context| if good { run(context) } else { context.quietly(run) });
        if self.context.is_describing() {
            let required = shape.fields.iter().any(|field| field.given == Given::Required) || shape.variants.is_some();
            let given = if required { Given::Required } else { Given::Or(Value::Table(Vec::new())) };
            self.shape.fields.push(Field { key, kind: Kind::Table(shape), given, doc });
        }
        value
    }

    /// Reads a table of several variants: the word under `key` says which, and its arm asks for the further keys.
    pub fn tagged<T>(&mut self, key: &'static str, arms: &[(&'static str, Arm<T>)], doc: &'static str) -> Option<T> {
        if !self.context.is_describing() {
            let arm = self.field(key, Given::Required, doc, |node| node.choice(arms));
            self.lost = if arm.is_none() { Some(key) } else { self.lost };
            return arm.map(|arm| arm(self));
        }
        let (mut value, mut variants) = (None, Variants { tag: key, doc, arms: Vec::new() });
        for (word, arm) in arms {
            let common = self.shape.fields.len();
            value = Some(arm(self));
            variants.arms.push((word, self.shape.fields.split_off(common)));
        }
        self.shape.variants = Some(variants);
        value
    }

    /// Whether a key is there, without asking for it.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Where this table stands.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Where the value under a key stands, or the table where there is none.
    #[must_use]
    pub fn place_of(&self, key: &str) -> Place {
        self.find(key).map_or(self.place, |node| node.place)
    }

    /// The dotted path of a key of this table, such as `spillover.minDwell`.
    #[must_use]
    pub fn path_of(&self, key: &str) -> String {
        self.context.path_of(key)
    }

    /// What all readers of the file share.
    #[must_use]
    pub const fn context(&self) -> &Context {
        self.context
    }

    /// Writes down a mistake in the value under a key; the message follows the path: "`spillover.stopAt` {message}".
    pub fn problem_at(&mut self, key: &str, message: &str, help: impl Into<String>) {
        let (place, path) = (self.place_of(key), self.path_of(key));
        self.context.problem(place, format!("`{path}` {message}"), help);
    }

    /// Writes down a mistake anywhere in the file; an empty help says nothing.
    pub fn problem(&mut self, place: Place, message: impl Into<String>, help: impl Into<String>) {
        self.context.problem(place, message, help);
    }

    fn find(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|(name, _)| name.name == key).map(|(_, node)| node)
    }

    /// Asks for a key: every getter but the sections comes through here.
    pub(super) fn field<T>(
        &mut self,
        key: &'static str,
        given: Given,
        doc: &'static str,
        read: impl FnOnce(&mut NodeReader<'_>) -> Option<T>,
    ) -> Option<T> {
        self.known.push(key);
        let node = self.find(key).filter(|node| given != Given::Optional || node.value != Value::Null);
        let describing = self.context.is_describing();
        if node.is_none() && !describing && given != Given::Required {
            return None;
        }
        let (value, kind) = self.context.under(key, |context| {
            let mut reader = NodeReader::new(context, node);
            (read(&mut reader), reader.kind)
        });
        if describing {
            self.shape.fields.push(Field { key, kind, given, doc });
        } else if node.is_none() {
            self.missing(key, &kind, doc);
        }
        value
    }

    fn missing(&mut self, key: &str, kind: &Kind, doc: &str) {
        let path = self.context.path();
        let within = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
        let problem = Problem::new(self.context.source(), self.place, format!("missing `{key}`{within}"));
        let help = if doc.is_empty() { String::new() } else { format!("`{key}` is {doc}") };
        self.context.record(problem.with_expected(kind.expected()).with_help(help));
    }

    fn refuse_unknown(&mut self) {
        let unknown = |(key, _): &&(Key, Node)| !self.known.contains(&key.name.as_str());
        let unknown: Vec<&Key> = self.entries.iter().filter(unknown).map(|(key, _)| key).collect();
        if unknown.is_empty() {
            return;
        }
        let absent: Vec<_> = self.known.iter().copied().filter(|key| !self.has(key)).collect();
        let path = self.context.path();
        let within = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
        let words = self.known_words();
        for key in unknown {
            if self.context.is_full() {
                break;
            }
            // Rather a key that is not there yet.
            let near = nearest(&key.name, absent.iter().copied());
            let near = near.or_else(|| nearest(&key.name, self.known.iter().copied()));
            if self.lost.is_some() && self.lost != near {
                continue;
            }
            let message = format!("unknown key `{}`{within}", quoted(&key.name));
            let help = near.map_or(String::new(), |near| format!("did you mean `{near}`?"));
            let problem = Problem::new(self.context.source(), key.place, message);
            self.context.record(problem.with_expected(words.as_str()).with_help(help));
        }
    }

    fn known_words(&self) -> String {
        let more = if self.known.len() > MAX_LISTED { ", ..." } else { "" };
        let words: Vec<_> = self.known.iter().take(MAX_LISTED).copied().collect();
        if words.is_empty() { "an empty table".to_owned() } else { format!("one of: {}{more}", words.join(", ")) }
    }
}
