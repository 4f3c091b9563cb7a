//! A day that was, replayed through a changed site file: who would have had access, who not, from
//! when until when.

use serde_json::json;

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World, at_both};
use doorstep_core::model::error::Error;
use doorstep_operator::rehearse::{DifferenceKind, Rehearsal};

at_both!(
    b11_yesterday_is_replayed_through_a_changed_site_file,
    b11_a_person_who_has_both_ways_in_loses_nothing_with_one_of_them,
    b11_a_day_that_no_one_remembers_is_refused_and_says_how_far_back_it_goes,
    b11_a_file_that_is_wrong_is_not_rehearsed,
);

/// Ada is a member since the new year; Eve had the room yesterday from ten to eleven.
async fn after_a_sunday(at: Doors) -> World {
    let things = json!({ "memberships": [hot_desk("ada")],
        "bookings": [booking("eve", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z")] });
    let scenario = Scenario::at(at, &format!("{PLAN}{ROOM}"));
    scenario
        .begin(town(things), DoorsFixture::with(&["Members", "Meeting"]))
        .await
}

async fn rehearse(world: &World, text: &str, day: Option<&str>) -> Result<Rehearsal, Error> {
    let day = day.map(|day| day.parse().expect("a day"));
    world.machine.rehearse(text, day).await
}

fn told(rehearsal: &Rehearsal) -> Vec<String> {
    let hour = |at: &jiff::Timestamp| at.to_string().replace(":00Z", "");
    let one = |one: &doorstep_operator::rehearse::AccessDifference| {
        let word = if one.what == DifferenceKind::Gains {
            "gains"
        } else {
            "loses"
        };
        let who = one
            .who
            .email
            .as_deref()
            .expect("an address")
            .replace("@example.test", "");
        format!(
            "{who} {word} {} {}..{}",
            one.name,
            hour(&one.from),
            hour(&one.until)
        )
    };
    rehearsal.changes.iter().map(one).collect()
}

async fn b11_yesterday_is_replayed_through_a_changed_site_file(at: Doors) {
    let world = after_a_sunday(at).await;
    let (state, table) = (world.state().await, world.table().await);
    let calls = [world.calls(at.word()).await, world.calls("officernd").await];
    let early = ROOM.replace("opens", "before = \"30m\"\nafter = \"0m\"\nopens");
    let text = Scenario::at(
        at,
        &format!("{}{early}", PLAN.replace("Members", "Meeting")),
    )
    .text();
    let played = rehearse(&world, &text, None).await.expect("it is played");
    assert_eq!(
        (
            played.day.map(|day| day.to_string()).as_deref(),
            played.version
        ),
        (Some("2026-03-01"), Some(1))
    );
    let wanted = [
        "ada gains Meeting 2026-03-01T00:00..2026-03-02T00:00",
        "eve gains Meeting 2026-03-01T09:30..2026-03-01T09:45",
        "eve loses Meeting 2026-03-01T11:00..2026-03-01T11:15",
        "ada loses Members 2026-03-01T00:00..2026-03-02T00:00",
    ];
    assert_eq!(told(&played), wanted);
    let said = played.to_string();
    let line = "  + Eve Curie <eve@example.test> would have had access from 2026-03-01 09:30 until 2026-03-01 09:45: booking b-eve";
    assert!(
        said.starts_with("site riverside, Sunday 2026-03-01 in the time zone Europe/London")
            && said.contains(line),
        "{said}"
    );
    assert!(
        said.ends_with("2 would have gained access, 2 would have lost it"),
        "{said}"
    );
    assert_eq!(
        (world.state().await, world.table().await),
        (state, table),
        "nothing is written"
    );
    assert_eq!(
        [world.calls(at.word()).await, world.calls("officernd").await],
        calls,
        "no vendor is called"
    );
    // A day to come is played as well as one that was.
    let played = rehearse(&world, &text, Some("2026-03-03"))
        .await
        .expect("it is played");
    assert_eq!(told(&played).len(), 2, "{played}");
    let same = Scenario::at(at, &format!("{PLAN}{ROOM}")).text();
    let played = rehearse(&world, &same, None).await.expect("it is played");
    assert!(
        played
            .to_string()
            .ends_with("the day would have been the same"),
        "{played}"
    );
    world.ends_well().await;
}

async fn b11_a_person_who_has_both_ways_in_loses_nothing_with_one_of_them(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")],
        "bookings": [booking("ada", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z")] });
    let both = format!("{}{ROOM}", PLAN.replace("Members", "Meeting"));
    let world = Scenario::at(at, &both)
        .begin(town(things), DoorsFixture::with(&["Meeting"]))
        .await;
    let played = rehearse(&world, &Scenario::at(at, ROOM).text(), Some("2026-03-01"))
        .await
        .expect("it is played");
    let wanted = [
        "ada loses Meeting 2026-03-01T00:00..2026-03-01T09:45",
        "ada loses Meeting 2026-03-01T11:15..2026-03-02T00:00",
    ];
    assert_eq!(told(&played), wanted);
    let plan = Scenario::at(at, &PLAN.replace("Members", "Meeting")).text();
    let played = rehearse(&world, &plan, Some("2026-03-01"))
        .await
        .expect("it is played");
    assert_eq!(told(&played), [""; 0], "her membership opens it all day");
}

async fn b11_a_day_that_no_one_remembers_is_refused_and_says_how_far_back_it_goes(at: Doors) {
    let world = after_a_sunday(at).await;
    let text = Scenario::at(at, &format!("{PLAN}{ROOM}")).text();
    for far in ["2026-02-26", "2025-03-01", "2026-08-01"] {
        let refused = rehearse(&world, &text, Some(far))
            .await
            .expect_err(far)
            .to_string();
        assert!(
            refused.contains("so write a day from 2026-02-28 to 2026-04-30"),
            "{refused}"
        );
    }
    assert!(rehearse(&world, &text, Some("2026-02-28")).await.is_ok());
    let elsewhere = Scenario::at(at, PLAN).named("harbour");
    let refused = rehearse(&world, &elsewhere, None)
        .await
        .expect_err("there is no such site")
        .to_string();
    assert!(refused.contains("there is no site harbour"), "{refused}");
    let other = text.replace("organization = \"riverside\"", "organization = \"other\"");
    let refused = rehearse(&world, &other, None)
        .await
        .expect_err("that day is unknown")
        .to_string();
    assert!(refused.contains("names another platform"), "{refused}");
}

async fn b11_a_file_that_is_wrong_is_not_rehearsed(at: Doors) {
    let world = after_a_sunday(at).await;
    let text = Scenario::at(at, PLAN).text();
    let played = rehearse(&world, &text.replace("opens", "open"), None)
        .await
        .expect("an answer");
    assert!(!played.findings.is_empty() && played.changes.is_empty() && played.day.is_none());
    // A name that stands for nothing opens nothing, and is said.
    let played = rehearse(&world, &text.replace("Hot desk", "Hot dek"), None)
        .await
        .expect("it is played");
    assert!(
        played
            .problems
            .iter()
            .any(|problem| problem.contains("no plan is named \"Hot dek\"")),
        "{played}"
    );
    assert_eq!(
        played
            .changes
            .iter()
            .filter(|change| change.what == DifferenceKind::Gains)
            .count(),
        0
    );
}
