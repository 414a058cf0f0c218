//! A bench for one controller that reads as a story: the bench plays GitHub, the tables, the queues and the other nodes.
//!
//! What comes round by itself (probes, node records, GitHub's list) is answered by the bench from what it was told of
//! each region; what a decision causes (claims, messages, marks, listings) is collected, and [`Bench::expect`] wants
//! all of it, in any order.

use crate::told::{Changed, Told};
pub(crate) use crate::told::{open_claim, standing};
use crate::words::{Does, FRANKFURT, START, class, org, told};
use std::collections::BTreeMap;
use std::sync::Arc;
use tidegate_core::controller::phase::{Hold, Phase};
use tidegate_core::controller::{Controller, Effect, Event};
use tidegate_core::fact::Fact;
use tidegate_core::id::{JobId, MAX_REGIONS, Name, RegionId, RunId};
use tidegate_core::machine::{Host, Journal, Ports};
use tidegate_core::policy::Policy;
use tidegate_core::port::operator::Verb;
use tidegate_core::port::probe::Load;
use tidegate_core::port::table::{Claim, NodeRecord, Opinion, Standing};
use tidegate_core::port::{Failure, JobSpec, Ticket, enqueue, github, notice, operator, probe, table};
use tidegate_core::{Machine, Need, Span, Timestamp};

/// What a region does when it is probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Answers,
    /// Its node answers, and says that its services do not.
    ServicesDown,
    Misses,
    /// Not even a "missed" comes back.
    Nothing,
}

/// A region as the bench plays it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Played {
    pub(crate) answer: Answer,
    pub(crate) load: Load,
    /// Whether its node writes its record.
    pub(crate) writes: bool,
    pub(crate) record: NodeRecord,
}

#[derive(Default)]
struct Taken(Vec<Effect>);

impl Ports<Effect> for Taken {
    fn submit(&mut self, _: Timestamp, effect: Effect) {
        self.0.push(effect);
    }
}

struct Facts<'a>(&'a mut Vec<Fact>);

impl Journal<Event> for Facts<'_> {
    fn event(&mut self, _: Timestamp, _: &Event) {}
    fn fact(&mut self, _: Timestamp, fact: &Fact) {
        self.0.push(*fact);
    }
}

/// One controller and the world around it.
pub(crate) struct Bench {
    pub(crate) now: Timestamp,
    pub(crate) facts: Vec<Fact>,
    /// The regions, as the bench plays them.
    pub(crate) world: Vec<Played>,
    /// GitHub's list of queued jobs.
    pub(crate) listed: Vec<JobSpec>,
    /// Times GitHub was asked for its list.
    pub(crate) list_asked: u32,
    /// The last record the node wrote.
    pub(crate) record: NodeRecord,
    host: Host<Controller>,
    policy: Arc<Policy>,
    said: Vec<Does>,
    tickets: BTreeMap<u64, Ticket>,
    /// Of the last round of probes.
    sequence: u32,
}

impl Bench {
    /// The controller of Frankfurt, started, with every region well.
    pub(crate) fn new(policy: Policy) -> Self {
        Self::at(FRANKFURT, policy)
    }

    /// The controller of another region.
    pub(crate) fn at(me: RegionId, policy: Policy) -> Self {
        let policy = Arc::new(policy);
        let load = Load { limit: 400, ..Load::default() };
        let mut opinions = [Opinion::Unknown; MAX_REGIONS];
        policy.ids().for_each(|id| opinions[id.index()] = Opinion::Well);
        let record = NodeRecord { opinions, ..NodeRecord::default() };
        let played = Played { answer: Answer::Answers, load, writes: true, record };
        let mut bench = Self {
            now: START,
            facts: Vec::new(),
            world: vec![played; policy.regions.len()],
            listed: Vec::new(),
            list_asked: 0,
            record: NodeRecord::default(),
            host: Host::new(Controller::new(Arc::clone(&policy), me, 1, START), START),
            policy,
            said: Vec::new(),
            tickets: BTreeMap::new(),
            sequence: 0,
        };
        bench.hear(Event::Started);
        bench
    }

    pub(crate) fn machine(&self) -> &Controller {
        self.host.machine()
    }

    /// One turn, and the answers to what comes round by itself.
    pub(crate) fn hear(&mut self, event: Event) {
        let mut taken = Taken::default();
        self.host.turn(self.now, event, &mut taken, &mut Facts(&mut self.facts));
        for effect in taken.0 {
            if let Effect::Table(table::Command::Claim { ticket }) = effect {
                self.tickets.insert(ticket.placement.job.0, ticket);
            }
            match told(&effect) {
                Some(does) => self.said.push(does),
                None => self.answer(effect),
            }
        }
    }

    fn answer(&mut self, effect: Effect) {
        match effect {
            Effect::Probe(probe::Command::Check { region, sequence }) => self.answer_probe(region, sequence),
            Effect::Table(table::Command::Exchange { record }) => {
                self.record = *record;
                let mut records = [None; MAX_REGIONS];
                for (at, played) in self.world.iter_mut().enumerate() {
                    played.record.version += u64::from(played.writes);
                    records[at] = Some(played.record);
                }
                self.hear(Event::Table(table::Event::Records { records: Box::new(records) }));
            }
            Effect::GitHub(github::Command::ListQueued) => {
                self.list_asked += 1;
                let jobs = self.listed.clone();
                self.hear(Event::GitHub(github::Event::Queued { jobs, complete: true }));
            }
            Effect::GitHub(github::Command::Sweep) => {}
            Effect::Table(_) | Effect::Enqueue(_) => unreachable!("told as a story"),
        }
    }

    fn answer_probe(&mut self, region: RegionId, sequence: u32) {
        self.sequence = sequence;
        let played = self.world[region.index()];
        let load = Load { at: self.now, ..played.load };
        let answered = |services_well| probe::Event::Answered { region, sequence, load, services_well };
        let event = match played.answer {
            Answer::Answers => answered(true),
            Answer::ServicesDown => answered(false),
            Answer::Misses => probe::Event::Missed { region, sequence },
            Answer::Nothing => return,
        };
        self.hear(Event::Probe(event));
    }

    /// The answer to the last probe of a region, which the bench had kept to itself.
    pub(crate) fn answer_late(&mut self, region: RegionId) {
        self.world[region.index()].answer = Answer::Answers;
        self.answer_probe(region, self.sequence);
    }

    /// Lets time pass, with every deadline that falls into it.
    pub(crate) fn advance(&mut self, span: Span) {
        let until = self.now + span;
        for turns in 0.. {
            assert!(turns < 100_000, "the machine wakes without end at {}", self.now);
            let Some(wake) = self.machine().next_wake().filter(|wake| wake.at <= until) else { break };
            self.now = self.now.max(wake.at);
            self.hear(Event::Wake);
        }
        self.now = until;
    }

    /// Lets as many rounds of probes pass.
    pub(crate) fn rounds(&mut self, count: u64) {
        self.advance(Span(self.policy.failover.probe_every.0 * count));
    }

    /// Lets time pass until something is done: deadlines are rounded up, so no story counts on the second.
    #[track_caller]
    pub(crate) fn wait(&mut self, at_most: Span) {
        let until = self.now + at_most;
        while self.said.is_empty() {
            assert!(self.now < until, "nothing was done in {at_most}");
            self.advance(Span::from_secs(1));
        }
    }

    /// All that was done since the last look, in any order: no more and no less.
    #[track_caller]
    pub(crate) fn expect(&mut self, wanted: impl IntoIterator<Item = Does>) {
        let mut wanted: Vec<Does> = wanted.into_iter().collect();
        let mut said = std::mem::take(&mut self.said);
        wanted.sort_unstable();
        said.sort_unstable();
        assert_eq!(said, wanted, "done, and wanted, at {}", self.now);
    }

    /// Whatever was done since the last look.
    pub(crate) fn take(&mut self) -> Vec<Does> {
        std::mem::take(&mut self.said)
    }

    #[track_caller]
    pub(crate) fn expect_phase(&self, region: RegionId, phase: Phase) {
        assert_eq!(self.machine().phase(region), phase, "region {} at {}", region.0, self.now);
    }

    #[track_caller]
    pub(crate) fn expect_hold(&self, region: RegionId, hold: Hold) {
        assert_eq!(self.machine().hold(region), hold, "region {} at {}", region.0, self.now);
    }

    /// Lets rounds pass until a region is in a phase.
    #[track_caller]
    pub(crate) fn until(&mut self, region: RegionId, phase: Phase) {
        for _ in 0..7_200 {
            if self.machine().phase(region) == phase {
                return;
            }
            self.advance(Span::from_secs(1));
        }
        panic!("region {} is {:?} and not {phase:?} after two hours", region.0, self.machine().phase(region));
    }

    /// Facts for which `wanted` holds.
    pub(crate) fn count(&self, wanted: impl Fn(&Fact) -> bool) -> usize {
        self.facts.iter().filter(|fact| wanted(fact)).count()
    }

    /// The last placement of a job.
    #[track_caller]
    pub(crate) fn ticket(&self, job: u64) -> Ticket {
        *self.tickets.get(&job).unwrap_or_else(|| panic!("job {job} was never claimed"))
    }

    // -- GitHub

    /// A job, about which GitHub says something.
    pub(crate) fn job(&mut self, job: u64) -> Told<'_> {
        let spec = JobSpec {
            job: JobId(job),
            run: RunId(job),
            run_attempt: 1,
            organization: org(),
            repository: Name::of("patient-studio/app"),
            sender: None,
            class: class(),
            need: Need::default(),
            queued_at: self.now,
        };
        Told { bench: self, spec }
    }

    /// A job is queued, claimed and sent: capacity is coming. Gives the region.
    #[track_caller]
    pub(crate) fn placed(&mut self, job: u64) -> RegionId {
        assert!(self.said.is_empty(), "left over: {:?}", self.said);
        self.job(job).queued();
        self.settle(job)
    }

    /// The claim and the message of a job go through. Gives the region.
    #[track_caller]
    pub(crate) fn settle(&mut self, job: u64) -> RegionId {
        let ticket = self.ticket(job);
        self.claimed(job);
        self.sent(job);
        let attempt = ticket.placement.attempt;
        self.said.retain(|does| {
            ![Does::Claim(job, attempt, ticket.region), Does::Send(job, attempt, ticket.region)].contains(does)
        });
        ticket.region
    }

    // -- tables and queues

    pub(crate) fn claimed(&mut self, job: u64) {
        let placement = self.ticket(job).placement;
        self.hear(Event::Table(table::Event::Claimed { placement }));
    }

    pub(crate) fn conflict(&mut self, job: u64, standing: Standing) {
        let placement = self.ticket(job).placement;
        self.hear(Event::Table(table::Event::Conflict { placement, standing }));
    }

    pub(crate) fn claim_failed(&mut self, job: u64, failure: Failure) {
        let placement = self.ticket(job).placement;
        self.hear(Event::Table(table::Event::ClaimFailed { placement, failure }));
    }

    pub(crate) fn stands(&mut self, job: u64, standing: Option<Standing>) {
        self.hear(Event::Table(table::Event::Stands { job: JobId(job), standing }));
    }

    pub(crate) fn open(&mut self, claims: Vec<Claim>, more: bool) {
        self.hear(Event::Table(table::Event::Open { claims, more }));
    }

    pub(crate) fn sent(&mut self, job: u64) {
        let placement = self.ticket(job).placement;
        self.hear(Event::Enqueue(enqueue::Event::Sent { placement }));
    }

    pub(crate) fn send_failed(&mut self, job: u64, failure: Failure) {
        let Ticket { placement, region, .. } = self.ticket(job);
        self.hear(Event::Enqueue(enqueue::Event::Failed { placement, region, failure }));
    }

    // -- the dispatcher of this node, operators, regions

    /// The dispatcher gives the last placement of a job back.
    pub(crate) fn given_back(&mut self, job: u64, failure: Failure) {
        let ticket = self.ticket(job);
        self.given_back_ticket(ticket, failure);
    }

    pub(crate) fn given_back_ticket(&mut self, ticket: Ticket, failure: Failure) {
        self.hear(Event::Notice(notice::Event::PlacementFailed { ticket, failure }));
    }

    pub(crate) fn order(&mut self, region: RegionId, verb: Verb) {
        self.hear(Event::Operator(operator::Event { region, verb }));
    }

    /// A region, about which something changes.
    pub(crate) fn region(&mut self, region: RegionId) -> Changed<'_> {
        Changed { bench: self, region }
    }

    /// A region reports this load from the next probe on; and the next probe comes.
    pub(crate) fn load(&mut self, region: RegionId, waiting: u32, running: u32) {
        let load = &mut self.world[region.index()].load;
        (load.waiting, load.running) = (waiting, running);
        self.rounds(1);
    }

    /// Saves the machine, and goes on with what was saved.
    pub(crate) fn restart(&mut self) {
        let text = serde_json::to_string(&self.machine().snapshot()).expect("a snapshot is data");
        let snapshot = serde_json::from_str(&text).expect("what was written is read");
        let machine = Controller::restore(Arc::clone(&self.policy), snapshot).expect("it fits");
        self.host = Host::new(machine, self.now);
        self.hear(Event::Started);
    }
}
