//! From runs to one result. Knows runs and estimates; must not know how facts are folded or how a result is drawn.

use crate::fold::RunMeasures;
use crate::frame::Frame;
use crate::model::Report;
use crate::objective::Objective;
use std::collections::BTreeMap;

/// What the same load costs in the best single region, run by run (paired by seed).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// Its name.
    pub region: String,
    /// USD in the measured time, by run in the order of the runs.
    pub totals: Vec<f64>,
    /// The same by component.
    pub components: BTreeMap<String, Vec<f64>>,
}

/// Everything of a report that follows from the measures. The caller fills `tidegate`, `scenario`, `policy`, `about`,
/// `seeds`, `digest`, `engine` and `n_minus_one` of the summary, and `reproduce`.
#[must_use]
pub fn summarize(
    frame: &Frame,
    runs: &[RunMeasures],
    baseline: Option<&Baseline>,
    objectives: &[Objective],
) -> Report {
    todo!("{frame:?} {} {baseline:?} {objectives:?}", runs.len())
}
