//! Texts with errors, edits that would change more, and names that are no text of ours.

use serde_json::json;

use super::{Draft, RULES, button, in_force, morning, press};
use crate::support::town::{ROOM, town};
use crate::support::visitor::Visitor;
use crate::support::{Doors, DoorsFixture, Scenario, with_more};

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
