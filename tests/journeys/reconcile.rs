//! What no webhook told: everything is compared and put right every quarter of an hour.

use std::time::Duration;

use serde_json::json;

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, at_both};
use doorstep_local::{Data, Machine, Setup, StartError};

at_both!(
    o1_everything_is_compared_and_put_right_every_15_minutes,
    o1_a_lost_schedule_or_webhook_is_made_good_by_the_next_comparison,
    o1_a_bad_read_revokes_nothing,
);

async fn o1_everything_is_compared_and_put_right_every_15_minutes(at: Doors) {
    let mut scenario = Scenario::at(at, PLAN);
    scenario.cadence = Some(Duration::from_secs(15 * 60));
    let mut world = scenario
        .start(
            town(json!({ "memberships": [hot_desk("ada")] })),
            DoorsFixture::with(&["Members"]),
        )
        .await;
    world.at("2026-03-02T08:14:59Z", "Members", &[]).await;
    assert_eq!(
        world.clock("2026-03-02T08:15:00Z").await,
        ["2026-03-02T08:15:00Z reconcile"]
    );
    assert_eq!(world.inside("Members").await, ["ada"]);
    world
        .change(json!({ "memberships": [hot_desk("bob")], "remove": { "memberships": ["s-ada"] } }))
        .await;
    world.at("2026-03-02T08:29:59Z", "Members", &["ada"]).await;
    world.at("2026-03-02T08:30:00Z", "Members", &["bob"]).await;
    world
        .by_hand(|world| world["groups"][0]["members"] = json!([]))
        .await;
    world.at("2026-03-02T08:44:59Z", "Members", &[]).await;
    world.at("2026-03-02T08:45:00Z", "Members", &["bob"]).await;
    world.ends_well().await;
}

async fn o1_a_lost_schedule_or_webhook_is_made_good_by_the_next_comparison(at: Doors) {
    let world = Scenario::at(at, ROOM)
        .begin(town(json!({})), DoorsFixture::with(&["Meeting"]))
        .await;
    world
        .change(
            json!({ "bookings": [booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")] }),
        )
        .await;
    world.at("2026-03-02T10:00:00Z", "Meeting", &[]).await;
    world.reconcile().await;
    assert_eq!(world.inside("Meeting").await, ["eve"]);
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

async fn o1_a_bad_read_revokes_nothing(at: Doors) {
    let names = [
        "ann", "ben", "cat", "dan", "eli", "fay", "gil", "hal", "ira", "jon",
    ];
    let member = |who: &&str| json!({ "_id": format!("m-{who}"), "name": who, "email": format!("{who}@example.test") });
    let members: Vec<_> = names.iter().map(member).collect();
    let memberships: Vec<_> = names.iter().map(|who| hot_desk(who)).collect();
    let things = json!({ "members": members, "memberships": memberships });
    let mut world = Scenario::at(at, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    assert_eq!(world.inside("Members").await, names);
    let list = "GET /api/v2/organizations/riverside/memberships";
    for body in [
        r#"{"results":[],"cursorNext":null}"#,
        "[]",
        r#"{"results":[{"_id":"s-ann"}]"#,
    ] {
        world
            .platform_faults(json!([{ "match": list, "body": body, "times": 9 }]))
            .await;
        let report = world.reconcile().await;
        assert_eq!(
            (report.revoked, report.reads["officernd"].complete),
            (0, false),
            "{report:?}"
        );
        assert_eq!(world.inside("Members").await, names);
    }
    world
        .platform_faults(json!([{ "match": "*", "status": 503, "times": -1 }]))
        .await;
    let report = world.reconcile().await;
    assert!(!report.reads["officernd"].complete);
    assert_eq!(world.inside("Members").await, names);
    world.platform_faults(json!([])).await;
    world.ends_well().await;
}

/// Two sites of SALTO KS in one account: only the one that was chosen is read and changed.
#[tokio::test]
async fn o3_the_salto_ks_site_is_chosen_by_the_operator() {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let fixture = DoorsFixture::with(&["Members"]);
    let world = Scenario::at(Doors::SaltoKs, PLAN)
        .start(town(things), fixture.clone())
        .await;
    for place in ["5e0c", "0ther"] {
        world.put_at(place, fixture.world(Doors::SaltoKs)).await;
    }
    world.reconcile().await;
    let accounts = |world: serde_json::Value| world["users"].as_array().map_or(0, Vec::len);
    assert_eq!(
        accounts(world.get_at("5e0c").await),
        3,
        "Ada is at the chosen site"
    );
    assert_eq!(
        accounts(world.get_at("0ther").await),
        2,
        "and the other one got no account"
    );
    assert_eq!(accounts(world.door_world().await), 2);
}

#[tokio::test]
async fn a1_with_no_salto_ks_site_chosen_nothing_runs() {
    let text = Scenario::at(Doors::SaltoKs, PLAN)
        .text()
        .replace("place = \"5e0c\"\n", "");
    let clock = "2026-03-02T08:00:00Z".parse().ok();
    let setup = Setup {
        sites: vec![text],
        secrets: None,
        clock,
        reconcile: None,
        data: Data::Memory,
    };
    let Err(StartError::Site { why, .. }) = Machine::start(setup).await else {
        panic!("it must not start")
    };
    assert!(why.to_string().contains("place"), "{why}");
}
