//! The saved state of a dispatcher. Knows its version; must not know in which format it is written.

use super::{Dispatcher, Floor, State};
use crate::id::RegionId;
use crate::policy::Policy;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The format of today.
const VERSION: u32 = 1;

/// All of a dispatcher's state but its policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    version: u32,
    state: State,
}

/// Why a snapshot cannot be taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// It was taken in a region that the policy has not.
    #[error("the snapshot is of region {}, the policy has {policy} regions: start without it", .me.0)]
    Region {
        /// Where it was taken.
        me: RegionId,
        /// Regions in the policy.
        policy: usize,
    },
    /// It was written by another version.
    #[error("the snapshot has format {found}, this program reads {VERSION}: start without it")]
    Version {
        /// In the snapshot.
        found: u32,
    },
}

impl Dispatcher {
    /// The state, to be saved.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { version: VERSION, state: self.state.clone() }
    }

    /// A dispatcher that goes on where the snapshot was taken.
    ///
    /// # Errors
    /// When the snapshot does not fit this program or this policy.
    pub fn restore(policy: Arc<Policy>, snapshot: Snapshot) -> Result<Self, SnapshotError> {
        if snapshot.version != VERSION {
            return Err(SnapshotError::Version { found: snapshot.version });
        }
        let (me, regions) = (snapshot.state.me, policy.regions.len());
        if me.index() >= regions {
            return Err(SnapshotError::Region { me, policy: regions });
        }
        let mut restored = Self { policy, state: snapshot.state, floor: Floor::default() };
        restored.recount();
        Ok(restored)
    }
}
