//! A site is retired: through the queue, after a preview, and with no work left behind.

use serde_json::json;

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, at_both};
use doorstep_core::model::ids::{Checksum, SiteId};
use doorstep_operator::retire::{How, Order, RetireStage, Retirement};

at_both!(
    a_site_is_retired_and_a_person_who_doorstep_put_in_is_taken_out,
    a_site_is_retired_and_everyone_stays,
    a_site_is_retired_in_the_end_although_its_doors_were_away,
    a_checksum_of_something_else_retires_nothing,
    a_retired_site_can_be_pushed_again,
);

/// More people than the guard would release at once, a person who was added by hand, and a future
/// booking.
async fn house_full(at: Doors) -> World {
    let names: Vec<String> = (0..12).map(|n| format!("p{n}")).collect();
    let members: Vec<_> = names
        .iter()
        .map(|name| json!({ "_id": format!("m-{name}"), "name": name, "email": format!("{name}@example.test") }))
        .collect();
    let memberships: Vec<_> = names.iter().map(|name| hot_desk(name)).collect();
    let things = json!({ "members": members, "memberships": memberships,
        "bookings": [booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")] });
    let fixture = DoorsFixture::with(&["Members", "Meeting"])
        .person("mallory")
        .inside("mallory", "Members");
    let world = Scenario::at(at, &format!("{PLAN}{ROOM}"))
        .begin(town(things), fixture)
        .await;
    assert_eq!(world.inside("Members").await.len(), 13);
    world
}

async fn say(world: &World, how: How, delete_data: bool, yes: Option<&str>) -> Retirement {
    let order = Order {
        how,
        delete_data,
        yes: yes.map(Checksum::from),
    };
    world
        .machine
        .retire(&SiteId::from(SITE), &order)
        .await
        .expect("an answer")
}

/// Nothing of it is served any more.
async fn is_out_of_service(world: &World) {
    assert_eq!(world.deliver(b"{}").await, 404);
    assert!(
        world.machine.people(&SiteId::from(SITE)).await.is_err(),
        "there is no such site"
    );
    let (state, ran) = (
        world.state().await,
        world.clock("2026-03-02T12:00:00Z").await,
    );
    assert_eq!(ran, [""; 0], "no alarm rings and no reconcile runs");
    assert_eq!(world.state().await, state);
}

async fn a_site_is_retired_and_a_person_who_doorstep_put_in_is_taken_out(at: Doors) {
    let world = house_full(at).await;
    let (state, table) = (world.state().await, world.table().await);
    let shown = say(&world, How::RevokeAccess, true, None).await;
    assert_eq!(
        (shown.stage, shown.inside.len(), shown.people),
        (RetireStage::Shown, 12, 12)
    );
    assert_eq!(
        (world.state().await, world.table().await),
        (state, table),
        "it is only shown"
    );
    let line = format!(
        "doorstep retire {SITE} --revoke-access --delete-data --yes {}",
        shown.checksum
    );
    assert!(shown.to_string().contains(&line), "{shown}");
    let done = say(&world, How::RevokeAccess, true, Some(&shown.checksum)).await;
    assert_eq!((done.stage, done.people), (RetireStage::Done, 0));
    assert!(done.deleted > 20, "{done:?}");
    assert_eq!(
        world.inside("Members").await,
        ["mallory"],
        "people added by hand stay"
    );
    let chain = world
        .machine
        .environment()
        .store
        .audit(&SiteId::from(SITE))
        .await
        .expect("the chain");
    assert_eq!(
        chain.len(),
        36,
        "accounts made, granted, revoked: each change has its record"
    );
    let kept: Vec<String> = world
        .table()
        .await
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    assert!(
        kept.iter().all(|key| key.starts_with("riverside#audit ")),
        "{kept:?}"
    );
    is_out_of_service(&world).await;
    let again = say(&world, How::RevokeAccess, false, None).await;
    assert_eq!(
        (again.stage, again.deleted),
        (RetireStage::Done, 0),
        "said again it is so already"
    );
}

async fn a_site_is_retired_and_everyone_stays(at: Doors) {
    let world = house_full(at).await;
    let inside = world.inside("Members").await;
    let shown = say(&world, How::LeaveAccess, false, None).await;
    assert!(
        shown
            .to_string()
            .contains("12 memberships that Doorstep granted stay"),
        "{shown}"
    );
    let done = say(&world, How::LeaveAccess, false, Some(&shown.checksum)).await;
    assert_eq!((done.stage, done.deleted), (RetireStage::Done, 0));
    assert_eq!(world.inside("Members").await, inside);
    is_out_of_service(&world).await;
    // What is kept can go later.
    let shown = say(&world, How::LeaveAccess, true, None).await;
    assert_eq!(shown.stage, RetireStage::Shown);
    let done = say(&world, How::LeaveAccess, true, Some(&shown.checksum)).await;
    assert!(
        done.stage == RetireStage::Done && done.deleted > 20,
        "{done:?}"
    );
}

async fn a_site_is_retired_in_the_end_although_its_doors_were_away(at: Doors) {
    let mut world = house_full(at).await;
    let shown = say(&world, How::RevokeAccess, false, None).await;
    world
        .faults(json!([{ "match": "*", "status": 503, "times": -1 }]))
        .await;
    let begun = say(&world, How::RevokeAccess, false, Some(&shown.checksum)).await;
    assert_eq!((begun.stage, begun.people), (RetireStage::UnderWay, 12));
    assert_eq!(
        world.deliver(b"{}").await,
        202,
        "until they are out it is served"
    );
    world.faults(json!([])).await;
    world.clock("2026-03-02T08:30:00Z").await;
    assert_eq!(world.inside("Members").await, ["mallory"]);
    let report = world.reconcile().await;
    let said = report
        .problems
        .iter()
        .find(|problem| problem.contains("is being retired"))
        .expect("it is said");
    assert!(
        said.contains(&format!("--yes {}", shown.checksum)),
        "{said}"
    );
    let done = say(&world, How::RevokeAccess, false, Some(&shown.checksum)).await;
    assert_eq!(
        done.stage,
        RetireStage::Done,
        "under the checksum of the beginning: {done}"
    );
    is_out_of_service(&world).await;
}

async fn a_checksum_of_something_else_retires_nothing(at: Doors) {
    let world = house_full(at).await;
    let shown = say(&world, How::RevokeAccess, false, None).await;
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("ada")] }))
        .await;
    for (how, delete_data) in [
        (How::RevokeAccess, false),
        (How::LeaveAccess, false),
        (How::RevokeAccess, true),
    ] {
        let order = Order {
            how,
            delete_data,
            yes: Some(shown.checksum.clone()),
        };
        let refused = world
            .machine
            .retire(&SiteId::from(SITE), &order)
            .await
            .expect_err("it names something else");
        assert!(
            refused
                .to_string()
                .contains("run the command without --yes"),
            "{refused}"
        );
    }
    let order = Order {
        how: How::LeaveAccess,
        delete_data: true,
        yes: None,
    };
    assert!(
        world
            .machine
            .retire(&SiteId::from("nowhere"), &order)
            .await
            .is_err()
    );
    assert_eq!(world.inside("Members").await.len(), 14);
    world.ends_well().await;
}

async fn a_retired_site_can_be_pushed_again(at: Doors) {
    let world = house_full(at).await;
    let shown = say(&world, How::RevokeAccess, false, None).await;
    say(&world, How::RevokeAccess, false, Some(&shown.checksum)).await;
    assert_eq!(world.inside("Members").await, ["mallory"]);
    let text = Scenario::at(at, PLAN).text();
    let shown = world.machine.push(&text).await.expect("a push");
    assert_eq!(
        (shown.version, shown.remarks.len()),
        (Some(2), 1),
        "it goes on counting, and observes first"
    );
    let full = Some(doorstep_core::site::Mode::Full);
    assert_eq!(
        world
            .machine
            .push_in_mode(&text, full)
            .await
            .expect("a push")
            .version,
        Some(3)
    );
    assert_eq!(world.inside("Members").await.len(), 13);
}
