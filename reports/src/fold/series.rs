//! The run in intervals, for charts. Knows levels, phases and placements by interval; must not know verdicts.

use crate::frame::Frame;
use crate::histogram::Fine;
use crate::model::SeriesRow;
use tidegate_core::controller::phase::Phase;
use tidegate_core::id::RegionId;
use tidegate_core::port::Reason;
use tidegate_core::time::{Span, Timestamp};

/// One region in one interval. Levels are integrals over microseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    waiting: u64,
    starting: u64,
    running: u64,
    placed: [u64; 4],
    phase: Phase,
    start_p50: Option<f64>,
    start_p95: Option<f64>,
    micro_usd: i64,
}

/// What holds in a region since its last sample.
#[derive(Clone, Copy, Debug)]
struct Held {
    since: Timestamp,
    waiting: u32,
    starting: u32,
    running: u32,
}

/// The series of a run. All of it is allocated at the start.
#[derive(Clone, Debug)]
pub(super) struct Series {
    start: Timestamp,
    /// The run's time before that, of which nothing is kept.
    before: Span,
    end: Timestamp,
    span: Span,
    /// The interval that is open, and when it ends.
    open: usize,
    open_until: Timestamp,
    /// By interval, then by region.
    cells: Vec<Cell>,
    held: Vec<Held>,
    phases: Vec<Phase>,
    /// Waits of jobs started in the open interval, by home.
    starts: Vec<Fine>,
}

impl Series {
    pub(super) fn new(frame: &Frame) -> Self {
        let (regions, span) = (frame.regions.len(), frame.bucket_span());
        Self {
            start: frame.series_from,
            before: frame.series_from.since(frame.start),
            end: frame.end,
            span,
            open: 0,
            open_until: frame.series_from + span,
            cells: vec![Cell::default(); frame.bucket_count() * regions],
            held: vec![Held { since: frame.series_from, waiting: 0, starting: 0, running: 0 }; regions],
            phases: vec![Phase::default(); regions],
            starts: vec![Fine::default(); regions],
        }
    }

    pub(super) fn placed(&mut self, at: Timestamp, region: RegionId, reason: Reason) {
        if at >= self.start {
            self.cell(at, region).placed[reason as usize] += 1;
        }
    }

    pub(super) fn started(&mut self, at: Timestamp, home: RegionId, wait: Span) {
        if at >= self.start {
            self.advance(at);
            self.starts[home.index()].record(wait);
        }
    }

    pub(super) fn phase(&mut self, at: Timestamp, region: RegionId, phase: Phase) {
        self.advance(at);
        self.phases[region.index()] = phase;
    }

    pub(super) fn cost(&mut self, at: Timestamp, region: RegionId, micro_usd: i64) {
        if at >= self.start {
            self.cell(at, region).micro_usd += micro_usd;
        }
    }

    pub(super) fn sample(&mut self, at: Timestamp, region: RegionId, [waiting, starting, running]: [u32; 3]) {
        let (at, held) = (at.min(self.end), self.held[region.index()]);
        let mut from = held.since;
        while from < at {
            let bucket = self.bucket(from);
            let to = at.min(self.start + self.span * (bucket as u64 + 1));
            let (cell, micros) = (self.cell(from, region), to.since(from).0);
            cell.waiting += u64::from(held.waiting) * micros;
            cell.starting += u64::from(held.starting) * micros;
            cell.running += u64::from(held.running) * micros;
            from = to;
        }
        self.held[region.index()] = Held { since: at.max(self.start), waiting, starting, running };
    }

    /// The last levels hold until the end, and the last interval closes.
    pub(super) fn finish(&mut self) {
        for index in 0..self.held.len() {
            self.sample(self.end, RegionId::at(index), [0; 3]);
        }
        self.advance(self.end);
        self.close();
    }

    /// The rows, by time and then by region.
    pub(super) fn rows(&self, names: &[String]) -> Vec<SeriesRow> {
        let rows = self.cells.chunks(names.len()).enumerate().flat_map(|(bucket, cells)| {
            let from = self.span * bucket as u64;
            let length = (from + self.span).min(self.end.since(self.start)).saturating_sub(from);
            cells.iter().zip(names).map(move |(cell, name)| row(cell, name, self.before + from, length))
        });
        rows.collect()
    }

    fn bucket(&self, at: Timestamp) -> usize {
        let last = self.cells.len() / self.held.len().max(1) - 1; // what happens at the very end is in the last one
        ((at.since(self.start).0 / self.span.0) as usize).min(last)
    }

    fn cell(&mut self, at: Timestamp, region: RegionId) -> &mut Cell {
        let index = self.bucket(at) * self.held.len() + region.index();
        &mut self.cells[index]
    }

    fn advance(&mut self, at: Timestamp) {
        while at >= self.open_until && self.open_until < self.end {
            self.close();
            self.open += 1;
            self.open_until += self.span;
        }
    }

    /// Writes what is known of the open interval at its end.
    fn close(&mut self) {
        let first = self.open * self.held.len();
        for (index, starts) in self.starts.iter_mut().enumerate() {
            let cell = &mut self.cells[first + index];
            cell.phase = self.phases[index];
            (cell.start_p50, cell.start_p95) = (starts.quantile(0.5), starts.quantile(0.95));
            starts.clear();
        }
    }
}

fn row(cell: &Cell, region: &str, from: Span, length: Span) -> SeriesRow {
    let micros = length.0.max(1) as f64;
    let [placed_home, placed_sticky, placed_spillover, placed_failover] = cell.placed;
    SeriesRow {
        time: from.as_secs_f64(),
        region: region.to_owned(),
        queue_depth: cell.waiting as f64 / micros,
        running: cell.running as f64 / micros,
        starting: cell.starting as f64 / micros,
        phase: phase_name(cell.phase).to_owned(),
        placed_home,
        placed_sticky,
        placed_spillover,
        placed_failover,
        start_p50: cell.start_p50,
        start_p95: cell.start_p95,
        cost_rate: cell.micro_usd as f64 / 1e6 / (micros / 3.6e9),
    }
}

const fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Active => "active",
        Phase::Suspect => "suspect",
        Phase::AwaitingApproval => "awaitingApproval",
        Phase::Evacuating => "evacuating",
        Phase::Out => "out",
        Phase::Probation => "probation",
    }
}
