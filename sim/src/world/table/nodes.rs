//! The records of the nodes, one writer each, as every replica shows them. Knows lags and what is held back; must not
//! know what is in a record.

use super::LagModel;
use std::collections::VecDeque;
use tidegate_core::Timestamp;
use tidegate_core::id::{MAX_REGIONS, PerRegion, RegionId, RegionSet};
use tidegate_core::port::table::{NodeRecord, NodeRecords};

/// Records by writer and replica.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes {
    arriving: PerRegion<PerRegion<VecDeque<(Timestamp, NodeRecord)>>>,
    shown: PerRegion<NodeRecords>,
    /// The newest record that cannot be sent.
    unsent: PerRegion<PerRegion<Option<NodeRecord>>>,
}

impl Nodes {
    /// Regions exchange writes again.
    pub(super) fn release(&mut self, reaches: impl Fn(RegionId, RegionId) -> bool, lags: &LagModel, now: Timestamp) {
        for from in (0..MAX_REGIONS).map(RegionId::at) {
            for to in (0..MAX_REGIONS).map(RegionId::at).filter(|to| reaches(from, *to)) {
                if let Some(record) = self.unsent[from.index()][to.index()].take() {
                    self.send(from, to, record, lags, now);
                }
            }
        }
    }

    fn send(&mut self, from: RegionId, to: RegionId, record: NodeRecord, lags: &LagModel, now: Timestamp) {
        let at = now + lags.lag(record.version, from, to);
        self.arriving[from.index()][to.index()].push_back((at, record));
    }

    /// Writes a node's record and reads all of them at its replica. `held`: replicas out of reach.
    pub(crate) fn exchange(
        &mut self,
        writer: RegionId,
        record: NodeRecord,
        held: RegionSet,
        regions: usize,
        lags: &LagModel,
        now: Timestamp,
    ) -> NodeRecords {
        for to in (0..regions).map(RegionId::at) {
            let unsent = &mut self.unsent[writer.index()][to.index()];
            if to == writer {
                self.shown[to.index()][writer.index()] = Some(record);
            } else if held.contains(to) {
                *unsent = Some(record);
            } else {
                *unsent = None;
                self.send(writer, to, record, lags, now);
            }
        }
        let replica = writer.index();
        for from in 0..regions {
            let arriving = &mut self.arriving[from][replica];
            while arriving.front().is_some_and(|(at, _)| *at <= now) {
                let (_, record) = arriving.pop_front().expect("just seen");
                let shown = &mut self.shown[replica][from];
                if shown.is_none_or(|known| record.version > known.version) {
                    *shown = Some(record);
                }
            }
        }
        self.shown[replica]
    }
}
