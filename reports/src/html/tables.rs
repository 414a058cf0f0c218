//! The numbers behind the charts, as tables. Knows which number stands in which column; must not compute any but the
//! sums of a row or a column.

mod money;
pub(super) mod table;

use super::{escape, human};
use crate::chart::{episode, flow::REASONS, tick::Clock};
use crate::model::{Estimate, Measure, Report, Summary};
use std::collections::BTreeMap;
use table::{Table, cell};

/// Measures in the order of a job's life.
const ORDER: [&str; 9] =
    ["ack", "placement", "queueWait", "start", "run", "total", "availability", "goodMinutes", "failoverTime"];

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
        money::costs(report),
        inputs(summary),
    ]
    .concat();
    format!("<section id=\"numbers\">\n<h2>Tables</h2>\n{tables}</section>\n")
}

fn measures(title: &str, measures: &BTreeMap<String, Measure>) -> String {
    let mut table = Table::new(title, ["Measure", "Samples", "Mean", "p50", "p95", "p99", "Max"]);
    let mut in_order: Vec<_> = measures.iter().collect();
    in_order.sort_by_key(|(name, _)| ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()));
    for (name, measure) in in_order {
        let mut cells = vec![human::count(measure.count as f64)];
        let statistics = [
            ("mean", &measure.mean),
            ("p50", &measure.p50),
            ("p95", &measure.p95),
            ("p99", &measure.p99),
            ("max", &measure.max),
        ];
        // At least so much: in some run a job never started.
        let sign = |name: &str| {
            if measure.censored.iter().any(|censored| censored == name) { "≥ " } else { "" }
        };
        cells.extend(statistics.map(|(name, estimate)| sign(name).to_owned() + &cell(&measure.unit, estimate)));
        table.row("", &human::label(name), &cells);
    }
    table.finish()
}

fn regions(report: &Report) -> String {
    let columns =
        ["Region", "Jobs placed", "Start p50", "Start p95", "Peak runners", "Limit", "Utilisation", "Peak queue"];
    let mut table = Table::new("Regions", columns);
    let nothing = Estimate::default();
    let known = |name: &&str| report.summary.regions.contains_key(*name);
    let in_order: Vec<&str> = report.regions.iter().map(String::as_str).filter(known).collect();
    let others = report.summary.regions.keys().map(String::as_str).filter(|name| !in_order.contains(name));
    for name in in_order.iter().copied().chain(others) {
        let Some(region) = report.summary.regions.get(name) else {
            continue;
        };
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
    let mut known: Vec<(&str, f64)> =
        by_reason.iter().filter_map(|(name, e)| Some((name.as_str(), human::finite(e.value)?))).collect();
    known.retain(|(_, v)| *v > 0.0);
    known.sort_by_key(|(name, _)| REASONS.iter().position(|reason| reason == name));
    let total: f64 = known.iter().map(|(_, v)| v).sum();
    let part = |(name, v): &(&str, f64)| format!("{}\u{a0}{}", human::count(v.round()), human::words(name));
    let parts = known.iter().map(part).collect::<Vec<_>>().join(" · ");
    format!("{}<small class=\"parts\">{}</small>", human::count(total.round()), escape(&parts))
}

fn flows(report: &Report) -> String {
    let mut table =
        Table::new("From home to region (first run)", ["Home → region"].into_iter().chain(REASONS).chain(["All"]));
    for flow in &report.flows {
        let mut cells: Vec<String> = flow
            .jobs
            .iter()
            .map(|jobs| if *jobs == 0 { human::NOTHING.to_owned() } else { human::count(*jobs as f64) })
            .collect();
        cells.push(human::count(flow.jobs.iter().sum::<u64>() as f64));
        table.row("", &format!("{} → {}", flow.home, flow.region), &cells);
    }
    let inner = table.finish();
    if report.flows.len() > 12 {
        format!("<details><summary>From home to region, as numbers</summary>\n{inner}</details>\n")
    } else {
        inner
    }
}

fn failovers(summary: &Summary) -> String {
    let columns = ["Failover", "Detected", "Decided", "First success", "Recovered", "Active again"];
    let mut table = Table::new("Failovers: time from the impact", columns);
    let clock = Clock::new(&summary.start);
    for failover in &summary.failovers {
        let mut cells: Vec<String> =
            episode::clocks(failover).iter().map(|(_, estimate)| cell("s", estimate)).collect();
        cells.push(cell("s", &failover.failed_back));
        table.row("", &format!("{}, {}", episode::what(failover), episode::when(failover, clock)), &cells);
    }
    table.finish()
}

fn counts(summary: &Summary) -> String {
    let mut table = Table::new("Counts per run", ["Count", "Mean of a run"]);
    let (none, some): (Vec<_>, Vec<_>) = summary.counts.iter().partition(|(_, estimate)| estimate.value == Some(0.0));
    for (name, estimate) in some {
        table.noted(&human::label(name), meaning(name), &[cell("count", estimate)]);
    }
    let none: Vec<String> = none.iter().map(|(name, _)| human::words(name)).collect();
    let none = if none.is_empty() {
        String::new()
    } else {
        format!("<p class=\"note\">Zero in every run: {}.</p>\n", escape(&none.join(", ")))
    };
    let inner = table.finish() + &none;
    if inner.is_empty() {
        return inner;
    }
    format!("<details><summary>Counts per run, and what is counted</summary>\n{inner}</details>\n")
}

/// What is counted, where the name alone does not say.
fn meaning(name: &str) -> &'static str {
    match name {
        "adopted" => "jobs that a node took over from a region that was lost",
        "attemptsDropped" => "messages for a placement that was no longer the current one",
        "cacheHits" => "jobs that found their cache in their own region",
        "cacheHitsAbroad" => "jobs that read their cache from another region",
        "cacheMisses" => "jobs that built without a cache",
        "capReached" => "messages put back because a limit was reached",
        "capacityWaits" => "waits because every allowed region refused or failed",
        "claimConflicts" => "claims of a job that another attempt had",
        "deadLetters" => "messages received too often and set aside",
        "deliveriesLost" => "webhooks not answered in time",
        "githubRefusals" => "calls that GitHub refused over its limits",
        "githubRegistrations" => "runners registered at GitHub",
        "githubRequests" => "other calls to GitHub",
        "ignored" => "events that needed no action",
        "jobsAbandoned" => "jobs given up after all retries",
        "jobsLost" => "jobs whose runner was lost under them",
        "jobsLostByUs" => "those of them that are our doing",
        "jobsRecovered" => "jobs whose webhook was lost, found in GitHub's list",
        "jobsUnstarted" => "jobs still queued at the end",
        "launches" => "tasks that ECS accepted",
        "namesTaken" => "registrations refused because another region had the runner: the fence",
        "panics" => "times a node saw all regions unwell, and believed none of it",
        "phaseChanges" => "as seen by every node",
        "placementsFailover" => "sent away because home was unwell",
        "placementsHome" => "first jobs of a workflow run, at home",
        "placementsSpillover" => "sent away because home was full",
        "placementsSticky" => "sent where their workflow run already was",
        "proposals" => "failovers that waited for an operator",
        "relaunches" => "launches for a second or later placement of a job",
        "retries" => "calls tried again",
        "spills" => "times a region began to spill, as seen by every node",
        "spotInterruptions" => "tasks that AWS took back",
        "surplusReaped" => "runners that no job took",
        _ => "",
    }
}

fn inputs(summary: &Summary) -> String {
    let mut rows = String::new();
    let mut add = |head: &str, text: String| {
        if !text.is_empty() {
            rows += &format!("<tr><th scope=\"row\">{head}</th><td class=\"words\">{text}</td></tr>\n");
        }
    };
    for (head, input) in [("Scenario", &summary.scenario), ("Policy", &summary.policy)] {
        let hash = if input.sha256.is_empty() {
            String::new()
        } else {
            format!("<br/><code>sha256 {}</code>", escape(&input.sha256))
        };
        add(head, format!("{} <code>{}</code>{hash}", escape(&input.name), escape(&input.path)));
    }
    add("Seeds", escape(&seeds(&summary.seeds)));
    add("Digest of all decisions", format!("<code>{}</code>", escape(&summary.digest)));
    let commit = if summary.tidegate.commit.is_empty() {
        String::new()
    } else {
        format!(", commit <code>{}</code>", escape(&summary.tidegate.commit))
    };
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
    let memory = engine.peak_bytes.map_or_else(String::new, |bytes| {
        format!(", {} MiB at most", human::count((bytes as f64 / 1_048_576.0).round()))
    });
    format!(
        "{} events in {}, {} a second{memory}",
        human::count(engine.events as f64),
        human::duration(engine.wall_seconds),
        human::count(engine.events_per_second.round()),
    )
}
