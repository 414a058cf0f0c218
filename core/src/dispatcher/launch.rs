//! Runners are made: registered at GitHub within its budget, launched on spot or on demand. Knows error classes,
//! breakers, budgets; must not know messages.

use super::budget::Bucket;
use super::task::State;
use super::{ANSWER_WITHIN, Dispatcher, Effect, HIDDEN_FOR, Out};
use crate::fact::Fact;
use crate::id::{Name, PlacementId};
use crate::port::{ErrorClass, Failure, dequeue, runner};
use crate::time::{Span, Timestamp};

/// How long a runner whose owner is unknown has to come online before its name counts as lost; no longer than the policy
/// gives any task for that.
const OWNER_WAIT: Span = Span::from_secs(90);

impl Dispatcher {
    /// Whether a class of capacity was refused lately.
    pub(super) fn is_refused(&self, class: Name, spot: bool, now: Timestamp) -> bool {
        self.state.refused.iter().any(|(c, s, until)| *c == class && *s == spot && *until > now)
    }

    fn refuse(&mut self, class: Name, spot: bool, now: Timestamp) {
        let until = now + self.policy.launch.negative_cache;
        self.state.refused.retain(|(c, s, until)| *until > now && (*c, *s) != (class, spot));
        self.state.refused.push((class, spot, until));
    }

    /// Registers the runner, when the budget of its organization allows it.
    pub(super) fn register(&mut self, placement: PlacementId, now: Timestamp, out: &mut Out) {
        let rate = self.policy.github.registrations_per_minute;
        let task = self.state.tasks.get_mut(placement).expect("the caller looked it up");
        let organization = task.ticket.organization;
        let bucket = self.state.registrations.get_or_insert_with(organization.0, || Bucket::per_minute(rate, now));
        bucket.allow(rate);
        match bucket.take(now) {
            Ok(()) => {
                (task.state, task.since) = (State::Registering, now);
                out.effects.push(Effect::Runner(runner::Command::Register { ticket: task.ticket }));
                self.state.tasks.set_deadline(placement, now + ANSWER_WITHIN, now);
            }
            Err(wait) => self.pause(placement, State::BeforeRegister, wait, now, out),
        }
    }

    /// Waits in a state until the deadline, and keeps the message hidden meanwhile.
    fn pause(&mut self, placement: PlacementId, state: State, wait: Span, now: Timestamp, out: &mut Out) {
        let task = self.state.tasks.get_mut(placement).expect("the caller looked it up");
        (task.state, task.since) = (state, now);
        if task.visible_at <= now + wait + ANSWER_WITHIN {
            task.visible_at = now + wait + HIDDEN_FOR;
            let hidden_for = wait + HIDDEN_FOR;
            out.effects.push(Effect::Dequeue(dequeue::Command::Extend { receipt: task.receipt, hidden_for }));
        }
        self.state.tasks.set_deadline(placement, now + wait, now);
    }

    /// Launches the task: on spot where that will do and nothing speaks against it.
    pub(super) fn launch(&mut self, placement: PlacementId, now: Timestamp, out: &mut Out) {
        let task = self.state.tasks.get_mut(placement).expect("the caller looked it up");
        let ticket = task.ticket;
        let confirmed = Self::is_confirmed(task, now);
        task.since = now;
        if !confirmed {
            task.state = State::Confirming;
            self.confirm(placement, now, out);
            return;
        }
        let spot = ticket.need.spot
            && self.region().spot
            && self.state.spot.allows(now)
            && !self.is_refused(ticket.class, true, now);
        let task = self.state.tasks.get_mut(placement).expect("looked up above");
        (task.state, task.spot) = (State::Launching, spot);
        out.effects.push(Effect::Runner(runner::Command::Launch { ticket, spot }));
        self.state.tasks.set_deadline(placement, now + ANSWER_WITHIN, now);
    }

    pub(super) fn on_registered(&mut self, placement: PlacementId, now: Timestamp, out: &mut Out) {
        let Some(task) = self.state.tasks.get_mut(placement) else { return };
        if matches!(task.state, State::Registering | State::BeforeRegister) {
            (task.registered, task.tries) = (true, 0);
            self.launch(placement, now, out);
        }
    }

    pub(super) fn on_register_failed(
        &mut self,
        placement: PlacementId,
        failure: Failure,
        now: Timestamp,
        out: &mut Out,
    ) {
        let region = self.state.me;
        let Some(task) = self.state.tasks.get_mut(placement) else { return };
        if task.state != State::Registering {
            return;
        }
        task.unheard |= failure.may_have_happened();
        match failure {
            // Somebody has the name: another region, or we, with the answer lost. Not a failure yet (rule 3).
            Failure::NameTaken => {
                out.facts.push(Fact::NameTaken { placement, region });
                if task.unheard {
                    // Ours, if the call came through; then nobody can start it: its configuration was in the answer.
                    (task.state, task.since) = (State::OwnerUnknown, now);
                    self.look(placement, now, out);
                } else {
                    let wait = OWNER_WAIT.min(self.policy.launch.start_timeout);
                    self.pause(placement, State::OwnerUnknown, wait, now, out);
                }
            }
            Failure::Denied => self.give_back(placement, failure, out),
            // Common to all regions: going elsewhere does not help.
            Failure::GitHubBudget | Failure::GitHubDown => {
                task.tries = task.tries.saturating_add(1).min(8);
                let wait = self.policy.launch.backoff.doubled(u32::from(task.tries), self.policy.launch.backoff_max);
                self.pause(placement, State::BeforeRegister, wait, now, out);
            }
            Failure::Capacity
            | Failure::Service
            | Failure::Stopped
            | Failure::Throttled
            | Failure::Timeout
            | Failure::Unreachable => self.retry(placement, State::BeforeRegister, failure, now, out),
        }
    }

    /// Tries again here after a while; gives the placement back when the tries run out.
    fn retry(&mut self, placement: PlacementId, state: State, failure: Failure, now: Timestamp, out: &mut Out) {
        let task = self.state.tasks.get_mut(placement).expect("the caller looked it up");
        task.tries = task.tries.saturating_add(1);
        if u32::from(task.tries) > self.policy.launch.retries {
            self.give_back(placement, failure, out);
            return;
        }
        out.facts.push(Fact::Retried { placement, failure });
        let wait = self.policy.launch.backoff.doubled(u32::from(task.tries) - 1, self.policy.launch.backoff_max);
        self.pause(placement, state, wait, now, out);
    }

    /// Asks GitHub about the runner of a taken name, until it answers.
    pub(super) fn look(&mut self, placement: PlacementId, now: Timestamp, out: &mut Out) {
        out.effects.push(Effect::Runner(runner::Command::Look { placement }));
        self.state.tasks.set_deadline(placement, now + ANSWER_WITHIN, now);
    }

    /// The owner of a taken name was looked up.
    pub(super) fn on_seen(&mut self, placement: PlacementId, online: Option<bool>, out: &mut Out) {
        let Some(task) = self.state.tasks.get_mut(placement) else { return };
        if task.state != State::OwnerUnknown {
            return;
        }
        if online == Some(true) {
            out.facts.push(super::fact_dropped(placement, self.state.me, crate::fact::DropReason::Duplicate));
            self.discard(placement, out);
        } else {
            // Nobody came: the name is lost, and the next attempt takes another.
            self.give_back(placement, Failure::NameTaken, out);
        }
    }

    pub(super) fn on_launched(&mut self, placement: PlacementId, now: Timestamp, out: &mut Out) {
        let (region, window) = (self.state.me, self.policy.failover.window);
        let Some(task) = self.state.tasks.get_mut(placement) else {
            // We gave it back when the answer was overdue; the task lives all the same. Stop it.
            out.effects.push(Effect::Runner(runner::Command::Stop { placement }));
            return;
        };
        if !matches!(task.state, State::Launching | State::BeforeLaunch) {
            return;
        }
        (task.state, task.since, task.tries) = (State::Starting, now, 0);
        let (ticket, spot) = (task.ticket, task.spot);
        out.facts.push(Fact::LaunchAccepted {
            placement,
            region,
            home: ticket.home,
            regional: ticket.regional,
            spot,
            wait: now.since(ticket.received_at),
        });
        out.effects.push(Effect::Dequeue(dequeue::Command::Delete { receipt: task.receipt }));
        self.state.launches.count(false, window, now);
        self.state.tasks.set_deadline(placement, now + self.policy.launch.start_timeout, now);
    }

    pub(super) fn on_launch_failed(&mut self, placement: PlacementId, failure: Failure, now: Timestamp, out: &mut Out) {
        let (region, window) = (self.state.me, self.policy.failover.window);
        let Some(task) = self.state.tasks.get_mut(placement) else { return };
        if task.state != State::Launching {
            return;
        }
        let (class, spot) = (task.ticket.class, task.spot);
        out.facts.push(Fact::LaunchFailed { placement, region, failure });
        if spot && failure == Failure::Capacity {
            // Spot has none: that says nothing about the region. On demand at once.
            self.state.spot.strike(&self.policy.launch.spot_breaker, now);
            self.refuse(class, true, now);
            self.launch(placement, now, out);
            return;
        }
        if failure.blames_region() {
            self.state.launches.count(true, window, now);
        }
        match failure.class() {
            ErrorClass::Fatal => self.give_back(placement, failure, out),
            ErrorClass::RetryElsewhere => {
                if failure == Failure::Capacity {
                    self.refuse(class, false, now);
                }
                self.give_back(placement, failure, out);
            }
            ErrorClass::RetryHere => self.retry(placement, State::BeforeLaunch, failure, now, out),
        }
    }
}
