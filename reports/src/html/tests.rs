//! The page as a whole: well-formed, self-contained, escaped, the same twice.

use super::page;
use crate::chart::{check::well_formed, sample};
use crate::model::Report;

fn every() -> [Report; 4] {
    [sample::usual(), sample::large(), sample::empty(), sample::hostile()]
}

/// What a reader sees: no rules, no script.
pub(super) fn body(page: &str) -> &str {
    page.split_once("<body>")
        .and_then(|(_, rest)| rest.split_once("<script>\n"))
        .map(|(body, _)| body)
        .expect("a page has a body")
}

#[test]
fn pages_are_well_formed_and_say_no_nonsense() {
    for report in every() {
        let page = page(&report);
        let voids = page.replace("<meta charset=\"utf-8\"/>", "");
        assert_eq!(well_formed(&voids), Ok(()));
        for word in ["NaN", "inf ", "inf<", "None", "Some("] {
            assert!(!body(&page).contains(word), "{word}");
        }
    }
}

#[test]
fn names_are_text_not_markup() {
    let page = page(&sample::hostile());
    assert!(!page.contains("<script>alert"));
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp;"));
}

#[test]
fn two_renders_are_the_same_bytes() {
    for report in every() {
        assert_eq!(page(&report), page(&report));
    }
}

#[test]
fn ids_are_unique_and_links_within_the_page_lead_somewhere() {
    for report in every() {
        let (mut ids, targets) = ids(&page(&report));
        let before = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), before);
        for target in targets {
            assert!(ids.contains(&target), "{target}");
        }
    }
}

/// The ids on a page, and the ids that something on it refers to.
pub(super) fn ids(page: &str) -> (Vec<String>, Vec<String>) {
    let values = |name: &str| -> Vec<String> {
        let begin = format!(" {name}=\"");
        body(page).split(&begin).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
    };
    let links = values("href").into_iter().map(|href| href.trim_start_matches('#').to_owned());
    let labels =
        values("aria-labelledby").into_iter().flat_map(|both| both.split(' ').map(str::to_owned).collect::<Vec<_>>());
    (values("id"), links.chain(values("data-copy")).chain(labels).collect())
}

#[test]
fn the_page_needs_nothing_from_outside() {
    let page = page(&sample::usual());
    for reference in ["src=", "url(", "@import", "<link", "fetch("] {
        assert!(!page.contains(reference), "{reference}");
    }
    let namespace = page.matches("http://www.w3.org/2000/svg").count();
    assert_eq!(page.matches("http").count(), namespace);
}

#[test]
fn verdicts_come_first_and_the_worst_of_them_leads() {
    let page = page(&sample::usual());
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no `{text}`"));
    assert!(at("4 objectives: 1 missed, 1 inconclusive, 2 met.") < at("✗ missed"));
    assert!(at("✗ missed") < at("? inconclusive") && at("? inconclusive") < at("✓ met"));
    let order = [
        "id=\"verdicts\"",
        "id=\"timeline\"",
        "id=\"failover\"",
        "id=\"money\"",
        "id=\"numbers\"",
        "id=\"reproduce\"",
        "id=\"reading\"",
    ];
    assert!(order.windows(2).all(|two| at(two[0]) < at(two[1])));
    assert!(page.contains("12 m 34 s <small>[11 m 30 s, 13 m 38 s]</small>"));
    assert!(page.contains("20 runs of 24 h simulated with 3 regions, from 24 Nov 2026 UTC"));
}

#[test]
fn an_empty_report_says_what_is_missing() {
    let page = page(&sample::empty());
    for text in [
        "sets no objectives",
        "No series was recorded.",
        "No failover happened.",
        "No job was placed.",
        "Nothing was spent.",
    ] {
        assert!(page.contains(text), "{text}");
    }
}
