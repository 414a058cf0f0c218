//! Tests of the reader of deliveries. Knows GitHub's quirks; must not know how readers work.

use super::sample::{LATE_QUEUED, NEVER_COMPLETED, SKIPPED, path, sixty};
use super::tests::{read_text, refused};
use super::*;
use tidegate_core::Span;

const JOBS: Format = Format::Deliveries;

/// A bare payload.
fn payload(action: &str, fields: &str) -> String {
    format!(r#"{{"action":"{action}","workflow_job":{{{fields}}},"repository":{{"full_name":"o/r"}}}}"#)
}

/// Times of 2026-11-24, 12 h.
fn times(created: u32, started: u32, completed: u32) -> String {
    let at = |name: &str, second| format!(r#""{name}_at":"2026-11-24T12:00:{second:02}Z""#);
    [at("created", created), at("started", started), at("completed", completed)].join(",")
}

#[test]
fn the_shipped_deliveries_join_to_the_jobs_they_were_made_of() {
    let recording = read(&path("deliveries.jsonl"), false).expect("good");
    let jobs = sixty();
    assert_eq!((jobs.len(), recording.jobs.len()), (60, 59), "one was skipped");
    let served = jobs.iter().enumerate().filter(|(place, _)| *place != SKIPPED);
    for (place, made) in served {
        let found = recording.jobs.iter().find(|job| job.id % 1_000_000 == made.job.external_id).expect("read");
        assert_eq!(recording.first + found.at, made.at, "job {place}");
        if place != NEVER_COMPLETED {
            assert_eq!(found.duration, made.job.duration, "job {place}");
        }
        assert_eq!(found.labels.as_deref().map(<[_]>::len), Some(3));
        assert!(found.repository.starts_with("patient-studio/"));
    }
    assert!(LATE_QUEUED < jobs.len() && recording.runs > 1);
    let warnings = recording.warnings.join("\n");
    for wanted in [
        "deliveries about something else, skipped: 1 of 181",
        "deliveries that repeat an earlier one, taken once: 1",
        "jobs that waited for an approval, queued when created: 1",
        "jobs skipped or cancelled before they had a runner, dropped: 1",
        "for the median of 5m 50s: 1",
    ] {
        assert!(warnings.contains(wanted), "wanted {wanted} in\n{warnings}");
    }
}

#[test]
fn wrappers_of_every_kind_hold_the_same_delivery() {
    let bare = payload("completed", &format!(r#""id":1,"run_id":2,"runner_id":3,"labels":["a"],{}"#, times(0, 5, 9)));
    let text = serde_json::to_string(&bare).expect("a text");
    let wrapped = [
        bare.clone(),
        format!(r#"{{"event":"workflow_job","payload":{bare}}}"#),
        format!(r#"{{"headers":{{"x-github-event":"workflow_job"}},"body":{bare}}}"#),
        format!(r#"{{"headers":{{"X-GitHub-Event":"workflow_job"}},"payload":{text}}}"#),
        format!(r#"{{"id":1,"event":"workflow_job","request":{{"headers":{{}},"payload":{bare}}}}}"#),
        format!("[{bare}]"),
        format!(r#"[{{"name":"ping","examples":[{{"zen":"x"}}]}},{{"name":"workflow_job","examples":[{bare}]}}]"#),
    ];
    for delivery in wrapped {
        let recording = read_text(JOBS, &delivery, false).expect(&delivery);
        let job = &recording.jobs[0];
        assert_eq!((recording.jobs.len(), job.id, job.duration), (1, 1, Span::from_secs(4)), "{delivery}");
        assert_eq!((&job.repository[..], job.labels.clone()), ("o/r", Some(vec!["a".to_owned()])));
    }
}

#[test]
fn attempts_are_jobs_of_their_own_and_no_attempt_is_the_first() {
    let job = |attempt: &str, seconds| {
        payload(
            "completed",
            &format!(r#""id":1,"run_id":2,"runner_id":3,{attempt}{}"#, times(seconds, 5 + seconds, 9 + seconds)),
        )
    };
    let text = [job("", 0), job(r#""run_attempt":1,"#, 0), job(r#""run_attempt":2,"#, 20)].join("\n");
    let recording = read_text(JOBS, &text, false).expect("good");
    assert_eq!((recording.jobs.len(), recording.runs), (2, 1));
    assert_eq!(recording.warnings, ["deliveries that repeat an earlier one, taken once: 1"]);
}

#[test]
fn a_job_cancelled_in_the_queue_is_no_work() {
    let job = |id, runner, conclusion| {
        let fields =
            format!(r#""id":{id},"run_id":2,"runner_id":{runner},"conclusion":"{conclusion}",{}"#, times(0, 5, 9));
        payload("completed", &fields)
    };
    let text = [job(1, "null", "cancelled"), job(2, "0", "skipped"), job(3, "7", "cancelled")].join("\n");
    let recording = read_text(JOBS, &text, false).expect("good");
    assert_eq!(recording.jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [3]);
}

#[test]
fn bad_deliveries_name_line_and_field() {
    let good = payload("completed", &format!(r#""id":1,"run_id":2,"runner_id":3,{}"#, times(0, 5, 9)));
    let bad = |text: &str, wanted: &[&str]| refused(JOBS, text, wanted);
    bad("", &["no job", "0 of 0 deliveries"]);
    bad(r#"{"zen":"x"}"#, &["no job", "0 of 1 deliveries are about a job"]);
    bad("[]", &["no job"]);
    bad(&format!("{good}\n{}", &good[..good.len() - 9]), &["trace:2:", "no JSON: EOF", "cut short"]);
    bad(&format!("[{good}"), &["trace:1:", "no JSON: EOF"]);
    bad(&format!("[{good}] x"), &["trace:1:", "no JSON: trailing"]);
    bad(&format!("{good}\n7\n"), &["trace:2: no object"]);
    bad("[7]", &["element 0 of the array: no object"]);
    bad(&payload("queued", r#""run_id":2"#), &["trace:1: workflow_job.id: found nothing; expected GitHub's number"]);
    bad(&payload("queued", r#""id":"x""#), &["workflow_job.id: found `\"x\"`; expected a whole number"]);
    bad(&payload("queued", r#""id":1,"created_at":"soon""#), &["workflow_job.created_at: found `\"soon\"`"]);
    bad(&payload("queued", r#""id":1,"started_at":5"#), &["workflow_job.started_at: found `5`"]);
    let open = payload("queued", r#""id":1,"created_at":"2026-11-24T12:00:00Z""#);
    bad(&open, &["no delivery says `completed`"]);
    let backwards = payload("completed", &format!(r#""id":1,"runner_id":3,{}"#, times(0, 9, 5)));
    bad(&backwards, &["1 row has a negative duration, at line 1", "clean = true"]);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    bad(&deep, &["recursion limit"]);
    bad(&format!(r#"{{"a":{deep}}}"#), &["recursion limit"]);
}
