//! The core's ports on real SQS, DynamoDB and ECS. Knows how clients are made and how many calls are open at once; must
//! not know what any machine decides.
//!
//! A call that has its place takes no longer than its time-outs, and nothing fails: an outcome is an event of the port, or
//! none, and then the machine's own deadline fires.

mod batch;
mod claims;
mod failure;
mod follow;
mod gate;
mod health;
mod judge;
mod listing;
mod message;
mod permissions;
pub mod provision;
mod queues;
mod quotas;
mod receipts;
mod records;
#[cfg(test)]
mod replay;
mod sizes;
mod tables;
mod tasks;

pub(crate) use failure::words;
pub(crate) use gate::Gate;
pub use health::{Health, HealthReport};
pub use permissions::Permission;
pub use queues::{QueueLoad, Queues};
pub use quotas::Quota;
pub use tables::Tables;
pub use tasks::Tasks;

use crate::config::Config;
use crate::names::Names;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::ProvideCredentials;
use std::sync::Arc;
use std::time::Duration;
use tidegate_core::Policy;
use tidegate_core::id::RegionId;

/// A connection that takes longer is not made: the farthest regions are a third of a second apart, and a lost first
/// packet is sent again after one second.
const CONNECT: Duration = Duration::from_secs(2);

/// How long a call may take, and how often it is tried.
pub(crate) struct Patience {
    attempt: Duration,
    operation: Duration,
    attempts: u32,
}

impl Patience {
    /// While a machine waits. One attempt: ten times what the slowest of our calls takes when all is well (a strong
    /// write from Singapore, 285 ms by facts.md). One more hides a lost packet; everything beyond that is for the core
    /// to decide, and the controller asks again after ten seconds.
    pub(crate) const LATENCY: Self =
        Self { attempt: Duration::from_secs(4), operation: Duration::from_secs(8), attempts: 2 };

    /// While an operator waits.
    pub(crate) const CARE: Self =
        Self { attempt: Duration::from_secs(20), operation: Duration::from_secs(60), attempts: 4 };
}

/// All of AWS that one node speaks to.
#[derive(Debug)]
pub struct Aws {
    /// Queues: all regions' to send to, the own one to receive from.
    pub queues: Queues,
    /// The own region's replica of the tables.
    pub tables: Tables,
    /// The own region's cluster.
    pub tasks: Tasks,
    /// How all of these are.
    pub health: Health,
}

impl Aws {
    /// Makes the clients of a node that stands in `me`. Nothing is called yet, but for what the SDK's own chain of
    /// configuration asks. `started_at_micros`: when the process began, microseconds since the Unix epoch, by which
    /// receipts of an earlier process are told from ours.
    ///
    /// Must be called within a tokio runtime: batches are sent by small tasks.
    pub async fn connect(
        config: &Config,
        policy: Arc<Policy>,
        me: RegionId,
        names: Arc<Names>,
        started_at_micros: u64,
    ) -> Self {
        let sdk = Sdk::load(config, &policy, me, &Patience::LATENCY).await;
        Self::of_clients(&sdk, config, policy, me, names, started_at_micros)
    }

    /// Whether the SDK's own chain finds credentials; in words.
    ///
    /// # Errors
    /// Where it looked, and what was the matter.
    pub async fn credentials(config: &Config, policy: &Policy, me: RegionId) -> Result<String, String> {
        let sdk = Sdk::load(config, policy, me, &Patience::LATENCY).await;
        let provider = sdk.base.credentials_provider().ok_or("nothing provides them")?;
        let found = provider.provide_credentials().await;
        found.map(|_| "found".to_owned()).map_err(|error| {
            format!("{}; set AWS_PROFILE or AWS_ACCESS_KEY_ID, or run it where a role gives them", words(&error))
        })
    }

    /// What the credentials may do in `me`, as far as calls that change nothing can tell: each action with what it is on.
    pub async fn permissions(config: &Config, policy: &Policy, me: RegionId) -> Vec<(String, Permission)> {
        let sdk = Sdk::load(config, policy, me, &Patience::LATENCY).await;
        permissions::permissions(&sdk, config, policy, me).await
    }

    /// The quotas of `me` beside what the policy lets run there at once, each with its name.
    pub async fn quotas(config: &Config, policy: &Policy, me: RegionId) -> Vec<(String, Quota)> {
        let sdk = Sdk::load(config, policy, me, &Patience::LATENCY).await;
        quotas::quotas(&sdk, config, policy, me).await
    }

    fn of_clients(
        sdk: &Sdk,
        config: &Config,
        policy: Arc<Policy>,
        me: RegionId,
        names: Arc<Names>,
        started_at_micros: u64,
    ) -> Self {
        let (dynamodb, ecs) = (sdk.dynamodb(me), sdk.ecs(me));
        let queues = Queues::new(sdk, config, &policy, me, Arc::clone(&names), started_at_micros);
        let tables = Tables::new(dynamodb.clone(), &config.tables, Arc::clone(&policy), me, Arc::clone(&names));
        let tasks = Tasks::new(ecs.clone(), config, &policy.regions[me.index()].name, names);
        let node = policy.regions[me.index()].name.clone();
        let health = Health::new(queues.own(), dynamodb, ecs, config, node);
        Self { queues, tables, tasks, health }
    }
}

/// Makes clients for each region of a policy.
pub(crate) struct Sdk {
    base: SdkConfig,
    /// By region: its name, and the address that stands in for all of AWS's there.
    regions: Vec<(String, Option<String>)>,
}

impl Sdk {
    /// Asks the SDK's own chain for credentials and endpoints.
    pub(crate) async fn load(config: &Config, policy: &Policy, me: RegionId, patience: &Patience) -> Self {
        let own = Region::new(policy.regions[me.index()].name.clone());
        let base = aws_config::defaults(BehaviorVersion::latest())
            .region(own)
            .app_name(AppName::new("tidegate").expect("letters are allowed"))
            .timeout_config(timeouts(patience.attempt, patience.operation))
            .retry_config(RetryConfig::standard().with_max_attempts(patience.attempts))
            // Answers are small and each attempt has its time-out; the silence of a long poll is no stall.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .load()
            .await;
        Self::of_base(base, config, policy)
    }

    /// The same on a ready configuration.
    pub(crate) fn of_base(base: SdkConfig, config: &Config, policy: &Policy) -> Self {
        let endpoint = |name: &String| config.regions.get(name).and_then(|region| region.endpoint_url.clone());
        let regions = policy.regions.iter().map(|region| (region.name.clone(), endpoint(&region.name))).collect();
        Self { base, regions }
    }

    /// The configuration of clients of a region.
    fn of_region(&self, region: RegionId) -> SdkConfig {
        let (name, endpoint) = &self.regions[region.index()];
        let mut builder = self.base.to_builder().region(Region::new(name.clone()));
        if let Some(endpoint) = endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        builder.build()
    }

    pub(crate) fn sqs(&self, region: RegionId) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.of_region(region))
    }

    pub(crate) fn dynamodb(&self, region: RegionId) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.of_region(region))
    }

    pub(crate) fn ecs(&self, region: RegionId) -> aws_sdk_ecs::Client {
        aws_sdk_ecs::Client::new(&self.of_region(region))
    }

    pub(crate) fn servicequotas(&self, region: RegionId) -> aws_sdk_servicequotas::Client {
        aws_sdk_servicequotas::Client::new(&self.of_region(region))
    }
}

/// Time-outs of calls of which one attempt may take so long.
pub(crate) fn timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}

/// Seconds since the Unix epoch by this machine's clock: DynamoDB's TTL counts so.
pub(crate) fn epoch_seconds() -> u64 {
    crate::clock::wall().as_secs()
}

/// A wait of 10 to 60 ms, longer each round, that is not the same on two nodes: their clocks differ in nanoseconds.
pub(crate) fn backoff(round: u32) -> Duration {
    let nanos = crate::clock::wall().subsec_nanos();
    Duration::from_millis(u64::from(round) * (10 + u64::from(nanos / 1_000 % 50)))
}
