//! The page of a comparison: one HTML file that opens offline. Knows the order of the page; must not compute a number.

use super::{Comparison, Difference, Says, Variant};
use crate::chart::{Figure, abreast::abreast, escape, forest::forest, human};
use crate::html::{drawn, section, shell};
use crate::model::Judged;
use std::fmt::Write as _;

/// The page: verdicts first, then charts, then tables, then the line that reproduces it.
#[must_use]
pub fn page(comparison: &Comparison) -> String {
    let figures = figures(comparison);
    let body = [
        header(comparison),
        verdicts(comparison),
        objectives(comparison),
        charts(&figures),
        tables(comparison),
        reproduce(comparison),
    ]
    .concat();
    let title = format!("{}: {}", comparison.scenario.name, names(comparison));
    shell(&title, &comparison.tidegate.version, &body)
}

/// The charts as files: name and content.
#[must_use]
pub fn files(comparison: &Comparison) -> Vec<(String, String)> {
    figures(comparison).into_iter().map(|figure| (format!("{}.svg", figure.name), figure.file())).collect()
}

fn figures(comparison: &Comparison) -> Vec<Figure> {
    let against = (0..comparison.against.len()).filter_map(|index| forest(comparison, index));
    let latencies = [("start.p50", "p50"), ("start.p95", "p95"), ("start.p99", "p99")];
    let abreast = [
        abreast(comparison, "start", "Start latency", &latencies),
        abreast(comparison, "failover", "Failover: impact to recovered", &[("failoverTime.max", "longest")]),
        abreast(comparison, "cost", "Cost a month", &[("cost", "cost")]),
    ];
    against.chain(abreast.into_iter().flatten()).collect()
}

fn names(comparison: &Comparison) -> String {
    match comparison.variants.as_slice() {
        [one, other] => format!("{} against {}", other.name, one.name),
        all => format!("{} variants", all.len()),
    }
}

fn header(comparison: &Comparison) -> String {
    let runs = comparison.seeds.len();
    let about = comparison.about.trim_end_matches('.');
    let lead = format!(
        "{about}. {runs} runs of each, with the same seeds: the same pushes, durations and faults meet every variant, and \
         differences are taken run by run."
    );
    format!(
        "<header>\n<h1>{}</h1>\n<p class=\"lead\">{}</p>\n</header>\n",
        escape(&format!("{}: {}", comparison.scenario.name, names(comparison))),
        escape(&lead)
    )
}

fn verdicts(comparison: &Comparison) -> String {
    let each =
        |against: &super::Against| format!("<dt>{}</dt><dd>{}</dd>\n", escape(&against.name), escape(&against.verdict));
    let told: String = comparison.against.iter().map(each).collect();
    format!(
        "<section id=\"answer\">\n<h2>What differs from {}</h2>\n<dl>\n{told}</dl>\n</section>\n",
        escape(&comparison.variants[0].name)
    )
}

fn objectives(comparison: &Comparison) -> String {
    let first = &comparison.variants[0].objectives;
    if first.is_empty() {
        return section("verdicts", "Objectives", "The scenario sets none.", "");
    }
    let heads: String =
        comparison.variants.iter().map(|variant| format!("<th>{}</th>", escape(&variant.name))).collect();
    let mut rows = String::new();
    for (index, judged) in first.iter().enumerate() {
        let cell = |variant: &Variant| {
            let Some(mine) = variant.objectives.get(index) else { return "<td></td>".to_owned() };
            let limit = if mine.limit == judged.limit && mine.measure == judged.measure {
                String::new()
            } else {
                format!(" ({})", promise(mine))
            };
            let judged = mine;
            let (sign, word) = (judged.verdict.sign(), judged.verdict.name());
            let interval = human::interval(&judged.unit, &judged.estimate).unwrap_or_default();
            let value = human::value(&judged.unit, &judged.estimate);
            format!(
                "<td data-label=\"{}\"><span>{sign} {word}: {} {interval}{}</span></td>",
                escape(&variant.name),
                escape(&value),
                escape(&limit)
            )
        };
        let cells: String = comparison.variants.iter().map(cell).collect();
        writeln!(rows, "<tr><th scope=\"row\">{}</th>{cells}</tr>", escape(&promise(judged)))
            .expect("a String takes all");
    }
    let table = format!("<div class=\"scroll\"><table>\n<tr><th></th>{heads}</tr>\n{rows}</table></div>\n");
    section(
        "verdicts",
        "Objectives",
        "Judged for each variant by itself, by the unfavourable end of its 95 % interval.",
        &table,
    )
}

/// `start p95 at most 1 m`.
fn promise(judged: &Judged) -> String {
    let bound = if judged.bound == "atMost" { "at most" } else { "at least" };
    let limit = human::quantity(&judged.unit, judged.limit);
    format!("{} {} {bound} {limit}", judged.measure, judged.stat).replace(" mean ", " ")
}

fn charts(figures: &[Figure]) -> String {
    let titled = |figure: &Figure| format!("<h3>{}</h3>\n{}", escape(&figure.title), drawn(figure));
    let drawn: String = figures.iter().map(titled).collect();
    section(
        "charts",
        "Side by side",
        "Differences are relative to the first variant; a whisker is the interval that holds for all variants at once, and \
         one that does not touch zero is told. Bars are each variant's own values with their 95 % intervals.",
        &drawn,
    )
}

fn tables(comparison: &Comparison) -> String {
    let mut text = String::new();
    for against in &comparison.against {
        let names = [comparison.variants[0].name.as_str(), against.name.as_str()];
        let rows: String = against.differences.iter().map(|found| row(found, names)).collect();
        write!(
            text,
            "<h3>{}</h3>\n<div class=\"scroll\"><table>\n<tr><th></th><th>{}</th><th>{}</th><th>difference</th><th>without \
             pairing</th><th></th></tr>\n{rows}</table></div>\n",
            escape(&format!("{} against {}", against.name, comparison.variants[0].name)),
            escape(&comparison.variants[0].name),
            escape(&against.name),
        )
        .expect("a String takes all");
    }
    section("numbers", "All numbers", "Everything that was measured.", &text)
}

fn row(found: &Difference, [first, other]: [&str; 2]) -> String {
    let unit = found.unit.as_str();
    let value = |value: Option<f64>, at_least: bool| {
        let least = if at_least { "≥ " } else { "" };
        value.map_or_else(|| human::NOTHING.to_owned(), |value| format!("{least}{}", human::quantity(unit, value)))
    };
    let interval = |estimate: &crate::model::Estimate| human::interval(unit, estimate).unwrap_or_default();
    let says = match found.says {
        Says::Better => "better",
        Says::Worse => "worse",
        Says::Same => "the same",
        Says::CannotTell => "cannot be told",
    };
    format!(
        "<tr><th scope=\"row\">{}</th><td data-label=\"{}\"><span>{}</span></td><td data-label=\"{}\"><span>{}</span></td>\
         <td data-label=\"difference\"><span>{} {}</span></td><td data-label=\"without pairing\"><span>{}</span></td>\
         <td data-label=\"says\"><span>{says}</span></td></tr>\n",
        escape(&found.measure.replace('.', " ")),
        escape(first),
        escape(&value(found.base, found.base_at_least)),
        escape(other),
        escape(&value(found.value, found.value_at_least)),
        escape(&human::value(unit, &found.difference)),
        escape(&interval(&found.difference)),
        escape(&interval(&found.unpaired)),
    )
}

fn reproduce(comparison: &Comparison) -> String {
    let line = format!(
        "<pre id=\"line\">{}</pre>\n<button type=\"button\" data-copy=\"line\" hidden=\"hidden\">Copy</button>\n",
        escape(&comparison.reproduce)
    );
    section("reproduce", "Reproduce", "The same inputs give the same decisions, whatever the number of threads.", &line)
}
