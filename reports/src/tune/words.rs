//! The evidence of a search in sentences. Knows words; must not judge, and must not compute statistics.

use super::{FinalistTold, Promise, Tried, Tuned};
use crate::chart::human;
use crate::model::{Estimate, Verdict};

/// A sentence or two under a few words.
pub(crate) struct Told {
    pub(crate) about: String,
    pub(crate) text: String,
}

/// The answer.
pub(crate) fn headline(tuned: &Tuned) -> String {
    let objectives = match tuned.objectives.len() {
        1 => "the objective".to_owned(),
        count => format!("all {} objectives", human::count(count as f64)),
    };
    let keeps = if tuned.objectives.is_empty() { String::new() } else { format!(" keeps {objectives} and") };
    match tuned.winner.and_then(|number| tuned.candidates.get(number)) {
        Some(winner) if winner.is_reference() => {
            format!("The {}{keeps} is the cheapest of all that were tried", winner.name)
        }
        Some(winner) => format!("Candidate {}{keeps} is the cheapest that was found", winner.name),
        None if tuned.verdict == Some(Verdict::Missed) => format!("No candidate keeps {objectives}"),
        None => format!("No candidate was shown to keep {objectives}"),
    }
}

/// What a reader wants to know first.
pub(crate) fn told(tuned: &Tuned) -> Vec<Told> {
    let mut all = Vec::new();
    let mut add = |about: &str, text: String| {
        if !text.is_empty() {
            all.push(Told { about: about.to_owned(), text });
        }
    };
    add(&label(tuned), cost(tuned));
    for one in tuned.selection.finalists.iter().filter(|one| Some(one.number) != tuned.winner) {
        let tried = &tuned.candidates[one.number];
        if tried.is_reference() {
            add(&format!("Beside the {}", tried.name), beside(tuned, one));
        }
    }
    add("How sure", sure(tuned));
    add(&format!("As good within {}", human::share(tuned.indifference)), not_told_apart(tuned));
    add("It changes", changes(tuned));
    add("At an end of its range", at_an_end(tuned));
    add("What does not matter", idle(tuned));
    add("Runs", runs(tuned));
    all
}

/// The lines of the tables: what became of a finalist.
pub(crate) fn outcome(tuned: &Tuned, one: &FinalistTold) -> String {
    let name = |number: usize| tuned.candidates[number].name.clone();
    if Some(one.number) == tuned.winner {
        return "the winner".to_owned();
    }
    match (one.verdict, one.same_as, one.beaten_by) {
        (_, Some(other), _) => format!("every run as of {}", name(other)),
        (Some(Verdict::Missed), ..) => format!("misses {}", missed(tuned, one)),
        (_, _, Some(_)) if one.not_told_apart => "dearer, but within the indifference".to_owned(),
        (_, _, Some(other)) => format!("dearer than {}", name(other)),
        (Some(Verdict::Met), ..) => "not told apart from the winner".to_owned(),
        (_, _, _) => format!("not shown to keep {}", open(tuned, one)),
    }
}

/// Objectives that a finalist misses.
fn missed(tuned: &Tuned, one: &FinalistTold) -> String {
    let some = one.objectives.iter().zip(&tuned.objectives).filter(|(held, _)| held.verdict == Verdict::Missed);
    some.map(|(_, promise)| promise.name.clone()).collect::<Vec<_>>().join(", ")
}

/// Objectives that a finalist was not shown to keep.
fn open(tuned: &Tuned, one: &FinalistTold) -> String {
    let open = one.objectives.iter().zip(&tuned.objectives).filter(|(held, _)| held.verdict != Verdict::Met);
    open.map(|(_, promise)| promise.name.clone()).collect::<Vec<_>>().join(", ")
}

/// What is minimised, as a heading.
pub(crate) fn label(tuned: &Tuned) -> String {
    match tuned.minimized.as_str() {
        "maxRunners" => "Runners".to_owned(),
        "cost" => "Cost".to_owned(),
        key => human::label(&key.replace('.', " ")),
    }
}

/// An amount of what is minimised.
pub(crate) fn amount(tuned: &Tuned, value: f64) -> String {
    let month = if tuned.minimized == "cost" { " a month" } else { "" };
    format!("{}{month}", human::quantity(&tuned.unit, value))
}

/// An estimate of what is minimised, with its interval where it has a width.
fn estimated(tuned: &Tuned, estimate: &Estimate) -> String {
    let Some(value) = human::finite(estimate.value) else { return human::NOTHING.to_owned() };
    let interval = human::interval(&tuned.unit, estimate).filter(|_| estimate.low != estimate.high);
    format!("{}{}", amount(tuned, value), interval.map_or_else(String::new, |text| format!(" {text}")))
}

/// Ranges that the winner is at an end of: what lies beyond was not tried. Words have no ends.
fn at_an_end(tuned: &Tuned) -> String {
    let Some(winner) = tuned.winner.and_then(|number| tuned.candidates.get(number)) else { return String::new() };
    let at_end = |axis: &&super::AxisTold| {
        let Some((from, to)) = axis.range.split_once(" .. ") else { return false };
        let value = winner.settings.iter().find_map(|setting| setting.strip_prefix(&axis.path)?.strip_prefix('='));
        value.is_some_and(|value| value == from || value == to)
    };
    let found: Vec<String> =
        tuned.space.iter().filter(at_end).map(|axis| format!("{} ({})", axis.path, axis.range)).collect();
    if found.is_empty() { String::new() } else { format!("{}: what lies beyond was not tried.", found.join(", ")) }
}

fn cost(tuned: &Tuned) -> String {
    let Some(winner) = tuned.winning() else { return nearest(tuned) };
    let over = if tuned.scenarios.len() > 1 { ", the mean of the scenarios" } else { "" };
    format!("{}{over}.", estimated(tuned, &winner.cost))
}

/// Where nothing was shown to keep the objectives: what stands in the way.
fn nearest(tuned: &Tuned) -> String {
    let Some(first) = tuned.selection.finalists.first() else { return String::new() };
    let name = &tuned.candidates[first.number].name;
    format!("The nearest is {name}. {}", kept(tuned, first))
}

fn beside(tuned: &Tuned, reference: &FinalistTold) -> String {
    let Some(winner) = tuned.winning() else {
        return kept(tuned, reference);
    };
    let kept = kept(tuned, reference);
    if reference.same_as == Some(winner.number) {
        return "Every run came to the same.".to_owned();
    }
    let (Some(value), Some(low), Some(high)) = (reference.more.value, reference.more.low, reference.more.high) else {
        return kept;
    };
    let quantity = |value: f64| human::quantity(&tuned.unit, value);
    let share = value / (winner.cost.value.unwrap_or(f64::NAN) + value);
    let told = match (low > tuned.selection.indifference, low > 0.0, high < 0.0) {
        (true, ..) => "The winner saves",
        (_, true, _) => "The winner saves a little, perhaps less than is worth a change:",
        (_, _, true) => "It is cheaper than the winner:",
        (..) => "The two could not be told apart:",
    };
    let width = if low < high { format!(" [{}, {}]", quantity(low), quantity(high)) } else { String::new() };
    format!(
        "{told} {}{width}, {}, on the same {} seeds. {kept}",
        amount(tuned, value),
        human::share(share),
        reference.runs
    )
}

/// Whether one keeps the objectives, as a sentence.
fn kept(tuned: &Tuned, one: &FinalistTold) -> String {
    match one.verdict {
        Some(Verdict::Met) => "It keeps the objectives too.".to_owned(),
        Some(Verdict::Missed) => format!("It misses {}.", missed(tuned, one)),
        _ => format!("It was not shown to keep {}.", open(tuned, one)),
    }
}

fn sure(tuned: &Tuned) -> String {
    let confidence = human::share(tuned.confidence);
    let fresh = tuned.selection.finalists.iter().map(|one| one.runs).max().unwrap_or(0);
    let finalists = many(tuned.selection.finalists.len(), "finalist", "finalists");
    let beyond = "Nothing is said of policies that were not tried.";
    let Some(_) = tuned.winning() else {
        return format!("{finalists} had up to {fresh} runs on fresh seeds. {beyond}");
    };
    let less = amount(tuned, tuned.selection.indifference);
    let cheapest = if tuned.selection.out_of_budget {
        "The budget ended before all were told apart: what may be as cheap is named below.".to_owned()
    } else {
        format!("no other finalist that keeps them is cheaper by more than {less}.")
    };
    let keeps = if tuned.objectives.is_empty() { "" } else { "the objectives are kept, and " };
    let keeps = if tuned.selection.out_of_budget && !keeps.is_empty() { "the objectives are kept. " } else { keeps };
    format!(
        "With {confidence} confidence, by up to {fresh} runs of {finalists} on seeds that the search did not use: \
         {keeps}{cheapest} {beyond}"
    )
}

fn not_told_apart(tuned: &Tuned) -> String {
    let close = |one: &&FinalistTold| one.not_told_apart && one.same_as.is_none() && Some(one.number) != tuned.winner;
    let each = |one: &FinalistTold| {
        let name = &tuned.candidates[one.number].name;
        let more = human::interval(&tuned.unit, &one.more).map_or_else(String::new, |text| format!(" {text} more"));
        let open = if one.verdict == Some(Verdict::Met) { String::new() } else { format!(", {}", outcome(tuned, one)) };
        format!("{name}{more}{open}")
    };
    let all: Vec<String> = tuned.selection.finalists.iter().filter(close).map(each).collect();
    if all.is_empty() { String::new() } else { format!("{}.", all.join("; ")) }
}

fn changes(tuned: &Tuned) -> String {
    let Some(winner) = tuned.winner.map(|number| &tuned.candidates[number]) else { return String::new() };
    match winner.settings.is_empty() {
        true => "Nothing.".to_owned(),
        false => format!("{}.", winner.settings.join(", ")),
    }
}

/// Settings of the search's best that were shown not to matter.
fn idle(tuned: &Tuned) -> String {
    let named = |matters: &str| {
        let some = tuned.effects.iter().filter(|effect| effect.matters == matters).map(|effect| effect.path.clone());
        some.collect::<Vec<_>>().join(", ")
    };
    let sentence = |matters: &str, words: &str| {
        let paths = named(matters);
        if paths.is_empty() { String::new() } else { format!("{words}: {paths}. ") }
    };
    let text = sentence("notAtAll", "Without them every run comes to the same")
        + &sentence("no", "Less than the indifference")
        + &sentence("unknown", "The runs do not tell");
    text.trim_end().to_owned()
}

fn runs(tuned: &Tuned) -> String {
    let spent = tuned.spent;
    let count = |n: u64| human::count(n as f64);
    let all = spent.search + spent.effects + spent.selection;
    let yardsticks =
        if spent.yardsticks > 0 { format!("; {} more for costRatio", count(spent.yardsticks)) } else { String::new() };
    format!(
        "{} of {} simulations: {} in the races of {}, {} for what matters, {} in the selection{yardsticks}.",
        count(all),
        count(spent.budget),
        count(spent.search),
        many(tuned.candidates.len(), "candidate", "candidates"),
        count(spent.effects),
        count(spent.selection),
    )
}

/// `at most 5 m`.
pub(crate) fn limit(promise: &Promise) -> String {
    format!("{} {}", human::words(&promise.bound), human::quantity(&promise.unit, promise.limit))
}

/// What a candidate is, in one line: its settings.
pub(crate) fn settings(tried: &Tried) -> String {
    if tried.settings.is_empty() { "as the files say".to_owned() } else { tried.settings.join(", ") }
}

pub(crate) fn many(count: usize, one: &str, more: &str) -> String {
    format!("{} {}", human::count(count as f64), if count == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::super::sample::usual;
    use super::*;

    #[test]
    fn a_winner_at_an_end_of_a_range_is_told() {
        let mut tuned = usual();
        assert_eq!(at_an_end(&tuned), "");
        tuned.space[0].range = "40 .. 400".into();
        assert_eq!(at_an_end(&tuned), "queueDepth (40 .. 400): what lies beyond was not tried.");
        tuned.space[0].range = "4 .. 40".into();
        assert!(told(&tuned).iter().any(|told| told.about == "At an end of its range"));
    }
}
