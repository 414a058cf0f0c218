//! The emulators of AWS and GitHub, and a fleet of daemons on them. Knows how to start, ask and hinder them; must not know
//! what is right.

use crate::Desk;
use crate::daemon::{ADMIN_TOKEN, Daemon, WEBHOOK_SECRET, free_port};
use crate::house;
use crate::relay::Relay;
use crate::wait::until;
use reqwest::blocking::Client;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The regions of every fleet, in the order of their priority.
pub const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-southeast-1"];

/// The labels of a fleet's second kind of runner: those of jobs in GitHub's own examples of deliveries.
pub const OTHER_LABELS: [&str; 5] = ["self-hosted", "k8s", "gpu", "db-app", "dc-03"];

/// The emulators' processes. Ended when it is dropped: they end with their standard input.
#[derive(Debug)]
pub struct Rig {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    client: Client,
    /// What the rig said when it was ready.
    pub ready: Value,
}

impl Rig {
    /// Starts the emulators; their logs go to a folder on the desk.
    ///
    /// # Panics
    /// When they are not installed, or do not start.
    #[must_use]
    pub fn start(desk: &Desk) -> Self {
        let python = house::root().join("target/emulation/bin/python");
        assert!(python.is_file(), "the emulators are not installed: run tests/emulation/install, as ./test does");
        let folder = desk.path("rig");
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut command = Command::new(python);
        command.arg(house::root().join("tests/emulation/rig.py")).args(["--organization", "acme"]);
        command.args(["--webhook-secret", WEBHOOK_SECRET]).arg("--dir").arg(folder);
        REGIONS.iter().for_each(|region| {
            command.args(["--region", region]);
        });
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python starts");
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("it says when it is ready");
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("the rig says {line:?}: {error}"));
        let client = Client::builder().timeout(Duration::from_secs(30)).build().expect("a client");
        Self { child, input, output, client, ready }
    }

    /// Gives the rig a command and waits for its answer.
    ///
    /// # Panics
    /// When it refuses.
    pub fn command(&mut self, command: &Value) -> Value {
        let input = self.input.as_mut().expect("open until the end");
        writeln!(input, "{command}").and_then(|()| input.flush()).expect("the rig runs");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the rig answers");
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        assert_eq!(answer["ok"], true, "{command}: {answer}");
        answer
    }

    /// Kills the emulator of a region and its tasks. Its queues and tables are there again when it is started.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill_region(&mut self, region: &str) {
        self.command(&json!({ "kill": region, "keeps": true }));
    }

    /// Starts the emulator of a region again.
    ///
    /// # Panics
    /// When it was not killed.
    pub fn start_region(&mut self, region: &str) {
        self.command(&json!({ "start": region }));
    }

    /// Tells the region front something: cuts, lags, faults.
    ///
    /// # Panics
    /// When it refuses.
    pub fn front(&self, control: &Value) -> Value {
        let url = self.ready["control"].as_str().expect("an address");
        let answer = self.client.post(url).json(control).send().expect("the front answers");
        assert!(answer.status().is_success(), "{control}: {}", answer.text().unwrap_or_default());
        answer.json().expect("JSON")
    }

    /// What the region front has seen.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn seen(&self) -> Value {
        let url = self.ready["control"].as_str().expect("an address");
        self.client.get(url).send().expect("the front answers").json().expect("JSON")
    }

    /// Tells the stand-in for GitHub something.
    ///
    /// # Panics
    /// When it refuses.
    pub fn github(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.ready["github"].as_str().expect("an address"));
        let answer = self.client.post(url).json(body).send().expect("GitHub answers");
        assert!(answer.status().is_success(), "{path} {body}: {}", answer.text().unwrap_or_default());
        answer.json().unwrap_or(Value::Null)
    }

    /// What the stand-in for GitHub knows.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn github_state(&self) -> Value {
        self.github_get("/stub/state")
    }

    fn github_get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.ready["github"].as_str().expect("an address"));
        self.client.get(url).send().expect("GitHub answers").json().expect("JSON")
    }

    /// Queues jobs at GitHub, in runs of ten; gives their numbers.
    pub fn queue_jobs(&self, count: u64, seconds: f64) -> Vec<u64> {
        let mut jobs = Vec::new();
        let mut left = count;
        while left > 0 {
            let some = left.min(10);
            let body = json!({
                "repository": "acme/app", "labels": ["self-hosted", "linux", "x64"], "count": some, "seconds": seconds,
            });
            let answer = self.github("/stub/jobs", &body);
            jobs.extend(answer["jobs"].as_array().into_iter().flatten().filter_map(Value::as_u64));
            left -= some;
        }
        jobs
    }

    /// Cancels a job at GitHub; false when it is past that.
    ///
    /// # Panics
    /// When GitHub does not answer.
    #[must_use]
    pub fn cancel(&self, job: u64) -> bool {
        let url = format!("{}/stub/cancel", self.ready["github"].as_str().expect("an address"));
        self.client.post(url).json(&json!({ "job": job })).send().expect("GitHub answers").status().is_success()
    }

    /// Calls an API of AWS in a region, by its JSON protocol.
    ///
    /// # Panics
    /// When it refuses.
    pub fn aws(&self, region: &str, target: &str, body: &Value) -> Value {
        let url = self.ready["regions"][region]["endpoint"].as_str().expect("an address").to_owned();
        let service = if target.starts_with("Dynamo") { "dynamodb" } else { "ecs" };
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential=test/20261127/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let request = self.client.post(url).header("x-amz-target", target).header("authorization", credential);
        let request = request.header("content-type", "application/x-amz-json-1.1").body(body.to_string());
        let answer = request.send().expect("AWS answers");
        assert!(answer.status().is_success(), "{target}: {}", answer.text().unwrap_or_default());
        answer.json().expect("JSON")
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait(); // it ends all that it started, and then itself
    }
}

/// Three nodes on three emulated regions.
#[derive(Debug)]
pub struct Fleet {
    /// The emulators.
    pub rig: Rig,
    /// The nodes, by region; none where it was stopped.
    pub nodes: BTreeMap<&'static str, Daemon>,
    ports: BTreeMap<&'static str, (u16, u16)>,
    /// How each node reaches each other one: by a line of its own, from the first to the second.
    lines: BTreeMap<(&'static str, &'static str), Relay>,
    program: String,
    policy: PathBuf,
    folder: PathBuf,
}

/// A policy that notices and moves in seconds; `more` are further top-level keys, each followed by a comma.
#[must_use]
pub fn quick_policy(more: &str) -> String {
    format!(
        r#"{{ {more}
  "regions": [
    {{ "name": "us-east-1", "priority": 1, "maxRunners": 20 }},
    {{ "name": "eu-west-1", "priority": 2, "maxRunners": 20 }},
    {{ "name": "ap-southeast-1", "priority": 3, "maxRunners": 20 }} ],
  "spillover": {{ "staleAfter": "10s" }},
  "failover": {{ "mode": "automatic", "probeEvery": "2s", "probeTimeout": "1900ms", "missesToSuspect": 3, "suspectFor": "3s",
                "evacuateFor": "15s", "cooldown": "5s", "cooldownMax": "10s", "flapBudget": 100, "passesToReturn": 3,
                "rampEvery": "1s", "rampStep": 0.5, "window": "20s" }},
  "launch": {{ "backoff": "500ms", "startTimeout": "25s", "idleTimeout": "8s" }},
  "github": {{ "reconcileEvery": "4s", "sweepEvery": "5s", "secondLook": "5s", "registrationsPerMinute": 5000,
              "requestsPerHour": 100000 }}
}}"#
    )
}

impl Fleet {
    /// Starts emulators and nodes, with everything provisioned by the program itself.
    ///
    /// # Panics
    /// When something does not start.
    #[must_use]
    pub fn start(desk: &Desk, program: &str, policy: &str) -> Self {
        let rig = Rig::start(desk);
        rig.github("/stub/control", &json!({ "hourlyBudget": 100_000, "registrationsPerMinute": 10_000 }));
        let ports = REGIONS.map(|region| (region, (free_port(), free_port())));
        let policy = desk.put("policy.json", policy);
        let pairs = REGIONS.iter().flat_map(|from| REGIONS.iter().map(move |to| (*from, *to)));
        let admin = |to: &str| ports.iter().find(|(region, _)| *region == to).map_or(0, |(_, (_, admin))| *admin);
        let lines = pairs.map(|(from, to)| ((from, to), Relay::to(admin(to)))).collect();
        let mut fleet = Self {
            rig,
            nodes: BTreeMap::new(),
            ports: BTreeMap::from(ports),
            lines,
            program: program.to_owned(),
            policy,
            folder: desk.folder().to_owned(),
        };
        for region in REGIONS {
            desk.put(&format!("{region}.toml"), fleet.config(region));
        }
        fleet.provision();
        for region in REGIONS {
            fleet.start_node(region);
        }
        let urls: Vec<String> = REGIONS.map(|region| format!("{}/webhook", fleet.nodes[region].public)).to_vec();
        fleet.rig.github("/stub/control", &json!({ "urls": urls }));
        fleet
    }

    fn config(&self, me: &str) -> String {
        let (public, private) = self.ports[me];
        let key = house::root().join("tests/emulation/app-key.pem");
        let github = self.rig.ready["github"].as_str().expect("an address");
        let mut text = format!(
            "node = \"{me}\"\ndata = \"data/{me}\"\n[http]\nlisten = \"127.0.0.1:{public}\"\nadmin = \"127.0.0.1:{private}\"\n\
             [github]\napiUrl = \"{github}\"\nappId = {}\nprivateKeyFile = \"{}\"\n[[runners]]\n\
             labels = [\"self-hosted\", \"linux\", \"x64\"]\n[[runners]]\nlabels = {OTHER_LABELS:?}\n[journal]\nsync = false\nsegmentMb = 1\n",
            self.rig.ready["appId"],
            key.display(),
        );
        for region in REGIONS {
            let node = REGIONS.iter().find(|known| **known == me).map(|me| self.lines[&(*me, region)].address);
            let node = node.expect("one of the regions");
            let endpoint = self.rig.ready["regions"][region]["from"][me].as_str().expect("an address");
            text += &format!(
                "[regions.{region}]\nnodeUrl = \"http://{node}\"\nsubnets = [\"subnet-12345678\"]\n\
                 endpointUrl = \"{endpoint}\"\n"
            );
        }
        text
    }

    /// The path of a node's configuration.
    #[must_use]
    pub fn config_of(&self, region: &str) -> PathBuf {
        self.folder.join(format!("{region}.toml"))
    }

    /// Runs a command of the program with the node's files.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn call(&self, words: &str, region: &str) -> crate::Ran {
        let call = crate::Session::new(&self.program).words(words).arg("--policy").arg(&self.policy);
        let mut call = call.arg("--config").arg(self.config_of(region));
        for (name, value) in VARIABLES {
            call = call.with_variable(name, value);
        }
        call.with_variable("TIDEGATE_WEBHOOK_SECRET", WEBHOOK_SECRET)
            .with_variable("TIDEGATE_ADMIN_TOKEN", ADMIN_TOKEN)
            .run()
    }

    fn provision(&self) {
        self.call("provision --dry-run", REGIONS[0]).ends(0).prints("create").prints("this was a dry run");
        self.call("provision", REGIONS[0]).ends(0).prints("done");
        self.call("provision", REGIONS[0]).ends(0).prints("all is there already");
        for region in REGIONS {
            let definition = json!({
                "family": "tidegate-runner", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
                "cpu": "256", "memory": "512",
                "containerDefinitions": [{ "name": "runner", "image": "runner:1", "memory": 128, "essential": true }],
            });
            self.rig.aws(region, "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition", &definition);
        }
    }

    /// Cuts the network from the first to the second of these regions, and nothing else: what a node there asks of AWS and of
    /// the other node. `how` is what becomes of requests to AWS, `close` or `hang`; those to nodes are closed.
    ///
    /// # Panics
    /// When the region front refuses.
    pub fn cut(&self, pairs: &[[&str; 2]], how: &str) {
        self.rig.front(&json!({ "cut": pairs, "cutMode": how }));
        for ((from, to), line) in &self.lines {
            line.cut(pairs.iter().any(|pair| pair == &[*from, *to]));
        }
    }

    /// Starts the node of a region and waits until it takes webhooks.
    ///
    /// # Panics
    /// When it does not.
    pub fn start_node(&mut self, region: &'static str) {
        let policy = self.policy.display().to_string();
        let config = self.config_of(region).display().to_string();
        let arguments = ["serve", "--policy", &policy, "--config", &config];
        let log = self.folder.join(format!("{region}.log"));
        let mut node = Daemon::start(&self.program, arguments, &VARIABLES, self.ports[region], &log);
        node.wait_ready();
        self.nodes.insert(region, node);
    }

    /// The folder of a node's journal.
    #[must_use]
    pub fn journal_of(&self, region: &str) -> PathBuf {
        self.folder.join("data").join(region)
    }

    /// Waits until every one of these jobs has completed.
    ///
    /// # Panics
    /// When they have not after `seconds`, or one was started twice.
    pub fn wait_completed(&self, jobs: &[u64], seconds: u64) -> Value {
        until(&format!("{} jobs to complete", jobs.len()), seconds, || {
            let state = self.rig.github_get("/stub/statuses");
            assert_eq!(state["violations"], json!([]), "GitHub's rules were broken");
            let status = |job: &u64| state["jobs"][job.to_string()].as_str().unwrap_or("unknown").to_owned();
            let shown = jobs.iter().map(|job| (job, status(job)));
            let open: Vec<String> = shown
                .filter(|(_, status)| status != "completed")
                .map(|(job, status)| format!("{job} {status}"))
                .collect();
            if open.is_empty() {
                return Ok(self.rig.github_state());
            }
            Err(format!(
                "{} of {} open: {}",
                open.len(),
                jobs.len(),
                open.iter().take(5).cloned().collect::<Vec<_>>().join(", ")
            ))
        })
    }

    /// Everything the nodes said, for messages.
    #[must_use]
    pub fn logs(&self) -> String {
        let of = |region: &&str| {
            let text = std::fs::read_to_string(self.folder.join(format!("{region}.log"))).unwrap_or_default();
            let from = text.len().saturating_sub(6_000);
            let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            format!("--- {region}\n{}\n", &text[from..])
        };
        REGIONS.iter().map(of).collect()
    }
}

/// What the SDK's own chain finds: credentials that open nothing.
const VARIABLES: [(&str, &str); 5] = [
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
    ("RUST_LOG", "warn,tidegate_live=debug"),
];
