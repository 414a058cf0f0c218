//! Candidates: where they come from, their runs, and why they were dropped. Knows what is written down of them; must not know how
//! a search goes.

use super::sample::Sample;
use super::space::Point;
use crate::scenario::setting::Setting;

/// Where a candidate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was there before, under this name.
    Reference(String),
    /// The design that covers the space.
    Design,
    /// Near another.
    Near(usize),
    /// Another one without its setting on this axis.
    Without(usize, usize),
    /// Another one without those of its settings that do nothing; or without all that matter less than the indifference.
    Plain(usize),
}

/// Why a candidate was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// Even the favourable end of the interval misses this objective.
    Misses(usize),
    /// A promise broke.
    Broken(String),
    /// It costs more than this one, which keeps the objectives.
    Dearer(usize),
    /// Every run came to the same as of this one.
    Same(usize),
    /// It was not among the best when the generation's runs were spent.
    Behind,
}

/// One that was tried.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Where it comes from.
    pub origin: Origin,
    /// Its generation, from 0.
    pub generation: u32,
    /// Its places on the axes.
    pub point: Point,
    /// Its settings, those of the axes last.
    pub settings: Vec<Setting>,
    /// Settings before those of the axes.
    pub(super) extra: Vec<Setting>,
    /// Its runs in the search, from run 0.
    pub samples: Vec<Sample>,
    /// Why it went, and after how many runs.
    pub dropped: Option<(Dropped, u64)>,
}

/// A look at a race.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Generation.
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
