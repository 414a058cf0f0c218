//! Follows tasks from their launch to their end. Knows what ECS says of a task; must not know what becomes of its job.
//!
//! ECS sees containers, not runners. `Online` is said when the task runs: the runner in it connects to GitHub within
//! seconds, and nobody is reaped on this word alone, for GitHub is asked first.

use super::failure::failure;
use super::tasks::Tasks;
use aws_sdk_ecs::types::{DesiredStatus, Task};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tidegate_core::id::PlacementId;
use tidegate_core::port::Failure;
use tidegate_core::port::runner::{Event, StopCause};
use tracing::debug;

/// Tasks in one DescribeTasks at the most, by its API reference.
const DESCRIBED: usize = 100;

/// Pages of one listing of a cluster, a hundred tasks each: as many tasks as a GitHub runner group may hold, 10,000.
const PAGES_MAX: usize = 100;

/// A task may be listed late: ECS is eventually consistent, within seconds as a rule.
const LISTED_WITHIN: Duration = Duration::from_mins(1);

/// So often in a row ECS must not know a task before it is taken for lost.
const MISSING_MAX: u8 = 2;

/// A task that is followed.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    /// `None`: not found yet.
    pub(crate) arn: Option<String>,
    online: bool,
    missing: u8,
    since: Instant,
}

/// What ECS says of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    /// It runs now.
    is_running: bool,
    /// It runs, or did.
    has_run: bool,
    is_stopped: bool,
    stop_code: String,
}

impl Seen {
    fn of(task: &Task) -> Self {
        let status = task.last_status().unwrap_or("");
        Self {
            is_running: status == "RUNNING",
            has_run: status == "RUNNING" || task.started_at().is_some(),
            is_stopped: status == "STOPPED",
            stop_code: task.stop_code().map(|code| code.as_str().to_owned()).unwrap_or_default(),
        }
    }

    /// Why it stopped. What is stopped by hand, ours or an operator's, was asked for.
    fn cause(&self, has_run: bool) -> StopCause {
        match (self.stop_code.as_str(), has_run) {
            ("SpotInterruption", _) => StopCause::Interrupted,
            ("UserInitiated", _) => StopCause::Requested,
            // The host went, or Fargate takes it back.
            ("InfrastructureHealth" | "TerminationNotice" | "ServiceSchedulerInitiated", _) => StopCause::Lost,
            ("TaskFailedToStart", _) | (_, false) => StopCause::FailedToStart,
            (_, true) => StopCause::Done,
        }
    }
}

impl Watched {
    pub(crate) fn of_task(arn: Option<String>) -> Self {
        Self { arn, online: false, missing: 0, since: Instant::now() }
    }

    /// What is to be told of what was seen, in order. A task that ran between two looks was online too.
    fn see(&mut self, placement: PlacementId, seen: &Seen) -> Vec<Event> {
        let mut events = Vec::new();
        self.missing = 0;
        if !self.online && (seen.is_running || (seen.has_run && seen.is_stopped)) {
            self.online = true;
            events.push(Event::Online { placement });
        }
        if seen.is_stopped {
            events.push(Event::Stopped { placement, cause: seen.cause(self.online) });
        }
        events
    }

    /// ECS does not know it, once more.
    fn miss(&mut self, placement: PlacementId) -> Option<Event> {
        self.missing += 1;
        (self.missing >= MISSING_MAX).then_some(Event::Stopped { placement, cause: StopCause::Lost })
    }
}

impl Tasks {
    /// Looks at all tasks that are followed and tells what changed, each change once. To be called every few seconds. A
    /// look that fails tells nothing; the next one does.
    pub async fn poll(&self) -> Vec<Event> {
        let mut events = self.find_unlisted().await;
        let known: BTreeMap<String, PlacementId> = {
            let watched = self.watched();
            watched.iter().filter_map(|(placement, task)| Some((task.arn.clone()?, *placement))).collect()
        };
        let arns: Vec<String> = known.keys().cloned().collect();
        for some in arns.chunks(DESCRIBED) {
            match self.describe(some).await {
                Ok((tasks, missing)) => events.extend(self.note(&known, &tasks, &missing)),
                Err(failure) => debug!(?failure, "tasks cannot be looked at"),
            }
        }
        events
    }

    /// Finds the tasks of placements that an earlier process launched, to follow them on. Of a placement without a task
    /// the poll after a minute says that it is lost, unless it is launched meanwhile.
    pub async fn adopt(&self, placements: &[PlacementId]) {
        let mut found = BTreeMap::new();
        for status in [DesiredStatus::Stopped, DesiredStatus::Running] {
            match self.cluster_tasks(status).await {
                // What is to run comes last and stands: a placement has one task as a rule.
                Ok(tasks) => found.extend(tasks),
                Err(failure) => debug!(?failure, "the cluster's tasks cannot be listed"),
            }
        }
        let mut watched = self.watched();
        for placement in placements {
            let arn = found.remove(placement);
            watched.entry(*placement).or_insert_with(|| Watched::of_task(arn));
        }
    }

    /// The placements of tasks that are to run in the cluster and that nobody follows.
    ///
    /// # Errors
    /// Why ECS does not list them.
    pub async fn unheld(&self) -> Result<BTreeSet<PlacementId>, Failure> {
        let running = self.cluster_tasks(DesiredStatus::Running).await?;
        let watched = self.watched();
        Ok(running.into_keys().filter(|placement| !watched.contains_key(placement)).collect())
    }

    async fn cluster_tasks(&self, status: DesiredStatus) -> Result<BTreeMap<PlacementId, String>, Failure> {
        let (mut found, mut token) = (BTreeMap::new(), None);
        for _ in 0..PAGES_MAX {
            let answer = {
                let _permit = self.gate.pass().await?;
                let call = self.client.list_tasks().cluster(self.cluster()).desired_status(status.clone());
                call.set_next_token(token).send().await.map_err(|error| failure(&error))?
            };
            if !answer.task_arns().is_empty() {
                let (tasks, _) = self.describe(answer.task_arns()).await?;
                found.extend(tasks.iter().filter_map(|task| {
                    let placement = task.started_by()?.parse().ok()?;
                    Some((placement, task.task_arn()?.to_owned()))
                }));
            }
            token = answer.next_token;
            if token.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// Looks once more for tasks that were not listed; after a minute there are none.
    async fn find_unlisted(&self) -> Vec<Event> {
        let unlisted: Vec<PlacementId> = {
            let is_due = |task: &Watched| task.arn.is_none() && task.since.elapsed() >= LISTED_WITHIN;
            self.watched().iter().filter(|(_, task)| is_due(task)).map(|(placement, _)| *placement).collect()
        };
        let mut events = Vec::new();
        for placement in unlisted {
            let Ok(arn) = self.started_by(placement).await else { continue };
            let mut watched = self.watched();
            let Some(task) = watched.get_mut(&placement).filter(|task| task.arn.is_none()) else { continue };
            if arn.is_some() {
                task.arn = arn;
            } else {
                watched.remove(&placement);
                events.push(Event::Stopped { placement, cause: StopCause::Lost });
            }
        }
        events
    }

    /// The tasks of these ARNs, and those that ECS does not know.
    async fn describe(&self, arns: &[String]) -> Result<(Vec<Task>, Vec<String>), Failure> {
        let _permit = self.gate.pass().await?;
        let call = self.client.describe_tasks().cluster(self.cluster()).set_tasks(Some(arns.to_vec()));
        let answer = call.send().await.map_err(|error| failure(&error))?;
        let is_missing = |failed: &&aws_sdk_ecs::types::Failure| failed.reason() == Some("MISSING");
        let missing = answer.failures().iter().filter(is_missing).filter_map(|failed| failed.arn.clone()).collect();
        Ok((answer.tasks.unwrap_or_default(), missing))
    }

    fn note(&self, known: &BTreeMap<String, PlacementId>, tasks: &[Task], missing: &[String]) -> Vec<Event> {
        let (mut watched, mut events) = (self.watched(), Vec::new());
        let seen = tasks.iter().filter_map(|task| Some((task.task_arn()?, Some(Seen::of(task)))));
        for (arn, seen) in seen.chain(missing.iter().map(|arn| (arn.as_str(), None))) {
            let Some(placement) = known.get(arn).copied() else { continue };
            // It may have been launched anew, or forgotten, while we looked.
            let Some(task) = watched.get_mut(&placement).filter(|task| task.arn.as_deref() == Some(arn)) else {
                continue;
            };
            let told = match seen {
                Some(seen) => task.see(placement, &seen),
                None => task.miss(placement).into_iter().collect(),
            };
            if told.iter().any(|event| matches!(event, Event::Stopped { .. })) {
                watched.remove(&placement);
            }
            events.extend(told);
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_core::JobId;

    const PLACEMENT: PlacementId = PlacementId { job: JobId(1), run_attempt: 1, attempt: 1 };

    fn stopped(stop_code: &str, has_run: bool) -> Seen {
        Seen { is_running: false, has_run, is_stopped: true, stop_code: stop_code.to_owned() }
    }

    #[test]
    fn each_end_has_its_cause() {
        for (code, has_run, cause) in [
            ("EssentialContainerExited", true, StopCause::Done),
            ("EssentialContainerExited", false, StopCause::FailedToStart),
            ("TaskFailedToStart", false, StopCause::FailedToStart),
            ("", false, StopCause::FailedToStart),
            ("SpotInterruption", true, StopCause::Interrupted),
            ("SpotInterruption", false, StopCause::Interrupted),
            ("TerminationNotice", true, StopCause::Lost),
            ("InfrastructureHealth", true, StopCause::Lost),
            ("UserInitiated", true, StopCause::Requested),
        ] {
            let events = Watched::of_task(None).see(PLACEMENT, &stopped(code, has_run));
            assert_eq!(events.last(), Some(&Event::Stopped { placement: PLACEMENT, cause }), "{code} {has_run}");
            assert_eq!(events.len(), 1 + usize::from(has_run), "online is told first");
        }
    }

    #[test]
    fn online_is_told_once() {
        let mut task = Watched::of_task(None);
        let running = Seen { is_running: true, has_run: true, ..Seen::default() };
        assert_eq!(task.see(PLACEMENT, &Seen::default()), []);
        assert_eq!(task.see(PLACEMENT, &running), [Event::Online { placement: PLACEMENT }]);
        assert_eq!(task.see(PLACEMENT, &running), []);
    }

    #[test]
    fn a_task_is_lost_when_it_is_missed_twice_in_a_row() {
        let mut task = Watched::of_task(None);
        let lost = Event::Stopped { placement: PLACEMENT, cause: StopCause::Lost };
        assert_eq!(task.miss(PLACEMENT), None);
        assert_eq!(task.see(PLACEMENT, &Seen::default()), []);
        assert_eq!(task.miss(PLACEMENT), None, "it was seen in between");
        assert_eq!(task.miss(PLACEMENT), Some(lost));
    }
}
