//! Reads objectives. Knows keys, units and words; must not know how anything is measured or judged.

use crate::world::file::dist::Seconds;
use tidegate_core::document::{NodeReader, TableReader, nearest};
use tidegate_reports::objective::{Bound, MEASURES, MeasureSpec, NotAnObjective, Objective, Of, STATS, Stat, measure};

/// Reads one objective; `None` where it has mistakes.
pub(super) fn read(t: &mut TableReader<'_>) -> Option<Objective> {
    let spec = t.required_node("measure", "what is promised", spec);
    let of = t.choice("of", &[("all", Of::All), ("regional", Of::Regional)], Of::All, "of which jobs");
    let stats: Vec<(&'static str, Stat)> = STATS.iter().map(|stat| (stat.name(), *stat)).collect();
    let stat = t.optional_choice("stat", &stats, "which statistic; by default the measure's own");
    let most = t.node("atMost", "the highest value that will do", |node| limit(node, spec));
    let least = t.node("atLeast", "the lowest value that will do", |node| limit(node, spec));
    if t.context().is_describing() {
        return None;
    }
    let (bound, limit) = match (t.has("atMost"), t.has("atLeast")) {
        (true, false) => (Bound::AtMost, most),
        (false, true) => (Bound::AtLeast, least),
        (both, _) => {
            let message = if both { "an objective has two limits" } else { "an objective has no limit" };
            t.problem(t.place(), message, "give one of `atMost` and `atLeast`");
            return None;
        }
    };
    let spec = spec?;
    let objective =
        Objective { measure: spec.name.to_owned(), of, stat: stat.unwrap_or(spec.default_stat), bound, limit: limit? };
    match objective.check() {
        Ok(_) => Some(objective),
        Err(error) => {
            refuse(t, &error, bound);
            None
        }
    }
}

/// Reads the name of a measure.
pub(super) fn spec(node: &mut NodeReader<'_>) -> Option<&'static MeasureSpec> {
    let name = node.read::<String>()?;
    let found = measure(&name);
    if found.is_none() {
        let names = || MEASURES.iter().map(|spec| spec.name);
        let help = nearest(&name, names()).map_or(String::new(), |near| format!("did you mean `{near}`?"));
        node.wrong(format!("a measure, one of: {}", names().collect::<Vec<_>>().join(", ")), help);
    }
    found
}

/// A limit in the unit of its measure: seconds may be durations, and a share is at most 1.
fn limit(node: &mut NodeReader<'_>, spec: Option<&'static MeasureSpec>) -> Option<f64> {
    match spec.map(|spec| spec.unit) {
        Some("s") | None => node.in_range(Seconds(0.0)..).map(|Seconds(value)| value),
        Some("share") => node.in_range(0.0..=1.0),
        Some(_) => node.in_range(0.0..),
    }
}

fn refuse(t: &mut TableReader<'_>, error: &NotAnObjective, bound: Bound) {
    let (key, help) = match error {
        NotAnObjective::Measure(_) => ("measure", String::new()),
        NotAnObjective::Stat { has, .. } => ("stat", format!("write one of: {has}")),
        NotAnObjective::Of(_) => ("of", "leave `of` out".to_owned()),
        NotAnObjective::Bound(_, right) => (bound.name(), format!("write `{right}`")),
        NotAnObjective::Limit(_) => (bound.name(), String::new()),
    };
    t.problem(t.place_of(key), error.to_string(), help);
}
