//! GitHub: what it tells us in deliveries, and what we ask of its REST API. Knows signatures, payloads, calls and their
//! budget; must not know what the machines make of it.
//!
//! A delivery goes through [`signature::verify`] on its raw bytes, then through [`payload::parse`] to a word of the core's
//! webhook port. [`Client`] does what the core's runner and GitHub ports ask for.

mod auth;
mod bounded;
pub mod budget;
pub mod client;
pub mod deliveries;
pub mod jobs;
pub mod offered;
pub mod payload;
pub mod places;
mod runners;
pub mod signature;

pub use client::{BadClient, Client};
pub use deliveries::Swept;
pub use jobs::Listed;
pub use offered::{Fit, Offered};
pub use payload::{Delivery, PayloadError, Why};

#[cfg(test)]
mod tests;
