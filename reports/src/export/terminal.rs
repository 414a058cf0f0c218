//! The result on one screen. Knows what stands where on it; must not ask the environment for its size or colours.

pub(crate) mod line;
mod sweep;

use crate::chart::{human, tick::Clock};
use crate::html::answer;
use crate::model::{
    CostSummary, Estimate, Failover, Judged, Measure, NMinusOne, RegionSummary, Report, Summary, Verdict,
};
use crate::objective::{Bound, Of};
use line::{Line, Piece, Style, named, plain, render, table};
use std::collections::BTreeMap;
pub use sweep::sweep;

/// The most rows of a table: the rest is in the files.
const MOST_OBJECTIVES: usize = 8;
/// The most rows of failovers.
const MOST_FAILOVERS: usize = 5;
/// Rows of the latency table, in the order of a job's life.
const LATENCIES: [&str; 6] = ["ack", "placement", "queueWait", "start", "run", "total"];
/// So much of the digest tells two results apart.
const DIGEST: usize = 12;

/// The result on one screen of that many columns. `lies` says where the report lies; empty when it was not written.
#[must_use]
pub fn terminal(report: &Report, width: usize, colour: bool, lies: &str) -> String {
    let summary = &report.summary;
    let parts = [
        header(summary),
        objectives(&summary.objectives, summary.seeds.len()),
        latency(summary),
        regions(report),
        failovers(summary),
        last(report, lies),
    ];
    let parts: Vec<Vec<Line>> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    render(&parts.join(&[Line::new()][..]), width, colour)
}

fn header(summary: &Summary) -> Vec<Line> {
    let runs = match summary.seeds.as_slice() {
        [] => "no runs".to_owned(),
        [seed] => format!("1 run (seed {seed})"),
        [first, .., last] => format!("{} runs (seeds {first} to {last})", summary.seeds.len()),
    };
    let digest: String = summary.digest.chars().take(DIGEST).collect();
    let start = summary.start.get(..16).unwrap_or(&summary.start).replace('T', " ");
    let time = human::duration(summary.duration);
    let rest = format!("  {time} from {start} UTC, {runs}, digest {digest}");
    let mut lines = vec![vec![Piece(Style::Bold, summary.scenario.name.clone()), plain(rest)]];
    if !summary.about.is_empty() {
        lines.push(vec![Piece(Style::Dim, summary.about.clone())]);
    }
    lines.extend(summary.precision.as_ref().map(|precision| {
        let style = if precision.reached { Style::Green } else { Style::Yellow };
        vec![Piece(style, precision.words(summary.seeds.len()))]
    }));
    lines
}

fn objectives(all: &[Judged], runs: usize) -> Vec<Line> {
    let heading = vec![Piece(Style::Bold, "Objectives".into())];
    if all.is_empty() {
        return vec![vec![Piece(Style::Bold, "Objectives".into()), Piece(Style::Dim, "  none in the scenario".into())]];
    }
    let shown = &all[..all.len().min(MOST_OBJECTIVES)];
    let mut rows = table(heading, shown.iter().map(objective).collect(), 4).into_iter();
    let mut lines: Vec<Line> = rows.next().into_iter().collect();
    for (row, judged) in rows.zip(shown) {
        lines.push(row);
        if !judged.why.is_empty() {
            lines.push(vec![Piece(Style::Dim, format!("      {}", judged.why))]);
        } else if judged.runs_beyond > 0 {
            let beyond = format!("      {} of {runs} runs miss it by themselves", judged.runs_beyond);
            lines.push(vec![Piece(Style::Dim, beyond)]);
        }
    }
    if all.len() > shown.len() {
        let more = format!("  and {} more in objectives.csv", all.len() - shown.len());
        lines.push(vec![Piece(Style::Dim, more)]);
    }
    lines
}

fn objective(judged: &Judged) -> Line {
    let (mark, style) = match judged.verdict {
        Verdict::Met => ("✓", Style::Green),
        Verdict::Missed => ("✗", Style::Red),
        Verdict::Inconclusive => ("?", Style::Yellow),
    };
    let stat = if judged.stat == "mean" && judged.unit != "s" { String::new() } else { format!(" {}", judged.stat) };
    let of = if judged.of == Of::All.name() { String::new() } else { format!(", {} jobs", judged.of) };
    let bound = if judged.bound == Bound::AtMost.name() { "at most" } else { "at least" };
    vec![
        Piece(style, format!("{mark} {}{stat}{of}", judged.measure)),
        Piece(style, human::value(&judged.unit, &judged.estimate)),
        plain(human::interval(&judged.unit, &judged.estimate).unwrap_or_default()),
        plain(format!("{bound} {}", human::quantity(&judged.unit, judged.limit))),
    ]
}

fn heads<const N: usize>(names: [&str; N]) -> Line {
    let style = |i| if i == 0 { Style::Bold } else { Style::Dim };
    names.into_iter().enumerate().map(|(i, name)| Piece(style(i), name.to_owned())).collect()
}

fn latency(summary: &Summary) -> Vec<Line> {
    let stat = |measure: &Measure, name: &str, estimate: &Estimate| {
        let least = if measure.censored.iter().any(|stat| stat == name) { "≥ " } else { "" };
        plain(format!("{least}{}", human::value("s", estimate)))
    };
    let row = |name: String, measure: &Measure| -> Line {
        vec![
            plain(name),
            stat(measure, "p50", &measure.p50),
            stat(measure, "p95", &measure.p95),
            stat(measure, "p99", &measure.p99),
            stat(measure, "max", &measure.max),
            plain(human::count(measure.count as f64)),
        ]
    };
    let mut rows = Vec::new();
    for name in LATENCIES {
        let known = |measures: &BTreeMap<String, Measure>| measures.get(name).filter(|m| m.count > 0).cloned();
        rows.extend(known(&summary.measures).map(|measure| row(name.to_owned(), &measure)));
        rows.extend(known(&summary.regional).map(|measure| row(format!("{name}, regional jobs"), &measure)));
    }
    if rows.is_empty() { Vec::new() } else { table(heads(["Latency", "p50", "p95", "p99", "max", "samples"]), rows, 1) }
}

fn regions(report: &Report) -> Vec<Line> {
    let row = |(name, most): (&String, &u32)| -> Option<Line> {
        let region: &RegionSummary = report.summary.regions.get(name)?;
        let placed = |reason: &str| {
            plain(region.placements.get(reason).map_or_else(|| "0".into(), |count| human::value("count", count)))
        };
        Some(vec![
            plain(name.clone()),
            placed("home"),
            placed("sticky"),
            placed("spillover"),
            placed("failover"),
            plain(format!("{} of {most}", human::value("count", &region.peak_runners))),
            plain(human::value("share", &region.utilisation)),
            plain(human::value("count", &region.peak_queue_depth)),
        ])
    };
    let rows: Vec<Line> = report.regions.iter().zip(&report.max_runners).filter_map(row).collect();
    let names = ["Regions", "home", "sticky", "spillover", "failover", "peak runners", "utilisation", "peak queue"];
    if rows.is_empty() { rows } else { table(heads(names), rows, 1) }
}

fn failovers(summary: &Summary) -> Vec<Line> {
    let all = &summary.failovers;
    if all.is_empty() {
        return Vec::new();
    }
    let began = Clock::new(&summary.start);
    let at = |failover: &Failover| match began.stamp(failover.at) {
        // Within a day the date says nothing.
        stamp if began.is_known() && summary.duration <= 86_400.0 => {
            stamp.rsplit(' ').next().unwrap_or(&stamp).to_owned()
        }
        stamp => stamp,
    };
    let clock = |estimate: &Estimate| plain(human::value("s", estimate));
    let row = |failover: &Failover| -> Line {
        let (decided, all) = failover.runs;
        let recovered = all.saturating_sub(failover.unrecovered);
        // In how many of the runs, where it is not in all of them.
        let some_of = |estimate: &Estimate, runs: u32| format!("{} ({runs}/{all})", human::value("s", estimate));
        let decided = match decided {
            0 => plain(human::NOTHING),
            _ if decided == all => clock(&failover.decided),
            _ => plain(some_of(&failover.decided, decided)),
        };
        let recovered = match recovered {
            _ if recovered == all => clock(&failover.recovered),
            0 => Piece(Style::Red, "never".into()),
            _ => Piece(Style::Red, some_of(&failover.recovered, recovered)),
        };
        vec![
            plain(format!("{}, {}", failover.region, human::words(&failover.fault))),
            plain(at(failover)),
            clock(&failover.detected),
            decided,
            clock(&failover.first_success),
            recovered,
            clock(&failover.failed_back),
        ]
    };
    let names = ["Faults", "at", "detected", "decided", "first job", "recovered", "back"];
    let mut lines = table(heads(names), all.iter().take(MOST_FAILOVERS).map(row).collect(), 1);
    if all.len() > MOST_FAILOVERS {
        let more = format!("  and {} more in summary.json", all.len() - MOST_FAILOVERS);
        lines.push(vec![Piece(Style::Dim, more)]);
    }
    lines
}

/// What is said in one line each.
fn last(report: &Report, lies: &str) -> Vec<Line> {
    let summary = &report.summary;
    let mut lines = vec![named("Jobs", [plain(jobs(&summary.counts))])];
    lines.extend(cost(&summary.cost).map(|text| named("Cost", [plain(text)])));
    lines.push(named("N-1", n_minus_one(&summary.n_minus_one, Clock::new(&summary.start))));
    lines.extend(answer::remedy(&summary.n_minus_one).into_iter().map(|sentence| named("", [plain(sentence)])));
    let engine = &summary.engine;
    if engine.events > 0 {
        let (events, speed) = (human::count(engine.events as f64), human::count(engine.events_per_second.round()));
        let text = format!("{events} events in {}, {speed} a second", human::duration(engine.wall_seconds));
        lines.push(named("Engine", [Piece(Style::Dim, text)]));
    }
    if !lies.is_empty() {
        lines.push(named("Report", [Piece(Style::Whole, lies.to_owned())]));
    }
    if !report.reproduce.is_empty() {
        lines.push(named("Reproduce", [Piece(Style::Whole, report.reproduce.clone())]));
    }
    lines
}

fn jobs(counts: &BTreeMap<String, Estimate>) -> String {
    let said = |(name, words): (&str, &str)| {
        let count = counts.get(name)?.value.filter(|v| *v > 0.0 || name == "jobsQueued" || name == "jobsLostByUs")?;
        Some(format!("{} {words}", human::count(count)))
    };
    let told = [
        ("jobsQueued", "queued"),
        ("jobsCompleted", "completed"),
        ("jobsLost", "lost"),
        ("jobsLostByUs", "lost by us"),
        ("jobsAbandoned", "abandoned"),
        ("jobsUnstarted", "unstarted"),
        ("relaunches", "relaunches"),
        ("surplusReaped", "surplus runners"),
    ];
    let text = told.into_iter().filter_map(said).collect::<Vec<_>>().join(", ");
    if text.is_empty() { human::NOTHING.to_owned() } else { format!("{text} (per run)") }
}

fn cost(cost: &CostSummary) -> Option<String> {
    cost.per_month.value?;
    let mut text = format!("{} a month", human::value("USD", &cost.per_month));
    if cost.per_thousand_jobs.value.is_some() {
        text += &format!(", {} per 1,000 jobs", human::value("USD", &cost.per_thousand_jobs));
    }
    if let (Some(single), Some(_)) = (&cost.single_region, cost.ratio.value) {
        let interval = human::interval("ratio", &cost.ratio).map_or_else(String::new, |i| format!(" {i}"));
        let ratio = human::value("ratio", &cost.ratio);
        text += &format!("; {ratio}{interval} of {} alone", single.region);
    }
    Some(text)
}

fn n_minus_one(found: &NMinusOne, clock: Clock) -> Line {
    let (verdict, answer) = answer::holds(found);
    let (style, sign) = match verdict {
        Verdict::Met => (Style::Green, '✓'),
        Verdict::Missed => (Style::Red, '✗'),
        Verdict::Inconclusive => (Style::Yellow, '?'),
    };
    let mut line = vec![Piece(style, format!("{sign} {answer}"))];
    if !found.region.is_empty() {
        line.push(plain(format!(
            " without {} in the worst hour, from {}",
            found.region,
            clock.stamp(found.worst_hour)
        )));
    }
    let why = answer::why_not(found, |objective| match objective.stat.as_str() {
        "" | "mean" => objective.measure.clone(),
        stat => format!("{} {stat}", objective.measure),
    });
    if !why.is_empty() {
        line.push(Piece(Style::Dim, format!(": {why}")));
    }
    line
}

#[cfg(test)]
mod tests;
