//! What the line does with what it cannot serve, and what is done about an alarm that could not be
//! set.

use serde_json::json;

use super::{ROOM, booking, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario};

#[tokio::test]
async fn a_message_that_no_one_can_read_is_a_dead_letter_and_its_site_goes_on() {
    let world = Scenario::at(Doors::Kisi, ROOM)
        .begin(town(json!({})), DoorsFixture::with(&["Meeting"]))
        .await;
    world
        .machine
        .cloud()
        .triggers
        .send(SITE, Some("poison"), "not a bell")
        .expect("taken");
    world
        .change_and_deliver(
            json!({ "bookings": [booking("eve", "2026-03-02T07:00:00Z", "2026-03-02T11:00:00Z")] }),
        )
        .await;
    let dead: Vec<String> = world
        .machine
        .cloud()
        .triggers
        .dead()
        .into_iter()
        .map(|message| message.body)
        .collect();
    assert_eq!(dead, ["not a bell"]);
    assert_eq!(world.inside("Meeting").await, ["eve"]);
}

#[tokio::test]
async fn i9_an_id_with_a_character_that_sqs_refuses_is_taken_and_its_site_goes_on() {
    let world = Scenario::at(Doors::Kisi, ROOM)
        .begin(town(json!({})), DoorsFixture::with(&["Meeting"]))
        .await;
    let delivery = json!({ "event": "booking.created", "data": { "object": { "_id": "b-\u{fffe}\u{ffff}" } } });
    assert_eq!(world.deliver(delivery.to_string().as_bytes()).await, 202);
    world
        .change_and_deliver(
            json!({ "bookings": [booking("eve", "2026-03-02T07:00:00Z", "2026-03-02T11:00:00Z")] }),
        )
        .await;
    assert_eq!(world.inside("Meeting").await, ["eve"]);
    assert_eq!(world.machine.cloud().triggers.dead().len(), 0);
}

#[tokio::test]
async fn a_schedule_that_could_not_be_set_is_set_in_the_next_round() {
    let world = Scenario::at(Doors::Kisi, ROOM)
        .begin(town(json!({})), DoorsFixture::with(&["Meeting"]))
        .await;
    for refused in 1..=3 {
        world.machine.cloud().schedules.refuse(refused);
        let (start, end) = (
            format!("2026-03-0{}T10:00:00Z", 2 + refused),
            format!("2026-03-0{}T11:00:00Z", 2 + refused),
        );
        world
            .change_and_deliver(json!({ "bookings": [booking("eve", &start, &end)] }))
            .await;
        world
            .at(
                &format!("2026-03-0{}T09:45:00Z", 2 + refused),
                "Meeting",
                &["eve"],
            )
            .await;
        world
            .at(
                &format!("2026-03-0{}T11:15:00Z", 2 + refused),
                "Meeting",
                &[],
            )
            .await;
    }
    world.ends_well().await;
}
