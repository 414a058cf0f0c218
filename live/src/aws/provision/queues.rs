//! The queues as they are to be. Knows attributes of SQS; must not know messages.

use super::{Place, ProvisionError, State, Step};
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;
use std::collections::BTreeMap;

/// How long a received message is hidden, in seconds: the dispatcher's own five minutes.
const HIDDEN: u32 = 300;

/// How long a message is kept, in seconds: four days, SQS's default, and more than the day after which GitHub gives a
/// queued job up.
const KEPT: u32 = 345_600;

/// How long a dead letter is kept, in seconds: fourteen days, the most there is, for somebody must find it.
const DEAD_KEPT: u32 = 1_209_600;

/// Receives until a message goes to the dead-letter queue. A message that waits for a cap of its class or organization is put
/// back every fifteen seconds, and that is no fault of its own: a hundred are twenty-five minutes.
const RECEIVES: u32 = 100;

type Attributes = BTreeMap<&'static str, String>;

/// The queue of a region and the one for its dead letters, which comes first: the other names it.
pub(super) async fn provide(place: &Place, apply: bool) -> Result<Vec<Step>, ProvisionError> {
    let fifo = place.queue.ends_with(".fifo");
    let dead = dead_name(&place.queue);
    let (first, dead_arn) = provide_one(place, &dead, &dead_attributes(fifo), apply).await?;
    let (second, _) = provide_one(place, &place.queue, &attributes(fifo, dead_arn.as_deref()), apply).await?;
    Ok(vec![first, second])
}

/// `tidegate.fifo` has `tidegate-dead.fifo`: of a FIFO queue it must be one too.
fn dead_name(queue: &str) -> String {
    match queue.strip_suffix(".fifo") {
        Some(stem) => format!("{stem}-dead.fifo"),
        None => format!("{queue}-dead"),
    }
}

fn attributes(fifo: bool, dead_arn: Option<&str>) -> Attributes {
    let mut all = Attributes::from([
        ("VisibilityTimeout", HIDDEN.to_string()),
        ("MessageRetentionPeriod", KEPT.to_string()),
        ("SqsManagedSseEnabled", "true".to_owned()),
    ]);
    if let Some(arn) = dead_arn {
        let policy = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": RECEIVES });
        all.insert("RedrivePolicy", policy.to_string());
    }
    if fifo {
        // High throughput: both by message group, and a group is a job.
        all.insert("FifoQueue", "true".to_owned());
        all.insert("DeduplicationScope", "messageGroup".to_owned());
        all.insert("FifoThroughputLimit", "perMessageGroupId".to_owned());
    }
    all
}

fn dead_attributes(fifo: bool) -> Attributes {
    let mut all = Attributes::from([
        ("MessageRetentionPeriod", DEAD_KEPT.to_string()),
        ("SqsManagedSseEnabled", "true".to_owned()),
    ]);
    if fifo {
        all.insert("FifoQueue", "true".to_owned());
    }
    all
}

/// One queue, and its ARN where it is there.
async fn provide_one(
    place: &Place,
    name: &str,
    wanted: &Attributes,
    apply: bool,
) -> Result<(Step, Option<String>), ProvisionError> {
    let thing = format!("queue `{name}`");
    let (mut url, mut has) = (url_of(place, name, &thing).await?, Attributes::new());
    if let Some(url) = &url {
        has = read(place, url, wanted, &thing).await?;
    }
    let state = if url.is_some() { compare(wanted, &has) } else { State::Create };
    if apply {
        match (&state, &url) {
            (State::Create, _) => {
                let call = wanted.iter().fold(place.sqs.create_queue().queue_name(name), |call, (key, value)| {
                    call.attributes(QueueAttributeName::from(*key), value)
                });
                let made = call.send().await.map_err(|error| place.failed(&thing, &error))?;
                url = made.queue_url;
                if let Some(url) = &url {
                    has = read(place, url, wanted, &thing).await?;
                }
            }
            (State::Update(_), Some(url)) => {
                let call = place.sqs.set_queue_attributes().queue_url(url);
                let call = wanted
                    .iter()
                    .filter(|(key, value)| !is_same(value, has.get(*key)))
                    .fold(call, |call, (key, value)| call.attributes(QueueAttributeName::from(*key), value));
                call.send().await.map_err(|error| place.failed(&thing, &error))?;
            }
            (State::Update(_) | State::Exists | State::Differs(_), _) => {}
        }
    }
    Ok((place.step(&thing, state), has.remove("QueueArn")))
}

async fn url_of(place: &Place, name: &str, thing: &str) -> Result<Option<String>, ProvisionError> {
    match place.sqs.get_queue_url().queue_name(name).send().await {
        Ok(answer) => Ok(answer.queue_url),
        Err(error) => {
            let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or("");
            if code.ends_with("QueueDoesNotExist") || code.ends_with("NonExistentQueue") {
                return Ok(None);
            }
            Err(place.failed(thing, &error))
        }
    }
}

async fn read(place: &Place, url: &str, wanted: &Attributes, thing: &str) -> Result<Attributes, ProvisionError> {
    let call = place.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
    let answer = call.send().await.map_err(|error| place.failed(thing, &error))?;
    let value = |key: &&'static str| Some((*key, answer.attributes()?.get(&QueueAttributeName::from(*key))?.clone()));
    Ok(wanted.keys().chain([&"QueueArn"]).filter_map(value).collect())
}

fn compare(wanted: &Attributes, has: &Attributes) -> State {
    let lacks: Vec<(&str, &String)> =
        wanted.iter().filter(|(key, value)| !is_same(value, has.get(*key))).map(|(key, value)| (*key, value)).collect();
    if lacks.iter().any(|(key, _)| *key == "FifoQueue") {
        return State::Differs("it is no FIFO queue, and cannot become one".to_owned());
    }
    if lacks.is_empty() {
        return State::Exists;
    }
    let said: Vec<String> = lacks.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    State::Update(said.join(", "))
}

/// Whether an attribute says what is wanted. Of JSON the values count, and numbers may come as texts.
fn is_same(wanted: &str, has: Option<&String>) -> bool {
    let Some(has) = has else { return false };
    if wanted == has {
        return true;
    }
    let plain = |text: &str| -> Option<BTreeMap<String, String>> {
        let Value::Object(map) = serde_json::from_str(text).ok()? else { return None };
        Some(
            map.into_iter()
                .map(|(key, value)| (key, value.as_str().map_or(value.to_string(), str::to_owned)))
                .collect(),
        )
    };
    plain(wanted).is_some_and(|wanted| plain(has).is_some_and(|has| wanted == has))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_compared_by_what_its_attributes_mean() {
        let wanted = attributes(true, Some("arn:dead"));
        let mut has = wanted.clone();
        has.insert("RedrivePolicy", r#"{"maxReceiveCount":"100","deadLetterTargetArn":"arn:dead"}"#.to_owned());
        assert_eq!(compare(&wanted, &has), State::Exists);
        has.insert("VisibilityTimeout", "30".to_owned());
        assert_eq!(compare(&wanted, &has), State::Update("VisibilityTimeout = 300".to_owned()));
        has.remove("FifoQueue");
        assert!(matches!(compare(&wanted, &has), State::Differs(_)));
    }

    #[test]
    fn a_standard_queue_asks_for_nothing_of_fifo() {
        let wanted = attributes(false, None);
        assert!(!wanted.contains_key("FifoQueue"));
        assert_eq!(compare(&wanted, &wanted), State::Exists);
        assert_eq!(dead_name("tidegate"), "tidegate-dead");
        assert_eq!(dead_name("tidegate.fifo"), "tidegate-dead.fifo");
    }
}
