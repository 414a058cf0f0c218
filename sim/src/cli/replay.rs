//! `tidegate replay`: a journal again, and whether the same was decided. Knows what is printed; must not know how a journal
//! is replayed.

use super::{End, Format, ReplayArgs, print};
use crate::explain;
use crate::journal::{self, Difference, Replayed, Segment};
use serde_json::json;
use std::fmt::Write;
use std::path::PathBuf;
use tidegate_core::Fact;

pub(super) fn replay(args: &ReplayArgs) -> End {
    let replayed = journal::segments(&args.journal).and_then(|paths| {
        let bar = progress(args, paths.len());
        let replayed = journal::replay(&paths, |_| bar.tick())?;
        bar.finish_and_clear();
        Ok((paths, replayed))
    });
    match replayed {
        Err(error) => {
            eprintln!("{error}");
            End::Input
        }
        Ok((paths, replayed)) => {
            let text = match args.format {
                Format::Text => in_words(&paths, &replayed),
                Format::Json => format!("{}\n", as_json(&replayed)),
            };
            let end = print(&text);
            if end == End::Well && !replayed.is_same() { End::NotMet } else { end }
        }
    }
}

fn progress(args: &ReplayArgs, segments: usize) -> indicatif::ProgressBar {
    if args.quiet {
        return indicatif::ProgressBar::hidden(); // it hides itself where stderr is no terminal
    }
    let bar = indicatif::ProgressBar::new_spinner();
    bar.set_message(format!("replaying {segments} segments"));
    bar
}

fn as_json(replayed: &Replayed) -> serde_json::Value {
    let difference = replayed.difference.as_ref().map(|d| {
        json!({
            "path": d.path.display().to_string(), "line": d.line, "at": d.at.to_string(),
            "recorded": d.recorded, "now": d.now,
        })
    });
    json!({
        "same": replayed.is_same(),
        "digest": replayed.digest,
        "recordedDigest": replayed.recorded,
        "segments": replayed.segments,
        "turns": replayed.turns,
        "facts": replayed.facts,
        "from": replayed.from.to_string(),
        "to": replayed.to.to_string(),
        "torn": replayed.torn,
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
    match &replayed.difference {
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
