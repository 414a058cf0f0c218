//! The evidence of a search for the cheapest policy. Knows shapes and units; must not know how candidates are found, nor how
//! the evidence is drawn.

#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod words;

use crate::model::{Estimate, Input, Program, Verdict};
use serde::{Deserialize, Serialize};

/// What came of a search, whole: `tune.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tuned {
    /// Of this shape: 1.
    pub schema: u32,
    /// Which program.
    pub tidegate: Program,
    /// The scenarios whose objectives are to be kept.
    pub scenarios: Vec<Input>,
    /// The policy that the search began with.
    pub policy: Input,
    /// What is minimised: a measure's key, or `maxRunners`.
    pub minimized: String,
    /// Its unit: `s`, `share`, `USD`, `ratio` or `count`.
    pub unit: String,
    /// Of what is said of the winner.
    pub confidence: f64,
    /// A difference of what is minimised that is not worth finding: as a share of it.
    pub indifference: f64,
    /// Met: there is a winner. Missed: every finalist misses an objective. Else inconclusive.
    pub verdict: Option<Verdict>,
    /// The winner's number.
    pub winner: Option<usize>,
    /// The first seed of the search, and that of the selection.
    pub seeds: (u64, u64),
    /// Simulations.
    pub spent: Spent,
    /// The objectives.
    pub objectives: Vec<Promise>,
    /// What was varied.
    pub space: Vec<AxisTold>,
    /// The selection on fresh seeds.
    pub selection: Selection,
    /// Which settings of the search's best matter.
    pub effects: Vec<EffectTold>,
    /// The looks at the races, in order.
    pub looks: Vec<LookTold>,
    /// Points of the space that make no valid policy, and were left out.
    pub refused: u64,
    /// Every candidate, by number.
    pub candidates: Vec<Tried>,
    /// The line that does the same again.
    pub reproduce: String,
    /// The lines that run the winner, one for each scenario.
    pub run_winner: Vec<String>,
}

/// Simulations, of which a run takes one for each scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spent {
    /// There were at the most.
    pub budget: u64,
    /// In the races.
    pub search: u64,
    /// For the question which settings matter.
    pub effects: u64,
    /// On fresh seeds.
    pub selection: u64,
    /// Beside the budget: what `costRatio` is a ratio to.
    pub yardsticks: u64,
}

/// An objective.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promise {
    /// In words, with its scenario where there are several.
    pub name: String,
    /// Unit of limit and values.
    pub unit: String,
    /// `atMost` or `atLeast`.
    pub bound: String,
    /// The limit.
    pub limit: f64,
}

/// What was varied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AxisTold {
    /// As `--set` takes it.
    pub path: String,
    /// `5s .. 2m`, or the words.
    pub range: String,
    /// Why so far; empty where the command line asks for it.
    pub why: String,
}

/// The selection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Selection {
    /// In the order of the search's ranking.
    pub finalists: Vec<FinalistTold>,
    /// The difference that is not worth finding, in the unit of what is minimised.
    pub indifference: f64,
    /// Looks taken, and planned.
    pub looks: (u32, u32),
    /// The chance with which each single bound may be wrong: the correction for all that were made.
    pub risk: f64,
    /// Whether the budget ended it before one alone was left.
    pub out_of_budget: bool,
}

/// One on fresh seeds. Intervals have the corrected confidence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinalistTold {
    /// Its number among the candidates.
    pub number: usize,
    /// Fresh runs.
    pub runs: u64,
    /// All objectives together.
    pub verdict: Option<Verdict>,
    /// Each objective.
    pub objectives: Vec<Held>,
    /// What is minimised.
    pub cost: Estimate,
    /// That less the winner's, on the same seeds; nothing for the winner.
    pub more: Estimate,
    /// Whether it may be as cheap as the winner, within the indifference.
    pub not_told_apart: bool,
    /// The finalist, by number, that was shown to be cheaper and keeps the objectives.
    pub beaten_by: Option<usize>,
    /// The finalist of which every run came to the same.
    pub same_as: Option<usize>,
}

/// What fresh runs say of an objective.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// The mean.
    pub value: Option<f64>,
    /// The end of the interval on the unfavourable side.
    pub worst: Option<f64>,
    /// What that says.
    pub verdict: Verdict,
}

/// What one setting of the search's best does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectTold {
    /// Of which candidate.
    pub of: usize,
    /// The setting.
    pub path: String,
    /// Its value there.
    pub value: String,
    /// The candidate without it.
    pub without: Option<usize>,
    /// What is minimised, without it less with it, with its 95 % interval.
    pub cost: Estimate,
    /// The tightest margin of the objectives, with it and without it.
    pub margins: (Option<f64>, Option<f64>),
    /// `yes`, `no`, `notAtAll` or `unknown`.
    pub matters: String,
}

/// A look at a race.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LookTold {
    /// Generation, from 0.
    pub generation: u32,
    /// Runs that every candidate had.
    pub runs: u64,
    /// Candidates before it, and after it.
    pub candidates: (usize, usize),
    /// Simulations spent so far.
    pub spent: u64,
    /// The cheapest whose means keep all objectives, and its mean.
    pub best: Option<(usize, f64)>,
}

/// A candidate and its runs in the search.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tried {
    /// Its number, from 0.
    pub number: usize,
    /// What it is called: `own policy`, or `#12`.
    pub name: String,
    /// Where it comes from, in words.
    pub origin: String,
    /// Its generation, from 0.
    pub generation: u32,
    /// What it puts over the files: `PATH=VALUE`.
    pub settings: Vec<String>,
    /// What is minimised, over the first runs, which all candidates have.
    pub first_cost: Option<f64>,
    /// The tightest margin of the objectives over the same: 0 is the limit, 1 as good as can be, below 0 is missed.
    pub first_margin: Option<f64>,
    /// Why it was dropped, in words; nothing where it was not.
    pub dropped: Option<String>,
    /// After so many runs.
    pub dropped_after: Option<u64>,
    /// Its runs, from the first seed of the search.
    pub runs: Vec<TriedRun>,
}

/// A run of a candidate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TriedRun {
    /// What is minimised.
    pub cost: Option<f64>,
    /// By objective.
    pub values: Vec<Option<f64>>,
}

impl Tuned {
    /// The winner among the finalists.
    #[must_use]
    pub fn winning(&self) -> Option<&FinalistTold> {
        self.selection.finalists.iter().find(|one| Some(one.number) == self.winner)
    }

    /// The candidates that were there before the search.
    pub fn references(&self) -> impl Iterator<Item = &Tried> {
        self.candidates.iter().filter(|one| one.is_reference())
    }
}

impl Tried {
    /// Whether it was there before the search.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        !self.name.starts_with('#')
    }
}
