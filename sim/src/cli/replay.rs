//! `tidegate replay`: journals again. The same decisions? Or, what would another policy have done? Knows what is printed;
//! must not know how a journal is replayed or simulated.

use super::report::{self, Wanted};
use super::{End, Format, ReplayArgs, inputs, print, run};
use crate::explain;
use crate::journal::{self, Difference, JournalError, Replayed, Segment, journals};
use crate::scenario::file::Overrides;
use crate::scenario::replayed::{Question, scenario};
use serde_json::json;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use tidegate_core::Fact;

pub(super) fn replay(args: &ReplayArgs) -> End {
    match &args.policy {
        Some(policy) => what_if(args, policy),
        None => again(args),
    }
}

/// The load of the journals under another policy.
fn what_if(args: &ReplayArgs, policy: &Path) -> End {
    let overrides = Overrides { runs: args.runs, seed: args.seed, ..Overrides::default() };
    let question = Question { journals: &args.journals, policy, world: args.world.as_deref(), overrides };
    let scenario = match scenario(&question) {
        Ok(scenario) => scenario,
        Err(error) => {
            eprintln!("{error}");
            return End::Input;
        }
    };
    inputs::warn(&scenario);
    let pool = match inputs::threads(args.threads) {
        Ok(pool) => pool,
        Err(end) => return end,
    };
    let world = args.world.as_ref().map_or_else(String::new, |world| format!(" --world {}", world.display()));
    let folder = run::folder(args.out.as_deref(), &scenario, false);
    let wanted = Wanted {
        until: None,
        folder: &folder,
        again: format!("tidegate replay {} --policy {}{world}", scenario.input.path, policy.display()),
        jobs_csv: args.jobs_csv,
        decisions: args.decisions,
        format: args.format,
        quiet: args.quiet,
    };
    pool.install(|| report::one(&scenario, &wanted)).unwrap_or_else(|error| {
        eprintln!("tidegate: {error}");
        End::Environment
    })
}

/// The same events again, journal by journal: the same decisions?
fn again(args: &ReplayArgs) -> End {
    let mut found: Vec<(PathBuf, Vec<PathBuf>)> = Vec::new();
    let mut end = End::Well;
    for path in &args.journals {
        match journals(path) {
            Ok(journals) => found.extend(journals),
            Err(error) => end = end.max(refuse(&error)),
        }
    }
    for (path, segments) in &found {
        let bar = progress(args, segments.len());
        let replayed = journal::replay(segments, |_| bar.tick());
        bar.finish_and_clear();
        match replayed {
            Ok(replayed) => end = end.max(show(args, (path, found.len() > 1), segments, &replayed)),
            Err(error) => end = end.max(refuse(&error)),
        }
    }
    end
}

fn refuse(error: &JournalError) -> End {
    eprintln!("{error}");
    End::Input
}

fn show(args: &ReplayArgs, (path, several): (&Path, bool), segments: &[PathBuf], replayed: &Replayed) -> End {
    let text = match args.format {
        Format::Text if several => format!("{}: {}", path.display(), in_words(segments, replayed)),
        Format::Text => in_words(segments, replayed),
        Format::Json => format!("{}\n", as_json(path, replayed)),
    };
    let end = print(&text);
    if replayed.is_same() { end } else { end.max(End::NotMet) }
}

fn progress(args: &ReplayArgs, segments: usize) -> indicatif::ProgressBar {
    if args.quiet {
        return indicatif::ProgressBar::hidden(); // it hides itself where stderr is no terminal
    }
    let bar = indicatif::ProgressBar::new_spinner();
    bar.set_message(format!("replaying {segments} segments"));
    bar
}

fn as_json(path: &Path, replayed: &Replayed) -> serde_json::Value {
    let difference = replayed.difference.as_ref().map(|d| {
        json!({
            "path": d.path.display().to_string(), "line": d.line, "at": d.at.to_string(),
            "recorded": d.recorded, "now": d.now,
        })
    });
    json!({
        "journal": path.display().to_string(),
        "same": replayed.is_same(),
        "digest": replayed.digest,
        "recordedDigest": replayed.recorded,
        "segments": replayed.segments,
        "turns": replayed.turns,
        "facts": replayed.facts,
        "from": replayed.from.to_string(),
        "to": replayed.to.to_string(),
        "torn": replayed.torn,
        "gaps": replayed.gaps.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
        "difference": difference,
    })
}

fn in_words(paths: &[PathBuf], replayed: &Replayed) -> String {
    let mut text = String::new();
    let (segments, turns, facts) = (replayed.segments, replayed.turns, replayed.facts);
    let _ = writeln!(text, "{segments} segments, {turns} turns, {facts} facts, {} to {}", replayed.from, replayed.to);
    if replayed.torn > 0 {
        let _ = writeln!(text, "{} segments end in a torn line: their writer was killed", replayed.torn);
    }
    for path in &replayed.gaps {
        let begins =
            "does not begin as the segment before it ended: part of the journal, or of its writer's state, was lost";
        let _ = writeln!(text, "GAP: {} {begins}", path.display());
    }
    match &replayed.difference {
        None if !replayed.gaps.is_empty() => {
            let _ = writeln!(text, "else the same decisions, digest {}", replayed.digest);
        }
        None => {
            let _ = writeln!(text, "the same decisions, digest {}", replayed.digest);
        }
        Some(difference) => {
            let regions = regions(paths);
            let Difference { path, line, at, recorded, now } = difference;
            let show = |fact: &Option<Fact>| match fact {
                None => "nothing".to_owned(),
                Some(fact) => explain::line(*at, fact, &regions).unwrap_or_else(|| format!("{fact:?}")),
            };
            let _ = writeln!(text, "DIFFERENT from {at} on, the turn of {}:{line}", path.display());
            let _ = writeln!(text, "  recorded: {}", show(recorded));
            let _ = writeln!(text, "  now:      {}", show(now));
            let _ = writeln!(text, "digest {} instead of {}", replayed.digest, replayed.recorded);
        }
    }
    text
}

fn regions(paths: &[PathBuf]) -> Vec<String> {
    let segment = paths.iter().find_map(|path| Segment::open(path).ok().flatten());
    let policy = segment.and_then(|segment| segment.policy().ok());
    policy.map_or_else(Vec::new, |policy| policy.regions.into_iter().map(|region| region.name).collect())
}
