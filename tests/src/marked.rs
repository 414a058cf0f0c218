//! Texts with a mark where something is wrong. Knows lines and columns; must not know formats.

/// A text that had marks (`@`) in it, and where they stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The text without marks.
    pub text: String,
    /// Line and column of each, both from one.
    pub places: Vec<(usize, usize)>,
}

impl Marked {
    /// Takes the marks out of a text.
    #[must_use]
    pub fn new(marked: &str) -> Self {
        let (mut text, mut places, mut line, mut column) = (String::new(), Vec::new(), 1, 1);
        for character in marked.chars() {
            match character {
                '@' => {
                    places.push((line, column));
                    continue;
                }
                '\n' => (line, column) = (line + 1, 1),
                _ => column += 1,
            }
            text.push(character);
        }
        Self { text, places }
    }

    /// What a message about each mark begins with: `name:line:column:`.
    #[must_use]
    pub fn starts(&self, name: &str) -> Vec<String> {
        self.places.iter().map(|(line, column)| format!("{name}:{line}:{column}: ")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_out_and_remembered() {
        let marked = Marked::new("a = @1\n@b = @2\n");
        assert_eq!(marked.text, "a = 1\nb = 2\n");
        assert_eq!(marked.starts("f"), ["f:1:5: ", "f:2:1: ", "f:2:5: "]);
    }
}
