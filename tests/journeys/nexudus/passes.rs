//! Passes: given, used up, expired, shared, and different ones for different doors.

use serde_json::json;

use super::{PASSES, ROOM, begin, booking, pass};
use crate::support::{Doors, at_both};

at_both!(
    k4_a_pass_opens_until_it_expires_or_is_used_up_and_the_last_one_until_midnight,
    k4_a_pass_that_comes_with_a_plan_counts_like_any_other,
    k7_different_passes_open_different_groups_and_hours_limit_a_rule,
    n3_a_team_s_passes_open_for_the_team_while_it_shares_them,
);

async fn k4_a_pass_opens_until_it_expires_or_is_used_up_and_the_last_one_until_midnight(at: Doors) {
    let world = begin(at, PASSES, json!({}), &["Members"]).await;
    let mut expires = pass(13, 51);
    expires["ExpireDate"] = json!("2026-03-29T00:00:00Z");
    world
        .change_and_deliver(json!({ "CoworkerTimePasses": [expires, pass(11, 51)] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
    world.clock("2026-03-02T10:00:00Z").await;
    world.change_and_deliver(json!({
        "CoworkerTimePasses": [{ "Id": 5111, "Used": true, "UsedDate": "2026-03-02T10:00:00Z", "UniqueId": "AB-1" }],
        "Checkins": [{ "Id": 801, "CoworkerId": 11, "FromTime": "2026-03-02T10:00:00Z", "CoworkerTimePassGuid": "ab-1" }],
    })).await;
    world
        .at("2026-03-02T23:59:59Z", "Members", &["ada", "eve"])
        .await;
    world.at("2026-03-03T00:00:00Z", "Members", &["eve"]).await;
    world.at("2026-03-29T22:59:59Z", "Members", &["eve"]).await;
    world.at("2026-03-29T23:00:00Z", "Members", &[]).await;
    world.ends_well().await;
}

async fn k4_a_pass_that_comes_with_a_plan_counts_like_any_other(at: Doors) {
    let mut many = pass(13, 51);
    many["RemainingUses"] = json!(2);
    many["IsFromTariff"] = json!(true);
    let world = begin(
        at,
        PASSES,
        json!({ "CoworkerTimePasses": [many] }),
        &["Members"],
    )
    .await;
    world.at("2026-03-03T09:00:00Z", "Members", &["eve"]).await;
    world.change_and_deliver(json!({ "CoworkerTimePasses": [{ "Id": 5113, "RemainingUses": 0, "Used": true, "UsedDate": "2026-03-03T09:00:00Z" }] })).await;
    world.at("2026-03-03T23:59:59Z", "Members", &["eve"]).await;
    world.at("2026-03-04T00:00:00Z", "Members", &[]).await;
    world.ends_well().await;
}

async fn k7_different_passes_open_different_groups_and_hours_limit_a_rule(at: Doors) {
    let rules = "[[rule]]\npass = \"Day pass\"\nopens = [\"Day\"]\nhours = \"Mon-Fri 09:00-18:00\"\n\
        [[rule]]\npass = \"Evening pass\"\nopens = [\"Evening\"]\nhours = \"Mon-Fri 18:00-23:00\"\n";
    let mut used = pass(13, 51);
    used["Used"] = json!(true);
    used["UsedDate"] = json!("2026-02-20T10:00:00Z");
    let things = json!({ "CoworkerTimePasses": [pass(11, 51), pass(12, 52), used, pass(13, 52)] });
    let world = begin(at, rules, things, &["Day", "Evening"]).await;
    world.at("2026-03-02T08:59:59Z", "Day", &[]).await;
    world.at("2026-03-02T09:00:00Z", "Day", &["ada"]).await;
    let checkin = json!({ "Id": 802, "CoworkerId": 13, "FromTime": "2026-03-02T09:30:00Z", "CoworkerTimePassGuid": "ev-13" });
    world.clock("2026-03-02T09:30:00Z").await;
    let evening = json!({ "Id": 5213, "Used": true, "UsedDate": "2026-03-02T09:30:00Z", "UniqueId": "ev-13" });
    world
        .change_and_deliver(json!({ "Checkins": [checkin], "CoworkerTimePasses": [evening] }))
        .await;
    assert_eq!(
        world.inside("Day").await,
        ["ada"],
        "a check-in with one pass brings no other back"
    );
    world.at("2026-03-02T18:00:00Z", "Day", &[]).await;
    assert_eq!(world.inside("Evening").await, ["bob", "eve"]);
    world.at("2026-03-02T23:00:00Z", "Evening", &[]).await;
    world.ends_well().await;
}

async fn n3_a_team_s_passes_open_for_the_team_while_it_shares_them(at: Doors) {
    let world = begin(
        at,
        PASSES,
        json!({ "CoworkerTimePasses": [pass(11, 51)] }),
        &["Members"],
    )
    .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    world
        .change_and_deliver(
            json!({ "Teams": [{ "Id": 31, "ShareTimePasses": true, "PayingMemberId": 11 }] }),
        )
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world
        .change_and_deliver(json!({ "Coworkers": [{ "Id": 13, "Teams": [31] }] }))
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["ada", "bob", "eve"],
        "she joined"
    );
    world
        .change_and_deliver(json!({ "Teams": [{ "Id": 31, "TeamMembers": [11, 13] }] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"], "he left");
    world
        .change_and_deliver(json!({ "remove": { "Teams": [31] } }))
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["ada"],
        "there is no team any more"
    );
    world.ends_well().await;
}

#[tokio::test]
async fn k1_a_pass_and_a_resource_open_kisi_groups_each_by_a_rule() {
    let rules = format!("{PASSES}{ROOM}[[rule]]\nresource = \"Desk 12\"\nopens = [\"Desks\"]\n");
    let booked = booking(12, "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z");
    let desk = json!({ "Id": 300, "FloorPlanDeskId": 61, "CoworkerId": 13, "FromTime": "2026-03-02T10:00:00Z", "ToTime": "2026-03-02T11:00:00Z" });
    let world = begin(
        Doors::Kisi,
        &rules,
        json!({}),
        &["Members", "Meeting", "Desks"],
    )
    .await;
    world
        .change_and_deliver(
            json!({ "CoworkerTimePasses": [pass(11, 51)], "Bookings": [booked, desk] }),
        )
        .await;
    world.at("2026-03-02T09:45:00Z", "Members", &["ada"]).await;
    assert_eq!(
        (world.inside("Meeting").await, world.inside("Desks").await),
        (vec!["bob".to_owned()], vec!["eve".to_owned()])
    );
    world.at("2026-03-02T11:15:00Z", "Desks", &[]).await;
    world.ends_well().await;
}
