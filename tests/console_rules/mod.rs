//! The rules of a site in the console, as requests: a draft is edited and carried, and is put in
//! force only after what it changes was shown.

mod refused;
mod saving;

use serde_json::json;

use crate::support::town::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::visitor::Visitor;
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World};
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
