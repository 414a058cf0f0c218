//! Takes up the state that an earlier process left in its journal. Knows heads and turns; must not know the world: what
//! was in flight is lost, and the machines' own deadlines find it again.

use std::path::Path;
use std::sync::Arc;
use tidegate_core::controller::{self, Controller};
use tidegate_core::dispatcher::{self, Dispatcher};
use tidegate_core::journal::Line;
use tidegate_core::machine::{Host, Journal, Ports};
use tidegate_core::{Fact, Timestamp};
use tidegate_sim::journal::{JournalError, Segment, segments};

/// What an earlier process left.
#[derive(Debug)]
pub struct Recovered {
    /// The number of its last segment.
    pub segment: u64,
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

struct Nowhere;

impl<E> Ports<E> for Nowhere {
    fn submit(&mut self, _now: Timestamp, _effect: E) {}
}

impl<V> Journal<V> for Nowhere {
    fn event(&mut self, _now: Timestamp, _event: &V) {}
    fn fact(&mut self, _now: Timestamp, _fact: &Fact) {}
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
    let policy = Arc::new(segment.policy()?);
    let regions = policy.regions.iter().map(|region| region.name.clone()).collect();
    let head = segment.head.clone();
    let path = segment.path.display().to_string();
    let wrong = |message: String| JournalError::Line { path: path.clone(), line: 1, message };
    let controller = Controller::restore(Arc::clone(&policy), head.controller).map_err(|e| wrong(e.to_string()))?;
    let dispatcher = Dispatcher::restore(policy, head.dispatcher).map_err(|e| wrong(e.to_string()))?;
    let mut controller = Host::new(controller, head.at);
    let mut dispatcher = Host::new(dispatcher, head.at);
    let (mut names, mut last, mut turns) = (head.names, head.at, 0);
    while let Some((_, line)) = segment.next_line()? {
        match line {
            Line::Controller { at, event } => {
                controller.turn(at, event, &mut Nowhere, &mut Nowhere);
                (last, turns) = (last.max(at), turns + 1);
            }
            Line::Dispatcher { at, event } => {
                dispatcher.turn(at, event, &mut Nowhere, &mut Nowhere);
                (last, turns) = (last.max(at), turns + 1);
            }
            Line::Name(text) => names.push(text),
            Line::Fact { .. } | Line::Head(_) => {}
        }
    }
    Ok(Recovered {
        segment: head.segment,
        controller: controller.machine().snapshot(),
        dispatcher: dispatcher.machine().snapshot(),
        names,
        last,
        turns,
        regions,
    })
}
