//! Judges objectives by intervals. Knows when an interval meets a limit; must not know how anything was measured.

use super::{Bound, MeasureSpec, NotAnObjective, Objective, Of};
use crate::chart::human;
use crate::model::{Estimate, Judged, Measure, Summary, Verdict};

/// Judges an objective by the measures and counts of a summary of so many runs: met if the end of the interval on the
/// unfavourable side meets the limit, missed if not even the other end does, else inconclusive. Without samples or
/// without an interval nothing is ever met, and nor is what is only known to be at least so much.
#[must_use]
pub fn judge(objective: &Objective, summary: &Summary, runs: usize) -> Judged {
    let found = objective.check().map_or_else(|_| Default::default(), |spec| evidence(objective, spec, summary));
    judge_estimate(objective, found, runs)
}

/// Judges an objective by what was found of it in so many runs: the estimate, and whether it is only known to be at least
/// so much. Who has the runs counts those that are beyond the limit.
#[must_use]
pub fn judge_estimate(objective: &Objective, found: (Estimate, bool), runs: usize) -> Judged {
    let (estimate, censored) = found;
    let (unit, estimate, (verdict, why)) = match objective.check() {
        Ok(spec) => (spec.unit, estimate, Case { objective, spec, estimate, censored, runs }.verdict()),
        Err(NotAnObjective::Measure(name)) => {
            let why = format!("no measure is named {name}, so it cannot be met");
            ("", Estimate::default(), (Verdict::Inconclusive, why))
        }
        Err(other) => ("", Estimate::default(), (Verdict::Inconclusive, other.to_string())),
    };
    Judged {
        measure: objective.measure.clone(),
        of: objective.of.name().to_owned(),
        stat: objective.stat.name().to_owned(),
        bound: objective.bound.name().to_owned(),
        limit: objective.limit,
        unit: unit.to_owned(),
        estimate,
        verdict,
        why,
        runs_beyond: 0,
    }
}

/// What was found, and whether it is only known to be at least so much.
fn evidence(objective: &Objective, spec: &MeasureSpec, summary: &Summary) -> (Estimate, bool) {
    if spec.unit == "count" {
        return (summary.counts.get(spec.name).copied().unwrap_or_default(), false);
    }
    let measures = match objective.of {
        Of::All => &summary.measures,
        Of::Regional => &summary.regional,
    };
    let found = |measure: &Measure| {
        let name = objective.stat.name();
        (objective.stat.of(measure), measure.censored.iter().any(|stat| stat == name))
    };
    measures.get(spec.name).map_or_else(Default::default, found)
}

struct Case<'a> {
    objective: &'a Objective,
    spec: &'a MeasureSpec,
    estimate: Estimate,
    censored: bool,
    runs: usize,
}

impl Case<'_> {
    fn verdict(&self) -> (Verdict, String) {
        let known = |v: Option<f64>| v.filter(|v| v.is_finite());
        if known(self.estimate.value).is_none() {
            return (Verdict::Inconclusive, self.no_samples());
        }
        let (Some(low), Some(high)) = (known(self.estimate.low), known(self.estimate.high)) else {
            return (Verdict::Inconclusive, self.no_interval());
        };
        let limit = self.objective.limit;
        let (met, missed) = match self.objective.bound {
            Bound::AtMost => (high <= limit, low > limit),
            Bound::AtLeast => (low >= limit, high < limit),
        };
        if missed {
            let best = match self.objective.bound {
                Bound::AtMost => low,
                Bound::AtLeast => high,
            };
            let why = format!("even {}, the better end of the interval, misses it", self.say(best));
            (Verdict::Missed, why)
        } else if self.censored {
            (Verdict::Inconclusive, self.open_end())
        } else if met {
            (Verdict::Met, String::new())
        } else {
            (Verdict::Inconclusive, format!("the interval straddles the limit: --runs {} narrows it", self.runs * 4))
        }
    }

    fn say(&self, value: f64) -> String {
        human::quantity(self.spec.unit, value)
    }

    fn no_samples(&self) -> String {
        match self.spec.name {
            "failoverTime" => "no failover happened: add a fault that takes a region away",
            "costRatio" => "no single region was simulated to compare with",
            "costPerThousandJobs" => "no job completed in the measured time",
            "cost" => "no time was measured: a longer duration than warmUp",
            _ => "no samples: no such job in the measured time",
        }
        .to_owned()
    }

    fn no_interval(&self) -> String {
        if self.runs <= 1 {
            "one run has no interval: --runs 5".to_owned()
        } else {
            format!("only one of {} runs has samples, and one has no interval: more runs, or more load", self.runs)
        }
    }

    /// Why the true value may be larger than any number here.
    fn open_end(&self) -> String {
        if self.spec.name == "failoverTime" {
            "in some run a failover had not recovered at the end: simulate longer, or see what does not recover"
                .to_owned()
        } else {
            "in some run jobs that were overdue never started, and their waits would count: simulate longer".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::Stat;

    fn interval(low: f64, high: f64) -> Estimate {
        Estimate { value: Some(f64::midpoint(low, high)), low: Some(low), high: Some(high) }
    }

    fn summary(p95: Estimate, censored: &[&str]) -> Summary {
        let censored = censored.iter().map(|s| (*s).to_owned()).collect();
        let measure = Measure { unit: "s".into(), count: 9, p95, mean: p95, max: p95, censored, ..Measure::default() };
        let mut summary = Summary::default();
        for name in ["start", "failoverTime", "availability"] {
            summary.measures.insert(name.into(), measure.clone());
        }
        summary.counts.insert("jobsLostByUs".into(), p95);
        summary
    }

    fn verdict(name: &str, limit: f64, found: Estimate, runs: usize) -> (Verdict, String) {
        let judged = judge(&Objective::new(name, limit).unwrap(), &summary(found, &[]), runs);
        (judged.verdict, judged.why)
    }

    #[test]
    fn the_unfavourable_end_decides() {
        let found = interval(10.0, 12.0);
        for (limit, expected) in
            [(12.0, Verdict::Met), (11.9, Verdict::Inconclusive), (10.0, Verdict::Inconclusive), (9.9, Verdict::Missed)]
        {
            assert_eq!(verdict("start", limit, found, 5).0, expected, "at most {limit}");
        }
        let found = interval(0.990, 0.995);
        for (limit, expected) in [(0.990, Verdict::Met), (0.992, Verdict::Inconclusive), (0.996, Verdict::Missed)] {
            assert_eq!(verdict("availability", limit, found, 5).0, expected, "at least {limit}");
        }
        assert_eq!(
            verdict("start", 9.0, interval(10.0, 12.0), 5).1,
            "even 10 s, the better end of the interval, misses it"
        );
        assert_eq!(
            verdict("start", 11.0, interval(10.0, 12.0), 5).1,
            "the interval straddles the limit: --runs 20 narrows it"
        );
        assert_eq!(verdict("jobsLostByUs", 0.0, interval(0.0, 0.0), 5).0, Verdict::Met);
    }

    #[test]
    fn nothing_is_met_without_samples_or_an_interval() {
        let (verdict_, why) = verdict("start", 1e9, Estimate::default(), 5);
        assert_eq!((verdict_, why.as_str()), (Verdict::Inconclusive, "no samples: no such job in the measured time"));
        let one = Estimate { value: Some(1.0), low: None, high: None };
        assert_eq!(verdict("start", 1e9, one, 1), (Verdict::Inconclusive, "one run has no interval: --runs 5".into()));
        assert!(verdict("start", 1e9, one, 7).1.starts_with("only one of 7 runs has samples"));
        assert_eq!(verdict("placement", 1e9, one, 7).0, Verdict::Inconclusive, "not in the summary at all");
        let nan = Estimate { value: Some(f64::NAN), low: Some(f64::NAN), high: Some(f64::NAN) };
        assert_eq!(verdict("start", 1e9, nan, 5).0, Verdict::Inconclusive);
    }

    #[test]
    fn what_is_at_least_so_much_is_never_met_but_can_be_missed() {
        let judged = |limit| {
            let objective = Objective::new("failoverTime", limit).unwrap();
            judge(&objective, &summary(interval(10.0, 12.0), &["max"]), 5)
        };
        assert_eq!(judged(60.0).verdict, Verdict::Inconclusive);
        assert!(judged(60.0).why.contains("had not recovered at the end"), "{}", judged(60.0).why);
        assert_eq!(judged(9.0).verdict, Verdict::Missed);
    }

    #[test]
    fn what_makes_no_sense_is_not_met_and_says_why() {
        let unknown = Objective { measure: "speed".into(), ..Objective::new("start", 1.0).unwrap() };
        let judged = judge(&unknown, &summary(interval(0.0, 0.1), &[]), 5);
        assert_eq!(
            (judged.verdict, judged.why.as_str()),
            (Verdict::Inconclusive, "no measure is named speed, so it cannot be met")
        );
        let odd = Objective { stat: Stat::P95, ..Objective::new("availability", 0.9).unwrap() };
        assert_eq!(judge(&odd, &summary(interval(0.9, 0.95), &[]), 5).why, "availability has no p95: it has mean");
    }
}
