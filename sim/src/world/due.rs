//! What may lie on the agenda. Knows the kinds of future events of the world; must not know what they do.

use crate::scenario::Service;
use tidegate_core::id::RegionId;
use tidegate_core::port::operator::Verb;

/// A place in a slab that may have been given to another row since: the generation tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handle {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// A future event. It lies in two words, see `calendar`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due {
    /// The next jobs of the load arrive at GitHub.
    Arrive,
    /// A delivery reaches an ingress.
    Deliver { region: RegionId, mail: u32 },
    /// A delivery was not answered by anybody.
    Undelivered { mail: u32 },
    /// An answer for a controller.
    ToController { node: RegionId, mail: u32 },
    /// An answer for a dispatcher.
    ToDispatcher { node: RegionId, mail: u32 },
    /// A controller asked to be woken.
    WakeController { node: RegionId },
    /// A dispatcher asked to be woken.
    WakeDispatcher { node: RegionId },
    /// A message reaches a queue; its sender hears of it.
    Enqueue { from: RegionId, mail: u32 },
    /// Hidden messages of a queue may be visible again.
    Visible { region: RegionId },
    /// The long poll of a queue may be over.
    PollOver { region: RegionId },
    /// A probe reaches a region.
    Probe { from: RegionId, to: RegionId, sequence: u32 },
    /// A task's runner comes online.
    Online { task: Handle },
    /// The job of a task ends.
    JobDone { task: Handle },
    /// A spot task is taken back.
    Interrupt { task: Handle },
    /// GitHub notices that the runner of a job is gone.
    RunnerLost { job: Handle },
    /// Users run a lost job again.
    Rerun { mail: u32 },
    /// A task is stopped on request.
    Stop { task: Handle },
    /// Fault number n begins or ends.
    Fault { number: u16, begins: bool },
    /// An operator gives an order.
    Order { region: RegionId, verb: Verb },
    /// Time to sample gauges and check slow invariants.
    Sample,
}

/// The services in the order of their state tables.
pub(crate) const fn service_index(service: Service) -> usize {
    match service {
        Service::Ingress => 0,
        Service::Queue => 1,
        Service::Launch => 2,
        Service::Registration => 3,
        Service::Table => 4,
        Service::Cache => 5,
    }
}
