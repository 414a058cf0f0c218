//! How the own region's queue, cluster and tables are. Knows one cheap call to each; must not know what is concluded.

use super::failure::failure;
use super::queues::{Queue, QueueLoad};
use crate::config::{Config, Region, Tables};
use crate::services::Services;
use aws_sdk_dynamodb::types::AttributeValue;
use std::sync::Arc;
use std::time::Duration;
use tidegate_core::port::Failure;

/// A service that takes longer is not well: half of a probe's default time-out, which must hold the way there too.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// What the services of the own region answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthReport {
    /// Which of them answer.
    pub services: Services,
    /// How full the queue is; `None` when it does not answer.
    pub queue: Option<QueueLoad>,
    /// One sentence for each that is not well.
    pub detail: Vec<String>,
}

/// Looks after the own region's services.
#[derive(Debug)]
pub struct Health {
    queue: Arc<Queue>,
    dynamodb: aws_sdk_dynamodb::Client,
    ecs: aws_sdk_ecs::Client,
    place: Region,
    tables: Tables,
    node: String,
}

impl Health {
    pub(crate) fn new(
        queue: Arc<Queue>,
        dynamodb: aws_sdk_dynamodb::Client,
        ecs: aws_sdk_ecs::Client,
        config: &Config,
        node: String,
    ) -> Self {
        let place = config.regions.get(&node).cloned().unwrap_or_default();
        Self { queue, dynamodb, ecs, place, tables: config.tables.clone(), node }
    }

    /// Asks all of them at once. Answers within two seconds.
    pub async fn look(&self) -> HealthReport {
        let (queue, cluster, nodes, claims) = tokio::join!(
            within(self.queue.load()),
            within(self.cluster()),
            within(self.nodes_table()),
            within(self.claims_table())
        );
        let mut detail = Vec::new();
        let mut is_well = |name: &str, of: &str, wrong: Option<String>| match wrong {
            None => true,
            Some(wrong) => {
                detail.push(format!("the {name} {of} {wrong}"));
                false
            }
        };
        let refused = |failure: Failure| {
            let hint = match failure {
                Failure::Denied => "; look at the credentials and at what their role may do",
                Failure::Unreachable | Failure::Timeout => "; look at the region's name, endpointUrl and the network",
                Failure::Capacity
                | Failure::GitHubBudget
                | Failure::GitHubDown
                | Failure::NameTaken
                | Failure::Service
                | Failure::Stopped
                | Failure::Throttled => "",
            };
            format!("does not answer: {failure:?}{hint}")
        };
        let services = Services {
            queue: is_well("queue", &self.place.queue, queue.err().map(refused)),
            cluster: match cluster {
                Ok(status) if status == "ACTIVE" => true,
                Ok(status) => is_well("cluster", &self.place.cluster, Some(format!("is {status}"))),
                Err(failure) => is_well("cluster", &self.place.cluster, Some(refused(failure))),
            },
            nodes_table: is_well("nodes table", &self.tables.nodes, nodes.err().map(refused)),
            claims_table: is_well("claims table", &self.tables.claims, claims.err().map(refused)),
        };
        HealthReport { services, queue: queue.ok(), detail }
    }

    async fn cluster(&self) -> Result<String, Failure> {
        let answer = self.ecs.describe_clusters().clusters(&self.place.cluster).send().await;
        let answer = answer.map_err(|error| failure(&error))?;
        let status = answer.clusters().first().and_then(|cluster| cluster.status());
        Ok(status.unwrap_or("not there").to_owned())
    }

    async fn nodes_table(&self) -> Result<(), Failure> {
        let key = AttributeValue::S(self.node.clone());
        let answer = self.dynamodb.get_item().table_name(&self.tables.nodes).key("node", key).send().await;
        answer.map(drop).map_err(|error| failure(&error))
    }

    async fn claims_table(&self) -> Result<(), Failure> {
        let (job, writer) = (AttributeValue::N("0".to_owned()), AttributeValue::S(self.node.clone())); // there is no such job
        let asked = self.dynamodb.get_item().table_name(&self.tables.claims).key("job", job).key("writer", writer);
        asked.send().await.map(drop).map_err(|error| failure(&error))
    }
}

async fn within<T>(call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(ANSWER_WITHIN, call).await.unwrap_or(Err(Failure::Timeout))
}
impl super::Tasks {
    /// Whether a task definition is there and has the container that is the runner; in words.
    ///
    /// # Errors
    /// What is the matter, in words.
    pub async fn look_at_definition(&self, definition: &str, container: &str) -> Result<String, String> {
        let described = self.client.describe_task_definition().task_definition(definition).send().await;
        let described = described.map_err(|error| format!("cannot be looked at: {:?}", failure(&error)))?;
        let found = described.task_definition().ok_or("AWS answers nothing")?;
        let named = found.container_definitions().iter().any(|one| one.name() == Some(container));
        if !named {
            return Err(format!("has no container `{container}`; look at runners.container"));
        }
        let runner = found.container_definitions().iter().find(|one| one.name() == Some(container));
        let image = runner.and_then(|one| one.image()).unwrap_or("none");
        // What a tag names may change under a runner that was tried.
        let pinned = if image.contains("@sha256:") { "" } else { " (by tag: a digest would pin it)" };
        let arn = found.task_definition_arn().unwrap_or(definition);
        Ok(format!("{arn}, container {container}, image {image}{pinned}"))
    }
}
