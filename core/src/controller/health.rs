//! Regions' health, from evidence to routing. One way: probe, record or order, then phases, then one sweep over the
//! jobs that a change concerns.

use super::job::State;
use super::phase::Phase;
use super::{Controller, Effect, Out, failover};
use crate::fact::Fact;
use crate::id::{MAX_REGIONS, RegionId};
use crate::port::operator::{self, Order};
use crate::port::table::{NodeRecord, NodeRecords, Opinion};
use crate::port::{probe, table};
use crate::time::{Span, Timestamp};

impl Controller {
    /// One round: a probe to each region, our record to the tables. A probe still unanswered counts as missed.
    pub(super) fn probe_all(&mut self, now: Timestamp, out: &mut Out) {
        for region in &mut self.state.regions {
            if region.probe_sent.take().is_some() {
                region.detector.on_miss();
            }
            region.probe_sequence = region.probe_sequence.wrapping_add(1);
            region.probe_sent = Some(now);
            region.probe_mark = region.pressure.mark();
            let sequence = region.probe_sequence;
            out.effects.push(Effect::Probe(probe::Command::Check { region: region.id, sequence }));
        }
        self.exchange(now, out);
        self.assess(now, out);
    }

    fn exchange(&mut self, now: Timestamp, out: &mut Out) {
        self.state.version += 1;
        let mut record = NodeRecord {
            written_at: now,
            version: self.state.version,
            opinions: [Opinion::Unknown; MAX_REGIONS],
            orders: [None; MAX_REGIONS],
            load: *self.state.regions[self.state.me.index()].pressure.load(),
        };
        for region in &self.state.regions {
            record.opinions[region.id.index()] = region.detector.opinion(&self.policy.failover);
            record.orders[region.id.index()] = region.order;
        }
        out.effects.push(Effect::Table(table::Command::Exchange { record: Box::new(record) }));
    }

    pub(super) fn on_probe(&mut self, event: probe::Event, now: Timestamp, out: &mut Out) {
        match event {
            probe::Event::Answered { region, sequence, load, services_well } => {
                let view = &mut self.state.regions[region.index()];
                if view.probe_sequence != sequence || view.probe_sent.take().is_none() {
                    return;
                }
                if services_well {
                    view.detector.on_pass(&load);
                } else {
                    view.detector.on_miss();
                    view.detector.on_launches(&load);
                }
                let mark = view.probe_mark;
                view.pressure.on_load(load, mark, now);
                self.update_spill(region, now, out);
            }
            probe::Event::Missed { region, sequence } => {
                let view = &mut self.state.regions[region.index()];
                if view.probe_sequence != sequence || view.probe_sent.take().is_none() {
                    return;
                }
                view.detector.on_miss();
            }
        }
        self.assess(now, out);
    }

    pub(super) fn update_spill(&mut self, id: RegionId, now: Timestamp, out: &mut Out) {
        let spec = self.policy.region(id);
        let pressure = &mut self.state.regions[id.index()].pressure;
        if pressure.update(spec.max_runners, &spec.spill, &self.policy.spillover, now) {
            let spilling = pressure.spilling();
            out.facts.push(Fact::SpillChanged { observer: self.state.me, region: id, spilling });
        }
    }

    /// The records of all nodes, as our replica has them: opinions, and operators' orders given elsewhere.
    pub(super) fn on_records(&mut self, records: &NodeRecords, now: Timestamp, out: &mut Out) {
        for (at, record) in records.iter().enumerate().take(self.state.regions.len()) {
            let Some(record) = record else { continue };
            let own = at == self.state.me.index();
            let region = &mut self.state.regions[at];
            let news = region.record.as_ref().is_none_or(|known| record.version > known.version);
            if own || !news {
                continue;
            }
            region.record = Some(*record);
            region.record_at = now;
            for (target, order) in record.orders.iter().enumerate().take(self.state.regions.len()) {
                if let Some(order) = order {
                    self.state.regions[target].take_order(*order, now, &mut out.facts);
                }
            }
        }
        self.assess(now, out);
    }

    /// An operator spoke to this node: stamp the order, obey it, and tell the others with the next record.
    pub(super) fn on_operator(&mut self, event: operator::Event, now: Timestamp, out: &mut Out) {
        let region = &mut self.state.regions[event.region.index()];
        // Later than any order known, even one from a node whose clock is ahead: the operator spoke after it.
        let at = region.order.map_or(now, |known| now.max(known.at + Span::from_micros(1)));
        region.take_order(Order { at, node: self.state.me, verb: event.verb }, now, &mut out.facts);
        self.exchange(now, out);
        self.assess(now, out);
    }

    /// The process came up again: nothing in flight will be answered, nobody has heard of us for a while, and what we
    /// know of others is old. Give everyone the time of a first start.
    pub(super) fn on_started_up(&mut self, now: Timestamp, out: &mut Out) {
        for region in &mut self.state.regions {
            region.probe_sent = None;
            region.record_at = now;
        }
        self.state.listing = None;
        self.state.started_at = now;
        self.state.next_probe = now + self.policy.failover.probe_every;
        self.probe_all(now, out);
    }

    /// Derives the phases, then sweeps once over the jobs of the regions that changed.
    fn assess(&mut self, now: Timestamp, out: &mut Out) {
        let policy = &self.policy.failover;
        if !self.state.panic && failover::all_is_well(&self.state.regions, policy, now) {
            return;
        }
        let panic = failover::all_look_bad(&self.state.regions, policy);
        if panic != self.state.panic {
            self.state.panic = panic;
            out.facts.push(Fact::PanicChanged { observer: self.state.me, panic });
        }
        for region in &mut self.state.regions {
            failover::ramp_up(region, policy, now);
        }
        let jobs = &self.state.jobs;
        let left = |id: RegionId| {
            !jobs
                .select(|job| job.cover_region == id && job.state != State::Started && !is_waiting(job.state))
                .is_empty()
        };
        let changed = failover::assess(&mut self.state.regions, policy, panic, left, now, &mut out.facts);
        for (region, phase) in changed {
            self.on_phase(region, phase, now, out);
        }
    }

    fn on_phase(&mut self, region: RegionId, phase: Phase, now: Timestamp, out: &mut Out) {
        match phase {
            Phase::Evacuating => {
                self.evacuate(region, now, out);
                self.adopt(region, out);
            }
            Phase::Active | Phase::Probation => self.retry_waiting(now, out),
            Phase::AwaitingApproval | Phase::Out | Phase::Suspect => {}
        }
    }

    /// Places again the jobs whose runner was to be made in a region. Running jobs are left alone.
    fn evacuate(&mut self, region: RegionId, now: Timestamp, out: &mut Out) {
        let there = |state| matches!(state, State::Claiming | State::Enqueuing | State::Placed);
        for id in self.state.jobs.select(|job| job.cover_region == region && there(job.state)) {
            self.place(id, now, out);
        }
    }

    /// Jobs that wait for a region may go now.
    fn retry_waiting(&mut self, now: Timestamp, out: &mut Out) {
        for id in self.state.jobs.select(|job| is_waiting(job.state)) {
            self.place(id, now, out);
        }
    }
}

fn is_waiting(state: State) -> bool {
    matches!(state, State::Waiting(_))
}
