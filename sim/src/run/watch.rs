//! Looks at a simulation while it runs and when it ends: gauges and slow invariants. Knows where to look; changes nothing
//! that anybody decides on.

use super::{SAMPLE_EVERY, Simulation};
use crate::checker::{self, Healed, NodeView};
use crate::world::due::Due;
use std::sync::Arc;
use tidegate_core::id::RegionId;
use tidegate_core::{Span, Timestamp};

impl Simulation {
    pub(super) fn sample(&mut self) {
        let now = self.recorder.now;
        self.world.bill(SAMPLE_EVERY);
        let main = self.world.ingress.main(now);
        let gauges = &mut self.gauges;
        let measured = now >= self.warm_up_until;
        gauges.samples += u64::from(measured);
        for at in 0..self.nodes.len() {
            let region = RegionId::at(at);
            let depth = self.world.queues[at].depth;
            let (starting, running) = self.nodes[at].dispatcher.host.machine().occupied();
            let up = self.world.faults.region_up(region);
            let (starting, running) = if up { (starting, running) } else { (0, 0) };
            self.recorder.measures.sample(now, region, depth, starting, running);
            let phase = self.nodes[main.index()].controller.host.machine().phase(region);
            self.recorder.measures.phase(now, region, phase);
            if measured {
                gauges.peak_runners[at] = gauges.peak_runners[at].max(starting + running);
                gauges.sum_runners[at] += f64::from(starting + running);
                gauges.peak_queue[at] = gauges.peak_queue[at].max(depth);
            }
        }
        let open = self.world.github.queued + self.world.github.running;
        gauges.most_jobs = gauges.most_jobs.max(open);
        self.check_slow(now);
        if now + SAMPLE_EVERY <= self.end {
            self.world.agenda.schedule(now + SAMPLE_EVERY, Due::Sample);
        }
    }

    /// The invariants that take a look over all jobs or runners: once in a while.
    fn check_slow(&mut self, now: Timestamp) {
        if !(now.0 / SAMPLE_EVERY.0).is_multiple_of(30) {
            return;
        }
        let runners: u64 = (0..self.nodes.len()).map(|at| u64::from(self.world.tasks_in(RegionId::at(at)))).sum();
        let policy = Arc::clone(&self.world.policy);
        let calm = self.world.calm_for(now, checker::calm_bound(&policy));
        let longest = if calm { self.world.longest_idle(now) } else { Span::ZERO };
        if let Err(what) = checker::check_surplus(&policy, self.world.github.idle, runners, longest) {
            self.recorder.checkers.report("I4", now, what);
        }
        let short = if calm { self.world.shortage(now) } else { Vec::new() };
        if let Err(what) = self.recorder.checkers.supply.look(&short) {
            self.recorder.checkers.report("I3", now, what);
        }
        let nodes = &self.nodes;
        let known = |job| nodes.iter().any(|node| node.controller.host.machine().job_state(job).is_some());
        let unknown = self.world.oldest_queued(now, known);
        if let Err(what) = checker::check_waiting(unknown, !calm) {
            self.recorder.checkers.report("I3", now, what);
        }
    }

    pub(super) fn check_end(&mut self, end: Timestamp) {
        for (name, integral, waits) in self.world.little(end) {
            if let Err(what) = checker::check_little(&name, integral, waits) {
                self.recorder.checkers.report("Little", end, what);
            }
        }
        let view = |observer: usize, region: usize| {
            let machine = self.nodes[observer].controller.host.machine();
            let id = RegionId::at(region);
            NodeView { observer, region, phase: machine.phase(id), hold: machine.hold(id) }
        };
        let regions = self.nodes.len();
        let pairs = (0..regions).flat_map(|o| (0..regions).map(move |r| (o, r)));
        let healed = Healed {
            last_fault: self.world.last_fault(),
            oldest: self.world.oldest_queued(end, |_| false).map(|(_, age)| age),
            held_back: self.world.table.held_back(),
            nodes: pairs.map(|(o, r)| view(o, r)).collect(),
        };
        if let Err(what) = healed.check(&self.world.policy, end) {
            self.recorder.checkers.report("I11", end, what);
        }
    }
}
