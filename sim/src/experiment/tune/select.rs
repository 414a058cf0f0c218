//! The selection: finalists on fresh seeds, feasible at the stated confidence, then the cheapest. Knows what may be claimed;
//! must not know how finalists were found, for nothing of the search is used here.
//!
//! The risk is halved. One half is that a finalist which misses an objective is taken for one that keeps them: Student's
//! bounds, shared by Bonferroni among the finalists and the looks. To be taken for good by several needs no correction: who
//! misses one of them must pass that one too (Berger, Technometrics 24(4), 1982); to be dropped for one of them does, and the
//! risk is shared among them. The other half is that a cheaper one is dropped: the
//! procedure of Kim and Nelson (ACM TOMACS 11(3), 2001) on paired differences, which holds under common random numbers. That
//! the two may be done together is Andradottir and Kim's result (Naval Research Logistics 57(5), 2010).

use super::sample::{Found, Sample, differences, judge_all, judge_each, mean_cost};
use super::{FRESH, Search, same};
use crate::scenario::setting::Setting;
use std::ops::Range;
use tidegate_reports::model::{Estimate, Verdict};
use tidegate_reports::student::Spread;

/// Runs of every finalist before the first look: the variances of the comparisons come from these.
pub(super) const FIRST: u64 = 20;

/// The most looks: each takes twice the runs of the one before.
const MOST_LOOKS: u32 = 5;

/// One on fresh seeds.
#[derive(Clone, Debug)]
pub struct Finalist {
    /// The candidate.
    pub candidate: usize,
    /// Its runs, from run [`FRESH`].
    pub samples: Vec<Sample>,
    /// Each objective.
    pub found: Vec<Found>,
    /// All of them together.
    pub verdict: Verdict,
    /// The finalist, by its place in the list, that keeps the objectives and was shown to be cheaper.
    pub beaten_by: Option<usize>,
    /// The finalist of which every run came to the same, and which says so with fewer settings.
    pub same_as: Option<usize>,
    /// What is minimised, with its interval at the corrected confidence.
    pub cost: Estimate,
    /// What is minimised, less that of the winner, over the runs that both have, with its interval.
    pub more: Option<Estimate>,
    /// Whether it may be as cheap as the winner, within the indifference.
    pub not_told_apart: bool,
}

/// What came of a selection.
#[derive(Clone, Debug)]
pub struct Selected {
    /// In the order of the search's ranking, references last.
    pub finalists: Vec<Finalist>,
    /// The cheapest that keeps all objectives, by its place in the list.
    pub winner: Option<usize>,
    /// The difference of the cost that is not worth finding.
    pub indifference: f64,
    /// Looks taken, and planned.
    pub looks: (u32, u32),
    /// The chance with which each single bound may be wrong.
    pub risk: f64,
    /// Whether the budget ended it before all were told apart.
    pub out_of_budget: bool,
    /// Simulations.
    pub spent: u64,
}

/// Runs the finalists on fresh seeds until one is left in play, or so many simulations are spent.
pub(super) fn select(search: &Search<'_>, finalists: &[usize], purse: u64) -> Selected {
    let each = search.problem.simulations();
    let count = finalists.len() as u64;
    // If two were left after the first look, so many runs could each have.
    let longest = FIRST + (purse / each).saturating_sub(count * FIRST) / 2;
    let planned = (1..=MOST_LOOKS).take_while(|look| FIRST << (look - 1) <= longest).count().max(1) as u32;
    let half = (1.0 - search.plan.confidence) / 2.0;
    let leader = finalists.first().map_or(0.0, |leader| mean_cost(&search.candidates[*leader].samples));
    let rules = Rules {
        risk: half / (count as f64 * f64::from(planned)),
        kim_nelson: KimNelson::new(half / (count as f64 - 1.0).max(1.0), search.plan.indifference * leader.abs()),
    };
    let mut out = Selected {
        finalists: finalists.iter().map(|candidate| Finalist::new(*candidate)).collect(),
        winner: None,
        indifference: rules.kim_nelson.indifference,
        looks: (0, planned),
        risk: rules.risk,
        out_of_budget: false,
        spent: 0,
    };
    for look in 0..planned {
        let playing = out.playing();
        let runs = FIRST << look;
        let price = playing.iter().map(|one| runs - out.finalists[*one].samples.len() as u64).sum::<u64>() * each;
        if out.spent + price > purse {
            out.out_of_budget = true;
            break;
        }
        run(search, &mut out, &playing, runs);
        out.spent += price;
        out.looks.0 += 1;
        judge(search, &rules, &mut out);
        // One that is left may still be one of which it is not known whether it keeps the objectives.
        let told = |place: &usize| out.finalists[*place].verdict == Verdict::Met;
        if out.playing().len() <= 1 && out.playing().iter().all(told) {
            break;
        }
        out.out_of_budget = look + 1 == planned;
    }
    name_winner(search, &rules, &mut out);
    out
}

/// How much may be wrong.
struct Rules {
    risk: f64,
    kim_nelson: KimNelson,
}

impl Finalist {
    fn new(candidate: usize) -> Self {
        let (samples, found) = (Vec::new(), Vec::new());
        let (beaten_by, same_as, more, cost) = (None, None, None, Estimate::default());
        let verdict = Verdict::Inconclusive;
        Self { candidate, samples, found, verdict, beaten_by, same_as, cost, more, not_told_apart: false }
    }
}

impl Selected {
    /// Those that may still be the winner.
    fn playing(&self) -> Vec<usize> {
        let plays = |one: &Finalist| one.verdict != Verdict::Missed && one.beaten_by.is_none() && one.same_as.is_none();
        (0..self.finalists.len()).filter(|place| plays(&self.finalists[*place])).collect()
    }
}

fn run(search: &Search<'_>, out: &mut Selected, playing: &[usize], runs: u64) {
    let settings = |place: &usize| &search.candidates[out.finalists[*place].candidate].settings[..];
    let from = |place: &usize| FRESH + out.finalists[*place].samples.len() as u64;
    let work: Vec<(&[Setting], Range<u64>)> =
        playing.iter().map(|place| (settings(place), from(place)..FRESH + runs)).collect();
    let samples = search.problem.evaluate(&work);
    for (place, samples) in playing.iter().zip(samples) {
        out.finalists[*place].samples.extend(samples);
    }
}

/// Verdicts, and who is beaten by whom, by all runs so far.
fn judge(search: &Search<'_>, rules: &Rules, out: &mut Selected) {
    let constraints = search.problem.constraints();
    for place in out.playing() {
        let one = &mut out.finalists[place];
        one.found = judge_each(constraints, &one.samples, rules.risk);
        one.verdict = judge_all(constraints, &one.samples, rules.risk);
    }
    let mut plainest = out.playing();
    plainest.sort_by_key(|place| (search.candidates[out.finalists[*place].candidate].settings.len(), *place));
    for (at, place) in plainest.iter().copied().enumerate() {
        let twins = |other: &&usize| same(&out.finalists[**other].samples, &out.finalists[place].samples);
        out.finalists[place].same_as = plainest[..at].iter().find(twins).copied();
    }
    let playing = out.playing();
    for place in playing.iter().copied() {
        let keepers = playing.iter().copied().filter(|other| out.finalists[*other].verdict == Verdict::Met);
        let beats = |other: &usize| {
            let more = differences(&out.finalists[place].samples, &out.finalists[*other].samples);
            *other != place && rules.kim_nelson.first_is_worse(&more)
        };
        out.finalists[place].beaten_by = keepers.into_iter().find(beats);
    }
}

fn name_winner(search: &Search<'_>, rules: &Rules, out: &mut Selected) {
    let settings = |place: &usize| search.candidates[out.finalists[*place].candidate].settings.len();
    let met = out.playing().into_iter().filter(|place| out.finalists[*place].verdict == Verdict::Met);
    let cost = |place: &usize| mean_cost(&out.finalists[*place].samples);
    out.winner = met.min_by(|a, b| cost(a).total_cmp(&cost(b)).then(settings(a).cmp(&settings(b))).then(a.cmp(b)));
    let interval = |values: &[f64]| {
        Spread::of(values).map_or_else(Estimate::default, |spread| Estimate {
            value: Some(spread.mean),
            low: Some(spread.end(-1.0, rules.risk)),
            high: Some(spread.end(1.0, rules.risk)),
        })
    };
    let winner = out.winner.map(|winner| out.finalists[winner].samples.clone());
    for (place, one) in out.finalists.iter_mut().enumerate() {
        let costs: Vec<f64> = one.samples.iter().filter_map(|sample| sample.cost).collect();
        one.cost = interval(&costs);
        let other = winner.as_ref().filter(|_| out.winner != Some(place));
        one.more = other.map(|winner| interval(&differences(&one.samples, winner)));
        let close = one.more.is_some_and(|more| more.low.is_none_or(|low| low <= rules.kim_nelson.indifference));
        one.not_told_apart = close && one.verdict != Verdict::Missed;
    }
}

/// The fully sequential procedure, with `c = 1`: triangular continuation regions.
struct KimNelson {
    indifference: f64,
    h_squared: f64,
}

impl KimNelson {
    /// For a risk by comparison, and a difference that is not worth finding.
    fn new(risk: f64, indifference: f64) -> Self {
        let freedom = FIRST as f64 - 1.0;
        let eta = ((2.0 * risk).powf(-2.0 / freedom) - 1.0) / 2.0;
        // Nothing is cheaper than for nothing: any difference counts then.
        Self { indifference: indifference.max(f64::MIN_POSITIVE.sqrt()), h_squared: 2.0 * eta * freedom }
    }

    /// Whether differences, the first less the second, run by run, leave the region on the side where the first is dearer.
    fn first_is_worse(&self, differences: &[f64]) -> bool {
        let first = FIRST as usize;
        if differences.len() < first {
            return false;
        }
        let variance = Spread::of(&differences[..first]).map_or(0.0, |spread| spread.variance);
        let mut sum: f64 = differences[..first - 1].iter().sum();
        for (index, difference) in differences.iter().enumerate().skip(first - 1) {
            sum += difference;
            let runs = index as f64 + 1.0;
            let room = self.h_squared * variance / self.indifference - self.indifference * runs;
            let room = (room / 2.0).max(0.0);
            if sum.abs() > room {
                return sum > 0.0;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_kim_and_nelson_s() {
        // eta = ((2 * 0.0125)^(-2/19) - 1) / 2 = 0.23726; h^2 = 2 * 0.23726 * 19 = 9.0159.
        let rule = KimNelson::new(0.0125, 1.0);
        assert!((rule.h_squared - 9.0159).abs() < 1e-3, "{}", rule.h_squared);
        // A variance of 0.263 leaves no room after twenty runs, so that the sum decides.
        let mut some: Vec<f64> = (0..20).map(|n| if n % 2 == 0 { 1.5 } else { 0.5 }).collect();
        assert!(rule.first_is_worse(&some));
        some.iter_mut().for_each(|one| *one = -*one);
        assert!(!rule.first_is_worse(&some), "the other one is");
        assert!(!rule.first_is_worse(&some[..19]), "too few runs");
    }

    #[test]
    fn who_leaves_first_on_one_side_is_not_called_back() {
        // A variance of 105: the room at twenty runs is (949 - 20) / 2 = 465.
        let rule = KimNelson::new(0.0125, 1.0);
        let swing: Vec<f64> = (0..20).map(|n| if n % 2 == 0 { 10.0 } else { -10.0 }).collect();
        assert!(!rule.first_is_worse(&swing), "nothing is decided");
        let far: Vec<f64> = swing.iter().copied().chain([-700.0]).chain([5_000.0; 4]).collect();
        assert!(!rule.first_is_worse(&far), "it was shown to be cheaper before");
        let other: Vec<f64> = far.iter().map(|one| -*one).collect();
        assert!(rule.first_is_worse(&other));
    }
}
