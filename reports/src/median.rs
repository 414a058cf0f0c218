//! An interval for the median that takes no distribution for granted. Knows order statistics; must not know what was
//! measured.

use crate::model::Estimate;

/// The fewest values that have such an interval at 95 %: the smallest and the largest of five enclose the median with
/// 1 - 2 / 2^5 = 93.75 % only.
pub const FEWEST: usize = 6;

/// The median of one value for each run, with its 95 % interval; `None` of fewer than [`FEWEST`] values.
///
/// How many values lie below the median is binomial whatever they are drawn from, so that the k-th smallest and the k-th
/// largest enclose it with `1 - 2 P(B < k)`, B of as many throws of a coin. That takes steps with k; between the two steps
/// about 95 % it is interpolated after Hettmansperger and Sheather (Statistics and Probability Letters 4, 1986, 75-79),
/// which is near 95 % for whatever is drawn from.
///
/// # Panics
/// When a value is no number.
#[must_use]
pub fn median_95(values: &[f64]) -> Option<Estimate> {
    let n = values.len();
    if n < FEWEST {
        return None;
    }
    assert!(values.iter().all(|value| !value.is_nan()), "a value that is no number");
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (k, share) = ranks(n);
    let between = |outer: f64, inner: f64| if outer == inner { outer } else { share.mul_add(inner - outer, outer) };
    Some(Estimate {
        value: Some(f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2])),
        low: Some(between(sorted[k - 1], sorted[k])),
        high: Some(between(sorted[n - k], sorted[n - k - 1])),
    })
}

/// The rank from either end, counted from 1, whose interval is the last to reach 95 %, and how far to go from there to the
/// next rank.
fn ranks(n: usize) -> (usize, f64) {
    let count = n as f64;
    // ln of the chance of i heads, and the chance of at most i.
    let (mut log, mut below) = (-count * std::f64::consts::LN_2, 0.0);
    let mut wider = 1.0;
    for i in 0..n {
        below += f64::exp(log);
        let coverage = 2.0f64.mul_add(-below, 1.0);
        if coverage < 0.95 {
            let (k, i) = (i as f64, (wider - 0.95) / (wider - coverage));
            return (k as usize, (count - k) * i / 2.0f64.mul_add(-k, count).mul_add(i, k));
        }
        wider = coverage;
        log += ((count - i as f64) / (i as f64 + 1.0)).ln();
    }
    unreachable!("half of the throws are below the median")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_the_tables() {
        // Coverage of the k-th smallest to the k-th largest, as in tables of the sign test: 6 values 96.9 % and 78.1 %,
        // 10 values 97.9 % (k = 2) and 89.1 %, 20 values 95.9 % (k = 6) and 88.5 %, 30 values 95.7 % (k = 10) and 90.1 %.
        for (n, k, wide, narrow) in
            [(6, 1, 0.968_75, 0.781_25), (10, 2, 0.978_516, 0.890_625), (20, 6, 0.958_611, 0.884_683)]
        {
            let i = (wide - 0.95) / (wide - narrow);
            let (count, rank) = (f64::from(n), f64::from(k));
            let share = (count - rank) * i / (rank + (count - 2.0 * rank) * i);
            let found = ranks(n as usize);
            assert_eq!(found.0, k as usize, "{n}");
            assert!((found.1 - share).abs() < 1e-4, "{n}: {found:?}, not {share}");
        }
        assert_eq!(ranks(30).0, 10);
        let (k, _) = ranks(10_000);
        assert!((4_890..4_910).contains(&k), "5,000 less 1.96 times 50: {k}");
    }

    #[test]
    fn few_values_have_none_and_order_does_not_matter() {
        assert_eq!(median_95(&[1.0; 5]), None);
        let found = median_95(&[5.0, 1.0, 4.0, 2.0, 3.0, 1_000.0]).expect("six");
        assert_eq!(found.value, Some(3.5));
        let (low, high) = (found.low.expect("low"), found.high.expect("high"));
        assert!((1.0..1.5).contains(&low) && (500.0..1_000.0).contains(&high), "one outlier moves an end: {found:?}");
        assert_eq!(median_95(&[0.1; 7]), Some(Estimate { value: Some(0.1), low: Some(0.1), high: Some(0.1) }));
    }

    /// Of skewed values too: the interval is right whatever they are drawn from.
    #[test]
    fn nineteen_of_twenty_intervals_hold_the_median() {
        // Exponential values by inversion of a van der Corput-like sequence would be too even: a linear congruential
        // generator (Knuth's MMIX constants) is random enough here.
        let mut state = 7u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let uniform = ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            -uniform.ln()
        };
        for n in [6, 10, 20, 40] {
            let holds = |_: &u32| {
                let values: Vec<f64> = (0..n).map(|_| draw()).collect();
                let found = median_95(&values).expect("six or more");
                found.low < Some(std::f64::consts::LN_2) && Some(std::f64::consts::LN_2) < found.high
            };
            let hits = (0..10_000).filter(holds).count();
            assert!((9_400..9_620).contains(&hits), "{n} values: {hits} of 10,000");
        }
    }
}
