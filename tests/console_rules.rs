//! The rules of a site in the console, as requests: a draft is edited and carried, and is put in
//! force only after what it changes was shown.

use axum::body::to_bytes;
use axum::http::header;
use serde_json::json;

use crate::support::town::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::visitor::Visitor;
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, with_more};
use doorstep_core::model::ids::SiteId;

const RULES: &str = "/site/riverside/rules";

async fn morning() -> World {
    let scenario = Scenario::at(Doors::Kisi, &[PLAN, ROOM].concat());
    let things = town(json!({
        "memberships": [hot_desk("ada"), hot_desk("bob")],
        "bookings": [booking("ada", "2026-03-02T10:00:00Z", "2026-03-02T12:00:00Z")],
    }));
    let fixture = DoorsFixture::with(&["Members", "Meeting", "Workshop"]);
    let world = scenario.start(things, fixture).await;
    world.reconcile().await;
    world
}

/// The draft that a page carries.
struct Draft {
    text: String,
    over: String,
}

impl Draft {
    fn of(page: &str) -> Draft {
        let (_, rest) = page.split_once("<textarea").expect("a text");
        let (_, rest) = rest.split_once(">\n").expect("its begin");
        let (text, _) = rest.split_once("</textarea>").expect("its end");
        let escapes = [
            ("&quot;", "\""),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&amp;", "&"),
        ];
        let text = escapes
            .iter()
            .fold(text.to_owned(), |text, (escape, sign)| {
                text.replace(escape, sign)
            });
        let (_, over) = page
            .split_once("name=\"over\" value=\"")
            .expect("a version");
        let (over, _) = over.split_once('"').expect("its end");
        Draft {
            text,
            over: over.to_owned(),
        }
    }

    /// Returns the form with one more field. Browsers end lines with CR LF.
    async fn post(&self, visitor: &Visitor, page: &str, more: &[(&str, &str)]) -> (u16, String) {
        let text = self.text.replace('\n', "\r\n");
        let mut form = vec![("text", text.as_str()), ("over", self.over.as_str())];
        form.extend(more);
        visitor.post(&format!("{RULES}{page}"), &form).await
    }
}

/// Returns the name and the value of the button with this label.
fn button(page: &str, label: &str) -> (String, String) {
    let (before, _) = page
        .split_once(&format!("aria-label=\"{label}\""))
        .unwrap_or_else(|| panic!("no button {label}: {page}"));
    let (_, tag) = before.rsplit_once("<button").expect("a button");
    let attribute = |name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\"")).expect("one");
        rest.split_once('"').expect("its end").0.to_owned()
    };
    (attribute("name"), attribute("value"))
}

async fn press(visitor: &Visitor, page: &str, label: &str) -> String {
    let (name, value) = button(page, label);
    let (status, page) = Draft::of(page)
        .post(visitor, "?selector=resource", &[(&name, &value)])
        .await;
    assert_eq!(status, 200, "{page}");
    page
}

async fn in_force(world: &World) -> (u64, String) {
    let store = &world.machine.environment().store;
    let stored = store.in_force(&SiteId::from(SITE)).await.expect("a site");
    (stored.n, stored.text)
}

#[tokio::test]
async fn rooms_and_groups_without_a_rule_are_seen() {
    let world = morning().await;
    let visitor = Visitor::of(&world, false).await;
    let page = visitor.page(RULES).await;
    assert_eq!(Draft::of(&page).text, in_force(&world).await.1);
    for (label, pressed) in [
        ("Boardroom opens Meeting", true),
        ("Boardroom opens Workshop", false),
        ("Pier room opens Meeting", false),
        ("Every room and resource opens Members", false),
    ] {
        let pressed = format!("aria-pressed=\"{pressed}\" aria-label=\"{label}\"");
        assert!(page.contains(&pressed), "{label}: {page}");
    }
    // The Pier room has no rule, and no rule opens the Workshop.
    let unmapped = visitor.page(&format!("{RULES}?rows=unmapped")).await;
    assert!(unmapped.contains("Pier room opens") && !unmapped.contains("Boardroom opens"));
    let found = visitor.page(&format!("{RULES}?find=BOARD")).await;
    assert!(found.contains("Boardroom opens") && !found.contains("Pier room opens"));
    let plans = visitor.page(&format!("{RULES}?selector=plan")).await;
    assert!(plans.contains("Office opens Members") && plans.contains("Hot desk opens Members"));
    assert!(plans.contains("2 without a rule"), "the rooms: {plans}");
}

#[tokio::test]
async fn the_boardroom_opens_for_its_bookers_from_30_minutes_before() {
    let world = morning().await;
    let visitor = Visitor::of(&world, true).await;
    let page = visitor.page(RULES).await;
    let before = Draft::of(&page).text;
    let page = press(&visitor, &page, "Boardroom opens Workshop").await;
    let opened = before.replace("[\"Meeting\"]", "[\"Meeting\", \"Workshop\"]");
    assert_eq!(Draft::of(&page).text, opened);
    assert!(page.contains("name=\"before-2\" value=\"15\""), "{page}");
    let times = [
        ("times", "resource/=r-board/2"),
        ("before-2", "30"),
        ("after-2", "15"),
        ("for-2", "everyone"),
    ];
    let (_, page) = Draft::of(&page)
        .post(&visitor, "?selector=resource", &times)
        .await;
    let draft = Draft::of(&page);
    assert_eq!(draft.text, format!("{opened}before = \"30m\"\n"));
    assert!(page.contains("30 min before, 15 after"), "{page}");
    assert_eq!(in_force(&world).await, (1, before), "nothing is stored");
    let (status, page) = draft.post(&visitor, "/review", &[]).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("Save over version 1"), "{page}");
    let (status, leads) = draft.post(&visitor, "/save", &[("mode", "full")]).await;
    assert_eq!(
        (status, leads.as_str()),
        (303, "/site/riverside/rules?selector=resource")
    );
    assert_eq!(in_force(&world).await, (2, draft.text));
    world.clock("2026-03-02T09:30:00Z").await;
    assert_eq!(world.inside("Workshop").await, ["ada"]);
}

#[tokio::test]
async fn what_a_draft_changes_is_shown_and_nothing_is_stored() {
    let world = morning().await;
    let visitor = Visitor::of(&world, false).await;
    let page = visitor.page(RULES).await;
    let draft = Draft::of(&page);
    let changed = Draft {
        text: draft
            .text
            .replace("plan = \"Hot desk\"", "plan = \"Office\""),
        ..draft
    };
    let (status, page) = changed.post(&visitor, "/change", &[]).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("2 would close"), "{page}");
    assert!(page.contains("ada@example.test") && page.contains("doorstep diff riverside.toml"));
    let (status, page) = changed
        .post(&visitor, "/day", &[("day", "2026-03-02")])
        .await;
    assert_eq!(status, 200, "{page}");
    assert!(
        page.contains("no one gains access, 2 people lose it"),
        "{page}"
    );
    assert!(page.contains("Monday 2 March 2026") && page.contains("--day 2026-03-02"));
    let (_, page) = changed
        .post(&visitor, "/day", &[("day", "2020-01-01")])
        .await;
    assert!(page.contains("cannot be rehearsed"), "{page}");
    assert!(Draft::of(&changed.post(&visitor, "", &[]).await.1).text == changed.text);
    assert_eq!(in_force(&world).await.0, 1);
}

#[tokio::test]
async fn errors_are_shown_at_their_lines() {
    let world = morning().await;
    let visitor = Visitor::of(&world, true).await;
    let draft = Draft::of(&visitor.page(RULES).await);
    let line = draft
        .text
        .lines()
        .position(|line| line.contains("Hot desk"));
    let rule = line.expect("a line");
    let wrong = |from: &str, to: &str| Draft {
        text: draft.text.replace(from, to),
        over: draft.over.clone(),
    };
    let unknown = wrong("\"Hot desk\"", "\"Cold desk\"");
    let (_, page) = unknown.post(&visitor, "?selector=plan", &[]).await;
    let at = format!("data-line=\"{rule}\"");
    assert!(page.contains(&at), "{page}");
    assert!(
        page.contains("no plan is named &quot;Cold desk&quot;"),
        "{page}"
    );
    assert!(page.contains("not at the platform"), "{page}");
    let (_, page) = unknown.post(&visitor, "/review", &[]).await;
    assert!(
        page.contains("the file has errors") && !page.contains("Save over"),
        "{page}"
    );
    let (status, page) = unknown.post(&visitor, "/save", &[("mode", "full")]).await;
    assert_eq!(status, 409);
    assert!(page.contains("Back to the draft"), "{page}");
    let broken = wrong("plan = ", "plan = = ");
    let (_, page) = broken
        .post(&visitor, "", &[("open", "plan/=p-hot/main/1")])
        .await;
    assert!(
        page.contains("this is not TOML") && page.contains("there is no table"),
        "{page}"
    );
    assert_eq!(Draft::of(&page).text, broken.text, "the text is kept");
    let huge = Draft {
        text: format!("{}# {}", draft.text, "x".repeat(300_000)),
        ..draft
    };
    let (status, page) = huge.post(&visitor, "", &[]).await;
    assert_eq!(status, 200);
    assert!(page.contains("longer than 256 KiB"), "it is refused kindly");
    let text = "x".repeat(3_000_000);
    let form = [("text", text.as_str()), ("over", "1")];
    let (status, page) = visitor.post(RULES, &form).await;
    assert!(
        status == 413 && page.contains("This text is too long"),
        "{status}"
    );
    assert_eq!(in_force(&world).await.0, 1);
}

#[tokio::test]
async fn an_edit_that_would_change_more_says_which_line_is_in_its_way() {
    let world = morning().await;
    let visitor = Visitor::of(&world, true).await;
    let draft = Draft::of(&visitor.page(RULES).await);
    let every = Draft {
        text: draft.text.replace("\"Boardroom\"", "\"*\""),
        ..draft
    };
    let (_, page) = every.post(&visitor, "?selector=resource", &[]).await;
    assert!(page.contains("by every"), "{page}");
    let (_, value) = button(&page, "Pier room opens Meeting");
    let (_, page) = every
        .post(&visitor, "?selector=resource", &[("close", &value)])
        .await;
    assert!(
        page.contains("rule 2 in line") && page.contains("is about every resource"),
        "{page}"
    );
    assert_eq!(Draft::of(&page).text, every.text);
    for wrong in ["-1", "1441", "soon"] {
        let times = [
            ("times", "resource/*/2"),
            ("before-2", wrong),
            ("after-2", "15"),
        ];
        let (status, page) = every.post(&visitor, "?selector=resource", &times).await;
        assert!(
            status == 200 && page.contains("0 to 1440"),
            "{wrong}: {page}"
        );
        assert_eq!(Draft::of(&page).text, every.text);
    }
    let (status, _) = every.post(&visitor, "", &[("open", "no cell")]).await;
    assert_eq!(status, 400);
}

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

#[tokio::test]
async fn names_of_others_are_text_and_survive_a_button() {
    let name = "<b>Room</b> \"1\" & 'x/y?'";
    let things = with_more(
        town(json!({})),
        json!({ "resources": [{ "_id": "r/odd?&\"", "name": name, "type": "meeting_room", "location": "l-riverside" }] }),
    );
    let world = Scenario::at(Doors::Kisi, ROOM)
        .start(things, DoorsFixture::with(&["Meeting"]))
        .await;
    world.reconcile().await;
    let visitor = Visitor::of(&world, true).await;
    let page = visitor.page(RULES).await;
    assert!(!page.contains("<b>Room"), "{page}");
    let label = "&lt;b&gt;Room&lt;/b&gt; &quot;1&quot; &amp; 'x/y?' opens Meeting";
    let page = press(&visitor, &page, label).await;
    let text = Draft::of(&page).text;
    let rule = "resource = [\"Boardroom\", \"<b>Room</b> \\\"1\\\" & 'x/y?'\"]\n";
    assert!(text.contains(rule), "{text}");
}
