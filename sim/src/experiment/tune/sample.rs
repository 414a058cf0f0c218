//! What runs of a candidate came to, and what they say of its objectives. Knows bounds on means; must not know how candidates
//! are found, or what is simulated.

use tidegate_reports::model::Verdict;
use tidegate_reports::objective::Bound;
use tidegate_reports::student::Spread;
use tidegate_reports::values::RunValue;

/// What one run of a candidate came to; of several scenarios, one run of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// What is minimised; `None` where a run has no value of it.
    pub cost: Option<f64>,
    /// The value of each objective.
    pub readings: Vec<Option<RunValue>>,
    /// A promise that broke: a bug, not a missed objective.
    pub broken: Option<String>,
}

/// What an objective asks of the mean of its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// In words, with its scenario where there are several.
    pub name: String,
    /// `s`, `share`, `USD`, `ratio` or `count`.
    pub unit: String,
    /// Which side.
    pub bound: Bound,
    /// The limit.
    pub limit: f64,
}

/// What runs say of one objective.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The mean.
    pub mean: Option<f64>,
    /// The end of the interval on the unfavourable side.
    pub worst: Option<f64>,
    /// Whether it is kept, at the risk asked for.
    pub verdict: Verdict,
}

impl Constraint {
    /// Whether values are kept within the limit when each end of the interval is wrong with a chance of `risk` at the most.
    /// What is only known to be at least so much is never met; nor is what has no interval.
    #[must_use]
    pub fn judge(&self, samples: &[Sample], objective: usize, risk: f64) -> Found {
        self.judge_one_of(1, samples, objective, risk)
    }

    /// The same as one of several objectives. Whoever misses one must pass that one to be taken for good, so that what is met
    /// needs no correction; whoever keeps all may be taken for missing any of them, so that each has its share of the risk.
    fn judge_one_of(&self, objectives: usize, samples: &[Sample], objective: usize, risk: f64) -> Found {
        let readings: Vec<RunValue> = samples.iter().filter_map(|sample| sample.readings[objective]).collect();
        let values: Vec<f64> = readings.iter().map(|reading| reading.value).collect();
        let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        let Some(spread) = Spread::of(&values) else {
            return Found { mean, worst: None, verdict: Verdict::Inconclusive };
        };
        let most = if self.unit == "share" { 1.0 } else { f64::INFINITY };
        let end = |sign: f64, risk: f64| spread.end(sign, risk).clamp(0.0_f64.min(spread.mean), most);
        let shared = risk / objectives.max(1) as f64;
        let (worst, met, missed) = match self.bound {
            Bound::AtMost => (end(1.0, risk), end(1.0, risk) <= self.limit, end(-1.0, shared) > self.limit),
            Bound::AtLeast => (end(-1.0, risk), end(-1.0, risk) >= self.limit, end(1.0, shared) < self.limit),
        };
        let open = readings.iter().any(|reading| reading.at_least);
        let verdict = match (met && !open, missed) {
            (true, _) => Verdict::Met,
            (false, true) => Verdict::Missed,
            (false, false) => Verdict::Inconclusive,
        };
        Found { mean: Some(spread.mean), worst: Some(worst), verdict }
    }

    /// How far a value is on the good side of the limit, as a share of the limit's size; of a share, of what may be lost.
    /// Below 0 it is on the bad side. Where nothing at all may be lost, a value that is kept is as good as can be: 1.
    #[must_use]
    pub fn margin(&self, value: f64) -> f64 {
        let way = match self.bound {
            Bound::AtMost => self.limit - value,
            Bound::AtLeast => value - self.limit,
        };
        let size = if self.unit == "share" { 1.0 - self.limit } else { self.limit.abs() };
        match size > 0.0 {
            true => way / size,
            false if way >= 0.0 => 1.0,
            false => way,
        }
    }
}

/// What runs say of each objective, as one of all of them.
#[must_use]
pub fn judge_each(constraints: &[Constraint], samples: &[Sample], risk: f64) -> Vec<Found> {
    let judge = |(index, one): (usize, &Constraint)| one.judge_one_of(constraints.len(), samples, index, risk);
    constraints.iter().enumerate().map(judge).collect()
}

/// What runs say of all objectives together: met when each is, missed when one is.
#[must_use]
pub fn judge_all(constraints: &[Constraint], samples: &[Sample], risk: f64) -> Verdict {
    if samples.iter().any(|sample| sample.broken.is_some()) {
        return Verdict::Missed;
    }
    judge_each(constraints, samples, risk).iter().map(|found| found.verdict).max().unwrap_or(Verdict::Met)
}

/// The smallest margin of the means of all objectives; minus infinity where one has no value.
#[must_use]
pub fn tightest(constraints: &[Constraint], samples: &[Sample]) -> f64 {
    let margin = |(index, constraint): (usize, &Constraint)| {
        let values: Vec<f64> = samples.iter().filter_map(|s| Some(s.readings[index]?.value)).collect();
        let open = samples.iter().filter_map(|s| s.readings[index]).any(|reading| reading.at_least);
        if values.is_empty() {
            return f64::NEG_INFINITY;
        }
        let margin = constraint.margin(values.iter().sum::<f64>() / values.len() as f64);
        // Its true value is worse than what was seen.
        if open { margin.min(-f64::EPSILON) } else { margin }
    };
    constraints.iter().enumerate().map(margin).fold(f64::INFINITY, f64::min)
}

/// What is minimised, in each run; `None` where a run has no value of it.
#[must_use]
pub fn costs(samples: &[Sample]) -> Option<Vec<f64>> {
    samples.iter().map(|sample| sample.cost).collect()
}

/// The mean of what is minimised; infinite where a run has no value of it.
#[must_use]
pub fn mean_cost(samples: &[Sample]) -> f64 {
    costs(samples)
        .filter(|costs| !costs.is_empty())
        .map_or(f64::INFINITY, |costs| costs.iter().sum::<f64>() / costs.len() as f64)
}

/// The differences of what is minimised, run by run on common random numbers: the first less the second, over the runs that
/// both have.
#[must_use]
pub fn differences(one: &[Sample], other: &[Sample]) -> Vec<f64> {
    one.iter().zip(other).filter_map(|(one, other)| Some(one.cost? - other.cost?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(value: f64, at_least: bool) -> Sample {
        Sample { cost: Some(value), readings: vec![Some(RunValue { value, at_least })], broken: None }
    }

    fn start(bound: Bound, limit: f64) -> Constraint {
        Constraint { name: "start p95".into(), unit: "s".into(), bound, limit }
    }

    #[test]
    fn kept_is_what_the_bad_end_of_the_interval_keeps() {
        let samples: Vec<Sample> = [2.0, 4.0, 6.0].map(|value| sample(value, false)).to_vec();
        // 4 -+ 4.302653 * 2 / sqrt(3) = [-0.968, 8.968] at a risk of 2.5 % on each side.
        let verdict = |limit: f64, risk: f64| start(Bound::AtMost, limit).judge(&samples, 0, risk).verdict;
        assert_eq!([8.9, 9.0].map(|limit| verdict(limit, 0.025)), [Verdict::Inconclusive, Verdict::Met]);
        assert_eq!(verdict(9.0, 0.001), Verdict::Inconclusive, "the more is compared, the wider");
        assert_eq!(start(Bound::AtLeast, 9.0).judge(&samples, 0, 0.025).verdict, Verdict::Missed);
        assert_eq!(verdict(0.0, 0.4), Verdict::Missed);
        // The lower end is 4 - 2.92 * 1.1547 = 0.628 at 5 %, and -0.968 at half of that.
        let of = |constraints: &[Constraint]| {
            let doubled: Vec<Sample> =
                samples.iter().map(|one| Sample { readings: one.readings.repeat(2), ..one.clone() }).collect();
            judge_all(constraints, &doubled, 0.05)
        };
        let (near, far) = (start(Bound::AtMost, 0.5), start(Bound::AtMost, 99.0));
        assert_eq!(of(std::slice::from_ref(&near)), Verdict::Missed);
        assert_eq!(of(&[near.clone(), far.clone()]), Verdict::Inconclusive, "one of two has half of the risk");
        let doubled: Vec<Sample> =
            samples.iter().map(|one| Sample { readings: one.readings.repeat(2), ..one.clone() }).collect();
        let each = judge_each(&[near, far], &doubled, 0.05).into_iter().map(|found| found.verdict);
        assert_eq!(each.max(), Some(Verdict::Inconclusive), "what is told of each is what all of them come to");
    }

    #[test]
    fn without_an_interval_nothing_is_kept() {
        let verdict = |samples: &[Sample]| start(Bound::AtMost, 9.0).judge(samples, 0, 0.025).verdict;
        assert_eq!(verdict(&[]), Verdict::Inconclusive);
        assert_eq!(verdict(&[sample(1.0, false)]), Verdict::Inconclusive);
        assert_eq!(verdict(&[sample(1.0, false), sample(1.0, false)]), Verdict::Met);
        assert_eq!(verdict(&[sample(1.0, false), sample(1.0, true)]), Verdict::Inconclusive, "at least so much");
        let broken = Sample { broken: Some("I1".into()), ..sample(1.0, false) };
        assert_eq!(judge_all(&[start(Bound::AtMost, 9.0)], &[broken], 0.025), Verdict::Missed);
    }

    #[test]
    fn margins_are_shares_of_what_may_be_lost() {
        let share = Constraint { unit: "share".into(), ..start(Bound::AtLeast, 0.99) };
        assert!((share.margin(0.995) - 0.5).abs() < 1e-9 && share.margin(0.98) < 0.0);
        assert_eq!(start(Bound::AtMost, 300.0).margin(150.0), 0.5);
        assert_eq!([0.0, 2.0].map(|value| start(Bound::AtMost, 0.0).margin(value)), [1.0, -2.0]);
        assert_eq!(tightest(&[start(Bound::AtMost, 4.0)], &[]), f64::NEG_INFINITY);
    }

    #[test]
    fn differences_pair_runs() {
        let one = [sample(5.0, false), sample(7.0, false), sample(9.0, false)];
        assert_eq!(differences(&one, &[sample(4.0, false), sample(4.0, false)]), [1.0, 3.0]);
        assert_eq!((mean_cost(&one), mean_cost(&[])), (7.0, f64::INFINITY));
    }
}
