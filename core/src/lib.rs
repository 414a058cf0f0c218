//! Tidegate's state machines, sans-IO: where a CI job runs, and when a region is no longer to be trusted.
//!
//! Knows ids, units, policy, the two machines, ports as data, facts. Must not know clocks, threads, async, files, AWS,
//! hash order or OS randomness. Run by `tidegate-sim` in virtual time and by `tidegate-live` in real time, without a
//! line of difference.
//!
//! ```text
//!        events                                              effects
//!  webhook  --+                                         +--> table: claim, mark, exchange, list
//!  table      |    +---------- Controller -----------+  +--> enqueue: send
//!  probe      +--->| route -> place -> claim -> send  |--+--> probe: check
//!  operator   |    | detect -> phase -> evacuate      |  +--> github: list queued, sweep
//!  github   --+    +---------------------------------+
//!                        ^ notices (same node)
//!  dequeue  --+    +----------- Dispatcher ----------+  +--> dequeue: receive, delete, release
//!  confirm    +--->| receive -> confirm -> register   |--+--> confirm: check
//!  runner   --+    | -> launch -> follow -> reap      |  +--> runner: register, launch, remove, stop
//!                  +---------------------------------+
//! ```
//!
//! [`Machine::handle`] takes `(now, event)` and fills an [`Outbox`] with effects and facts; [`Machine::next_wake`]
//! gives the next deadline. [`Host::turn`] is the one loop body. Nothing fails and nothing waits: the outcome of every
//! effect is an event, or never comes, and then a deadline fires.

pub mod controller;
pub mod deadline;
pub mod dispatcher;
pub mod document;
pub mod fact;
pub mod id;
pub mod journal;
pub mod machine;
pub mod map;
pub mod policy;
pub mod port;
pub mod slab;
pub mod time;
pub mod unit;

pub use fact::Fact;
pub use id::{JobId, Name, PlacementId, RegionId, RegionSet, RunId};
pub use machine::{Host, Journal, Machine, Outbox, Ports, Violation, Wake};
pub use policy::Policy;
pub use time::{Span, Timestamp};
pub use unit::{Need, Ratio};
