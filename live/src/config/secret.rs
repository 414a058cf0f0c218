//! A text that is never printed. Knows how to keep quiet; must not know what it opens.

use std::fmt;

/// A secret: `Debug` and errors show that it is there and nothing of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

/// Characters of each of two tokens at the least: what is shorter is a word of a phrase rather than a token.
const SHORTEST_OF_TWO: usize = 16;

impl Secret {
    /// Takes a text in; white space around it, as files have it at their end, is dropped.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text itself, to be handed to whom it is meant for and to nobody else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The words of it. While a token is changed there are two: the first is said, each is understood.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split_whitespace()
    }

    /// The first word, or nothing.
    #[must_use]
    pub fn first(&self) -> &str {
        self.words().next().unwrap_or_default()
    }

    /// Why these words are no token, or two of which one is to go: a text of several words would be as weak as each of them.
    #[must_use]
    pub fn is_no_token(&self) -> Option<&'static str> {
        let count = self.words().count();
        if count > 2 {
            return Some(
                "has more than two words; a token holds no white space, and two are in force while one is changed",
            );
        }
        (count == 2 && self.words().any(|word| word.len() < SHORTEST_OF_TWO))
            .then_some("has two words, of which one is shorter than 16 characters; a token holds no white space")
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "Secret(none)" } else { "Secret(hidden)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_it_is_printed() {
        let secret = Secret::new(" tide-and-time\n");
        assert_eq!(secret.reveal(), "tide-and-time");
        assert_eq!(format!("{secret:?} {:?}", Secret::new("")), "Secret(hidden) Secret(none)");
    }

    #[test]
    fn of_two_the_first_is_said() {
        let secret = Secret::new("new old\n");
        assert_eq!((secret.first(), secret.words().collect::<Vec<_>>()), ("new", vec!["new", "old"]));
        assert_eq!(Secret::new("gate").is_no_token(), None);
        assert_eq!(Secret::new("a-token-of-this-length another-of-this-length").is_no_token(), None);
        assert!(secret.is_no_token().is_some() && Secret::new("correct horse battery staple").is_no_token().is_some());
        assert_eq!((Secret::new(" ").first(), Secret::new("").words().count()), ("", 0));
    }
}
