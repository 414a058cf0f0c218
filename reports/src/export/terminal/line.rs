//! Lines of coloured text and aligned columns. Knows widths and styles; must not know what is written.

use std::fmt::Write as _;

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
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
}

impl Style {
    /// Its select-graphic-rendition code.
    const fn code(self) -> Option<u8> {
        match self {
            Self::Plain => None,
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
pub(super) struct Piece(pub(super) Style, pub(super) String);

impl Piece {
    fn width(&self) -> usize {
        self.1.chars().count()
    }
}

/// A line: pieces side by side.
pub(super) type Line = Vec<Piece>;

/// A plain piece.
pub(super) fn plain(text: impl Into<String>) -> Piece {
    Piece(Style::Plain, text.into())
}

/// A line with a name in front, as wide as the first column of the tables.
pub(super) fn named(name: &str, rest: impl IntoIterator<Item = Piece>) -> Line {
    [Piece(Style::Bold, format!("{name:<11} "))].into_iter().chain(rest).collect()
}

/// Columns as wide as they must be: the first `left` of them flush left, the others flush right; rows are indented but
/// for the heading.
pub(super) fn table(heading: Line, rows: Vec<Line>, left: usize) -> Vec<Line> {
    let indent = |mut row: Line| {
        row[0].1.insert_str(0, "  ");
        row
    };
    let all: Vec<Line> = [heading].into_iter().chain(rows.into_iter().map(indent)).collect();
    let columns = all.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| all.iter().filter_map(|row| Some(row.get(column)?.width())).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let pad = |(column, Piece(style, text)): (usize, Piece)| {
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

/// The text of lines, cut where they are wider than the screen.
pub(super) fn render(lines: &[Line], width: usize, colour: bool) -> String {
    let mut text = String::new();
    for line in lines {
        let mut left = width;
        let over = line.iter().map(Piece::width).sum::<usize>() > width;
        for Piece(style, piece) in line {
            let room = if over { left.saturating_sub(1) } else { left };
            let shown: String = piece.chars().take(room).collect();
            left -= shown.chars().count();
            match style.code().filter(|_| colour && !shown.is_empty()) {
                Some(code) => write!(text, "\u{1b}[{code}m{shown}\u{1b}[0m").expect("memory takes everything"),
                None => text.push_str(&shown),
            }
        }
        if over {
            text.push('…');
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
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
    fn a_line_is_cut_by_what_is_seen_of_it() {
        let line = [vec![Piece(Style::Red, "äbcd".into()), plain("efgh")]];
        assert_eq!(render(&line, 8, false), "äbcdefgh\n");
        assert_eq!(render(&line, 7, false), "äbcdef…\n");
        assert_eq!(render(&line, 3, true), "\u{1b}[31mäb\u{1b}[0m…\n");
    }
}
