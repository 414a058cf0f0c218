//! A second emulator of SQS and DynamoDB: what the first one lets pass, this one may not.

use super::{PROGRAM, tidegate_live};
use serde_json::Value;
use std::process::{Child, Command, Stdio};
use tidegate_tests::daemon::{ADMIN_TOKEN, Daemon, WEBHOOK_SECRET, free_port, queued};
use tidegate_tests::wait::until;
use tidegate_tests::{Desk, house};

/// Ended with the test.
struct Moto(Child);

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.0.kill(); // it may have ended
        let _ = self.0.wait();
    }
}

#[test]
fn queues_and_tables_of_another_emulator_do_as_well() {
    let program = house::root().join("target/emulation/bin/moto_server");
    assert!(program.is_file(), "the emulators are not installed: run tests/emulation/install, as ./test does");
    let desk = Desk::empty();
    let (port, public, private) = (free_port(), free_port(), free_port());
    let mut command = Command::new(program);
    command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    let _moto = Moto(command.spawn().expect("it starts"));
    until("moto to answer", 30, || {
        reqwest::blocking::get(format!("http://127.0.0.1:{port}/moto-api/"))
            .map(drop)
            .map_err(|error| error.to_string())
    });
    let policy = desk.put("policy.json", r#"{ "regions": [{ "name": "us-east-1" }] }"#);
    let key = house::root().join("tests/emulation/app-key.pem");
    let config = desk.put(
        "config.toml",
        format!(
            "node = \"us-east-1\"\n[http]\nlisten = \"127.0.0.1:{public}\"\nadmin = \"127.0.0.1:{private}\"\n\
             [github]\napiUrl = \"http://127.0.0.1:9\"\nappId = 1\nprivateKeyFile = \"{}\"\n\
             [[runners]]\nlabels = [\"self-hosted\", \"linux\", \"x64\"]\n\
             [regions.us-east-1]\nnodeUrl = \"http://127.0.0.1:{private}\"\nendpointUrl = \"http://127.0.0.1:{port}\"\n",
            key.display()
        ),
    );
    let files =
        ["--policy", &policy.display().to_string(), "--config", &config.display().to_string()].map(str::to_owned);
    let variables =
        [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_EC2_METADATA_DISABLED", "true")];
    let secrets = [("TIDEGATE_WEBHOOK_SECRET", WEBHOOK_SECRET), ("TIDEGATE_ADMIN_TOKEN", ADMIN_TOKEN)];
    let call = |name: &str| {
        let variables = variables.iter().chain(&secrets);
        let call = variables.fold(tidegate_live().arg(name), |call, (name, value)| call.with_variable(name, value));
        files.iter().fold(call, tidegate_tests::Session::arg).run()
    };
    call("provision").ends(0);
    // It answers other codes than the first where a call comes to nothing; and there is no GitHub and no node yet.
    let doctor = call("doctor");
    doctor
        .ends(1)
        .prints("ok     queue in us-east-1")
        .prints("ok     nodes table in us-east-1")
        .prints("WRONG  GitHub");
    doctor.prints("ok     claims table in us-east-1");
    let allowed = doctor.told().lines().find(|line| line.starts_with("ok     permissions")).map(str::to_owned);
    let allowed = allowed.unwrap_or_else(|| panic!("{}", doctor.told()));
    let tables = ["GetItem", "PutItem", "BatchGetItem", "DeleteItem", "Query"];
    let others = ["GetQueueUrl", "ChangeMessageVisibility", "DeleteMessage", "ListTasks", "DescribeTasks"];
    let mut tried = tables.iter().chain(&others);
    assert!(tried.all(|action| allowed.contains(&format!(":{action} on"))), "{}", doctor.told());
    let mut arguments = vec!["serve".to_owned()];
    arguments.extend(files);
    let mut daemon = Daemon::start(PROGRAM, arguments, &variables, (public, private), &desk.path("log"));
    daemon.wait_ready();
    for job in 1..=25 {
        assert_eq!(daemon.deliver("workflow_job", &queued(job, 1, "acme/app")).status(), 202);
    }
    for job in 1..=25 {
        for words in ["claim written", "message in the queue of us-east-1", "received by the dispatcher of us-east-1"] {
            until(&format!("job {job} to say {words:?}"), 60, || {
                let answer: Value = daemon.get(&format!("/admin/jobs/{job}")).json().expect("JSON");
                if answer["story"].to_string().contains(words) { Ok(()) } else { Err(answer.to_string()) }
            });
        }
    }
    assert!(daemon.stop().success(), "{}", daemon.log_text());
}
