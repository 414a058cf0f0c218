//! Takes up the state that an earlier process left in its journal. Knows heads and turns; must not know the world: what
//! was in flight is lost, and the machines' own deadlines find it again.

use std::path::Path;
use tidegate_core::journal::Line;
use tidegate_core::{Timestamp, controller, dispatcher};
use tidegate_sim::journal::{JournalError, Machines, Segment, segments};

/// What an earlier process left.
#[derive(Debug)]
pub struct Recovered {
    /// The controller's state after its last turn.
    pub controller: controller::Snapshot,
    /// The dispatcher's state after its last turn.
    pub dispatcher: dispatcher::Snapshot,
    /// Texts it had seen.
    pub names: Vec<String>,
    /// The time of its last turn.
    pub last: Timestamp,
    /// Turns that were made again.
    pub turns: u64,
    /// The regions of the policy it ran under, in their order.
    pub regions: Vec<String>,
}

/// The state at the end of the journal in a folder; `None` when there is none.
///
/// # Errors
/// When there is one and it cannot be read.
pub fn recover(folder: &Path) -> Result<Option<Recovered>, JournalError> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let Ok(paths) = segments(folder) else { return Ok(None) };
    // A head is written before its file has its name, so the last one has a head.
    let Some(path) = paths.last() else { return Ok(None) };
    let Some(segment) = Segment::open(path)? else {
        let message = "has no whole head; what it held is lost to this node".to_owned();
        return Err(JournalError::File { path: path.display().to_string(), message });
    };
    let path = path.display().to_string();
    // A machine that contradicts itself would do so again at every start.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| replay(segment)))
        .unwrap_or_else(|_| {
            Err(JournalError::File { path, message: "an invariant broke in its replay; see above".to_owned() })
        })
        .map(Some)
}

fn replay(mut segment: Segment) -> Result<Recovered, JournalError> {
    let mut machines = Machines::of(&segment)?;
    let regions = segment.policy()?.regions.into_iter().map(|region| region.name).collect();
    let (mut names, mut last, mut turns) = (segment.head.names.clone(), segment.head.at, 0);
    while let Some((_, line)) = segment.next_line()? {
        match &line {
            Line::Controller { at, .. } | Line::Dispatcher { at, .. } => (last, turns) = (last.max(*at), turns + 1),
            Line::Name(text) => names.push(text.clone()),
            Line::Fact { .. } | Line::Head(_) => {}
        }
        machines.turn(line, |_| {});
    }
    let (controller, dispatcher) = machines.snapshots();
    Ok(Recovered { controller, dispatcher, names, last, turns, regions })
}
