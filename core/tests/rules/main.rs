//! The fifteen rules of correctness of the design, each as stories that fail when the rule is broken.
//!
//! Above each story stands what was broken in the core to see it fail.

mod bench;
mod words;

mod r01_github_binds;
mod r02_join;
mod r04_lost_queue;
mod r05_webhooks;
mod r06_error_classes;
