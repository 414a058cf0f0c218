//! Reads journals and replays them: the same events into the same machines, and whether the same was decided; the jobs they
//! tell of, and the story of one. Knows files and lines; must not know who wrote them.

mod heard;
mod jobs;
mod machines;
mod read;
mod replay;
#[cfg(test)]
pub(crate) mod sample;
mod story;

pub use jobs::{JobRan, Jobs, LeftOut};
pub use machines::Machines;
pub use read::{JournalError, Segment, is_journal, journals, segments};
pub use replay::{Difference, Replayed, replay};
pub use story::Story;
