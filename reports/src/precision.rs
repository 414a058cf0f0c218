//! Whether intervals are narrow enough. Knows shares of values; must not know how runs are made.

use crate::model::Estimate;
use crate::objective::{Objective, Of, Stat};
use crate::values::{Quantity, RunValues};
use serde::{Deserialize, Serialize};

/// How narrow intervals became in runs that went on until they were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Precision {
    /// The largest half width that was wanted, as a share of the value.
    pub wanted: f64,
    /// Whether all that was asked for is at least so narrow.
    pub reached: bool,
    /// The widest: its key, such as `start.p95`.
    pub widest: String,
    /// Its half width as a share of its value; `None` where it has no interval, or a value of 0 with one.
    pub half_width: Option<f64>,
}

impl Precision {
    /// Whether it was reached, after so many runs.
    #[must_use]
    pub fn words(&self, runs: usize) -> String {
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        if self.widest.is_empty() {
            return format!("Precision: nothing that was asked for has a value in {runs} runs");
        }
        let widest = self.widest.replace('.', " ");
        let width = self
            .half_width
            .map_or_else(|| "no interval, or a value of 0".to_owned(), |share| format!("±{}", percent(share)));
        let wanted = percent(self.wanted);
        if self.reached {
            format!("Precision: ±{wanted} reached with {runs} runs; the widest is {widest}, {width}")
        } else {
            format!(
                "Precision: ±{wanted} not reached with the cap of {runs} runs: {widest} has {width}; --max-runs allows more"
            )
        }
    }
}

/// What is to be narrow: what the objectives are about, and without any the start p95 and the cost.
#[must_use]
pub fn asked(objectives: &[Objective]) -> Vec<Quantity> {
    let mut all: Vec<Quantity> = objectives.iter().filter_map(Quantity::of_objective).collect();
    if all.is_empty() {
        let usual = [("start", Stat::P95), ("cost", Stat::Mean)];
        all.extend(usual.map(|(measure, stat)| Quantity { measure, of: Of::All, stat }));
    }
    all.sort();
    all.dedup();
    all
}

/// How narrow they are after some runs. What has no value in any run (no failover happened) cannot become narrow and is left
/// out.
#[must_use]
pub fn precision<'a>(
    wanted: f64,
    asked: &[Quantity],
    runs: impl IntoIterator<Item = &'a RunValues> + Clone,
) -> Precision {
    let width = |quantity: &Quantity| {
        let estimate = quantity.estimate(runs.clone());
        estimate.value.map(|value| (quantity.key(), half_width(value, &estimate)))
    };
    let widest = asked.iter().filter_map(width).reduce(|a, b| if wider(b.1, a.1) { b } else { a });
    let (widest, half_width) = widest.unwrap_or_else(|| (String::new(), Some(0.0)));
    Precision { wanted, reached: half_width.is_some_and(|share| share <= wanted), widest, half_width }
}

/// `None` is wider than anything.
fn wider(a: Option<f64>, b: Option<f64>) -> bool {
    b.is_some_and(|b| a.is_none_or(|a| a > b))
}

fn half_width(value: f64, estimate: &Estimate) -> Option<f64> {
    let half = (estimate.high? - estimate.low?) / 2.0;
    if half <= 0.0 { Some(0.0) } else { Some(half / value.abs()).filter(|share| share.is_finite()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::RunValue;

    fn runs(of: &[(&str, [f64; 4])]) -> Vec<RunValues> {
        let run = |i: usize| {
            let one =
                |(key, values): &(&str, [f64; 4])| ((*key).to_owned(), RunValue { value: values[i], at_least: false });
            of.iter().map(one).collect()
        };
        (0..4).map(run).collect()
    }

    #[test]
    fn the_widest_decides() {
        // Half width of 99, 101, 99, 101: t(3) = 3.182 times 1.1547 / 2, which is 1.837 of 100.
        let all = runs(&[("cost", [99.0, 101.0, 99.0, 101.0]), ("start.p95", [10.0; 4])]);
        let found = |wanted| precision(wanted, &asked(&[]), &all);
        let narrow = found(0.02);
        assert!(narrow.reached && (narrow.half_width.expect("a width") - 0.018_37).abs() < 1e-4, "{narrow:?}");
        assert_eq!((found(0.018).reached, found(0.018).widest.as_str()), (false, "cost"));
        assert!(!precision(0.5, &asked(&[]), &all[..1]).reached, "one run has no interval");
    }

    #[test]
    fn zero_is_narrow_only_where_all_runs_agree_and_what_never_happened_is_left_out() {
        let lost =
            [Objective::new("jobsLostByUs", 0.0).expect("one"), Objective::new("failoverTime", 9.0).expect("one")];
        let of = |values| precision(0.05, &asked(&lost), &runs(&[("jobsLostByUs", values)]));
        assert!(of([0.0; 4]).reached);
        let never = of([-1.0, 1.0, -1.0, 1.0]);
        assert_eq!((never.reached, never.half_width, never.widest.as_str()), (false, None, "jobsLostByUs"));
    }

    #[test]
    fn what_objectives_are_about_is_asked_once() {
        let objective = |limit| Objective::new("start", limit).expect("one");
        let keys = |of: &[Objective]| asked(of).iter().map(Quantity::key).collect::<Vec<_>>();
        assert_eq!(keys(&[objective(60.0), objective(90.0)]), ["start.p95"]);
        assert_eq!(keys(&[]), ["cost", "start.p95"]);
    }
}
