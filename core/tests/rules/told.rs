//! What a story says of jobs and regions: the verbs of the bench for one controller.

use crate::bench::{Answer, Bench, Played};
use crate::words::placement;
use tidegate_core::controller::Event;
use tidegate_core::id::{Name, PlacementId, RegionId, RunId};
use tidegate_core::port::table::{Claim, Opinion, Standing};
use tidegate_core::port::{JobSpec, Stage, webhook};

/// A job about which GitHub says something.
pub(crate) struct Told<'a> {
    pub(crate) bench: &'a mut Bench,
    pub(crate) spec: JobSpec,
}

impl Told<'_> {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut JobSpec)) -> Self {
        change(&mut self.spec);
        self
    }

    /// Of a workflow run, by its number.
    pub(crate) fn of_run(self, run: u64) -> Self {
        self.with(|spec| spec.run = RunId(run))
    }

    pub(crate) fn of(self, organization: &str) -> Self {
        let name = Name::of(organization);
        self.with(|spec| spec.organization = name)
    }

    pub(crate) fn queued(self) {
        let spec = self.spec;
        self.bench.hear(Event::Webhook(webhook::Event::JobQueued { spec }));
    }

    /// GitHub lists it as queued from now on.
    pub(crate) fn listed(self) {
        self.bench.listed.push(self.spec);
    }

    /// In progress on the runner that was made for attempt `attempt` of `owner`.
    pub(crate) fn started_on(self, owner: u64, attempt: u16) {
        self.started(Some(placement(owner, attempt)));
    }

    pub(crate) fn started(self, runner: Option<PlacementId>) {
        let JobSpec { job, run_attempt, organization, .. } = self.spec;
        let started_at = self.bench.now;
        self.bench.hear(Event::Webhook(webhook::Event::JobStarted {
            job,
            run_attempt,
            organization,
            runner,
            started_at,
        }));
    }

    pub(crate) fn completed_on(self, owner: u64, attempt: u16) {
        self.completed(Some(placement(owner, attempt)));
    }

    pub(crate) fn completed(self, runner: Option<PlacementId>) {
        let JobSpec { job, run_attempt, organization, .. } = self.spec;
        let completed_at = self.bench.now;
        let event = webhook::Event::JobCompleted { job, run_attempt, organization, runner, completed_at };
        self.bench.hear(Event::Webhook(event));
    }
}

/// A region about which something changes.
pub(crate) struct Changed<'a> {
    pub(crate) bench: &'a mut Bench,
    pub(crate) region: RegionId,
}

impl Changed<'_> {
    fn played(&mut self) -> &mut Played {
        &mut self.bench.world[self.region.index()]
    }

    pub(crate) fn answers(mut self, answer: Answer) {
        self.played().answer = answer;
    }

    /// What the node of `by` thinks of it.
    pub(crate) fn called(self, opinion: Opinion, by: RegionId) {
        self.bench.world[by.index()].record.opinions[self.region.index()] = opinion;
    }

    /// Its node writes no record any more.
    pub(crate) fn falls_silent(mut self) {
        self.played().writes = false;
    }

    /// It is gone for everybody: probes are missed, its node is silent, the other nodes see it too.
    pub(crate) fn lost(mut self) {
        let region = self.region;
        let played = self.played();
        (played.answer, played.writes) = (Answer::Misses, false);
        self.all_say(region, Opinion::Unwell);
    }

    /// It is back for everybody.
    pub(crate) fn back(mut self) {
        let region = self.region;
        let played = self.played();
        (played.answer, played.writes) = (Answer::Answers, true);
        (played.load.launches, played.load.failed) = (0, 0);
        self.all_say(region, Opinion::Well);
    }

    fn all_say(self, of: RegionId, opinion: Opinion) {
        self.bench.world.iter_mut().for_each(|played| played.record.opinions[of.index()] = opinion);
    }

    /// Its launches of late, and how many failed.
    pub(crate) fn launches(mut self, tried: u32, failed: u32) {
        let load = &mut self.played().load;
        (load.launches, load.failed) = (tried, failed);
    }
}

/// What stands in the table: attempt `attempt` in a region, at a stage.
pub(crate) fn standing(attempt: u16, region: RegionId, stage: Stage) -> Standing {
    Standing { run_attempt: 1, attempt, region, stage, taken_by: None }
}

/// An open claim of another node.
pub(crate) fn open_claim(job: u64, attempt: u16, region: RegionId, writer: RegionId) -> Claim {
    let ticket = crate::words::ticket(job, attempt, region);
    Claim { ticket, standing: standing(attempt, region, Stage::Placed), writer }
}
