//! People and groups with the signs of the diff, from the table alone.

use serde_json::json;

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, at_both};
use doorstep_core::model::ids::SiteId;
use doorstep_operator::groups::{Groups, GroupsQuery, groups};

at_both!(
    b16_everyone_in_a_group_has_a_sign,
    b16_what_a_vendor_refuses_is_a_problem_in_its_group,
    b16_what_a_paused_site_does_not_put_right_is_shown,
);

async fn shown(world: &World, only_wrong: bool) -> Groups {
    world.machine.quiet().await;
    let vendors = [world.doors.word(), "officernd"];
    let before = [world.calls(vendors[0]).await, world.calls(vendors[1]).await];
    let wanted = GroupsQuery {
        only_wrong,
        page: 0,
    };
    let shown = groups(world.machine.environment(), &SiteId::from(SITE), &wanted)
        .await
        .expect("an answer");
    let after = [world.calls(vendors[0]).await, world.calls(vendors[1]).await];
    assert_eq!(before, after, "no vendor is called");
    shown
}

/// Returns the rows as `Ada Byron: = Members`.
fn told(groups: &Groups) -> Vec<String> {
    let row = |row: &doorstep_operator::groups::shape::GroupsRow| {
        let cells = row.cells.iter().map(|cell| {
            let name = groups.groups[cell.group]
                .name
                .as_deref()
                .unwrap_or_default();
            format!("{} {name}", cell.sign.mark())
        });
        format!("{}: {}", row.who.name, cells.collect::<Vec<_>>().join(", "))
    };
    groups.people.iter().map(row).collect()
}

async fn b16_everyone_in_a_group_has_a_sign(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada"), hot_desk("bob")],
        "bookings": [booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"),
            booking("ada", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")] });
    let fixture = DoorsFixture::with(&["Members", "Meeting"])
        .person("mallory")
        .inside("mallory", "Members")
        .inside("owner", "Members");
    let world = Scenario::at(at, &format!("{PLAN}{ROOM}"))
        .begin(town(things), fixture)
        .await;
    world.clock("2026-03-02T10:00:00Z").await;
    let all = shown(&world, false).await;
    let wanted = [
        "Ada Byron: = Meeting, = Members",
        "Bob Noyce: = Members",
        "Eve Curie: = Meeting",
        "mallory: ? Members",
    ];
    assert_eq!(told(&all), wanted);
    assert_eq!(told(&shown(&world, true).await), ["mallory: ? Members"]);
    let members = &all.groups[1];
    let counts = members.counts.iter();
    let counts: Vec<(char, usize)> = counts.map(|one| (one.sign.mark(), one.people)).collect();
    assert_eq!(counts, [('?', 1), ('=', 2)]);
    assert!(members.seen.is_some());
    assert_eq!((all.all_people, all.pages), (4, 1));
    let until = all.people[2].cells[0].until.map(|until| until.to_string());
    assert_eq!(until.as_deref(), Some("2026-03-02T11:15:00Z"));
    world.ends_well().await;
}

async fn b16_what_a_vendor_refuses_is_a_problem_in_its_group(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let mut world = Scenario::at(at, PLAN)
        .start(town(things), DoorsFixture::with(&["Members"]))
        .await;
    let writes = match at {
        Doors::SaltoKs => "POST /v1*",
        Doors::Kisi => "POST *",
    };
    world
        .faults(json!([{ "match": writes, "status": 422, "times": -1 }]))
        .await;
    world.reconcile().await;
    assert_eq!(told(&shown(&world, true).await), ["Ada Byron: ! Members"]);
    world.faults(json!([])).await;
    world.clock("2026-03-02T09:00:00Z").await;
    assert_eq!(told(&shown(&world, true).await), Vec::<String>::new());
    assert_eq!(told(&shown(&world, false).await), ["Ada Byron: = Members"]);
    world.ends_in_order().await;
}

async fn b16_what_a_paused_site_does_not_put_right_is_shown(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] });
    let mut world = Scenario::at(at, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    world.clock("2026-03-02T08:20:00Z").await;
    let paused = world.machine.pause(&SiteId::from(SITE), None).await;
    assert!(paused.expect("it is paused").changed);
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-bob"] } }))
        .await;
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("eve")] }))
        .await;
    let ada = world.account("ada").await["id"].clone();
    world
        .by_hand(|fixture| {
            let members = fixture["groups"][0]["members"]
                .as_array_mut()
                .expect("members");
            members.retain(|member| member["user"] != ada);
        })
        .await;
    world.reconcile().await;
    let paused = shown(&world, true).await;
    let wanted = [
        "Ada Byron: + Members",
        "Bob Noyce: - Members",
        "Eve Curie: + Members",
    ];
    assert_eq!(told(&paused), wanted);
    assert_eq!(paused.remarks.len(), 1, "{:?}", paused.remarks);
    let resumed = world.machine.resume(&SiteId::from(SITE)).await;
    resumed.expect("it is resumed");
    world.machine.quiet().await;
    assert_eq!(told(&shown(&world, true).await), Vec::<String>::new());
    world.ends_in_order().await;
}
