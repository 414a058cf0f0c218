//! `tidegate check`: scenarios judged, for machines that say yes or no. Knows which files are scenarios and how verdicts
//! print; must not know how anything is judged.

pub(super) mod args;
mod base;
mod github;
mod junit;
mod stamp;
mod verdict;

use super::progress::Bar;
use super::{CheckArgs, End, Format, inputs, print, report};
use crate::experiment;
use crate::output::{self, WriteError};
use crate::run::Keep;
use crate::scenario::file;
use crate::scenario::{Scenario, Spot};
use base::Bases;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tidegate_reports::objective::Objective;
use tidegate_reports::regression::Terms;
use verdict::Checked;

pub(super) fn check(args: &CheckArgs) -> End {
    let (paths, mut mistakes) = scenarios(&args.paths);
    let overrides = args.over.overrides(args.runs, args.seed);
    if args.stamp && !args.over.is_empty() {
        eprintln!("tidegate: --stamp vouches for policy files as they are: leave out --set and --policy");
        return End::Input;
    }
    let bases = Bases::read(&args.more.baseline).unwrap_or_else(|wrong| {
        mistakes.extend(wrong);
        Bases::default()
    });
    mistakes.iter().for_each(|mistake| eprintln!("{mistake}"));
    let read = inputs::read_all(&paths, overrides);
    let promised = slos(&args.more.slo);
    let Some((mut scenarios, promised)) = read.filter(|_| mistakes.is_empty()).zip(promised) else {
        if args.paths.iter().any(|path| path.is_dir()) {
            eprintln!(
                "every .toml and .json file of a folder is taken for a scenario; policies and worlds lie elsewhere"
            );
        }
        return End::Input;
    };
    for scenario in &mut scenarios {
        scenario.objectives.extend(promised.iter().map(|(objective, _)| objective.clone()));
        scenario.objectives_at.extend(promised.iter().map(|(_, at)| at.clone()));
    }
    if let Some(folder) = args.more.junit.as_ref().filter(|path| path.is_dir()) {
        eprintln!("tidegate: --junit {}: expected a file, and this is a folder", folder.display());
        return End::Input;
    }
    if let Some(mismatch) = bases.mismatch(&scenarios) {
        eprintln!("tidegate: {mismatch}");
        return End::Input;
    }
    let pool = match inputs::threads(args.usual.threads) {
        Ok(pool) => pool,
        Err(end) => return end,
    };
    if !pool.install(|| inputs::find_warm_ups(&mut scenarios)) {
        return End::Input;
    }
    pool.install(|| all(args, &scenarios, &bases)).unwrap_or_else(|error| {
        eprintln!("tidegate: {error}");
        End::Environment
    })
}

fn all(args: &CheckArgs, scenarios: &[Scenario], bases: &Bases) -> Result<End, WriteError> {
    probe(args, scenarios)?;
    let mut end = End::Well;
    let terms = Terms { tolerance: args.more.tolerance, comparisons: bases.comparisons(scenarios) };
    let mut checked = Vec::new();
    for scenario in scenarios {
        let one = judge(args, scenario, bases, terms);
        end = end.max(print(&match args.usual.format {
            Format::Text => one.in_words(),
            Format::Json => format!("{}\n", one.as_json()),
        }));
        if args.more.github {
            annotate(args.usual.format, &github::annotations(&one));
        }
        if !one.is_good() {
            end = end.max(End::NotMet);
        }
        checked.push(one);
    }
    // Each of these is wanted even if another cannot be written; evidence that is stale goes first.
    let stamped = if args.stamp { stamp::stamp(&checked) } else { Ok(Vec::new()) };
    let junit = args.more.junit.as_ref().map(|path| output::write_whole(path, junit::report(&checked).as_bytes()));
    let summary = if args.more.github { github::add_summary(&checked) } else { Ok(()) };
    for stamped in stamped? {
        end = end.max(print(&match args.usual.format {
            Format::Text => stamped.in_words(),
            Format::Json => format!("{}\n", stamped.as_json()),
        }));
    }
    junit.transpose()?;
    summary?;
    Ok(end)
}

/// The objectives of OpenSLO files; `None` when one of them has mistakes, which are told.
fn slos(paths: &[PathBuf]) -> Option<Vec<(Objective, Spot)>> {
    let read: Vec<_> = paths.iter().map(|path| file::read_slo(path)).collect();
    read.iter().filter_map(|read| read.as_ref().err()).for_each(|error| eprintln!("{error}"));
    read.into_iter().collect::<Result<Vec<_>, _>>().ok().map(|all| all.into_iter().flatten().collect())
}

/// The line that does it again: the report of `run`, which knows no objectives but the scenario's own.
fn again(args: &CheckArgs, scenario: &Scenario, runs: usize, report: String) -> String {
    if args.more.slo.is_empty() {
        return report;
    }
    let slos = args.more.slo.iter().map(|path| format!(" --slo {}", file::quoted(&path.display().to_string())));
    let (path, over, slos) = (file::quoted(&scenario.input.path), &scenario.over, slos.collect::<String>());
    format!("tidegate check {path}{over}{slos} --runs {runs} --seed {}", scenario.seed)
}

/// Annotations for GitHub's runner, which reads both streams; results for machines stay alone on theirs.
fn annotate(format: Format, annotations: &str) {
    match format {
        Format::Text => {
            let _ = print(annotations);
        }
        Format::Json => eprint!("{annotations}"),
    }
}

/// Before minutes of work: may we write there?
fn probe(args: &CheckArgs, scenarios: &[Scenario]) -> Result<(), WriteError> {
    let policies = if args.stamp { stamp::policies(scenarios) } else { BTreeSet::new() };
    for path in policies.iter().chain(&args.more.junit) {
        output::probe(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
    }
    Ok(())
}

fn judge(args: &CheckArgs, scenario: &Scenario, bases: &Bases, terms: Terms) -> Checked {
    let bar = Bar::new(args.usual.quiet, scenario.input.name.clone());
    let mut done = experiment::run_until(scenario, args.rounds.until(), Keep::default(), &bar);
    bar.clear();
    report::tell_broken(&done, &format!("tidegate run {}{}", file::quoted(&scenario.input.path), scenario.over));
    let against = bases.against(scenario, &done.report.summary, terms);
    let runs = done.report.summary.seeds.len();
    done.report.reproduce = again(args, scenario, runs, done.report.reproduce);
    Checked { against, ..Checked::new(done, scenario.objectives_at.clone()) }
}

/// The scenario files at these paths, each once, and what is wrong with the paths.
fn scenarios(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<String>) {
    let (mut files, mut mistakes, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for path in paths {
        let found = if path.is_dir() { within(path) } else { Ok(vec![path.clone()]) };
        match found {
            Ok(found) => {
                // The same file may be named and lie in a folder that is named.
                files.extend(
                    found.into_iter().filter(|file| seen.insert(std::fs::canonicalize(file).ok()) || !file.exists()),
                );
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    (files, mistakes)
}

/// The scenarios of a folder, by name; those of its subfolders are not meant.
fn within(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries =
        std::fs::read_dir(folder).map_err(|error| format!("{}: cannot be read: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    let ends = |path: &Path| path.extension().is_some_and(|ending| ending == "toml" || ending == "json");
    files.retain(|path| path.is_file() && ends(path));
    files.sort();
    if files.is_empty() {
        let expected = "expected files that end in .toml or .json; name the folder they lie in";
        return Err(format!("{}: holds no scenario; {expected}", folder.display()));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stands_for_its_scenarios_and_each_is_taken_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("policies.toml")).expect("made");
        for name in ["b.toml", "a.json", "notes.md", "policies.toml/p.toml"] {
            std::fs::write(path(name), "").expect("written");
        }
        let found = scenarios(&[path("b.toml"), folder.path().to_owned(), path("none.toml")]);
        assert_eq!(found, (vec![path("b.toml"), path("a.json"), path("none.toml")], Vec::new()));
        std::fs::create_dir(path("empty")).expect("made");
        let (_, mistakes) = scenarios(&[path("empty")]);
        assert!(
            mistakes[0].contains("empty: holds no scenario; expected files that end in .toml or .json"),
            "{mistakes:?}"
        );
    }
}
