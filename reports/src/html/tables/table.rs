//! One table as HTML. Knows rows, cells and how they stack on a narrow screen; must not know what they hold.

use super::super::{escape, human};
use crate::model::Estimate;

/// A table under construction: its columns are named once and each cell carries its column's name for narrow screens.
pub(in crate::html) struct Table {
    title: String,
    columns: Vec<String>,
    rows: String,
}

impl Table {
    /// Of this title and these columns, the first of which heads the rows.
    pub(in crate::html) fn new<S: AsRef<str>>(title: &str, columns: impl IntoIterator<Item = S>) -> Self {
        let columns = columns.into_iter().map(|column| escape(column.as_ref())).collect();
        Self { title: escape(title), columns, rows: String::new() }
    }

    /// A row; cells are HTML.
    pub(in crate::html) fn row(&mut self, class: &str, head: &str, cells: &[String]) {
        self.headed(class, &escape(head), cells);
    }

    /// A row whose head is explained below it.
    pub(in crate::html) fn noted(&mut self, head: &str, note: &str, cells: &[String]) {
        let note = if note.is_empty() { String::new() } else { format!("<small>{}</small>", escape(note)) };
        self.headed("", &(escape(head) + &note), cells);
    }

    fn headed(&mut self, class: &str, head: &str, cells: &[String]) {
        self.rows += &format!("<tr{class}><th scope=\"row\">{head}</th>");
        for (cell, column) in cells.iter().zip(self.columns.iter().skip(1)) {
            let class = if cell == human::NOTHING { " class=\"none\"" } else { "" };
            self.rows += &format!("<td{class} data-label=\"{column}\"><span>{cell}</span></td>");
        }
        self.rows += "</tr>\n";
    }

    /// As HTML; nothing without rows.
    pub(in crate::html) fn finish(self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let head: String = self.columns.iter().map(|column| format!("<th scope=\"col\">{column}</th>")).collect();
        let title = if self.title.is_empty() { String::new() } else { format!("<h3>{}</h3>\n", self.title) };
        format!("{title}<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n", self.rows)
    }
}

/// A value with its interval below.
pub(in crate::html) fn cell(unit: &str, estimate: &Estimate) -> String {
    let interval = human::interval(unit, estimate).map_or_else(String::new, |text| {
        // Lines break between the ends of an interval, not within one.
        let text = text.replace(' ', "\u{a0}").replace(",\u{a0}", ", ");
        format!("<small>{}</small>", escape(&text))
    });
    escape(&human::value(unit, estimate)) + &interval
}
