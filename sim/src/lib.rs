//! Tidegate's simulator: the core's machines, unchanged, in a virtual world on virtual time.
//!
//! Knows the agenda, the virtual world, load, faults and experiments. Must not know AWS's SDKs or the daemon. The
//! binary `tidegate` is a thin command line over it.

pub mod agenda;
pub mod checker;
pub mod cli;
pub mod digest;
pub mod dist;
pub mod experiment;
pub mod explain;
pub mod journal;
pub mod load;
pub mod output;
pub mod real_time;
mod recorder;
pub mod rng;
pub mod run;
pub mod scenario;
pub mod sweep;
pub mod world;

pub use recorder::{Decisions, Take, job_of};
