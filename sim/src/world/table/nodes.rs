//! The records of the nodes, one writer each, as every replica shows them. Knows lags and what is held back; must not
//! know what is in a record.

use super::{HELD, Lags};
use std::collections::VecDeque;
use tidegate_core::Timestamp;
use tidegate_core::id::{MAX_REGIONS, PerRegion, RegionId};
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
    pub(super) fn release(
        &mut self,
        reaches: impl Fn(RegionId, RegionId) -> bool,
        mut lag: impl FnMut(RegionId, RegionId) -> u32,
        now: Timestamp,
    ) {
        for from in (0..MAX_REGIONS).map(RegionId::at) {
            for to in (0..MAX_REGIONS).map(RegionId::at) {
                if self.unsent[from.index()][to.index()].is_some() && reaches(from, to) {
                    let record = self.unsent[from.index()][to.index()].take().expect("just seen");
                    let at = Timestamp(now.0 + u64::from(lag(from, to)));
                    self.arriving[from.index()][to.index()].push_back((at, record));
                }
            }
        }
    }

    /// Writes a node's record and reads all of them at its replica.
    pub(crate) fn exchange(
        &mut self,
        writer: RegionId,
        record: NodeRecord,
        lags: Lags,
        regions: usize,
        now: Timestamp,
    ) -> NodeRecords {
        for to in (0..regions).map(RegionId::at) {
            if to == writer {
                self.shown[to.index()][writer.index()] = Some(record);
            } else if lags[to.index()] == HELD {
                self.unsent[writer.index()][to.index()] = Some(record);
            } else {
                self.unsent[writer.index()][to.index()] = None;
                let at = Timestamp(now.0 + u64::from(lags[to.index()]));
                self.arriving[writer.index()][to.index()].push_back((at, record));
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
