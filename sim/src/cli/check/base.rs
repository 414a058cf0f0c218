//! What a check is held against: summaries of the base branch. Knows files and names of scenarios; must not know how
//! differences are judged.

use super::verdict::quantity;
use crate::scenario::Scenario;
use crate::scenario::file::MAX_BYTES;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tidegate_reports::model::Summary;
use tidegate_reports::regression::{Base, Change, Compared, How, Terms, compare, quantities};
use tidegate_reports::values::Quantity;

/// Summaries by the name of their scenario, and where each was read.
#[derive(Debug, Default)]
pub(super) struct Bases(BTreeMap<String, (PathBuf, Base)>);

/// A scenario held against its base.
#[derive(Clone, Debug, Default)]
pub(super) struct Against {
    /// Where the base was read.
    pub(super) path: String,
    /// What makes the comparison weaker than it looks, a sentence each.
    pub(super) notes: Vec<String>,
    pub(super) compared: Vec<Compared>,
}

impl Bases {
    /// Reads files and folders of summaries.
    ///
    /// # Errors
    /// Every mistake: what is no summary, and two of the same scenario.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self, Vec<String>> {
        let (mut bases, mut mistakes) = (Self::default(), Vec::new());
        for path in paths {
            let files = if path.is_dir() { within(path) } else { vec![path.clone()] };
            if files.is_empty() {
                let expected = "expected summary.json in it or in its folders, as `tidegate run --out` writes them";
                mistakes.push(format!("{}: holds no baseline; {expected}", path.display()));
            }
            for file in files {
                if let Err(mistake) = bases.add(&file) {
                    mistakes.push(format!("{}: {mistake}", file.display()));
                }
            }
        }
        if mistakes.is_empty() { Ok(bases) } else { Err(mistakes) }
    }

    fn add(&mut self, file: &Path) -> Result<(), String> {
        let length = std::fs::metadata(file).map_err(|error| format!("cannot be read: {error}"))?.len();
        if length > MAX_BYTES {
            return Err(format!("has {length} bytes, expected a summary.json of at most {MAX_BYTES}"));
        }
        let text = std::fs::read_to_string(file).map_err(|error| format!("cannot be read: {error}"))?;
        let base = Base::parse(&text)?;
        let name = base.scenario.name.clone();
        match self.0.get(&name) {
            Some((other, _)) => Err(format!("is a second baseline of {name}; the first is {}", other.display())),
            None => {
                self.0.insert(name, (file.to_owned(), base));
                Ok(())
            }
        }
    }

    /// What is wrong with them for these scenarios; `None` when one at least has a base.
    pub(super) fn mismatch(&self, scenarios: &[Scenario]) -> Option<String> {
        if self.0.is_empty() || scenarios.iter().any(|scenario| self.0.contains_key(&scenario.input.name)) {
            return None;
        }
        let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
        Some(format!("none of the scenarios has a baseline: there are baselines of {}", known.join(", ")))
    }

    /// How many comparisons are made of these scenarios.
    pub(super) fn comparisons(&self, scenarios: &[Scenario]) -> usize {
        let with_base = scenarios.iter().filter(|scenario| self.0.contains_key(&scenario.input.name));
        with_base.map(|scenario| quantities(&scenario.objectives).len()).sum()
    }

    /// A scenario's result against its base; `None` without baselines.
    pub(super) fn against(&self, scenario: &Scenario, now: &Summary, terms: Terms) -> Option<Against> {
        if self.0.is_empty() {
            return None;
        }
        let Some((path, base)) = self.0.get(&scenario.input.name) else {
            let notes = vec!["there is no baseline of it".to_owned()];
            return Some(Against { notes, ..Against::default() });
        };
        let compared = compare(base, &now.runs, &quantities(&scenario.objectives), terms);
        Some(Against { path: path.display().to_string(), notes: notes(base, now), compared })
    }
}

/// `summary.json` of a folder, of the folders in it, and other `.json` files of it.
fn within(folder: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> =
            std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
        found.sort();
        found
    };
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries(folder).into_iter().partition(|path| path.is_dir());
    let of_folders = folders.into_iter().map(|folder| folder.join("summary.json")).filter(|path| path.is_file());
    files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "json")).chain(of_folders).collect()
}

fn notes(base: &Base, now: &Summary) -> Vec<String> {
    let mut notes = Vec::new();
    if base.scenario.sha256 != now.scenario.sha256 {
        notes.push("the scenario's file has changed since the baseline".to_owned());
    }
    if base.tidegate.version != now.tidegate.version {
        notes.push(format!("tidegate {} made the baseline, this is {}", base.tidegate.version, now.tidegate.version));
    }
    if base.runs.is_empty() {
        notes.push("the baseline has no numbers of runs: its intervals stand in for them".to_owned());
    }
    notes
}

impl Against {
    pub(super) fn of(&self, change: Change) -> impl Iterator<Item = &Compared> {
        self.compared.iter().filter(move |compared| compared.change == change)
    }

    /// Whether nothing is clearly worse.
    pub(super) fn is_good(&self) -> bool {
        self.of(Change::Regression).next().is_none()
    }

    /// Why nothing at all can be told; `None` where something can, or where there was nothing to compare.
    pub(super) fn untold(&self) -> Option<&str> {
        let all = self.compared.iter().all(|compared| compared.change == Change::Unknown);
        self.compared.first().filter(|_| all).map(|compared| compared.why.as_str())
    }

    /// A line for each regression and improvement, one for all the rest, and one for each note.
    pub(super) fn in_words(&self) -> String {
        let mut text = String::new();
        for compared in self.of(Change::Regression).chain(self.of(Change::Improvement)) {
            let _ = writeln!(text, "    {}", words(compared));
        }
        for (change, told) in [(Change::NoDifference, "no difference"), (Change::Unknown, "not to be told")] {
            let list: Vec<String> = self.of(change).map(name).collect();
            if !list.is_empty() {
                let _ = writeln!(text, "    {told}: {}", list.join(", "));
            }
        }
        for note in &self.notes {
            let _ = writeln!(text, "    note: {note}");
        }
        text
    }

    pub(super) fn as_json(&self) -> Value {
        json!({ "path": self.path, "notes": self.notes, "comparisons": self.compared })
    }
}

/// `start p95`; with why, where it cannot be told or does not matter.
fn name(compared: &Compared) -> String {
    let name = what(compared);
    if compared.why.is_empty() { name } else { format!("{name} ({})", compared.why) }
}

/// The quantity in words.
pub(super) fn what(compared: &Compared) -> String {
    Quantity::named(&compared.quantity).map_or_else(|| compared.quantity.clone(), |quantity| quantity.words())
}

/// `start p95 is worse: 14.5s after 12.0s, +2.5s [+1.9s, +3.1s], by 20 seeds on both sides`.
pub(super) fn words(compared: &Compared) -> String {
    let said = match compared.change {
        Change::Regression => "is worse",
        Change::Improvement => "is better",
        Change::NoDifference => "is as it was",
        Change::Unknown => "cannot be told",
    };
    let value = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), |value| quantity(&compared.unit, value));
    let (then, now) = compared.runs;
    let by = match compared.how {
        How::Paired => format!("by {now} seeds on both sides"),
        How::Unpaired => format!("by {now} runs against {then} of other seeds"),
        How::Intervals => format!("by {now} runs against the interval of {then}"),
    };
    format!(
        "{} {said}: {} after {}, {}, {by}",
        what(compared),
        value(compared.now),
        value(compared.base),
        shift(compared)
    )
}

/// The difference with its interval: `+2.5s [+1.9s, +3.1s]`.
pub(super) fn shift(compared: &Compared) -> String {
    let signed = |value: f64| {
        let sign = if value < 0.0 { "-" } else { "+" };
        format!("{sign}{}", quantity(&compared.unit, value.abs()))
    };
    let difference = compared.difference;
    match (difference.value, difference.low, difference.high) {
        (Some(value), Some(low), Some(high)) => format!("{} [{}, {}]", signed(value), signed(low), signed(high)),
        _ => compared.why.clone(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use tidegate_reports::model::Estimate;

    /// A comparison that came to this.
    pub(in super::super) fn compared(key: &str, change: Change) -> Compared {
        Compared {
            quantity: key.to_owned(),
            unit: "s".to_owned(),
            base: Some(12.0),
            now: Some(14.5),
            difference: Estimate { value: Some(2.5), low: Some(1.9), high: Some(3.1) },
            how: How::Paired,
            runs: (20, 20),
            change,
            why: String::new(),
        }
    }

    #[test]
    fn differences_are_told_in_lines() {
        let unknown = Compared { why: "no samples".to_owned(), ..compared("failoverTime.max", Change::Unknown) };
        let all = vec![
            compared("start.p95", Change::Regression),
            compared("cost", Change::NoDifference),
            compared("ack.p95", Change::NoDifference),
            unknown,
        ];
        let against = Against { path: "b.json".to_owned(), notes: vec!["old".to_owned()], compared: all };
        assert!(!against.is_good());
        assert_eq!(
            against.in_words(),
            "    start p95 is worse: 14.5s after 12.0s, +2.5s [+1.9s, +3.1s], by 20 seeds on both sides\n    \
             no difference: cost, ack p95\n    not to be told: failoverTime max (no samples)\n    note: old\n"
        );
    }

    #[test]
    fn a_folder_holds_summaries_and_one_of_each_scenario() {
        let folder = tempfile::tempdir().expect("a folder");
        let summary = |name: &str| {
            let input = json!({ "name": name, "path": "", "sha256": "" });
            json!({ "schema": 1, "tidegate": { "version": "0", "commit": "" }, "scenario": input, "policy": input,
                    "seeds": [], "measures": {}, "regional": {}, "counts": {} })
            .to_string()
        };
        let put = |path: &str, text: String| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(&path, text).expect("written");
            path
        };
        put("peak/summary.json", summary("peak"));
        put("calm.json", summary("calm"));
        put("notes.md", String::new());
        let bases = Bases::read(&[folder.path().to_owned()]).expect("two");
        assert_eq!(bases.0.keys().collect::<Vec<_>>(), ["calm", "peak"]);
        let again = put("again/summary.json", summary("peak"));
        let empty = folder.path().join("empty");
        std::fs::create_dir(&empty).expect("made");
        let mistakes = Bases::read(&[folder.path().to_owned(), empty, again]).expect_err("three");
        assert!(mistakes[0].contains("peak/summary.json: is a second baseline of peak"), "{mistakes:?}");
        assert!(mistakes[1].contains("empty: holds no baseline; expected summary.json"), "{mistakes:?}");
        assert_eq!(mistakes.len(), 3);
    }
}
