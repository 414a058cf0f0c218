//! What a check found of one scenario. Knows verdicts and how they print; must not know files.

use super::base::Against;
use crate::checker::Broken;
use crate::experiment::Experiment;
use crate::scenario::Spot;
use serde_json::{Value, json};
use std::fmt::{self, Write};
use tidegate_core::Span;
use tidegate_reports::model::{Input, Judged, Verdict};
use tidegate_reports::objective::{Bound, Of, Stat, measure};
use tidegate_reports::regression::Change;
use tidegate_reports::values::Quantity;

/// The verdict on a scenario: the worst of its objectives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All objectives are met.
    Met,
    /// It promises nothing: nothing is shown by it.
    NoObjectives,
    /// All objectives are met, and something is clearly worse than in the baseline.
    Regressed,
    /// An objective can be said neither to be met nor to be missed.
    Inconclusive,
    /// An objective is missed.
    Missed,
    /// An invariant broke.
    Broken,
}

impl Outcome {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NoObjectives => "noObjectives",
            Self::Regressed => "regressed",
            Self::Inconclusive => "inconclusive",
            Self::Missed => "missed",
            Self::Broken => "broken",
        }
    }
}

/// A scenario, judged.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) scenario: Input,
    pub(super) policy: Input,
    pub(super) seeds: Vec<u64>,
    pub(super) digest: String,
    pub(super) objectives: Vec<Judged>,
    /// Where they stand, in the same order.
    pub(super) places: Vec<Spot>,
    /// The line that does it again.
    pub(super) again: String,
    /// Against a baseline, where one was given.
    pub(super) against: Option<Against>,
    pub(super) broken: Vec<(u64, Broken)>,
}

impl Checked {
    pub(super) fn new(done: Experiment, places: Vec<Spot>) -> Self {
        let summary = done.report.summary;
        Self {
            scenario: summary.scenario,
            policy: summary.policy,
            seeds: summary.seeds,
            digest: summary.digest,
            objectives: summary.objectives,
            places,
            again: done.report.reproduce,
            against: None,
            broken: done.broken,
        }
    }

    /// Whether the policy stands within the scenario, and has no file of its own.
    pub(super) fn is_inline(&self) -> bool {
        self.policy.path == self.scenario.path
    }

    pub(super) fn outcome(&self) -> Outcome {
        let any = |verdict| self.objectives.iter().any(|objective| objective.verdict == verdict);
        if !self.broken.is_empty() {
            Outcome::Broken
        } else if any(Verdict::Missed) {
            Outcome::Missed
        } else if any(Verdict::Inconclusive) {
            Outcome::Inconclusive
        } else if self.against.as_ref().is_some_and(|against| !against.is_good()) {
            Outcome::Regressed
        } else if self.objectives.is_empty() {
            Outcome::NoObjectives
        } else {
            Outcome::Met
        }
    }

    /// Whether nothing stands against it: a scenario that promises nothing breaks no promise.
    pub(super) fn is_good(&self) -> bool {
        match self.outcome() {
            Outcome::Met | Outcome::NoObjectives => true,
            Outcome::Regressed | Outcome::Inconclusive | Outcome::Missed | Outcome::Broken => false,
        }
    }

    /// A line for the scenario and one for each objective that is not met.
    pub(super) fn in_words(&self) -> String {
        let count = |verdict| self.objectives.iter().filter(|objective| objective.verdict == verdict).count();
        let s = if self.objectives.len() == 1 { "" } else { "s" };
        let mut text =
            format!("{:<12}  {}: {} objective{s}", self.outcome().name(), self.scenario.name, self.objectives.len());
        let worse = self.against.iter().flat_map(|against| against.of(Change::Regression)).count();
        for (count, what) in [
            (count(Verdict::Missed), "missed"),
            (count(Verdict::Inconclusive), "inconclusive"),
            (worse, "worse than the baseline"),
            (self.broken.len(), "invariants broken"),
        ] {
            if count > 0 {
                let _ = write!(text, ", {count} {what}");
            }
        }
        text.push('\n');
        for judged in self.objectives.iter().filter(|judged| judged.verdict != Verdict::Met) {
            let _ = writeln!(text, "    {}", Line(judged));
        }
        text + &self.against.as_ref().map_or_else(String::new, Against::in_words)
    }

    pub(super) fn as_json(&self) -> Value {
        let broken = |(seed, broken): &(u64, Broken)| json!({ "seed": seed, "invariant": broken.invariant, "at": broken.at.to_string(), "what": broken.what });
        json!({
            "schema": 1,
            "scenario": self.scenario,
            "policy": self.policy,
            "verdict": self.outcome().name(),
            "seeds": self.seeds,
            "digest": self.digest,
            "objectives": self.objectives,
            "broken": self.broken.iter().map(broken).collect::<Vec<_>>(),
            "baseline": self.against.as_ref().map(Against::as_json),
        })
    }
}

/// An objective on one line.
pub(super) struct Line<'a>(pub(super) &'a Judged);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let judged = self.0;
        write!(f, "{} {}: {}, promised {}", what(judged), judged.verdict.name(), found(judged), promise(judged))?;
        if judged.why.is_empty() { Ok(()) } else { write!(f, "; {}", judged.why) }
    }
}

/// What an objective is about: `start p95 of regional jobs`.
pub(super) fn what(judged: &Judged) -> String {
    let of = if judged.of == Of::All.name() { String::new() } else { format!(" of {} jobs", judged.of) };
    format!("{} {}{of}", judged.measure, judged.stat)
}

/// The key of the quantity that it is about.
pub(super) fn key(judged: &Judged) -> Option<String> {
    let (of, stat) = (Of::named(&judged.of)?, Stat::named(&judged.stat)?);
    Some(Quantity { measure: measure(&judged.measure)?.name, of, stat }.key())
}

/// Its limit: `at most 1m 30s`.
pub(super) fn promise(judged: &Judged) -> String {
    let bound = if judged.bound == Bound::AtMost.name() { "at most" } else { "at least" };
    format!("{bound} {}", quantity(&judged.unit, judged.limit))
}

/// Its value and interval: `2m 0s [1m 58s, 2m 3s]`.
pub(super) fn found(judged: &Judged) -> String {
    let show = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), |value| quantity(&judged.unit, value));
    let (low, high) = (judged.estimate.low, judged.estimate.high);
    let interval =
        if low.is_some() || high.is_some() { format!(" [{}, {}]", show(low), show(high)) } else { String::new() };
    format!("{}{interval}", show(judged.estimate.value))
}

/// A value in its unit, with enough places to tell it from a limit close by.
pub(super) fn quantity(unit: &str, value: f64) -> String {
    let places = |value: f64| {
        let text = format!("{value:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match unit {
        "s" if value >= 0.0 => Span::from_secs_f64(value).to_string(),
        "s" => format!("{}s", places(value)),
        "share" => format!("{}%", places(value * 100.0)),
        "USD" => format!("${}", places(value)),
        _ => places(value),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use tidegate_core::Timestamp;
    use tidegate_reports::model::Estimate;

    /// A scenario with objectives of these verdicts.
    pub(in super::super) fn checked(name: &str, verdicts: &[Verdict]) -> Checked {
        let judged = |verdict: &Verdict| Judged {
            measure: "start".to_owned(),
            of: "regional".to_owned(),
            stat: "p95".to_owned(),
            bound: "atMost".to_owned(),
            limit: 90.0,
            unit: "s".to_owned(),
            estimate: Estimate { value: Some(120.5), low: Some(118.0), high: Some(123.0) },
            verdict: *verdict,
            why: String::new(),
            runs_beyond: 0,
        };
        let input = |name: &str, path: String| Input { name: name.to_owned(), path, sha256: "0".repeat(64) };
        Checked {
            scenario: input(name, format!("{name}.toml")),
            policy: input("p", "p.json".to_owned()),
            seeds: vec![1, 2],
            digest: "d".to_owned(),
            objectives: verdicts.iter().map(judged).collect(),
            places: Vec::new(),
            again: format!("tidegate run {name}.toml --runs 2 --seed 1"),
            against: None,
            broken: Vec::new(),
        }
    }

    #[test]
    fn the_worst_objective_is_the_verdict() {
        let (met, open, missed) = (Verdict::Met, Verdict::Inconclusive, Verdict::Missed);
        for (verdicts, outcome, good) in [
            (&[][..], Outcome::NoObjectives, true),
            (&[met], Outcome::Met, true),
            (&[met, open], Outcome::Inconclusive, false),
            (&[open, missed, met], Outcome::Missed, false),
        ] {
            let checked = checked("s", verdicts);
            assert_eq!((checked.outcome(), checked.is_good()), (outcome, good));
        }
        let mut broken = checked("s", &[met]);
        broken.broken.push((3, Broken { invariant: "I1", at: Timestamp(0), what: "none admits".to_owned() }));
        assert_eq!((broken.outcome(), broken.is_good()), (Outcome::Broken, false));
        assert_eq!(broken.as_json()["broken"][0]["invariant"], "I1");
    }

    #[test]
    fn a_line_for_the_scenario_and_one_for_each_promise_that_is_not_kept() {
        let text = checked("peak", &[Verdict::Met, Verdict::Missed, Verdict::Inconclusive]).in_words();
        let wanted = "missed        peak: 3 objectives, 1 missed, 1 inconclusive\n    \
                      start p95 of regional jobs missed: 2m 0s [1m 58s, 2m 3s], promised at most 1m 30s\n    \
                      start p95 of regional jobs inconclusive: 2m 0s [1m 58s, 2m 3s], promised at most 1m 30s\n";
        assert_eq!(text, wanted);
        assert_eq!(checked("calm", &[Verdict::Met]).in_words(), "met           calm: 1 objective\n");
        assert_eq!(quantity("share", 0.99912), "99.912%");
        assert_eq!(quantity("ratio", 3.0), "3");
    }
}
