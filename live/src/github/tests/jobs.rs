//! Lists of queued jobs. Knows what GitHub answers; must not know how the client works inside.

use super::*;
use crate::config::Runner;
use crate::github::{Listed, Offered};
use crate::names::Names;
use std::sync::atomic::{AtomicU64, Ordering};
use tidegate_core::port::Failure;
use tidegate_core::{JobId, Name, Need};

fn offered() -> Offered {
    let (task_definition, container) = (String::new(), String::new());
    let labels = vec!["self-hosted".to_owned(), "linux".to_owned()];
    Offered::new(&[Runner { labels, need: Need::default(), task_definition, container }])
}

fn job(id: u64, status: &str, labels: &[&str], minute: u64) -> Value {
    json!({
        "id": id, "run_id": id / 10, "run_attempt": 1, "status": status, "labels": labels, "steps": [],
        "created_at": format!("2026-11-24T14:{minute:02}:00Z"), "started_at": "2026-11-24T14:00:00Z", "completed_at": null,
    })
}

/// Two installations: one with `s/a`, `s/b` and the archived `s/old`, and a suspended one.
fn installed(path: &str) -> Option<Reply> {
    let repositories = |names: &[(&str, bool)]| {
        let shown: Vec<Value> =
            names.iter().map(|(name, archived)| json!({ "full_name": name, "archived": archived })).collect();
        Reply::new(200, json!({ "total_count": names.len(), "repositories": shown }))
    };
    match path {
        "/app/installations?per_page=100" => Some(Reply::new(
            200,
            json!([{ "id": 42, "account": { "login": "s" }, "suspended_at": null },
                   { "id": 43, "account": { "login": "t" }, "suspended_at": "2026-11-01T00:00:00Z" }]),
        )),
        "/installation/repositories?per_page=100" => Some(
            repositories(&[("s/a", false), ("s/old", true)])
                .with("link", "<http://x/installation/repositories?page=2>; rel=\"next\", <http://x/y>; rel=\"last\""),
        ),
        "/installation/repositories?page=2" => Some(repositories(&[("s/b", false)])),
        _ => None,
    }
}

fn runs(total: usize, ids: &[u64]) -> Reply {
    let runs: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "status": "queued" })).collect();
    Reply::new(200, json!({ "total_count": total, "workflow_runs": runs }))
}

fn jobs(jobs: &[Value]) -> Reply {
    Reply::new(200, json!({ "total_count": jobs.len(), "jobs": jobs }))
}

async fn list(client: &Client, given: &[&str], most: u32) -> Result<Listed, Failure> {
    let given: Vec<String> = given.iter().map(|name| (*name).to_owned()).collect();
    client.list_queued(&given, &offered(), &Names::default(), most).await
}

fn ids(listed: &Listed) -> Vec<u64> {
    listed.jobs.iter().map(|spec| spec.job.0).collect()
}

/// `s/a` has run 1 queued and run 2 in progress on two pages of jobs; `s/b` has none.
fn two_runs(asked: &Asked) -> Reply {
    let fits = ["self-hosted", "Linux"];
    match asked.path.as_str() {
        path if path.starts_with("/repos/s/a/actions/runs?status=queued") => runs(1, &[1]),
        path if path.starts_with("/repos/s/a/actions/runs?status=in_progress") => runs(1, &[2]),
        path if path.starts_with("/repos/s/") && path.contains("/runs?status=") => runs(0, &[]),
        "/repos/s/a/actions/runs/1/jobs?filter=latest&per_page=100" => {
            jobs(&[job(10, "queued", &fits, 30), job(11, "queued", &["ubuntu-latest"], 1)])
        }
        "/repos/s/a/actions/runs/2/jobs?filter=latest&per_page=100" => {
            let next = "<http://x/repos/s/a/actions/runs/2/jobs?page=2>; rel=\"next\"";
            jobs(&[job(20, "in_progress", &fits, 1)]).with("link", next)
        }
        "/repos/s/a/actions/runs/2/jobs?page=2" => jobs(&[job(21, "queued", &fits, 20), job(22, "waiting", &fits, 1)]),
        path => installed(path).unwrap_or_else(usual),
    }
}

#[tokio::test]
async fn queued_jobs_that_fit_are_listed_oldest_first() {
    let stub = Stub::start(two_runs).await;
    let names = Names::default();
    let client = stub.client();
    let listed = client.list_queued(&[], &offered(), &names, 100).await.expect("all is answered");
    assert_eq!((ids(&listed), listed.complete), (vec![21, 10], true));
    let spec = listed.jobs[1];
    assert_eq!((spec.job, spec.run.0, spec.repository), (JobId(10), 1, Name::of("s/a")));
    let texts = names.texts(spec.organization, spec.repository, spec.class).expect("noted");
    assert_eq!((texts.organization.as_str(), texts.class.as_str()), ("s", "linux,self-hosted"));
    assert_eq!(stub.count("s/old"), 0, "nothing runs in an archived repository");
    assert_eq!(stub.count("installations/43"), 0, "a suspended installation shows nothing");
    assert_eq!(stub.count("access_tokens"), 1, "many calls at once fetch one token");
}

#[tokio::test]
async fn pages_that_did_not_change_cost_nothing() {
    let stub = Stub::start(|asked| {
        if asked.etag.is_some() {
            return Reply::new(304, Value::Null);
        }
        let reply = two_runs(asked);
        if reply.status == 200 { reply.with("etag", "W/\"one\"") } else { reply }
    })
    .await;
    let client = stub.client();
    let first = list(&client, &[], 12).await.expect("all is answered");
    assert_eq!((ids(&first), first.complete), (vec![21, 10], true), "with the very allowance it takes: 3 + 6 + 3");
    let studio = |client: &Client| client.left().into_iter().find(|left| left.payer.to_string() == "s");
    let before = studio(&client).expect("it was asked").requests;
    let second = list(&client, &[], 4).await.expect("all is answered");
    assert_eq!((second, studio(&client).expect("it was asked").requests), (first, before));
    assert_eq!(stub.asked().iter().filter(|asked| asked.etag.as_deref() == Some("W/\"one\"")).count(), 9);
}

#[tokio::test]
async fn a_list_that_ends_early_is_not_complete() {
    let stub = Stub::start(two_runs).await;
    let client = stub.client();
    assert_eq!(list(&client, &[], 2).await, Err(Failure::GitHubBudget), "not even the repositories");
    let mut found = Vec::new();
    for _ in 0..6 {
        let listed = list(&client, &[], 7).await;
        if let Ok(listed) = listed {
            assert!(!listed.complete || listed.jobs.len() == 2, "{listed:?}");
            found.extend(ids(&listed));
        }
    }
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, [10, 21], "in turn, all are found");
}

#[tokio::test]
async fn what_may_have_been_missed_makes_a_list_incomplete() {
    type Case = (&'static str, fn() -> Reply, bool);
    let cases: [Case; 6] = [
        ("s/b/actions/runs?status=queued", || Reply::new(404, json!({})), true),
        ("s/b/actions/runs?status=queued", || Reply::new(403, json!({ "message": "no right" })), false),
        ("s/b/actions/runs?status=queued", || runs(3, &[4]), false),
        ("s/b/actions/runs?status=in_progress", || Reply::new(502, json!({})), false),
        ("s/a/actions/runs/1/jobs", || jobs(&[job(10, "queued", &["linux"], 99)]), false),
        ("s/a/actions/runs/1/jobs", || Reply::new(404, json!({})), true),
    ];
    for (number, (part, answer, complete)) in cases.into_iter().enumerate() {
        let stub = Stub::start(move |asked| if asked.path.contains(part) { answer() } else { two_runs(asked) }).await;
        let listed = list(&stub.client(), &[], 100).await.expect("something was read");
        assert_eq!(listed.complete, complete, "case {number}");
    }
}

#[tokio::test]
async fn a_run_with_queued_jobs_is_asked_for_though_no_list_has_it() {
    let pass = Arc::new(AtomicU64::new(0));
    let now = Arc::clone(&pass);
    let stub = Stub::start(move |asked| {
        let first = now.load(Ordering::Relaxed) == 0;
        if asked.path.contains("/runs?status=") && !first { runs(0, &[]) } else { two_runs(asked) }
    })
    .await;
    let client = stub.client();
    list(&client, &[], 100).await.expect("all is answered");
    pass.store(1, Ordering::Relaxed);
    let second = list(&client, &[], 100).await.expect("all is answered");
    assert_eq!((ids(&second), second.complete), (vec![21, 10], true), "it moved between two of the lists");
}

#[tokio::test]
async fn given_repositories_are_read_besides_those_of_the_installations() {
    let stub = Stub::start(|asked| match asked.path.as_str() {
        "/repos/s/new/installation" => Reply::new(200, json!({ "id": 44 })),
        "/repos/gone/app/installation" => Reply::new(404, json!({})),
        path if path.starts_with("/repos/s/new/actions/runs?") => {
            let path = path.replace("/repos/s/new/", "/repositories/9/");
            Reply::new(301, json!({})).with("location", &format!("http://elsewhere{path}"))
        }
        path if path.starts_with("/repositories/9/actions/runs?status=queued") => runs(1, &[5]),
        path if path.starts_with("/repositories/9/actions/runs?") => runs(0, &[]),
        path if path.starts_with("/repos/s/new/actions/runs/5/jobs") => jobs(&[job(50, "queued", &["linux"], 0)]),
        _ => two_runs(asked),
    })
    .await;
    let listed = list(&stub.client(), &["s/new", "gone/app", "S/A"], 100).await.expect("all is answered");
    assert_eq!((ids(&listed), listed.complete), (vec![50, 21, 10], true));
    let token = |part: &str| stub.asked().into_iter().find(|asked| asked.path.contains(part)).map(|a| a.authorization);
    assert_eq!(token("/repositories/9/").as_deref(), Some("Bearer token-44"), "of our host, whatever the answer says");
}

#[tokio::test]
async fn without_any_installation_known_there_is_no_list() {
    let stub = Stub::start(|_| Reply::new(503, json!({}))).await;
    assert_eq!(list(&stub.client(), &[], 100).await, Err(Failure::GitHubDown));
    let stub = Stub::start(|asked| match asked.path.as_str() {
        "/app/installations?per_page=100" => Reply::new(503, json!({})),
        _ => two_runs(asked),
    })
    .await;
    let listed = list(&stub.client(), &["s/a"], 100).await.expect("it was given one");
    assert_eq!((ids(&listed), listed.complete), (vec![21, 10], false), "there may be others");
}
