//! What is saved, by whom, and over which version.

use axum::body::to_bytes;
use axum::http::header;
use serde_json::json;

use super::{Draft, RULES, in_force, morning, press};
use crate::support::town::{PLAN, hot_desk, town};
use crate::support::visitor::Visitor;
use crate::support::{Doors, DoorsFixture, Scenario};

#[tokio::test]
async fn a_draft_of_an_older_version_is_not_saved_and_not_lost() {
    let world = morning().await;
    let visitor = Visitor::of(&world, true).await;
    let page = visitor.page(RULES).await;
    let draft = Draft::of(&press(&visitor, &page, "Boardroom opens Workshop").await);
    let other = format!("{}# Another hand.\n", in_force(&world).await.1);
    world.machine.push(&other).await.expect("a push");
    let (_, page) = draft.post(&visitor, "?selector=resource", &[]).await;
    assert!(
        page.contains("Version 2 was put in force meanwhile"),
        "{page}"
    );
    assert!(!page.contains("rules/review"), "{page}");
    let (_, page) = draft.post(&visitor, "/review", &[]).await;
    assert!(
        page.contains("Nothing is saved") && !page.contains("Save over"),
        "{page}"
    );
    let (status, page) = draft.post(&visitor, "/save", &[("mode", "full")]).await;
    assert_eq!(status, 409);
    assert!(
        page.contains("made from version 1, and riverside has version 2"),
        "{page}"
    );
    assert!(
        page.contains("Workshop"),
        "the draft is in the form: {page}"
    );
    assert_eq!(in_force(&world).await, (2, other));
}

#[tokio::test]
async fn a_console_that_only_shows_saves_nothing_and_says_how() {
    let world = morning().await;
    let visitor = Visitor::of(&world, false).await;
    let page = visitor.page(RULES).await;
    let page = press(&visitor, &page, "Boardroom opens Workshop").await;
    assert!(
        !page.contains("rules/review") && page.contains("--act"),
        "{page}"
    );
    assert!(
        page.contains("doorstep push riverside.toml --over 1"),
        "{page}"
    );
    let draft = Draft::of(&page);
    for path in ["/review", "/save"] {
        assert_eq!(draft.post(&visitor, path, &[]).await.0, 403, "{path}");
    }
    assert_eq!(in_force(&world).await.0, 1);
}

#[tokio::test]
async fn a_first_file_goes_on_observing_unless_its_mode_is_confirmed() {
    let scenario = Scenario::at(Doors::Kisi, PLAN).not_loaded();
    let things = town(json!({ "memberships": [hot_desk("ada")] }));
    let world = scenario
        .start(things, DoorsFixture::with(&["Members", "Meeting"]))
        .await;
    let text = Scenario::at(Doors::Kisi, PLAN).text();
    world.machine.push(&text).await.expect("a push");
    let visitor = Visitor::of(&world, true).await;
    let page = visitor.page(RULES).await;
    assert!(
        page.contains("mode observe") && page.contains("only observes"),
        "{page}"
    );
    let draft = Draft::of(&page);
    let more = Draft {
        text: format!("{}# Checked.\n", draft.text),
        over: draft.over,
    };
    let (_, page) = more.post(&visitor, "/review", &[]).await;
    assert!(
        page.contains("The site only observes so far") && page.contains("Go on observing"),
        "{page}"
    );
    let (status, _) = more.post(&visitor, "/save", &[("mode", "")]).await;
    assert_eq!(status, 303);
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    let draft = Draft::of(&visitor.page(RULES).await);
    let less = Draft {
        text: text.clone(),
        over: draft.over,
    };
    let (status, _) = less.post(&visitor, "/save", &[("mode", "full")]).await;
    assert_eq!(status, 303);
    assert_eq!(world.inside("Members").await, ["ada"]);
    // From now on a change of the mode is said in words.
    let draft = Draft::of(&visitor.page(RULES).await);
    let grant_only = Draft {
        text: text
            .replace("mode     = \"full\"", "mode = \"grant-only\"")
            .replace("mode = \"full\"", "mode = \"grant-only\""),
        over: draft.over,
    };
    let (_, page) = grant_only.post(&visitor, "/review", &[]).await;
    assert!(
        page.contains("The mode changes from full to grant-only"),
        "{page}"
    );
}

#[tokio::test]
async fn the_file_and_a_draft_are_downloaded_as_they_are() {
    let world = morning().await;
    let visitor = Visitor::of(&world, false).await;
    let answer = visitor
        .send(visitor.request("GET", &format!("{RULES}/file")))
        .await;
    let name = answer.headers()[header::CONTENT_DISPOSITION].clone();
    assert_eq!(name, "attachment; filename=\"riverside.toml\"");
    let body = to_bytes(answer.into_body(), usize::MAX)
        .await
        .expect("whole");
    let (_, text) = in_force(&world).await;
    assert_eq!(body, text.as_bytes());
    let draft = Draft {
        text: format!("{text}# A draft.\n"),
        over: "1".to_owned(),
    };
    let (status, sent) = draft.post(&visitor, "/file", &[]).await;
    assert_eq!((status, sent), (200, draft.text));
}
