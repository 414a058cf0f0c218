//! Lines of coloured text and aligned columns. Knows widths and styles; must not know what is written.

use std::fmt::Write as _;

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// As the terminal has it.
    Plain,
    /// A heading.
    Bold,
    /// Of second rank.
    Dim,
    /// Well.
    Green,
    /// Not well.
    Red,
    /// Not known.
    Yellow,
    /// As the terminal has it, and never broken: to be copied.
    Whole,
}

impl Style {
    /// Its select-graphic-rendition code.
    const fn code(self) -> Option<u8> {
        match self {
            Self::Plain | Self::Whole => None,
            Self::Bold => Some(1),
            Self::Dim => Some(2),
            Self::Green => Some(32),
            Self::Red => Some(31),
            Self::Yellow => Some(33),
        }
    }
}

/// A piece of text.
#[derive(Clone, Debug)]
pub(crate) struct Piece(pub(crate) Style, pub(crate) String);

impl Piece {
    fn width(&self) -> usize {
        self.1.chars().count()
    }
}

/// A line: pieces side by side.
pub(crate) type Line = Vec<Piece>;

/// A plain piece.
pub(crate) fn plain(text: impl Into<String>) -> Piece {
    Piece(Style::Plain, text.into())
}

/// A space at which no line breaks; it is printed as any other.
const TIED: &str = "\u{a0}";

/// A line with a name in front, as wide as the first column of the tables.
pub(crate) fn named(name: &str, rest: impl IntoIterator<Item = Piece>) -> Line {
    [Piece(Style::Bold, format!("{name:<11} "))].into_iter().chain(rest).collect()
}

/// Columns as wide as they must be: the first `left` of them flush left, the others flush right; rows are indented but
/// for the heading.
pub(crate) fn table(heading: Line, rows: Vec<Line>, left: usize) -> Vec<Line> {
    let indent = |mut row: Line| {
        row[0].1.insert_str(0, "  ");
        row
    };
    let all: Vec<Line> = [heading].into_iter().chain(rows.into_iter().map(indent)).collect();
    let columns = all.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| all.iter().filter_map(|row| Some(row.get(column)?.width())).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let pad = |(column, Piece(style, text)): (usize, Piece)| {
        let text = text.replace(' ', TIED); // a row that is too long breaks between its cells
        let blank = " ".repeat(widths[column] - text.chars().count());
        let gap = if column == 0 { "" } else { "  " };
        let last = column + 1 == columns;
        match (column < left, last) {
            (true, true) => Piece(style, format!("{gap}{text}")),
            (true, false) => Piece(style, format!("{gap}{text}{blank}")),
            (false, _) => Piece(style, format!("{gap}{blank}{text}")),
        }
    };
    all.into_iter().map(|row| row.into_iter().enumerate().map(pad).collect()).collect()
}

/// The text of lines. What is wider than the screen goes on below, under its own beginning.
pub(crate) fn render(lines: &[Line], width: usize, colour: bool) -> String {
    let mut text = String::new();
    for line in lines.iter().flat_map(|line| wrap(line, width)) {
        let from = text.len();
        for Piece(style, piece) in line {
            let piece = piece.replace(TIED, " ");
            match style.code().filter(|_| colour && !piece.is_empty()) {
                Some(code) => write!(text, "\u{1b}[{code}m{piece}\u{1b}[0m").expect("memory takes everything"),
                None => text.push_str(&piece),
            }
        }
        text.truncate(from + text[from..].trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

/// A line as lines that fit. They break at spaces only: a path or a command that is too long is left for the terminal
/// to break, so that it can be copied.
fn wrap(line: &Line, width: usize) -> Vec<Line> {
    let mut left: Vec<(Style, char)> =
        line.iter().flat_map(|Piece(style, text)| text.chars().map(|c| (*style, c))).collect();
    if left.len() <= width || line.iter().any(|Piece(style, _)| *style == Style::Whole) {
        return vec![line.clone()];
    }
    let indent = indent(line).min(width / 2);
    let mut lines = Vec::new();
    while left.len() > width {
        let after = |from: usize| left[from..].iter().position(|(_, c)| *c == ' ').map(|at| from + at);
        let before = left[indent..=width].iter().rposition(|(_, c)| *c == ' ').map(|at| indent + at);
        let Some(at) = before.filter(|at| *at > indent).or_else(|| after(width)) else {
            break;
        };
        let rest = left.split_off(at + 1);
        left.pop(); // the space
        lines.push(pieces(&left));
        left = std::iter::repeat_n((Style::Plain, ' '), indent).chain(rest).collect();
    }
    lines.push(pieces(&left));
    lines
}

/// Where the text of a line begins: behind its name, or behind the spaces it starts with.
fn indent(line: &Line) -> usize {
    let first = line.first().map_or("", |piece| &piece.1);
    if line.len() > 1 && first.ends_with(' ') {
        first.chars().count()
    } else {
        first.chars().take_while(|c| *c == ' ').count()
    }
}

/// Neighbours of one style in one piece.
fn pieces(chars: &[(Style, char)]) -> Line {
    chars.chunk_by(|a, b| a.0 == b.0).map(|run| Piece(run[0].0, run.iter().map(|(_, c)| *c).collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let cells = |texts: [&str; 3]| texts.map(plain).to_vec();
        let lines = table(cells(["Head", "one", "x"]), vec![cells(["é", "22222", "3"])], 1);
        assert_eq!(render(&lines, 80, false), "Head    one  x\n  é   22222  3\n");
    }

    #[test]
    fn a_long_line_goes_on_under_its_own_text() {
        let line = [named("Jobs", [plain("ten queued, "), Piece(Style::Red, "nine of them completed".into())])];
        assert_eq!(render(&line, 60, false), "Jobs        ten queued, nine of them completed\n");
        assert_eq!(
            render(&line, 24, false),
            "Jobs        ten queued,\n            nine of them\n            completed\n"
        );
        let reason = [vec![Piece(Style::Dim, "    one two three".into())]];
        assert_eq!(render(&reason, 12, false), "    one two\n    three\n");
        assert_eq!(render(&reason, 12, true), "\u{1b}[2m    one two\u{1b}[0m\n    \u{1b}[2mthree\u{1b}[0m\n");
    }

    #[test]
    fn what_is_to_be_copied_is_not_broken() {
        let path = [vec![plain("a/path/without/any/space")]];
        assert_eq!(render(&path, 8, false), "a/path/without/any/space\n");
        let command = [vec![Piece(Style::Whole, "run this and that".into())]];
        assert_eq!(render(&command, 8, false), "run this and that\n");
    }
}
