//! Verdicts as cards. Knows the objectives and their words; must not judge.

use super::{answer, escape, human};
use crate::chart::tick::Clock;
use crate::model::{Judged, NMinusOne, Summary, Verdict};
use std::fmt::Write as _;

/// Verdicts first, those that need attention before the others, then the N-1 verdict.
pub(super) fn section(summary: &Summary) -> String {
    let mut judged: Vec<&Judged> = summary.objectives.iter().collect();
    judged.sort_by_key(|objective| std::cmp::Reverse(rank(objective.verdict)));
    let runs = summary.seeds.len();
    let precise = summary
        .precision
        .as_ref()
        .map_or_else(String::new, |precision| format!("<p>{}.</p>\n", escape(&precision.words(runs))));
    let cards: String = judged
        .into_iter()
        .map(|objective| format!("<li class=\"card {}\">{}</li>\n", objective.verdict.name(), card(objective, runs)))
        .collect();
    let cards = if cards.is_empty() { cards } else { format!("<ul class=\"cards\">\n{cards}</ul>\n") };
    let clock = Clock::new(&summary.start);
    let loss = n_minus_one(&summary.n_minus_one, clock);
    format!(
        "<section id=\"verdicts\">\n<h2>Verdicts</h2>\n<p>{}</p>\n{precise}{cards}{loss}</section>\n",
        tally(&summary.objectives)
    )
}

fn tally(objectives: &[Judged]) -> String {
    let many = |verdict: Verdict| objectives.iter().filter(|objective| objective.verdict == verdict).count();
    match objectives.len() {
        0 => "The scenario sets no objectives, so nothing was judged.".to_owned(),
        1 => format!("One objective: {}.", objectives[0].verdict.name()),
        all => {
            let parts: Vec<String> = [Verdict::Missed, Verdict::Inconclusive, Verdict::Met]
                .into_iter()
                .filter(|verdict| many(*verdict) > 0)
                .map(|verdict| format!("{} {}", many(verdict), verdict.name()))
                .collect();
            format!("{all} objectives: {}.", parts.join(", "))
        }
    }
}

fn card(objective: &Judged, runs: usize) -> String {
    let (unit, estimate) = (objective.unit.as_str(), &objective.estimate);
    let interval =
        human::interval(unit, estimate).map_or_else(String::new, |text| format!(" <small>{}</small>", escape(&text)));
    let why = if objective.why.is_empty() {
        String::new()
    } else {
        format!("<p class=\"why\">{}</p>", escape(&objective.why))
    };
    format!(
        "<p class=\"verdict\">{sign} {word}</p><h3>{name}</h3><p class=\"big\">{value}{interval}</p>{gauge}\
         <p class=\"note\">limit: {limit}{beyond}</p>{why}",
        sign = objective.verdict.sign(),
        word = objective.verdict.name(),
        name = escape(&name(objective)),
        value = escape(&human::value(unit, estimate)),
        gauge = gauge(objective),
        limit = escape(&limit(objective)),
        beyond = match objective.runs_beyond {
            0 => String::new(),
            beyond => format!("; {beyond} of {runs} runs miss it by themselves"),
        },
    )
}

/// The interval, the value and the limit on one scale. The picture only repeats what the card says in words.
fn gauge(objective: &Judged) -> String {
    let estimate = &objective.estimate;
    let (Some(value), limit) = (human::finite(estimate.value), objective.limit) else {
        return String::new();
    };
    if !limit.is_finite() {
        return String::new();
    }
    let (low, high) = (human::finite(estimate.low).unwrap_or(value), human::finite(estimate.high).unwrap_or(value));
    let (least, most) = (low.min(limit).min(value), high.max(limit).max(value));
    let margin = if most > least { (most - least) * 0.25 } else { most.abs().max(1.0) * 0.25 };
    let (from, to) = (least - margin, most + margin);
    let at = |v: f64| ((v - from) / (to - from) * 100.0).clamp(0.0, 100.0);
    let (left, right) = if objective.bound == "atLeast" { ("bad", "good") } else { ("good", "bad") };
    let mut spans = String::new();
    for (class, from, to) in [(left, 0.0, at(limit)), (right, at(limit), 100.0), ("range", at(low), at(high))] {
        write!(spans, "<span class=\"{class}\" style=\"left:{from:.1}%;width:{:.1}%\"></span>", to - from)
            .expect("a String takes all");
    }
    for (class, v) in [("limit", limit), ("value", value)] {
        write!(spans, "<span class=\"{class}\" style=\"left:{:.1}%\"></span>", at(v)).expect("a String takes all");
    }
    format!("<span class=\"gauge\" aria-hidden=\"true\">{spans}</span>")
}

fn n_minus_one(loss: &NMinusOne, clock: Clock) -> String {
    if loss.region.is_empty() && loss.why.is_empty() && loss.objectives.is_empty() {
        return String::new();
    }
    let (verdict, answer) = answer::holds(loss);
    let question = if loss.region.is_empty() {
        "Without the largest region".to_owned()
    } else {
        format!("Without {}, in the worst hour ({})", loss.region, clock.stamp(loss.worst_hour))
    };
    let why = answer::why_not(loss, name);
    let why = if why.is_empty() { String::new() } else { format!("<p class=\"why\">{}</p>", escape(&why)) };
    let remedy: String =
        answer::remedy(loss).iter().map(|sentence| format!("<p class=\"why\">{}.</p>", escape(sentence))).collect();
    let rows: String = loss.objectives.iter().map(row).collect();
    let table = if rows.is_empty() {
        String::new()
    } else {
        format!(
            "<table><thead><tr><th scope=\"col\">Objective</th><th scope=\"col\">Value</th><th scope=\"col\">Limit</th>\
             <th scope=\"col\" class=\"words\">Verdict</th></tr></thead><tbody>\n{rows}</tbody></table>"
        )
    };
    format!(
        "<div class=\"card wide-card {class}\"><p class=\"verdict\">{sign} N-1: the fleet {answer}</p><h3>{}</h3>{why}{remedy}{table}</div>\n",
        escape(&question),
        class = verdict.name(),
        sign = verdict.sign(),
    )
}

fn row(objective: &Judged) -> String {
    let unit = objective.unit.as_str();
    let interval = human::interval(unit, &objective.estimate)
        .map_or_else(String::new, |text| format!("<small>{}</small>", escape(&text)));
    let why =
        if objective.why.is_empty() { String::new() } else { format!("<small>{}</small>", escape(&objective.why)) };
    format!(
        "<tr><th scope=\"row\">{}</th><td data-label=\"Value\"><span>{}{interval}</span></td>\
         <td data-label=\"Limit\"><span>{}</span></td><td class=\"words\" data-label=\"Verdict\"><span>{} {}{why}</span></td></tr>\n",
        escape(&name(objective)),
        escape(&human::value(unit, &objective.estimate)),
        escape(&limit(objective)),
        objective.verdict.sign(),
        objective.verdict.name(),
    )
}

/// `Placement, p95, regional jobs`.
fn name(objective: &Judged) -> String {
    let mut text = human::label(&objective.measure);
    if !matches!(objective.stat.as_str(), "" | "mean" | "value") {
        text += &format!(", {}", objective.stat);
    }
    if !matches!(objective.of.as_str(), "" | "all") {
        text += &format!(", {} jobs", objective.of);
    }
    text
}

fn limit(objective: &Judged) -> String {
    let bound = if objective.bound.is_empty() { "at most".to_owned() } else { human::words(&objective.bound) };
    format!("{bound} {}", human::quantity(&objective.unit, objective.limit))
}

fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Met => 0,
        Verdict::Inconclusive => 1,
        Verdict::Missed => 2,
    }
}
