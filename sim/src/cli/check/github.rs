//! A check as GitHub shows it: annotations on the lines of objectives, and a table in the summary of the step. Knows the words
//! that GitHub's runner reads; must not know how anything was judged.

use super::base;
use super::verdict::{Checked, Line, Outcome, found, key, promise, what};
use crate::output::WriteError;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use tidegate_reports::model::{Judged, Verdict};
use tidegate_reports::regression::{Change, Compared};

/// The annotations of a scenario, a line each: an error for what is missed, broken or clearly worse than the baseline, a
/// warning for what is inconclusive, and where nothing at all can be told against the baseline.
pub(super) fn annotations(checked: &Checked) -> String {
    let mut text = String::new();
    let name = &checked.scenario.name;
    for (index, judged) in checked.objectives.iter().enumerate() {
        let level = match judged.verdict {
            Verdict::Met => continue,
            Verdict::Inconclusive => "warning",
            Verdict::Missed => "error",
        };
        let title = format!("{name}: {} {}", what(judged), judged.verdict.name());
        let message = format!("{}\nto see it again: {}", Line(judged), checked.again);
        text += &annotation(level, &place(checked, Some(index)), &title, &message);
    }
    for compared in checked.against.iter().flat_map(|against| against.of(Change::Regression)) {
        let index = checked.objectives.iter().position(|judged| key(judged).as_deref() == Some(&compared.quantity));
        let title = format!("{name}: {} is worse than the baseline", base::what(compared));
        let message = format!("{}\nto see it again: {}", base::words(compared), checked.again);
        text += &annotation("error", &place(checked, index), &title, &message);
    }
    if let Some(why) = checked.against.as_ref().and_then(base::Against::untold) {
        let title = format!("{name}: nothing can be told against the baseline");
        text += &annotation("warning", &place(checked, None), &title, &format!("{why}: more runs, or the same seeds"));
    }
    for (seed, broken) in &checked.broken {
        let title = format!("{name}: {} is broken", broken.invariant);
        let message = format!("seed {seed}, at {}: {}\nthis is a bug", broken.at, broken.what);
        text += &annotation("error", &place(checked, None), &title, &message);
    }
    text
}

/// `file=…,line=…,col=…` of an objective, or of the scenario.
fn place(checked: &Checked, objective: Option<usize>) -> String {
    let file = |path: &str| property(path.strip_prefix("./").unwrap_or(path));
    match objective.and_then(|index| checked.places.get(index)) {
        Some(at) => format!("file={},line={},col={}", file(&at.path), at.line, at.column),
        None => format!("file={},line=1", file(&checked.scenario.path)),
    }
}

fn annotation(level: &str, place: &str, title: &str, message: &str) -> String {
    format!("::{level} {place},title={}::{}\n", property(title), data(message))
}

/// A message as the runner reads it: on one line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value before the message, where colons and commas have a meaning too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Adds a text to the summary of the step, where the runner names a file for it.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn add_summary(checked: &[Checked]) -> Result<(), WriteError> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return Ok(()) };
    let path = PathBuf::from(path);
    // It may hold what earlier commands of the step said.
    let opened = std::fs::File::options().append(true).create(true).open(&path);
    let text = summary(checked);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|source| WriteError { path, source })
}

/// The table of all scenarios in Markdown.
fn summary(checked: &[Checked]) -> String {
    let good = checked.iter().filter(|one| one.is_good()).count();
    let mut text = format!("## tidegate check: {good} of {} scenarios good\n", checked.len());
    for one in checked {
        let _ = writeln!(text, "\n### {} {}: {}\n", sign(one), cell(&one.scenario.name), one.outcome().name());
        text += "| verdict | objective | value [95 % interval] | limit | against the baseline |\n";
        text += "| --- | --- | --- | --- | --- |\n";
        one.objectives.iter().for_each(|judged| text += &objective(one, judged));
        let judged: Vec<String> = one.objectives.iter().filter_map(key).collect();
        let compared = one.against.iter().flat_map(|against| &against.compared);
        for compared in compared.filter(|compared| !judged.contains(&compared.quantity)) {
            let _ = writeln!(text, "| | {} | | | {} |", cell(&base::what(compared)), cell(&shift(compared)));
        }
        for (seed, broken) in &one.broken {
            let _ = writeln!(text, "| broken | {} | {} (seed {seed}) | | |", broken.invariant, cell(&broken.what));
        }
        for note in one.against.iter().flat_map(|against| &against.notes) {
            let _ = writeln!(text, "\nNote: {}.", cell(note));
        }
        let _ = writeln!(text, "\n```text\n{}\n```", one.again);
    }
    text
}

fn objective(checked: &Checked, judged: &Judged) -> String {
    let of = key(judged);
    let compared = checked.against.iter().flat_map(|against| &against.compared);
    let compared = compared.filter(|compared| Some(&compared.quantity) == of.as_ref()).map(shift).next();
    let cells =
        [judged.verdict.name().to_owned(), what(judged), found(judged), promise(judged), compared.unwrap_or_default()];
    format!("| {} |\n", cells.map(|text| cell(&text)).join(" | "))
}

/// The difference, and what it is.
fn shift(compared: &Compared) -> String {
    let said = match compared.change {
        Change::Regression => "**worse**",
        Change::Improvement => "better",
        Change::NoDifference => "no difference",
        Change::Unknown => return format!("not to be told: {}", compared.why),
    };
    format!("{}: {said}", base::shift(compared))
}

fn sign(checked: &Checked) -> &'static str {
    match checked.outcome() {
        Outcome::Met => "✅",
        Outcome::NoObjectives | Outcome::Inconclusive => "❔",
        Outcome::Regressed | Outcome::Missed | Outcome::Broken => "❌",
    }
}

/// A text that ends no cell and is no markup.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::super::base::{Against, tests::compared};
    use super::super::verdict::tests::checked;
    use super::*;
    use crate::checker::Broken;
    use crate::scenario::Spot;
    use tidegate_core::Timestamp;

    fn peak() -> Checked {
        let mut peak = checked("peak", &[Verdict::Met, Verdict::Missed, Verdict::Inconclusive]);
        peak.objectives[1].why = "100 %\r\nof it: a, b | c <d>".to_owned();
        peak.places = (7..10).map(|line| Spot { path: "./a,b/peak.toml".to_owned(), line, column: 1 }).collect();
        let regional = compared("regional.start.p95", Change::Regression);
        let against =
            Against { compared: vec![regional, compared("cost", Change::NoDifference)], ..Against::default() };
        peak.against = Some(against);
        peak.broken.push((3, Broken { invariant: "I1", at: Timestamp(0), what: "none admits".to_owned() }));
        peak
    }

    #[test]
    fn annotations_stand_on_the_lines_of_objectives_and_are_escaped() {
        let text = annotations(&peak());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        let begin = "::error file=a%2Cb/peak.toml,line=8,col=1,title=peak%3A start p95 of regional jobs missed::";
        assert!(lines[0].starts_with(begin), "{text}");
        assert!(lines[0].contains("; 100 %25%0D%0Aof it: a, b | c <d>%0Ato see it again: tidegate run"), "{text}");
        assert!(lines[1].starts_with("::warning file=a%2Cb/peak.toml,line=9,col=1,title="), "{text}");
        assert!(
            lines[2].starts_with("::error file=a%2Cb/peak.toml,line=7,col=1,title=peak%3A regional start"),
            "{text}"
        );
        assert!(lines[3].starts_with("::error file=peak.toml,line=1,title=peak%3A I1 is broken::seed 3"), "{text}");
        assert_eq!(annotations(&checked("calm", &[Verdict::Met])), "");
        let mut untold = checked("new", &[Verdict::Met]);
        let compared = vec![compared("cost", Change::Unknown), compared("start.p95", Change::Unknown)];
        untold.against = Some(Against { compared, ..Against::default() });
        let text = annotations(&untold);
        assert!(text.starts_with("::warning file=new.toml,line=1,title=new%3A nothing can be told"), "{text}");
    }

    #[test]
    fn the_summary_is_a_table_with_as_many_cells_in_each_row() {
        let text = summary(&[peak(), checked("calm", &[Verdict::Met])]);
        assert!(text.starts_with("## tidegate check: 1 of 2 scenarios good\n\n### ❌ peak: broken\n"), "{text}");
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        let cells = |row: &str| row.replace("\\|", "").matches('|').count();
        assert!(rows.iter().all(|row| cells(row) == 6), "{text}");
        let missed = "| missed | start p95 of regional jobs | 2m 0s [1m 58s, 2m 3s] | at most 1m 30s | \
                      +2.5s [+1.9s, +3.1s]: **worse** |";
        assert!(rows.contains(&missed), "{text}");
        assert!(rows.contains(&"| | cost | | | +2.5s [+1.9s, +3.1s]: no difference |"), "{text}");
        assert!(text.ends_with("```text\ntidegate run calm.toml --runs 2 --seed 1\n```\n"), "{text}");
    }
}
