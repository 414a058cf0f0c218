//! Tidegate's reports: facts in, measures, verdicts, charts and one page out. Knows facts, measures, objectives, charts
//! and exports; must not know where the facts came from.
//!
//! ```text
//!  facts --> fold::RunMeasures (one for each run)
//!                 |
//!            summary::summarize --> estimate (over runs), objective::judge
//!                 |                  values::of_runs --> one number for each run
//!                 v
//!            model::Report --> export: json, csv, terminal
//!                          +-> chart, html
//! ```

pub mod chart;
pub mod compare;
pub mod estimate;
pub mod export;
pub mod fold;
pub mod frame;
pub mod histogram;
pub mod html;
pub mod median;
pub mod model;
pub mod objective;
pub mod precision;
pub mod regression;
pub mod student;
pub mod summary;
pub mod sweep;
pub mod tune;
pub mod values;
