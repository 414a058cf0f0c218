//! Finds the word that was probably meant. Knows spelling; must not know where words come from.

/// Longer words than this are no misspelling of any of ours, and comparing them would take long.
const LONGEST: usize = 64;

/// The candidate that `word` most probably misspells, or none when nothing is near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.is_empty() || word.len() > 4 * LONGEST || word.chars().count() > LONGEST {
        return None;
    }
    let word = plain(word);
    let mut best = None;
    let mut best_score = 0.0;
    for candidate in candidates {
        let score = likeness(&word, &plain(candidate));
        if score > best_score {
            (best, best_score) = (Some(candidate), score);
        }
    }
    best
}

/// A word without what people vary: capitals, hyphens, underscores and blanks.
fn plain(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

/// From 0, nothing alike, to 1, the same; what is too far apart to suggest is 0.
fn likeness(word: &str, candidate: &str) -> f64 {
    let (short, long) = (word.len().min(candidate.len()), word.len().max(candidate.len()));
    let slips = slips(word, candidate);
    let allowed = match long {
        0..=2 => 0,
        3..=5 => 1,
        6..=8 => 2,
        _ => 3,
    };
    if slips <= allowed {
        1.0 - slips as f64 / (long.max(1) as f64 * 2.0)
    } else if short >= 3 && (candidate.contains(word) || word.contains(candidate)) {
        0.5 * short as f64 / long as f64
    } else {
        0.0
    }
}

/// How many slips of the pen lie between two words: a letter too many, too few, wrong, or two swapped.
#[cfg(feature = "text")]
fn slips(a: &str, b: &str) -> usize {
    strsim::damerau_levenshtein(a, b)
}

/// Without the text feature there are no files to misspell in: only the same word is near.
#[cfg(not(feature = "text"))]
fn slips(a: &str, b: &str) -> usize {
    if a == b { 0 } else { usize::MAX }
}

#[cfg(all(test, feature = "text"))]
mod tests {
    use super::*;

    #[test]
    fn the_word_that_was_meant() {
        let words = ["minDwell", "minSamples", "stopAt", "staleAfter", "share", "maxHops"];
        let near = |word| nearest(word, words);
        assert_eq!(near("minDwel"), Some("minDwell"));
        assert_eq!(near("min_dwell"), Some("minDwell"));
        assert_eq!(near("MINDWELL"), Some("minDwell"));
        assert_eq!(near("dwell"), Some("minDwell"));
        assert_eq!(near("sotpAt"), Some("stopAt"));
        assert_eq!(near("shares"), Some("share"));
        assert_eq!(near("colour"), None);
        assert_eq!(near(""), None);
        assert_eq!(near(&"x".repeat(1_000_000)), None);
        assert_eq!(nearest("a", ["b"]), None);
    }
}
