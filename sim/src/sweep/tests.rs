//! A sweep as a whole: the same bytes however it was done, and what is wrong told before anything is.

use super::Fail;
use super::axis::Axis;
use super::part::{Part, collect, write};
use super::plan::{Ask, Plan};
use super::shard::Shard;
use super::store::{Store, StoreError};
use super::work::{Done, work};
use crate::experiment::{Progress, Silent};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tidegate_reports::sweep::Sweep;

const SCENARIO: &str = r#"
name = "small"
duration = "20m"
warmUp = "5m"
runs = 2
policy = { regions = [{ name = "us-east-1", maxRunners = 20 }, { name = "eu-west-1", maxRunners = 20 }] }
[[load]]
organization = "a"
pushesPerDay = 1440
jobsPerPush = { dist = "constant", value = 3 }
[[objective]]
measure = "start"
atMost = "10m"
[[objective]]
measure = "costRatio"
atMost = 9.0
"#;

/// A scenario in a folder of its own.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().expect("a folder") };
        bench.write(SCENARIO);
        bench
    }

    fn write(&self, text: &str) {
        std::fs::write(self.path(), text).expect("room");
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("small.toml")
    }

    fn ask(&self, axes: &[&str]) -> Ask {
        let axes = axes.iter().map(|text| Axis::parse(text).unwrap_or_else(|error| panic!("{error}"))).collect();
        Ask { scenario: self.path(), axes, ..Ask::default() }
    }

    fn plan(&self, axes: &[&str]) -> Plan {
        Plan::new(self.ask(axes)).unwrap_or_else(|error| panic!("{error}"))
    }

    fn refused(&self, axes: &[&str]) -> String {
        Plan::new(self.ask(axes)).expect_err("a mistake").to_string()
    }
}

/// A store in memory that is full after so many puts.
struct Memory {
    kept: Mutex<BTreeMap<String, Vec<u8>>>,
    room: AtomicU64,
}

impl Memory {
    fn new(room: u64) -> Self {
        Self { kept: Mutex::default(), room: AtomicU64::new(room) }
    }

    fn text(&self, name: &str) -> String {
        let bytes = self.get(name).expect("memory").unwrap_or_else(|| panic!("no {name}"));
        String::from_utf8(bytes).expect("text")
    }
}

impl Store for Memory {
    fn probe(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let left = self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |room| room.checked_sub(1));
        left.map_err(|_| StoreError("no room".to_owned()))?;
        self.kept.lock().expect("nobody panicked").insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.kept.lock().expect("nobody panicked").get(name).cloned())
    }

    fn names(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let start = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let kept = self.kept.lock().expect("nobody panicked");
        let below = kept.keys().filter_map(|name| name.strip_prefix(&start));
        Ok(below.filter(|name| !name.contains('/')).map(str::to_owned).collect())
    }

    fn place(&self, name: &str) -> String {
        name.to_owned()
    }
}

/// Counts simulations.
#[derive(Default)]
struct Counter(AtomicU64, AtomicU64);

impl Progress for Counter {
    fn begin(&self, simulations: u64) {
        self.0.store(simulations, Ordering::Relaxed);
    }

    fn done(&self) {
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

fn whole(plan: &Plan, store: &Memory) -> BTreeMap<&'static str, String> {
    let Done { points, broken, .. } = work(plan, Shard::ALL, store, &Silent).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(broken, []);
    results(&Sweep { points, ..plan.head.clone() }, store)
}

fn results(sweep: &Sweep, store: &Memory) -> BTreeMap<&'static str, String> {
    write(store, sweep).expect("room");
    ["sweep.csv", "sweep.json", "index.html"].map(|name| (name, store.text(name))).into()
}

const AXES: [&str; 2] = ["maxRunners=2..20/4", "spillover.stopAt=0.5,0.7"];

#[test]
fn a_sweep_that_was_stopped_goes_on_and_ends_with_the_same_bytes() {
    let bench = Bench::new();
    let plan = bench.plan(&AXES);
    let once = whole(&plan, &Memory::new(u64::MAX));
    for room in [1, 3, 6] {
        let store = Memory::new(room);
        let stopped = work(&plan, Shard::ALL, &store, &Silent);
        assert!(matches!(stopped, Err(Fail::Store(_))), "{stopped:?}");
        store.room.store(u64::MAX, Ordering::Relaxed);
        let counter = Counter::default();
        let done = work(&plan, Shard::ALL, &store, &counter).expect("room");
        // The first put is the baseline.
        assert_eq!(done.found as u64, room - 1);
        assert_eq!(counter.1.load(Ordering::Relaxed), 2 * (8 - (room - 1)), "what was found is not simulated again");
        assert_eq!(counter.0.load(Ordering::Relaxed), counter.1.load(Ordering::Relaxed), "as many as were announced");
        assert!(results(&Sweep { points: done.points, ..plan.head.clone() }, &store) == once, "after {room} files");
    }
}

#[test]
fn what_is_cut_off_or_of_another_point_is_simulated_again() {
    let bench = Bench::new();
    let (plan, store) = (bench.plan(&AXES), Memory::new(u64::MAX));
    let once = whole(&plan, &store);
    let names = store.names("points").expect("memory");
    assert_eq!(names.len(), 8);
    let (first, second) = (format!("points/{}", names[0]), format!("points/{}", names[1]));
    let whole_text = store.text(&first);
    store.put(&first, &whole_text.as_bytes()[..whole_text.len() / 2]).expect("room");
    store.put(&second, whole_text.as_bytes()).expect("room");
    let done = work(&plan, Shard::ALL, &store, &Silent).expect("room");
    assert_eq!(done.found, 6);
    assert!(results(&Sweep { points: done.points, ..plan.head.clone() }, &store) == once);
}

#[test]
fn eight_shards_are_one_process() {
    let bench = Bench::new();
    let plan = bench.plan(&["maxRunners=2..20/5", "spillover.stopAt=0.5,0.6,0.7"]);
    let once = whole(&plan, &Memory::new(u64::MAX));
    let store = Memory::new(u64::MAX);
    for index in [3, 0, 7, 1, 2, 6, 5] {
        shard(&plan, index, &store);
    }
    let missing = collect(&store).expect_err("one is missing").to_string();
    assert!(missing.contains("shard 4/8 is missing; run `tidegate sweep ... --shard I/N`"), "{missing}");
    shard(&plan, 4, &store);
    assert!(results(&collect(&store).expect("all are there"), &store) == once);
}

fn shard(plan: &Plan, index: u32, store: &Memory) {
    let shard = Shard { index, count: 8 };
    let done = work(plan, shard, store, &Silent).expect("room");
    Part::new(plan, shard, done.points).put(store).expect("room");
}

#[test]
fn threads_change_nothing() {
    let bench = Bench::new();
    let plan = bench.plan(&AXES);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| whole(&plan, &Memory::new(u64::MAX)))
    };
    let one = on(1);
    assert!(one == on(2) && one == on(7));
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let bench = Bench::new();
    let store = Memory::new(u64::MAX);
    let said = |store: &Memory| collect(store).expect_err("refused").to_string();
    assert!(said(&store).contains("holds no part-I-of-N.json"));
    let plan = bench.plan(&["maxRunners=2..20/10"]);
    (0..8).for_each(|index| shard(&plan, index, &store));
    assert!(collect(&store).is_ok());
    let second = store.text("part-1-of-8.json");
    let put = |text: &str| store.put("part-1-of-8.json", text.as_bytes()).expect("room");
    put(&second.replacen("\"version\":\"", "\"version\":\"9.", 1));
    assert!(said(&store).contains("part-1-of-8.json was made by tidegate 9."), "{}", said(&store));
    put(&second.replacen("\"inputs\":\"", "\"inputs\":\"0", 1));
    assert!(said(&store).contains("part-0-of-8.json and part-1-of-8.json are of different inputs"), "{}", said(&store));
    put(&second[..second.len() - 9]);
    assert!(said(&store).contains("is no part of a sweep"), "{}", said(&store));
    put(&second);
    store.put("part-1-of-4.json", second.replace("\"count\":8", "\"count\":4").as_bytes()).expect("room");
    assert!(said(&store).contains("several counts of shards"), "{}", said(&store));
}

#[test]
fn another_limit_of_an_objective_simulates_nothing() {
    let bench = Bench::new();
    let store = Memory::new(u64::MAX);
    let outcomes = |limit: &str| {
        bench.write(&SCENARIO.replace("\"10m\"", limit));
        let (plan, counter) = (bench.plan(&AXES), Counter::default());
        let done = work(&plan, Shard::ALL, &store, &counter).expect("room");
        (done.points.iter().filter(|point| point.is_good()).count(), counter.1.load(Ordering::Relaxed))
    };
    let (good, simulated) = outcomes("\"10m\"");
    assert!((1..8).contains(&good) && simulated > 16, "{good} of 8 keep it, {simulated} simulations");
    assert_eq!(outcomes("\"1s\""), (0, 0), "none keeps it, and nothing was simulated");
    bench.write(&SCENARIO.replace("\"20m\"", "\"21m\""));
    assert!(Plan::new(bench.ask(&AXES)).is_ok_and(|plan| {
        plan.points
            .iter()
            .all(|point| store.get(&format!("points/{}.json", point.hash)).is_ok_and(|kept| kept.is_none()))
    }));
}

#[test]
fn points_that_differ_in_the_policy_share_the_single_region_they_are_held_against() {
    let bench = Bench::new();
    let baselines = |axes: &[&str]| {
        let mut hashes: Vec<_> = bench.plan(axes).points.into_iter().filter_map(|point| point.baseline).collect();
        hashes.dedup();
        hashes.len()
    };
    assert_eq!(baselines(&AXES), 1);
    assert_eq!(baselines(&["load.0.pushesPerDay=1000,2000,3000", "spillover.stopAt=0.5,0.7"]), 3);
    bench.write(&SCENARIO.replace("costRatio", "cost"));
    assert_eq!(baselines(&AXES), 0, "nobody asks");
}

#[test]
fn mistakes_of_points_are_told_before_anything_is_done() {
    let bench = Bench::new();
    let said = bench.refused(&["spillover.stopAt=0.5,0.7,7", "maxRunners=10,20"]);
    assert!(
        said.contains("spillover.stopAt=7 maxRunners=10") && said.contains("and the same at 1 further point"),
        "{said}"
    );
    let said = bench.refused(&["spilover.stopAt=0.5,0.7"]);
    assert!(said.contains("`spillover`"), "{said}");
    let said = bench.refused(&["maxRunners=1..9/3", "regions.*.maxRunners=4,5"]);
    assert!(said.contains("is varied twice"), "{said}");
    let set = |path: &str, value: &str| vec![crate::scenario::setting::Setting::new(path, value)];
    let ask = Ask { settings: set("maxRunners", "5"), ..bench.ask(&["maxRunners=1..9/3"]) };
    assert!(Plan::new(ask).expect_err("both").to_string().contains("both set and varied"));
    let ask = |change: fn(&mut Ask)| {
        let mut ask = bench.ask(&AXES);
        change(&mut ask);
        Plan::new(ask).expect_err("a mistake").to_string()
    };
    let said = ask(|ask| ask.show = Some("start.p59".to_owned()));
    assert!(
        said.contains("--show start.p59: no measure is called so") && said.contains("was `start.p50` meant?"),
        "{said}"
    );
    let said = ask(|ask| ask.y = Some("maxRunner".to_owned()));
    assert!(said.contains("expected one of maxRunners, spillover.stopAt; was `maxRunners` meant?"), "{said}");
    assert!(
        ask(|ask| (ask.x, ask.y) = (Some("maxRunners".into()), Some("maxRunners".into())))
            .contains("expected two axes")
    );
    assert!(ask(|ask| ask.hypercube = Some(1)).contains("expected 2 to 100000 points"));
    assert!(bench.refused(&[]).contains("nothing to vary"));
}

#[test]
fn a_hypercube_is_a_sweep_like_any_other() {
    let bench = Bench::new();
    let ask = Ask { hypercube: Some(12), ..bench.ask(&["maxRunners=2..5", "spillover.stopAt=0.5..0.9"]) };
    let plan = Plan::new(ask).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(plan.points.len(), 12);
    assert_eq!(plan.head.axes[0].values.len(), 4, "whole numbers");
    assert!(plan.head.reproduce.contains("--lhs 12"), "{}", plan.head.reproduce);
    let store = Memory::new(u64::MAX);
    let csv = whole(&plan, &store)["sweep.csv"].clone();
    assert_eq!(csv.lines().count(), 13);
}
