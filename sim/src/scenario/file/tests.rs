//! Tests.

mod bad;

use super::*;
use crate::dist::Dist;
use crate::scenario::library::OUTAGES;
use crate::scenario::{Arrivals, FaultKind, LoadKind, Service, When};
use tidegate_core::document::Source;
use tidegate_core::id::RegionId;
use tidegate_core::port::operator::Verb;
use tidegate_core::unit::{Arch, Ratio};
use tidegate_reports::objective::{Bound, MEASURES, Of, Stat};

/// A scenario without loads, to which tests add.
const HEAD: &str =
    "name = \"t\"\nduration = \"24h\"\npolicy = { regions = [ { name = \"us-east-1\" }, { name = \"eu-west-1\" } ] }\n";

/// A load that any scenario may have.
const LOAD: &str = "[[load]]\norganization = \"o\"\npushesPerDay = 10\n";

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

/// Reads text as a file in a folder of its own.
fn read_text(text: &str) -> Result<Scenario, ReadError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.toml");
    std::fs::write(&path, text).expect("written");
    read(&path, Overrides::default())
}

fn good(text: &str) -> Scenario {
    read_text(text).unwrap_or_else(|error| panic!("{error}"))
}

fn load_of(text: &str) -> Load {
    good(&format!("{HEAD}[[load]]\norganization = \"o\"\n{text}")).loads.remove(0)
}

fn faults_of(text: &str) -> Vec<FaultPlan> {
    good(&format!("{HEAD}{LOAD}{text}")).faults
}

#[test]
fn every_shipped_scenario_reads() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(shipped()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    assert!(files.len() >= 10, "{files:?}");
    for path in files {
        let scenario = read(&path, Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(Some(scenario.input.name.as_str()), path.file_stem().and_then(|stem| stem.to_str()));
        assert!(!scenario.objectives.is_empty() && !scenario.about.is_empty() && scenario.input.sha256.len() == 64);
    }
}

#[test]
fn the_loss_of_the_home_region_reads_as_written() {
    let overrides = Overrides { runs: Some(3), seed: Some(7), ..Overrides::default() };
    let scenario =
        read(&shipped().join("home-region-outage.toml"), overrides).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((scenario.runs, scenario.seed, scenario.policy_input.name.as_str()), (3, 7, "three-regions"));
    assert_eq!(scenario.start.to_string(), "2026-11-24T00:00:00.000Z");
    let Some(When::At { at, lasts }) = scenario.faults.first().map(|fault| fault.when.clone()) else {
        panic!("{:?}", scenario.faults);
    };
    assert_eq!((at, lasts), (Span::from_hours(14), Span::from_hours(3)));
    let first = &scenario.objectives[0];
    assert_eq!((first.measure.as_str(), first.of, first.stat), ("placement", Of::Regional, Stat::P95));
    assert_eq!((first.bound, first.limit), (Bound::AtMost, 2.0));
    assert_eq!(scenario.objectives[2].limit, 300.0);
    assert_eq!(scenario.world.name, "aws");
}

#[test]
fn what_is_left_out_has_its_default() {
    let scenario = good(&format!("{HEAD}{LOAD}"));
    assert_eq!((scenario.runs, scenario.seed, scenario.warm_up), (10, 1, Span::ZERO));
    assert_eq!(scenario.start_within, Span::from_mins(10));
    assert_eq!(scenario.policy_input.name, "t (inline)");
    let load = &scenario.loads[0];
    assert_eq!((load.need, load.labels.len()), (Default::default(), 0));
    let LoadKind::Synthetic { repositories, arrivals, jobs_per_push, job_duration } = &load.kind else {
        panic!("{load:?}");
    };
    assert_eq!(*repositories, 1);
    let Arrivals::Weekly { per_day, profile, burstiness } = arrivals else { panic!("{arrivals:?}") };
    assert_eq!((*per_day, *burstiness, profile.len()), (10.0, 0.8, 168));
    assert!((15.0..30.0).contains(&jobs_per_push.mean()), "{}", jobs_per_push.mean());
    assert!((300.0..340.0).contains(&job_duration.mean()), "{}", job_duration.mean());
}

#[test]
fn a_load_may_be_poisson_with_its_own_runners() {
    let load = load_of(
        "arrivals = { dist = \"poisson\", perHour = 120 }\njobsPerPush = 1\n\
         jobDuration = { dist = \"exponential\", mean = \"90s\" }\n\
         runner = { vcpu = 0.5, memoryGb = 1, arch = \"arm\", spot = true }\nlabels = [\"x\", \"y\"]\n",
    );
    assert_eq!(
        (load.need.vcpu_milli, load.need.memory_mib, load.need.arch, load.need.spot),
        (500, 1_024, Arch::Arm, true)
    );
    assert_eq!(load.labels, ["x", "y"]);
    let LoadKind::Synthetic { arrivals: Arrivals::Poisson { per_hour }, jobs_per_push, job_duration, .. } = load.kind
    else {
        panic!("{:?}", load.kind);
    };
    assert_eq!((per_hour, jobs_per_push), (120.0, Dist::constant(1.0)));
    assert_eq!(job_duration, Dist::exponential(90.0).expect("good"));
}

#[test]
fn a_recorded_load_is_read_from_beside_the_scenario() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("jobs.csv"),
        "created_unix_s,duration_s,run_id\n1790000000,60,1\n1790000030,5,1\n",
    )
    .expect("written");
    let path = folder.path().join("t.toml");
    std::fs::write(&path, format!("{HEAD}[[load]]\norganization = \"o\"\ntrace = \"jobs.csv\"\nscale = 2\n"))
        .expect("written");
    let scenario = read(&path, Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
    let LoadKind::Recorded { jobs, scale } = &scenario.loads[0].kind else { panic!("recorded") };
    assert_eq!((jobs.len(), jobs[1].at, *scale), (2, Span::from_secs(30), 2.0));
}

#[test]
fn faults_of_every_kind_are_read() {
    let here = |keys: &str| format!("[[fault]]\nregion = \"eu-west-1\"\nat = \"1h\"\nfor = \"1m\"\n{keys}\n");
    let kind = |text: &str| faults_of(text)[0].kind;
    assert_eq!(kind(&here("kind = \"regionOutage\"")), FaultKind::RegionOutage);
    let outage = here("kind = \"serviceOutage\"\nservice = \"table\"");
    assert_eq!(kind(&outage), FaultKind::ServiceOutage(Service::Table));
    let errors = here("kind = \"errors\"\nservice = \"launch\"\nrate = 0.25");
    assert_eq!(kind(&errors), FaultKind::Errors(Service::Launch, Ratio(2_500)));
    assert_eq!(kind(&here("kind = \"slow\"\nservice = \"queue\"\nfactor = 5")), FaultKind::Slow(Service::Queue, 5.0));
    let throttle = here("kind = \"throttle\"\nservice = \"registration\"\nperSecond = 2");
    assert_eq!(kind(&throttle), FaultKind::Throttle(Service::Registration, 2.0));
    assert_eq!(kind(&here("kind = \"capacity\"\nfraction = 0")), FaultKind::Capacity(Ratio(0)));
    assert_eq!(kind(&here("kind = \"replicationPause\"")), FaultKind::ReplicationPause);
    assert_eq!(kind(&here("kind = \"spotInterruptions\"\nperHour = 3")), FaultKind::SpotInterruptions(3.0));
    assert_eq!(kind(&here("kind = \"gray\"")), FaultKind::Gray);
    let skew = FaultKind::ClockSkew { by: Span::from_secs(30), back: true };
    assert_eq!(kind(&here("kind = \"clockSkew\"\nby = \"-30s\"")), skew);
    let order = "[[fault]]\nkind = \"operator\"\nregion = \"us-east-1\"\nat = \"1h\"\norder = \"drain\"\n";
    assert_eq!(kind(order), FaultKind::Operator(Verb::Drain));
    let everywhere = "[[fault]]\nat = \"1h\"\nfor = \"1m\"\n";
    assert_eq!(kind(&format!("{everywhere}kind = \"githubOutage\"")), FaultKind::GitHubOutage);
    assert_eq!(kind(&format!("{everywhere}kind = \"webhookLoss\"\nrate = 0.1")), FaultKind::WebhookLoss(Ratio(1_000)));
    let ends = "kind = \"partition\"\nfrom = \"us-east-1\"\nto = \"eu-west-1\"\noneWay = true";
    let cut = faults_of(&format!("{everywhere}{ends}")).remove(0);
    assert_eq!((cut.region, cut.kind), (Some(RegionId(0)), FaultKind::Partition { to: RegionId(1), one_way: true }));
}

#[test]
fn faults_may_strike_at_random() {
    let random = "[[fault]]\nkind = \"gray\"\nregion = \"us-east-1\"\nperWeek = 2\nlasts = \"10m\"\n";
    let When::Rate { per_week, lasts } = faults_of(random).remove(0).when else { panic!("at random") };
    assert_eq!((per_week, lasts), (2.0, Dist::constant(600.0)));
}

#[test]
fn the_library_holds_real_outages_that_can_be_moved() {
    let faults = faults_of("[[fault]]\nuse = \"us-east-1-2025-10-20\"\nat = \"2h\"\n");
    assert_eq!((faults[0].kind, faults[0].region), (FaultKind::ServiceOutage(Service::Table), Some(RegionId(0))));
    let times = |fault: &FaultPlan| match fault.when {
        When::At { at, lasts } => (at, lasts),
        When::Rate { .. } => (Span::ZERO, Span::ZERO),
    };
    assert_eq!(times(&faults[0]), (Span::from_hours(2), Span::from_mins(172)));
    let end = faults.iter().map(|fault| times(fault).0 + times(fault).1).max();
    assert_eq!(end, Some(Span::from_mins(120 + 872)));
    let moved = faults_of("[[fault]]\nuse = \"me-central-1-2026-03-01\"\nregion = \"eu-west-1\"\n");
    assert_eq!((moved[0].kind, moved[0].region), (FaultKind::RegionOutage, Some(RegionId(1))));
    assert!(OUTAGES.len() >= 6 && OUTAGES.iter().all(|outage| outage.name.starts_with(outage.region)));
}

#[test]
fn limits_are_in_the_unit_of_their_measure() {
    let limit = |text: &str| good(&format!("{HEAD}{LOAD}[[objective]]\n{text}")).objectives[0].clone();
    let start = limit("measure = \"start\"\natMost = \"2m\"\n");
    assert_eq!((start.stat, start.bound, start.limit), (Stat::P95, Bound::AtMost, 120.0));
    assert_eq!(limit("measure = \"start\"\nstat = \"p50\"\natMost = 90\n").limit, 90.0);
    assert_eq!(limit("measure = \"availability\"\natLeast = 1\n").limit, 1.0);
    assert_eq!(limit("measure = \"costRatio\"\natMost = 2.5\n").limit, 2.5);
}

#[test]
fn a_world_may_be_named_or_written_in_place_or_a_file() {
    let with = |world: &str| {
        format!("name = \"t\"\nduration = \"1h\"\n{world}\npolicy.regions = [{{ name = \"us-east-1\" }}]\n{LOAD}")
    };
    assert!(good(&with("world = \"ideal\"")).world.ideal);
    let changed = good(&with("world = { extends = \"aws\", name = \"slow\", taskStart = \"9m\" }")).world;
    assert_eq!((changed.name.as_str(), changed.task_start.mean()), ("slow", 540.0));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("w.json"), "{ \"farRtt\": \"1s\" }").expect("written");
    std::fs::write(folder.path().join("t.toml"), with("world = \"w.json\"")).expect("written");
    let scenario = read(&folder.path().join("t.toml"), Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(scenario.world.far_rtt, 1.0);
}

#[test]
fn schemas_list_every_key() {
    let text = schema(SchemaOf::Scenario).to_string();
    let keys = "name about policy world start duration warmUp seed runs startWithin load organization repositories \
        zone pushesPerDay burstiness arrivals perHour jobsPerPush jobDuration runner vcpu memoryGb arch spot \
        labels trace scale clean keepTimes fault kind region service rate factor perSecond fraction from to \
        oneWay by order at for perWeek lasts use objective measure of stat atMost atLeast dist mean median \
        p90 p99 sigma quantiles parts weight min max cv shape extends regions spilloverThreshold taskStart";
    for key in keys.split_whitespace() {
        assert!(text.contains(&format!("\"{key}\":")), "{key} is not in the schema");
    }
    for word in ["regionOutage", "githubOutage", "us-east-1-2025-10-20", "americas"] {
        assert!(text.contains(&format!("\"{word}\"")), "{word} is not in the schema");
    }
    for word in text.split("#/$defs/").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()) {
        assert!(!schema(SchemaOf::Scenario)["$defs"][word].is_null(), "{word} is not defined");
    }
    assert!(schema(SchemaOf::Policy)["properties"]["regions"].is_object());
    assert!(schema(SchemaOf::World)["properties"]["taskStart"].is_object());
}
