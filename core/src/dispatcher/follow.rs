//! Tasks after their launch: online, at work, idle, stopped; and every deadline. Knows tasks; must not know messages.

use super::task::State;
use super::{ANSWER_WITHIN, Dispatcher, Effect, Out};
use crate::deadline::Entry;
use crate::fact::Fact;
use crate::id::PlacementId;
use crate::map::mix;
use crate::port::confirm::Verdict;
use crate::port::runner::StopCause;
use crate::port::{Failure, confirm, notice, runner};
use crate::time::{Span, Timestamp};

/// A runner that the table takes for busy is asked for at GitHub after so many times the time that an idle one is given.
/// Few jobs run as long, and each costs one request.
const TAKEN_IDLES: u64 = 4;

impl Dispatcher {
    pub(super) fn on_runner(&mut self, event: runner::Event, now: Timestamp, out: &mut Out) {
        match event {
            runner::Event::Registered { placement } => self.on_registered(placement, now, out),
            runner::Event::RegisterFailed { placement, failure } => {
                self.on_register_failed(placement, failure, now, out);
            }
            runner::Event::Launched { placement } => self.on_launched(placement, now, out),
            runner::Event::LaunchFailed { placement, failure } => self.on_launch_failed(placement, failure, now, out),
            runner::Event::Online { placement } => self.on_online(placement, now, out),
            runner::Event::Removed { placement } => self.on_removed(placement, now, out),
            runner::Event::Busy { placement } => self.on_busy(placement, now),
            runner::Event::RemoveFailed { placement, .. } => self.on_remove_failed(placement, now),
            runner::Event::Seen { placement, online } => self.on_seen(placement, online, out),
            runner::Event::Stopped { placement, cause } => self.on_stopped(placement, cause, now, out),
        }
    }

    fn on_online(&mut self, placement: PlacementId, now: Timestamp, out: &mut Out) {
        let region = self.state.me;
        let Some(task) = self.state.tasks.get_mut(placement) else { return };
        if matches!(task.state, State::BeforeLaunch | State::Launching) {
            self.on_launched(placement, now, out); // it was accepted then, whatever became of the answer
        }
        let task = self.state.tasks.get_mut(placement).expect("looked up above");
        if task.state != State::Starting {
            return;
        }
        out.facts.push(Fact::TaskOnline { placement, region, took: now.since(task.since) });
        (task.state, task.since) = (State::Online, now);
        self.state.counts.starting -= 1;
        self.state.counts.running += 1;
        self.state.tasks.set_deadline(placement, now + self.policy.launch.idle_timeout, now);
    }

    /// The table tells whether some job took this runner; if none did, or if it is there long after, GitHub is asked to
    /// take it off its list: it refuses that of one at work.
    pub(super) fn on_idle_checked(&mut self, placement: PlacementId, verdict: Verdict, now: Timestamp, out: &mut Out) {
        let consumed = match verdict {
            Verdict::Current { consumed } | Verdict::Over { consumed } => consumed,
            Verdict::Owed | Verdict::Superseded | Verdict::Unavailable | Verdict::Unknown => false,
        };
        let task = self.state.tasks.get_mut(placement).expect("the caller looked it up");
        if consumed {
            (task.state, task.taken) = (State::Online, true);
            let launch = &self.policy.launch;
            let idle = launch.idle_timeout.0;
            // Runners that came up together are asked for one after the other.
            let wait = Span(idle.saturating_mul(TAKEN_IDLES).saturating_add(mix(placement.word()) % idle.max(1)));
            self.state.tasks.set_deadline(placement, now + wait.min(launch.max_job), now);
        } else {
            self.take_off(placement, now, out);
        }
    }

    fn take_off(&mut self, placement: PlacementId, now: Timestamp, out: &mut Out) {
        let task = self.state.tasks.get_mut(placement).expect("the caller looked it up");
        task.state = State::Removing;
        let taken = task.taken;
        out.effects.push(Effect::Runner(runner::Command::Remove { placement, taken }));
        self.state.tasks.set_deadline(placement, now + ANSWER_WITHIN, now);
    }

    /// GitHub gave its word that no job can reach it: now it may be stopped.
    fn on_removed(&mut self, placement: PlacementId, now: Timestamp, out: &mut Out) {
        let region = self.state.me;
        let Some(task) = self.state.tasks.get_mut(placement) else { return };
        if task.state == State::Removing {
            out.facts.push(Fact::SurplusReaped { placement, region, idle: now.since(task.since) });
            task.surplus = true;
            self.stop(placement, now, out);
        } else if task.state == State::Withdrawing {
            self.stop(placement, now, out);
        }
    }

    fn stop(&mut self, placement: PlacementId, now: Timestamp, out: &mut Out) {
        let task = self.state.tasks.get_mut(placement).expect("the caller looked it up");
        task.state = State::Stopping;
        out.effects.push(Effect::Runner(runner::Command::Stop { placement }));
        self.state.tasks.set_deadline(placement, now + ANSWER_WITHIN, now);
    }

    fn on_busy(&mut self, placement: PlacementId, now: Timestamp) {
        let Some(task) = self.state.tasks.get_mut(placement) else { return };
        if task.state == State::Withdrawing {
            // It came up, and the word of it was lost.
            self.state.counts.starting -= 1;
            self.state.counts.running += 1;
        } else if task.state != State::Removing {
            return;
        }
        task.state = State::Online;
        self.state.tasks.set_deadline(placement, now + self.policy.launch.max_job, now);
    }

    fn on_remove_failed(&mut self, placement: PlacementId, now: Timestamp) {
        let Some(task) = self.state.tasks.get_mut(placement) else { return };
        let mut wait = Span::from_mins(1);
        if task.state == State::Removing {
            task.state = State::Online;
            if task.taken {
                wait = wait.max(self.policy.launch.idle_timeout); // there is no hurry, and GitHub may have asked for patience
            }
        } else if task.state != State::Withdrawing {
            return;
        }
        self.state.tasks.set_deadline(placement, now + wait, now);
    }

    /// The task is gone. If its runner may not have served anybody, the controller is told; the claim decides there
    /// whether capacity is still wanted.
    fn on_stopped(&mut self, placement: PlacementId, cause: StopCause, now: Timestamp, out: &mut Out) {
        let region = self.state.me;
        let Some(task) = self.drop_task(placement) else { return };
        out.facts.push(Fact::TaskStopped { placement, region, cause });
        match cause {
            StopCause::Interrupted => self.state.spot.strike(&self.policy.launch.spot_breaker, now),
            StopCause::FailedToStart => self.count_failed_start(task.since, now),
            StopCause::Done | StopCause::Lost | StopCause::Requested => {}
        }
        let served = cause == StopCause::Done || task.surplus;
        if !served {
            let failed = notice::Event::PlacementFailed { ticket: task.ticket, failure: Failure::Stopped };
            out.effects.push(Effect::Notice(failed));
        }
    }

    pub(super) fn on_deadline(&mut self, thing: Entry, fired: Timestamp, now: Timestamp, out: &mut Out) {
        let Some(task) = self.state.tasks.is_due(thing, fired, now) else { return };
        let placement = task.ticket.placement;
        match task.state {
            State::Confirming => self.on_confirmed(placement, Verdict::Unavailable, now, out),
            State::BeforeRegister => self.register(placement, now, out),
            State::Registering => self.on_register_failed(placement, Failure::Timeout, now, out),
            State::OwnerUnknown => self.look(placement, now, out),
            State::BeforeLaunch => self.launch(placement, now, out),
            State::Launching => self.on_launch_failed(placement, Failure::Timeout, now, out),
            State::Starting => self.on_start_overdue(placement, now, out),
            State::Withdrawing => self.withdraw(placement, now, out),
            State::Online if task.taken => self.take_off(placement, now, out),
            State::Online => {
                task.state = State::CheckingIdle;
                let region = self.state.me;
                out.effects.push(Effect::Confirm(confirm::Command::Check { placement, region }));
                self.state.tasks.set_deadline(placement, now + ANSWER_WITHIN, now);
            }
            State::CheckingIdle => self.on_idle_checked(placement, Verdict::Unavailable, now, out),
            State::Removing => self.on_remove_failed(placement, now),
            State::Stopping => {
                out.effects.push(Effect::Runner(runner::Command::Stop { placement }));
                self.state.tasks.set_deadline(placement, now + ANSWER_WITHIN, now);
            }
        }
    }

    /// Accepted but not online in time: take its name off GitHub's list, stop it, and have the job placed again.
    fn on_start_overdue(&mut self, placement: PlacementId, now: Timestamp, out: &mut Out) {
        let region = self.state.me;
        let since = self.state.tasks.get_mut(placement).expect("the caller looked it up").since;
        self.count_failed_start(since, now);
        out.facts.push(Fact::LaunchFailed { placement, region, failure: Failure::Stopped });
        self.withdraw(placement, now, out);
    }

    /// A task that was accepted at `since` did not come up. If this process was down for a part of that time, it may tell of that
    /// time and not of the region as it is now: a region that is back would be given up again for what it lost.
    fn count_failed_start(&mut self, since: Timestamp, now: Timestamp) {
        if since >= self.state.started_at {
            self.state.launches.count(true, self.policy.failover.window, now);
        }
    }

    fn withdraw(&mut self, placement: PlacementId, now: Timestamp, out: &mut Out) {
        let task = self.state.tasks.get_mut(placement).expect("the caller looked it up");
        task.state = State::Withdrawing;
        out.effects.push(Effect::Runner(runner::Command::Remove { placement, taken: false }));
        self.state.tasks.set_deadline(placement, now + ANSWER_WITHIN, now);
    }
}
