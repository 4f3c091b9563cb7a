//! The operator's command as a process of its own: against a stack, whose AWS and vendors are one
//! machine's, and against that machine itself.

mod colleague;
mod console;
mod guard;
mod moving;
mod trust;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::journeys::{PLAN, ROOM, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World};
use doorstep_cloud::environment::Settings;
use doorstep_core::model::ids::SiteId;
use doorstep_local::Machine;

/// A machine behind two ports of its own, and a folder with a site file.
struct Desk {
    world: World,
    /// The machine's port: its sandbox vendors, and what `--local` asks.
    local: String,
    /// The machine's cloud, as AWS.
    aws: String,
    folder: PathBuf,
}

impl Desk {
    /// Ada may come in, and the site observes.
    async fn set() -> Desk {
        let things = json!({ "memberships": [hot_desk("ada")] });
        let scenario = Scenario::at(Doors::Kisi, PLAN).mode("observe");
        Desk::at(
            scenario
                .start(town(things), DoorsFixture::with(&["Members", "Meeting"]))
                .await,
        )
        .await
    }

    /// A machine as it is.
    async fn at(world: World) -> Desk {
        let local = serve(world.machine.router()).await;
        let aws = serve(
            Router::new()
                .fallback(aws)
                .with_state(world.machine.clone()),
        )
        .await;
        let folder =
            std::env::temp_dir().join(format!("doorstep-command-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Desk {
            world,
            local,
            aws,
            folder,
        }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    }

    /// Asks the machine's port for something.
    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = http::Request::post(path)
            .body(Body::from(body.to_string()))
            .expect("whole");
        let answer = self
            .world
            .machine
            .router()
            .oneshot(request)
            .await
            .expect("an answer");
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX)
            .await
            .expect("whole");
        serde_json::from_slice(&body).expect("JSON")
    }

    /// The command with these arguments, as an operator of the machine's cloud runs it.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorstep"));
        let Settings {
            region,
            credentials,
            ..
        } = &self.world.machine.environment().settings;
        command
            .args(arguments)
            .env_clear()
            .env("AWS_ENDPOINT_URL", &self.aws)
            .env("AWS_REGION", region);
        command.env("AWS_ACCESS_KEY_ID", credentials.access_key_id());
        command.env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key());
        command
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        command
    }

    /// What the command prints, and how it ends.
    async fn run(&self, arguments: &[&str]) -> (String, String, Option<i32>) {
        let mut command = self.command(arguments);
        let ended = tokio::task::spawn_blocking(move || command.output())
            .await
            .expect("it runs");
        let Output {
            status,
            stdout,
            stderr,
        } = ended.expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (text(stdout), text(stderr), status.code())
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// Runs the command with these answers on its standard input.
async fn answered(arguments: &[&str], answers: &'static str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorstep"));
    command.args(arguments).env_clear().stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let run = move || {
        let mut asking = command.spawn()?;
        if let Some(mut stdin) = asking.stdin.take() {
            stdin.write_all(answers.as_bytes())?;
        }
        asking.wait_with_output()
    };
    let ended = tokio::task::spawn_blocking(run).await.expect("it runs");
    ended.expect("it ends")
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn aws(State(machine): State<Machine>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("whole");
    let answer = machine
        .cloud()
        .answer(&http::Request::from_parts(parts, body))
        .await;
    answer.expect("an answer").map(Body::from)
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_the_command_pushes_to_a_stack() {
    let desk = Desk::set().await;
    let file = desk.file("riverside.toml", &Scenario::at(Doors::Kisi, PLAN).text());
    let sandbox = ["--stack", "doorstep", "--sandbox", &desk.local];
    let (shown, error, code) = desk.run(&[&["diff", &file][..], &sandbox].concat()).await;
    assert_eq!((error.as_str(), code), ("", Some(0)));
    assert!(
        shown.contains("+ Ada Byron <ada@example.test>: membership s-ada by rule 1"),
        "{shown}"
    );
    assert_eq!(
        desk.world.inside("Members").await,
        [""; 0],
        "a diff changes nothing"
    );
    let (shown, error, code) = desk.run(&[&["push", &file][..], &sandbox].concat()).await;
    assert_eq!((error.as_str(), code), ("", Some(0)));
    assert!(
        shown.contains("+ Ada Byron") && shown.ends_with("stored as version 2, now in force\n"),
        "{shown}"
    );
    assert_eq!(
        desk.world.inside("Members").await,
        ["ada"],
        "a reconcile was asked for"
    );
    let (shown, _, code) = desk.run(&[&["push", &file][..], &sandbox].concat()).await;
    assert_eq!(
        (shown, code),
        (format!("{file}: already in force as version 2\n"), Some(0))
    );
    let (shown, _, code) = desk
        .run(&[&["diff", "--site", SITE, "--json"][..], &sandbox].concat())
        .await;
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let section = &shown["sections"][0];
    assert_eq!(
        (&section["of"], &section["version"], &section["findings"]),
        (&json!(SITE), &json!(2), &json!([]))
    );
    assert_eq!((&section["diff"]["groups"], code), (&json!([]), Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_the_command_says_what_is_wrong_and_ends_with_it() {
    let desk = Desk::set().await;
    let text = Scenario::at(Doors::Kisi, PLAN).text();
    let (right, other) = (
        desk.file("right.toml", &text),
        desk.file("other.toml", &text.replace("\"riverside\"", "\"b\"")),
    );
    let sandbox = ["--sandbox", &desk.local];
    let wrong = desk.file("wrong.toml", &text.replace("Hot desk", "Hot dek"));
    let line = text
        .lines()
        .position(|line| line == "[[rule]]")
        .expect("a rule")
        + 1;
    for verb in ["diff", "push"] {
        let (shown, _, code) = desk.run(&[&[verb, &wrong][..], &sandbox].concat()).await;
        assert!(
            shown.starts_with(&format!("{wrong}:{line}: no plan is named \"Hot dek\"")),
            "{shown}"
        );
        assert_eq!(code, Some(1));
    }
    // Of several files none is stored where one is wrong, whichever of them, and however that is
    // found out.
    let broken = desk.file("broken.toml", "site = 5\n");
    for files in [[&other, &broken], [&other, &wrong], [&right, &right]] {
        let (shown, _, code) = desk
            .run(&[&["push", files[0], files[1]][..], &sandbox].concat())
            .await;
        assert_eq!(code, Some(1), "{shown}");
        assert!(!shown.contains("stored as"), "{shown}");
    }
    for arguments in [
        &["push", &right, "--stack", "elsewhere"][..],
        &["push", &right],
        &["push", &right, "--local=http://192.0.2.1:8080"],
        &["push", &right, "--sandbox", "http://192.0.2.1:8080"],
        &["diff", "--site", "nowhere"],
        &["push", "/nonexistent.toml"],
    ] {
        let (_, error, code) = desk.run(arguments).await;
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
        assert!(error.starts_with("doorstep "), "{error}");
    }
    let stored = desk
        .world
        .machine
        .environment()
        .store
        .active(&SiteId::from(SITE))
        .await
        .expect("the table")
        .expect("the first");
    assert_eq!(stored.n, 1, "nothing was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_the_command_pushes_to_a_run_on_this_machine() {
    let mut desk = Desk::set().await;
    let file = desk.file(
        "riverside.toml",
        &Scenario::at(Doors::Kisi, &format!("{PLAN}{ROOM}")).text(),
    );
    let local = format!("--local={}", desk.local);
    let (shown, error, code) = desk.run(&["diff", &local, &file]).await;
    assert_eq!((error.as_str(), code), ("", Some(0)));
    assert!(
        shown.contains("main: Members (1)\n  + Ada Byron"),
        "{shown}"
    );
    let (shown, _, code) = desk.run(&["push", &local, &file]).await;
    assert!(
        shown.ends_with("stored as version 2, now in force\n"),
        "{shown}"
    );
    assert_eq!(
        (code, desk.world.inside("Members").await),
        (Some(0), vec!["ada".to_owned()])
    );
    let (shown, _, code) = desk.run(&["diff", &local, "--site", SITE]).await;
    assert!(
        shown.contains("nothing would change") && code == Some(0),
        "{shown}"
    );
    let wrong = desk.file(
        "wrong.toml",
        &Scenario::at(Doors::Kisi, PLAN)
            .text()
            .replace("Hot desk", "Hot dek"),
    );
    let (shown, _, code) = desk.run(&["push", &local, &wrong]).await;
    assert!(
        shown.contains("no plan is named") && code == Some(1),
        "{shown}"
    );
    let (_, error, code) = desk.run(&["diff", &local, "--site", "nowhere"]).await;
    assert_eq!(
        (error.as_str(), code),
        (
            "doorstep diff: refused: there is no such site here\n",
            Some(2)
        )
    );
    desk.world
        .platform_faults(json!([{ "match": "*", "status": 503, "times": -1 }]))
        .await;
    let (_, error, code) = desk.run(&["diff", &local, "--site", SITE]).await;
    assert!(
        error.starts_with("doorstep diff: try again later: officernd: ") && code == Some(2),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn k9_the_command_shows_who_came_and_went_as_csv_and_json() {
    let desk = Desk::set().await;
    let file = desk.file("riverside.toml", &Scenario::at(Doors::Kisi, PLAN).text());
    let sandbox = ["--sandbox", &desk.local];
    let (_, error, _) = desk.run(&[&["push", &file][..], &sandbox].concat()).await;
    assert_eq!(
        (error.as_str(), desk.world.inside("Members").await),
        ("", vec!["ada".to_owned()])
    );
    let event = |at: &str, success: bool| json!({ "user": "ada@example.test", "lock": 5, "at": at, "success": success });
    let events = [
        event("2026-03-02T07:29:00Z", false),
        event("2026-03-02T07:30:00Z", true),
    ];
    let told = desk
        .post(
            &format!("/sandbox/kisi/_change?deliver={SITE}"),
            &json!({ "events": events }),
        )
        .await;
    assert_eq!(told["delivered"], json!([202, 202]));
    let local = format!("--local={}", desk.local);
    let span = [
        "entries",
        SITE,
        "--from",
        "2026-03-02",
        "--until",
        "2026-03-02",
        &local,
    ];
    let (shown, error, code) = desk.run(&span).await;
    assert_eq!((error.as_str(), code), ("", Some(0)));
    let head = "day,name,email,doors,lock,lock_name,first,last,opened,refused,reasons,account\n";
    let line = "2026-03-02,Ada Byron,ada@example.test,main,5,Lock 5,2026-03-02T07:30:00+00:00,2026-03-02T07:30:00+00:00,\
                1,1,denied,";
    assert!(shown.starts_with(&format!("{head}{line}")), "{shown}");
    let (shown, _, code) = desk
        .run(&[&span[..], &["--json", "--email", "ada@example.test"]].concat())
        .await;
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(
        (shown[0]["times"].as_array().map(Vec::len), code),
        (Some(2), Some(0))
    );
    let (shown, _, _) = desk
        .run(&[&span[..], &["--person", "nobody@example.test"]].concat())
        .await;
    assert_eq!(shown, head);
    for whence in [&[local.as_str()][..], &[]] {
        let (_, error, code) = desk
            .run(&[&["entries", "nowhere"][..], whence].concat())
            .await;
        assert!(
            error.starts_with("doorstep entries: refused: ") && code == Some(2),
            "{error}"
        );
    }
    // Of a stack it is the operator's own clock that counts.
    let store = &desk.world.machine.environment().store;
    let (now, account) = (
        Timestamp::now(),
        desk.world.account("ada").await["id"].clone(),
    );
    let attempt =
        json!({ "at": now, "doors": "main", "id": "now", "lock": "6", "account": account });
    let attempt = serde_json::from_value(attempt).expect("an opening");
    store
        .keep_attempts(&SiteId::from(SITE), &[attempt], 90, now)
        .await
        .expect("it is kept");
    let (shown, error, code) = desk.run(&["entries", SITE]).await;
    assert_eq!((error.as_str(), code), ("", Some(0)));
    assert!(
        shown.contains(",Ada Byron,ada@example.test,main,6,,") && shown.lines().count() == 2,
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_the_command_shows_drift_and_ends_with_it() {
    let desk = Desk::set().await;
    let local = format!("--local={}", desk.local);
    for whence in [&local, &format!("--sandbox={}", desk.local)] {
        let (shown, error, code) = desk.run(&["drift", SITE, whence]).await;
        assert_eq!((error.as_str(), code), ("", Some(1)), "{shown}");
        assert!(
            shown.contains("mode observe")
                && shown.contains("  + Ada Byron <ada@example.test> is not in yet: "),
            "{shown}"
        );
        let (shown, _, _) = desk.run(&["drift", SITE, whence, "--json"]).await;
        let shown: Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(
            (&shown["found"][0]["what"], &shown["found"][0]["by_hand"]),
            (&json!("not-in"), &json!(false))
        );
    }
    let file = desk.file("riverside.toml", &Scenario::at(Doors::Kisi, PLAN).text());
    desk.run(&["push", &file, &local]).await;
    let (shown, _, code) = desk.run(&["drift", SITE, &local]).await;
    assert!(
        shown.ends_with("the doors match the site file\n") && code == Some(0),
        "{shown}"
    );
}

/// One form for every error, help on standard output, and no colour unless output is a terminal.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_what_is_wrong_in_one_form() {
    let desk = Desk::set().await;
    for (arguments, said) in [
        (
            &["drift"][..],
            "doorstep: the following required arguments were not provided:",
        ),
        (
            &["drive", SITE],
            "doorstep: unrecognized subcommand 'drive'",
        ),
        (
            &["push", "x.toml", "--mode", "fool"],
            "doorstep: invalid value 'fool' for '--mode <MODE>': ",
        ),
        (
            &["drift", "../x", "--local"],
            "doorstep drift: refused: not the name of a site",
        ),
    ] {
        let (shown, error, code) = desk.run(arguments).await;
        assert_eq!((shown.as_str(), code), ("", Some(2)), "{arguments:?}");
        assert!(
            error.starts_with(said) && !error.contains('\u{1b}'),
            "{error}"
        );
    }
    let (shown, error, code) = desk.run(&["drift", "--help"]).await;
    assert_eq!((error.as_str(), code), ("", Some(0)));
    assert!(
        shown.contains("Exits with 0 without findings, 1 with findings"),
        "{shown}"
    );
}

/// Every verb that asks for a site, against the stack and against the run itself: text, one JSON
/// document, and how it ends.
#[tokio::test(flavor = "multi_thread")]
async fn b2_b11_the_command_pauses_rehearses_examines_and_retires() {
    let desk = Desk::set().await;
    let file = desk.file("riverside.toml", &Scenario::at(Doors::Kisi, PLAN).text());
    let other = desk.file(
        "other.toml",
        &Scenario::at(Doors::Kisi, &PLAN.replace("Members", "Meeting")).text(),
    );
    let wrong = desk.file("wrong.toml", "site = 5\n");
    for whence in [
        format!("--local={}", desk.local),
        format!("--sandbox={}", desk.local),
    ] {
        let run =
            async |arguments: &[&str]| desk.run(&[arguments, &[whence.as_str()]].concat()).await;
        let json = async |arguments: &[&str]| {
            let (shown, error, code) = run(&[arguments, &["--json"]].concat()).await;
            assert_eq!(error, "", "{arguments:?}");
            (
                serde_json::from_str::<Value>(&shown).expect("one JSON document"),
                code,
            )
        };
        let (_, error, code) = run(&["push", &file, "--mode", "full"]).await;
        assert_eq!((error.as_str(), code), ("", Some(0)));
        let (shown, _, code) = run(&["pause", SITE, "--why", "painting"]).await;
        assert!(
            shown.starts_with("riverside is paused from now on\n! riverside is paused since "),
            "{shown}"
        );
        assert_eq!(code, Some(0));
        let (shown, code) = json(&["doctor", SITE]).await;
        assert_eq!(
            (&shown["findings"][0]["about"], code),
            (&json!("mode"), Some(1))
        );
        let (shown, code) = json(&["pause", SITE]).await;
        assert_eq!(
            (&shown["changed"], &shown["mode"], code),
            (&json!(false), &json!("observe"), Some(0))
        );
        let (shown, code) = json(&["resume", SITE]).await;
        assert_eq!(
            (&shown["changed"], &shown["mode"], code),
            (&json!(true), &json!("full"), Some(0))
        );
        assert_eq!(desk.world.inside("Members").await, ["ada"]);
        let (shown, error, code) = run(&["rehearse", &wrong]).await;
        assert!(
            shown.starts_with(&format!("{wrong}:1: ")) && code == Some(1),
            "{shown} {error}"
        );
        let (_, error, code) = run(&["rehearse", &other, "--day", "1900-01-01"]).await;
        assert!(
            error.starts_with("doorstep rehearse: refused: 1900-01-01 cannot be rehearsed")
                && code == Some(2),
            "{error}"
        );
        for verb in ["doctor", "drift", "pause", "resume"] {
            let (shown, error, code) = run(&[verb, "nowhere"]).await;
            assert_eq!((shown.as_str(), code), ("", Some(2)), "{verb}");
            assert!(
                error.starts_with(&format!("doorstep {verb}: refused: there is no ")),
                "{error}"
            );
        }
        let (shown, _, code) = run(&["retire", SITE, "--leave-access"]).await;
        assert!(
            shown.contains("1 memberships that Doorstep granted stay") && code == Some(0),
            "{shown}"
        );
        let (_, error, code) = run(&["retire", SITE]).await;
        assert!(
            error.contains("--leave-access") && code == Some(2),
            "one of the two must be said: {error}"
        );
        let (_, error, code) = run(&["retire", SITE, "--leave-access", "--yes", "0"]).await;
        assert!(
            error.contains("run the command without --yes") && code == Some(2),
            "{error}"
        );
    }
    let local = format!("--local={}", desk.local);
    // The run's own yesterday: a stack's is that of the operator's clock.
    let (shown, _, code) = desk
        .run(&["rehearse", &other, &local, "--day", "2026-03-01"])
        .await;
    assert!(
        shown.contains(
            "  + Ada Byron <ada@example.test> would have had access from 2026-03-01 00:00"
        ),
        "{shown}"
    );
    assert_eq!(code, Some(0));
    let (shown, _, _) = desk
        .run(&[
            "retire",
            SITE,
            "--revoke-access",
            "--delete-data",
            "--json",
            &local,
        ])
        .await;
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let yes = shown["checksum"].as_str().expect("a checksum");
    let (shown, _, code) = desk
        .run(&[
            "retire",
            SITE,
            "--revoke-access",
            "--delete-data",
            "--yes",
            yes,
            &local,
        ])
        .await;
    assert!(
        shown.starts_with("riverside is out of service") && code == Some(0),
        "{shown}"
    );
    assert_eq!(desk.world.inside("Members").await, [""; 0]);
    let (_, error, code) = desk.run(&["drift", SITE, &local]).await;
    assert!(
        error.contains("there is no such site here") && code == Some(2),
        "{error}"
    );
}
