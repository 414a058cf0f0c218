//! `tune.json`, `tune.csv` and a search's result on one screen. Knows columns and lines; must not judge, and must not touch
//! files.

use super::terminal::line::{Line, Piece, Style, named, plain, render, table};
use crate::chart::human;
use crate::model::Verdict;
use crate::tune::{FinalistTold, Tuned, words};

/// The text of `tune.json`.
#[must_use]
pub fn tune_json(tuned: &Tuned) -> String {
    let text = serde_json::to_string_pretty(tuned).expect("keys are text, and numbers are finite or null");
    text + "\n"
}

/// The text of `tune.csv`: a row for each candidate; a column for each setting, empty where it is as the files say.
#[must_use]
pub fn tune_csv(tuned: &Tuned) -> String {
    let head =
        ["number", "name", "origin", "generation", "runs", "firstCost", "firstMargin", "dropped", "droppedAfter"];
    let fresh = ["freshRuns", "freshVerdict", "freshCost", "freshLow", "freshHigh", "outcome"];
    let mut paths: Vec<&str> = Vec::new();
    for setting in tuned.candidates.iter().flat_map(|one| &one.settings) {
        let path = setting.split_once('=').map_or(setting.as_str(), |(path, _)| path);
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(head.iter().chain(&fresh).chain(&paths)).expect("memory takes everything");
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for one in &tuned.candidates {
        let last = tuned.selection.finalists.iter().find(|last| last.number == one.number);
        let mut row = vec![
            one.number.to_string(),
            one.name.clone(),
            one.origin.clone(),
            one.generation.to_string(),
            one.runs.len().to_string(),
            number(one.first_cost),
            number(one.first_margin),
            one.dropped.clone().unwrap_or_default(),
            one.dropped_after.map_or_else(String::new, |runs| runs.to_string()),
        ];
        row.extend(last.map_or_else(
            || vec![String::new(); fresh.len()],
            |last| {
                let cost = last.cost;
                let verdict = last.verdict.map_or("", word);
                let numbers = [cost.value, cost.low, cost.high].map(number);
                [last.runs.to_string(), verdict.to_owned()]
                    .into_iter()
                    .chain(numbers)
                    .chain([words::outcome(tuned, last)])
                    .collect()
            },
        ));
        let value = |path: &&str| {
            let found = one.settings.iter().rev().filter_map(|s| s.split_once('=')).find(|(known, _)| known == path);
            found.map_or_else(String::new, |(_, value)| value.to_owned())
        };
        row.extend(paths.iter().map(value));
        writer.write_record(&row).expect("memory takes everything");
    }
    let bytes = writer.into_inner().expect("memory takes everything");
    String::from_utf8(bytes).expect("names and numbers are text")
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Missed => "missed",
    }
}

/// The result on one screen of that many columns. `lies` says where the evidence and the policy lie.
#[must_use]
pub fn terminal(tuned: &Tuned, width: usize, colour: bool, lies: &[(&str, String)]) -> String {
    let style = match tuned.verdict {
        Some(Verdict::Met) => Style::Green,
        Some(Verdict::Missed) => Style::Red,
        _ => Style::Yellow,
    };
    let names: Vec<String> = tuned.scenarios.iter().map(|scenario| scenario.name.clone()).collect();
    let mut lines: Vec<Line> = vec![
        vec![Piece(Style::Bold, names.join(", ")), plain(format!("  the cheapest policy, by {}", tuned.minimized))],
        vec![Piece(style, format!("{}.", words::headline(tuned)))],
        Line::new(),
    ];
    lines.extend(
        words::told(tuned)
            .into_iter()
            .map(|told| vec![Piece(Style::Bold, format!("{}: ", told.about)), plain(told.text)]),
    );
    lines.push(Line::new());
    lines.extend(finalists(tuned));
    lines.push(Line::new());
    lines.extend(lies.iter().map(|(what, path)| named(what, [Piece(Style::Whole, path.clone())])));
    lines.extend(tuned.run_winner.iter().map(|line| named("Winner", [Piece(Style::Whole, line.clone())])));
    lines.push(named("Reproduce", [Piece(Style::Whole, tuned.reproduce.clone())]));
    render(&lines, width, colour)
}

fn finalists(tuned: &Tuned) -> Vec<Line> {
    let head = ["Finalists", "runs", "mean", "more", ""];
    let heading = head.into_iter().enumerate();
    let heading = heading.map(|(at, text)| Piece(if at == 0 { Style::Bold } else { Style::Dim }, text.to_owned()));
    let row = |one: &FinalistTold| -> Line {
        let style = match one.verdict {
            Some(Verdict::Met) => Style::Green,
            Some(Verdict::Missed) => Style::Red,
            _ => Style::Yellow,
        };
        let sign = match one.verdict {
            Some(Verdict::Met) => "✓",
            Some(Verdict::Missed) => "✗",
            _ => "?",
        };
        vec![
            Piece(style, format!("{sign} {}", tuned.candidates[one.number].name)),
            plain(one.runs.to_string()),
            plain(human::value(&tuned.unit, &one.cost)),
            plain(human::interval(&tuned.unit, &one.more).unwrap_or_default()),
            plain(words::outcome(tuned, one)),
        ]
    };
    let rows: Vec<Line> = tuned.selection.finalists.iter().map(row).collect();
    table(heading.collect(), rows, 5)
}
