//! No text makes the reader panic, overflow the stack or take long.

use super::super::{parse_json, parse_toml};
use super::{JSON, TOML, mistakes, policy};
use crate::document::{Place, Problem, Source};

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = |report: String| assert!(report.contains("nested more than 64 deep"), "{report}");
    for depth in [65, 500, 200_000] {
        deep(mistakes("p.json", &"[".repeat(depth)));
        deep(mistakes("p.json", &"{\"a\":".repeat(depth)));
        deep(mistakes("p.toml", &format!("a = {}", "[".repeat(depth))));
        deep(mistakes("p.toml", &format!("a = {}", "{a=".repeat(depth))));
        deep(mistakes("p.toml", &format!("a{} = 1", ".a".repeat(depth))));
        deep(mistakes("p.toml", &format!("[a{}]\n", " . \"a.b\"".repeat(depth))));
        deep(mistakes("p.toml", &format!("[a{}]\nb{} = 1", ".a".repeat(40), ".a".repeat(40))));
    }
    let fine =
        format!("about = \"{}\" # {}\n[[regions]]\nname = '{}'", ".".repeat(99), "[".repeat(99), ".[".repeat(99));
    assert!(mistakes("p.toml", &fine).ends_with("1 problem in p.toml"), "only the unknown key");
    let many = "[[regions]]\nname = \"a\"\n".repeat(500) + "[homes]\nx.y = [[1.5], [2.5]]\n";
    assert!(!mistakes("p.toml", &many).contains("deep"));
}

/// Numbers that look random and are the same in every run.
fn shuffled(mut state: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    }
}

fn survives(name: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let source = Source::new(name, text);
    for parsed in [parse_toml(&source), parse_json(&source)] {
        match parsed.map(|document| document.read(policy)) {
            Ok(Ok(_)) => {}
            Ok(Err(problems)) | Err(problems) => {
                assert!(!problems.to_string().is_empty() && !problems.is_empty())
            }
        }
    }
    drop(Source::from_bytes(name, bytes.to_vec()).map_err(|problems| problems.to_string()));
}

#[test]
fn no_prefix_and_no_flipped_byte_panics() {
    for text in [TOML, JSON] {
        for end in 0..=text.len() {
            survives("prefix", &text.as_bytes()[..end]);
        }
        let mut random = shuffled(7);
        let signs = b"\"'[]{}.,=:#\\\n\r\t\0-+eE09azu\xc5\xbb\xff/*";
        for _ in 0..1_500 {
            let mut bytes = text.as_bytes().to_vec();
            for _ in 0..=random(4) {
                let at = random(bytes.len());
                match random(4) {
                    0 => bytes[at] ^= 1 << random(8),
                    1 => bytes.insert(at, signs[random(signs.len())]),
                    2 => drop(bytes.remove(at)),
                    _ => bytes[at] = signs[random(signs.len())],
                }
            }
            survives("flipped", &bytes);
        }
    }
}

#[test]
fn no_heap_of_signs_panics() {
    let words =
        ["[", "]", "[[", "]]", "{", "}", ".", ",", "=", ":", "\"", "'", "\"\"\"", "'''", "\\", "\\u00", "\n", "\r\n"];
    let more =
        ["a", "b.c", "1", "-", "1e", "true", "nul", " ", "\t", "#", "//", "/*", "2026-11-24", "T00:00:00Z", "ż", "\0"];
    let all: Vec<&str> = words.into_iter().chain(more).collect();
    let mut random = shuffled(11);
    for _ in 0..8_000 {
        let text: String = (0..random(24)).map(|_| all[random(all.len())]).collect();
        survives("heap", text.as_bytes());
    }
}

#[test]
fn a_very_large_and_very_wrong_file_is_answered_soon() {
    let keys: String = (0..100_000).map(|n| format!("minDwel{n} = 1\n")).collect();
    let report = mistakes("p.toml", &format!("[[regions]]\nname = \"a\"\n[spillover]\n{keys}"));
    assert!(
        report.ends_with("... and 9950 more\n10000 or more problems in p.toml"),
        "{}",
        &report[report.len() - 99..]
    );
}

#[test]
fn places_never_leave_the_text() {
    let source = Source::new("x", "aż");
    for (start, end) in [(0, 99), (2, 3), (99, 100), (3, 0)] {
        let problem = Problem::new(&source, Place::new(start, end), "here");
        assert!(problem.to_string().contains('^'));
    }
}
