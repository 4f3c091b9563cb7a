//! Tests of cards: finding, assigning, taking back, and answers that are not trusted.

use super::*;
use doorstep_core::model::account::Card;

const ASSIGNMENTS: &str = "GET /card_assignments?limit=250&offset=0";
const OF_CARD: &str = "GET /card_assignments?card_id=70&limit=250&offset=0";

fn assigned(id: i64, kind: &str, assignee: i64, card: i64, status: &str) -> Value {
    json!({"id": id, "status": status, "assignee_type": kind, "assignee_id": assignee, "card_id": card})
}

fn mine(status: &str) -> Value {
    json!([
        assigned(3, "Guest", 12, 70, "activated"),
        assigned(4, "User", 12, 70, status)
    ])
}

fn posts_card() -> ScriptStep {
    let body =
        json!({"card_assignment": {"assignee_type": "User", "assignee_id": 12, "card_id": 70}});
    on("POST /card_assignments").with(body)
}

fn card() -> Card {
    Card {
        id: "70".into(),
        numbers: vec!["0123".into()],
        ..Card::default()
    }
}

async fn gives(steps: impl IntoIterator<Item = ScriptStep>) -> Result<()> {
    let script = DoorsScript::new(steps);
    let given = kisi(&script).tag(&account("12"), &card()).await;
    script.is_over();
    given
}

async fn takes(steps: impl IntoIterator<Item = ScriptStep>) -> Result<()> {
    let script = DoorsScript::new(steps);
    let taken = kisi(&script).untag(&account("12"), &card()).await;
    script.is_over();
    taken
}

#[tokio::test]
async fn every_card_goes_by_all_its_numbers_with_whose_it_is() {
    let cards = json!([
        {"id": 70, "type": "mifare_desfire", "token": "0123", "uid": "04A1B2C3"},
        {"id": 71, "type": "third_party_lf_hid_h10301", "uid": "AB", "facility_code": 7, "card_number": 555},
        {"id": 72, "type": "third_party_lf_em", "uid": "", "card_id": 9},
        {"id": 73, "type": "third_party_hf_mifare_classic", "data_block_value": "B10C"},
    ]);
    let lines = json!([
        assigned(1, "User", 12, 70, "deactivated"),
        assigned(2, "Guest", 5, 70, "activated"),
        assigned(3, "User", 12, 71, "deactivated"),
    ]);
    let script = DoorsScript::new([
        on("GET /cards?limit=250&offset=0").lists(cards),
        on(ASSIGNMENTS).lists(lines),
    ]);
    let cards = kisi(&script).cards().await.unwrap();
    let numbers: Vec<String> = cards.iter().map(|card| card.numbers.join(" ")).collect();
    assert_eq!(numbers, ["0123 04A1B2C3", "AB 555", "9", "B10C"]);
    let holders: Vec<Option<&str>> = cards
        .iter()
        .map(|card| card.holder.as_ref().map(|id| id.0.as_str()))
        .collect();
    assert_eq!(
        holders,
        [Some("guest:5"), Some("12"), None, None],
        "the active assignment decides the holder"
    );
    assert_eq!(
        cards.iter().map(|card| card.blocked).collect::<Vec<_>>(),
        [false, true, false, false]
    );
    assert_eq!(cards[0].handle.as_deref(), Some("2"));
    script.is_over();
}

#[tokio::test]
async fn assigning_is_done_when_it_is_seen() {
    gives([
        posts_card().says(200, json!({})),
        on(OF_CARD).lists(mine("activated")),
    ])
    .await
    .unwrap();
    let others = json!([
        assigned(3, "Guest", 12, 70, "activated"),
        assigned(4, "User", 12, 71, "activated")
    ]);
    for seen in [json!([]), others, mine("deactivated")] {
        let given = gives([posts_card().says(200, json!({})), on(OF_CARD).lists(seen)]).await;
        assert!(given.unwrap_err().is_retryable());
    }
}

#[tokio::test]
async fn what_a_refusal_of_an_assignment_means() {
    for status in [409, 404] {
        assert!(
            gives([posts_card().is(status)])
                .await
                .unwrap_err()
                .is_retryable(),
            "{status}: it is read again"
        );
    }
    let field = json!({"errors": {"card_id": ["of Ada has already been assigned"]}});
    for (step, word) in [
        (posts_card().says(422, field), "card_id"),
        (posts_card().is(403), "forbids"),
        (posts_card().is(401), "API key"),
    ] {
        let error = gives([step]).await.unwrap_err();
        assert!(
            !error.is_retryable() && error.why().contains(word) && !error.why().contains("Ada"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn taking_back_is_done_when_it_is_seen() {
    let delete = || on("DELETE /card_assignments/4");
    let seen = |lines: Value| on(OF_CARD).lists(lines);
    let others = || json!([assigned(3, "Guest", 12, 70, "activated")]);
    takes([seen(mine("activated")), delete().is(204), seen(others())])
        .await
        .unwrap();
    takes([seen(mine("deactivated")), delete().is(404), seen(others())])
        .await
        .unwrap();
    takes([seen(others())]).await.unwrap();
    for status in [204, 404] {
        let taken = takes([
            seen(mine("activated")),
            delete().is(status),
            seen(mine("activated")),
        ])
        .await;
        assert!(taken.unwrap_err().is_retryable(), "it is still theirs");
    }
    let refused = takes([seen(mine("activated")), delete().is(403)])
        .await
        .unwrap_err();
    assert!(!refused.is_retryable());
}

#[tokio::test]
async fn what_is_no_id_of_kisi_s_is_reported() {
    let script = DoorsScript::new([]);
    let strange = Card {
        id: "t7".into(),
        ..card()
    };
    assert!(
        !kisi(&script)
            .tag(&account("12"), &strange)
            .await
            .unwrap_err()
            .is_retryable()
    );
    assert!(
        !kisi(&script)
            .untag(&account("12"), &strange)
            .await
            .unwrap_err()
            .is_retryable()
    );
    assert!(
        !kisi(&script)
            .tag(&account("team:3"), &card())
            .await
            .unwrap_err()
            .is_retryable()
    );
}
