//! Tests of tags: finding, assigning, taking back, and answers that are not trusted.

use super::*;
use doorstep_core::model::account::Card;

const TAGS: &str = "/v1.1/sites/s1/tags";

fn tag(number: &str, holder: Value) -> Value {
    json!({"id": format!("t{number}"), "tag_number": number, "blocked": false, "is_pod_tag": false, "site_user": holder})
}

fn adas() -> Value {
    json!({"id": "i1", "user": {"id": "u1", "first_name": "Ada"}})
}

fn with_tag(number: Value) -> Value {
    let mut user = ada();
    user["user"]["tag_number"] = number;
    user
}

/// Fetches Ada, who has this tag.
fn has(number: Value) -> ScriptStep {
    get(USER).says(200, with_tag(number))
}

fn patch(tag: Value) -> ScriptStep {
    on(&format!("PATCH {USER}")).with(json!({ "tag_id": tag }))
}

fn numbered(number: &str) -> ScriptStep {
    get(&format!("{TAGS}?$filter=tag_number eq '{number}'"))
}

fn card() -> Card {
    Card {
        id: "t7".into(),
        numbers: vec!["7".into()],
        ..Card::default()
    }
}

#[tokio::test]
async fn every_tag_is_listed_with_whose_it_is() {
    let mut pod = tag("3", json!({"id": "i9"}));
    pod["is_pod_tag"] = json!(true);
    pod["blocked"] = json!(true);
    let all =
        json!([tag("1", Value::Null), tag("2", adas()), pod, {"id": "t4", "tag_number": null}]);
    let script = script([get(TAGS).says(200, items(all))]);
    let cards = salto(&script).cards().await.unwrap();
    let holders: Vec<Option<&str>> = cards
        .iter()
        .map(|card| card.holder.as_ref().map(|id| id.0.as_str()))
        .collect();
    assert_eq!(
        holders,
        [None, Some("u1"), Some("i9"), None],
        "without a platform id it still has a holder"
    );
    assert_eq!(
        cards[2].reserved && cards[2].blocked,
        !cards[1].reserved && !cards[1].blocked
    );
    assert!(cards[2].reserved && cards[3].numbers.is_empty());
    script.is_over();
}

#[tokio::test]
async fn tags_about_a_person_are_those_of_their_numbers_and_their_own() {
    let script = script([
        has(json!("2")),
        numbered("o''1").says(
            200,
            json!([tag("O'1", Value::Null), tag("o'11", Value::Null)]),
        ),
        numbered("2").says(200, items(json!([tag("2", adas())]))),
    ]);
    let cards = salto(&script)
        .cards_about(&["o'1".into()], &account(Some("i1")))
        .await
        .unwrap();
    let ids: Vec<&str> = cards.iter().map(|card| card.id.as_str()).collect();
    assert_eq!(
        ids,
        ["tO'1", "t2"],
        "compared here, ignoring case; a quotation mark is doubled"
    );
    script.is_over();
    let script = self::script([
        has(Value::Null),
        numbered("2").says(200, json!([tag("2", Value::Null)])),
    ]);
    assert_eq!(
        salto(&script)
            .cards_about(&["2".into()], &account(Some("i1")))
            .await
            .unwrap()
            .len(),
        1
    );
    script.is_over();
}

#[tokio::test]
async fn a_tag_of_another_site_is_theirs_and_none_of_our_business() {
    let script = script([
        has(json!("8")),
        numbered("7").says(200, items(json!([tag("7", Value::Null)]))),
        numbered("8").says(200, items(json!([]))),
    ]);
    let cards = salto(&script)
        .cards_about(&["7".into()], &account(Some("i1")))
        .await
        .unwrap();
    assert_eq!(cards.len(), 2);
    assert!(
        cards[1].reserved && cards[1].has("8") && cards[1].holder == Some(AccountId("u1".into()))
    );
    script.is_over();
}

#[tokio::test]
async fn giving_is_done_when_it_is_seen() {
    let script = script([
        has(Value::Null),
        patch(json!("t7")).says(200, ada()),
        has(json!("7")),
        has(json!("7")),
    ]);
    let salto = salto(&script);
    salto.tag(&account(Some("i1")), &card()).await.unwrap();
    salto.tag(&account(Some("i1")), &card()).await.unwrap();
    script.is_over();
    for not_done in [Value::Null, json!("6"), json!(" ")] {
        let script = self::script([
            has(Value::Null),
            patch(json!("t7")).says(200, with_tag(json!("7"))),
            has(not_done),
        ]);
        is_later(
            self::salto(&script)
                .tag(&account(Some("i1")), &card())
                .await,
        );
        script.is_over();
    }
}

#[tokio::test]
async fn a_person_who_has_another_tag_by_now_keeps_it() {
    let script = script([has(json!("6"))]);
    is_later(salto(&script).tag(&account(Some("i1")), &card()).await);
    script.is_over();
    let script = self::script([has(json!("6"))]);
    salto_untag(&script).await.unwrap();
    script.is_over();
}

async fn salto_untag(script: &DoorsScript) -> Result<()> {
    salto(script).untag(&account(Some("i1")), &card()).await
}

#[tokio::test]
async fn taking_back_is_done_when_it_is_seen() {
    let script = script([
        has(json!("7")),
        patch(Value::Null).says(200, ada()),
        has(Value::Null),
    ]);
    salto_untag(&script).await.unwrap();
    script.is_over();
    let script = self::script([
        has(json!("7")),
        patch(Value::Null).says(200, ada()),
        has(json!("7")),
    ]);
    is_later(salto_untag(&script).await);
    script.is_over();
    let script = self::script([get(USER).is(404)]);
    salto_untag(&script).await.unwrap();
    script.is_over();
    let script = self::script([
        has(json!("7")),
        patch(Value::Null).says(200, ada()),
        get(USER).is(404),
    ]);
    salto_untag(&script).await.unwrap();
    script.is_over();
}

#[tokio::test]
async fn what_a_refusal_means() {
    let gives = |answer: ScriptStep| script([has(Value::Null), answer]);
    for (step, word) in [
        (patch(json!("t7")).says(400, refusal("1101")), "1101"),
        (patch(json!("t7")).says(403, refusal("2220")), "pod"),
        (patch(json!("t7")).is(403), "forbids"),
        (patch(json!("t7")).says(200, refusal("1101")), "1101"),
    ] {
        let script = gives(step);
        is_report(
            salto(&script).tag(&account(Some("i1")), &card()).await,
            word,
        );
        script.is_over();
    }
    let script = gives(patch(json!("t7")).says(409, refusal("1100")));
    is_later(salto(&script).tag(&account(Some("i1")), &card()).await);
    script.is_over();
    // A 404 is about the tag, or about the person.
    for fetch in [has(Value::Null), get(USER).is(404)] {
        let script = self::script([
            has(Value::Null),
            patch(json!("t7")).says(404, refusal("2202")),
            fetch,
        ]);
        is_later(salto(&script).tag(&account(Some("i1")), &card()).await);
        script.is_over();
    }
    let script = self::script([get(USER).is(404)]);
    is_later(salto(&script).tag(&account(Some("i1")), &card()).await);
    script.is_over();
    let script = self::script([get(TAGS).is(403)]);
    is_report(salto(&script).cards().await, "forbids");
    script.is_over();
    let script = self::script([get(USER).is(404)]);
    is_later(salto(&script).cards_about(&[], &account(Some("i1"))).await);
    script.is_over();
}
