//! What the doctor finds at a site, and that it changes nothing.

use serde_json::json;

use super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, at_both};
use doorstep_core::model::ids::SiteId;
use doorstep_operator::doctor::{Checkup, FindingSubject};

at_both!(
    the_doctor_finds_nothing_at_a_healthy_site,
    the_doctor_says_of_each_finding_what_to_do
);

async fn doctor(world: &World) -> Checkup {
    world
        .machine
        .doctor(&SiteId::from(SITE))
        .await
        .expect("it is looked at")
}

async fn healthy(at: Doors) -> World {
    let fixture = DoorsFixture::with(&["Members"]).says("seats", json!(25));
    let hook = json!({ "_id": "w-1", "url": "https://doors.example/hooks/riverside/officernd" });
    let things = json!({ "memberships": [hot_desk("ada")], "webhooks": [hook] });
    Scenario::at(at, PLAN).begin(town(things), fixture).await
}

async fn the_doctor_finds_nothing_at_a_healthy_site(at: Doors) {
    let world = healthy(at).await;
    let (state, table) = (world.state().await, world.table().await);
    let checkup = doctor(&world).await;
    assert_eq!(checkup.findings, [], "{checkup}");
    assert!(
        checkup
            .fine
            .iter()
            .any(|fine| fine == "main: accepts the credentials"),
        "{checkup}"
    );
    assert!(
        checkup
            .fine
            .iter()
            .any(|fine| fine.starts_with("no dead letters, 0 triggers")),
        "{checkup}"
    );
    assert_eq!(
        (world.state().await, world.table().await),
        (state, table),
        "it is only looked at"
    );
    world.ends_well().await;
}

async fn the_doctor_says_of_each_finding_what_to_do(at: Doors) {
    let mut world = healthy(at).await;
    world
        .machine
        .pause(&SiteId::from(SITE), Some("painting"))
        .await
        .expect("it is paused");
    for _ in 0..5 {
        world
            .machine
            .cloud()
            .triggers
            .send(
                SITE,
                Some(&uuid::Uuid::new_v4().to_string()),
                "not a trigger",
            )
            .expect("it is taken");
    }
    world
        .by_hand(|world| {
            world["users"] = json!([]);
            world["groups"][0]["members"] = json!([]);
            world["groups"][0]["schedule"] = json!(false);
        })
        .await;
    let checkup = doctor(&world).await;
    let of = |about: FindingSubject| {
        checkup
            .findings
            .iter()
            .filter(|finding| finding.about == about)
            .count()
    };
    assert_eq!(
        (
            of(FindingSubject::Mode),
            of(FindingSubject::Protected),
            of(FindingSubject::Queue)
        ),
        (1, 2, 1),
        "{checkup}"
    );
    assert_eq!(
        of(FindingSubject::Groups),
        usize::from(at == Doors::SaltoKs),
        "a SALTO group without a schedule: {checkup}"
    );
    let said = checkup.to_string();
    assert!(
        said.contains(
            "! queue: 5 dead letters, counted over all sites of the stack: correct what the log"
        ),
        "{said}"
    );
    world
        .faults(json!([{ "match": "*", "status": 503, "times": -1 }]))
        .await;
    world
        .platform_faults(json!([{ "match": "*", "status": 401, "times": -1 }]))
        .await;
    let checkup = doctor(&world).await;
    let of = |about: FindingSubject| {
        checkup
            .findings
            .iter()
            .filter(|finding| finding.about == about)
            .count()
    };
    assert_eq!(of(FindingSubject::Credentials), 2, "{checkup}");
    assert!(
        world
            .machine
            .doctor(&SiteId::from("nowhere"))
            .await
            .is_err()
    );
}
