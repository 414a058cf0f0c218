//! Reads journals and replays them: the same events into the same machines, and whether the same was decided. Knows
//! files and lines; must not know who wrote them.

mod read;
mod replay;

pub use read::{JournalError, Segment, segments};
pub use replay::{Difference, Replayed, replay};
