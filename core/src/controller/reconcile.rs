//! What webhooks and other nodes failed to tell: GitHub's list of queued jobs, and the claims of lost nodes. Knows both
//! lists; places jobs as if their webhook had come.

use super::job::{Job, State};
use super::{Controller, Effect, Out};
use crate::fact::{Fact, Why};
use crate::id::{JobId, RegionId};
use crate::port::table::Claim;
use crate::port::{JobSpec, Stage, github, table};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Claims in one page of a listing.
const PAGE: u32 = 500;

/// Unknown jobs remembered between two lists at the most; the rest is found by the next list.
const UNKNOWN_MAX: usize = 50_000;

impl Controller {
    pub(super) fn reconcile(&mut self, out: &mut Out) {
        if self.is_first() {
            out.effects.push(Effect::GitHub(github::Command::ListQueued));
        }
        if self.state.regions.iter().any(|region| region.adopting) {
            // The page that failed, or that was never answered. A page that comes twice changes nothing.
            self.list(self.state.listing.flatten(), out);
        }
    }

    /// A job that GitHub lists and we do not know is placed at the second look: its webhook may be on the way, and
    /// the list may be behind (rule 5).
    pub(super) fn on_queued_list(&mut self, jobs: &[JobSpec], complete: bool, now: Timestamp, out: &mut Out) {
        if complete {
            self.state.listed_at = now;
        }
        let before = std::mem::take(&mut self.state.unknown);
        // Of a list that was cut off, who is missing may be queued all the same: it keeps its first look.
        let mut unknown = if complete { BTreeMap::new() } else { before.clone() };
        for spec in jobs {
            let seen = unknown.remove(&spec.job).or(before.get(&spec.job).copied()).unwrap_or(now);
            if let Some(job) = self.state.jobs.get_mut(spec.job) {
                job.listed_at = now;
                continue;
            }
            if self.state.ended.contains(spec.job.0) {
                continue;
            }
            if now.since(seen) >= self.policy.github.second_look {
                self.on_queued(spec, true, now, out);
            } else if unknown.len() < UNKNOWN_MAX {
                unknown.insert(spec.job, seen);
            }
        }
        self.state.unknown = unknown;
    }

    /// Whether GitHub says that a job asks for a runner no more: it was placed well before the last list, for the list is
    /// behind, and is not on it. Its webhooks went to another node, whose marks may not reach us.
    pub(super) fn is_off_the_list(&self, job: &Job) -> bool {
        job.since + self.policy.github.second_look < self.state.listed_at && job.listed_at < self.state.listed_at
    }

    /// Takes over the open jobs of a lost region from the table, if that is for this node to do (rule 4: the region's
    /// queue and its node's memory are out of reach).
    pub(super) fn adopt(&mut self, region: RegionId, out: &mut Out) {
        if !self.is_first() {
            return;
        }
        self.state.regions[region.index()].adopting = true;
        self.list(None, out);
    }

    fn list(&mut self, after: Option<JobId>, out: &mut Out) {
        self.state.listing = Some(after);
        out.effects.push(Effect::Table(table::Command::ListOpen { after, limit: PAGE }));
    }

    pub(super) fn on_open_claims(&mut self, claims: &[Claim], more: bool, now: Timestamp, out: &mut Out) {
        let phases = self.phases();
        let mut count = 0;
        for claim in claims {
            let id = claim.ticket.placement.job;
            self.learn_run(claim, now);
            let known = self.state.jobs.get(id).is_some() || self.state.ended.contains(id.0);
            let lost = |region: RegionId| phases[region.index()].is_closed();
            if known || claim.standing.stage != Stage::Placed || !(lost(claim.standing.region) || lost(claim.writer)) {
                continue;
            }
            if self.is_full() {
                out.facts.push(Fact::Ignored { why: Why::Limit });
                break;
            }
            self.take_over(claim, now);
            count += 1;
            if lost(claim.standing.region) {
                self.place(id, now, out);
            } else if let Some(taker) = claim.standing.taken_by.filter(|taker| *taker != id) {
                self.ask_of_taker(id, taker, now, out);
            }
        }
        if count > 0 {
            out.facts.push(Fact::JobsAdopted { node: self.state.me, count });
        }
        if more && let Some(last) = claims.last() {
            self.list(Some(last.ticket.placement.job), out);
        } else {
            self.state.listing = None;
            self.state.regions.iter_mut().for_each(|region| region.adopting = false);
        }
    }

    /// Where a run is that another node began, whose webhooks come here now: claims are the record of that, for they
    /// carry run and region (rule 11). What this node knows itself is newer.
    fn learn_run(&mut self, claim: &Claim, now: Timestamp) {
        let run = claim.ticket.run;
        if self.state.sticky.region(run, now).is_none() {
            self.state.sticky.remember(run, claim.standing.region, &self.policy.sticky, now);
        }
    }

    fn take_over(&mut self, claim: &Claim, now: Timestamp) {
        let mut ticket = claim.ticket;
        ticket.placement.attempt = claim.standing.attempt;
        ticket.region = claim.standing.region;
        let id = ticket.placement.job;
        self.admit(ticket, false, now);
        if let Some(job) = self.state.jobs.get_mut(id) {
            (job.state, job.claimed) = (State::Placed, true);
        }
        self.state.sticky.remember(ticket.run, ticket.region, &self.policy.sticky, now);
        self.set_deadline(id, now + self.policy.launch.patience(), now);
    }

    pub(super) fn on_list_failed(&mut self) {
        self.state.listing = None; // asked again with the next reconcile
    }

    pub(super) fn on_table(&mut self, event: table::Event, now: Timestamp, out: &mut Out) {
        match event {
            table::Event::Claimed { placement } => self.on_claimed(placement, now, out),
            table::Event::Conflict { placement, standing } => self.on_conflict(placement, standing, now, out),
            table::Event::ClaimFailed { placement, failure } => self.on_claim_failed(placement, failure, now, out),
            // The mark saves a surplus runner and decides nothing: GitHub's own word is asked before one is stopped.
            table::Event::MarkFailed { .. } | table::Event::ExchangeFailed => {}
            table::Event::Stands { job, standing } => self.on_stands(job, standing, now, out),
            table::Event::Records { records } => self.on_records(&records, now, out),
            table::Event::Open { claims, more } => self.on_open_claims(&claims, more, now, out),
            table::Event::ListFailed => self.on_list_failed(),
        }
    }
}
