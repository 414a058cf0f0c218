//! Tasks on ECS: launched and stopped. Knows task definitions, sizes and the idempotence of launches; must not know why
//! a runner is wanted.
//!
//! The text of a placement is the client token and `startedBy` of its task: a launch that is asked for twice gives one
//! task, and a task is found by its placement when its ARN is not known any more.

use super::Gate;
use super::failure::{failure, of_reason};
use super::follow::Watched;
use super::sizes::size_of;
use crate::config::{Config, Region, Runner, Secret};
use crate::names::Names;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::operation::run_task::builders::RunTaskFluentBuilder;
use aws_sdk_ecs::operation::run_task::{RunTaskError, RunTaskOutput};
use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, CapacityProviderStrategyItem, ContainerOverride, KeyValuePair,
    NetworkConfiguration, Tag, TaskOverride,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tidegate_core::Need;
use tidegate_core::id::PlacementId;
use tidegate_core::port::runner::{Event, StopCause};
use tidegate_core::port::{Failure, Ticket};
use tracing::{debug, warn};

/// Calls at once: RunTask is allowed 20 a second (facts.md), and each takes well below one.
const CALLS_AT_ONCE: usize = 16;

/// What a runner's container is told its just-in-time configuration in.
const JIT_CONFIG: &str = "TIDEGATE_JIT_CONFIG";

/// The tag of a task that names its placement, for bills and for people.
const TAG: &str = "tidegate:placement";

/// The cluster of the own region.
#[derive(Debug)]
pub struct Tasks {
    pub(super) client: Client,
    pub(super) gate: Gate,
    place: Region,
    runners: Vec<Runner>,
    names: Arc<Names>,
    watched: Mutex<BTreeMap<PlacementId, Watched>>,
}

impl Tasks {
    pub(crate) fn new(client: Client, config: &Config, region: &str, names: Arc<Names>) -> Self {
        Self {
            client,
            gate: Gate::new(CALLS_AT_ONCE),
            place: config.regions.get(region).cloned().unwrap_or_default(),
            runners: config.runners.clone(),
            names,
            watched: Mutex::default(),
        }
    }

    /// Launches the task of a registered runner; `jit` is its just-in-time configuration. Answers `Launched`, also when
    /// an earlier launch of the placement had come through, or `LaunchFailed`.
    pub async fn launch(&self, ticket: &Ticket, spot: bool, jit: &Secret) -> Event {
        let placement = ticket.placement;
        match self.run(ticket, spot, jit).await {
            Ok(arn) => {
                self.watched().insert(placement, Watched::of_task(arn));
                Event::Launched { placement }
            }
            Err(failure) => Event::LaunchFailed { placement, failure },
        }
    }

    /// Stops the task of a placement. Answered here only when there is none; else by a later [`Tasks::poll`].
    pub async fn stop(&self, placement: PlacementId) -> Option<Event> {
        let known = self.watched().get(&placement).and_then(|task| task.arn.clone());
        let arn = match known {
            Some(arn) => Some(arn),
            None => match self.started_by(placement).await {
                Ok(arn) => arn,
                Err(failure) => {
                    debug!(%placement, ?failure, "tasks cannot be listed");
                    return None; // the dispatcher asks again
                }
            },
        };
        let gone = Event::Stopped { placement, cause: StopCause::Requested };
        let Some(arn) = arn else {
            self.watched().remove(&placement);
            return Some(gone);
        };
        let stopped = {
            let _permit = self.gate.pass().await.ok()?; // the dispatcher asks again
            self.client.stop_task().cluster(&self.place.cluster).task(&arn).reason("asked for by Tidegate").send().await
        };
        let Err(error) = stopped else {
            // It is followed to its end, also when its launch was lost.
            self.watched().entry(placement).or_insert_with(|| Watched::of_task(Some(arn)));
            return None;
        };
        let message = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or("");
        if message.contains("not found") {
            self.watched().remove(&placement);
            return Some(gone);
        }
        debug!(%placement, failure = ?failure(&error), "a task is not stopped");
        None
    }

    pub(super) fn cluster(&self) -> &str {
        &self.place.cluster
    }

    pub(super) fn watched(&self) -> MutexGuard<'_, BTreeMap<PlacementId, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The task of a placement that is not stopping, if there is one. `startedBy` must be the only filter (API
    /// reference of ListTasks), and without one for the status ECS lists what is to run.
    pub(super) async fn started_by(&self, placement: PlacementId) -> Result<Option<String>, Failure> {
        let _permit = self.gate.pass().await?;
        let call = self.client.list_tasks().cluster(&self.place.cluster).started_by(placement.to_string());
        let answer = call.send().await.map_err(|error| failure(&error))?;
        Ok(answer.task_arns().first().cloned())
    }

    /// The ARN of the task, where ECS names it.
    async fn run(&self, ticket: &Ticket, spot: bool, jit: &Secret) -> Result<Option<String>, Failure> {
        let call = self.request(ticket, spot, jit)?;
        let answer = {
            let _permit = self.gate.pass().await?;
            call.send().await
        };
        match answer {
            Ok(answer) => accepted(ticket.placement, &answer),
            Err(error) => {
                if let Some(RunTaskError::ConflictException(conflict)) = error.as_service_error() {
                    // The token was used with another configuration: an earlier launch came through.
                    return Ok(conflict.resource_ids().first().cloned());
                }
                let said = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or("");
                let failure = failure(&error);
                debug!(placement = %ticket.placement, ?failure, said, "a launch failed");
                Err(failure)
            }
        }
    }

    fn request(&self, ticket: &Ticket, spot: bool, jit: &Secret) -> Result<RunTaskFluentBuilder, Failure> {
        let class = self.names.text(ticket.class);
        let Some(runner) = runner_for(&self.runners, class.as_deref(), &ticket.need) else {
            warn!(placement = %ticket.placement, class, "no runner of the configuration fits");
            return Err(Failure::Denied);
        };
        let (cpu, memory) = size_of(&ticket.need).ok_or(Failure::Denied)?;
        let variable = KeyValuePair::builder().name(JIT_CONFIG).value(jit.reveal()).build();
        let container = ContainerOverride::builder().name(&runner.container).environment(variable).build();
        let overrides =
            TaskOverride::builder().cpu(cpu.to_string()).memory(memory.to_string()).container_overrides(container);
        let provider = if spot { "FARGATE_SPOT" } else { "FARGATE" };
        let strategy = CapacityProviderStrategyItem::builder().capacity_provider(provider).weight(1);
        let public_ip = if self.place.public_ip { AssignPublicIp::Enabled } else { AssignPublicIp::Disabled };
        let network = AwsVpcConfiguration::builder()
            .set_subnets(Some(self.place.subnets.clone()))
            .set_security_groups(Some(self.place.security_groups.clone()))
            .assign_public_ip(public_ip)
            .build()
            .expect("subnets are set");
        let text = ticket.placement.to_string();
        Ok(self
            .client
            .run_task()
            .count(1)
            .cluster(&self.place.cluster)
            .task_definition(&runner.task_definition)
            .capacity_provider_strategy(strategy.build().expect("the provider is set"))
            .network_configuration(NetworkConfiguration::builder().awsvpc_configuration(network).build())
            .overrides(overrides.build())
            .tags(Tag::builder().key(TAG).value(&text).build())
            .started_by(&text)
            .client_token(text))
    }
}

/// What a 200 of RunTask says: a task, or why there is none.
fn accepted(placement: PlacementId, answer: &RunTaskOutput) -> Result<Option<String>, Failure> {
    if let Some(task) = answer.tasks().first() {
        return Ok(task.task_arn().map(str::to_owned));
    }
    let reason = answer.failures().first().and_then(|failure| failure.reason()).unwrap_or("");
    debug!(%placement, reason, "a launch is refused");
    Err(of_reason(reason))
}

/// The first runner whose labels hold all of the job's own (GitHub compares them without case); when the job's are not
/// known, the first that is large enough.
fn runner_for<'a>(runners: &'a [Runner], class: Option<&str>, need: &Need) -> Option<&'a Runner> {
    let Some(class) = class else {
        let is_enough = |has: &Need| has.vcpu_milli >= need.vcpu_milli && has.memory_mib >= need.memory_mib;
        return runners.iter().find(|runner| runner.need.arch == need.arch && is_enough(&runner.need));
    };
    let offers = |runner: &&Runner| {
        let has = |label: &str| runner.labels.iter().any(|own| own.eq_ignore_ascii_case(label));
        class.split(',').filter(|label| !label.is_empty()).all(has)
    };
    runners.iter().find(offers)
}

#[cfg(test)]
mod tests;
