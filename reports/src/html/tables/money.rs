//! Money as tables. Knows totals and components; must not compute any but the sums of a row or a column.

use super::super::{escape, human};
use super::table::{Table, cell};
use crate::chart;
use crate::model::{Estimate, Report};
use std::collections::BTreeMap;

/// Totals, then components by region.
pub(super) fn costs(report: &Report) -> String {
    let cost = &report.summary.cost;
    if human::finite(cost.total.value).is_none() && cost.components.is_empty() {
        return String::new();
    }
    let mut table = Table::new("Cost", ["Total", "This fleet", "Best single region"]);
    let single = cost.single_region.as_ref();
    let nothing = Estimate::default();
    let name = single.map_or_else(String::new, |s| format!("<small>{}</small>", escape(&s.region)));
    table.row(
        "",
        "Measured time",
        &[cell("USD", &cost.total), cell("USD", single.map_or(&nothing, |s| &s.total)) + &name],
    );
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
    let told = |estimate: Option<&Estimate>| {
        estimate.map_or_else(|| human::NOTHING.to_owned(), |e| escape(&human::value("USD", e)))
    };
    for (name, by_place) in &cost.components {
        let mut cells: Vec<String> = places.iter().map(|place| told(by_place.get(*place))).collect();
        cells.push(escape(&human::money(by_place.values().filter_map(|e| human::finite(e.value)).sum())));
        cells.extend(single.map(|s| told(s.components.get(name))));
        table.row("", &human::label(name), &cells);
    }
    if !cost.components.is_empty() {
        let mut cells: Vec<String> =
            places.iter().map(|place| escape(&human::money(column(cost.components.values(), place)))).collect();
        cells.push(told(Some(&cost.total)));
        cells.extend(single.map(|s| told(Some(&s.total))));
        table.row(" class=\"sum\"", "All", &cells);
    }
    let inner = table.finish();
    if inner.is_empty() {
        inner
    } else {
        format!("<details><summary>Cost by component and region, as numbers</summary>\n{inner}</details>\n")
    }
}

fn column<'a>(components: impl Iterator<Item = &'a BTreeMap<String, Estimate>>, place: &str) -> f64 {
    components.filter_map(|by_place| by_place.get(place)).filter_map(|e| human::finite(e.value)).sum()
}
