//! The lines of a journal: what a node heard and what it decided, so that another can decide the same again. Knows the
//! shape of a line; must not know files.
//!
//! A journal is a sequence of segments. Each begins with a [`Head`], which holds all that its events are taken up from,
//! so that a segment can be replayed without those before it. Then come, in the order of the turns, the event of each
//! and the facts of it.

use crate::fact::Fact;
use crate::time::Timestamp;
use crate::{controller, dispatcher};
use serde::{Deserialize, Serialize};

/// The format of today.
pub const FORMAT: u32 = 1;

/// The file ending of a segment.
pub const EXTENSION: &str = "journal";

/// What a segment begins with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// [`FORMAT`] of the program that wrote it.
    pub format: u32,
    /// Version of that program.
    pub version: String,
    /// The region of the node, by the policy's name of it.
    pub node: String,
    /// Counts the segments of a node, from 1.
    pub segment: u64,
    /// When it began, by the node's clock.
    pub at: Timestamp,
    /// The policy in force.
    pub policy: PolicyText,
    /// The state of the controller at that time.
    pub controller: controller::Snapshot,
    /// The state of the dispatcher at that time.
    pub dispatcher: dispatcher::Snapshot,
    /// Texts of organizations, repositories and label classes seen so far.
    pub names: Vec<String>,
}

/// A policy as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyText {
    /// The name of its file; its ending says how it is written.
    pub file: String,
    /// The contents of that file.
    pub text: String,
}

/// One line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Line {
    /// The first line of a segment.
    Head(Box<Head>),
    /// The controller heard something: a turn begins.
    Controller {
        /// When, by the node's clock.
        at: Timestamp,
        /// What.
        event: controller::Event,
    },
    /// The dispatcher heard something: a turn begins.
    Dispatcher {
        /// When, by the node's clock.
        at: Timestamp,
        /// What.
        event: dispatcher::Event,
    },
    /// A fact of the turn that began last.
    Fact {
        /// When: the time of its turn.
        at: Timestamp,
        /// What.
        fact: Fact,
    },
    /// A text that is seen for the first time.
    Name(String),
}

/// A line to be written, out of what the writer only looks at. Written as [`Line`] is.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LineRef<'a> {
    /// See [`Line::Head`].
    Head(&'a Head),
    /// See [`Line::Controller`].
    Controller {
        /// When.
        at: Timestamp,
        /// What.
        event: &'a controller::Event,
    },
    /// See [`Line::Dispatcher`].
    Dispatcher {
        /// When.
        at: Timestamp,
        /// What.
        event: &'a dispatcher::Event,
    },
    /// See [`Line::Fact`].
    Fact {
        /// When.
        at: Timestamp,
        /// What.
        fact: &'a Fact,
    },
    /// See [`Line::Name`].
    Name(&'a str),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{PlacementId, RegionId};
    use crate::policy::{Policy, Region};
    use std::sync::Arc;

    #[test]
    fn what_is_written_is_what_is_read() {
        let policy = Arc::new(Policy::of_regions(vec![Region::new("us-east-1", 1)]));
        let (at, me) = (Timestamp(7), RegionId(0));
        let head = Head {
            format: FORMAT,
            version: "0".to_owned(),
            node: "us-east-1".to_owned(),
            segment: 1,
            at,
            policy: PolicyText::default(),
            controller: controller::Controller::new(Arc::clone(&policy), me, 1, at).snapshot(),
            dispatcher: dispatcher::Dispatcher::new(policy, me).snapshot(),
            names: vec!["acme".to_owned()],
        };
        let (event, heard) = (controller::Event::Wake, dispatcher::Event::Started);
        let fact = Fact::ClaimConflict { placement: PlacementId::default() };
        let lines = [
            LineRef::Head(&head),
            LineRef::Controller { at, event: &event },
            LineRef::Dispatcher { at, event: &heard },
            LineRef::Fact { at, fact: &fact },
            LineRef::Name("acme/app"),
        ];
        for line in lines {
            let text = serde_json::to_string(&line).expect("data");
            let read: Line = serde_json::from_str(&text).expect("the same shape");
            assert_eq!(serde_json::to_string(&read).expect("data"), text);
        }
    }
}
