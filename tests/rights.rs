//! What the functions call beside what the template allows. A call that the template does not allow
//! is refused wherever the functions run, so every journey would show it; what no journey shows is
//! a right that nothing uses.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::journeys::andcards::{begin, subscription};
use crate::journeys::entries::mac;
use crate::journeys::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Platform, SECRET, SITE, Scenario, Table, World};
use doorstep_core::model::ids::SiteId;
use doorstep_local::cloud::rights::Right;
use doorstep_local::run::faults::Skew;

/// Rights that no journey here can use, each with the reason.
const UNUSED: [(&str, &str); 0] = [];

#[tokio::test]
async fn b1_every_right_that_the_template_gives_is_used_and_no_other_is_needed() {
    let worlds = [
        at_kisi().await,
        at_salto_ks().await,
        webhooks().await,
        a_hold_comes_and_goes().await,
        two_sites_of_one_group().await,
    ];
    let mut used = BTreeSet::new();
    for world in &worlds {
        let rights = &world.machine.cloud().rights;
        rights
            .let_services_work()
            .expect("AWS itself may do what the template has it do");
        assert!(rights.missing().is_empty(), "{:?}", rights.missing());
        used.extend(rights.used());
    }
    let given = worlds[0].machine.cloud().rights.given();
    let is_excused = |right: &&Right| UNUSED.iter().any(|(action, _)| right.action == *action);
    let unused: Vec<_> = given
        .difference(&used)
        .filter(|right| !is_excused(right))
        .collect();
    assert!(
        unused.is_empty(),
        "the template gives what nothing uses: {unused:#?}"
    );
}

/// Bookings and memberships come and go, a delivery cannot be read, a message neither, clocks
/// differ, the route is of an older version, and a person is refused at a door.
async fn at_kisi() -> World {
    let rules = format!("{PLAN}{ROOM}");
    let locks = json!([{ "id": "5", "name": "Front door" }]);
    let fixture = DoorsFixture::with(&["Members", "Meeting"])
        .person("eve")
        .says("locks", locks);
    let world = Scenario::at(Doors::Kisi, &rules)
        .begin(town(json!({ "memberships": [hot_desk("ada")] })), fixture)
        .await;
    world
        .change_and_deliver(
            json!({ "bookings": [booking("bob", "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z")] }),
        )
        .await;
    world.at("2026-03-02T08:45:00Z", "Meeting", &["bob"]).await;
    world.at("2026-03-02T10:15:00Z", "Meeting", &[]).await;
    // Scheduler is ahead of settle: it refuses a minute that has come, and the message is sent at
    // once.
    world.machine.skew(Skew {
        settle: -5,
        ..Skew::default()
    });
    world
        .change_and_deliver(
            json!({ "bookings": [booking("eve", "2026-03-02T10:30:00Z", "2026-03-02T11:00:00Z")] }),
        )
        .await;
    world.machine.skew(Skew::default());
    world
        .change_and_deliver(
            json!({ "memberships": [hot_desk("eve")], "remove": { "memberships": ["s-ada"] } }),
        )
        .await;
    assert_eq!(
        world.deliver(b"[]").await,
        202,
        "it is verified and cannot be parsed"
    );
    world
        .machine
        .cloud()
        .triggers
        .send(SITE, Some("1"), "no message of ours")
        .expect("taken");
    world.machine.quiet().await;
    for (number, body) in [refused_at("2026-03-02T10:14:00Z"), "[]".to_owned()]
        .iter()
        .enumerate()
    {
        let header = format!("sha256={}", hex::encode(mac(SECRET, body.as_bytes())));
        let status = world
            .post_as(
                "/hooks/riverside/kisi/main",
                "x-signature",
                &[&header],
                body.as_bytes(),
            )
            .await;
        assert_eq!(status, 202, "event {number}");
    }
    // So many names of no site that the list of all sites is read.
    for n in 0..60 {
        for path in [
            format!("/hooks/nowhere-{n}/officernd"),
            format!("/hooks/nowhere-{n}/kisi/main"),
        ] {
            assert_eq!(
                world
                    .post_as(&path, "x-signature", &["sha256=00"], b"{}")
                    .await,
                404,
                "{path}"
            );
        }
    }
    Table::of(&world).age_route().await;
    world.reconcile().await;
    world
}

/// Kisi refused Eve.
fn refused_at(at: &str) -> String {
    json!({ "uuid": "e1", "type": "lock.unlock", "actor_type": "User", "actor_id": 103, "object_type": "Lock",
        "object_id": 5, "success": false, "error_code": "fcd8ef", "created_at": at })
    .to_string()
}

impl Table {
    /// Leaves the site's route as a version would that knew less of it.
    async fn age_route(&self) {
        for mut item in self
            .items()
            .await
            .into_iter()
            .filter(|item| item["pk"].as_s().is_ok_and(|pk| pk == "sites"))
        {
            let mut route: Value =
                serde_json::from_str(item["body"].as_s().expect("a text")).expect("JSON");
            route.as_object_mut().expect("an object").remove("doors");
            item.insert("body".to_owned(), AttributeValue::S(route.to_string()));
            self.client
                .put_item()
                .table_name(&self.name)
                .set_item(Some(item))
                .send()
                .await
                .expect("it writes");
        }
    }
}

/// Openings are collected, and a person without an address comes and goes.
async fn at_salto_ks() -> World {
    let world = Scenario::at(Doors::SaltoKs, PLAN)
        .begin(
            town(json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] })),
            DoorsFixture::with(&["Members"]),
        )
        .await;
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    world.clock("2026-03-02T10:00:00Z").await;
    world.reconcile().await;
    world
}

/// A person leaves a group that another site rules, too.
async fn two_sites_of_one_group() -> World {
    let mut scenario = Scenario::at(Doors::Kisi, PLAN);
    scenario.neighbours = vec![scenario.named("harbour")];
    let world = scenario
        .begin(
            town(json!({ "memberships": [hot_desk("ada")] })),
            DoorsFixture::with(&["Members"]),
        )
        .await;
    world
        .machine
        .reconcile(&SiteId::from("harbour"))
        .await
        .expect("a reconcile");
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    world.clock("2026-03-02T10:00:00Z").await;
    world
}

/// What a platform says that has no read API.
async fn webhooks() -> World {
    let world = begin(
        Scenario::at(Doors::Kisi, PLAN).on(Platform::Andcards),
        json!({}),
        &["Members"],
    )
    .await;
    let webhook = json!({ "type": "subscription.updated", "timestamp": "2026-03-02T08:02:00Z", "data": subscription("ada") });
    assert_eq!(world.deliver(webhook.to_string().as_bytes()).await, 202);
    world.machine.quiet().await;
    world.reconcile().await;
    world
}

/// A full read leaves out five of twelve, whose revokes are held, and then lists them again.
async fn a_hold_comes_and_goes() -> World {
    let names: Vec<String> = (0..12).map(|n| format!("n{n}")).collect();
    let member = |name: &String| json!({ "_id": format!("m-{name}"), "name": name, "email": format!("{name}@example.test"), "location": "l-riverside" });
    let members: Vec<Value> = names.iter().map(member).collect();
    let memberships: Vec<Value> = names.iter().map(|name| hot_desk(name)).collect();
    let things = json!({ "members": members, "memberships": memberships });
    let world = Scenario::at(Doors::SaltoKs, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    let gone: Vec<&Value> = memberships
        .iter()
        .take(5)
        .map(|membership| &membership["_id"])
        .collect();
    world
        .change(json!({ "remove": { "memberships": gone } }))
        .await;
    world.reconcile().await;
    assert_eq!(world.holds().await.len(), 1);
    world.change(json!({ "memberships": memberships })).await;
    world.reconcile().await;
    assert_eq!(world.holds().await.len(), 0);
    world
}
