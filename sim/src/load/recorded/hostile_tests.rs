//! Tests of the readers on endless, cut and broken files. Knows how files go wrong; must not know what they say.

use super::tests::{HEAD, read_text};
use super::*;
use std::io::Read;

/// Counts what is read of an endless input.
struct Endless<'a>(&'a mut u64);

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        buffer.fill(b'1');
        *self.0 += buffer.len() as u64;
        Ok(buffer.len())
    }
}

#[test]
fn an_endless_line_is_refused_without_reading_it_all() {
    for (format, start) in [
        (Format::Csv, "created_unix_s,duration_s,run_id\n1,2,"),
        (Format::Csv, "created_unix_s"),
        (Format::Deliveries, "{\"action\":"),
        (Format::Swf, "; comment\n1 2"),
    ] {
        let mut read = 0;
        let input = BufReader::new(start.as_bytes().chain(Endless(&mut read)));
        let error = read_from(format, "trace", input, true).expect_err("too long").to_string();
        assert!(error.contains("longer than 1 MiB"), "{error}");
        assert!(read < 2 * MAX_LINE as u64, "{format:?} read {read} bytes");
    }
    let mut read = 0;
    let input = BufReader::new("[".as_bytes().chain(Endless(&mut read)));
    let error = read_from(Format::Deliveries, "trace", input, true).expect_err("too long").to_string();
    assert!(error.contains("larger than 16 MiB"), "{error}");
    assert!(read < MAX_ARRAY + MAX_LINE as u64, "read {read} bytes");
    let long = format!("{HEAD}\n1,2,{}\n", "x".repeat(MAX_LINE - 4));
    assert!(read_text(Format::Csv, &long, false).is_ok(), "1 MiB is not too long");
}

/// Nothing that a cut or broken file may hold makes a reader panic.
fn torture(format: Format, text: &str, seed: u64) {
    let mut rng = crate::rng::stream(seed, "torture");
    let mut random = |below: usize| rand::RngExt::random_range(&mut rng, 0..below);
    let step = (text.len() / 700).max(1);
    for end in (0..text.len()).step_by(step) {
        let _ = read_from(format, "trace", &text.as_bytes()[..end], end % 2 == 0);
    }
    for round in 0..1_000 {
        let mut bytes = text.as_bytes()[..text.len().min(4_000)].to_vec();
        for _ in 0..=round % 4 {
            let at = random(bytes.len());
            bytes[at] = b"\0\n\r,\"-;:{}[]e9x \xFF"[random(17)];
        }
        let _ = read_from(format, "trace", &bytes[..], round % 2 == 0);
    }
}

#[test]
fn cut_and_broken_files_never_make_a_reader_panic() {
    let text = |name| std::fs::read_to_string(sample::path(name)).expect("shipped");
    let start = |text: String| text[..text.len().min(20_000)].to_owned();
    torture(Format::Csv, &start(text("jobs.csv")), 1);
    torture(Format::Deliveries, &start(text("deliveries.jsonl")), 2);
    let lines: Vec<String> = text("deliveries.jsonl").lines().take(20).map(str::to_owned).collect();
    torture(Format::Deliveries, &format!("[{}]", lines.join(",\n")), 3);
    torture(
        Format::Swf,
        &format!(";UnixStartTime: 1000\n{}", "1 0 5 60 4 -1 -1 4 -1 -1 1 3 7 12 1 1 -1 -1\n".repeat(9)),
        4,
    );
}
