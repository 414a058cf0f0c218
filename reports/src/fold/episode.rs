//! One failover: the clocks from impact to failback. Knows what recovered means; must not know where minutes and
//! phases come from.

use super::home::{Closed, Home, Past};
use tidegate_core::controller::phase::Phase;
use tidegate_core::id::RegionId;
use tidegate_core::time::{Span, Timestamp};

/// So many good minutes in a row are a recovery.
const GOOD_MINUTES: u8 = 3;
/// The p95 of starts may be so many times that of the hour before the impact, ...
const BAND_FACTOR: f64 = 1.5;
/// ... or so many seconds more.
const BAND_SECONDS: f64 = 30.0;
/// The backlog may be so many times that of the hour before, ...
const BACKLOG_FACTOR: f64 = 1.1;
/// ... or so many jobs.
const BACKLOG_JOBS: f64 = 5.0;

/// A fault, or an evacuation without one, and what followed.
///
/// **Recovered** is the start of the first of three good minutes in a row after the decision; without a decision, after
/// the detection or the impact, and until the fault heals a bad minute takes it back. A minute is good when the
/// p95 of the jobs of that home that started in it is within `max(1.5 x p95 before, p95 before + 30 s)` and its backlog
/// (queued, not started) is at its end at most `max(1.1 x before, 5, jobs queued within the last band)`. *Before* is the
/// hour before the minute of the impact. By the last term everyone who waits may still be in the band; without it a
/// load that rises after the impact, or a guest region that starts a little slower, would never count as recovered.
/// A minute without starts is good if nobody waits, bad if the backlog is too long, and otherwise tells nothing.
#[derive(Clone, Debug)]
pub struct Episode {
    /// The fault of the frame, by its place there; `None` for an evacuation without one.
    pub mark: Option<usize>,
    /// The region that was hit.
    pub region: RegionId,
    /// The fault's kind; without a fault `operator` if ordered and `unprovoked` if not.
    pub kind: String,
    /// The impact.
    pub from: Timestamp,
    /// The fault heals.
    pub to: Timestamp,
    /// First suspicion by another node than the region's own.
    pub detected: Option<Timestamp>,
    /// First decision to evacuate by another node.
    pub decided: Option<Timestamp>,
    /// First job of that home started elsewhere after the decision.
    pub first_success: Option<Timestamp>,
    /// Waits and backlog back to normal.
    pub recovered: Option<Timestamp>,
    /// Active again, after it was out, as another node sees it.
    pub failed_back: Option<Timestamp>,
    /// Suspicion later than this is not this fault's.
    pub(super) until: Timestamp,
    pub(super) opened: bool,
    out: bool,
    band: f64,
    most_backlog: f64,
    floor: Timestamp,
    streak: u8,
    streak_from: Timestamp,
}

impl Episode {
    pub(super) fn new(mark: Option<usize>, region: RegionId, kind: String, from: Timestamp, to: Timestamp) -> Self {
        Self {
            mark,
            region,
            kind,
            from,
            to,
            detected: None,
            decided: None,
            first_success: None,
            recovered: None,
            failed_back: None,
            until: to + Span::from_hours(1),
            opened: false,
            out: false,
            band: 0.0,
            most_backlog: 0.0,
            floor: from,
            streak: 0,
            streak_from: from,
        }
    }

    /// The impact: what is normal is what was in the hour before. Without a job in it, whatever is in time is.
    pub(super) fn open(&mut self, past: Past, start_within: Span) {
        self.opened = true;
        self.band = past.p95.map_or(start_within.as_secs_f64(), |p95| (p95 * BAND_FACTOR).max(p95 + BAND_SECONDS));
        self.most_backlog = (past.backlog * BACKLOG_FACTOR).max(BACKLOG_JOBS);
    }

    /// Whether what happens to the region now belongs to this episode: the fault is recent, or the region is still away.
    pub(super) fn covers(&self, region: RegionId, at: Timestamp) -> bool {
        let away = self.decided.is_some() && self.failed_back.is_none();
        self.opened && self.region == region && at >= self.from && (at <= self.until || away)
    }

    /// Another node than the region's own sees it in another phase.
    pub(super) fn phase(&mut self, at: Timestamp, to: Phase) {
        match to {
            Phase::Suspect | Phase::AwaitingApproval => {
                if self.detected.is_none() && self.decided.is_none() && at <= self.until {
                    self.detected = Some(at);
                    if self.recovered.is_none() || at <= self.to {
                        self.restart(at);
                    }
                }
            }
            Phase::Evacuating => {
                if self.decided.is_none() && at <= self.until {
                    self.decided = Some(at);
                    self.restart(at);
                }
            }
            Phase::Out => self.out |= self.decided.is_some(),
            Phase::Probation => {}
            Phase::Active => {
                if self.out && self.failed_back.is_none() {
                    self.failed_back = Some(at);
                }
            }
        }
    }

    /// Whether the first success is still to come.
    pub(super) const fn awaits_success(&self) -> bool {
        self.decided.is_some() && self.first_success.is_none()
    }

    /// A minute of the region's own jobs is over.
    pub(super) fn minute(&mut self, start: Timestamp, home: &Home, closed: Closed) {
        let settled = self.recovered.is_some() && (self.decided.is_some() || start >= self.to);
        if !self.opened || settled || start + Span::from_mins(1) <= self.floor {
            return;
        }
        match self.is_good(home, closed) {
            Some(true) => {
                if self.streak == 0 {
                    self.streak_from = start.max(self.floor);
                }
                self.streak = self.streak.saturating_add(1);
                if self.streak >= GOOD_MINUTES && self.recovered.is_none() {
                    self.recovered = Some(self.streak_from);
                }
            }
            Some(false) => (self.streak, self.recovered) = (0, None),
            None => {}
        }
    }

    fn is_good(&self, home: &Home, closed: Closed) -> Option<bool> {
        if closed.backlog as f64 > self.most_backlog.max(home.queued_within(self.band)) {
            return Some(false);
        }
        match closed.p95 {
            Some(p95) => Some(p95 <= self.band),
            None => (closed.backlog == 0).then_some(true),
        }
    }

    fn restart(&mut self, at: Timestamp) {
        (self.floor, self.streak, self.recovered) = (at, 0, None);
    }
}
