//! Estimates over runs with their 95 % intervals: means with Student's, percentiles with one free of a distribution. Knows
//! which interval belongs to which statistic; must not know what was measured.

use crate::median;
use crate::model::Estimate;
use crate::objective::Stat;
use crate::student::student_above;

/// The mean of one value for each run, with its 95 % interval. Runs without samples are to be left out; one run has
/// no interval, none has no value.
#[must_use]
pub fn estimate(values: &[f64]) -> Estimate {
    let count = values.len() as f64;
    if values.is_empty() {
        return Estimate::default();
    }
    let mean = values.iter().sum::<f64>() / count;
    if values.len() == 1 {
        return Estimate { value: Some(mean), low: None, high: None };
    }
    // Runs that agree to the last bit must not come apart by the rounding of their sum.
    let mean = if values.iter().all(|v| *v == values[0]) { values[0] } else { mean };
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let half = student_95(values.len() as u32 - 1) * (variance / count).sqrt();
    Estimate { value: Some(mean), low: Some(mean - half), high: Some(mean + half) }
}

/// The same of a value that cannot be below `least` or above `most`: nor can its interval.
#[must_use]
pub fn estimate_within(values: &[f64], least: f64, most: f64) -> Estimate {
    let Estimate { value, low, high } = estimate(values);
    Estimate { value, low: low.map(|v| v.max(least)), high: high.map(|v| v.min(most)) }
}

/// A statistic of which each run has one value, over runs. Of a percentile it is the median of the runs' values with an
/// interval that takes no distribution for granted, for percentiles of a run are often skewed; fewer than
/// [`median::FEWEST`] runs have no such interval, and of them, as of every other statistic, it is the mean with Student's.
#[must_use]
pub fn estimate_stat(stat: Stat, values: &[f64], least: f64, most: f64) -> Estimate {
    let percentile = match stat {
        Stat::P50 | Stat::P90 | Stat::P95 | Stat::P99 => median::median_95(values),
        Stat::Mean | Stat::Max => None,
    };
    percentile.unwrap_or_else(|| estimate_within(values, least, most))
}

/// The two-sided 95 % quantile of Student's t with that many degrees of freedom, to ten digits.
///
/// # Panics
/// Without a degree of freedom.
#[must_use]
pub fn student_95(degrees: u32) -> f64 {
    student_above(degrees, 0.025)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Critical values for 0.975, as in any table: Abramowitz and Stegun, 26.10; NIST/SEMATECH e-Handbook, 1.3.6.7.2.
    const TABLE: [(u32, f64); 14] = [
        (1, 12.706),
        (2, 4.303),
        (3, 3.182),
        (4, 2.776),
        (5, 2.571),
        (6, 2.447),
        (9, 2.262),
        (10, 2.228),
        (19, 2.093),
        (29, 2.045),
        (30, 2.042),
        (60, 2.000),
        (100, 1.984),
        (100_000, 1.960),
    ];

    #[test]
    fn student_s_quantiles_are_those_of_the_table() {
        for (degrees, expected) in TABLE {
            let found = student_95(degrees);
            assert!((found - expected).abs() < 5e-4 + 1e-9, "{degrees}: {found}, not {expected}");
        }
    }

    #[test]
    fn the_interval_is_the_textbook_s() {
        // 2, 4, 6: mean 4, standard deviation 2, t(2) = 4.302653: 4 -+ 4.302653 * 2 / sqrt(3).
        let found = estimate(&[2.0, 4.0, 6.0]);
        assert_eq!(found.value, Some(4.0));
        assert!((found.low.unwrap() - -0.968_275).abs() < 1e-5, "{found:?}");
        assert!((found.high.unwrap() - 8.968_275).abs() < 1e-5, "{found:?}");
        assert_eq!(
            estimate_within(&[2.0, 4.0, 6.0], 0.0, 8.0),
            Estimate { value: Some(4.0), low: Some(0.0), high: Some(8.0) }
        );
    }

    #[test]
    fn one_run_has_no_interval_and_none_no_value() {
        assert_eq!(estimate(&[3.0]), Estimate { value: Some(3.0), low: None, high: None });
        assert_eq!(estimate(&[]), Estimate::default());
    }

    #[test]
    fn runs_that_agree_have_an_interval_of_no_width() {
        let found = estimate(&[0.1; 7]);
        assert_eq!(found, Estimate { value: Some(0.1), low: Some(0.1), high: Some(0.1) });
    }

    #[test]
    fn percentiles_are_medians_of_runs_and_all_else_is_a_mean() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 60.0];
        let of = |stat| estimate_stat(stat, &values, 0.0, f64::INFINITY);
        for stat in [Stat::P50, Stat::P90, Stat::P95, Stat::P99] {
            assert_eq!(of(stat).value, Some(3.5), "{stat}");
        }
        for stat in [Stat::Mean, Stat::Max] {
            assert_eq!(of(stat), Estimate { value: Some(12.5), low: Some(0.0), ..estimate(&values) }, "{stat}");
        }
        let few = &values[..5];
        assert_eq!(estimate_stat(Stat::P95, few, 0.0, f64::INFINITY), estimate_within(few, 0.0, f64::INFINITY));
    }
}
