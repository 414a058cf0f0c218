//! The simulator against queueing theory: in world `ideal` a region is an exact G/G/c queue.

mod cases;
mod exact;
mod path;
