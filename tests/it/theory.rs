//! The simulator against queueing theory: in world `ideal` a region is an exact G/G/c queue. The method and what was
//! found are in `docs/method.md`; `TIDEGATE_LONG=1` runs the long campaign.

mod campaign;
mod cases;
mod coverage;
mod exact;
mod fewest;
mod loss;
mod path;
mod shipped;
mod waiting;
