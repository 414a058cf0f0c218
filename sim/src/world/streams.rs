//! The world's random numbers, a stream for each purpose. Knows which purposes there are; must not know when they are asked for.

use super::spec::WorldSpec;
use crate::dist::{Ahead, Dist};
use crate::rng::{Rng, stream};

/// Streams by purpose: a draw for one never shifts another. Most of what every job needs has a stream of its own, named as in the
/// world file; the services' rarer numbers share one.
#[derive(Clone, Debug)]
pub(super) struct Streams {
    pub(super) webhook_delay: Ahead,
    pub(super) ingress_work: Ahead,
    pub(super) table_local: Ahead,
    pub(super) queue_send: Ahead,
    pub(super) queue_receive: Ahead,
    pub(super) register_call: Ahead,
    pub(super) launch_call: Ahead,
    pub(super) task_start: Ahead,
    pub(super) runner_start: Ahead,
    pub(super) job_pickup: Ahead,
    pub(super) services: Rng,
    pub(super) deliveries: Rng,
    pub(super) faults: Rng,
    pub(super) operator: Rng,
    pub(super) lost: Rng,
}

impl Streams {
    pub(super) fn new(spec: &WorldSpec, seed: u64) -> Self {
        let ahead = |dist: &Dist, purpose| Ahead::new(dist.clone(), stream(seed, purpose));
        Self {
            webhook_delay: ahead(&spec.webhook_delay, "webhookDelay"),
            ingress_work: ahead(&spec.ingress_work, "ingressWork"),
            table_local: ahead(&spec.table_local, "tableLocal"),
            queue_send: ahead(&spec.queue_send, "queueSend"),
            queue_receive: ahead(&spec.queue_receive, "queueReceive"),
            register_call: ahead(&spec.register_call, "registerCall"),
            launch_call: ahead(&spec.launch_call, "launchCall"),
            task_start: ahead(&spec.task_start, "taskStart"),
            runner_start: ahead(&spec.runner_start, "runnerStart"),
            job_pickup: ahead(&spec.job_pickup, "jobPickup"),
            services: stream(seed, "services"),
            deliveries: stream(seed, "deliveries"),
            faults: stream(seed, "faults"),
            operator: stream(seed, "operator"),
            lost: stream(seed, "lost"),
        }
    }
}
