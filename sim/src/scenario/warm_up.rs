//! How long a run is not measured. Knows how a file says it; must not know how it is found.

use tidegate_core::Span;
use tidegate_core::document::{Context, FromNode, Kind, Node, Value};

/// A scenario's `warmUp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WarmUp {
    /// So long.
    For(Span),
    /// To be found in pilot runs.
    Auto,
}

const WORD: &str = "auto";

impl FromNode for WarmUp {
    fn from_node(node: &Node, context: &mut Context) -> Option<Self> {
        let word = if let Value::Text(text) = &node.value { text.as_str() } else { "" };
        if word == WORD {
            return Some(Self::Auto);
        }
        if word.starts_with(|first: char| first.is_ascii_alphabetic()) {
            context.wrong(node, Self::kind().expected(), format!("did you mean `{WORD}`?"));
            return None;
        }
        Span::from_node(node, context).map(Self::For)
    }

    fn kind() -> Kind {
        Kind::Either(vec![Kind::Duration, Kind::Choice(vec![WORD])])
    }

    fn to_value(&self) -> Value {
        match self {
            Self::For(span) => span.to_value(),
            Self::Auto => Value::Text(WORD.to_owned()),
        }
    }
}
