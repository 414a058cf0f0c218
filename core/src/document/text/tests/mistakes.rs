//! What the reader says about wrong files: places, words found and wanted, and the way out.

use super::mistakes;

#[test]
fn all_mistakes_at_once_in_the_order_of_the_file() {
    let text = "mode = \"automtic\"\r\n\"żółw\" = 1\r\n\t\ttags = [\"ż\", 3]\r\n\r\n[[regions]]\r\nnmae = \"a\"\r\n\
                maxRunners = 0\r\n\r\n[homes]\r\norg = \"us\"\r\n\r\n[spillover]\r\nminDwel = \"30s\"\r\nstopAt = 1\r\n\
                \r\n[[fault]]\r\nkind = \"slow\"\r\nat = 30\r\nregion = \"a\"\r\n[[fault]]\r\nknd = \"slow\"\r\nat=\"-1s\"\r\n";
    let report = mistakes("dir/p.toml", text);
    let heads: Vec<_> = report.lines().filter(|line| line.starts_with("dir/p.toml:")).collect();
    assert_eq!(
        heads,
        [
            "dir/p.toml:1:8: `mode` is the text \"automtic\"",
            "dir/p.toml:2:1: unknown key `żółw`",
            "dir/p.toml:3:16: `tags[1]` is the number 3",
            "dir/p.toml:5:1: missing `name` in `regions[0]`",
            "dir/p.toml:6:1: unknown key `nmae` in `regions[0]`",
            "dir/p.toml:7:14: `regions[0].maxRunners` is the number 0",
            "dir/p.toml:10:7: no region `us`",
            "dir/p.toml:13:1: unknown key `minDwel` in `spillover`",
            "dir/p.toml:14:10: `spillover.stopAt` must leave room below the threshold",
            "dir/p.toml:18:6: `fault[0].at` is the number 30",
            "dir/p.toml:19:1: unknown key `region` in `fault[0]`",
            "dir/p.toml:20:1: missing `kind` in `fault[1]`",
            "dir/p.toml:21:1: unknown key `knd` in `fault[1]`",
            "dir/p.toml:22:4: `fault[1].at` is the text \"-1s\"",
        ],
        "{report}"
    );
    for part in [
        "    2 | \"żółw\" = 1\n      | ^^^^^^\n",
        "      | \t\t             ^\n   expected text; write it in double quotes\n",
        "expected one of: supervised, automatic; did you mean `automatic`?",
        "expected text; `name` is what the region is called",
        "expected one of: name, maxRunners, errorRate; did you mean `name`?",
        "expected a whole number from 1 to 10000\n",
        "expected one of: minDwell, stopAt; did you mean `minDwell`?",
        "write a unit, e.g. \"30s\"",
        "did you mean `kind`?",
        "a duration must not be negative",
    ] {
        assert!(report.contains(part), "{part:?} in\n{report}");
    }
    assert!(report.ends_with("\n14 problems in dir/p.toml"), "{report}");
}

#[test]
fn wrong_kinds_say_what_was_found_and_wanted() {
    let base = |line: &str| mistakes("p.json", &format!("{{\"regions\": [{{\"name\": \"a\"}}],\n{line}}}"));
    let cases = [
        (r#""regions2": []"#, "did you mean `regions`?"),
        (r#""spillover": 3"#, "`spillover` is the number 3\n"),
        (r#""spillover": {"minDwell": null}"#, "`spillover.minDwell` is null\n"),
        (r#""spillover": {"minDwell": 1.5}"#, "write a unit, e.g. \"1.5s\""),
        (r#""spillover": {"stopAt": "0.5"}"#, "write it without quotes"),
        (r#""spillover": {"stopAt": 0}"#, "expected a number above 0 and at most 1"),
        (r#""mode": ["automatic"]"#, "`mode` is a list\n"),
        (r#""breaker": {"count": 1.5}"#, "expected a whole number from 0 to 4294967295"),
        (r#""start": "2026-11-24T00:00:00""#, "add the offset from UTC"),
        (r#""fault": {}"#, "`fault` is a table\n"),
        (r#""jobs": "long""#, "expected a number"),
        (r#""jobs": {"dist": "mixture", "parts": []}"#, "`jobs.parts` has 0 of at least 1 items"),
        (r#""homes": {"a b": 3}"#, "`homes.\"a b\"` is the number 3"),
        (r#""mode": "automatic", "mode": "automatic""#, "the key `mode` is given twice"),
        (r#""breaker": {"count": 1e999}"#, "the number is too large"),
    ];
    for (line, part) in cases {
        let report = base(line);
        assert!(report.contains(part), "{part:?} in\n{report}");
        assert!(report.contains("p.json:2:"), "{report}");
    }
}

#[test]
fn a_file_of_the_wrong_form_says_what_form_it_should_have() {
    let heading = mistakes("p.toml", "[[regions]]\nname = \"a\"\n[fault]\nkind = \"slow\"\n");
    assert!(heading.contains("write each item as [[fault]]"), "{heading}");
    assert!(mistakes("p.json", "[]").contains("the file is an empty list"), "not a table");
    assert!(mistakes("p.json", "{}").contains("p.json:1:1: missing `regions`\n"), "missing at the top");
    assert!(mistakes("p.yaml", "{}").contains("ends in .toml or .json"), "an ending we do not know");
}

#[test]
fn text_that_is_cut_off_or_not_strict_says_so() {
    let cases = [
        ("p.json", "", "the file is empty"),
        ("p.json", "{\"a\": {\n\"b\": [1,", "p.json:2:9: not JSON: the file ends in the middle"),
        ("p.json", "{\"a\": {\n\"b\": [1,", "`]` for the `[` of line 2, column 6; was it cut off?"),
        ("p.json", "{\"a\"", "`}` for the `{` of line 1, column 1"),
        ("p.json", "{\"a\": tr", "the file ends in the middle"),
        ("p.json", "{\"a\": \"tex", "the text is not closed"),
        ("p.json", "{\"a\": \"tex", "was it cut off?"),
        ("p.json", "{\"a\": \"text\n\"}", "p.json:1:7: not JSON: the text is not closed"),
        ("p.json", "{\"a\": 1,}", "p.json:1:8: not JSON: trailing commas are not allowed"),
        ("p.json", "{\n// note\n}", "p.json:2:1: not JSON: comments are not allowed"),
        ("p.json", "{'a': 1}", "write double quotes"),
        ("p.json", "{a: 1}", "write text in double quotes"),
        ("p.json", "{\"a\": 1 \"b\": 2}", "write a comma"),
        ("p.json", "{} {}", "remove what follows"),
        ("p.toml", "a = \"x\ny = 1\n", "p.toml:1:7: not TOML: "),
        ("p.toml", "a = 1\na = 2\n", "p.toml:2:1: not TOML: duplicate key"),
        ("p.toml", "a = yes\n", "write the text in double quotes"),
        ("p.toml", "a = [1,\n", "was it cut off?"),
    ];
    for (name, text, part) in cases {
        let report = mistakes(name, text);
        assert!(report.contains(part), "{part:?} in\n{report}");
    }
}

#[test]
fn every_bad_line_of_toml_is_found() {
    let report = mistakes("p.toml", "a = yes\nb = 1\nb = 2\n[c]\r\nd = [1,, 2]\r\ne = \"ż\nf = 1\n[c]\ng = zzz\n");
    let heads: Vec<_> = report.lines().filter(|line| line.starts_with("p.toml:")).collect();
    assert_eq!(
        heads,
        [
            "p.toml:1:5: not TOML: string values must be quoted",
            "p.toml:3:1: not TOML: duplicate key",
            "p.toml:5:8: not TOML: extra comma in array",
            "p.toml:6:7: not TOML: invalid basic string",
            "p.toml:8:2: not TOML: duplicate key",
        ],
        "{report}"
    );
}
