//! B2, the command as its users would have it: lists of sites and versions, instants as people write
//! them, and errors that name what was meant.

use std::process::Command;

use serde_json::Value;

use super::trust::{run, ways};
use super::{Desk, answered};
use crate::journeys::{PLAN, ROOM};
use crate::support::{Doors, SITE, Scenario};

/// A site whose second version opens the rooms, too.
async fn two_versions() -> (Desk, String) {
    let desk = Desk::set().await;
    let text = Scenario::at(Doors::Kisi, &[PLAN, ROOM].concat()).text();
    let file = desk.file("riverside.toml", &text);
    let local = format!("--local={}", desk.local);
    let (_, error, code) = desk.run(&["push", &file, "--mode", "full", &local]).await;
    assert_eq!((error.as_str(), code), ("", Some(0)));
    (desk, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_sites_versions_and_files_are_shown() {
    let (desk, text) = two_versions().await;
    for way in ways(&desk) {
        let (shown, error, code) = run(&desk, &["sites"], &way).await;
        assert_eq!((error.as_str(), code), ("", Some(0)));
        let line = format!("{SITE}  full  version 2  officernd → kisi\n");
        assert_eq!(shown, line);
        let (shown, _, code) = run(&desk, &["history", SITE], &way).await;
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!((lines.len(), code), (3, Some(0)), "{shown}");
        assert_eq!(lines[0], format!("{SITE} (times in Europe/London)"));
        assert!(lines[1].ends_with("  observe  1 rule"), "{shown}");
        assert!(lines[2].ends_with("  full  2 rules  in force"), "{shown}");
        let (shown, _, _) = run(&desk, &["show", SITE], &way).await;
        assert_eq!(shown, text, "exactly as it was pushed");
        let (shown, _, _) = run(&desk, &["show", SITE, "--version", "1", "--json"], &way).await;
        let shown: Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(shown["in_force"], false);
        let (_, error, code) = run(&desk, &["show", SITE, "--version", "9"], &way).await;
        assert!(error.contains("no version 9") && code == Some(2), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_a_file_that_was_made_from_an_older_version_is_not_stored() {
    let (desk, text) = two_versions().await;
    let file = desk.file("riverside.toml", &format!("{text}# Checked.\n"));
    for way in ways(&desk) {
        let (_, error, code) = run(&desk, &["push", &file, "--over", "1"], &way).await;
        assert!(
            error.contains("made from version 1, and riverside has version 2 in force")
                && error.contains("push it over 2")
                && code == Some(2),
            "{error}"
        );
        let (_, error, code) = run(&desk, &["push", &file, "--over", "0"], &way).await;
        assert!(
            error.contains("made from no version") && code == Some(2),
            "{error}"
        );
        let (shown, _, _) = run(&desk, &["show", SITE], &way).await;
        assert_eq!(shown, text, "nothing is stored");
    }
    let [local, stack] = ways(&desk);
    let (shown, error, code) = run(&desk, &["push", &file, "--over", "2"], &local).await;
    assert!(shown.contains("stored as version 3"), "{shown}{error}");
    assert_eq!((error.as_str(), code), ("", Some(0)));
    let (shown, _, code) = run(&desk, &["push", &file, "--over", "2"], &stack).await;
    assert!(
        shown.contains("already in force as version 3") && code == Some(0),
        "the same push twice stores once: {shown}"
    );
    let (_, error, code) = run(&desk, &["push", &file, &file, "--over", "3"], &local).await;
    assert!(
        error.contains("push one file at a time") && code == Some(2),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn b3_a_person_and_a_group_are_named_without_options_and_times_as_people_write_them() {
    let (desk, _) = two_versions().await;
    for way in ways(&desk) {
        let asked = ["explain", SITE, "ada@example.test"];
        let (shown, error, code) = run(&desk, &asked, &way).await;
        assert_eq!((error.as_str(), code), ("", Some(0)));
        assert!(shown.contains("has main/Members"), "{shown}");
        for at in ["2026-03-02 09:00", "+1h", "-2h", "2026-03-02T09:00:00Z"] {
            let asked = ["who", SITE, "members", "--at", at, "--json"];
            let (shown, error, code) = run(&desk, &asked, &way).await;
            assert_eq!((error.as_str(), code), ("", Some(0)), "{at}");
            let shown: Value = serde_json::from_str(&shown).expect("JSON");
            if at.starts_with("2026") {
                assert_eq!(shown["at"], "2026-03-02T09:00:00Z", "{at}");
            }
        }
        let (_, error, code) = run(&desk, &["who", SITE, "Members", "--at", "soon"], &way).await;
        assert!(
            error.contains("\"soon\" is no instant: write") && code == Some(2),
            "{error}"
        );
        let (_, error, _) = run(&desk, &["who", SITE, "Membres"], &way).await;
        assert!(error.contains("did you mean \"Members\"?"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_errors_name_what_exists_and_are_json_where_that_is_asked_for() {
    let desk = Desk::set().await;
    let [_, stack] = ways(&desk);
    let (shown, error, code) = run(&desk, &["history", "riversid", "--json"], &stack).await;
    assert!(
        error.contains("there is no site riversid: did you mean \"riverside\"?"),
        "{error}"
    );
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let said = shown["error"].as_str().unwrap_or_default();
    assert!(error.contains(said) && code == Some(2), "{said}");
    let (_, error, code) = desk.run(&["explian", SITE]).await;
    assert!(error.contains("explain") && code == Some(2), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_a_file_comes_from_standard_input_and_the_check_ends_with_a_verdict() {
    let text = Box::leak(Scenario::at(Doors::Kisi, PLAN).text().into_boxed_str());
    let ended = answered(&["check", "-"], text).await;
    let shown = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert_eq!(shown, "1 file is right; the vendors were not asked\n");
    let ended = answered(&["check", "-"], "site = 1\n").await;
    let shown = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(
        shown.ends_with("0 files are right, 1 has findings; the vendors were not asked\n"),
        "{shown}"
    );
    assert_eq!(ended.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_the_machine_may_be_named_by_the_environment() {
    let desk = Desk::set().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorstep"));
    command
        .arg("sites")
        .env_clear()
        .env("DOORSTEP_LOCAL", &desk.local);
    let ended = tokio::task::spawn_blocking(move || command.output()).await;
    let ended = ended.expect("it runs").expect("it runs");
    let shown = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(shown.starts_with(SITE), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_shells_complete_the_verbs_and_man_pages_are_written() {
    let desk = Desk::set().await;
    for shell in ["bash", "zsh", "fish"] {
        let (shown, error, code) = desk.run(&["completions", shell]).await;
        assert_eq!((error.as_str(), code), ("", Some(0)));
        assert!(shown.contains("rehearse"), "{shell}");
    }
    let folder = desk.folder.display().to_string();
    let (_, error, code) = desk.run(&["man", &folder]).await;
    assert_eq!((error.as_str(), code), ("", Some(0)));
    let page = std::fs::read_to_string(desk.folder.join("doorstep-push.1")).expect("a page");
    assert!(page.contains("Example"), "{page}");
}
