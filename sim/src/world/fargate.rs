//! A region's virtual Fargate: launch bucket, capacity, tasks. Knows tasks and what they are billed; must not know
//! GitHub or the dispatcher.

use super::due::Handle;
use super::spec::{Prices, WorldSpec};
use tidegate_core::id::PlacementId;
use tidegate_core::map::IdMap;
use tidegate_core::port::Ticket;
use tidegate_core::slab::Slab;
use tidegate_core::unit::Arch;
use tidegate_core::{Span, Timestamp};

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Pulled and started.
    Starting,
    /// Its runner waits for a job.
    Idle,
    /// Its runner works on a job.
    Busy(Handle),
}

/// A task, in two lines of memory.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(crate) struct Task {
    pub(crate) ticket: Ticket,
    pub(crate) generation: u32,
    pub(crate) doing: Doing,
    pub(crate) spot: bool,
    /// Billed from then.
    pub(crate) pull_at: Timestamp,
    pub(crate) online_at: Timestamp,
    /// Whether a job ever ran on it.
    pub(crate) served: bool,
}

const _: () = assert!(size_of::<Option<Task>>() == 128);

/// All tasks of all regions, and the launch buckets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fargate {
    pub(crate) tasks: Slab<Task>,
    /// By placement and region: the client token is good for one cluster.
    tokens: IdMap<u32>,
    next_generation: u32,
    buckets: [Bucket; tidegate_core::id::MAX_REGIONS],
    /// Tasks by region.
    pub(crate) running: [u32; tidegate_core::id::MAX_REGIONS],
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    used: f64,
    at: Timestamp,
}

fn token(placement: PlacementId, region: u8) -> u64 {
    let attempts = u64::from(placement.run_attempt & 0xFF) << 8 | u64::from(placement.attempt & 0xFF);
    placement.job.0 << 20 | attempts << 4 | u64::from(region)
}

impl Fargate {
    /// Takes a launch from the region's bucket.
    pub(crate) fn may_launch(&mut self, region: usize, spec: &WorldSpec, now: Timestamp) -> bool {
        if spec.launch_rate.is_infinite() {
            return true;
        }
        let bucket = &mut self.buckets[region];
        bucket.used = (bucket.used - now.since(bucket.at).as_secs_f64() * spec.launch_rate).max(0.0);
        bucket.at = now;
        if bucket.used + 1.0 > spec.launch_burst {
            return false;
        }
        bucket.used += 1.0;
        true
    }

    /// Lets the processor fetch where the task of a client token is told, which will be asked soon.
    #[inline]
    pub(crate) fn prefetch_token(&self, ticket: &Ticket) {
        self.tokens.prefetch(token(ticket.placement, ticket.region.0));
    }

    /// The task of a client token in a region, while it lives.
    pub(crate) fn by_token(&self, placement: PlacementId, region: u8) -> Option<Handle> {
        let slot = *self.tokens.get(token(placement, region))?;
        let task = self.tasks.get(slot)?;
        Some(Handle { slot, generation: task.generation })
    }

    pub(crate) fn start(&mut self, ticket: Ticket, spot: bool, pull_at: Timestamp, online_at: Timestamp) -> Handle {
        self.next_generation = self.next_generation.wrapping_add(1);
        let generation = self.next_generation;
        let task = Task { ticket, generation, doing: Doing::Starting, spot, pull_at, online_at, served: false };
        let slot = self.tasks.insert(task);
        self.tokens.insert(token(ticket.placement, ticket.region.0), slot);
        self.running[ticket.region.index()] += 1;
        Handle { slot, generation }
    }

    pub(crate) fn get(&self, handle: Handle) -> Option<&Task> {
        self.tasks.get(handle.slot).filter(|task| task.generation == handle.generation)
    }

    pub(crate) fn get_mut(&mut self, handle: Handle) -> Option<&mut Task> {
        self.tasks.get_mut(handle.slot).filter(|task| task.generation == handle.generation)
    }

    pub(crate) fn end(&mut self, handle: Handle) -> Option<Task> {
        self.get(handle)?;
        let task = self.tasks.remove(handle.slot)?;
        self.tokens.remove(token(task.ticket.placement, task.ticket.region.0));
        self.running[task.ticket.region.index()] -= 1;
        Some(task)
    }

    /// The tasks of a region, in the order of their places.
    pub(crate) fn of_region(&self, region: u8) -> Vec<Handle> {
        let here = |(slot, task): (u32, &Task)| {
            (task.ticket.region.0 == region).then_some(Handle { slot, generation: task.generation })
        };
        self.tasks.iter().filter_map(here).collect()
    }
}

/// What a task costs, in micro-dollars: by the second from the start of the image pull, a minimum of `minimum`.
pub(crate) fn bill(task: &Task, prices: &Prices, minimum: Span, now: Timestamp) -> i64 {
    let seconds = now.since(task.pull_at).max(minimum).as_secs_f64();
    let need = &task.ticket.need;
    let (vcpu, gb) = match (task.spot, need.arch) {
        (true, Arch::X86 | Arch::Arm) => (prices.spot_vcpu_hour, prices.spot_gb_hour),
        (false, Arch::X86) => (prices.vcpu_hour, prices.gb_hour),
        (false, Arch::Arm) => (prices.arm_vcpu_hour, prices.arm_gb_hour),
    };
    let hourly = f64::from(need.vcpu_milli) / 1_000.0 * vcpu + f64::from(need.memory_mib) / 1_024.0 * gb;
    (hourly * seconds / 3_600.0 * 1e6).round() as i64
}
