//! Mistakes in policies.

use super::{bad_policy, refused, refused_at_marks};
use tidegate_tests::Desk;
use tidegate_tests::sample::{HEAD, LOAD, POLICY};

#[test]
fn unknown_keys_have_a_nearest_right_one() {
    bad_policy("[spillover]\n@minDwel = \"30s\"\n", "did you mean `minDwell`?");
    bad_policy("[@failovr]\nmode = \"automatic\"\n", "did you mean `failover`?");
    bad_policy("[failover]\nmode = @\"automated\"\n", "did you mean `automatic`?");
    bad_policy("[cache]\nstrategy = @\"activePassive\"\n", "one of: activeActive, primarySecondary, regionalWithIndex");
}

#[test]
fn types_and_signs() {
    bad_policy("[sticky]\nmaxEntries = @\"many\"\n", "expected");
    bad_policy("[spillover]\nstopAt = @true\n", "expected");
    bad_policy("routing = @3\n", "expected a table");
    bad_policy("[failover]\ncooldown = @\"-5m\"\n", "must not be negative");
    bad_policy("[failover]\ncooldown = @300\n", "write a unit");
    bad_policy("[launch]\nretries = @-1\n", "expected");
    bad_policy("[sticky]\nttl = @\"5 fortnights\"\n", "expected");
}

#[test]
fn unknown_regions_wherever_one_may_be_named() {
    let unknown = |keys: &str| bad_policy(&format!("[routing]\n{keys}\n"), "did you mean `eu-west-1`?");
    unknown("default = @\"eu-west-2\"");
    unknown("organizations = { o = @\"eu-west-2\" }");
    unknown("repositories = { \"o/r\" = @\"eu-west-2\" }");
    unknown("networks = { \"203.0.113.0/24\" = @\"eu-west-2\" }");
    unknown("residency = { o = [\"us-east-1\", @\"eu-west-2\"] }");
}

#[test]
fn residency_that_leaves_nothing_or_contradicts_a_route() {
    bad_policy("[routing]\nresidency = { o = @[] }\n", "at least 1");
    bad_policy("[routing]\norganizations = { @o = \"us-east-1\" }\nresidency = { o = [\"eu-west-1\"] }\n", "eu-west-1");
    bad_policy("[routing]\nresidency = { @o = [\"eu-west-1\"] }\n", "`routing.organizations`");
}

#[test]
fn thresholds_out_of_range() {
    let threshold = |keys: &str, words: &str| {
        let policy = POLICY.replacen("maxRunners = 60", &format!("spilloverThreshold = {{ {keys} }}"), 1);
        refused_at_marks(&format!("{HEAD}{LOAD}"), &policy, &[words]);
    };
    threshold("concurrencyPercent = @0", "to 100");
    threshold("concurrencyPercent = @101", "to 100");
    threshold("concurrencyPercent = @-1", "to 100");
    threshold("queueDepth = @0", "at least 1");
    threshold("errorRate = @0", "to 1");
    threshold("errorRate = @5", "to 1");
    threshold("errorRate = @nan", "expected");
    bad_policy("[spillover]\nstopAt = @1.01\n", "to 1"); // spilling would stop above where it starts
    bad_policy("[spillover]\nstopAt = @0\n", "to 1");
}

#[test]
fn times_that_contradict_each_other() {
    bad_policy("[failover]\nprobeEvery = \"10s\"\nprobeTimeout = @\"11s\"\n", "shorter than `probeEvery`");
    bad_policy("[failover]\nprobeEvery = \"10s\"\nprobeTimeout = @\"10s\"\n", "shorter than `probeEvery`");
    bad_policy("[failover]\ncooldown = @\"2h\"\ncooldownMax = \"1h\"\n", "at most `cooldownMax`");
    bad_policy("[failover]\nquorum = @4\n", "at most 3");
}

#[test]
fn files_that_are_cut_short() {
    for (name, text) in [
        ("policy.json", "{ \"regions\": [ { \"name\": \"us-east-1\" }"),
        ("policy.json", ""),
        ("policy.json", "{ \"regions\": [ { \"name\": \"us-east-1"),
        ("policy.json", "[]"),
        ("cut.toml", "regions = [ { name = \"us-east-1\""),
        ("cut.toml", "regions = [ { name = \"us-ea"),
    ] {
        let desk = Desk::empty();
        desk.put(name, text);
        desk.put("scenario.toml", format!("{}{LOAD}", HEAD.replace("policy.toml", name)));
        refused(&desk).says(&format!("{name}:1:")).says("1 problem in ");
    }
}

#[test]
fn the_policy_may_not_be_there() {
    let desk = Desk::empty();
    desk.put("scenario.toml", format!("{HEAD}{LOAD}"));
    refused(&desk).says("scenario.toml:3:10: ").says("`policy.toml` does not exist");
    std::fs::create_dir(desk.path("policy.toml")).expect("a folder");
    refused(&desk).says("scenario.toml:3:10: ").says("is a directory");
}
