//! What a comparison came to, in a sentence or two that somebody can act on. Knows what a difference means; must not compute
//! one.

use super::{Difference, Says, Variant};
use crate::chart::human;
use crate::model::{Estimate, Verdict};

/// What leads in a verdict, if it is told.
const FIRST: [&str; 5] = ["start.p95", "availability", "failoverTime.max", "jobsLostByUs", "cost"];

/// The verdict of a variant against the base.
pub(super) fn verdict(base: &Variant, variant: &Variant, differences: &[Difference]) -> String {
    let of = |key: &str| differences.iter().find(|difference| difference.measure == key);
    let told: Vec<String> = FIRST.iter().filter_map(|key| clause(of(key)?)).collect();
    let name = &variant.name;
    let first = if told.is_empty() { nothing(name, differences) } else { format!("{name} {}.", list(&told)) };
    let open: Vec<&Difference> =
        FIRST.iter().filter_map(|key| of(key)).filter(|found| found.says == Says::CannotTell).collect();
    let open = if told.is_empty() || open.is_empty() {
        String::new()
    } else {
        let names: Vec<String> = open.iter().map(|found| human::words(&found.measure).replace('.', " ")).collect();
        format!(" No difference can be told in {}{}.", list(&names), more_runs(&open))
    };
    format!("{first}{open} {}", objectives(base, variant))
}

fn nothing(name: &str, differences: &[Difference]) -> String {
    if differences.iter().all(|difference| difference.says == Says::Same) {
        return format!("{name} decides the same: no number differs in any run.");
    }
    let open: Vec<&Difference> = differences.iter().filter(|found| FIRST.contains(&found.measure.as_str())).collect();
    format!("{name} cannot be told apart in what counts most{}.", more_runs(&open))
}

/// How many runs would tell the most easily told of these.
fn more_runs(open: &[&Difference]) -> String {
    let least = open.iter().filter_map(|found| found.runs_to_tell).min();
    least.map_or_else(String::new, |runs| {
        format!(" (some {} runs would tell the clearest of them)", human::count(f64::from(runs)))
    })
}

/// "starts jobs 38 s [31 s, 45 s] sooner at p95".
fn clause(difference: &Difference) -> Option<String> {
    let value = difference.difference.value?;
    if !matches!(difference.says, Says::Better | Says::Worse) {
        return None;
    }
    let (amount, less) = (amount(difference), value < 0.0);
    let pick = |a: &'static str, b: &'static str| if less { a } else { b };
    let least = if difference.base_at_least || difference.value_at_least { "at least " } else { "" };
    let amount = format!("{least}{amount}");
    Some(match difference.measure.as_str() {
        "start.p95" => format!("starts jobs {amount} {} at p95", pick("sooner", "later")),
        "availability" => format!("gives {} jobs a runner in time ({amount} of all)", pick("fewer", "more")),
        "failoverTime.max" => format!("recovers {amount} {} from a failover", pick("sooner", "later")),
        "jobsLostByUs" => format!("takes the runner away from {amount} jobs {} a run", pick("fewer", "more")),
        "cost" => format!("costs {amount} a month {}", pick("less", "more")),
        other => format!("has {amount} {} {}", pick("less", "more"), human::words(other)),
    })
}

/// The difference without its sign, with its interval.
fn amount(difference: &Difference) -> String {
    let Estimate { value, low, high } = difference.difference;
    let turned = value.is_some_and(|value| value < 0.0);
    let minus = |value: Option<f64>| value.map(|value| -value);
    let turned = if turned {
        Estimate { value: minus(value), low: minus(high), high: minus(low) }
    } else {
        difference.difference
    };
    let interval = human::interval(&difference.unit, &turned).map_or_else(String::new, |text| format!(" {text}"));
    format!("{}{interval}", human::value(&difference.unit, &turned))
}

fn objectives(base: &Variant, variant: &Variant) -> String {
    if variant.objectives.is_empty() {
        return "The scenario sets no objectives.".to_owned();
    }
    let open = |of: &Variant| of.objectives.iter().filter(|judged| judged.verdict != Verdict::Met).count();
    match (open(base), open(variant)) {
        (0, 0) => "Both meet all objectives.".to_owned(),
        (0, _) => format!("{} does not meet {}; {} meets all.", variant.name, missed(variant), base.name),
        (_, 0) => format!("{} meets all objectives; {} does not meet {}.", variant.name, base.name, missed(base)),
        (_, _) => {
            format!("{} does not meet {}; {} does not meet {}.", variant.name, missed(variant), base.name, missed(base))
        }
    }
}

fn missed(variant: &Variant) -> String {
    let open = variant.objectives.iter().filter(|judged| judged.verdict != Verdict::Met);
    list(&open.map(|judged| format!("{} {}", judged.measure, judged.stat).replace(" mean", "")).collect::<Vec<_>>())
}

/// "a, b and c".
pub(crate) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
