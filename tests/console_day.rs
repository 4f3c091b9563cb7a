//! The pages of a day, a person, the groups and the search, as requests over the worlds of the
//! journeys.

use serde_json::{Value, json};

use crate::support::town::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::visitor::Visitor;
use crate::support::{Doors, DoorsFixture, Scenario, World};

/// A name that would be a script, if it were not text.
const HOSTILE: &str = "<script>alert(1)</script> \"O'Neil\" & \u{202e}Co";

/// Ada and a person with a hostile name are members, and Eve has the boardroom at ten.
async fn morning() -> World {
    let things = json!({
        "members": [{ "_id": "m-x", "name": HOSTILE, "email": "x@example.test", "location": "l-riverside" }],
        "memberships": [hot_desk("ada"), hot_desk("x")],
        "bookings": [booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")],
    });
    world(things).await
}

async fn world(things: Value) -> World {
    let fixture = DoorsFixture::with(&["Members", "Meeting"])
        .person("mallory")
        .inside("mallory", "Members");
    Scenario::at(Doors::Kisi, &[PLAN, ROOM].concat())
        .begin(town(things), fixture)
        .await
}

/// Returns the text between two marks.
fn between<'t>(text: &'t str, from: &str, until: &str) -> &'t str {
    let (_, rest) = text
        .split_once(from)
        .unwrap_or_else(|| panic!("{from} in {text}"));
    rest.split_once(until).map_or(rest, |(found, _)| found)
}

/// Returns a page without its marks.
fn plain(page: &str) -> String {
    let parts = page
        .split('<')
        .map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    parts.collect::<Vec<_>>().join("")
}

async fn page_of(visitor: &Visitor, found: &str) -> String {
    let page = visitor.page(&format!("/find?q={found}")).await;
    let link = between(&page, "href=\"/site/riverside/person/", "\"").to_owned();
    format!("/site/riverside/person/{link}")
}

#[tokio::test]
async fn b16_today_is_a_drawing_and_the_same_as_a_table() {
    let world = morning().await;
    let visitor = Visitor::of(&world, false).await;
    let page = visitor.page("/site/riverside/today").await;
    let text = plain(&page);
    assert!(text.contains("Next: 09:45 Meeting."), "{text}");
    assert!(text.contains("planned Eve Curie, 09:45 to 11:15"), "{text}");
    assert!(text.contains("booking b-eve, rule 2"), "{text}");
    assert!(page.contains("<svg class=\"day\"") && page.contains("class=\"bar planned\""));
    assert!(
        page.contains("data-live=\"/live?site=riverside\""),
        "it follows what changes"
    );
    assert!(text.contains("now 08:00") && text.contains("(Europe/London)"));
    world.clock("2026-03-02T10:00:00Z").await;
    let page = visitor.page("/site/riverside/today").await;
    assert!(page.contains("class=\"bar open\"") && plain(&page).contains("opened at 09:45:00"));
    // A day is an address, and the days beside it are links.
    let page = visitor.page("/site/riverside/day/2026-03-03").await;
    assert!(page.contains("Tuesday 3 March 2026") && !page.contains("data-live"));
    for beside in ["day/2026-03-02", "day/2026-03-04", "today"] {
        assert!(
            page.contains(&format!("href=\"/site/riverside/{beside}\"")),
            "{beside}"
        );
    }
    let (status, leads) = visitor.get("/site/riverside/today?day=2026-03-05").await;
    assert_eq!(status, 303, "{leads}");
    for wrong in ["day/yesterday", "day/9999-12-31"] {
        let (status, text) = visitor.get(&format!("/site/riverside/{wrong}")).await;
        assert_eq!(status, 400, "{wrong}: {text}");
    }
}

#[tokio::test]
async fn b16_a_day_on_which_the_clocks_change_is_drawn_by_instants() {
    let world = morning().await;
    let visitor = Visitor::of(&world, false).await;
    let page = visitor.page("/site/riverside/day/2026-03-29").await;
    // 23 hours: noon is the twelfth hour line and not the thirteenth.
    assert!(
        page.contains(&format!("x1=\"{:.1}\"", 1200.0 * 11.0 / 23.0)),
        "{page}"
    );
    assert_eq!(page.matches("y1=\"18.0\"").count(), 23);
}

#[tokio::test]
async fn b16_a_person_is_a_sentence_then_groups_then_the_chain() {
    let world = morning().await;
    let visitor = Visitor::of(&world, false).await;
    world.clock("2026-03-02T10:30:00Z").await;
    let eve = page_of(&visitor, "eve").await;
    let page = visitor.page(&eve).await;
    let answer = between(&page, "id=\"answer\">", "</p>");
    assert!(
        answer.starts_with(
            "Eve Curie may open Meeting until 11:15, because booking b-eve, rule 2, line "
        ),
        "{answer}"
    );
    let text = plain(&page);
    for says in [
        "managed by us",
        "by Doorstep's claim",
        "The same in a shell: doorstep explain riverside eve@example.test",
    ] {
        let says = says.replace('\'', "&#39;");
        assert!(
            text.contains(&says) || text.contains(&says.replace("&#39;", "'")),
            "{says} in {text}"
        );
    }
    assert!(
        text.contains("booking b-eve") && text.contains("record"),
        "{text}"
    );
    // Both forms name an instant, and the address of the answer can be sent.
    for then in ["at=2026-03-02T09:00", "day=2026-03-02&minute=540"] {
        let page = visitor.page(&format!("{eve}?{then}")).await;
        let answer = between(&page, "id=\"answer\">", "</p>");
        assert!(
            answer.starts_with("Eve Curie could not open Meeting: it opens at 09:45"),
            "{answer}"
        );
        assert!(page.contains("value=\"540\"") && page.contains("value=\"2026-03-02T09:00\""));
    }
    let (status, _) = visitor.get(&format!("{eve}?at=soon")).await;
    assert_eq!(status, 400);
    let (status, _) = visitor.get("/site/riverside/person/no-such-person").await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn b16_a_person_who_never_had_access_has_a_page_too() {
    let world = morning().await;
    let visitor = Visitor::of(&world, false).await;
    let page = visitor.page("/find?q=bob%40example").await;
    assert!(page.contains("never had access"), "{page}");
    let bob = page_of(&visitor, "bob").await;
    assert_eq!(bob, "/site/riverside/person/member%3Am-bob");
    let page = visitor.page(&bob).await;
    let answer = between(&page, "id=\"answer\">", "</p>");
    assert!(answer.starts_with("Bob Noyce may not open "), "{answer}");
}

#[tokio::test]
async fn b16_the_groups_have_the_signs_of_the_diff() {
    let world = morning().await;
    let visitor = Visitor::of(&world, false).await;
    let page = visitor.page("/site/riverside/groups").await;
    let text = plain(&page);
    assert!(
        text.contains("1 membership is not as it should be."),
        "{text}"
    );
    for says in [
        "Ada Byron",
        "mallory",
        "was added by hand",
        "is in, as it should be",
    ] {
        assert!(text.contains(says), "{says} in {text}");
    }
    let page = visitor.page("/site/riverside/groups?wrong=1").await;
    assert!(page.contains("mallory") && !page.contains("Ada Byron"));
    assert!(plain(&page).contains("The same in a shell: doorstep drift riverside"));
}

#[tokio::test]
async fn b16_a_hostile_name_is_text_on_every_page() {
    let world = morning().await;
    let visitor = Visitor::of(&world, false).await;
    let person = page_of(&visitor, "x%40example.test").await;
    for path in [
        "/site/riverside/today",
        "/site/riverside/groups",
        "/find?q=%3Cscript%3E",
        &person,
    ] {
        let page = visitor.page(path).await;
        assert!(page.contains("&lt;script&gt;alert(1)"), "{path}");
        assert!(!page.contains("<script>alert"), "{path}");
    }
}

#[tokio::test]
async fn b16_no_page_calls_a_vendor() {
    let world = morning().await;
    let visitor = Visitor::of(&world, false).await;
    let eve = page_of(&visitor, "eve").await;
    let before = [world.calls("kisi").await, world.calls("officernd").await];
    for path in [
        "/site/riverside/today",
        "/site/riverside/day/2026-02-01",
        "/site/riverside/groups",
        "/find?q=eve&site=riverside",
        &eve,
    ] {
        let page = visitor.page(path).await;
        assert!(page.contains("As of "), "{path}");
    }
    let after = [world.calls("kisi").await, world.calls("officernd").await];
    assert_eq!(before, after);
}
