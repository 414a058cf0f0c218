//! Reads objectives from OpenSLO v1 files. Knows its keys and which of our measures they mean; must not know how anything is
//! measured. `docs/check.md` has the convention.

mod yaml;

use super::objective::spec as measure_of;
use super::{ReadError, source, spot};
use crate::scenario::Spot;
use std::path::Path;
use tidegate_core::document::{Document, Key, Node, NodeReader, Problems, TableReader, Value, nearest};
use tidegate_reports::objective::{Bound, MEASURES, MeasureSpec, Objective, Of, STATS, Stat, measure};

/// What is said of a measure in annotations.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    measure: Option<&'static MeasureSpec>,
    /// Whether it is named by an annotation, known or not.
    measure_named: bool,
    of: Option<Of>,
    stat: Option<Stat>,
}

/// How an error budget is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Budget {
    #[default]
    Occurrences,
    Timeslices,
}

type Promised = (Objective, Spot);

/// Reads the objectives of all `kind: SLO` of a file of OpenSLO v1, YAML or JSON; other kinds are left alone.
///
/// # Errors
/// Every mistake of the file, or why it cannot be read, or that it has no such document.
pub fn read_slo(path: &Path) -> Result<Vec<Promised>, ReadError> {
    let file = |message: String| ReadError::File { path: path.display().to_string(), message };
    let source = source::load_text(path).map_err(file)?.source.map_err(ReadError::Problems)?;
    let documents = yaml::documents(&source).map_err(ReadError::Problems)?;
    let slos: Vec<&Document> = documents.iter().filter(|document| is_slo(document)).collect();
    if slos.is_empty() {
        return Err(file("holds no objective: expected `kind: SLO` of `apiVersion: openslo/v1`".to_owned()));
    }
    let (mut all, mut problems) = (Vec::new(), Problems::default());
    for slo in slos {
        match slo.read(slo_table) {
            Ok(found) => all.extend(found),
            Err(wrong) => problems.extend(wrong),
        }
    }
    if problems.is_empty() { Ok(all) } else { Err(ReadError::Problems(problems)) }
}

fn is_slo(document: &Document) -> bool {
    let Value::Table(entries) = &document.root.value else { return false };
    let slo = Value::Text("SLO".to_owned());
    entries.iter().any(|(key, Node { value, .. })| key.name == "kind" && *value == slo)
}

fn slo_table(t: &mut TableReader<'_>) -> Vec<Promised> {
    t.required_node("apiVersion", "the version of OpenSLO", |node| {
        let version = node.read::<String>()?;
        if version != "openslo/v1" {
            node.wrong("`openslo/v1`", "");
        }
        Some(())
    });
    t.choice("kind", &[("SLO", ())], (), "an objective");
    let (name, said) = t.section("metadata", "its name, and which of our measures it means", metadata);
    t.section("spec", "what is promised", |t| promised(t, &name, said))
}

fn metadata(t: &mut TableReader<'_>) -> (String, Said) {
    let name = t.required("name", "its name; a measure's, where no annotation says which is meant");
    any(t, &["displayName", "labels"]);
    let mut said = Said::default();
    t.entries("annotations", "tidegate.measure, tidegate.of, tidegate.stat", |key, node| {
        annotation(key, node, &mut said);
        Some(())
    });
    (name, said)
}

/// Keys that are read by others.
fn any(t: &mut TableReader<'_>, keys: &[&'static str]) {
    for key in keys {
        t.node(key, "not ours", |_| Some(()));
    }
}

fn annotation(key: &Key, node: &mut NodeReader<'_>, said: &mut Said) {
    let Some(ours) = key.name.strip_prefix("tidegate.") else { return };
    match ours {
        "measure" => {
            said.measure = measure_of(node);
            said.measure_named = true;
        }
        "of" => said.of = node.choice(&[("all", Of::All), ("regional", Of::Regional)]),
        "stat" => said.stat = node.choice(&STATS.map(|stat| (stat.name(), stat))),
        other => {
            let help = nearest(other, ["measure", "of", "stat"]).map(|near| format!("did you mean `tidegate.{near}`?"));
            let help = help.unwrap_or_else(|| "there are tidegate.measure, tidegate.of and tidegate.stat".to_owned());
            node.problem(format!("unknown annotation `{}`", key.name), help);
        }
    }
}

fn promised(t: &mut TableReader<'_>, name: &str, said: Said) -> Vec<Promised> {
    any(t, &["description", "service", "indicator", "indicatorRef", "timeWindow", "alertPolicies"]);
    let methods = [("Occurrences", Budget::Occurrences), ("Timeslices", Budget::Timeslices)];
    let budget = t.choice("budgetingMethod", &methods, Budget::Occurrences, "how the error budget is counted");
    let all = t.each_at_least("objectives", 1, "the limits", |t| {
        let at = spot(t);
        objective(t, name, said, budget).map(|objective| (objective, at))
    });
    all.into_iter().flatten().collect()
}

fn objective(t: &mut TableReader<'_>, name: &str, said: Said, budget: Budget) -> Option<Objective> {
    any(t, &["displayName"]);
    let bounds = [("lte", Bound::AtMost), ("lt", Bound::AtMost), ("gte", Bound::AtLeast), ("gt", Bound::AtLeast)];
    let op = t.optional_choice("op", &bounds, "which side of the value is good");
    let value = t.optional_in_range("value", 0.0.., "the limit, in the unit of the measure: seconds, a share, USD");
    let share = t.optional_in_range("target", 0.0..=1.0, "the share that must be good");
    let percent = t.optional_in_range("targetPercent", 0.0..=100.0, "the same in percent");
    let slice = t.optional_in_range("timeSliceTarget", 0.0..=1.0, "what makes a slice good");
    any(t, &["timeSliceWindow"]);
    if t.has("target") == t.has("targetPercent") {
        t.problem(t.place(), "an objective has one target", "give one of `target` and `targetPercent`");
        return None;
    }
    // 99.9 % is to be 0.999 and no neighbour of it: twelve decimal places are more than anybody writes.
    let target = share.or_else(|| percent.map(|percent| (percent * 1e10).round() / 1e12))?;
    let found = if t.has("op") || t.has("value") {
        if !(t.has("op") && t.has("value")) {
            t.problem(t.place(), "a threshold needs both `op` and `value`", "");
            return None;
        }
        threshold(t, name, said, (op?, value?), target)?
    } else {
        ratio(t, said, budget, slice, target)?
    };
    if let Err(error) = found.check() {
        t.problem(t.place(), error.to_string(), "");
        return None;
    }
    Some(found)
}

/// So many of the jobs are on the good side of a value: the statistic is the quantile of that share.
fn threshold(
    t: &mut TableReader<'_>,
    name: &str,
    said: Said,
    (bound, limit): (Bound, f64),
    target: f64,
) -> Option<Objective> {
    // One that is named and unknown was told already.
    let spec = if said.measure_named { said.measure } else { by_name(t, name) }?;
    let quantile = || STATS.into_iter().find(|stat| (stat.share() - target).abs() < 1e-9 && *stat != Stat::Mean);
    let stat = match said.stat {
        Some(stat) => stat,
        None if spec.stats.len() == 1 => spec.default_stat,
        None => {
            let Some(stat) = quantile() else {
                let help = "write 0.5, 0.9, 0.95 or 0.99, or name a statistic by the annotation `tidegate.stat`";
                t.problem(t.place(), format!("no statistic of {} is the quantile of {target}", spec.name), help);
                return None;
            };
            stat
        }
    };
    if spec.unit == "share" && limit > 1.0 {
        t.problem_at("value", "is above 1", "a share is a fraction: 0.999 for 99.9 %");
        return None;
    }
    Some(Objective { measure: spec.name.to_owned(), of: said.of.unwrap_or_default(), stat, bound, limit })
}

/// The measure that an objective is named after: names of OpenSLO have small letters and hyphens.
fn by_name(t: &mut TableReader<'_>, name: &str) -> Option<&'static MeasureSpec> {
    let plain = name.replace('-', "").to_lowercase();
    let found = MEASURES.iter().find(|spec| spec.name.to_lowercase() == plain);
    if found.is_none() {
        let near = nearest(name, MEASURES.iter().map(|spec| spec.name));
        let near = near.map_or_else(String::new, |near| format!(", perhaps `{near}`"));
        let all: Vec<&str> = MEASURES.iter().map(|spec| spec.name).collect();
        let all = all.join(", ");
        let help = format!("name one by the annotation `tidegate.measure`{near}; there are {all}");
        t.problem(t.place(), format!("no measure is named `{name}`"), help);
    }
    found
}

/// A share of jobs, or of minutes, is good.
fn ratio(t: &mut TableReader<'_>, said: Said, budget: Budget, slice: Option<f64>, target: f64) -> Option<Objective> {
    let usual = match budget {
        Budget::Occurrences => "availability",
        Budget::Timeslices => "goodMinutes",
    };
    let spec = said.measure.or_else(|| measure(usual))?;
    if spec.unit != "share" {
        let help = "a ratio is of `availability` or `goodMinutes`; give `op` and `value` for a limit of this measure";
        t.problem(t.place(), format!("{} is no ratio", spec.name), help);
        return None;
    }
    // What `goodMinutes` measures; another share would be another measure.
    if budget == Budget::Timeslices && slice.is_some_and(|slice| (slice - 0.99).abs() > 1e-9) {
        t.problem_at("timeSliceTarget", "is not 0.99", "a minute is good when 99 % of its jobs are");
        return None;
    }
    let (of, stat) = (said.of.unwrap_or_default(), spec.default_stat);
    Some(Objective { measure: spec.name.to_owned(), of, stat, bound: Bound::AtLeast, limit: target })
}

#[cfg(test)]
mod tests;
