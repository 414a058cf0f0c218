//! Tidegate reports: facts in, measures, verdicts, charts and one page out.

pub mod estimate;
pub mod export;
pub mod fold;
pub mod frame;
pub mod histogram;
pub mod model;
pub mod objective;
pub mod summary;
