//! Tidegate's daemon: the core on real SQS, ECS and DynamoDB Global Tables, or on the virtual world in real time.
//!
//! Knows tokio, HTTP, AWS and GitHub. Must not know what the machines decide: it carries events in and effects out.
//!
//! ```text
//!   GitHub --> http --> Inbox --> Node: journal, turn, journal --> Outside --> cloud: aws, github
//!                                  ^                                    \---> embedded: virtual world
//!                                  +------------- answers -----------------------+
//! ```

pub mod aws;
pub mod cli;
pub mod clock;
pub mod cloud;
pub mod config;
pub mod embedded;
pub mod github;
pub mod http;
pub mod journal;
pub mod metrics;
pub mod names;
pub mod node;
pub mod policy_file;
pub mod process;
pub mod services;
