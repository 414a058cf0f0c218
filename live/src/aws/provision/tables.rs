//! The tables as they are to be, with their replicas. Knows keys, indexes and modes of DynamoDB; must not know items.

use super::{Place, ProvisionError, State, Step};
use crate::aws::tables::INDEX;
use crate::config;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateReplicationGroupMemberAction, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, MultiRegionConsistency, PointInTimeRecoverySpecification, Projection, ProjectionType,
    ReplicationGroupUpdate, ScalarAttributeType, StreamSpecification, StreamViewType, TableDescription,
    TimeToLiveSpecification,
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often a table that is being made is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long a table or a replica is waited for, in minutes: an empty one takes a few.
const READY_WITHIN: u64 = 30;

/// The attribute that says when an item may go.
const EXPIRES: &str = "expires";

/// A table as it is to be.
pub(super) struct Spec {
    name: String,
    /// Names and whether they are numbers; the first is the partition key.
    keys: Vec<(&'static str, bool)>,
    /// Whether it has the index of open claims.
    has_index: bool,
    has_ttl: bool,
    strong: bool,
}

impl Spec {
    pub(super) fn claims(names: &config::Tables, strong: bool) -> Self {
        let keys = vec![("job", true), ("writer", false)];
        // Strong mode has no TTL: the daemon sweeps.
        Self { name: names.claims.clone(), keys, has_index: true, has_ttl: !strong, strong }
    }

    /// Never strong: an isolated node must go on writing its own record.
    pub(super) fn nodes(names: &config::Tables) -> Self {
        let keys = vec![("node", false)];
        Self { name: names.nodes.clone(), keys, has_index: false, has_ttl: false, strong: false }
    }

    fn thing(&self) -> String {
        format!("table `{}`", self.name)
    }
}

/// The table in the first region, its replicas in the others, and what each replica has of its own.
pub(super) async fn provide(places: &[Place], spec: &Spec, apply: bool) -> Result<Vec<Step>, ProvisionError> {
    let (home, others) = places.split_first().expect("a policy names a region");
    let thing = spec.thing();
    let mut table = describe(home, spec).await?;
    let state = table.as_ref().map_or(State::Create, |table| compare(table, spec, others.len()));
    let mut steps = vec![home.step(&thing, state.clone())];
    if apply && state == State::Create {
        let call = create(home, spec, others.len());
        call.send().await.map_err(|error| home.failed(&thing, &error))?;
        table = Some(wait(home, spec, &[]).await?);
    }
    steps.extend(replicate(home, others, spec, table.as_ref(), apply).await?);
    for place in places {
        steps.push(recovery(place, spec, apply).await?);
    }
    if spec.has_ttl {
        steps.push(ttl(home, spec, apply).await?);
    }
    Ok(steps)
}

async fn describe(place: &Place, spec: &Spec) -> Result<Option<TableDescription>, ProvisionError> {
    match place.dynamodb.describe_table().table_name(&spec.name).send().await {
        Ok(answer) => Ok(answer.table),
        Err(error) if is_missing(error.as_service_error()) => Ok(None),
        Err(error) => Err(place.failed(&spec.thing(), &error)),
    }
}

fn is_missing(error: Option<&impl ProvideErrorMetadata>) -> bool {
    matches!(error.and_then(ProvideErrorMetadata::code), Some("ResourceNotFoundException" | "TableNotFoundException"))
}

fn create(place: &Place, spec: &Spec, others: usize) -> CreateTableFluentBuilder {
    let mut call = place.dynamodb.create_table().table_name(&spec.name).billing_mode(BillingMode::PayPerRequest);
    let attribute = |name: &str, is_number: bool| {
        let kind = if is_number { ScalarAttributeType::N } else { ScalarAttributeType::S };
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().expect("both are set")
    };
    let key = |name: &str, kind: KeyType| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("both are set")
    };
    for ((name, is_number), kind) in spec.keys.iter().zip([KeyType::Hash, KeyType::Range]) {
        call = call.attribute_definitions(attribute(name, *is_number)).key_schema(key(name, kind));
    }
    if spec.has_index {
        let index = GlobalSecondaryIndex::builder()
            .index_name(INDEX)
            .key_schema(key("open", KeyType::Hash))
            .key_schema(key("job", KeyType::Range))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .expect("name and keys are set");
        call = call.attribute_definitions(attribute("open", false)).global_secondary_indexes(index);
    }
    if others > 0 && !spec.strong {
        // Asynchronous replication reads the stream.
        let stream = StreamSpecification::builder().stream_enabled(true);
        let stream = stream.stream_view_type(StreamViewType::NewAndOldImages).build();
        call = call.stream_specification(stream.expect("it is said whether there is one"));
    }
    call
}

fn compare(table: &TableDescription, spec: &Spec, others: usize) -> State {
    let mut wrong = Vec::new();
    let has: Vec<&str> = table.key_schema().iter().map(KeySchemaElement::attribute_name).collect();
    if has != spec.keys.iter().map(|(name, _)| *name).collect::<Vec<_>>() {
        wrong.push(format!("its key is {}", has.join(", ")));
    }
    let is_index = |name: Option<&str>| name == Some(INDEX);
    if spec.has_index && !table.global_secondary_indexes().iter().any(|index| is_index(index.index_name())) {
        wrong.push(format!("it has no index `{INDEX}`"));
    }
    let strong = table.multi_region_consistency() == Some(&MultiRegionConsistency::Strong);
    if others > 0 && !table.replicas().is_empty() && strong != spec.strong {
        let mode = |strong: bool| if strong { "strongly" } else { "eventually" };
        wrong.push(format!("it is {} consistent, and is to be {} so", mode(strong), mode(spec.strong)));
    }
    if wrong.is_empty() { State::Exists } else { State::Differs(wrong.join("; ")) }
}

async fn replicate(
    home: &Place,
    others: &[Place],
    spec: &Spec,
    table: Option<&TableDescription>,
    apply: bool,
) -> Result<Vec<Step>, ProvisionError> {
    let has = |place: &Place| {
        let replicas = table.map(TableDescription::replicas).unwrap_or_default();
        replicas.iter().any(|replica| replica.region_name() == Some(place.name.as_str()))
    };
    let thing = format!("replica of table `{}`", spec.name);
    let lacking: Vec<&Place> = others.iter().filter(|place| !has(place)).collect();
    if apply {
        // Strong: all at once, on an empty table. Eventual: one at a time, as the API asks.
        let at_once = if spec.strong { lacking.len().max(1) } else { 1 };
        let mut ready: Vec<&str> = Vec::new();
        for some in lacking.chunks(at_once) {
            let mut call = home.dynamodb.update_table().table_name(&spec.name);
            for place in some {
                let action = CreateReplicationGroupMemberAction::builder().region_name(&place.name).build();
                let update = ReplicationGroupUpdate::builder().create(action.expect("the region is set")).build();
                call = call.replica_updates(update);
            }
            if spec.strong {
                call = call.multi_region_consistency(MultiRegionConsistency::Strong);
            }
            call.send().await.map_err(|error| home.failed(&thing, &error))?;
            ready.extend(some.iter().map(|place| place.name.as_str()));
            wait(home, spec, &ready).await?;
        }
    }
    let state = |place: &Place| if has(place) { State::Exists } else { State::Create };
    Ok(others.iter().map(|place| place.step(&thing, state(place))).collect())
}

/// Waits until the table and these replicas of it can be used.
async fn wait(home: &Place, spec: &Spec, replicas: &[&str]) -> Result<TableDescription, ProvisionError> {
    let until = Instant::now() + Duration::from_mins(READY_WITHIN);
    while Instant::now() < until {
        if let Some(table) = describe(home, spec).await?
            && is_ready(&table, replicas)
        {
            return Ok(table);
        }
        sleep(LOOK_EVERY).await;
    }
    Err(ProvisionError::TookTooLong { region: home.name.clone(), thing: spec.thing(), minutes: READY_WITHIN })
}

fn is_ready(table: &TableDescription, replicas: &[&str]) -> bool {
    let is_active = |name: &&str| {
        let replica = table.replicas().iter().find(|replica| replica.region_name() == Some(*name));
        replica.and_then(|replica| replica.replica_status()).is_some_and(|status| status.as_str() == "ACTIVE")
    };
    table.table_status().is_some_and(|status| status.as_str() == "ACTIVE") && replicas.iter().all(is_active)
}

/// Point-in-time recovery is each replica's own.
async fn recovery(place: &Place, spec: &Spec, apply: bool) -> Result<Step, ProvisionError> {
    let thing = format!("point-in-time recovery of table `{}`", spec.name);
    let answer = place.dynamodb.describe_continuous_backups().table_name(&spec.name).send().await;
    let is_on = match answer {
        Ok(answer) => answer
            .continuous_backups_description()
            .and_then(|backups| backups.point_in_time_recovery_description()?.point_in_time_recovery_status())
            .is_some_and(|status| status.as_str() == "ENABLED"),
        Err(error) if is_missing(error.as_service_error()) => false,
        Err(error) => return Err(place.failed(&thing, &error)),
    };
    if apply && !is_on {
        let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
        let call = place.dynamodb.update_continuous_backups().table_name(&spec.name);
        let call = call.point_in_time_recovery_specification(on.expect("it is said whether it is on"));
        call.send().await.map_err(|error| place.failed(&thing, &error))?;
    }
    Ok(place.step(&thing, if is_on { State::Exists } else { State::Create }))
}

/// Time to live, which DynamoDB copies to the replicas.
async fn ttl(place: &Place, spec: &Spec, apply: bool) -> Result<Step, ProvisionError> {
    let thing = format!("time to live of table `{}`", spec.name);
    let answer = place.dynamodb.describe_time_to_live().table_name(&spec.name).send().await;
    let is_on = match &answer {
        Ok(answer) => answer
            .time_to_live_description()
            .and_then(|ttl| ttl.time_to_live_status())
            .is_some_and(|status| status.as_str().starts_with("ENABL")),
        Err(error) if is_missing(error.as_service_error()) => false,
        Err(error) => return Err(place.failed(&thing, error)),
    };
    if apply && !is_on {
        let on = TimeToLiveSpecification::builder().enabled(true).attribute_name(EXPIRES).build();
        let call = place.dynamodb.update_time_to_live().table_name(&spec.name);
        let call = call.time_to_live_specification(on.expect("both are set"));
        call.send().await.map_err(|error| place.failed(&thing, &error))?;
    }
    Ok(place.step(&thing, if is_on { State::Exists } else { State::Create }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::{ReplicaDescription, ReplicaStatus, TableStatus};

    fn table(strong: bool) -> TableDescription {
        let key = |name: &str| {
            KeySchemaElement::builder().attribute_name(name).key_type(KeyType::Hash).build().expect("both are set")
        };
        let replica = ReplicaDescription::builder().region_name("eu-west-1").replica_status(ReplicaStatus::Creating);
        let mut table = TableDescription::builder().key_schema(key("node")).replicas(replica.build());
        table = table.table_status(TableStatus::Active);
        if strong {
            table = table.multi_region_consistency(MultiRegionConsistency::Strong);
        }
        table.build()
    }

    #[test]
    fn a_table_of_another_mode_or_key_is_told_and_left() {
        let names = config::Tables { claims: "claims".to_owned(), nodes: "nodes".to_owned() };
        assert_eq!(compare(&table(false), &Spec::nodes(&names), 2), State::Exists);
        let State::Differs(what) = compare(&table(true), &Spec::nodes(&names), 2) else { panic!("it differs") };
        assert!(what.contains("strongly"), "{what}");
        let State::Differs(what) = compare(&table(false), &Spec::claims(&names, false), 2) else {
            panic!("it differs")
        };
        assert!(what.contains("its key is node") && what.contains("open-jobs"), "{what}");
    }

    #[test]
    fn a_table_is_ready_with_its_replicas() {
        assert!(is_ready(&table(false), &[]));
        assert!(!is_ready(&table(false), &["eu-west-1"]), "it is being made");
        assert!(!is_ready(&table(false), &["ap-southeast-1"]), "it is not listed yet");
    }
}
