//! Deskworks: it cannot be asked, so every change comes as a signed letter. A co-member has
//! whatever its master has.

use serde_json::{Value, json};

use crate::support::{self, Doors, DoorsFixture, Platform, Scenario, World, at_both};

at_both!(
    d1_a_new_member_gets_the_groups_of_their_membership_product,
    d2_changes_of_a_profile_a_new_co_member_and_activation_are_carried_over,
    d3_a_reservation_opens_from_half_an_hour_before_to_half_an_hour_after,
    d5_several_groups_per_membership_product_different_by_center,
    d6_several_groups_per_reservation_unit_different_by_center,
    d7_a_non_member_has_a_reservation_s_groups_a_quarter_of_an_hour_around_it,
    d8_members_keep_their_groups_as_long_as_a_billing_is_active,
    d9_co_members_have_all_groups_of_their_master_and_not_the_other_way_round,
    d9_nothing_comes_from_a_master_who_is_inactive_gone_or_unknown,
);

const DESK: &str = "[[rule]]\nplan = \"Desk\"\nopens = [\"Members\"]\n";

/// Ada is a member, Bob her co-member, and Eve on her own.
fn center(more: Value) -> Value {
    let usual = json!({
        "members": [
            { "id": "m-ada", "name": "Ada Byron", "email": "ada@example.test", "center": "North" },
            { "id": "m-bob", "name": "Bob Noyce", "email": "bob@example.test", "center": "North", "master": "m-ada" },
            { "id": "m-eve", "name": "Eve Curie", "email": "eve@example.test", "center": "North" },
        ],
    });
    support::with_more(usual, more)
}

fn billing(who: &str) -> Value {
    json!({ "id": format!("g-{who}"), "member": format!("m-{who}"), "product": "Desk", "center": "North",
        "start": "2026-01-01", "end": null, "active": true })
}

fn reservation(who: &str) -> Value {
    json!({ "id": format!("r-{who}"), "unit": "Studio", "center": "North", "member": format!("m-{who}"),
        "start": "2026-03-02T10:00:00Z", "end": "2026-03-02T11:00:00Z" })
}

async fn begin(at: Doors, rules: &str, things: Value, groups: &[&str]) -> World {
    let scenario = Scenario::at(at, rules).on(Platform::Deskworks);
    let world = scenario
        .start(center(things), DoorsFixture::with(groups))
        .await;
    for body in world.roster(2).await {
        assert_eq!(world.deliver(&body).await, 202);
    }
    world.machine.quiet().await;
    world.reconcile().await;
    world
}

async fn d1_a_new_member_gets_the_groups_of_their_membership_product(at: Doors) {
    let world = begin(at, DESK, json!({}), &["Members"]).await;
    let zoe =
        json!({ "id": "m-zoe", "name": "Zoë", "email": "zoe@example.test", "center": "North" });
    // The billing may be told before its member is.
    world
        .change_and_deliver(json!({ "billings": [billing("zoe")] }))
        .await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.change_and_deliver(json!({ "members": [zoe] })).await;
    assert_eq!(world.inside("Members").await, ["zoe"]);
    world
        .change_and_deliver(json!({ "billings": [billing("eve")] }))
        .await;
    assert_eq!(world.inside("Members").await, ["eve", "zoe"]);
    assert_eq!(world.ends_well().await.problems, [""; 0]);
}

async fn d2_changes_of_a_profile_a_new_co_member_and_activation_are_carried_over(at: Doors) {
    let world = begin(
        at,
        DESK,
        json!({ "billings": [billing("ada")] }),
        &["Members"],
    )
    .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world
        .change_and_deliver(json!({ "members": [{ "id": "m-ada", "name": "Ada Lovelace" }] }))
        .await;
    assert_eq!(world.account("ada").await["name"], "Ada Lovelace");
    world
        .change_and_deliver(json!({ "members": [{ "id": "m-eve", "master": "m-ada" }] }))
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["ada", "bob", "eve"],
        "a new co-member"
    );
    world
        .change_and_deliver(json!({ "members": [{ "id": "m-bob", "active": false }] }))
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["ada", "eve"],
        "only Bob is inactive"
    );
    world
        .change_and_deliver(
            json!({ "members": [{ "id": "m-bob", "active": true }, { "id": "m-eve", "master": null }] }),
        )
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.ends_well().await;
}

async fn d3_a_reservation_opens_from_half_an_hour_before_to_half_an_hour_after(at: Doors) {
    let rules = "[[rule]]\nresource = \"Studio\"\nopens = [\"Studio\"]\nbefore = \"30m\"\nafter = \"30m\"\n";
    let world = begin(at, rules, json!({}), &["Studio"]).await;
    world
        .change_and_deliver(json!({ "reservations": [reservation("eve")] }))
        .await;
    world.at("2026-03-02T09:29:59Z", "Studio", &[]).await;
    world.at("2026-03-02T09:30:00Z", "Studio", &["eve"]).await;
    world.at("2026-03-02T11:29:59Z", "Studio", &["eve"]).await;
    world.at("2026-03-02T11:30:00Z", "Studio", &[]).await;
    world.ends_well().await;
}

async fn d5_several_groups_per_membership_product_different_by_center(at: Doors) {
    let rules = "[[rule]]\nplan = \"Desk\"\nopens = [\"North\", \"Lobby\"]\nat = \"North\"\n\
        [[rule]]\nplan = \"Desk\"\nopens = [\"South\"]\nat = \"South\"\n";
    let mut south = billing("eve");
    south["center"] = json!("South");
    let things = json!({ "billings": [billing("ada"), south] });
    let world = begin(at, rules, things, &["North", "South", "Lobby"]).await;
    assert_eq!(world.inside("North").await, ["ada", "bob"]);
    assert_eq!(world.inside("Lobby").await, ["ada", "bob"]);
    assert_eq!(world.inside("South").await, ["eve"]);
    assert_eq!(world.ends_well().await.problems, [""; 0]);
}

async fn d6_several_groups_per_reservation_unit_different_by_center(at: Doors) {
    let rules = "[[rule]]\nresource = \"Studio\"\nopens = [\"North\", \"Lobby\"]\nat = \"North\"\n\
        [[rule]]\nresource = \"Studio\"\nopens = [\"South\"]\nat = \"South\"\n";
    let world = begin(at, rules, json!({}), &["North", "South", "Lobby"]).await;
    let mut south = reservation("eve");
    south["center"] = json!("South");
    world
        .change_and_deliver(json!({ "reservations": [reservation("ada"), south] }))
        .await;
    world
        .at("2026-03-02T10:00:00Z", "North", &["ada", "bob"])
        .await;
    assert_eq!(world.inside("Lobby").await, ["ada", "bob"]);
    assert_eq!(world.inside("South").await, ["eve"]);
    world.at("2026-03-02T12:00:00Z", "North", &[]).await;
    world.ends_well().await;
}

async fn d7_a_non_member_has_a_reservation_s_groups_a_quarter_of_an_hour_around_it(at: Doors) {
    let rules = "[bookings]\nguests = false\n\
        [[rule]]\nresource = \"Studio\"\nopens = [\"Studio\"]\nfor = \"non-members\"\nbefore = \"15m\"\nafter = \"15m\"\n\
        [[rule]]\nresource = \"Studio\"\nopens = [\"Studio\"]\nfor = \"members\"\nbefore = \"30m\"\nafter = \"30m\"\n\
        [[rule]]\nplan = \"Desk\"\nopens = [\"Members\"]\n";
    let world = begin(
        at,
        rules,
        json!({ "billings": [billing("ada")] }),
        &["Studio", "Members"],
    )
    .await;
    let mut guest = reservation("none");
    (guest["member"], guest["guest"]) = (
        Value::Null,
        json!({ "name": "Gil", "email": "gil@example.test" }),
    );
    world
        .change_and_deliver(
            json!({ "reservations": [reservation("ada"), reservation("eve"), guest] }),
        )
        .await;
    world
        .at("2026-03-02T09:30:00Z", "Studio", &["ada", "bob"])
        .await;
    world
        .at("2026-03-02T09:44:59Z", "Studio", &["ada", "bob"])
        .await;
    world
        .at(
            "2026-03-02T09:45:00Z",
            "Studio",
            &["ada", "bob", "eve", "gil"],
        )
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["ada", "bob"],
        "a non-member has no groups of their own"
    );
    world
        .at("2026-03-02T11:15:00Z", "Studio", &["ada", "bob"])
        .await;
    world.at("2026-03-02T11:30:00Z", "Studio", &[]).await;
    world.ends_well().await;
}

async fn d8_members_keep_their_groups_as_long_as_a_billing_is_active(at: Doors) {
    let mut second = billing("eve");
    (second["id"], second["end"]) = (json!("g-second"), json!("2026-03-02"));
    let world = begin(
        at,
        DESK,
        json!({ "billings": [billing("eve"), second] }),
        &["Members"],
    )
    .await;
    world
        .change_and_deliver(json!({ "billings": [{ "id": "g-eve", "active": false }] }))
        .await;
    assert_eq!(world.inside("Members").await, ["eve"], "another one runs");
    world.at("2026-03-02T23:59:59Z", "Members", &["eve"]).await;
    world.at("2026-03-03T00:00:00Z", "Members", &[]).await;
    world
        .change_and_deliver(json!({ "billings": [{ "id": "g-eve", "active": true }] }))
        .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world
        .change_and_deliver(json!({ "remove": { "billings": ["g-eve"] } }))
        .await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.ends_well().await;
}

async fn d9_co_members_have_all_groups_of_their_master_and_not_the_other_way_round(at: Doors) {
    let rules = "[[rule]]\nplan = \"Desk\"\nopens = [\"Members\"]\n[[rule]]\nresource = \"Studio\"\nopens = [\"Studio\"]\n";
    let world = begin(at, rules, json!({}), &["Members", "Studio"]).await;
    world
        .change_and_deliver(
            json!({ "billings": [billing("ada")], "reservations": [reservation("ada")] }),
        )
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world
        .at("2026-03-02T10:00:00Z", "Studio", &["ada", "bob"])
        .await;
    world
        .change_and_deliver(json!({ "billings": [{ "id": "g-ada", "member": "m-bob" }] }))
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["bob"],
        "a master has nothing of a co-member's"
    );
    world
        .change_and_deliver(json!({ "reservations": [{ "id": "r-ada", "member": "m-bob" }] }))
        .await;
    assert_eq!(world.inside("Studio").await, ["bob"]);
    world.at("2026-03-02T11:15:00Z", "Studio", &[]).await;
    world.ends_well().await;
}

async fn d9_nothing_comes_from_a_master_who_is_inactive_gone_or_unknown(at: Doors) {
    let zoe = json!({ "id": "m-zoe", "name": "Zoë", "email": "zoe@example.test", "center": "North", "master": "m-yan" });
    let things =
        json!({ "members": [zoe], "billings": [billing("ada"), billing("yan"), billing("eve")] });
    let world = begin(at, DESK, things, &["Members"]).await;
    assert_eq!(
        world.inside("Members").await,
        ["ada", "bob", "eve"],
        "Zoë's master is unknown"
    );
    let yan = json!({ "id": "m-yan", "name": "Yan", "email": null, "center": "North" });
    world.change_and_deliver(json!({ "members": [yan] })).await;
    assert_eq!(
        world.inside("Members").await,
        ["Yan", "ada", "bob", "eve", "zoe"]
    );
    world
        .change_and_deliver(json!({ "members": [{ "id": "m-ada", "active": false }] }))
        .await;
    assert_eq!(world.inside("Members").await, ["Yan", "eve", "zoe"]);
    world
        .change_and_deliver(json!({ "remove": { "members": ["m-yan"] } }))
        .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world
        .change_and_deliver(json!({ "members": [{ "id": "m-ada", "active": true }] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob", "eve"]);
    world.ends_well().await;
}
