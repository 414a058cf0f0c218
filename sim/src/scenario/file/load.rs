//! Reads loads: synthetic ones and the traces of recorded ones. Knows keys and defaults; must not know how jobs are
//! made.

use super::Files;
use super::profile::{Zone, profile};
use crate::dist::Dist;
use crate::load::{MAX_REPOSITORIES, MAX_SCALE, recorded};
use crate::scenario::{Arrivals, Load, LoadKind, RecordedJob};
use crate::world::file::dist::{Seconds, dist};
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;
use tidegate_core::document::{Located, NodeReader, TableReader};
use tidegate_core::policy::Policy;
use tidegate_core::unit::{Arch, Need};
use tidegate_core::{Span, Timestamp};

/// The zones by name.
const ZONES: [(&str, Zone); 4] =
    [("americas", Zone::Americas), ("emea", Zone::Emea), ("apac", Zone::Apac), ("flat", Zone::Flat)];

/// Coefficient of variation of the hourly rate over the weekly profile, from the pushes of 13 repositories.
const BURSTINESS: f64 = 0.8;

/// Keys that only a synthetic load has.
const SYNTHETIC: [&str; 7] =
    ["repositories", "zone", "pushesPerDay", "burstiness", "arrivals", "jobsPerPush", "jobDuration"];

/// What a load may be read against.
pub(super) struct Around<'a> {
    pub(super) files: &'a Files,
    pub(super) policy: Option<&'a Policy>,
    pub(super) start: Timestamp,
    /// The scenario's length; `None` where it has mistakes.
    pub(super) duration: Option<Span>,
}

impl Around<'_> {
    /// Whether a moment lies within the scenario.
    fn covers(&self, moment: Timestamp) -> bool {
        moment > self.start && self.duration.is_some_and(|duration| moment < self.start + duration)
    }
}

/// Reads one load; `None` where it has mistakes.
pub(super) fn read(t: &mut TableReader<'_>, around: &Around<'_>, warnings: &mut Vec<String>) -> Option<Load> {
    let organization: String = t.required("organization", "the GitHub organization its jobs belong to");
    if t.has("organization") && (organization.is_empty() || organization.contains('/')) {
        t.problem_at("organization", "is no organization", "write its name alone, such as \"patient-studio\"");
    }
    let synthetic = synthetic(t);
    let recorded = recorded(t, around, warnings);
    let need = t.section("runner", "what its jobs need of a runner", need);
    let labels = labels(t);
    check_need(t, around.policy, &need);
    if !t.context().is_describing() {
        check_kind(t);
    }
    let kind = if t.has("trace") { recorded } else { synthetic };
    Some(Load { organization, kind: kind?, need, labels })
}

fn synthetic(t: &mut TableReader<'_>) -> Option<LoadKind> {
    let repositories = t.in_range("repositories", 1, 1..=MAX_REPOSITORIES, "repositories its pushes are spread over");
    let zone = t.choice("zone", &ZONES, Zone::Flat, "hour-of-week profile of its pushes");
    let above_zero = (Bound::Excluded(0.0), Bound::Included(1e7));
    let per_day = t.optional_in_range("pushesPerDay", above_zero, "mean pushes a day over the week");
    let burstiness = t.in_range("burstiness", BURSTINESS, 0.0..=10.0, "coefficient of variation of the hourly rate");
    let arrivals = t.node("arrivals", "a plain process in place of `pushesPerDay` and `zone`", |node| {
        node.table(|t| t.tagged("dist", &[("poisson", poisson)], "the kind of process").flatten())
    });
    let jobs_per_push = t.node("jobsPerPush", "jobs of one push, at least 1", dist::<f64>);
    let job_duration = t.node("jobDuration", "how long a job runs", dist::<Seconds>);
    let weekly = |per_day| Arrivals::Weekly { per_day, profile: profile(zone), burstiness };
    let arrivals = arrivals.flatten().or(per_day.map(weekly))?;
    Some(LoadKind::Synthetic {
        repositories,
        arrivals,
        jobs_per_push: jobs_per_push.unwrap_or_else(default_jobs_per_push),
        job_duration: job_duration.unwrap_or_else(default_job_duration),
    })
}

fn poisson(t: &mut TableReader<'_>) -> Option<Arrivals> {
    let above_zero = (Bound::Excluded(0.0), Bound::Included(1e7));
    let per_hour = t.required_node("perHour", "mean pushes an hour", |node| node.in_range(above_zero))?;
    Some(Arrivals::Poisson { per_hour })
}

/// Jobs of a push in 74 repositories: a lognormal cut at GitHub's 256 jobs of a run (`ci_batch_sizes.csv`).
fn default_jobs_per_push() -> Dist {
    let dist = Dist::lognormal(2.39_f64.exp(), 1.44).and_then(|dist| dist.with_min(1.0)?.with_max(256.0));
    dist.expect("constants")
}

/// Durations after linkerd2's jobs: short checks and builds (`ci_durations.csv`, `suggested_default`).
fn default_job_duration() -> Dist {
    let parts = || Dist::mixture(vec![(0.25, Dist::lognormal(20.0, 0.9)?), (0.75, Dist::lognormal(350.0, 0.6)?)]);
    parts().expect("constants")
}

fn recorded(t: &mut TableReader<'_>, around: &Around<'_>, warnings: &mut Vec<String>) -> Option<LoadKind> {
    let doc =
        "a CSV of jobs, webhook deliveries (.jsonl), an SWF trace or a journal of the daemon, beside the scenario";
    let trace: Option<Located<String>> = t.optional("trace", doc);
    let range = (Bound::Excluded(0.0), Bound::Included(MAX_SCALE));
    let scale = t.in_range("scale", 1.0, range, "repeats or thins what was recorded");
    let clean = t.or("clean", false, "whether rows that cannot be true are dropped, with a warning");
    let keep = t.or("keepTimes", false, "whether jobs keep their times; by default the first is at the start");
    let trace = trace?;
    let refuse = |t: &mut TableReader<'_>, message: String, help: &str| {
        t.problem(trace.place, message, help);
        None
    };
    let path = around.files.beside(&trace.value);
    let recording = match recorded::read(&path, clean) {
        Ok(recording) if keep => recording.aligned_to(around.start),
        Ok(recording) => {
            if !t.has("keepTimes") && around.covers(recording.first) {
                warnings.push(shifted(&path, recording.first, around.start));
            }
            recording
        }
        Err(error) => {
            let folder = "paths are taken from the scenario's folder";
            return refuse(t, format!("the trace cannot be used: {error}"), folder);
        }
    };
    let within = |job: &RecordedJob| around.duration.is_none_or(|duration| job.at < duration);
    if !recording.jobs.iter().any(within) {
        let message = "no job of the trace is queued within the scenario".to_owned();
        return refuse(t, message, "change `start` or `duration`, or leave `keepTimes` out");
    }
    warnings.extend(around.policy.and_then(|policy| recorded::unfit(&recording.jobs, policy)));
    warnings.extend(recording.warnings.into_iter().map(|warning| format!("{}: {warning}", path.display())));
    Some(LoadKind::Recorded { jobs: Arc::new(recording.jobs), scale })
}

/// Who records and simulates the same days may mean their times: say that they are shifted.
fn shifted(path: &Path, first: Timestamp, start: Timestamp) -> String {
    format!(
        "{}: its first job, queued at {first}, is moved to the start, {start}, and all others with it; `keepTimes = true` \
         keeps their times, `keepTimes = false` says that this is meant",
        path.display()
    )
}

fn need(t: &mut TableReader<'_>) -> Need {
    let vcpu = t.in_range("vcpu", 2.0, 0.25..=1_024.0, "vCPU");
    let memory = t.in_range("memoryGb", 4.0, 0.5..=65_536.0, "GiB");
    Need {
        vcpu_milli: (vcpu * 1_000.0).round() as u32,
        memory_mib: (memory * 1_024.0).round() as u32,
        arch: t.choice("arch", &[("x86", Arch::X86), ("arm", Arch::Arm)], Arch::X86, "processor architecture"),
        spot: t.or("spot", false, "whether an interruptible task will do"),
    }
}

/// Labels as they are given; without any, those that tell the need of the runner.
fn labels(t: &mut TableReader<'_>) -> Vec<String> {
    let doc = "labels of its jobs; by default self-hosted, linux and those that tell what the runner needs";
    let label = |item: &mut NodeReader<'_>| {
        let label = item.read::<String>()?;
        if label.is_empty() || label.contains(',') {
            item.wrong("a label without commas", "");
            return None;
        }
        Some(label)
    };
    t.node("labels", doc, |node| Some(node.list(1, label))).unwrap_or_default()
}

/// A runner that no region can launch would wait for ever.
fn check_need(t: &mut TableReader<'_>, policy: Option<&Policy>, need: &Need) {
    if policy.is_some_and(|policy| !policy.regions.iter().any(|region| region.can_run(need))) {
        let help = "ask for a smaller one, or raise `largest` or `arch` of a region in the policy";
        t.problem(t.place_of("runner"), "no region of the policy can run such a runner", help);
    }
}

/// Just one way in which jobs arrive.
fn check_kind(t: &mut TableReader<'_>) {
    if t.has("trace") {
        for key in SYNTHETIC {
            if t.has(key) {
                t.problem_at(key, "does nothing beside a trace", "remove it, or remove `trace`");
            }
        }
    } else if t.has("arrivals") {
        for key in ["pushesPerDay", "zone", "burstiness"] {
            if t.has(key) {
                t.problem_at(key, "does nothing beside `arrivals`", "remove it, or remove `arrivals`");
            }
        }
    } else if !t.has("pushesPerDay") {
        t.problem(t.place(), "nothing arrives in this load", "give `pushesPerDay`, `arrivals` or `trace`");
    }
    for key in ["scale", "clean", "keepTimes"] {
        if t.has(key) && !t.has("trace") {
            t.problem_at(key, "does nothing without a trace", "remove it, or give `trace`");
        }
    }
}
