//! A comparison on one screen. Knows what stands where on it; must not ask the environment for its size or colours.

use super::{Comparison, Difference, Says};
use crate::chart::human;
use crate::export::terminal::line::{Line, Piece, Style, named, plain, render, table};

/// The comparison on one screen of that many columns. `lies` says where the report lies; empty when it was not written.
#[must_use]
pub fn terminal(comparison: &Comparison, width: usize, colour: bool, lies: &str) -> String {
    let mut parts: Vec<Vec<Line>> = vec![header(comparison)];
    for (index, against) in comparison.against.iter().enumerate() {
        parts.push(vec![vec![plain(against.verdict.clone())]]);
        parts.push(differences(comparison, index));
    }
    let mut last = Vec::new();
    if !lies.is_empty() {
        last.push(named("Report", [Piece(Style::Whole, lies.to_owned())]));
    }
    last.push(named("Reproduce", [Piece(Style::Whole, comparison.reproduce.clone())]));
    parts.push(last);
    render(&parts.join(&[Line::new()][..]), width, colour)
}

fn header(comparison: &Comparison) -> Vec<Line> {
    let seeds = match comparison.seeds.as_slice() {
        [first, .., last] => {
            format!("{} runs each (seeds {first} to {last}, the same for all)", comparison.seeds.len())
        }
        _ => format!("{} run each", comparison.seeds.len()),
    };
    vec![
        vec![Piece(Style::Bold, comparison.scenario.name.clone()), plain(format!("  {seeds}"))],
        vec![Piece(Style::Dim, comparison.about.clone())],
    ]
}

fn differences(comparison: &Comparison, index: usize) -> Vec<Line> {
    let against = &comparison.against[index];
    let heads = ["", "first", "other", "difference", ""];
    let heading = heads.iter().map(|name| Piece(Style::Dim, (*name).to_owned())).collect();
    let told = comparison.told();
    let rows = told.iter().filter_map(|key| against.of(key)).map(row).collect();
    let title = [
        Piece(Style::Bold, against.name.clone()),
        plain(" against "),
        Piece(Style::Bold, comparison.variants[0].name.clone()),
    ];
    [title.to_vec()].into_iter().chain(table(heading, rows, 1)).collect()
}

fn row(found: &Difference) -> Line {
    let value = |value: Option<f64>, at_least: bool| {
        let least = if at_least { "≥ " } else { "" };
        let told = |value| format!("{least}{}", human::quantity(&found.unit, value));
        value.map_or_else(|| human::NOTHING.to_owned(), told)
    };
    let (style, sign) = match found.says {
        Says::Better => (Style::Green, "✓ better"),
        Says::Worse => (Style::Red, "✗ worse"),
        Says::Same => (Style::Dim, "the same"),
        Says::CannotTell => (Style::Dim, "cannot be told"),
    };
    let interval = human::interval(&found.unit, &found.difference).map_or_else(String::new, |text| format!(" {text}"));
    vec![
        plain(found.measure.replace('.', " ")),
        plain(value(found.base, found.base_at_least)),
        plain(value(found.value, found.value_at_least)),
        plain(format!("{}{interval}", human::value(&found.unit, &found.difference))),
        Piece(style, sign.to_owned()),
    ]
}
