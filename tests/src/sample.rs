//! A scenario small enough for the tests that run it by the dozen: half an hour of three regions, one of them lost for
//! ten minutes. Knows texts; must not know who reads them.

/// Three regions, one of them a home that an organization may not leave.
pub const POLICY: &str = r#"regions = [
  { name = "us-east-1", maxRunners = 60 },
  { name = "eu-west-1", maxRunners = 60 },
  { name = "ap-southeast-1", maxRunners = 60 },
]
[routing]
default = "us-east-1"
organizations = { europe-team = "eu-west-1" }
residency = { europe-team = ["eu-west-1"] }
"#;

/// Half an hour on a Tuesday afternoon, two runs. Its objectives are met.
pub const SCENARIO: &str = r#"# Half an hour on a Tuesday afternoon; us-east-1 is lost for ten minutes of it.
name = "small"
about = "half an hour of three regions, one of them lost for ten minutes"
policy = "policy.toml"
start = "2026-11-24T15:00:00Z"
duration = "35m"
warmUp = "5m"
seed = 3
runs = 2

[[load]]
organization = "patient-studio"
repositories = 3
pushesPerDay = 1440
burstiness = 0.3
jobsPerPush = { dist = "constant", value = 3 }

[[load]]
organization = "europe-team"
pushesPerDay = 480
jobsPerPush = { dist = "constant", value = 2 }

[[fault]]
kind = "regionOutage"
region = "us-east-1"
at = "10m"
for = "10m"

[[objective]]
measure = "jobsLostByUs"
atMost = 0

[[objective]]
measure = "ack"
atMost = "10s"
"#;

/// The start of a scenario without a load, for tests that add the rest.
pub const HEAD: &str = r#"name = "bad"
duration = "24h"
policy = "policy.toml"
"#;

/// A load to go with it.
pub const LOAD: &str = r#"[[load]]
organization = "patient-studio"
pushesPerDay = 10
"#;
