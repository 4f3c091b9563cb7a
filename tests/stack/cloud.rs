//! The account that the stack is deployed to: an AWS on this machine, which lives as long as the
//! test.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::PATIENCE;
use crate::recorder::Recorder;
use crate::site::Site;

/// Name of the stack.
pub const STACK: &str = "doorstep";
/// Where it is deployed to.
pub const REGION: &str = "eu-west-1";

/// The account.
pub struct Cloud {
    process: Child,
    /// Where its services listen.
    pub endpoint: String,
    outputs: BTreeMap<String, String>,
    folder: PathBuf,
}

impl Drop for Cloud {
    /// Ends it with every function that it runs.
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        let _ended = Command::new("kill").args(["-TERM", "--", &group]).status();
        let _waited = self.process.wait();
    }
}

/// What the make target tells us.
fn told(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `make e2e`"))
}

/// Runs a command while the sandboxes of this process go on.
async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("it ends")
        .expect("it starts")
}

impl Cloud {
    /// Starts an empty account, whose functions find AWS where `recorder` listens.
    pub fn start(recorder: &Recorder) -> Cloud {
        let folder = PathBuf::from(told("DOORSTEP_E2E"));
        fs::create_dir_all(&folder).expect("a folder for logs");
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .expect("a free port")
            .port();
        let endpoint = format!("http://127.0.0.1:{port}");
        let log = fs::File::create(folder.join("cloud.log")).expect("a log");
        let process = Command::new(told("DOORSTEP_MINISTACK"))
            .env("GATEWAY_PORT", port.to_string())
            .env("BIND_HOST", "127.0.0.1")
            .env("MINISTACK_HOST", "127.0.0.1")
            .env("MINISTACK_REGION", REGION)
            // Every right that the template gives is asked for, and no other is there.
            .env("AUTH", "true")
            .env("AWS_ENDPOINT_URL", &recorder.endpoint)
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("it starts");
        recorder.forward_to(&endpoint);
        let cloud = Cloud {
            process,
            endpoint,
            outputs: BTreeMap::new(),
            folder,
        };
        cloud.wait_for_the_port(port);
        cloud
    }

    fn wait_for_the_port(&self, port: u16) {
        let begun = std::time::Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                begun.elapsed() < PATIENCE,
                "it never listened: see {}/cloud.log",
                self.folder.display()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("SAM_CLI_TELEMETRY", "0")
            .stdin(Stdio::null());
        command
    }

    /// Deploys the built template, or updates what is there.
    pub async fn deploy(&mut self, parameters: &[(&str, &str)]) {
        let fixed = [
            ("AlertEmail", "ops@example.test"),
            ("Architecture", "x86_64"),
            ("Stage", "trial"),
        ];
        // Nothing but an alarm may ring within the hour.
        let fixed = fixed.iter().chain(&[("ReconcileEvery", "rate(12 hours)")]);
        let told_parameters = fixed
            .chain(parameters)
            .map(|(name, value)| format!("{name}={value}"));
        let built = told("DOORSTEP_BUILT");
        let mut sam = self.command(&told("DOORSTEP_SAM"));
        sam.args([
            "deploy",
            "--template-file",
            &format!("{built}/template.yaml"),
            "--stack-name",
            STACK,
        ]);
        sam.args([
            "--resolve-s3",
            "--region",
            REGION,
            "--no-confirm-changeset",
            "--no-progressbar",
        ]);
        sam.args([
            "--capabilities",
            "CAPABILITY_IAM",
            "CAPABILITY_AUTO_EXPAND",
            "--parameter-overrides",
        ]);
        sam.args(told_parameters);
        let answer = run(sam).await;
        let text = [answer.stdout, answer.stderr].concat();
        fs::write(self.folder.join("deploy.log"), &text).expect("a log");
        assert!(
            answer.status.success(),
            "sam deploy: {}",
            String::from_utf8_lossy(&text)
        );
        self.read_outputs().await;
    }

    /// What the stack says of itself.
    pub fn output(&self, name: &str) -> &str {
        self.outputs
            .get(name)
            .expect("the template has such an output")
    }

    async fn read_outputs(&mut self) {
        let mut sam = self.command(&told("DOORSTEP_SAM"));
        sam.args([
            "list",
            "stack-outputs",
            "--stack-name",
            STACK,
            "--region",
            REGION,
            "--output",
            "json",
        ]);
        let answer = run(sam).await;
        let outputs: Vec<Value> = serde_json::from_slice(&answer.stdout).expect("outputs");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.outputs = outputs
            .iter()
            .map(|one| (text(&one["OutputKey"]), text(&one["OutputValue"])))
            .collect();
    }

    /// Puts a site file into force as an operator does.
    pub async fn push(&self, site: Site, sandbox: &str) {
        let file = self.folder.join(format!("{}.toml", site.id));
        fs::write(&file, site.file()).expect("a file");
        let mut push = self.command(env!("CARGO_BIN_EXE_doorstep"));
        push.arg("push").arg(&file).args([
            "--mode",
            "full",
            "--stack",
            STACK,
            "--region",
            REGION,
            "--sandbox",
            sandbox,
        ]);
        let answer = run(push).await;
        let text = String::from_utf8_lossy(&answer.stderr);
        assert!(
            answer.status.success(),
            "doorstep push: {} {text}",
            String::from_utf8_lossy(&answer.stdout)
        );
    }
}
