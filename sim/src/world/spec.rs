//! The parameters of the virtual world. Knows what can be set; must not know where the numbers come from (they carry
//! their sources in `scenarios/worlds/aws.toml`).

use crate::dist::Dist;
use std::collections::BTreeMap;

/// Prices of a region, USD.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prices {
    /// Fargate x86, per vCPU-hour.
    pub vcpu_hour: f64,
    /// Fargate x86, per GB-hour.
    pub gb_hour: f64,
    /// Fargate Arm, per vCPU-hour.
    pub arm_vcpu_hour: f64,
    /// Fargate Arm, per GB-hour.
    pub arm_gb_hour: f64,
    /// Fargate Spot, per vCPU-hour.
    pub spot_vcpu_hour: f64,
    /// Fargate Spot, per GB-hour.
    pub spot_gb_hour: f64,
    /// NAT gateway, per hour (each region has `nat_gateways`).
    pub nat_hour: f64,
    /// NAT gateway, per GB.
    pub nat_gb: f64,
    /// Transfer to another region, per GB (depends on the source only).
    pub transfer_gb: f64,
    /// DynamoDB on demand, per million write units; a replicated write costs as much in each replica.
    pub write_million: f64,
    /// DynamoDB on demand, per million read units.
    pub read_million: f64,
    /// DynamoDB storage, per GB-month.
    pub table_gb_month: f64,
    /// S3 Standard, per GB-month.
    pub s3_gb_month: f64,
    /// S3 cold storage (Glacier Instant Retrieval), per GB-month.
    pub s3_cold_gb_month: f64,
    /// S3 PUT, per 1,000.
    pub s3_put_thousand: f64,
    /// S3 GET, per 1,000.
    pub s3_get_thousand: f64,
    /// SQS, per million requests.
    pub sqs_million: f64,
    /// Webhook endpoint (HTTP API and function), per million requests.
    pub ingress_million: f64,
}

/// A region of the world.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegionSpec {
    /// Prices.
    pub prices: Prices,
    /// Round trip from GitHub, seconds.
    pub github_rtt: f64,
    /// Round trips to the other regions by name, seconds.
    pub rtt: BTreeMap<String, f64>,
    /// Concurrent tasks the region's capacity holds for us; infinite by default.
    pub task_capacity: Option<u32>,
}

/// The whole world. Durations in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldSpec {
    /// Its name.
    pub name: String,
    /// By region name. Every region of the policy is here.
    pub regions: BTreeMap<String, RegionSpec>,
    /// Round trip inside a region.
    pub local_rtt: f64,
    /// Multiplies every network round trip: path noise (lognormal around 1).
    pub network_noise: Dist,
    /// Webhook received to answered, by the ingress and its node (signature, journal).
    pub ingress_work: Dist,
    /// Round trips of a delivery over a new TLS connection.
    pub delivery_rtts: f64,
    /// GitHub waits so long for an answer to a delivery.
    pub delivery_timeout: f64,
    /// Job state changed at GitHub to webhook sent.
    pub webhook_delay: Dist,
    /// The region that holds the queues of all regions, for one queue with a routing function; `None`: each its own.
    pub queues_in: Option<String>,
    /// A queue's send, beside the network.
    pub queue_send: Dist,
    /// Message visible to received, with a poll open.
    pub queue_receive: Dist,
    /// Share of messages delivered twice.
    pub queue_duplicates: f64,
    /// Share of messages that are delivered late, after others (`queue_reorder_delay`).
    pub queue_reorder: f64,
    /// How late.
    pub queue_reorder_delay: Dist,
    /// A received message is seen again after so long.
    pub visibility_timeout: f64,
    /// Receives after which a message goes to the dead-letter queue.
    pub max_receives: u16,
    /// A receive waits so long.
    pub long_poll: f64,
    /// Table read or write on the local replica.
    pub table_local: Dist,
    /// Replication lag between regions of one continent, by name pair otherwise.
    pub replication_lag: Dist,
    /// Lag between far regions (`far_rtt` and above).
    pub replication_lag_far: Dist,
    /// Round trip from which a pair counts as far.
    pub far_rtt: f64,
    /// Strong mode: a write takes `table_local` and this many round trips to the nearest other replica.
    pub strong_write_rtts: Dist,
    /// Register call at GitHub, beside the network.
    pub register_call: Dist,
    /// RunTask call.
    pub launch_call: Dist,
    /// RunTask accepted to container running, image pull included.
    pub task_start: Dist,
    /// The share of `task_start` before the image pull begins, which is not billed.
    pub unbilled_start: f64,
    /// Container running to runner online.
    pub runner_start: Dist,
    /// "Set up job" and job pick-up: online or free to in progress.
    pub job_pickup: Dist,
    /// Launch bucket of a region: tokens.
    pub launch_burst: f64,
    /// Launch bucket of a region: tokens a second.
    pub launch_rate: f64,
    /// Minimum billed time of a task.
    pub billing_minimum: f64,
    /// Spot interruptions per task-hour when no fault says otherwise.
    pub spot_interruptions: f64,
    /// Notice before a spot task is stopped.
    pub spot_notice: f64,
    /// Registrations a minute GitHub takes per organization (and region: all regions share it).
    pub github_registrations_per_minute: f64,
    /// Other requests an hour GitHub takes per organization.
    pub github_requests_per_hour: f64,
    /// GitHub's lists are so far behind.
    pub github_list_lag: Dist,
    /// A GitHub API call, beside the network.
    pub github_call: Dist,
    /// GitHub notices that a runner is gone after so long and fails its job.
    pub github_lost_runner: f64,
    /// A queued job is failed by GitHub after so long.
    pub github_queue_limit: f64,
    /// A lost job is run again by its users: share, once.
    pub rerun_lost: f64,
    /// Health check of an ingress: interval.
    pub dns_check_every: f64,
    /// Failed checks in a row.
    pub dns_failures: u32,
    /// DNS time to live.
    pub dns_ttl: f64,
    /// Share of deliveries that go to the old address for `dns_straggle_for` longer.
    pub dns_stragglers: f64,
    /// How long stragglers straggle.
    pub dns_straggle_for: f64,
    /// Price of one ingress' health check, USD a month.
    pub health_check_month: f64,
    /// The operator's time from a proposal to an approval.
    pub operator_reaction: Dist,
    /// Share of proposals the operator approves; the rest are rejected.
    pub operator_approves: f64,
    /// NAT gateways in each region.
    pub nat_gateways: f64,
    /// GB through NAT a job.
    pub nat_gb_per_job: f64,
    /// Cache.
    pub cache: CacheSpec,
    /// No latency, no errors, no limits, instant replication: see [`WorldSpec::ideal`].
    pub ideal: bool,
}

/// The artifact cache.
#[derive(Clone, Debug, PartialEq)]
pub struct CacheSpec {
    /// Share of jobs that use it.
    pub used_by: f64,
    /// Distinct keys of a repository at a time; a job asks for one, the recent ones more often.
    pub keys: u32,
    /// How often a repository changes a key, per job: the new content hash misses everywhere.
    pub churn: f64,
    /// GB of an entry.
    pub size_gb: Dist,
    /// GB a second inside a region.
    pub local_gb_s: f64,
    /// GB a second between regions.
    pub remote_gb_s: f64,
    /// Seconds a miss adds to the job: what was cached is built again.
    pub rebuild: Dist,
    /// Replication lag of objects.
    pub replication_lag: Dist,
    /// An entry unused for so long goes to cold storage.
    pub cold_after: f64,
    /// An entry unused for so long is deleted.
    pub expires_after: f64,
    /// First byte.
    pub first_byte: Dist,
}

impl WorldSpec {
    /// No latency, no start-up time, no errors, no limits, instant replication, no prices: a region is a G/G/c queue.
    #[must_use]
    pub fn ideal<'a>(regions: impl IntoIterator<Item = &'a str>) -> Self {
        let zero = || Dist::constant(0.0);
        Self {
            name: "ideal".to_owned(),
            regions: regions.into_iter().map(|name| (name.to_owned(), RegionSpec::default())).collect(),
            local_rtt: 0.0,
            network_noise: Dist::constant(1.0),
            ingress_work: zero(),
            delivery_rtts: 0.0,
            delivery_timeout: 10.0,
            webhook_delay: zero(),
            queues_in: None,
            queue_send: zero(),
            queue_receive: zero(),
            queue_duplicates: 0.0,
            queue_reorder: 0.0,
            queue_reorder_delay: zero(),
            visibility_timeout: 43_200.0,
            max_receives: u16::MAX,
            long_poll: 20.0,
            table_local: zero(),
            replication_lag: zero(),
            replication_lag_far: zero(),
            far_rtt: 0.15,
            strong_write_rtts: zero(),
            register_call: zero(),
            launch_call: zero(),
            task_start: zero(),
            unbilled_start: 0.0,
            runner_start: zero(),
            job_pickup: zero(),
            launch_burst: f64::INFINITY,
            launch_rate: f64::INFINITY,
            billing_minimum: 0.0,
            spot_interruptions: 0.0,
            spot_notice: 120.0,
            github_registrations_per_minute: f64::INFINITY,
            github_requests_per_hour: f64::INFINITY,
            github_list_lag: zero(),
            github_call: zero(),
            github_lost_runner: 0.0,
            github_queue_limit: f64::INFINITY,
            rerun_lost: 0.0,
            dns_check_every: 10.0,
            dns_failures: 3,
            dns_ttl: 0.0,
            dns_stragglers: 0.0,
            dns_straggle_for: 0.0,
            health_check_month: 0.0,
            operator_reaction: zero(),
            operator_approves: 1.0,
            nat_gateways: 0.0,
            nat_gb_per_job: 0.0,
            cache: CacheSpec::none(),
            ideal: true,
        }
    }
}

impl CacheSpec {
    /// No job uses it.
    #[must_use]
    pub fn none() -> Self {
        Self {
            used_by: 0.0,
            keys: 1,
            churn: 0.0,
            size_gb: Dist::constant(0.0),
            local_gb_s: 1.0,
            remote_gb_s: 1.0,
            rebuild: Dist::constant(0.0),
            replication_lag: Dist::constant(0.0),
            cold_after: f64::INFINITY,
            expires_after: f64::INFINITY,
            first_byte: Dist::constant(0.0),
        }
    }
}
