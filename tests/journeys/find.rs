//! People are found by what an operator remembers of them.

use serde_json::json;

use super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, address, at_both};
use doorstep_core::model::error::Error;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::find::{FoundPerson, MatchedBy, find};

at_both!(
    b16_a_person_is_found_by_name_address_id_and_card,
    b16_a_search_over_all_sites_names_the_site_and_is_bounded,
);

async fn found(world: &World, text: &str, site: Option<&str>) -> Vec<FoundPerson> {
    let site = site.map(SiteId::from);
    let found = find(world.machine.environment(), text, site.as_ref());
    found.await.expect("an answer")
}

fn names(found: &[FoundPerson]) -> Vec<&str> {
    let each = found.iter();
    each.map(|one| one.name.as_deref().unwrap_or_default())
        .collect()
}

async fn b16_a_person_is_found_by_name_address_id_and_card(at: Doors) {
    let cards = json!({ "members": [{ "_id": "m-zoe", "name": "Zoë Byron-King", "email": "zoe@example.test",
        "location": "l-riverside", "properties": { "card": "00A1B2C3" } }] });
    let things = crate::support::with_more(json!({ "memberships": [hot_desk("ada")] }), cards);
    let world = Scenario::at(at, PLAN)
        .platform_says("card_property = \"card\"")
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    let calls = [world.calls(at.word()).await, world.calls("officernd").await];
    assert_eq!(
        names(&found(&world, "byron", None).await),
        ["Ada Byron", "Zoë Byron-King"],
        "also a person who never had access"
    );
    let by_address = found(&world, "ADA@example", None).await;
    let [ada] = &by_address[..] else {
        panic!("{by_address:?}")
    };
    assert_eq!(
        (ada.by, ada.email.as_deref(), ada.site.as_str()),
        (MatchedBy::Email, Some(address("ada").as_str()), SITE)
    );
    let id = ada.id.as_ref().expect("she had access");
    let account = world.account("ada").await["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    for text in [id.as_str(), "m-ada", "member:m-ada", account.as_str()] {
        let by_id = found(&world, text, Some(SITE)).await;
        assert_eq!(names(&by_id), ["Ada Byron"], "{text}");
        assert_eq!(by_id[0].by, MatchedBy::Id, "{text}");
    }
    let by_card = found(&world, "b2c3", None).await;
    let [zoe] = &by_card[..] else {
        panic!("{by_card:?}")
    };
    assert_eq!((zoe.by, zoe.id.as_ref()), (MatchedBy::Card, None));
    assert_eq!(
        zoe.profile.as_ref().map(ToString::to_string).as_deref(),
        Some("member m-zoe")
    );
    assert_eq!(found(&world, "2c3", None).await, [], "too short for a card");
    assert_eq!(found(&world, " ", None).await, []);
    let unknown = SiteId::from("riversid");
    let refused = find(world.machine.environment(), "ada", Some(&unknown)).await;
    assert!(
        matches!(&refused, Err(Error::Invalid(why)) if why.contains("riverside")),
        "{refused:?}"
    );
    let after = [world.calls(at.word()).await, world.calls("officernd").await];
    assert_eq!(calls, after, "no vendor is called");
    world.ends_well().await;
}

async fn b16_a_search_over_all_sites_names_the_site_and_is_bounded(at: Doors) {
    let member = |number: usize| {
        json!({ "_id": format!("m-{number:02}"), "name": format!("Many {number:02}"), "location": "l-riverside",
            "email": format!("many{number:02}@example.test") })
    };
    let many: Vec<_> = (0..30).map(member).collect();
    let mut scenario = Scenario::at(at, PLAN);
    scenario.neighbours = vec![scenario.named("harbour")];
    let world = scenario
        .begin(
            town(json!({ "members": many })),
            DoorsFixture::with(&["Members"]),
        )
        .await;
    let all = found(&world, "many", None).await;
    assert_eq!(all.len(), 20);
    assert_eq!(names(&all)[..2], ["Many 00", "Many 01"]);
    assert_eq!(all, found(&world, "many", None).await);
    assert!(all.iter().all(|one| one.site == SITE));
    assert_eq!(found(&world, "many", Some("harbour")).await, []);
}
