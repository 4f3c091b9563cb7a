//! Members whom a hand added and whom the platform knows.

use serde_json::json;

use crate::journeys::{PLAN, town};
use crate::support::{Doors, DoorsFixture, Scenario, at_both};

at_both! {
    b4_people_whom_the_platform_knows_leave_once_the_removal_is_approved,
}

async fn b4_people_whom_the_platform_knows_leave_once_the_removal_is_approved(at: Doors) {
    let people = ["ada", "bob", "eve"];
    let fixture = people
        .iter()
        .fold(DoorsFixture::with(&["Members"]), |fixture, who| {
            fixture.person(who).inside(who, "Members")
        });
    let scenario = Scenario::at(at, PLAN).doors_say("foreign = \"remove\"");
    let world = scenario.begin(town(json!({})), fixture).await;
    assert_eq!(world.inside("Members").await, people, "all of a group wait");
    assert_eq!(world.holds().await[0].hold.revokes, 3);
    world.approve_all().await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.ends_well().await;
}
