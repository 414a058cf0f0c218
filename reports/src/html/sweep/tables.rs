//! Points as tables. Knows which number stands in which column; must not compute any.

use super::super::tables::seeds;
use super::super::tables::table::{Table, cell};
use super::super::{escape, human};
use crate::chart::sweep::{name, unit};
use crate::sweep::front::Front;
use crate::sweep::{Point, Sweep, TOLD};

/// Rows of a table at the most: all points are in `sweep.csv`.
const MOST: usize = 40;

/// The points in order of their index, and what went in.
pub(super) fn section(sweep: &Sweep) -> String {
    let mut keys: Vec<&str> = TOLD.to_vec();
    if !keys.contains(&sweep.map.show.as_str()) {
        keys.push(&sweep.map.show);
    }
    let mut order: Vec<&Point> = sweep.points.iter().collect();
    let cost = |point: &Point| point.value("cost").unwrap_or(f64::INFINITY);
    order.sort_by(|a, b| a.outcome().cmp(&b.outcome()).then(cost(a).total_cmp(&cost(b))));
    let more = sweep.points.len().saturating_sub(MOST);
    let title = if more == 0 { "Points".to_owned() } else { format!("The first {MOST} points") };
    let table = points(sweep, &title, order.into_iter().take(MOST).map(|point| (point, 0)), &keys, false);
    let note = "Those that keep all objectives first, the cheapest first; all points are in sweep.csv and sweep.json.";
    format!(
        "<section id=\"numbers\">\n<h2>Tables</h2>\n<p class=\"note\">{note}</p>\n{table}{}</section>\n",
        inputs(sweep)
    )
}

/// The points of the front, each with the line that reproduces it.
pub(super) fn front(sweep: &Sweep, front: &Front<'_>) -> String {
    let more = front.points.len().saturating_sub(MOST);
    let table = points(sweep, "On the front", front.points.iter().take(MOST).copied(), &TOLD, true);
    let note =
        if more == 0 { String::new() } else { format!("<p class=\"note\">and {more} more, in sweep.csv.</p>\n") };
    table + &note
}

fn points<'a>(
    sweep: &Sweep,
    title: &str,
    points: impl Iterator<Item = (&'a Point, usize)>,
    keys: &[&str],
    lines: bool,
) -> String {
    let measured: Vec<&str> =
        keys.iter().copied().filter(|key| sweep.points.iter().any(|point| point.value(key).is_some())).collect();
    let columns = ["Point".to_owned(), "Objectives".to_owned()];
    let columns = columns.into_iter().chain(measured.iter().map(|key| name(key)));
    let mut table = Table::new(title, columns);
    for (point, same) in points {
        let mut cells = vec![format!("<span class=\"whole\">{}</span>", human::words(point.outcome().name()))];
        cells.extend(measured.iter().map(|key| cell(unit(key), &point.estimate(key))));
        let same = match same {
            0 => String::new(),
            1 => "1 other point came to the same numbers. ".to_owned(),
            n => format!("{n} other points came to the same numbers. "),
        };
        let note = if lines { format!("{same}{}", point.reproduce) } else { String::new() };
        table.noted(&sweep.words(point), &note, &cells);
    }
    table.finish()
}

fn inputs(sweep: &Sweep) -> String {
    let mut rows = String::new();
    let mut add = |head: &str, text: String| {
        rows += &format!("<tr><th scope=\"row\">{head}</th><td class=\"words\">{text}</td></tr>\n");
    };
    for (head, input) in [("Scenario", &sweep.scenario), ("Policy", &sweep.policy)] {
        let (name, path, hash) = (escape(&input.name), escape(&input.path), escape(&input.sha256));
        add(head, format!("{name} <code>{path}</code><br/><code>sha256 {hash}</code>"));
    }
    for axis in &sweep.axes {
        let texts: Vec<&str> = axis.values.iter().map(|value| value.text.as_str()).collect();
        let shown = match texts[..] {
            [first, .., last] if texts.len() > 20 => format!("{} values from {first} to {last}", texts.len()),
            _ => texts.join(", "),
        };
        add(&escape(&axis.path), escape(&shown));
    }
    add("Seeds", escape(&seeds(&sweep.seeds)));
    add(
        "Tidegate",
        format!("{}, commit <code>{}</code>", escape(&sweep.tidegate.version), escape(&sweep.tidegate.commit)),
    );
    format!("<h3>Inputs</h3>\n<table>\n<tbody>\n{rows}</tbody>\n</table>\n")
}
