//! The fifteen rules of correctness of the design, each as stories that fail when the rule is broken.
//!
//! Above each story stands what was broken in the core to see it fail.
#![allow(
    clippy::wildcard_enum_match_arm,
    clippy::wrong_self_convention,
    reason = "a test looks for one event and names the rest as such"
)]

mod bench;
mod floor;
mod told;
mod words;

mod operators;
mod quorum;
mod r01_github_binds;
mod r02_join;
mod r03_placements;
mod r04_confirm;
mod r04_lost_queue;
mod r05_webhooks;
mod r06_error_classes;
mod r06_launch_errors;
mod r07_two_signals;
mod r08_hysteresis;
mod r09_old_reports;
mod r10_safety_first;
mod r11_sticky;
mod r12_residency;
mod r13_ramp;
mod r14_limits;
mod r15_budgets_and_caps;
mod strong;
mod supervised;
