//! The numbers behind the charts, as tables. Knows which number stands in which column; must not compute any but the
//! sums of a row or a column.

use super::{escape, human};
use crate::chart::{self, episode, flow::REASONS, tick::Clock};
use crate::model::{Estimate, Measure, Report, Summary};
use std::collections::BTreeMap;

/// All tables.
pub(super) fn section(report: &Report) -> String {
    let summary = &report.summary;
    let tables = [
        measures("All jobs", &summary.measures),
        measures("Regional jobs: their home was active and not spilling", &summary.regional),
        regions(report),
        flows(report),
        failovers(summary),
        counts(summary),
        costs(report),
        inputs(summary),
    ]
    .concat();
    format!("<section id=\"numbers\">\n<h2>Tables</h2>\n{tables}</section>\n")
}

/// A table under construction: its columns are named once and each cell carries its column's name for narrow screens.
struct Table {
    title: String,
    columns: Vec<String>,
    rows: String,
}

impl Table {
    fn new<S: AsRef<str>>(title: &str, columns: impl IntoIterator<Item = S>) -> Self {
        let columns = columns.into_iter().map(|column| escape(column.as_ref())).collect();
        Self { title: escape(title), columns, rows: String::new() }
    }

    /// A row; cells are HTML.
    fn row(&mut self, class: &str, head: &str, cells: &[String]) {
        self.rows += &format!("<tr{class}><th scope=\"row\">{}</th>", escape(head));
        for (cell, column) in cells.iter().zip(self.columns.iter().skip(1)) {
            self.rows += &format!("<td data-label=\"{column}\"><span>{cell}</span></td>");
        }
        self.rows += "</tr>\n";
    }

    fn finish(self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let head: String = self.columns.iter().map(|column| format!("<th scope=\"col\">{column}</th>")).collect();
        format!(
            "<h3>{}</h3>\n<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n",
            self.title, self.rows
        )
    }
}

/// A value with its interval below.
fn cell(unit: &str, estimate: &Estimate) -> String {
    let interval = human::interval(unit, estimate).map_or_else(String::new, |text| format!("<small>{}</small>", escape(&text)));
    escape(&human::value(unit, estimate)) + &interval
}

fn measures(title: &str, measures: &BTreeMap<String, Measure>) -> String {
    let mut table = Table::new(title, ["Measure", "Samples", "Mean", "p50", "p95", "p99", "Max"]);
    for (name, measure) in measures {
        let mut cells = vec![human::count(measure.count as f64)];
        let statistics = [&measure.mean, &measure.p50, &measure.p95, &measure.p99, &measure.max];
        cells.extend(statistics.map(|estimate| cell(&measure.unit, estimate)));
        table.row("", &human::label(name), &cells);
    }
    table.finish()
}

fn regions(report: &Report) -> String {
    let columns = ["Region", "Jobs placed", "Start p50", "Start p95", "Peak runners", "Limit", "Utilisation", "Peak queue"];
    let mut table = Table::new("Regions", columns);
    let nothing = Estimate::default();
    let known = |name: &&str| report.summary.regions.contains_key(*name);
    let in_order: Vec<&str> = report.regions.iter().map(String::as_str).filter(known).collect();
    let others = report.summary.regions.keys().map(String::as_str).filter(|name| !in_order.contains(name));
    for name in in_order.iter().copied().chain(others) {
        let Some(region) = report.summary.regions.get(name) else { continue };
        let start = region.measures.get("start");
        let place = report.regions.iter().position(|known| known == name);
        let limit = place.and_then(|at| report.max_runners.get(at)).map(|most| human::count(f64::from(*most)));
        table.row(
            "",
            name,
            &[
                placed(&region.placements),
                cell("s", start.map_or(&nothing, |m| &m.p50)),
                cell("s", start.map_or(&nothing, |m| &m.p95)),
                cell("count", &region.peak_runners),
                limit.unwrap_or_else(|| human::NOTHING.to_owned()),
                cell("share", &region.utilisation),
                cell("count", &region.peak_queue_depth),
            ],
        );
    }
    table.finish()
}

/// All placements, then by reason.
fn placed(by_reason: &BTreeMap<String, Estimate>) -> String {
    let known: Vec<(&String, f64)> =
        by_reason.iter().filter_map(|(name, e)| human::finite(e.value).map(|v| (name, v))).filter(|(_, v)| *v > 0.0).collect();
    let total: f64 = known.iter().map(|(_, v)| v).sum();
    let parts: String =
        known.iter().map(|(name, v)| format!("<small>{} {}</small>", human::count(v.round()), escape(&human::words(name)))).collect();
    human::count(total.round()) + &parts
}

fn flows(report: &Report) -> String {
    let mut table = Table::new("From home to region (first run)", ["Home → region"].into_iter().chain(REASONS).chain(["All"]));
    for flow in &report.flows {
        let mut cells: Vec<String> = flow.jobs.iter().map(|jobs| human::count(*jobs as f64)).collect();
        cells.push(human::count(flow.jobs.iter().sum::<u64>() as f64));
        table.row("", &format!("{} → {}", flow.home, flow.region), &cells);
    }
    let inner = table.finish();
    if report.flows.len() > 12 { format!("<details><summary>From home to region, as numbers</summary>\n{inner}</details>\n") } else { inner }
}

fn failovers(summary: &Summary) -> String {
    let columns = ["Failover", "Detected", "Decided", "First success", "Recovered", "Active again"];
    let mut table = Table::new("Failovers: time from the impact", columns);
    let clock = Clock::new(&summary.start);
    for failover in &summary.failovers {
        let mut cells: Vec<String> = episode::clocks(failover).iter().map(|(_, estimate)| cell("s", estimate)).collect();
        cells.push(cell("s", &failover.failed_back));
        table.row("", &episode::heading(failover, clock), &cells);
    }
    table.finish()
}

fn counts(summary: &Summary) -> String {
    let mut table = Table::new("Counts per run", ["Count", "Mean"]);
    for (name, estimate) in &summary.counts {
        table.row("", &human::label(name), &[cell("count", estimate)]);
    }
    table.finish()
}

fn costs(report: &Report) -> String {
    let cost = &report.summary.cost;
    let mut table = Table::new("Cost", ["Total", "This fleet", "Best single region"]);
    let single = cost.single_region.as_ref();
    let nothing = Estimate::default();
    let name = single.map_or_else(String::new, |s| format!("<small>{}</small>", escape(&s.region)));
    table.row("", "Measured time", &[cell("USD", &cost.total), cell("USD", single.map_or(&nothing, |s| &s.total)) + &name]);
    table.row("", "Per 30 days", &[cell("USD", &cost.per_month), human::NOTHING.to_owned()]);
    table.row("", "Per 1,000 completed jobs", &[cell("USD", &cost.per_thousand_jobs), human::NOTHING.to_owned()]);
    table.row("", "Ratio to the best single region", &[cell("ratio", &cost.ratio), human::quantity("ratio", 1.0)]);
    table.finish() + &components(report)
}

/// Components by region; many columns, so that it opens on demand.
fn components(report: &Report) -> String {
    let cost = &report.summary.cost;
    let mut places: Vec<&str> = chart::regions(report);
    for place in cost.components.values().flat_map(BTreeMap::keys) {
        if !places.contains(&place.as_str()) {
            places.push(place);
        }
    }
    places.retain(|place| cost.components.values().any(|by_place| by_place.contains_key(*place)));
    let single = cost.single_region.as_ref();
    let last = single.map(|s| format!("all in {}", s.region));
    let columns = ["Component"].into_iter().chain(places.iter().copied()).chain(["All"]).chain(last.as_deref());
    let mut table = Table::new("Cost by component and region", columns);
    let told = |estimate: Option<&Estimate>| estimate.map_or_else(|| human::NOTHING.to_owned(), |e| escape(&human::value("USD", e)));
    for (name, by_place) in &cost.components {
        let mut cells: Vec<String> = places.iter().map(|place| told(by_place.get(*place))).collect();
        cells.push(escape(&human::money(by_place.values().filter_map(|e| human::finite(e.value)).sum())));
        cells.extend(single.map(|s| told(s.components.get(name))));
        table.row("", &human::label(name), &cells);
    }
    if !cost.components.is_empty() {
        let mut cells: Vec<String> = places.iter().map(|place| escape(&human::money(column(cost.components.values(), place)))).collect();
        cells.push(told(Some(&cost.total)));
        cells.extend(single.map(|s| told(Some(&s.total))));
        table.row(" class=\"sum\"", "All", &cells);
    }
    let inner = table.finish();
    if inner.is_empty() { inner } else { format!("<details><summary>Cost by component and region, as numbers</summary>\n{inner}</details>\n") }
}

fn column<'a>(components: impl Iterator<Item = &'a BTreeMap<String, Estimate>>, place: &str) -> f64 {
    components.filter_map(|by_place| by_place.get(place)).filter_map(|e| human::finite(e.value)).sum()
}

fn inputs(summary: &Summary) -> String {
    let mut rows = String::new();
    let mut add = |head: &str, text: String| {
        if !text.is_empty() {
            rows += &format!("<tr><th scope=\"row\">{head}</th><td class=\"words\">{text}</td></tr>\n");
        }
    };
    for (head, input) in [("Scenario", &summary.scenario), ("Policy", &summary.policy)] {
        let hash = if input.sha256.is_empty() { String::new() } else { format!("<br/><code>sha256 {}</code>", escape(&input.sha256)) };
        add(head, format!("{} <code>{}</code>{hash}", escape(&input.name), escape(&input.path)));
    }
    add("Seeds", escape(&seeds(&summary.seeds)));
    add("Digest of all decisions", format!("<code>{}</code>", escape(&summary.digest)));
    let commit = if summary.tidegate.commit.is_empty() { String::new() } else { format!(", commit <code>{}</code>", escape(&summary.tidegate.commit)) };
    add("Tidegate", escape(&summary.tidegate.version) + &commit);
    add("Engine", escape(&engine(summary)));
    format!("<h3>Inputs</h3>\n<table>\n<tbody>\n{rows}</tbody>\n</table>\n")
}

/// `1 to 20` where seeds follow each other, else all of them.
fn seeds(seeds: &[u64]) -> String {
    let in_a_row = seeds.windows(2).all(|two| two[0].checked_add(1) == Some(two[1]));
    match seeds {
        [first, .., last] if in_a_row => format!("{first} to {last}"),
        _ => seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn engine(summary: &Summary) -> String {
    let engine = &summary.engine;
    let memory = engine.peak_bytes.map_or_else(String::new, |bytes| format!(", {} MiB at most", human::count((bytes as f64 / 1_048_576.0).round())));
    format!(
        "{} events in {}, {} a second{memory}",
        human::count(engine.events as f64),
        human::duration(engine.wall_seconds),
        human::count(engine.events_per_second.round()),
    )
}
