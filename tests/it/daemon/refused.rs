//! What the daemon refuses, and that nothing comes of it: signatures, sizes, tokens, arguments, secrets in the open.

use super::{embedded, embedded_with, tidegate_live};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use tidegate_live::config::Secret;
use tidegate_live::github::signature;
use tidegate_tests::daemon::{ADMIN_TOKEN, WEBHOOK_SECRET, queued};
use tidegate_tests::wait::until;
use tidegate_tests::{Desk, house};

fn signed(body: &[u8]) -> String {
    signature::sign(&Secret::new(WEBHOOK_SECRET), body)
}

#[test]
fn unsigned_malformed_and_oversize_deliveries_are_refused() {
    let desk = Desk::empty();
    let mut daemon = embedded(&desk, &[]);
    let good = queued(1, 1, "acme/app").to_string().into_bytes();
    let other = signature::sign(&Secret::new("another secret"), &good);
    let mut changed = good.clone();
    changed[20] ^= 1;
    let cases: [(&str, Vec<u8>, Option<String>, u16); 9] = [
        ("no signature", good.clone(), None, 401),
        ("another's signature", good.clone(), Some(other), 401),
        ("a changed body", changed, Some(signed(&good)), 401),
        ("no hexadecimal digits", good.clone(), Some("sha256=tide".to_owned()), 401),
        ("no JSON", b"{".to_vec(), Some(signed(b"{")), 422),
        ("an empty body", Vec::new(), Some(signed(b"")), 422),
        ("no job", b"{\"action\":\"queued\"}".to_vec(), Some(signed(b"{\"action\":\"queued\"}")), 422),
        ("nested too deeply", vec![b'['; 100_000], Some(signed(&vec![b'['; 100_000])), 422),
        ("the real one", good.clone(), Some(signed(&good)), 202),
    ];
    for (what, body, tag, status) in cases {
        let answer = daemon.post_webhook("workflow_job", body, tag.as_deref()).expect("an answer");
        assert_eq!(answer.status().as_u16(), status, "{what}");
    }
    let large = vec![b' '; 25 * 1024 * 1024 + 1];
    let tag = signed(&large);
    // The answer may come while the body is still sent, and then the connection is closed.
    if let Ok(answer) = daemon.post_webhook("workflow_job", large, Some(&tag)) {
        assert_eq!(answer.status().as_u16(), 413);
    }
    assert_eq!(daemon.deliver("ping", &json!({ "zen": "Keep it logically awesome." })).status(), 200);
    assert_eq!(daemon.deliver("issues", &json!({ "action": "opened" })).text().expect("text"), "ignored: Event\n");
    let mut foreign = queued(2, 1, "acme/app");
    foreign["workflow_job"]["labels"] = json!(["ubuntu-latest"]);
    assert!(daemon.deliver("workflow_job", &foreign).text().expect("text").starts_with("ignored"));
    // A delivery that somebody sends once more, and one of long ago: both are signed, and nothing comes of them.
    let replayed = daemon.post_webhook("workflow_job", good.clone(), Some(&signed(&good))).expect("an answer");
    assert_eq!(replayed.status(), 202);
    let mut old = queued(3, 1, "acme/app");
    old["workflow_job"]["created_at"] = json!("2023-05-01T10:00:00Z");
    assert_eq!(daemon.deliver("workflow_job", &old).status(), 202);
    until("one job and no more", 10, || {
        let open = daemon.status()["nodes"][0]["openJobs"].clone();
        if open == 1 { Ok(()) } else { Err(open.to_string()) }
    });
    assert!(daemon.stop().success());
    let facts: String = house::walk(&desk.path("data")).iter().filter_map(|path| house::text(path)).collect();
    for (why, times) in [("duplicate", 1), ("old", 1)] {
        assert_eq!(facts.matches(&format!("\"why\":\"{why}\"")).count(), times, "{why}");
    }
}

#[test]
fn a_sender_that_is_slow_does_not_hold_up_others() {
    let desk = Desk::empty();
    let daemon = embedded(&desk, &[]);
    let address = daemon.public.trim_start_matches("http://").to_owned();
    // Who does not even claim to have signed it is answered at once. So claim it; the rest of the body never comes. Half of
    // them say that much will come.
    let slow: Vec<TcpStream> = (0..200)
        .map(|n| {
            let mut stream = TcpStream::connect(&address).expect("it listens");
            let length = if n % 2 == 0 { 100 } else { 20 << 20 };
            let head = format!(
                "POST /webhook HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: sha256=00\r\ncontent-length: {length}\r\n\r\n{{"
            );
            stream.write_all(head.as_bytes()).expect("sent");
            stream
        })
        .collect();
    assert_eq!(daemon.deliver("workflow_job", &queued(1, 1, "acme/app")).status(), 202, "others are served");
    for mut stream in slow {
        stream.set_read_timeout(Some(Duration::from_secs(25))).expect("a socket");
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).expect("it is answered in time, not held for ever");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (late, full) = (answer.starts_with("HTTP/1.1 408"), answer.starts_with("HTTP/1.1 503"));
        assert!(late || full, "{answer}");
    }
}

#[test]
fn a_head_that_never_ends_is_cut_off() {
    let desk = Desk::empty();
    let daemon = embedded(&desk, &[]);
    let address = daemon.public.trim_start_matches("http://").to_owned();
    let open = |sent: &[u8]| {
        let mut stream = TcpStream::connect(&address).expect("it listens");
        stream.write_all(sent).expect("sent");
        stream
    };
    let silent: Vec<TcpStream> =
        (0..50).map(|n| open(if n % 2 == 0 { b"" } else { b"POST /webhook HTTP/1.1\r\nhost: x\r\n" })).collect();
    assert_eq!(daemon.deliver("workflow_job", &queued(1, 1, "acme/app")).status(), 202, "others are served");
    for mut stream in silent {
        stream.set_read_timeout(Some(Duration::from_secs(90))).expect("a socket");
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer);
        assert!(ended.is_ok(), "it is closed in time, not held for ever: {ended:?}");
    }
}

// Broken: `guard` understands the first of two tokens alone.
#[test]
fn while_the_token_is_changed_both_are_understood() {
    let desk = Desk::empty();
    let both = format!("another-token-of-the-tests {ADMIN_TOKEN}");
    let daemon = embedded_with(&desk, &[], &[("TIDEGATE_ADMIN_TOKEN", &both)]);
    let asked =
        |token: &str| daemon.post("/admin/failover/us-east-1", &json!({ "action": "drown" }), Some(token)).status();
    assert_eq!(
        [asked("another-token-of-the-tests"), asked(ADMIN_TOKEN)],
        [400, 400],
        "they are let in, and drown is no action"
    );
    assert_eq!([asked(&both), asked("another"), asked("")], [401; 3]);
}

#[test]
fn admin_needs_the_token() {
    let desk = Desk::empty();
    let daemon = embedded(&desk, &[]);
    let drain = json!({ "action": "drain" });
    for token in [None, Some(""), Some("guess"), Some(WEBHOOK_SECRET)] {
        for (path, body) in [("/admin/failover/us-east-1", &drain), ("/admin/embedded/us-east-1/kill", &Value::Null)] {
            assert_eq!(daemon.post(path, body, token).status(), 401, "{path} {token:?}");
        }
    }
    for path in ["/admin/regions", "/admin/jobs/1", "/admin/probe"] {
        let answer = reqwest::blocking::get(format!("{}{path}", daemon.private)).expect("an answer");
        assert_eq!(answer.status(), 401, "{path}");
    }
    assert_eq!(reqwest::blocking::get(format!("{}/admin/regions", daemon.public)).expect("an answer").status(), 404);
    let answer = daemon.post("/admin/failover/us-east-1", &json!({ "action": "drown" }), Some(ADMIN_TOKEN));
    assert_eq!(answer.status(), 400);
    assert!(answer.text().expect("text").contains("drain|evacuate|approve"));
    let status = daemon.status();
    assert_eq!(status["nodes"][0]["regions"][0]["hold"], "open", "nothing was changed");
    assert_eq!(status["lost"], json!([]), "nothing was lost");
}

#[test]
fn no_secret_is_in_logs_journals_metrics_or_answers() {
    let desk = Desk::empty();
    let mut daemon = embedded(&desk, &["--logs", "json"]);
    assert_eq!(daemon.deliver("workflow_job", &queued(1, 1, "acme/app")).status(), 202);
    let _ = daemon.post_webhook("workflow_job", b"{}".to_vec(), Some("sha256=00"));
    let _ = daemon.post("/admin/failover/us-east-1", &Value::Null, Some("wrong"));
    let mut texts = vec![
        daemon.get("/metrics").text().expect("text"),
        daemon.get("/admin/regions").text().expect("text"),
        daemon.get("/status").text().expect("text"),
    ];
    assert!(daemon.stop().success());
    texts.push(daemon.log_text());
    let journals: Vec<String> = house::walk(&desk.path("data")).iter().filter_map(|path| house::text(path)).collect();
    assert!(journals.iter().any(|text| text.contains("jobQueued")), "there is a journal to look in");
    texts.extend(journals);
    for (number, text) in texts.iter().enumerate() {
        for secret in [WEBHOOK_SECRET, ADMIN_TOKEN] {
            assert!(!text.contains(secret), "text {number} tells a secret");
        }
    }
}

// Broken: the SDK's error is printed without its causes.
#[test]
fn what_keeps_aws_away_is_told() {
    let desk = Desk::empty();
    let key = house::root().join("tests/emulation/app-key.pem");
    desk.put("policy.json", r#"{"regions": [{"name": "us-east-1"}]}"#);
    let config = format!(
        "node = \"us-east-1\"\ndata = \"data\"\n[github]\napiUrl = \"http://127.0.0.1:9\"\nappId = 1\nprivateKeyFile = \"{}\"\n\
         [[runners]]\nlabels = [\"a\"]\n[regions.us-east-1]\nnodeUrl = \"http://127.0.0.1:9\"\n\
         subnets = [\"subnet-1\"]\nendpointUrl = \"http://127.0.0.1:9\"\n",
        key.display()
    );
    desk.put("config.toml", config);
    let call = |command: &str, id: &str| {
        let mut call =
            tidegate_live().within(desk.folder()).words(command).words("--policy policy.json --config config.toml");
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            call = call.with_variable(name, id);
        }
        // Nothing of this machine's own.
        for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
            call = call.with_variable(name, desk.path("nothing"));
        }
        call.with_variable("AWS_EC2_METADATA_DISABLED", "true")
            .with_variable("TIDEGATE_WEBHOOK_SECRET", WEBHOOK_SECRET)
            .with_variable("TIDEGATE_ADMIN_TOKEN", ADMIN_TOKEN)
            .run()
    };
    call("provision --dry-run", "").says("us-east-1: queue").says("credential");
    call("provision --dry-run", "test").says("us-east-1: queue").says("Connection refused");
    let ran = call("doctor", "");
    ran.ends(1).prints("WRONG  AWS credentials").prints("AWS_PROFILE").prints("WRONG  clock: not compared");
    let ran = call("doctor", "test");
    ran.ends(1)
        .prints("ok     AWS credentials: found")
        .prints("does not answer: Unreachable; look at the region's name");
    assert!(!ran.told().contains("PRIVATE KEY"));
}

#[test]
fn mistakes_of_the_command_line_are_told() {
    let desk = Desk::empty();
    let call = |words: &str| tidegate_live().within(desk.folder()).words(words).run();
    call("--help").ends(0).prints("Examples:").prints("Exit codes:");
    for command in
        ["serve", "provision", "doctor", "drain", "evacuate", "approve", "reject", "resume", "verify", "status"]
    {
        call(&format!("{command} --help")).ends(0).prints("Usage: tidegate");
    }
    call("serve").ends(2).says("--policy").says("--config");
    call("serve --policy nowhere.json --config nowhere.toml").ends(2).says("nowhere.json: does not exist");
    desk.put("policy.json", r#"{"regions": [{"name": "us-east-1"}]}"#);
    call("serve --policy policy.json --config nowhere.toml").ends(2).says("nowhere.toml: does not exist");
    desk.put(
        "config.toml",
        "node = \"us-east-2\"\n[github]\nappId = 1\n[[runners]]\nlabels = [\"a\"]\n[regions.us-east-1]\n",
    );
    let ran = call("serve --policy policy.json --config config.toml");
    for words in ["config.toml:1:", "us-east-2", "nodeUrl", "TIDEGATE_APP_KEY", "TIDEGATE_WEBHOOK_SECRET"] {
        ran.ends(2).says(words);
    }
    call("serve --policy policy.json --embedded --require-validated")
        .ends(2)
        .says("no evidence")
        .says("tidegate check");
    call("schema").ends(0).prints("\"nodeUrl\"");
    call("completions bash").ends(0).prints("tidegate-live");
    let alone =
        tidegate_live().words("status --node http://127.0.0.1:9").with_variable("TIDEGATE_ADMIN_TOKEN", "x").run();
    alone.ends(3).says("no answer from http://127.0.0.1:9");
    call("status").ends(2).says("TIDEGATE_ADMIN_TOKEN");
}
