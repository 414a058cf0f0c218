//! Tests of what is refused: each mistake at its place, with the way out.

use super::*;

fn problems(text: &str) -> Problems {
    match read_text(text) {
        Err(ReadError::Problems(problems)) => problems,
        other => panic!("expected problems: {other:?}"),
    }
}

/// Reads a bad scenario and asserts its only mistake, which stands where the text says `@`.
#[track_caller]
fn bad(marked: &str, words: &str) {
    let place = marked.find('@').expect("a mark");
    let text = marked.replace('@', "");
    let expected = Source::new("", text.as_str()).line_column(place);
    let problems = problems(&text);
    let problem = problems.iter().next().expect("a problem");
    assert_eq!(problem.line_column(), expected, "{problems}");
    assert!(problem.to_string().contains(words), "expected {words:?} in: {problems}");
    assert_eq!(problems.len(), 1, "{problems}");
}

#[track_caller]
fn bad_head(line: &str, words: &str) {
    bad(&format!("{line}\n{HEAD}{LOAD}"), words);
}

#[track_caller]
fn bad_load(keys: &str, words: &str) {
    bad(&format!("{HEAD}{keys}"), words);
}

#[track_caller]
fn bad_tail(text: &str, words: &str) {
    bad(&format!("{HEAD}{LOAD}{text}"), words);
}

#[test]
fn of_the_whole() {
    bad_head("warmUp = @\"24h\"", "shorter than `duration`");
    bad_head("runs = @0", "from 1 to 10000");
    bad_head("runs = @10001", "from 1 to 10000");
    bad_head("@sed = 1", "did you mean `seed`?");
    bad_head("start = @\"2026-11-24\"", "add the time of day");
    bad_head("startWithin = @\"0s\"", "at least 1us");
    bad_head("world = @\"awss\"", "awss` does not exist");
    bad_head("world = { taskStart = @true }", "a duration");
    bad(
        &format!("name = @\"../x\"\nduration = \"1h\"\npolicy.regions = [{{ name = \"us-east-1\" }}]\n{LOAD}"),
        "no name of a folder",
    );
    bad(&format!("name = \"x\"\nduration = @\"0s\"\npolicy.regions = [{{ name = \"us-east-1\" }}]\n{LOAD}"), "1s");
    bad(
        &format!("name = \"x\"\nduration = \"1h\"\npolicy = @\"none.json\"\n{LOAD}"),
        "paths are taken from the scenario's folder",
    );
    bad(&format!("name = \"x\"\nduration = \"1h\"\npolicy = @3\n{LOAD}"), "expected text");
    bad(
        &format!("name = \"x\"\nduration = \"1h\"\npolicy = @{{ regions = [{{ name = \"mars-1\" }}] }}\n{LOAD}"),
        "the region `mars-1` of the policy",
    );
    bad(&format!("@{HEAD}"), "missing `load`");
}

#[test]
fn of_loads() {
    bad_load("load = @[]\n", "0 of at least 1");
    bad_load("@[[load]]\norganization = \"o\"\n", "nothing arrives");
    bad_load("@[[load]]\npushesPerDay = 1\n", "missing `organization`");
    bad_load("[[load]]\norganization = @\"o/r\"\npushesPerDay = 1\n", "its name alone");
    bad_load("[[load]]\norganization = \"o\"\npushesPerDay = @0\n", "above 0");
    bad_load("[[load]]\norganization = \"o\"\npushesPerDay = 1\nzone = @\"america\"\n", "did you mean `americas`?");
    bad_load(
        "[[load]]\norganization = \"o\"\npushesPerDay = @1\narrivals = { dist = \"poisson\", perHour = 1 }\n",
        "beside `arrivals`",
    );
    bad_load("[[load]]\norganization = \"o\"\narrivals = @{ dist = \"poisson\" }\n", "missing `perHour`");
    bad_load("[[load]]\norganization = \"o\"\npushesPerDay = 1\nscale = @2\n", "without a trace");
    bad_load("[[load]]\norganization = \"o\"\ntrace = @\"none.csv\"\n", "no such file");
    bad_load("[[load]]\norganization = \"o\"\npushesPerDay = 1\nlabels = @[]\n", "0 of at least 1");
    bad_load(
        "[[load]]\norganization = \"o\"\npushesPerDay = 1\njobDuration = { dist = \"constant\", value = @\"fast\" }\n",
        "a duration",
    );
    bad_load(
        "[[load]]\norganization = \"o\"\npushesPerDay = 1\nrunner = @{ vcpu = 64 }\n",
        "no region of the policy can run",
    );
}

#[test]
fn of_what_a_fault_does() {
    let times = "at = \"1h\"\nfor = \"1m\"\n";
    let fault = |keys: &str, words: &str| bad_tail(&format!("[[fault]]\n{times}{keys}\n"), words);
    fault("kind = @\"regionOutrage\"", "did you mean `regionOutage`?");
    fault("kind = \"regionOutage\"\nregion = @\"us-est-1\"", "did you mean `us-east-1`?");
    fault("kind = \"errors\"\nregion = \"us-east-1\"\nservice = @\"lunch\"\nrate = 0.5", "did you mean `launch`?");
    fault("kind = \"errors\"\nregion = \"us-east-1\"\nservice = \"launch\"\nrate = @1.5", "from 0.0001 to 1");
    fault("kind = \"errors\"\nregion = \"us-east-1\"\nservice = \"launch\"\nrate = @0", "from 0.0001 to 1");
    fault("kind = \"slow\"\nregion = \"us-east-1\"\nservice = \"launch\"\nfactor = @0.5", "from 1");
    fault("kind = \"capacity\"\nregion = \"us-east-1\"\nfraction = @1", "below 1");
    fault("kind = \"partition\"\nfrom = \"us-east-1\"\nto = @\"us-east-1\"", "name another region");
    fault("kind = \"clockSkew\"\nregion = \"us-east-1\"\nby = @30", "a skew such as");
    fault("kind = \"gray\"\nregion = \"us-east-1\"\n@rate = 1", "unknown key `rate`");
    bad_tail("@[[fault]]\nkind = \"gray\"\nat = \"1h\"\nfor = \"1m\"\n", "missing `region`");
    bad_tail("@[[fault]]\nregion = \"us-east-1\"\nat = \"1h\"\nfor = \"1m\"\n", "missing `kind`");
}

#[test]
fn of_when_a_fault_strikes() {
    let gray = |keys: &str| format!("[[fault]]\nkind = \"gray\"\nregion = \"us-east-1\"\n{keys}\n");
    bad_tail(&format!("@{}", gray("at = \"1h\"")), "the fault has no end: `for` is missing");
    bad_tail(&format!("@{}", gray("")).replace("\n\n", "\n"), "the fault never strikes");
    bad_tail(&format!("@{}", gray("perWeek = 1")), "the fault has no end: `lasts` is missing");
    bad_tail(&format!("@{}", gray("at = \"1h\"\nfor = \"1m\"\nperWeek = 1")), "both once and at random");
    bad_tail(&gray("at = \"23h\"\nfor = @\"2h\""), "ends after the scenario, at 1d1h");
    bad_tail(&gray("at = @\"25h\"\nfor = \"2h\""), "begins after the scenario, at 1d1h");
    let order =
        "[[fault]]\nkind = \"operator\"\nregion = \"us-east-1\"\norder = \"drain\"\nat = \"1h\"\nfor = @\"1m\"\n";
    bad_tail(order, "an order is given once");
    let two = format!("{}@{}", gray("at = \"1h\"\nfor = \"1h\""), gray("at = \"90m\"\nfor = \"1h\""));
    bad_tail(&two, "that one lasts from 1h to 2h");
    bad_tail("[[fault]]\nuse = @\"us-east-1-2025-10-21\"\n", "did you mean `us-east-1-2025-10-20`?");
    bad_tail("[[fault]]\nuse = \"us-east-1-2025-10-20\"\nat = @\"12h\"\n", "ends after the scenario");
    bad_tail("[[fault]]\nuse = @\"me-central-1-2026-03-01\"\n", "say which region it hits here");
}

#[test]
fn faults_that_only_touch_do_not_overlap() {
    let gray = |at: &str, region: &str| {
        format!("[[fault]]\nkind = \"gray\"\nregion = \"{region}\"\nat = \"{at}\"\nfor = \"1h\"\n")
    };
    let text = [gray("1h", "us-east-1"), gray("2h", "us-east-1"), gray("1h", "eu-west-1")].concat();
    assert_eq!(faults_of(&text).len(), 3);
}

#[test]
fn of_objectives() {
    let bad = |keys: &str, words: &str| bad_tail(&format!("[[objective]]\n{keys}\n"), words);
    bad("measure = @\"placment\"\natMost = 1", "did you mean `placement`?");
    bad("measure = \"start\"\nstat = @\"p98\"\natMost = 1", "one of: mean, p50");
    bad("measure = \"costRatio\"\nstat = @\"p95\"\natMost = 1", "costRatio has no p95");
    bad("measure = \"costRatio\"\nof = @\"regional\"\natMost = 1", "leave `of` out");
    bad("measure = \"start\"\nof = @\"region\"\natMost = 1", "did you mean `regional`?");
    bad("measure = \"availability\"\natMost = @0.9", "write `atLeast`");
    bad("measure = \"availability\"\natLeast = @99.9", "from 0 to 1");
    bad("measure = \"start\"\natMost = @\"soon\"", "a duration");
    bad("measure = \"costRatio\"\natMost = @\"2s\"", "a number");
    bad_tail("@[[objective]]\nmeasure = \"start\"\n", "has no limit");
    bad_tail("@[[objective]]\nmeasure = \"start\"\natMost = 1\natLeast = 1\n", "two limits");
    assert!(MEASURES.iter().any(|spec| spec.name == "placement"));
}

#[test]
fn files_that_cannot_be_read() {
    let message = |path: &Path| read(path, Overrides::default()).expect_err("bad").to_string();
    let folder = tempfile::tempdir().expect("a folder");
    assert!(message(&folder.path().join("none.toml")).ends_with("none.toml: does not exist"));
    assert!(message(folder.path()).contains("is a directory"));
    let large = folder.path().join("large.toml");
    std::fs::File::create(&large).and_then(|file| file.set_len(1 << 30)).expect("written");
    assert!(message(&large).contains("is larger than 8 MiB"));
    assert!(message(Path::new("/dev/zero")).contains("is larger than 8 MiB"), "it has no length of its own");
    let odd = folder.path().join("odd.yaml");
    std::fs::write(&odd, "name: x").expect("written");
    assert!(message(&odd).contains(".toml or .json"));
    let binary = folder.path().join("binary.toml");
    std::fs::write(&binary, b"name = \"\xff\"").expect("written");
    assert!(message(&binary).contains("binary.toml:1:9: the text is not UTF-8"));
}

#[test]
fn mistakes_of_the_policy_file_come_with_those_of_the_scenario() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("p.json"), "{ \"regions\": [ { \"name\": \"a\", \"spott\": true } ] }")
        .expect("written");
    let text = format!("name = \"t\"\nduration = \"1h\"\npolicy = \"p.json\"\nruns = 0\n{LOAD}");
    std::fs::write(folder.path().join("t.toml"), text).expect("written");
    let text = read(&folder.path().join("t.toml"), Overrides::default()).expect_err("bad").to_string();
    assert!(text.contains("t.toml:4:8: `runs`") && text.contains("p.json:1:31: unknown key `spott`"), "{text}");
    assert!(text.ends_with("2 problems in 2 files"), "{text}");
}

#[test]
fn of_the_command_line() {
    let path = shipped().join("single-region.toml");
    let with = |runs, seed| read(&path, Overrides { runs, seed, ..Overrides::default() });
    assert!(matches!(with(Some(0), None), Err(ReadError::Override(_))));
    assert!(matches!(with(None, Some(u64::MAX)), Err(ReadError::Override(_))));
    assert!(with(Some(1), Some(0)).is_ok());
}
