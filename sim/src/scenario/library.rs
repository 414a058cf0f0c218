//! Real outages as fault plans, by region and day. Knows what hit the flow, and for how long; must not know scenarios.
//!
//! Times are from AWS' post-event summaries (`aws.amazon.com/message/...`), the status archive (`outages/aws-outages`)
//! and the press, collected 2026-11-23. AWS hardly ever gives shares of failed calls: those not cited are unconfirmed.

use super::{FaultKind, Service};
use tidegate_core::Span;
use tidegate_core::unit::Ratio;

/// A real outage.
#[derive(Debug)]
pub struct Outage {
    /// Its region and day: what `use` names.
    pub name: &'static str,
    /// The region it hit.
    pub region: &'static str,
    /// What happened, in one line.
    pub about: &'static str,
    /// What hit our flow.
    pub parts: &'static [Part],
}

/// One fault of an outage.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// What.
    pub kind: FaultKind,
    /// After the start of the outage.
    pub after: Span,
    /// How long.
    pub lasts: Span,
}

const fn part(kind: FaultKind, after_minutes: u64, minutes: u64) -> Part {
    Part { kind, after: Span::from_mins(after_minutes), lasts: Span::from_mins(minutes) }
}

const fn errors(service: Service, percent: u32, after_minutes: u64, minutes: u64) -> Part {
    part(FaultKind::Errors(service, Ratio(percent * 100)), after_minutes, minutes)
}

/// All outages, oldest first.
pub const OUTAGES: [&Outage; 10] = [
    &DYNAMODB_2015,
    &KINESIS_2020,
    &NETWORK_2021,
    &FARGATE_2022,
    &API_GATEWAY_2022,
    &SINGAPORE_2022,
    &KINESIS_2024,
    &DYNAMODB_2025,
    &ECS_2025,
    &EMIRATES_2026,
];

/// The outage of a name.
#[must_use]
pub fn outage(name: &str) -> Option<&'static Outage> {
    OUTAGES.into_iter().find(|outage| outage.name == name)
}

/// 55 % of DynamoDB's calls failed (AWS message/5467D2, second-hand); SQS was hit too, its share is unconfirmed, and so
/// are the minutes: the source says about five hours.
const DYNAMODB_2015: Outage = Outage {
    name: "us-east-1-2015-09-20",
    region: "us-east-1",
    about: "DynamoDB's metadata service was overloaded, and SQS with it",
    parts: &[errors(Service::Table, 55, 0, 291), errors(Service::Queue, 20, 0, 291)],
};

/// Kinesis failed; ECS' API and launches failed with it for 1,193 minutes (status archive; message/11201). Share
/// unconfirmed.
const KINESIS_2020: Outage = Outage {
    name: "us-east-1-2020-11-25",
    region: "us-east-1",
    about: "Kinesis failed, and ECS could not launch or stop tasks",
    parts: &[errors(Service::Launch, 60, 0, 1_193)],
};

/// The internal network was congested (message/12721): Fargate launches failed for 1,129 minutes, API Gateway for 479,
/// DynamoDB through endpoints for 405; running tasks went on. Shares unconfirmed.
const NETWORK_2021: Outage = Outage {
    name: "us-east-1-2021-12-07",
    region: "us-east-1",
    about: "the internal network was congested: launches, API Gateway, DynamoDB",
    parts: &[
        errors(Service::Launch, 70, 0, 1_129),
        errors(Service::Ingress, 40, 0, 479),
        errors(Service::Table, 30, 0, 405),
    ],
};

/// Fargate had too little capacity for 1,013 minutes and running tasks were fine (status archive). Share unconfirmed.
const FARGATE_2022: Outage = Outage {
    name: "us-east-1-2022-08-24",
    region: "us-east-1",
    about: "Fargate launches failed for want of capacity",
    parts: &[part(FaultKind::Capacity(Ratio(3_000)), 0, 1_013)],
};

/// API Gateway's calls failed for 263 minutes: webhooks did not come in (status archive). Share unconfirmed.
const API_GATEWAY_2022: Outage = Outage {
    name: "us-west-2-2022-09-28",
    region: "us-west-2",
    about: "API Gateway failed, so webhooks did not come in",
    parts: &[errors(Service::Ingress, 50, 0, 263)],
};

/// Network trouble of 50 minutes for several services (status archive). Which and how much is unconfirmed.
const SINGAPORE_2022: Outage = Outage {
    name: "ap-southeast-1-2022-12-13",
    region: "ap-southeast-1",
    about: "network trouble for several services",
    parts: &[
        errors(Service::Ingress, 30, 0, 50),
        errors(Service::Queue, 30, 0, 50),
        errors(Service::Table, 30, 0, 50),
        errors(Service::Launch, 30, 0, 50),
    ],
};

/// A cell of Kinesis failed for 412 minutes: ECS and Lambda lagged and failed (message/073024). Shares unconfirmed.
const KINESIS_2024: Outage = Outage {
    name: "us-east-1-2024-07-30",
    region: "us-east-1",
    about: "an internal cell of Kinesis failed, and ECS and Lambda with it",
    parts: &[errors(Service::Launch, 50, 0, 412), errors(Service::Ingress, 10, 0, 412)],
};

/// DynamoDB's DNS record was lost for 172 minutes; launches failed until minute 648 (10:36 PDT), then were throttled
/// until minute 872 (14:20 PDT; message/101925). Shares unconfirmed; Lambda's queue readers are no part of our flow.
const DYNAMODB_2025: Outage = Outage {
    name: "us-east-1-2025-10-20",
    region: "us-east-1",
    about: "DynamoDB's DNS record was lost, and launches failed for most of a day",
    parts: &[
        part(FaultKind::ServiceOutage(Service::Table), 0, 172),
        errors(Service::Launch, 95, 0, 648),
        errors(Service::Launch, 50, 648, 224),
    ],
};

/// Cells of ECS' control plane failed for 823 minutes (AWS Health text, second-hand). Share unconfirmed.
const ECS_2025: Outage = Outage {
    name: "us-east-1-2025-10-28",
    region: "us-east-1",
    about: "ECS and Fargate launches failed",
    parts: &[errors(Service::Launch, 60, 0, 823)],
};

/// Two of three zones were destroyed (press, March 2026). Its end was not found: this is its first day.
const EMIRATES_2026: Outage = Outage {
    name: "me-central-1-2026-03-01",
    region: "me-central-1",
    about: "two of three zones were destroyed: the first day",
    parts: &[part(FaultKind::RegionOutage, 0, 1_440)],
};
