//! Reads the parts of a world: network, services, GitHub, DNS, operators, cache. Knows keys and limits; must not know
//! regions.

use super::dist::{Quantity, Seconds, dist};
use crate::dist::Dist;
use crate::world::spec::{CacheSpec, WorldSpec};
use std::ops::Bound;
use tidegate_core::document::{Context, FromNode, Kind, Node, TableReader, Value, nearest};

/// A number that may also be the word `unlimited`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
struct Limit<Q>(Q);

/// The word for no limit.
const UNLIMITED: &str = "unlimited";

impl<Q: Quantity> FromNode for Limit<Q> {
    fn from_node(node: &Node, context: &mut Context) -> Option<Self> {
        let Value::Text(text) = &node.value else {
            return Q::from_node(node, context).map(Self);
        };
        if text == UNLIMITED {
            return Some(Self(Q::INFINITE));
        }
        if nearest(text, [UNLIMITED]).is_some() {
            context.wrong(node, Self::kind().expected(), format!("did you mean `{UNLIMITED}`?"));
            return None;
        }
        Q::from_node(node, context).map(Self)
    }

    fn kind() -> Kind {
        Kind::Either(vec![Q::kind(), Kind::Choice(vec![UNLIMITED])])
    }

    fn to_value(&self) -> Value {
        self.0.to_value()
    }
}

type Key = &'static str;

fn seconds(t: &mut TableReader<'_>, key: Key, value: &mut f64, doc: Key) {
    if let Some(Seconds(read)) = t.optional_in_range(key, Seconds(0.0).., doc) {
        *value = read;
    }
}

fn number(t: &mut TableReader<'_>, key: Key, value: &mut f64, doc: Key) {
    *value = t.optional_in_range(key, 0.0.., doc).unwrap_or(*value);
}

fn limit(t: &mut TableReader<'_>, key: Key, value: &mut f64, doc: Key) {
    let above_zero = (Bound::Excluded(Limit(0.0)), Bound::Unbounded);
    if let Some(Limit(read)) = t.optional_in_range(key, above_zero, doc) {
        *value = read;
    }
}

fn limit_seconds(t: &mut TableReader<'_>, key: Key, value: &mut f64, doc: Key) {
    let above_zero = (Bound::Excluded(Limit(Seconds(0.0))), Bound::Unbounded);
    if let Some(Limit(Seconds(read))) = t.optional_in_range(key, above_zero, doc) {
        *value = read;
    }
}

fn share(t: &mut TableReader<'_>, key: Key, value: &mut f64, doc: Key) {
    *value = t.optional_in_range(key, 0.0..=1.0, doc).unwrap_or(*value);
}

fn times(t: &mut TableReader<'_>, key: Key, value: &mut Dist, doc: Key) {
    if let Some(read) = t.node(key, doc, dist::<Seconds>) {
        *value = read;
    }
}

fn numbers(t: &mut TableReader<'_>, key: Key, value: &mut Dist, doc: Key) {
    if let Some(read) = t.node(key, doc, dist::<f64>) {
        *value = read;
    }
}

pub(super) fn network(t: &mut TableReader<'_>, w: &mut WorldSpec) {
    seconds(t, "localRtt", &mut w.local_rtt, "round trip inside a region");
    numbers(t, "networkNoise", &mut w.network_noise, "multiplies every round trip");
    seconds(t, "farRtt", &mut w.far_rtt, "round trip from which a pair of regions is far");
}

pub(super) fn webhooks(t: &mut TableReader<'_>, w: &mut WorldSpec) {
    times(t, "ingressWork", &mut w.ingress_work, "webhook received to answered");
    number(t, "deliveryRtts", &mut w.delivery_rtts, "round trips of a delivery over a new connection");
    seconds(t, "deliveryTimeout", &mut w.delivery_timeout, "GitHub waits so long for the answer to a delivery");
    times(t, "webhookDelay", &mut w.webhook_delay, "job changed at GitHub to webhook sent");
}

/// The word for queues that each region has itself.
const OWN: &str = "own";

pub(super) fn queues(t: &mut TableReader<'_>, w: &mut WorldSpec) {
    let held =
        t.optional::<String>("queuesIn", "`own`: each region has its queue; or the region that holds all of them");
    w.queues_in = held.map_or_else(|| w.queues_in.clone(), |held| Some(held).filter(|held| held != OWN));
    times(t, "queueSend", &mut w.queue_send, "a send, beside the network");
    times(t, "queueReceive", &mut w.queue_receive, "message visible to received, with a poll open");
    share(t, "queueDuplicates", &mut w.queue_duplicates, "share of messages delivered twice");
    share(t, "queueReorder", &mut w.queue_reorder, "share of messages delivered late");
    times(t, "queueReorderDelay", &mut w.queue_reorder_delay, "how late");
    seconds(t, "visibilityTimeout", &mut w.visibility_timeout, "a received message is seen again after so long");
    let receives = t.optional_in_range("maxReceives", 1.., "receives until a message goes to the dead-letter queue");
    w.max_receives = receives.unwrap_or(w.max_receives);
    seconds(t, "longPoll", &mut w.long_poll, "a receive waits so long");
}

pub(super) fn tables(t: &mut TableReader<'_>, w: &mut WorldSpec) {
    times(t, "tableLocal", &mut w.table_local, "read or write on the local replica");
    times(t, "replicationLag", &mut w.replication_lag, "replication lag between near regions");
    times(t, "replicationLagFar", &mut w.replication_lag_far, "replication lag between far regions");
    numbers(t, "strongWriteRtts", &mut w.strong_write_rtts, "round trips of a strong write to the nearest replica");
}

pub(super) fn runners(t: &mut TableReader<'_>, w: &mut WorldSpec) {
    times(t, "registerCall", &mut w.register_call, "registration of a runner at GitHub, beside the network");
    times(t, "launchCall", &mut w.launch_call, "RunTask call");
    times(t, "taskStart", &mut w.task_start, "RunTask accepted to container running");
    share(t, "unbilledStart", &mut w.unbilled_start, "share of the start that is not billed");
    times(t, "runnerStart", &mut w.runner_start, "container running to runner online");
    times(t, "jobPickup", &mut w.job_pickup, "runner online or free to job in progress");
    limit(t, "launchBurst", &mut w.launch_burst, "tasks of a region's launch bucket");
    limit(t, "launchRate", &mut w.launch_rate, "tasks a second that refill it");
    seconds(t, "billingMinimum", &mut w.billing_minimum, "a task is billed for at least this");
    number(t, "spotInterruptions", &mut w.spot_interruptions, "interruptions of a spot task an hour");
    seconds(t, "spotNotice", &mut w.spot_notice, "notice before a spot task is stopped");
    number(t, "natGateways", &mut w.nat_gateways, "NAT gateways in each region");
    number(t, "natGbPerJob", &mut w.nat_gb_per_job, "GB through NAT a job");
}

pub(super) fn github(t: &mut TableReader<'_>, w: &mut WorldSpec) {
    let registrations = &mut w.github_registrations_per_minute;
    limit(t, "githubRegistrationsPerMinute", registrations, "registrations GitHub takes, by organization");
    limit(t, "githubRequestsPerHour", &mut w.github_requests_per_hour, "other requests it takes, by organization");
    times(t, "githubListLag", &mut w.github_list_lag, "its lists are so far behind");
    times(t, "githubCall", &mut w.github_call, "a call, beside the network");
    seconds(t, "githubLostRunner", &mut w.github_lost_runner, "it notices so late that a runner is gone");
    limit_seconds(t, "githubQueueLimit", &mut w.github_queue_limit, "it fails a queued job after so long");
    share(t, "rerunLost", &mut w.rerun_lost, "share of lost jobs that their users run again");
}

pub(super) fn dns(t: &mut TableReader<'_>, w: &mut WorldSpec) {
    seconds(t, "dnsCheckEvery", &mut w.dns_check_every, "time between health checks of an ingress");
    let failures = t.optional_in_range("dnsFailures", 1.., "failed checks in a row that take it out");
    w.dns_failures = failures.unwrap_or(w.dns_failures);
    seconds(t, "dnsTtl", &mut w.dns_ttl, "time to live of an answer");
    share(t, "dnsStragglers", &mut w.dns_stragglers, "share of deliveries that keep to an old answer for longer");
    seconds(t, "dnsStraggleFor", &mut w.dns_straggle_for, "for how much longer");
    number(t, "healthCheckMonth", &mut w.health_check_month, "price of a health check, USD a month");
}

pub(super) fn operators(t: &mut TableReader<'_>, w: &mut WorldSpec) {
    times(t, "operatorReaction", &mut w.operator_reaction, "proposal to the operator's answer");
    share(t, "operatorApproves", &mut w.operator_approves, "share of proposals that are approved");
}

pub(super) fn cache(t: &mut TableReader<'_>, mut c: CacheSpec) -> CacheSpec {
    let above_zero = || (Bound::Excluded(0.0), Bound::Unbounded);
    share(t, "usedBy", &mut c.used_by, "share of jobs that use it");
    c.keys = t.optional_in_range("keys", 1.., "distinct keys of a repository at a time").unwrap_or(c.keys);
    share(t, "churn", &mut c.churn, "keys of a repository that change, a job");
    numbers(t, "sizeGb", &mut c.size_gb, "GB of an entry");
    let (local, remote) = ("GB a second inside a region", "GB a second between regions");
    c.local_gb_s = t.optional_in_range("localGbPerSecond", above_zero(), local).unwrap_or(c.local_gb_s);
    c.remote_gb_s = t.optional_in_range("remoteGbPerSecond", above_zero(), remote).unwrap_or(c.remote_gb_s);
    times(t, "rebuild", &mut c.rebuild, "what a miss adds to the job");
    times(t, "replicationLag", &mut c.replication_lag, "replication lag of objects");
    limit_seconds(t, "coldAfter", &mut c.cold_after, "an entry unused for so long goes to cold storage");
    limit_seconds(t, "expiresAfter", &mut c.expires_after, "an entry unused for so long is deleted");
    times(t, "firstByte", &mut c.first_byte, "first byte");
    c
}
