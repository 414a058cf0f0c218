//! Reads what a fault does and where. Knows each kind's keys; must not know when it strikes.

use super::{Around, region_name};
use crate::scenario::{FaultKind, Service};
use std::ops::Bound;
use tidegate_core::Span;
use tidegate_core::document::{Arm, Context, FromNode, Kind, Located, Node, NodeReader, TableReader, Value};
use tidegate_core::document::{nearest, parse_duration};
use tidegate_core::id::RegionId;
use tidegate_core::port::operator::Verb;
use tidegate_core::unit::Ratio;

/// What a fault does and where.
#[derive(Clone, Copy)]
pub(super) struct What {
    pub(super) kind: FaultKind,
    pub(super) region: Option<RegionId>,
}

impl What {
    /// Whether it is an operator's order, which has no length.
    pub(super) const fn is_order(&self) -> bool {
        matches!(self.kind, FaultKind::Operator(_))
    }
}

/// What the keys of a fault say, before the names of regions are looked up.
struct Raw {
    kind: RawKind,
    /// The region it hits, where there is one.
    region: Option<Located<String>>,
    /// The other end of a partition.
    to: Option<Located<String>>,
}

enum RawKind {
    Plain(FaultKind),
    Partition { one_way: bool },
}

const SERVICES: [(&str, Service); 6] = [
    ("ingress", Service::Ingress),
    ("queue", Service::Queue),
    ("launch", Service::Launch),
    ("registration", Service::Registration),
    ("table", Service::Table),
    ("cache", Service::Cache),
];

const VERBS: [(&str, Verb); 5] = [
    ("approve", Verb::Approve),
    ("drain", Verb::Drain),
    ("evacuate", Verb::Evacuate),
    ("reject", Verb::Reject),
    ("resume", Verb::Resume),
];

const KINDS: [(&str, Arm<Option<Raw>>); 14] = [
    ("regionOutage", |t| here(t, |_| Some(FaultKind::RegionOutage))),
    ("serviceOutage", |t| here(t, |t| service(t).map(FaultKind::ServiceOutage))),
    ("errors", |t| here(t, errors)),
    ("slow", |t| here(t, slow)),
    ("throttle", |t| here(t, throttle)),
    ("capacity", |t| here(t, capacity)),
    ("partition", partition),
    ("replicationPause", |t| here(t, |_| Some(FaultKind::ReplicationPause))),
    ("spotInterruptions", |t| here(t, spot_interruptions)),
    ("gray", |t| here(t, |_| Some(FaultKind::Gray))),
    ("githubOutage", |_| everywhere(Some(FaultKind::GitHubOutage))),
    ("webhookLoss", |t| everywhere(rate(t, "share of deliveries that are lost").map(FaultKind::WebhookLoss))),
    ("clockSkew", |t| here(t, clock_skew)),
    ("operator", |t| here(t, operator)),
];

/// Reads the kind of a fault and its keys; `None` where it has mistakes.
pub(super) fn read(t: &mut TableReader<'_>, around: &Around<'_>) -> Option<What> {
    let raw = t.tagged("kind", &KINDS, "what goes wrong").flatten()?;
    let find = |t: &mut TableReader<'_>, name: &Located<String>| match look_up(&name.value, around) {
        Ok(found) => found,
        Err((expected, help)) => {
            let help = if help.is_empty() { expected } else { help };
            t.problem(name.place, format!("unknown region `{}`", name.value), help);
            None
        }
    };
    let to = raw.to.as_ref().map(|name| find(t, name));
    let region = raw.region.as_ref().map(|name| find(t, name));
    let kind = match (raw.kind, to) {
        (RawKind::Plain(kind), _) => kind,
        (RawKind::Partition { one_way }, Some(Some(to))) => FaultKind::Partition { to, one_way },
        (RawKind::Partition { .. }, _) => return None,
    };
    match region {
        None => Some(What { kind, region: None }),
        Some(region) => apart(t, What { kind, region: Some(region?) }, around),
    }
}

/// A partition has two ends.
fn apart(t: &mut TableReader<'_>, what: What, around: &Around<'_>) -> Option<What> {
    if let (FaultKind::Partition { to, .. }, Some(from)) = (what.kind, what.region)
        && to == from
    {
        let message = format!("is {}, from which it is cut off", region_name(around.policy, to));
        t.problem_at("to", &message, "name another region");
        return None;
    }
    Some(what)
}

/// Reads the name of a region of the policy.
pub(super) fn region(node: &mut NodeReader<'_>, around: &Around<'_>) -> Option<RegionId> {
    let name = node.read::<String>()?;
    look_up(&name, around).unwrap_or_else(|(expected, help)| {
        node.wrong(expected, help);
        None
    })
}

/// The region of a name: none when the policy has mistakes of its own; what was expected and meant when it is unknown.
fn look_up(name: &str, around: &Around<'_>) -> Result<Option<RegionId>, (String, String)> {
    let Some(policy) = around.policy.filter(|_| !name.is_empty()) else {
        return Ok(None);
    };
    if let Some(id) = policy.region_named(name) {
        return Ok(Some(id));
    }
    let names = || policy.regions.iter().map(|region| region.name.as_str());
    let help = nearest(name, names()).map_or(String::new(), |near| format!("did you mean `{near}`?"));
    Err((format!("a region of the policy, one of: {}", names().collect::<Vec<_>>().join(", ")), help))
}

fn here(t: &mut TableReader<'_>, kind: fn(&mut TableReader<'_>) -> Option<FaultKind>) -> Option<Raw> {
    let region = t.required("region", "the region it hits");
    Some(Raw { kind: RawKind::Plain(kind(t)?), region: Some(region), to: None })
}

fn everywhere(kind: Option<FaultKind>) -> Option<Raw> {
    Some(Raw { kind: RawKind::Plain(kind?), region: None, to: None })
}

fn partition(t: &mut TableReader<'_>) -> Option<Raw> {
    let from = t.required("from", "the region that cannot reach the other");
    let to = t.required("to", "the region that it cannot reach");
    let one_way = t.or("oneWay", false, "whether the other can still reach it");
    Some(Raw { kind: RawKind::Partition { one_way }, region: Some(from), to: Some(to) })
}

fn service(t: &mut TableReader<'_>) -> Option<Service> {
    t.required_node("service", "the service it hits", |node| node.choice(&SERVICES))
}

/// A share above nothing; the least that a ratio can tell is a ten-thousandth.
fn rate(t: &mut TableReader<'_>, doc: &'static str) -> Option<Ratio> {
    t.required_node("rate", doc, |node| node.in_range(0.0001..=1.0)).map(Ratio::from_fraction)
}

/// A number above 0, below a limit that keeps the simulation finite.
fn positive(t: &mut TableReader<'_>, key: &'static str, doc: &'static str) -> Option<f64> {
    t.required_node(key, doc, |node| node.in_range((Bound::Excluded(0.0), Bound::Included(1e6))))
}

fn errors(t: &mut TableReader<'_>) -> Option<FaultKind> {
    let (service, rate) = (service(t), rate(t, "share of calls that fail"));
    Some(FaultKind::Errors(service?, rate?))
}

fn slow(t: &mut TableReader<'_>) -> Option<FaultKind> {
    let doc = "how many times as long it takes";
    let (service, factor) = (service(t), t.required_node("factor", doc, |node| node.in_range(1.0..=1e6)));
    Some(FaultKind::Slow(service?, factor?))
}

fn throttle(t: &mut TableReader<'_>) -> Option<FaultKind> {
    let (service, rate) = (service(t), positive(t, "perSecond", "calls a second that are let through"));
    Some(FaultKind::Throttle(service?, rate?))
}

fn capacity(t: &mut TableReader<'_>) -> Option<FaultKind> {
    let doc = "share of the launch capacity that is left";
    let fraction = t.required_node("fraction", doc, |node| node.in_range((Bound::Included(0.0), Bound::Excluded(1.0))));
    fraction.map(|fraction| FaultKind::Capacity(Ratio::from_fraction(fraction)))
}

fn spot_interruptions(t: &mut TableReader<'_>) -> Option<FaultKind> {
    positive(t, "perHour", "interruptions of a spot task an hour").map(FaultKind::SpotInterruptions)
}

fn clock_skew(t: &mut TableReader<'_>) -> Option<FaultKind> {
    let doc = "how far its clock is ahead; behind with a minus sign, such as \"-30s\"";
    let Skew { by, back } = t.required_node("by", doc, |node| node.read::<Skew>())?;
    Some(FaultKind::ClockSkew { by, back })
}

fn operator(t: &mut TableReader<'_>) -> Option<FaultKind> {
    t.required_node("order", "what is ordered for the region", |node| node.choice(&VERBS)).map(FaultKind::Operator)
}

/// A duration with an optional minus sign.
struct Skew {
    by: Span,
    back: bool,
}

impl FromNode for Skew {
    fn from_node(node: &Node, context: &mut Context) -> Option<Self> {
        if let Value::Text(text) = &node.value {
            let (rest, back) = text.strip_prefix('-').map_or((text.as_str(), false), |rest| (rest, true));
            match parse_duration(rest) {
                Ok(by) if by > Span::ZERO => return Some(Self { by, back }),
                Ok(_) => context.wrong(node, "a skew such as \"30s\" or \"-30s\"", "a skew of nothing does nothing"),
                Err(help) => context.wrong(node, "a skew such as \"30s\" or \"-30s\"", help),
            }
            return None;
        }
        context.wrong(node, "a skew such as \"30s\" or \"-30s\"", "");
        None
    }

    fn kind() -> Kind {
        Kind::Text
    }

    fn to_value(&self) -> Value {
        Value::Null
    }
}
