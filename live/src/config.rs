//! Reads the configuration of a node: addresses, secrets, AWS, GitHub. Knows keys and their defaults; must not know what
//! is done with a value.
//!
//! What decides where jobs go is in the policy file, which the simulator reads too; this file says how one node speaks to
//! the world.

mod read;
pub mod secret;

pub use read::{ReadError, load, read, read_with, schema};
pub use secret::Secret;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use tidegate_core::Need;

/// The configuration of one node.
#[derive(Clone, Debug)]
pub struct Config {
    /// The region it stands in, by the policy's name of it.
    pub node: String,
    /// Where its journal and its snapshot are kept.
    pub data: PathBuf,
    /// Where it listens.
    pub http: Http,
    /// How it speaks to GitHub.
    pub github: GitHub,
    /// The runners it offers; a job is served by the first whose labels hold all of its own.
    pub runners: Vec<Runner>,
    /// What is in each region, by the policy's name of it.
    pub regions: BTreeMap<String, Region>,
    /// The names of the tables.
    pub tables: Tables,
    /// How much of the journal is kept.
    pub journal: Journal,
}

/// Where a node listens.
#[derive(Clone, Debug)]
pub struct Http {
    /// Webhooks and health: reachable from GitHub through the ingress.
    pub listen: SocketAddr,
    /// Admin, metrics, status page and other nodes' probes: reachable from operators and nodes alone.
    pub admin: SocketAddr,
    /// The token of admin requests and of probes among nodes; while it is changed, two of them, see [`Secret::words`].
    pub admin_token: Secret,
    /// Webhooks whose turn has not come: beyond that they are refused with 503, and found again by the sweep.
    pub max_waiting: usize,
}

/// How a node speaks to GitHub.
#[derive(Clone, Debug)]
pub struct GitHub {
    /// The API, `https://api.github.com` or that of an Enterprise Server.
    pub api_url: String,
    /// The App's number.
    pub app_id: u64,
    /// The App's private key, PEM.
    pub private_key: Secret,
    /// What deliveries are signed with.
    pub webhook_secret: Secret,
    /// The runner group that just-in-time runners join.
    pub runner_group: u64,
    /// Whether runners are registered for organizations (else for single repositories).
    pub for_organizations: bool,
}

/// A kind of runner that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runner {
    /// Its labels.
    pub labels: Vec<String>,
    /// Its size.
    pub need: Need,
    /// The ECS task definition: a family, or one revision of it.
    pub task_definition: String,
    /// The container of it that is the runner.
    pub container: String,
}

/// What is in one region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Region {
    /// The admin address of its node, for probes: `http://10.0.1.7:8081`.
    pub node_url: String,
    /// The name of its queue; a name ending in `.fifo` is a FIFO queue, as `provision` makes it.
    pub queue: String,
    /// Its ECS cluster.
    pub cluster: String,
    /// Where tasks are started.
    pub subnets: Vec<String>,
    /// What may reach them, and what they may reach.
    pub security_groups: Vec<String>,
    /// Whether tasks get a public address: without a NAT they need one to reach GitHub.
    pub public_ip: bool,
    /// An address that stands in for all of AWS's in this region: for tests, and for private endpoints.
    pub endpoint_url: Option<String>,
}

/// The names of the tables, the same in every region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Claims.
    pub claims: String,
    /// Nodes' records.
    pub nodes: String,
}

/// How much of the journal is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Journal {
    /// A segment of so many bytes is closed and another begun.
    pub segment_bytes: u64,
    /// Closed segments that are kept; older ones are deleted.
    pub keep: usize,
    /// Whether a webhook is answered only when its line is on the disk (else when the system has it, which outlives a
    /// crash of the process but not one of the machine).
    pub sync: bool,
}
