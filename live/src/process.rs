//! One process: its nodes' threads, its listeners, its policy file, its end. Knows the order of starting and stopping;
//! must not know what is served or decided.

mod start;

pub use start::{Failed, Setup, Watch, run};
pub(crate) use start::{listen, lock, region_of, serve, spawn};
