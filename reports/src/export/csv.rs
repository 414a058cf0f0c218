//! `series.csv` and `objectives.csv`. Knows the csv crate; must not know what the numbers mean.

use crate::model::{Judged, SeriesRow};

/// The text of `series.csv`.
#[must_use]
pub fn series_csv(rows: &[SeriesRow]) -> String {
    todo!("{}", rows.len())
}

/// The text of `objectives.csv`.
#[must_use]
pub fn objectives_csv(objectives: &[Judged]) -> String {
    todo!("{}", objectives.len())
}
