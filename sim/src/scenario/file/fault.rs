//! Reads faults: single ones and plans from the library. Knows keys and what must not overlap; must not know what a
//! fault does to the world.

mod kind;
mod overlap;

use super::library_names;
use crate::scenario::library::outage;
use crate::scenario::{FaultPlan, When};
use crate::world::file::dist::{Seconds, dist};
use std::ops::Bound;
use tidegate_core::Span;
use tidegate_core::document::{Context, Field, FromNode, Given, Kind, Node, NodeReader, Place, Value};
use tidegate_core::document::{TableReader, describe, duration_text, nearest};
use tidegate_core::id::RegionId;
use tidegate_core::policy::Policy;

/// What faults are read against.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) policy: Option<&'a Policy>,
    /// The scenario's length; `None` where it has mistakes.
    pub(super) duration: Option<Span>,
}

/// A fault and where it stands.
pub(super) type Placed = (Place, FaultPlan);

/// Reads the whole list.
pub(super) fn read_all(t: &mut TableReader<'_>, around: &Around<'_>) -> Vec<FaultPlan> {
    let faults = t.node("fault", "what goes wrong", |node| Some(node.list(0, |item| read(item, around))));
    let faults: Vec<Placed> = faults.unwrap_or_default().into_iter().flatten().collect();
    overlap::check(t, &faults);
    faults.into_iter().map(|(_, fault)| fault).collect()
}

fn read(item: &mut NodeReader<'_>, around: &Around<'_>) -> Option<Vec<Placed>> {
    if item.node().is_none() {
        item.read::<Either>();
        return None;
    }
    item.table(|t| if t.has("use") { planned(t, around) } else { single(t, around).into_iter().collect() })
}

/// Reads one fault.
fn single(t: &mut TableReader<'_>, around: &Around<'_>) -> Option<Placed> {
    let what = kind::read(t, around);
    let at: Option<Span> = t.optional("at", "when it strikes, after the start");
    let lasts = t.optional_in_range("for", Span(1).., "how long");
    let above_zero = (Bound::Excluded(0.0), Bound::Included(100_000.0));
    let per_week = t.optional_in_range("perWeek", above_zero, "how often it strikes at random, on average");
    let random = t.node("lasts", "how long each of those lasts", dist::<Seconds>);
    if t.context().is_describing() {
        return None;
    }
    let order = what.as_ref().is_some_and(|what| what.is_order());
    if !check_when(t, order) {
        return None;
    }
    let when = match at {
        Some(at) if t.has("at") => When::At { at, lasts: if order { Span::ZERO } else { lasts? } },
        _ => When::Rate { per_week: per_week?, lasts: random? },
    };
    let fault = FaultPlan { kind: what?.kind, region: what?.region, when };
    check_end(t, &fault, around);
    Some((t.place(), fault))
}

/// Just one way to say when, and all of it.
fn check_when(t: &mut TableReader<'_>, order: bool) -> bool {
    let (once, random) = (["at", "for"], ["perWeek", "lasts"]);
    let has = |t: &TableReader<'_>, keys: [&str; 2]| keys.iter().any(|key| t.has(key));
    let mut good = true;
    if has(t, once) && has(t, random) {
        let help = "give `at` and `for`, or `perWeek` and `lasts`";
        t.problem(t.place(), "the fault strikes both once and at random", help);
        return false;
    }
    if order {
        for key in ["for", "perWeek", "lasts"] {
            if t.has(key) {
                t.problem_at(key, "does nothing: an order is given once", "remove it, and give `at`");
                good = false;
            }
        }
    }
    let wanted = if has(t, random) && !order { random } else { once };
    let missing = wanted.into_iter().find(|key| !t.has(key) && (*key != "for" || !order));
    if let Some(key) = missing {
        let lack = if matches!(key, "for" | "lasts") { "the fault has no end" } else { "the fault never strikes" };
        t.problem(t.place(), format!("{lack}: `{key}` is missing"), "give `at` and `for`, or `perWeek` and `lasts`");
    }
    good && missing.is_none()
}

/// A fault must be over before the scenario is, or nobody sees what follows.
fn check_end(t: &mut TableReader<'_>, fault: &FaultPlan, around: &Around<'_>) {
    let (When::At { at, lasts }, Some(duration)) = (&fault.when, around.duration) else {
        return;
    };
    let end = *at + *lasts;
    if *at >= duration || end > duration {
        let (key, verb) = if *at >= duration { ("at", "begins") } else { ("for", "ends") };
        let key = if t.has(key) { key } else { "at" };
        let moment = duration_text(if *at >= duration { *at } else { end });
        let message = format!("makes the fault one that {verb} after the scenario, at {moment}");
        let help = format!("the scenario lasts {}: shorten the fault, or lengthen `duration`", duration_text(duration));
        t.problem_at(key, &message, help);
    }
}

/// Reads a plan out of the library.
fn planned(t: &mut TableReader<'_>, around: &Around<'_>) -> Vec<Placed> {
    let plan = t.required_node("use", "a real outage out of the library", |node| {
        let name = node.read::<String>()?;
        let found = outage(&name);
        if found.is_none() {
            let help = nearest(&name, library_names()).map_or(String::new(), |near| format!("did you mean `{near}`?"));
            let names: Vec<_> = library_names().collect();
            node.wrong(format!("an outage, one of: {}", names.join(", ")), help);
        }
        found
    });
    let at = t.or("at", Span::ZERO, "when it begins, after the start");
    let given = t.node("region", "the region it hits; by default the one it hit", |node| kind::region(node, around));
    let Some(plan) = plan else {
        return Vec::new();
    };
    let own = around.policy.and_then(|policy| policy.region_named(plan.region));
    let region = if t.has("region") { given } else { own };
    if region.is_none() && !t.has("region") && around.policy.is_some() {
        let message = format!("hit {}, which is no region of the policy", plan.region);
        t.problem_at("use", &message, "say which region it hits here by `region`");
    }
    let Some(region) = region else {
        return Vec::new();
    };
    let each = |part: &crate::scenario::library::Part| FaultPlan {
        kind: part.kind,
        region: Some(region),
        when: When::At { at: at + part.after, lasts: part.lasts },
    };
    let faults: Vec<FaultPlan> = plan.parts.iter().map(each).collect();
    let last = faults.iter().max_by_key(|fault| end_of(fault));
    if let Some(last) = last {
        check_end(t, last, around);
    }
    faults.into_iter().map(|fault| (t.place(), fault)).collect()
}

fn end_of(fault: &FaultPlan) -> Span {
    match &fault.when {
        When::At { at, lasts } => *at + *lasts,
        When::Rate { .. } => Span::ZERO,
    }
}

/// What a fault looks like in a schema: a plan out of the library, or a fault of a kind.
struct Either;

impl FromNode for Either {
    fn from_node(_: &Node, _: &mut Context) -> Option<Self> {
        None
    }

    fn kind() -> Kind {
        let nothing = Around { policy: None, duration: None };
        let single = describe(|t| single(t, &nothing)).root;
        let mut plan = describe(|t| planned(t, &nothing)).root;
        let names = Field {
            key: "use",
            kind: Kind::Choice(library_names().collect()),
            given: Given::Required,
            doc: "a real outage out of the library",
        };
        plan.fields.retain(|field| field.key != "use");
        plan.fields.insert(0, names);
        Kind::Either(vec![Kind::Table(single), Kind::Table(plan)])
    }

    fn to_value(&self) -> Value {
        Value::Null
    }
}

/// The region of an id, for messages.
fn region_name(policy: Option<&Policy>, id: RegionId) -> &str {
    policy.map_or("", |policy| &policy.region(id).name)
}
