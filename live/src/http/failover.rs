//! `POST /admin/failover/{region}`: operators' orders, and what they would lead to. Knows room and what is left to do;
//! must not know how an order is carried out.

use super::Site;
use super::admin::{refuse, region_named};
use crate::node::{RegionStatus, Status};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use tidegate_core::Span;
use tidegate_core::controller::phase::{Hold, Phase};
use tidegate_core::port::operator::{self, Verb};

/// What an operator may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Action {
    /// Go on with the proposed failover.
    Approve,
    /// Take nothing new, let the rest finish.
    Drain,
    /// Place what is queued there elsewhere, now.
    Evacuate,
    /// Do not go on with the proposed failover.
    Reject,
    /// Take work again.
    Resume,
    /// Is the region empty, and have the others room?
    Verify,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Order {
    action: Action,
    #[serde(default)]
    force: bool,
}

/// What closing a region would mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outlook {
    /// Messages that wait there.
    waiting: u32,
    /// Tasks on their way up there.
    starting: u32,
    /// Jobs that run there; they finish there.
    running: u32,
    /// Runners that the other regions could still take.
    room: u32,
    /// The regions that take work, without this one.
    survivors: Vec<String>,
    /// Messages that a node there received and has not deleted, or had received when it was killed: these come back within
    /// five minutes. `null`: not known.
    in_flight: Option<u32>,
    /// Whether nothing waits, nothing is in flight and nothing starts there.
    is_empty: bool,
    /// Why these numbers may not be so; `null`: they are what the region says of itself.
    doubt: Option<String>,
    /// In words.
    text: String,
}

fn takes_work(region: &RegionStatus) -> bool {
    region.phase == Phase::Active && region.hold == Hold::Open
}

impl Outlook {
    /// `stale_after`: when a report is too old to be believed, by the policy.
    pub(crate) fn of(status: &Status, name: &str, stale_after: Span) -> Option<Self> {
        let region = status.regions.iter().find(|region| region.name == name)?;
        let others = || status.regions.iter().filter(|other| other.name != name && takes_work(other));
        let free = |r: &RegionStatus| r.load.limit.saturating_sub(r.load.running + r.load.starting + r.load.waiting);
        let survivors: Vec<String> = others().map(|region| region.name.clone()).collect();
        let room = others().map(free).sum();
        let load = &region.load;
        let in_flight = region.in_flight;
        let is_empty = load.waiting == 0 && load.starting == 0 && in_flight.unwrap_or(0) == 0;
        let text = format!(
            "{name} has {} waiting, {} starting and {} running; {} could take {room} more",
            load.waiting,
            load.starting,
            load.running,
            if survivors.is_empty() { "no other region".to_owned() } else { survivors.join(" and ") },
        );
        let (waiting, starting, running) = (load.waiting, load.starting, load.running);
        let age = status.at.since(load.at);
        let doubt = if region.phase == Phase::Suspect {
            Some(format!("{name} is suspect: what is there is not known"))
        } else if region.services.is_some_and(|services| !services.queue) {
            Some(format!("the queue of {name} does not answer: what waits there is not known"))
        } else {
            (age > stale_after).then(|| format!("the last report of {name} is {} s old", age.0 / 1_000_000))
        };
        Some(Self { waiting, starting, running, room, survivors, in_flight, is_empty, doubt, text })
    }

    /// What is missing until the region may go: nothing is to wait or start there, and the others are to have room for what
    /// runs there.
    pub(crate) fn missing(&self) -> Vec<String> {
        let mut missing: Vec<String> = self.doubt.iter().cloned().collect();
        if self.waiting + self.starting > 0 {
            missing.push(format!("{} wait and {} start there", self.waiting, self.starting));
        }
        if let Some(count) = self.in_flight.filter(|count| *count > 0) {
            missing.push(format!("{count} messages were received there and may come back"));
        }
        if self.survivors.is_empty() {
            missing.push("no other region takes work".to_owned());
        } else if self.room < self.running {
            missing.push(format!("the others have room for {} of the {} that run there", self.room, self.running));
        }
        missing
    }

    /// Why an order should not be given now; `None`: nothing speaks against it.
    pub(crate) fn objection(&self, action: Action, region: &RegionStatus) -> Option<(bool, String)> {
        let need = match action {
            Action::Drain => self.waiting + self.starting + self.running,
            Action::Evacuate => self.waiting + self.starting,
            Action::Approve | Action::Reject if region.phase != Phase::AwaitingApproval => {
                let phase = region.phase;
                return Some((false, format!("no failover of {} is proposed: its phase is {phase:?}", region.name)));
            }
            Action::Approve | Action::Reject | Action::Resume | Action::Verify => return None,
        };
        if self.survivors.is_empty() {
            return Some((false, format!("{} is the last region that takes work", region.name)));
        }
        let short = need.saturating_sub(self.room);
        (short > 0).then(|| {
            let what = format!("the others have room for {} of {need}: {short} jobs would wait", self.room);
            (true, format!("{what}; order it with \"force\": true to do it all the same"))
        })
    }
}

/// Takes an order.
pub(super) async fn order(
    State(site): State<Arc<Site>>,
    Path(name): Path<String>,
    order: Result<Json<Order>, JsonRejection>,
) -> Response {
    let Order { action, force } = match order {
        Ok(Json(order)) => order,
        Err(error) => {
            let expected = r#"expected {"action": "drain|evacuate|approve|reject|resume|verify", "force": false}"#;
            return refuse(StatusCode::BAD_REQUEST, format!("{}; {expected}", error.body_text()));
        }
    };
    let region = match region_named(&site, &name) {
        Ok(region) => region,
        Err(answer) => return *answer,
    };
    let local = site.receiver();
    let (status, stale_after) = (local.board.status(), local.board.policy_in_force().spillover.stale_after);
    let (Some(outlook), Some(shown)) = (Outlook::of(&status, &name, stale_after), status.regions.get(region.index()))
    else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "the node has not shown itself yet; try again in a second");
    };
    if let Some((forceable, why)) = outlook.objection(action, shown)
        && !(forceable && force)
    {
        return (StatusCode::CONFLICT, Json(json!({ "error": why, "outlook": outlook }))).into_response();
    }
    let verb = match action {
        Action::Approve => Verb::Approve,
        Action::Drain => Verb::Drain,
        Action::Evacuate => Verb::Evacuate,
        Action::Reject => Verb::Reject,
        Action::Resume => Verb::Resume,
        Action::Verify => {
            let answer = json!({
                "region": name, "phase": shown.phase, "hold": shown.hold, "outlook": outlook,
                "complete": outlook.missing().is_empty(), "missing": outlook.missing(),
            });
            return Json(answer).into_response();
        }
    };
    match local.inbox.order(operator::Event { region, verb }).await {
        Ok(()) => {
            let answer = json!({ "region": name, "ordered": verb, "outlook": outlook });
            (StatusCode::ACCEPTED, Json(answer)).into_response()
        }
        Err(refused) => refuse(StatusCode::SERVICE_UNAVAILABLE, refused.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::Services;
    use tidegate_core::Timestamp;
    use tidegate_core::port::probe::Load;

    fn region(name: &str, running: u32, limit: u32) -> RegionStatus {
        let load = Load { running, limit, ..Load::default() };
        let (name, services, in_flight) = (name.to_owned(), None, None);
        RegionStatus { name, phase: Phase::Active, hold: Hold::Open, spilling: false, load, services, in_flight }
    }

    // Broken: a queue that does not answer, or a region that nobody hears, counts as empty: a drain is called complete.
    #[test]
    fn what_is_not_known_to_be_empty_is_not_said_to_be() {
        let mut status = Status { regions: vec![region("a", 0, 100), region("b", 0, 100)], ..Status::default() };
        let missing = |status: &Status| Outlook::of(status, "a", Span::from_secs(30)).expect("it is there").missing();
        (status.at, status.regions[0].load.at) = (Timestamp(1) + Span::from_secs(30), Timestamp(1));
        assert_eq!(missing(&status), Vec::<String>::new());
        status.at += Span::from_secs(1);
        assert!(missing(&status)[0].contains("31 s old"), "{:?}", missing(&status));
        status.regions[0].load.at = status.at;
        status.regions[0].phase = Phase::Suspect;
        assert!(missing(&status)[0].contains("suspect"), "{:?}", missing(&status));
        // A count that a queue told before it fell silent is none.
        status.regions[0].phase = Phase::Active;
        status.regions[0].services = Some(Services { queue: false, ..Services::default() });
        assert!(missing(&status)[0].contains("does not answer"), "{:?}", missing(&status));
        status.regions[0].services = Some(Services::default());
        // What a killed node had received is hidden from the count of those that wait.
        for (in_flight, told) in
            [(Some(3), vec!["3 messages were received there and may come back"]), (Some(0), vec![])]
        {
            status.regions[0].in_flight = in_flight;
            assert_eq!(missing(&status), told);
        }
    }

    #[test]
    fn a_drain_that_would_leave_jobs_waiting_needs_force() {
        let mut status = Status { regions: vec![region("a", 50, 100), region("b", 90, 100)], ..Status::default() };
        let objection = |status: &Status, action| {
            let outlook = Outlook::of(status, "a", Span::from_secs(30)).expect("it is there");
            outlook.objection(action, &status.regions[0])
        };
        let (forceable, why) = objection(&status, Action::Drain).expect("room for 10 of 50");
        assert!(forceable && why.contains("10 of 50"), "{why}");
        assert_eq!(objection(&status, Action::Evacuate), None, "what runs stays");
        status.regions[1].hold = Hold::Draining;
        let (forceable, _) = objection(&status, Action::Drain).expect("nobody is left");
        assert!(!forceable, "the last one is never closed");
        assert!(objection(&status, Action::Approve).is_some(), "nothing is proposed");
        assert_eq!(objection(&status, Action::Resume), None);
    }
}
