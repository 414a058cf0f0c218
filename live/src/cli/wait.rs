//! Closes a region and waits until it may go. Knows orders and what `verify` answers; must not know what closing means.

use super::orders::{fetch, order, path_of, verified};
use super::{CloseArgs, End, Format, OrderArgs, print};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// How often a node is asked: what it tells of its queue and its tasks is some seconds old.
const ASK_EVERY: Duration = Duration::from_secs(2);

pub(super) fn close(action: &str, args: &CloseArgs) -> End {
    let ordered = order(action, &args.order);
    if ordered == End::Well && args.wait { wait(action, &args.order) } else { ordered }
}

/// How far a region is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The node that answers has not taken the order up.
    Open,
    /// Something is missing.
    Closing,
    /// It may go.
    Complete,
}

fn step(action: &str, answer: &Value) -> Step {
    let (hold, phase) = (answer["hold"].as_str().unwrap_or_default(), answer["phase"].as_str().unwrap_or_default());
    let (is_closed, is_over) = match action {
        "drain" => (hold != "open", hold != "open"),
        _ => (["evacuating", "out"].contains(&phase), phase == "out"),
    };
    match (is_closed, is_over && answer["complete"] == true) {
        (false, _) => Step::Open,
        (true, false) => Step::Closing,
        (true, true) => Step::Complete,
    }
}

/// Asks until the region may go, and says so whenever something has changed. Another order may open it again.
fn wait(action: &str, args: &OrderArgs) -> End {
    let body = json!({ "action": "verify" });
    let (mut told, mut was_closed) = (String::new(), false);
    loop {
        let answer = match fetch(&args.to, Method::POST, &path_of(&args.region), Some(&body)) {
            Ok(answer) => answer,
            Err(end) => {
                eprintln!("tidegate-live: the order stands; `verify {}` goes on from here", args.region);
                return end;
            }
        };
        let (step, text) = (step(action, &answer), verified(&args.region, &answer));
        if args.to.format == Format::Text && text != told {
            let printed = print(&text);
            if printed != End::Well {
                return printed;
            }
        }
        told = text;
        match step {
            Step::Complete if args.to.format == Format::Json => return print(&format!("{answer}\n")),
            Step::Complete => return End::Well,
            Step::Open if was_closed => {
                eprintln!("tidegate-live: {} takes work again: another order was given", args.region);
                return End::Wrong;
            }
            Step::Open => {}
            Step::Closing => was_closed = true,
        }
        std::thread::sleep(ASK_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_may_go_when_it_is_closed_and_nothing_is_missing() {
        let answer =
            |hold: &str, phase: &str, complete: bool| json!({ "hold": hold, "phase": phase, "complete": complete });
        assert_eq!(step("drain", &answer("open", "active", true)), Step::Open, "the order is on its way");
        assert_eq!(step("drain", &answer("draining", "active", false)), Step::Closing);
        assert_eq!(step("drain", &answer("draining", "active", true)), Step::Complete);
        assert_eq!(step("evacuate", &answer("open", "active", true)), Step::Open);
        assert_eq!(step("evacuate", &answer("open", "evacuating", true)), Step::Closing, "it is not over");
        assert_eq!(step("evacuate", &answer("open", "out", true)), Step::Complete);
    }
}
