//! Tidegate reports: facts in, measures, verdicts, charts and one page out.
pub mod model;
