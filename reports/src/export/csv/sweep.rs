//! `sweep.csv`. Knows which number stands in which column; must not know what the numbers mean.

use crate::model::Estimate;
use crate::sweep::{Point, Sweep, key_of};

/// The text of `sweep.csv`: a row for each point with its settings, what its objectives come to, each objective, and what
/// is told of every point. Estimates have three columns: the mean, and the ends of its 95 % interval; times in seconds.
#[must_use]
pub fn sweep_csv(sweep: &Sweep) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let (objectives, measures) = (objectives(sweep), measures(sweep));
    let three = |key: &String| ["", ".low", ".high"].map(|end| format!("{key}{end}"));
    let mut header: Vec<String> = vec!["point".to_owned()];
    header.extend(sweep.axes.iter().map(|axis| axis.path.clone()));
    header.extend(["feasible", "outcome"].map(str::to_owned));
    header.extend(objectives.iter().flat_map(|name| three(name).into_iter().chain([format!("{name}.verdict")])));
    header.extend(measures.iter().flat_map(three));
    header.push("digest".to_owned());
    writer.write_record(&header).expect("memory takes everything");
    for point in &sweep.points {
        let row = row(sweep, point, objectives.len(), &measures);
        writer.write_record(&row).expect("rows are as long as the header, and memory takes everything");
    }
    let bytes = writer.into_inner().expect("memory takes everything");
    String::from_utf8(bytes).expect("names and numbers are text")
}

fn row(sweep: &Sweep, point: &Point, objectives: usize, measures: &[String]) -> Vec<String> {
    let mut row = vec![point.index.to_string()];
    row.extend(sweep.axes.iter().zip(&point.place).map(|(axis, at)| axis.text(*at).to_owned()));
    row.extend([point.is_good().to_string(), point.outcome().name().to_owned()]);
    for at in 0..objectives {
        let judged = point.objectives.get(at);
        row.extend(cells(judged.map(|judged| judged.estimate).unwrap_or_default()));
        row.push(judged.map_or("", |judged| judged.verdict.name()).to_owned());
    }
    row.extend(measures.iter().flat_map(|key| cells(point.estimate(key))));
    row.push(point.digest.clone());
    row
}

fn cells(estimate: Estimate) -> [String; 3] {
    [estimate.value, estimate.low, estimate.high]
        .map(|number| number.map_or_else(String::new, |number| number.to_string()))
}

/// The names of the objectives; the second of two about the same has a number behind it.
fn objectives(sweep: &Sweep) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for judged in sweep.points.first().map_or(&[][..], |point| &point.objectives) {
        let name = format!("objective.{}", key_of(judged));
        let same = names.iter().filter(|known| known.split('#').next() == Some(name.as_str())).count();
        names.push(if same == 0 { name } else { format!("{name}#{}", same + 1) });
    }
    names
}

/// Keys that were measured at any point.
fn measures(sweep: &Sweep) -> Vec<String> {
    let mut keys: Vec<String> = sweep.points.iter().flat_map(|point| point.estimates.keys().cloned()).collect();
    keys.sort();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::sample;

    #[test]
    fn a_point_is_a_row_with_its_settings_verdicts_and_numbers() {
        let sweep = sample::grid();
        let text = sweep_csv(&sweep);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
        assert_eq!(header[..5], ["point", "queueDepth", "failover.suspectFor", "feasible", "outcome"]);
        assert_eq!(header[5..9], ["", ".low", ".high", ".verdict"].map(|end| format!("objective.availability{end}")));
        let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("as long as the header")).collect();
        assert_eq!(rows.len(), sweep.points.len());
        let first = &sweep.points[0];
        let at = |name: &str| header.iter().position(|known| known == name).map(|at| rows[0][at].to_owned());
        assert_eq!(at("queueDepth"), Some(sweep.axes[0].values[0].text.clone()));
        assert_eq!(at("cost"), first.value("cost").map(|cost| cost.to_string()));
        assert_eq!(at("objective.availability.verdict").as_deref(), Some(first.objectives[0].verdict.name()));
        assert_eq!(at("digest"), Some(first.digest.clone()));
    }
}
