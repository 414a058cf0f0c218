//! Any list of events in time order: neither machine ever panics or breaks an invariant, and saving and restoring it
//! anywhere in between changes nothing about what follows.

mod words;

use proptest::prelude::*;
use std::sync::Arc;
use tidegate_core::controller::{self, Controller};
use tidegate_core::dispatcher::{self, Dispatcher};
use tidegate_core::fact::Fact;
use tidegate_core::id::{JobId, Name, PlacementId};
use tidegate_core::machine::{Host, Journal, Outbox, Ports};
use tidegate_core::policy::Policy;
use tidegate_core::port::confirm::Verdict;
use tidegate_core::port::probe::Load;
use tidegate_core::port::runner::StopCause;
use tidegate_core::port::table::Standing;
use tidegate_core::port::{Failure, Stage, Ticket, confirm, enqueue, notice, probe, runner, table, webhook};
use tidegate_core::{Machine, Timestamp};

use words::{Next, START, Story, controller_event, dispatcher_event, policy, region, story};

// -- the runs

/// All that a machine did and said.
#[derive(Debug, PartialEq)]
struct Told<E> {
    effects: Vec<(Timestamp, E)>,
    facts: Vec<(Timestamp, Fact)>,
}

impl<E> Ports<E> for Told<E> {
    fn submit(&mut self, now: Timestamp, effect: E) {
        self.effects.push((now, effect));
    }
}

struct Facts<'a>(&'a mut Vec<(Timestamp, Fact)>);

impl<V> Journal<V> for Facts<'_> {
    fn event(&mut self, _: Timestamp, _: &V) {}
    fn fact(&mut self, now: Timestamp, fact: &Fact) {
        self.0.push((now, *fact));
    }
}

/// A machine as these properties play with it.
trait Played: Machine<Event: Clone + std::fmt::Debug, Effect: Clone + PartialEq + std::fmt::Debug> + Clone {
    fn wake() -> Self::Event;
    /// What the world may say to an effect; `how` chooses.
    fn answer(effect: Self::Effect, how: u8, now: Timestamp) -> Option<Self::Event>;
    /// Saved, written, read and restored.
    fn saved(&self, policy: &Arc<Policy>) -> Self;
    /// What may grow, held against its limits.
    fn fits(&self, policy: &Policy) -> bool;
}

impl Played for Controller {
    fn wake() -> controller::Event {
        controller::Event::Wake
    }

    fn answer(effect: controller::Effect, how: u8, now: Timestamp) -> Option<controller::Event> {
        let well = !how.is_multiple_of(4);
        Some(match effect {
            controller::Effect::Enqueue(enqueue::Command::Send { ticket: Ticket { placement, region, .. } })
                if well =>
            {
                match how % 3 {
                    0 => controller::Event::Webhook(webhook::Event::JobStarted {
                        job: placement.job,
                        run_attempt: placement.run_attempt,
                        organization: Name(0),
                        runner: Some(PlacementId { job: JobId(1 + u64::from(how) % 11), ..placement }),
                        started_at: now,
                    }),
                    1 => controller::Event::Enqueue(enqueue::Event::Sent { placement }),
                    _ => controller::Event::Enqueue(enqueue::Event::Failed {
                        placement,
                        region,
                        failure: Failure::Unreachable,
                    }),
                }
            }
            controller::Effect::Enqueue(enqueue::Command::Send { ticket }) => {
                let failure = [Failure::Capacity, Failure::Stopped][usize::from(how / 4 % 2)];
                controller::Event::Notice(notice::Event::PlacementFailed { ticket, failure })
            }
            controller::Effect::Table(table::Command::Claim { ticket: Ticket { placement, region, .. } }) => {
                controller::Event::Table(if well {
                    table::Event::Claimed { placement }
                } else {
                    let PlacementId { run_attempt, attempt, .. } = placement;
                    let attempt = attempt.saturating_add(u16::from(how / 128));
                    let standing = Standing { run_attempt, attempt, region, stage: Stage::Placed, taken_by: None };
                    table::Event::Conflict { placement, standing }
                })
            }
            controller::Effect::Probe(probe::Command::Check { region, sequence }) => {
                controller::Event::Probe(if !how.is_multiple_of(3) {
                    let load = Load { at: now, running: u32::from(how) % 6, limit: 5, ..Load::default() };
                    probe::Event::Answered { region, sequence, load, services_well: true }
                } else {
                    probe::Event::Missed { region, sequence }
                })
            }
            controller::Effect::Table(table::Command::Look { job }) => {
                controller::Event::Table(table::Event::Stands { job, standing: None })
            }
            controller::Effect::Table(_) | controller::Effect::GitHub(_) => return None,
        })
    }

    fn saved(&self, policy: &Arc<Policy>) -> Self {
        let text = serde_json::to_string(&self.snapshot()).expect("a snapshot is data");
        Self::restore(Arc::clone(policy), serde_json::from_str(&text).expect("it was written so")).expect("it fits")
    }

    fn fits(&self, policy: &Policy) -> bool {
        let [runs, ended, swapped, _] = self.remembered();
        let (caps, sticky) = (&policy.caps, &policy.sticky);
        runs <= sticky.max_entries as usize && ended <= 2 * caps.ended_jobs as usize && swapped <= self.open_jobs()
    }
}

impl Played for Dispatcher {
    fn wake() -> dispatcher::Event {
        dispatcher::Event::Wake
    }

    fn answer(effect: dispatcher::Effect, how: u8, _: Timestamp) -> Option<dispatcher::Event> {
        let well = !how.is_multiple_of(4);
        let failures =
            [Failure::Capacity, Failure::Timeout, Failure::NameTaken, Failure::GitHubDown, Failure::Throttled];
        let failure = failures[usize::from(how / 4) % failures.len()];
        Some(match effect {
            dispatcher::Effect::Confirm(confirm::Command::Check { placement, .. }) => {
                let verdict = if well { Verdict::Current { consumed: false } } else { Verdict::Superseded };
                dispatcher::Event::Confirm(confirm::Event { placement, verdict })
            }
            dispatcher::Effect::Runner(command) => dispatcher::Event::Runner(match command {
                runner::Command::Register { ticket: Ticket { placement, .. } } if well => {
                    runner::Event::Registered { placement }
                }
                runner::Command::Register { ticket: Ticket { placement, .. } } => {
                    runner::Event::RegisterFailed { placement, failure }
                }
                runner::Command::Launch { ticket: Ticket { placement, .. }, .. } => match how % 4 {
                    0 => runner::Event::LaunchFailed { placement, failure },
                    1 => runner::Event::Online { placement },
                    _ => runner::Event::Launched { placement },
                },
                runner::Command::Remove { placement, .. } if well => runner::Event::Removed { placement },
                runner::Command::Remove { placement, .. } => runner::Event::Busy { placement },
                runner::Command::Stop { placement } => {
                    runner::Event::Stopped { placement, cause: StopCause::Requested }
                }
                runner::Command::Look { placement } => runner::Event::Seen { placement, online: Some(well) },
            }),
            dispatcher::Effect::Dequeue(_) | dispatcher::Effect::Notice(_) => return None,
        })
    }

    fn saved(&self, policy: &Arc<Policy>) -> Self {
        let text = serde_json::to_string(&self.snapshot()).expect("a snapshot is data");
        Self::restore(Arc::clone(policy), serde_json::from_str(&text).expect("it was written so")).expect("it fits")
    }

    fn fits(&self, policy: &Policy) -> bool {
        self.tasks() <= policy.regions[0].max_runners as usize
    }
}

/// Runs a story. After each event the machine may be changed for one that is as good. Every turn checks the invariants;
/// here also that a wake does what it is for.
fn run<M: Played>(
    machine: M,
    policy: &Policy,
    story: &Story<M::Event>,
    between: impl Fn(usize, &M) -> Option<M>,
) -> Told<M::Effect> {
    let (mut now, mut told) = (START, Told { effects: Vec::new(), facts: Vec::new() });
    let mut host = Host::new(machine, START);
    for (turn, (pause, next)) in story.iter().enumerate() {
        now += *pause;
        let event = match next {
            Next::Any(event) => event.clone(),
            Next::Due => {
                now = host.machine().next_wake().map_or(now, |wake| wake.at.max(now));
                M::wake()
            }
            Next::Answer(at, how) => {
                let lately = &told.effects[told.effects.len().saturating_sub(20)..];
                let answer = lately
                    .get(at % lately.len().max(1))
                    .and_then(|(_, effect)| M::answer(M::Effect::clone(effect), *how, now));
                answer.unwrap_or_else(M::wake)
            }
        };
        let mut facts = std::mem::take(&mut told.facts);
        host.turn(now, event, &mut told, &mut Facts(&mut facts));
        told.facts = facts;
        assert!(host.machine().fits(policy), "something grew over its limit");
        if let Some(wake) = host.machine().next_wake() {
            let (at, mut woken) = (wake.at.max(now), host.machine().clone());
            woken.handle(at, M::wake(), &mut Outbox::default());
            assert!(
                woken.next_wake().is_none_or(|next| next.at > at),
                "woken for {:?}, and at once again",
                wake.reason
            );
        }
        if let Some(other) = between(turn, host.machine()) {
            host = Host::new(other, now);
        }
    }
    told
}

/// Where in a story the machine is saved and restored: every so many turns.
fn gap() -> impl Strategy<Value = usize> {
    1..40usize
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_controller_breaks_and_a_saved_one_goes_on_alike(
        policy in policy(), me in region(), story in story(controller_event()), gap in gap(),
    ) {
        let fresh = || Controller::new(Arc::clone(&policy), me, 7, START);
        let straight = run(fresh(), &policy, &story, |_, _| None);
        let saved = run(fresh(), &policy, &story, |turn, machine| (turn % gap == 0).then(|| machine.saved(&policy)));
        prop_assert_eq!(straight, saved);
    }

    #[test]
    fn no_dispatcher_breaks_and_a_saved_one_goes_on_alike(
        policy in policy(), me in region(), story in story(dispatcher_event()), gap in gap(),
    ) {
        let fresh = || Dispatcher::new(Arc::clone(&policy), me);
        let straight = run(fresh(), &policy, &story, |_, _| None);
        let saved = run(fresh(), &policy, &story, |turn, machine| (turn % gap == 0).then(|| machine.saved(&policy)));
        prop_assert_eq!(straight, saved);
    }
}
