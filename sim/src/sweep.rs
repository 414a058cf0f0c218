//! A grid of runs: axes make points, points make runs, and each finished point is kept. Knows the order of these; must not
//! know arguments of a command line, charts or pages.
//!
//! ```text
//!  axis, design --> plan: every point, read and hashed
//!                     |
//!                   work: points x seeds over all threads --> store: points/HASH.json, found again by the next call
//!                     |
//!                   part: one shard's share --> collect --> tidegate_reports::sweep::Sweep
//! ```

pub mod axis;
#[cfg(feature = "s3")]
pub mod bucket;
pub mod design;
mod hash;
pub mod part;
pub mod plan;
pub mod record;
pub mod shard;
pub mod store;
#[cfg(test)]
mod tests;
pub mod work;

use store::StoreError;

/// Why a sweep stopped.
#[derive(Debug, thiserror::Error)]
pub enum Fail {
    /// The input is wrong: what, and what was expected.
    #[error("{0}")]
    Input(String),
    /// What was found cannot be kept, or not be read again.
    #[error(transparent)]
    Store(#[from] StoreError),
}
