//! The page: a report in, one HTML page out that opens offline. Knows the order of the page and its words; must not
//! compute statistics, and must not refer to anything outside itself.

pub(crate) mod answer;
mod cards;
pub mod sweep;
mod tables;
mod tuned;

use crate::chart::{self, Figure, Figures, escape, human, tick::Clock};
use crate::median::FEWEST;
use crate::model::{Report, Summary};
pub use tuned::tuned_page;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/copy.js");

/// The report as one self-contained page: verdicts, charts, tables, and the line that reproduces it.
#[must_use]
pub fn page(report: &Report) -> String {
    let figures = chart::figures(report);
    let body = [
        header(report, &figures),
        short(report),
        cards::section(&report.summary),
        charts(report, &figures),
        tables::section(report),
        reproduce(&report.reproduce),
        FOOTER.to_owned(),
    ]
    .concat();
    shell(&title(&report.summary), &report.summary.tidegate.version, &body)
}

/// A page around its body, with all that it needs within itself.
pub(crate) fn shell(title: &str, version: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"generator\" content=\"Tidegate {version}\"/>\n<title>{name} · Tidegate</title>\n\
         <style>\n{STYLE}{rules}\n</style>\n</head>\n<body>\n{body}<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        version = escape(version),
        name = escape(title),
        rules = chart::style(),
    )
}

const FOOTER: &str = "<footer id=\"reading\">\n\
<p><b>How to read the numbers.</b> A value is the mean over all runs. The brackets behind it are its 95 % confidence \
interval: were the whole experiment repeated with other seeds, 95 of 100 such intervals would hold the true value. \
An interval says how sure the mean is, not how far single jobs spread; for the spread, read p95, p99 and max.</p>\n\
<p>An objective is <b>met</b> when even the unfavourable end of the interval keeps the limit, <b>missed</b> when even the \
favourable end does not, and <b>inconclusive</b> in between or without samples: more runs narrow the interval. Charts over \
time show the first run alone. A dash (–) stands where there is nothing to tell.</p>\n</footer>\n";

fn title(summary: &Summary) -> String {
    if summary.scenario.name.is_empty() { "Scenario without a name".to_owned() } else { summary.scenario.name.clone() }
}

fn header(report: &Report, figures: &Figures) -> String {
    let summary = &report.summary;
    let about =
        if summary.about.is_empty() { String::new() } else { format!("{}. ", summary.about.trim_end_matches('.')) };
    let lead = format!("{about}{}", simulated(report));
    let links = [
        ("verdicts", "Verdicts", true),
        ("timeline", "Regions over time", !figures.timelines.is_empty()),
        ("latency-over-time", "Start latency", figures.latency.is_some()),
        ("failover", "Failover", figures.failovers.is_some()),
        ("flow", "Flows", figures.flows.is_some()),
        ("money", "Cost", figures.cost.is_some()),
        ("numbers", "Tables", true),
        ("reproduce", "Reproduce", !report.reproduce.is_empty()),
        ("reading", "How to read it", true),
    ];
    let links: String =
        links.iter().filter(|link| link.2).map(|(id, text, _)| format!("<a href=\"#{id}\">{text}</a>\n")).collect();
    format!(
        "<header>\n<h1>{}</h1>\n<p class=\"lead\">{}</p>\n<nav aria-label=\"On this page\">\n{links}</nav>\n</header>\n",
        escape(&title(summary)),
        escape(&lead),
    )
}

/// The answer before anything else.
fn short(report: &Report) -> String {
    let told = answer::told(report);
    if told.is_empty() {
        return String::new();
    }
    let each = |told: &answer::Told| format!("<dt>{}</dt><dd>{}</dd>\n", escape(&told.about), escape(&told.text));
    let told: String = told.iter().map(each).collect();
    let runs = report.summary.seeds.len();
    let note = match runs {
        0 | 1 => String::new(),
        2..FEWEST => format!("<p class=\"note\">Means over {runs} runs.</p>\n"),
        _ => format!("<p class=\"note\">Over {runs} runs: medians of percentiles, means of all else.</p>\n"),
    };
    format!(
        "<section id=\"answer\">\n<h2>{}</h2>\n{note}<dl>\n{told}</dl>\n</section>\n",
        escape(&answer::question(report))
    )
}

/// `20 runs of 24 h with 3 regions, from 24 Nov 00:00; the first 1 h is not measured.`
fn simulated(report: &Report) -> String {
    let summary = &report.summary;
    let many =
        |n: usize, one: &str, more: &str| format!("{} {}", human::count(n as f64), if n == 1 { one } else { more });
    let runs = many(summary.seeds.len(), "run", "runs");
    let regions = many(chart::regions(report).len(), "region", "regions");
    let clock = Clock::new(&summary.start);
    let from = if clock.is_known() { format!(", from {}", clock.stamp(0.0)) } else { String::new() };
    let year = summary.start.get(0..4).filter(|_| clock.is_known()).map_or_else(String::new, |year| format!(" {year}"));
    let zone = if clock.is_known() && summary.start.ends_with(['Z', 'z']) { " UTC" } else { "" };
    let warm_up = match summary.warm_up {
        s if s > 0.0 && s.is_finite() => format!("; the first {} (warm-up) is not measured", human::duration(s)),
        _ => String::new(),
    };
    let from = from.replace(" 00:00", "");
    format!("{runs} of {} simulated with {regions}{from}{year}{zone}{warm_up}.", human::duration(summary.duration))
}

fn charts(report: &Report, figures: &Figures) -> String {
    let zone = if report.summary.start.ends_with(['Z', 'z']) { " Times are UTC." } else { "" };
    let timeline = format!(
        "Runners, waiting messages and phase of each region in the first run, on one time axis. Shaded: a fault hits the region.{zone}"
    );
    let some = |figure: &Option<Figure>| figure.as_ref().map_or_else(String::new, drawn);
    let sections = [
        (
            "timeline",
            "Regions over time",
            timeline.as_str(),
            figures.timelines.iter().map(drawn).collect(),
            "No series was recorded.",
        ),
        (
            "latency-over-time",
            "Start latency over time",
            "From queued on GitHub to in progress, by home region, in the first run; one logarithmic scale for all.",
            some(&figures.latency),
            "No job started, so there is no latency to show.",
        ),
        (
            "failover",
            "Failover",
            "Time from the impact until a survivor suspected it, until evacuation was decided, until the first job of that \
             home started elsewhere, and until start p95 was back in its band with the backlog gone. A bar begins where the \
             one before it ends; a clock that stopped before the one above it is a mark alone. Whiskers are 95 % intervals. \
             Faults that nobody answered are in the table only.",
            some(&figures.failovers),
            "No failover happened.",
        ),
        (
            "flow",
            "From home to region",
            "Where the jobs of each home region were placed in the first run, and why.",
            some(&figures.flows),
            "No job was placed.",
        ),
        (
            "money",
            "Cost by component",
            "In the measured time, beside the same load in the best single region.",
            some(&figures.cost),
            "Nothing was spent.",
        ),
    ];
    sections
        .iter()
        .map(|(id, title, note, drawn, nothing)| {
            section(id, title, if drawn.is_empty() { nothing } else { note }, drawn)
        })
        .collect()
}

pub(crate) fn section(id: &str, title: &str, note: &str, inner: &str) -> String {
    format!("<section id=\"{id}\">\n<h2>{title}</h2>\n<p class=\"note\">{note}</p>\n{inner}</section>\n")
}

pub(crate) fn drawn(figure: &Figure) -> String {
    format!("<figure>{}</figure>\n", figure.inline())
}

fn reproduce(line: &str) -> String {
    if line.is_empty() {
        return String::new();
    }
    let line = format!(
        "<pre id=\"line\">{}</pre>\n<button type=\"button\" data-copy=\"line\" hidden=\"hidden\">Copy</button>\n",
        escape(line)
    );
    section("reproduce", "Reproduce", "The same inputs give the same decisions, whatever the number of threads.", &line)
}

#[cfg(test)]
mod tests;
