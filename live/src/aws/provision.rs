//! Makes what the daemon needs in AWS: queues, clusters, tables and their replicas. Knows what is wanted and what is
//! there; must not know what any of it is used for.
//!
//! Idempotent: what is there is left, what differs is changed where AWS allows that and told where it does not.

mod queues;
mod tables;

use super::failure::{failure, words};
use super::{Patience, Sdk};
use crate::config::{self, Config};
use aws_sdk_ecs::types::Cluster;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use std::fmt;
use tidegate_core::Policy;
use tidegate_core::id::RegionId;
use tidegate_core::policy::Consistency;

/// What a thing is, compared with what it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is not there: to be made, or just made.
    Create,
    /// It is there as it is to be.
    Exists,
    /// It is there and differs in this, which is to be changed, or just was.
    Update(String),
    /// It is there and differs in this, which cannot be changed: somebody must look.
    Differs(String),
}

/// One thing in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// AWS's name of the region.
    pub region: String,
    /// What it is, such as ``queue `tidegate.fifo` ``.
    pub thing: String,
    /// How it is.
    pub state: State,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: ", self.region, self.thing)?;
        match &self.state {
            State::Create => write!(f, "create"),
            State::Exists => write!(f, "exists"),
            State::Update(what) => write!(f, "update: {what}"),
            State::Differs(what) => write!(f, "differs: {what}"),
        }
    }
}

/// All things in all regions, in the order in which they are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// One step for each thing.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Whether all is there as it is to be.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.steps.iter().all(|step| step.state == State::Exists)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

/// Why something was not looked at or not made. What was made before stays; the next run goes on from there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProvisionError {
    /// AWS did not do it.
    #[error("{region}: {thing}: {message}")]
    Call {
        /// Where.
        region: String,
        /// What.
        thing: String,
        /// AWS's code and message.
        message: String,
    },
    /// It was begun and is not ready after so long.
    #[error("{region}: {thing} is not ready after {minutes} minutes; run it again to go on waiting")]
    TookTooLong {
        /// Where.
        region: String,
        /// What.
        thing: String,
        /// How long was waited.
        minutes: u64,
    },
    /// The policy asks for what DynamoDB cannot do.
    #[error("consistency \"strong\" needs three regions, and the policy names {0}")]
    NotThreeRegions(usize),
}

/// One region: its clients and the names of what is there.
pub(crate) struct Place {
    name: String,
    queue: String,
    cluster: String,
    sqs: aws_sdk_sqs::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    ecs: aws_sdk_ecs::Client,
}

/// Looks at and makes things in all regions of a policy.
pub struct Provision {
    places: Vec<Place>,
    tables: config::Tables,
    strong: bool,
}

impl Provision {
    /// Makes the clients of all regions; nothing is called yet, but for what the SDK's own chain asks.
    pub async fn connect(config: &Config, policy: &Policy) -> Self {
        let sdk = Sdk::load(config, policy, RegionId(0), &Patience::CARE).await;
        Self::of_clients(&sdk, config, policy)
    }

    fn of_clients(sdk: &Sdk, config: &Config, policy: &Policy) -> Self {
        let place = |id: RegionId| {
            let name = policy.regions[id.index()].name.clone();
            let region = config.regions.get(&name).cloned().unwrap_or_default();
            let (sqs, dynamodb, ecs) = (sdk.sqs(id), sdk.dynamodb(id), sdk.ecs(id));
            Place { name, queue: region.queue, cluster: region.cluster, sqs, dynamodb, ecs }
        };
        Self {
            places: policy.ids().map(place).collect(),
            tables: config.tables.clone(),
            strong: policy.consistency == Consistency::Strong,
        }
    }

    /// Looks at everything and changes nothing.
    ///
    /// # Errors
    /// What could not be looked at, or that the policy asks for the impossible.
    pub async fn plan(&self) -> Result<Plan, ProvisionError> {
        self.walk(false).await
    }

    /// Makes what is not there and changes what differs; gives what was done. New replicas take minutes each.
    ///
    /// # Errors
    /// The first thing that could not be looked at or made.
    pub async fn apply(&self) -> Result<Plan, ProvisionError> {
        self.walk(true).await
    }

    async fn walk(&self, apply: bool) -> Result<Plan, ProvisionError> {
        // A strong table has exactly three replicas (facts.md); one region alone has nothing to agree with.
        if self.strong && self.places.len() != 3 {
            return Err(ProvisionError::NotThreeRegions(self.places.len()));
        }
        let mut steps = Vec::new();
        for place in &self.places {
            steps.extend(queues::provide(place, apply).await?);
            steps.push(place.cluster(apply).await?);
        }
        for table in [tables::Spec::claims(&self.tables, self.strong), tables::Spec::nodes(&self.tables)] {
            steps.extend(tables::provide(&self.places, &table, apply).await?);
        }
        Ok(Plan { steps })
    }
}

/// The capacity providers of Fargate, which `launch` names.
const PROVIDERS: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

impl Place {
    fn step(&self, thing: &str, state: State) -> Step {
        Step { region: self.name.clone(), thing: thing.to_owned(), state }
    }

    fn failed<E: ProvideErrorMetadata + std::error::Error + 'static>(
        &self,
        thing: &str,
        error: &SdkError<E>,
    ) -> ProvisionError {
        let said = error.as_service_error();
        let message = match (said.and_then(ProvideErrorMetadata::code), said.and_then(ProvideErrorMetadata::message)) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.to_owned(),
            (None, _) => format!("{:?}: {}", failure(error), words(error)),
        };
        ProvisionError::Call { region: self.name.clone(), thing: thing.to_owned(), message }
    }

    async fn cluster(&self, apply: bool) -> Result<Step, ProvisionError> {
        let thing = format!("cluster `{}`", self.cluster);
        let answer = self.ecs.describe_clusters().clusters(&self.cluster).send().await;
        let answer = answer.map_err(|error| self.failed(&thing, &error))?;
        let state = cluster_state(answer.clusters().first());
        if apply {
            match &state {
                State::Create => {
                    let call = self.ecs.create_cluster().cluster_name(&self.cluster);
                    let call = PROVIDERS.iter().fold(call, |call, provider| call.capacity_providers(*provider));
                    call.send().await.map_err(|error| self.failed(&thing, &error))?;
                }
                State::Update(_) => self.set_providers(&thing, answer.clusters().first()).await?,
                State::Exists | State::Differs(_) => {}
            }
        }
        Ok(self.step(&thing, state))
    }

    /// Adds Fargate's providers to those the cluster has; the call sets all of them.
    async fn set_providers(&self, thing: &str, cluster: Option<&Cluster>) -> Result<(), ProvisionError> {
        let has = cluster.map(|cluster| cluster.capacity_providers().to_vec()).unwrap_or_default();
        let strategy = cluster.map(|cluster| cluster.default_capacity_provider_strategy().to_vec()).unwrap_or_default();
        let lacks = PROVIDERS.iter().map(|provider| (*provider).to_owned()).filter(|provider| !has.contains(provider));
        let all = has.iter().cloned().chain(lacks).collect();
        let call = self.ecs.put_cluster_capacity_providers().cluster(&self.cluster).set_capacity_providers(Some(all));
        let call = call.set_default_capacity_provider_strategy(Some(strategy));
        call.send().await.map(drop).map_err(|error| self.failed(thing, &error))
    }
}

/// A deleted cluster is listed as inactive for a while, and can be made again.
fn cluster_state(cluster: Option<&Cluster>) -> State {
    let Some(cluster) = cluster.filter(|cluster| cluster.status() != Some("INACTIVE")) else { return State::Create };
    let has = |provider: &&&str| !cluster.capacity_providers().iter().any(|own| own == **provider);
    let lacks: Vec<&str> = PROVIDERS.iter().filter(has).copied().collect();
    if lacks.is_empty() { State::Exists } else { State::Update(format!("add capacity providers {}", lacks.join(", "))) }
}

#[cfg(test)]
mod tests;
