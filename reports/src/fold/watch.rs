//! The watch over home regions, minute by minute, and over the episodes. Knows faults and who sees which phase; must
//! not know money or histograms of the whole run.

use super::episode::Episode;
use super::home::Home;
use crate::frame::Frame;
use tidegate_core::controller::phase::{Cause, Phase};
use tidegate_core::id::{PerRegion, RegionId};
use tidegate_core::time::{Span, Timestamp};

const MINUTE: Span = Span::from_mins(1);
/// More evacuations without a fault than this are counted as phase changes, but not followed.
const MOST_UNPROVOKED: usize = 64;

/// Homes and episodes of a run.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    start_within: Span,
    end: Timestamp,
    minute_end: Timestamp,
    homes: Vec<Home>,
    pub(super) episodes: Vec<Episode>,
    unprovoked: usize,
    /// Episodes that wait for their first success: mostly none, and then a start need not look.
    awaiting: usize,
    /// By observer, then by region.
    views: PerRegion<PerRegion<Phase>>,
}

impl Watch {
    pub(super) fn new(frame: &Frame) -> Self {
        let mut watch = Self {
            start_within: frame.start_within,
            end: frame.end,
            minute_end: frame.start + MINUTE,
            homes: vec![Home::new(); frame.regions.len()],
            episodes: episodes(frame),
            unprovoked: 0,
            awaiting: 0,
            views: PerRegion::default(),
        };
        watch.open_episodes();
        watch
    }

    /// Closes the minutes that are over; those after the end are nobody's.
    #[inline]
    pub(super) fn tick(&mut self, at: Timestamp) {
        if at >= self.minute_end {
            self.close_minutes(at);
        }
    }

    #[cold]
    fn close_minutes(&mut self, at: Timestamp) {
        while at >= self.minute_end && self.minute_end <= self.end {
            self.close_minute();
        }
    }

    pub(super) fn queued(&mut self, home: RegionId) {
        self.homes[home.index()].queued();
    }

    pub(super) fn started(&mut self, at: Timestamp, home: RegionId, region: RegionId, wait: Span) {
        self.homes[home.index()].started(wait);
        if self.awaiting > 0 && home != region {
            for episode in self.episodes.iter_mut().filter(|e| e.region == home && e.awaits_success()) {
                episode.first_success = Some(at);
                self.awaiting -= 1;
            }
        }
    }

    pub(super) fn phase(&mut self, at: Timestamp, observer: RegionId, region: RegionId, to: Phase, cause: Cause) {
        self.views[observer.index()][region.index()] = to;
        if observer == region {
            return; // what a region thinks of itself moves nobody's jobs
        }
        if to == Phase::Evacuating && !self.episodes.iter().any(|e| e.covers(region, at)) {
            self.open_unprovoked(at, observer, region, cause);
        }
        for episode in self.episodes.iter_mut().filter(|e| e.opened && e.region == region && at >= e.from) {
            let awaited = episode.awaits_success();
            episode.phase(at, to);
            self.awaiting += usize::from(!awaited && episode.awaits_success());
        }
    }

    /// Frees what only a running fold needs.
    pub(super) fn finish(&mut self) {
        self.tick(self.end);
        self.homes = Vec::new();
    }

    fn close_minute(&mut self) {
        let start = self.minute_end - MINUTE;
        for (index, home) in self.homes.iter_mut().enumerate() {
            let closed = home.close();
            for episode in self.episodes.iter_mut().filter(|e| e.region.index() == index) {
                episode.minute(start, home, closed);
            }
        }
        self.minute_end += MINUTE;
        self.open_episodes();
    }

    /// Opens the episodes whose impact is in the minute that begins.
    fn open_episodes(&mut self) {
        for episode in self.episodes.iter_mut().filter(|e| !e.opened && e.from < self.minute_end) {
            let region = episode.region.index();
            episode.open(self.homes[region].past(), self.start_within);
            let others = (0..self.homes.len()).filter(|o| *o != region);
            let suspect = |o: usize| matches!(self.views[o][region], Phase::Suspect | Phase::AwaitingApproval);
            if others.into_iter().any(suspect) {
                episode.detected = Some(episode.from); // suspected already: nothing is left to detect
            }
        }
    }

    fn open_unprovoked(&mut self, at: Timestamp, observer: RegionId, region: RegionId, cause: Cause) {
        // What a node that is hit itself thinks of others is part of its own episode.
        let hit = self.episodes.iter().any(|e| e.mark.is_some() && e.covers(observer, at));
        if hit || self.unprovoked == MOST_UNPROVOKED {
            return;
        }
        self.unprovoked += 1;
        let kind = if cause == Cause::Ordered { "operator" } else { "unprovoked" };
        let mut episode = Episode::new(None, region, kind.to_owned(), at, at);
        episode.open(self.homes[region.index()].past(), self.start_within);
        self.episodes.push(episode);
    }
}

/// An episode for each fault of a region. One that begins after another has healed ends the other's claim on what follows.
fn episodes(frame: &Frame) -> Vec<Episode> {
    let faults = || frame.faults.iter().enumerate().filter(|(_, f)| f.from < frame.end);
    let of_region = |(mark, fault): (usize, &crate::frame::FaultMark)| {
        let mut episode = Episode::new(Some(mark), fault.region?, fault.kind.clone(), fault.from, fault.to);
        let later = faults().map(|(_, f)| f).filter(|f| f.region == fault.region && f.from > fault.to);
        if let Some(next) = later.map(|f| f.from).min() {
            episode.until = episode.until.min(next - Span(1));
        }
        Some(episode)
    };
    faults().filter_map(of_region).collect()
}
