//! What a role may do, found out by calls that change nothing. Knows one such call for each permission; must not know roles,
//! nor what a doctor makes of it.
//!
//! AWS looks at permissions before it looks at what is asked for. So a write whose condition never holds, a message that was
//! never received and a task that never ran tell whether the call is allowed. Running a task and sending or receiving a
//! message cannot be tried in vain.

use super::tables::INDEX;
use super::{Sdk, words};
use crate::config::Config;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::DeleteMessageBatchRequestEntry;
use std::fmt::Debug;
use tidegate_core::Policy;
use tidegate_core::id::RegionId;

/// Whether a call is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    /// It is.
    Given,
    /// It is not, and what AWS says.
    Refused(String),
    /// AWS does not accept the credentials themselves, and what it says.
    Stranger(String),
    /// AWS answers something else.
    Unknown(String),
}

/// Parts of the codes by which AWS says that a caller may not: errors common to all of AWS, and SQS's own.
const REFUSALS: [&str; 2] = ["AccessDenied", "NotAuthorized"];

/// Parts of the codes by which AWS says that it does not know a caller, or no longer: errors common to all of AWS.
const STRANGERS: [&str; 6] = [
    "UnrecognizedClient",
    "InvalidClientTokenId",
    "ExpiredToken",
    "RequestExpired",
    "Signature",
    "MissingAuthenticationToken",
];

/// A name that nothing of ours has.
const NOTHING: &str = "tidegate-doctor";

/// Every permission that can be tried in vain, by the action and what it is on.
pub(crate) async fn permissions(
    sdk: &Sdk,
    config: &Config,
    policy: &Policy,
    me: RegionId,
) -> Vec<(String, Permission)> {
    let mut found = of_tables(sdk, config, me).await;
    found.extend(of_queues(sdk, config, policy, me).await);
    found.extend(of_cluster(sdk, config, policy, me).await);
    found
}

async fn of_tables(sdk: &Sdk, config: &Config, me: RegionId) -> Vec<(String, Permission)> {
    let dynamodb = sdk.dynamodb(me);
    let text = AttributeValue::S(NOTHING.to_owned());
    let keys: [(&str, Vec<(&str, AttributeValue)>); 2] = [
        (&config.tables.claims, vec![("job", AttributeValue::N("0".to_owned())), ("writer", text.clone())]),
        (&config.tables.nodes, vec![("node", text)]),
    ];
    let mut found = Vec::new();
    for (table, key) in keys {
        let key = || Some(key.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect());
        let read = dynamodb.get_item().table_name(table).set_key(key()).send().await;
        found.push((format!("dynamodb:GetItem on {table}"), judge(&read, &[])));
        // No item has the attribute, and no item has the key.
        let never = ("attribute_exists(#never)", "#never", NOTHING);
        let (condition, alias, name) = never;
        let put = dynamodb.put_item().table_name(table).set_item(key()).condition_expression(condition);
        let put = put.expression_attribute_names(alias, name).send().await;
        found.push((format!("dynamodb:PutItem on {table}"), judge(&put, &["ConditionalCheckFailedException"])));
        let keys = KeysAndAttributes::builder().set_keys(key().map(|key| vec![key])).build().expect("keys are set");
        let batch = dynamodb.batch_get_item().request_items(table, keys).send().await;
        found.push((format!("dynamodb:BatchGetItem on {table}"), judge(&batch, &[])));
        if *table == config.tables.claims {
            let delete = dynamodb.delete_item().table_name(table).set_key(key()).condition_expression(condition);
            let delete = delete.expression_attribute_names(alias, name).send().await;
            found.push((
                format!("dynamodb:DeleteItem on {table}"),
                judge(&delete, &["ConditionalCheckFailedException"]),
            ));
        }
    }
    let listed = dynamodb.query().table_name(&config.tables.claims).index_name(INDEX).limit(1);
    let listed = listed.key_condition_expression("#open = :open").expression_attribute_names("#open", "open");
    let listed = listed.expression_attribute_values(":open", AttributeValue::S(NOTHING.to_owned())).send().await;
    found.push((format!("dynamodb:Query on {} by its index", config.tables.claims), judge(&listed, &[])));
    found
}

async fn of_queues(sdk: &Sdk, config: &Config, policy: &Policy, me: RegionId) -> Vec<(String, Permission)> {
    let mut found = Vec::new();
    for region in policy.ids() {
        let (sqs, place) = (sdk.sqs(region), config.regions.get(&policy.region(region).name));
        let name = place.map_or("", |place| place.queue.as_str());
        let asked = sqs.get_queue_url().queue_name(name).send().await;
        let shown = format!("{name} in {}", policy.region(region).name);
        found.push((format!("sqs:GetQueueUrl on {shown}"), judge(&asked, &[])));
        let Some(url) = asked.ok().and_then(|answer| answer.queue_url).filter(|_| region == me) else { continue };
        let hidden =
            sqs.change_message_visibility().queue_url(&url).receipt_handle(NOTHING).visibility_timeout(0).send().await;
        let never_received = ["ReceiptHandleIsInvalid", "InvalidParameterValue", "MessageNotInflight"];
        found.push((format!("sqs:ChangeMessageVisibility on {shown}"), judge(&hidden, &never_received)));
        // Of a batch that may be deleted each entry fails for itself.
        let entry = DeleteMessageBatchRequestEntry::builder().id("0").receipt_handle(NOTHING).build();
        let deleted = sqs.delete_message_batch().queue_url(url).entries(entry.expect("id and handle are set")).send();
        found.push((format!("sqs:DeleteMessage on {shown}"), judge(&deleted.await, &never_received)));
    }
    found
}

async fn of_cluster(sdk: &Sdk, config: &Config, policy: &Policy, me: RegionId) -> Vec<(String, Permission)> {
    let (ecs, place) = (sdk.ecs(me), config.regions.get(&policy.region(me).name));
    let cluster = place.map_or("", |place| place.cluster.as_str());
    let none = "0".repeat(32); // a task's id has 32 digits
    let listed = ecs.list_tasks().cluster(cluster).started_by(NOTHING).send().await;
    let described = ecs.describe_tasks().cluster(cluster).tasks(&none).send().await;
    let stopped = ecs.stop_task().cluster(cluster).task(none).reason("nothing: the doctor asks").send().await;
    vec![
        (format!("ecs:ListTasks on {cluster}"), judge(&listed, &[])),
        (format!("ecs:DescribeTasks on {cluster}"), judge(&described, &[])),
        (format!("ecs:StopTask on {cluster}"), judge(&stopped, &["InvalidParameterException"])),
    ]
}

/// What an answer says of the permission; `in_vain`: codes that can only come when the call is allowed.
fn judge<T, E>(answer: &Result<T, SdkError<E>>, in_vain: &[&str]) -> Permission
where
    E: ProvideErrorMetadata + std::error::Error + Debug + 'static,
{
    let Err(error) = answer else { return Permission::Given };
    let code = error.code().unwrap_or_default();
    let told = match error.message() {
        Some(message) if !message.is_empty() => format!("{code}: {message}"),
        _ => words(error),
    };
    if in_vain.iter().any(|known| code.ends_with(known)) {
        return Permission::Given;
    }
    let status = error.raw_response().map_or(0, |answer| answer.status().as_u16());
    if STRANGERS.iter().any(|part| code.contains(part)) {
        return Permission::Stranger(told);
    }
    if REFUSALS.iter().any(|part| code.contains(part)) || status == 403 {
        return Permission::Refused(told);
    }
    Permission::Unknown(told)
}

#[cfg(test)]
mod tests {
    use super::super::replay;
    use super::*;
    use serde_json::{Value, json};
    use tidegate_core::policy::Region;

    /// What is found when AWS answers so; and the calls that were made.
    async fn found(
        script: impl Fn(&str) -> Option<(u16, Value)> + Send + Sync + 'static,
    ) -> (Vec<(String, Permission)>, Vec<(String, Value)>) {
        let usual = |operation: &str| match operation {
            "GetItem" => (200, json!({})),
            "BatchGetItem" => (200, json!({ "Responses": {} })),
            "Query" => (200, json!({ "Items": [] })),
            "DeleteMessageBatch" => {
                let failed = json!({ "Id": "0", "Code": "ReceiptHandleIsInvalid", "SenderFault": true });
                (200, json!({ "Successful": [], "Failed": [failed] }))
            }
            "DescribeTasks" => (200, json!({ "tasks": [], "failures": [{ "reason": "MISSING" }] })),
            "PutItem" | "DeleteItem" => {
                (400, json!({ "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException" }))
            }
            "GetQueueUrl" => (200, json!({ "QueueUrl": "http://localhost/1/tidegate.fifo" })),
            "ChangeMessageVisibility" => (404, json!({ "__type": "com.amazonaws.sqs#ReceiptHandleIsInvalid" })),
            "ListTasks" => (200, json!({ "taskArns": [] })),
            "StopTask" => (400, json!({ "__type": "InvalidParameterException", "message": "not found" })),
            other => panic!("{other} is not called"),
        };
        let (url, calls) =
            replay::start(move |operation, _, _| script(operation).unwrap_or_else(|| usual(operation))).await;
        let mut config = replay::config("us-east-1", &url);
        let other = config.regions["us-east-1"].clone();
        config.regions.insert("eu-west-1".to_owned(), other);
        let policy = Policy::of_regions(vec![Region::new("us-east-1", 1), Region::new("eu-west-1", 2)]);
        let sdk = Sdk::of_base(replay::sdk(), &config, &policy);
        let found = permissions(&sdk, &config, &policy, RegionId(0)).await;
        let calls = calls.lock().expect("no test panics with it").clone();
        (found, calls)
    }

    // Broken: a write without its condition; a permission that is tried on nothing.
    #[tokio::test]
    async fn each_is_tried_in_vain_and_nothing_is_written() {
        let (found, calls) = found(|_| None).await;
        assert!(found.iter().all(|(_, permission)| *permission == Permission::Given), "{found:?}");
        let actions: Vec<&str> = found.iter().filter_map(|(name, _)| name.split(' ').next()).collect();
        let expected = [
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:BatchGetItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:BatchGetItem",
            "dynamodb:Query",
            "sqs:GetQueueUrl",
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueUrl",
            "ecs:ListTasks",
            "ecs:DescribeTasks",
            "ecs:StopTask",
        ];
        assert_eq!(actions, expected);
        for (operation, body) in &calls {
            if operation == "PutItem" || operation == "DeleteItem" {
                assert_eq!(body["ConditionExpression"], "attribute_exists(#never)", "{body}");
                assert_eq!(body["ExpressionAttributeNames"]["#never"], "tidegate-doctor", "{body}");
            }
        }
    }

    // Broken: a refusal is taken for the failure that was asked for, or for a service that is not well.
    #[tokio::test]
    async fn a_refusal_is_told_with_what_aws_says_and_another_failure_is_none() {
        let actions = [
            "GetItem",
            "PutItem",
            "BatchGetItem",
            "DeleteItem",
            "Query",
            "GetQueueUrl",
            "ChangeMessageVisibility",
            "DeleteMessageBatch",
            "ListTasks",
            "DescribeTasks",
            "StopTask",
        ];
        for refused in actions {
            let (found, _) = found(move |operation| {
                let denied = json!({ "__type": "AccessDeniedException", "message": "is not authorized to perform" });
                (operation == refused).then_some((400, denied))
            })
            .await;
            for (name, permission) in &found {
                let is_refused = name.contains(&format!(":{} ", refused.trim_end_matches("Batch")));
                assert_eq!(matches!(permission, Permission::Refused(_)), is_refused, "{name}: {permission:?}");
            }
        }
        let (shown, _) = found(|operation| (operation == "StopTask").then_some((503, json!({})))).await;
        assert!(matches!(shown.last(), Some((_, Permission::Unknown(_)))), "{shown:?}");
        let expired = json!({ "__type": "ExpiredTokenException", "message": "the security token is expired" });
        let (shown, _) = found(move |operation| (operation == "StopTask").then(|| (403, expired.clone()))).await;
        assert!(matches!(shown.last(), Some((_, Permission::Stranger(_)))), "no matter of the role: {shown:?}");
    }
}
