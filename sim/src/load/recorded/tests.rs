//! Tests of the readers on good, bad and cut files. Knows what errors must say; must not know how readers work.

use super::*;
use tidegate_core::Span;

pub(super) const HEAD: &str = "created_unix_s,duration_s,run_id";

pub(super) fn read_text(format: Format, text: &str, clean: bool) -> Result<Recording, ReadError> {
    read_from(format, "trace", text.as_bytes(), clean)
}

/// The error of a text, which must name these things.
pub(super) fn refused(format: Format, text: &str, wanted: &[&str]) -> String {
    let error = read_text(format, text, false).expect_err(text).to_string();
    for word in wanted {
        assert!(error.contains(word), "wanted `{word}` in: {error}");
    }
    assert!(error.contains("expected") && error.starts_with("trace:"), "{error}");
    error
}

#[test]
fn a_csv_is_read_by_its_header() {
    let text = "\u{feff}labels,ignored,Run_ID,duration_s, created_unix_s ,repository,job_id\r\n\
                \"linux, \"\"x64\"\"\",,a,1.5,100,org/app,7\r\n\r\n,\"x,\",b,0,100.25,,8\n;,,a,3,101,api,9";
    let recording = read_text(Format::Csv, text, false).expect("good");
    assert_eq!(recording.first, Timestamp(100_000_000));
    assert_eq!((recording.runs, recording.warnings.len()), (2, 0));
    let row = |at, duration, run, repository: &str, labels, id| RecordedJob {
        at: Span::from_millis(at),
        duration: Span::from_millis(duration),
        run,
        repository: repository.to_owned(),
        labels,
        need: None,
        id,
    };
    let labels = Some(vec!["linux".to_owned(), "\"x64\"".to_owned()]);
    let first = row(0, 1_500, 0, "org/app", labels, 7);
    let wanted = [first, row(250, 0, 1, "recorded", None, 8), row(1_000, 3_000, 0, "api", None, 9)];
    assert_eq!(recording.jobs, wanted);
    let numbered = read_text(Format::Csv, &format!("{HEAD}\n5,1,a\n6,1,a\n"), false).expect("good");
    assert_eq!(numbered.jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn rows_that_cannot_be_true_are_refused_or_cleaned() {
    let text = format!("{HEAD}\n9,-1,a\n3,5,b\n4,-2,a\n7,1,c\n8,-3,a\n8,-1,z\n");
    let error = refused(Format::Csv, &text, &["trace:2: 4 rows have a negative duration, first at lines 2, 4, 6"]);
    assert!(error.contains("trace:3: 5 rows have a time before that of a row above"), "{error}");
    assert!(error.contains("set `clean = true` on the load to drop them, or mend the file"), "{error}");
    let recording = read_text(Format::Csv, &text, true).expect("clean");
    assert_eq!(recording.jobs.iter().map(|job| job.at.0 / 1_000_000).collect::<Vec<_>>(), [0, 4]);
    assert_eq!((recording.runs, recording.first), (2, Timestamp(3_000_000)));
    assert!(recording.warnings[0].ends_with("first at lines 2, 4, 6: dropped"), "{:?}", recording.warnings);
    assert!(recording.warnings[1].ends_with(": sorted"), "{:?}", recording.warnings);
    let one = refused(Format::Csv, &format!("{HEAD}\n9,-1,a\n"), &["1 row has a negative duration, at line 2;"]);
    assert!(!one.contains("no job"), "one mistake is one message: {one}");
    let none = read_text(Format::Csv, &format!("{HEAD}\n9,-1,a\n"), true).expect_err("nothing is left").to_string();
    assert!(none.contains("no job") && none.contains("dropped"), "{none}");
}

#[test]
fn a_bad_csv_names_line_column_and_the_way_out() {
    let bad = |text: &str, wanted: &[&str]| refused(Format::Csv, text, wanted);
    bad("", &["no job", "empty"]);
    bad(HEAD, &["no job", "no rows below the header"]);
    bad(
        "created,duration_s,run_id\n1,2,3\n",
        &["trace:1:1:", "no column `created_unix_s`", "did you mean it by `created`"],
    );
    bad("a;b;c\n", &["separate the columns by commas", "`duration_s`", "`run_id`"]);
    bad("run_id,run_id,created_unix_s,duration_s\n", &["trace:1:8:", "given twice"]);
    bad(&format!("{HEAD}\n1,2,3\n4,x,5\n"), &["trace:3:3: duration_s: found `x`; expected a number of seconds"]);
    bad(&format!("{HEAD}\n1,,3\n"), &["duration_s: found ``", "leave out"]);
    bad(&format!("{HEAD}\n1,nan,3\n"), &["found `nan`"]);
    bad(&format!("{HEAD}\n1,inf,3\n"), &["found `inf`"]);
    bad(&format!("{HEAD}\n1757006747000,1,3\n"), &["trace:2:1: created_unix_s", "milliseconds"]);
    bad(&format!("{HEAD}\n-5,1,3\n"), &["expected seconds since 1970"]);
    bad(&format!("{HEAD}\n5,1,\n"), &["trace:2:5: run_id: found nothing"]);
    bad(&format!("{HEAD}\n5,1\n"), &["trace:2: 2 fields; expected 3"]);
    bad(&format!("{HEAD}\n5,1,a,b\n"), &["4 fields; expected 3", "double quotes"]);
    bad(&format!("{HEAD}\n5,1,\"a\n"), &["trace:2:5: a quote is not closed"]);
    bad(&format!("{HEAD}\n5,1,\"a\"b\n"), &["trace:2:8: a character behind the closing quote"]);
    bad(&format!("{HEAD},job_id\n5,1,a,x\n"), &["trace:2:7: job_id: found `x`"]);
    let many = bad(&format!("{HEAD}\n{}", "x,1,a\n".repeat(1_000)), &["trace:2:1:", "trace:11:1:"]);
    assert_eq!(many.lines().count(), 10, "ten mistakes are enough");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let mut bytes = format!("{HEAD}\n5,1,a\n6,1,").into_bytes();
    bytes.extend([0xFF, b'\n']);
    for (format, place) in [(Format::Csv, "trace:3:5: no UTF-8 text after `6,1,`"), (Format::Deliveries, "trace:")] {
        let error = read_from(format, "trace", &bytes[..], true).expect_err("no text").to_string();
        assert!(error.contains(place), "{error}");
    }
}

#[test]
fn swf_jobs_are_read_by_their_fields() {
    let text = "; Version: 2.2\n;UnixStartTime: 1000\n\
                1 0 5 60 4 -1 -1 4 -1 -1 1 3 7 12 1 1 -1 -1\n\
                \x20 2  10.5 -1 -1 4 -1 -1 4 -1 -1 5 3 -1 -1 1 1 -1 -1\n\
                3 20 0 1.5 4 -1 -1 4 -1 -1 1 -1 -1 -1 1 1 -1 -1\n";
    let recording = read_text(Format::Swf, text, false).expect("good");
    assert_eq!((recording.first, recording.runs), (Timestamp(1_000_000_000), 2));
    assert_eq!(recording.warnings, ["1 job has no known run time, at line 4: dropped"]);
    let (first, last) = (&recording.jobs[0], &recording.jobs[1]);
    assert_eq!((&first.repository[..], first.id, first.duration), ("group-7-user-3", 1, Span::from_secs(60)));
    assert_eq!(first.labels, Some(vec!["executable-12".to_owned()]));
    assert_eq!((&last.repository[..], last.labels.as_ref()), ("recorded", None));
    assert_eq!((last.at, last.duration), (Span::from_secs(20), Span::from_millis(1_500)));
}

#[test]
fn a_bad_swf_names_line_and_field() {
    let row = |submit: &str, run: &str| format!("1 {submit} 5 {run} 4 -1 -1 4 -1 -1 1 3 7 12 1 1 -1 -1\n");
    let bad = |text: &str, wanted: &[&str]| refused(Format::Swf, text, wanted);
    bad("; only a header\n", &["no job"]);
    bad("1 2 3\n", &["trace:1: 3 fields; expected 18"]);
    bad(&row("1", "x"), &["trace:1:7: field 4 (run time): found `x`"]);
    bad(&row("-7", "1"), &["field 2 (submit time): found `-7`"]);
    bad(&row("1", "-3"), &["1 row has a negative duration, at line 1"]);
    bad(&format!("{}{}", row("9", "1"), row("3", "1")), &["1 row has a time before that of a row above, at line 2"]);
    bad(&format!("; UnixStartTime: soon\n{}", row("9", "1")), &["trace:1:1: UnixStartTime: found `soon`"]);
    let recording = read_text(Format::Swf, &format!("{}{}", row("9", "1"), row("3", "1")), true).expect("clean");
    assert!(recording.warnings.iter().any(|warning| warning.contains("UnixStartTime")));
}

#[test]
fn what_is_no_readable_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let named = |name: &str| folder.path().join(name);
    std::fs::create_dir(named("folder.csv")).expect("a folder");
    std::fs::write(named("trace.CSV"), format!("{HEAD}\n1,2,3\n")).expect("a file");
    std::fs::write(named("trace.cvs"), "").expect("a file");
    std::fs::write(named("trace"), "").expect("a file");
    let error = |name: &str| read(&named(name), false).expect_err(name);
    assert!(error("none.csv").to_string().contains("there is no such file"));
    assert!(
        error("folder.csv").to_string().contains("this is a folder without segments of a journal; expected a file")
    );
    assert!(error("trace.cvs").to_string().contains("did you mean .csv?"));
    assert!(error("trace").to_string().contains("no extension; expected .csv"));
    assert!(!error("none.csv").environment, "a wrong path is the user's mistake");
    assert_eq!(read(&named("trace.CSV"), false).expect("good").jobs.len(), 1);
}

#[test]
fn a_record_can_keep_its_own_times() {
    let recording = read_text(Format::Csv, &format!("{HEAD}\n100,1,a\n160,1,b\n220,1,c\n"), false).expect("good");
    let start = Timestamp(150_000_000);
    let aligned = recording.clone().aligned_to(start);
    assert_eq!(aligned.jobs.iter().map(|job| job.at.0 / 1_000_000).collect::<Vec<_>>(), [10, 70]);
    assert_eq!(aligned.first, start);
    assert!(aligned.warnings[0].starts_with("1 of 3 jobs was queued before"), "{:?}", aligned.warnings);
    assert_eq!(recording.clone().aligned_to(Timestamp(90_000_000)).jobs[0].at, Span::from_secs(10));
    assert!(recording.aligned_to(Timestamp(900_000_000)).jobs.is_empty());
}

#[test]
fn the_real_jobs_of_bitcoin_core_are_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/bitcoin_core_ci_jobs.csv");
    if !path.exists() {
        println!("skipped: {} is not here", path.display());
        return;
    }
    let error = read(&path, false).expect_err("77 durations are negative").to_string();
    assert!(error.contains(":104: 77 rows have a negative duration, first at lines 104, "), "{error}");
    let recording = read(&path, true).expect("clean");
    assert_eq!((recording.jobs.len(), recording.first.0), (15_890, 1_757_006_747_000_000));
    assert_eq!((recording.jobs[0].id, recording.jobs[0].duration), (49_621_857_359, Span::from_secs(153)));
    assert!(recording.runs <= 871 && recording.warnings.len() == 1, "{:?}", recording.warnings);
}
