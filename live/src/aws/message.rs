//! The body of a queue message. Knows its JSON; must not know SQS.

use crate::names::Texts;
use serde::{Deserialize, Serialize};
use tidegate_core::port::Ticket;

/// What is in a body: the ticket, and the texts behind its names where the sender knew them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Body {
    pub(crate) ticket: Ticket,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) texts: Option<Texts>,
}

impl Body {
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts have a JSON form")
    }

    /// `None`: it is no message of ours.
    pub(crate) fn of_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use tidegate_core::port::Reason;
    use tidegate_core::{JobId, Name, Need, PlacementId, RegionId, RegionSet, RunId, Timestamp};

    /// A ticket of an attempt of a job in a region.
    pub(crate) fn ticket(job: u64, attempt: u16, region: u8) -> Ticket {
        Ticket {
            placement: PlacementId { job: JobId(job), run_attempt: 1, attempt },
            run: RunId(7),
            organization: Name::of("acme"),
            repository: Name::of("acme/site"),
            class: Name::of("linux,self-hosted"),
            need: Need::default(),
            region: RegionId(region),
            home: RegionId(0),
            reason: Reason::Home,
            regional: true,
            hops: 0,
            tried: RegionSet::EMPTY,
            queued_at: Timestamp(1_000_000),
            received_at: Timestamp(2_000_000),
        }
    }

    pub(crate) fn texts() -> Texts {
        Texts {
            organization: "acme".to_owned(),
            repository: "acme/site".to_owned(),
            class: "linux,self-hosted".to_owned(),
        }
    }

    #[test]
    fn a_body_comes_back_as_it_went_with_or_without_texts() {
        for texts in [None, Some(texts())] {
            let body = Body { ticket: ticket(1, 1, 0), texts };
            assert_eq!(Body::of_json(&body.to_json()), Some(body));
        }
        assert_eq!(Body::of_json("{\"hello\":1}"), None);
    }
}
