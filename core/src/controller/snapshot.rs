//! The saved state of a controller. Knows its version; must not know in which format it is written.

use super::{Controller, State};
use crate::policy::Policy;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The format of today.
const VERSION: u32 = 1;

/// All of a controller's state but its policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    version: u32,
    state: State,
}

/// Why a snapshot cannot be taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// It was taken under a policy with other regions.
    #[error("the snapshot knows {snapshot} regions, the policy {policy}: start without it and reconcile")]
    Regions {
        /// In the snapshot.
        snapshot: usize,
        /// In the policy.
        policy: usize,
    },
    /// It was written by another version.
    #[error("the snapshot has format {found}, this program reads {VERSION}: start without it and reconcile")]
    Version {
        /// In the snapshot.
        found: u32,
    },
}

impl Controller {
    /// The state, to be saved.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { version: VERSION, state: self.state.clone() }
    }

    /// A controller that goes on where the snapshot was taken.
    ///
    /// # Errors
    /// When the snapshot does not fit this program or this policy.
    pub fn restore(policy: Arc<Policy>, snapshot: Snapshot) -> Result<Self, SnapshotError> {
        if snapshot.version != VERSION {
            return Err(SnapshotError::Version { found: snapshot.version });
        }
        let (saved, now) = (snapshot.state.regions.len(), policy.regions.len());
        if saved != now {
            return Err(SnapshotError::Regions { snapshot: saved, policy: now });
        }
        let floor = (snapshot.state.jobs.len(), snapshot.state.sticky.len());
        Ok(Self { policy, state: snapshot.state, floor })
    }
}
