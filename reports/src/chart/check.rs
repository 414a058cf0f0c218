//! A tiny check that a text is well-formed XML. Knows tags, attributes and entities; must not be used outside tests.

/// Elements that HTML may leave open; ours closes them all.
pub(crate) fn well_formed(text: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text.strip_prefix("<!DOCTYPE html>\n").unwrap_or(text);
    while let Some(at) = rest.find('<') {
        entities(&rest[..at])?;
        rest = &rest[at + 1..];
        let end = rest.find('>').ok_or("a tag without an end")?;
        let (tag, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap_or_default();
        if tag.starts_with('/') {
            let last = open.pop();
            if last != Some(name) {
                return Err(format!("</{name}> closes {last:?}"));
            }
            continue;
        }
        attributes(tag)?;
        if !tag.ends_with('/') {
            open.push(name);
            // What is in here is not markup.
            if name == "style" || name == "script" {
                rest = &rest[rest.find(&format!("</{name}>")).ok_or("never closed")?..];
            }
        }
    }
    if open.is_empty() { entities(rest) } else { Err(format!("{open:?} are left open")) }
}

fn attributes(tag: &str) -> Result<(), String> {
    let plain: String = tag.split('"').step_by(2).collect::<Vec<_>>().join("");
    let values = tag.split('"').skip(1).step_by(2);
    let named = plain
        .split_whitespace()
        .skip(1)
        .filter(|part| *part != "/")
        .all(|part| part.trim_end_matches('/').ends_with('='));
    if !named || tag.matches('"').count() % 2 == 1 || tag.contains('<') {
        return Err(format!("<{tag}> has a broken attribute"));
    }
    values.into_iter().try_for_each(entities)
}

fn entities(text: &str) -> Result<(), String> {
    if let Some(c) = text.chars().find(|c| c.is_control() && *c != '\n') {
        return Err(format!("a control character {c:?}"));
    }
    for part in text.split('&').skip(1) {
        let name = part.split(';').next().unwrap_or_default();
        if !["lt", "gt", "amp", "quot", "apos", "#39"].contains(&name) || name.len() == part.len() {
            return Err(format!("a bare & before {part:.20}"));
        }
    }
    Ok(())
}

#[test]
fn what_is_broken_is_found() {
    for good in ["<a><b c=\"d\"/></a>", "<p>1 &lt; 2</p>", "<style>a > b & c</style>"] {
        assert_eq!(well_formed(good), Ok(()), "{good}");
    }
    for bad in ["<a><b></a>", "<a>", "</a>", "<a b=c></a>", "<a b=\"<\"></a>", "a & b", "<a>\u{1}</a>"] {
        assert!(well_formed(bad).is_err(), "{bad}");
    }
}
