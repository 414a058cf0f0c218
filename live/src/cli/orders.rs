//! Commands that ask a running node: orders, status, explain. Knows addresses and how answers read; must not know what
//! an order does.

use super::{End, Format, OrderArgs, ToNode, print};
use crate::config::Secret;
use crate::services::Services;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

/// How long a node may take.
const WITHIN: Duration = Duration::from_secs(15);

pub(super) fn order(action: &str, args: &OrderArgs) -> End {
    let body = json!({ "action": action, "force": args.force });
    let path = path_of(&args.region);
    let end = |answer: &Value| if answer["complete"] == false { End::Wrong } else { End::Well };
    ask_for(&args.to, Method::POST, &path, Some(&body), end, |answer| match answer["ordered"].as_str() {
        Some(verb) => format!("{verb} ordered for {}: {}\n", args.region, word(&answer["outlook"]["text"])),
        None => verified(&args.region, answer),
    })
}

/// Where orders for a region are given.
pub(super) fn path_of(region: &str) -> String {
    format!("/admin/failover/{region}")
}

/// What `verify` was answered, in words.
pub(super) fn verified(region: &str, answer: &Value) -> String {
    let (phase, hold) = (word(&answer["phase"]), word(&answer["hold"]));
    let missing: Vec<&str> = answer["missing"].as_array().into_iter().flatten().map(word).collect();
    let is_evacuated = ["evacuating", "out"].contains(&phase);
    let told = match (missing.is_empty(), hold != "open", is_evacuated) {
        (true, true, _) => "the drain is complete".to_owned(),
        (true, false, true) => "the evacuation is complete".to_owned(),
        (true, false, false) => "nothing waits or starts there, and it takes work: not drained".to_owned(),
        (false, ..) => format!("not yet: {}", missing.join("; ")),
    };
    format!("{region} is {phase}, hold {hold}; {told}; {}\n", word(&answer["outlook"]["text"]))
}

pub(super) fn status(to: &ToNode) -> End {
    ask(to, Method::GET, "/admin/regions", None, |answer| {
        let mut text = String::new();
        for node in answer["nodes"].as_array().into_iter().flatten() {
            let panic = if node["panic"] == true { ", PANIC: all regions look bad" } else { "" };
            let _ = writeln!(text, "{} sees ({} open jobs{panic})", word(&node["node"]), node["openJobs"]);
            for region in node["regions"].as_array().into_iter().flatten() {
                let load = &region["load"];
                let spilling = if region["spilling"] == true { ", spilling" } else { "" };
                let services: Option<Services> = serde_json::from_value(region["services"].clone()).unwrap_or_default();
                let services = services.unwrap_or_default().each().into_iter().filter(|(_, well)| !well);
                let unwell: String = services.map(|(name, _)| format!(", its {name} does not answer")).collect();
                let _ = writeln!(
                    text,
                    "  {:<16} {:<16} {:<9} {:>5} running {:>5} starting {:>5} waiting of {:>5}{spilling}{unwell}",
                    word(&region["name"]),
                    word(&region["phase"]),
                    word(&region["hold"]),
                    load["running"],
                    load["starting"],
                    load["waiting"],
                    load["limit"],
                );
            }
        }
        text
    })
}

pub(super) fn explain(job: u64, to: &ToNode) -> End {
    ask(to, Method::GET, &format!("/admin/jobs/{job}"), None, |answer| {
        let mut text = format!("Job {job}\n\n");
        for line in answer["story"].as_array().into_iter().flatten() {
            let _ = writeln!(text, "{}", word(&line["text"]));
        }
        text
    })
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

/// Asks a node and prints its answer, with which all is well.
fn ask(to: &ToNode, method: Method, path: &str, body: Option<&Value>, show: impl Fn(&Value) -> String) -> End {
    ask_for(to, method, path, body, |_| End::Well, show)
}

/// Asks a node, prints its answer and ends as that says.
fn ask_for(
    to: &ToNode,
    method: Method,
    path: &str,
    body: Option<&Value>,
    end: impl Fn(&Value) -> End,
    show: impl Fn(&Value) -> String,
) -> End {
    let answer = match fetch(to, method, path, body) {
        Ok(answer) => answer,
        Err(end) => return end,
    };
    let printed = print(&if to.format == Format::Json { format!("{answer}\n") } else { show(&answer) });
    if printed == End::Well { end(&answer) } else { printed }
}

/// What a node answers; why it does not is printed.
pub(super) fn fetch(to: &ToNode, method: Method, path: &str, body: Option<&Value>) -> Result<Value, End> {
    let Ok(token) = std::env::var("TIDEGATE_ADMIN_TOKEN").map(|text| Secret::new(&text)) else {
        eprintln!("tidegate-live: expected the node's admin token in TIDEGATE_ADMIN_TOKEN");
        return Err(End::Input);
    };
    match super::runtime()?.block_on(call(&to.node, method, path, body, token.first())) {
        Err(error) => {
            eprintln!("tidegate-live: {error}");
            Err(End::Environment)
        }
        Ok((status, answer)) if status.is_success() => Ok(answer),
        Ok((StatusCode::UNAUTHORIZED, _)) => {
            eprintln!("tidegate-live: {}: not the token of this node; look at TIDEGATE_ADMIN_TOKEN", to.node);
            Err(End::Input)
        }
        Ok((status, answer)) => {
            let error = answer["error"].as_str().map_or_else(|| format!("the node answers {status}"), str::to_owned);
            eprintln!("tidegate-live: {error}");
            let asked_wrongly = matches!(status, StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST);
            Err(if asked_wrongly { End::Input } else { End::Wrong })
        }
    }
}

async fn call(
    node: &str,
    method: Method,
    path: &str,
    body: Option<&Value>,
    token: &str,
) -> Result<(StatusCode, Value), String> {
    let client = reqwest::Client::builder().timeout(WITHIN).build().map_err(|error| error.to_string())?;
    let url = format!("{}{path}", node.trim_end_matches('/'));
    let mut request = client.request(method, &url).bearer_auth(token);
    if let Some(body) = body {
        request = request.json(body);
    }
    let unreachable = |error: reqwest::Error| {
        let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
        format!(
            "no answer from {node}: {}{cause}; is a node there, and is --node its admin address?",
            error.without_url()
        )
    };
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    Ok((status, response.json().await.unwrap_or(Value::Null)))
}
