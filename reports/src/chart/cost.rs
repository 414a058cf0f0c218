//! What the fleet cost, by component, beside the best single region. Knows bars; must not add up money that the
//! summary gives as a total.

use super::canvas::{Canvas, Drawing, Failed, Form, Frame, Legend, Sample, Sits, fit, sheet};
use super::human;
use super::ink::Ink;
use crate::model::{CostSummary, Estimate, Report};

/// A bar, and from one bar to the next of the same component.
const BAR: f64 = 11.0;
const STEP: f64 = 15.0;

/// A component: its name, the fleet's cost, the single region's.
struct Row {
    name: String,
    fleet: f64,
    single: Option<f64>,
}

/// Whether there is money to draw.
pub(super) fn has(report: &Report) -> bool {
    !rows(&report.summary.cost).is_empty()
}

/// Two bars for each component, the dearest first.
pub(super) fn draw(report: &Report, form: Form) -> Drawing {
    let cost = &report.summary.cost;
    let rows = rows(cost);
    let width = form.width();
    let (left, right) = form.pick((150.0, 110.0), (122.0, 72.0));
    let mut legend = Legend::default();
    legend.add(Sample::Square(0.9), Ink::Fleet, &format!("this fleet: {}", human::value("USD", &cost.total)));
    if let Some(single) = &cost.single_region {
        let text = format!("all in {}: {}", single.region, human::value("USD", &single.total));
        legend.add(Sample::Square(1.0), Ink::Single, &text);
    }
    let top = legend.height(width) + 8.0;
    let pitch = if cost.single_region.is_some() { 2.0 * STEP + 10.0 } else { STEP + 10.0 };
    let most = rows.iter().flat_map(|row| [Some(row.fleet), row.single]).flatten().fold(0.0, f64::max);
    let scale = (width - left - right) / if most > 0.0 { most } else { 1.0 };
    sheet(width, top + pitch * rows.len() as f64, |canvas| {
        legend.draw(canvas, (0.0, 0.0), width)?;
        for (i, row) in rows.iter().enumerate() {
            let y = top + i as f64 * pitch;
            let text = fit(&human::label(&row.name), left - 8.0);
            canvas.text(&text, (left - 8.0, y + (pitch - 14.0) / 2.0), Sits::End, Ink::Text)?;
            bar(canvas, (left, y), row.fleet, scale, Ink::Fleet)?;
            if let Some(single) = row.single {
                bar(canvas, (left, y + STEP), single, scale, Ink::Single)?;
            }
        }
        canvas.line((left, top - 4.0), (left, top + pitch * rows.len() as f64 - 8.0), Ink::Axis, 2)
    })
}

/// The costs in words.
pub(super) fn describe(report: &Report) -> String {
    let mut text = "Cost by component in the measured time.".to_owned();
    for row in rows(&report.summary.cost) {
        text += &format!(" {}: {}", human::label(&row.name), human::money(row.fleet));
        text += &row.single.map_or_else(|| ".".to_owned(), |single| format!(" against {}.", human::money(single)));
    }
    text
}

fn bar(canvas: &Canvas<'_>, at: (f64, f64), usd: f64, scale: f64, ink: Ink) -> Result<(), Failed> {
    let w = (usd * scale).max(0.0);
    if usd > 0.0 {
        canvas.rect(Frame { x: at.0, y: at.1, w: w.max(1.0), h: BAR }, ink, 0.9)?;
    }
    let ink = if ink == Ink::Fleet { Ink::Text } else { Ink::Muted };
    canvas.text(&human::money(usd), (at.0 + w + 7.0, at.1 + BAR / 2.0), Sits::Start, ink)
}

/// Components that cost anything, the dearest first.
fn rows(cost: &CostSummary) -> Vec<Row> {
    let single = cost.single_region.as_ref().map(|single| &single.components);
    let mut names: Vec<&String> = cost.components.keys().chain(single.into_iter().flat_map(|c| c.keys())).collect();
    names.sort_unstable();
    names.dedup();
    let told = |estimate: Option<&Estimate>| estimate.and_then(|e| human::finite(e.value));
    let row = |name: &String| Row {
        name: name.clone(),
        // The one sum: a component is given by region.
        fleet: cost.components.get(name).into_iter().flatten().filter_map(|(_, e)| told(Some(e))).sum(),
        single: single.map(|components| told(components.get(name)).unwrap_or(0.0)),
    };
    let mut rows: Vec<Row> =
        names.into_iter().map(row).filter(|row| row.fleet > 0.0 || row.single > Some(0.0)).collect();
    rows.sort_by(|a, b| b.fleet.total_cmp(&a.fleet));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn components_are_summed_over_regions_and_sorted() {
        let usd = |value: f64| Estimate { value: Some(value), low: None, high: None };
        let by_region = |a: f64, b: f64| BTreeMap::from([("x".to_owned(), usd(a)), ("y".to_owned(), usd(b))]);
        let cost = CostSummary {
            components: BTreeMap::from([
                ("nat".to_owned(), by_region(1.0, f64::NAN)),
                ("fargate".to_owned(), by_region(3.0, 4.0)),
                ("s3".to_owned(), by_region(0.0, 0.0)),
            ]),
            ..CostSummary::default()
        };
        let told: Vec<_> = rows(&cost).into_iter().map(|row| (row.name, row.fleet, row.single)).collect();
        assert_eq!(told, [("fargate".to_owned(), 7.0, None), ("nat".to_owned(), 1.0, None)]);
    }
}
