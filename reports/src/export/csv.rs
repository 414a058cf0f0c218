//! `series.csv`, `objectives.csv` and `sweep.csv`. Knows the csv crate; must not know what the numbers mean.

mod sweep;

use crate::model::{Judged, SeriesRow, Verdict};
use serde::Serialize;
pub use sweep::sweep_csv;

/// A judged objective as a flat row.
#[derive(Serialize)]
struct ObjectiveRow<'a> {
    measure: &'a str,
    of: &'a str,
    stat: &'a str,
    bound: &'a str,
    limit: f64,
    unit: &'a str,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    verdict: Verdict,
    why: &'a str,
}

/// The text of `series.csv`, with a header even when there are no rows.
#[must_use]
pub fn series_csv(rows: &[SeriesRow]) -> String {
    let header = [
        "time",
        "region",
        "queueDepth",
        "running",
        "starting",
        "phase",
        "placedHome",
        "placedSticky",
        "placedSpillover",
        "placedFailover",
        "startP50",
        "startP95",
        "costRate",
    ];
    csv_of(&header, rows.iter())
}

/// The text of `objectives.csv`, with a header even when there are none.
#[must_use]
pub fn objectives_csv(objectives: &[Judged]) -> String {
    let header = ["measure", "of", "stat", "bound", "limit", "unit", "value", "low", "high", "verdict", "why"];
    csv_of(&header, objectives.iter().map(objective_row))
}

fn objective_row(judged: &Judged) -> ObjectiveRow<'_> {
    let Judged { measure, of, stat, bound, limit, unit, estimate, verdict, why, runs_beyond: _ } = judged;
    let (value, low, high) = (estimate.value, estimate.low, estimate.high);
    ObjectiveRow { measure, of, stat, bound, limit: *limit, unit, value, low, high, verdict: *verdict, why }
}

fn csv_of<T: Serialize>(header: &[&str], rows: impl Iterator<Item = T>) -> String {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(header).expect("memory takes everything");
    rows.for_each(|row| writer.serialize(row).expect("rows are flat, and memory takes everything"));
    let bytes = writer.into_inner().expect("memory takes everything");
    String::from_utf8(bytes).expect("names and numbers are text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Estimate;

    #[test]
    fn a_series_has_a_column_for_each_field() {
        let row = SeriesRow {
            time: 300.0,
            region: "us-east-1".into(),
            queue_depth: 1.5,
            running: 2.0,
            starting: 3.0,
            phase: "active".into(),
            placed_home: 4,
            placed_sticky: 5,
            placed_spillover: 6,
            placed_failover: 7,
            start_p50: Some(0.25),
            start_p95: None,
            cost_rate: 8.0,
        };
        insta::assert_snapshot!(series_csv(std::slice::from_ref(&row)), @r"
        time,region,queueDepth,running,starting,phase,placedHome,placedSticky,placedSpillover,placedFailover,startP50,startP95,costRate
        300.0,us-east-1,1.5,2.0,3.0,active,4,5,6,7,0.25,,8.0
        ");
        let names = serde_json::to_value(&row).expect("a row is data");
        let header = series_csv(&[]);
        let mut columns: Vec<&str> = header.trim().split(',').collect();
        columns.sort_unstable();
        assert_eq!(
            columns,
            names.as_object().expect("a row has fields").keys().map(String::as_str).collect::<Vec<_>>()
        );
    }

    #[test]
    fn objectives_are_flat_and_quoted() {
        let judged = Judged {
            measure: "start".into(),
            of: "all".into(),
            stat: "p95".into(),
            bound: "atMost".into(),
            limit: 60.0,
            unit: "s".into(),
            estimate: Estimate { value: Some(38.5), low: None, high: None },
            verdict: Verdict::Inconclusive,
            why: "one run, no interval".into(),
            runs_beyond: 0,
        };
        insta::assert_snapshot!(objectives_csv(&[judged]), @r#"
        measure,of,stat,bound,limit,unit,value,low,high,verdict,why
        start,all,p95,atMost,60.0,s,38.5,,,inconclusive,"one run, no interval"
        "#);
    }
}
