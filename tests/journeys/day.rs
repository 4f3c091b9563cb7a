//! A day of a site as it is played: what is planned, what is open, what was, and what went wrong.

use serde_json::json;

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, at_both};
use doorstep_core::model::ids::SiteId;
use doorstep_operator::day::shape::{Bar, BarNote, BarState, DayBasis, DayGroup};
use doorstep_operator::day::{Day, day};

at_both!(
    b16_a_window_is_planned_then_open_then_ended,
    b16_what_a_vendor_held_up_is_refused_and_then_late,
    b16_a_past_day_is_shown_from_its_records_alone,
    b16_whole_day_members_are_one_bar,
    b16_a_cancelled_booking_is_shown_by_its_records,
    b16_a_site_that_observes_only_plans,
    b16_a_closed_day_is_shown_as_closed,
);

/// Returns the day that `date` names, or today.
async fn shown(world: &World, date: Option<&str>) -> Day {
    world.machine.quiet().await;
    let date = date.map(|date| date.parse().expect("a day"));
    let calls = [
        world.calls(world.doors.word()).await,
        world.calls("officernd").await,
    ];
    let day = day(world.machine.environment(), &SiteId::from(SITE), date)
        .await
        .expect("a day");
    let after = [
        world.calls(world.doors.word()).await,
        world.calls("officernd").await,
    ];
    assert_eq!(calls, after, "no vendor is called");
    day
}

fn group<'d>(day: &'d Day, name: &str) -> &'d DayGroup {
    let found = day
        .groups
        .iter()
        .find(|one| one.name.as_deref() == Some(name));
    found.expect("the group")
}

/// Returns the bars of a group as `planned 09:45-11:15 eve`, in UTC.
fn told(day: &Day, name: &str) -> Vec<String> {
    let bar = |bar: &Bar| {
        let clock = |at: jiff::Timestamp| at.strftime("%H:%M").to_string();
        let first = |email: &String| email.split('@').next().unwrap_or_default().to_owned();
        let people = bar.people.iter();
        let people: Vec<String> = people
            .map(|one| one.who.email.as_ref().map_or("?".to_owned(), first))
            .collect();
        let (from, until) = (clock(bar.from), clock(bar.until));
        format!("{} {from}-{until} {}", bar.state.word(), people.join(" "))
    };
    group(day, name).bars.iter().map(bar).collect()
}

fn next(day: &Day) -> Option<(String, &str, usize)> {
    let next = day.next.as_ref()?;
    let name = next.name.as_deref().unwrap_or_default();
    Some((next.at.to_string(), name, next.people))
}

fn meetings() -> serde_json::Value {
    json!({ "bookings": [booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"),
        booking("bob", "2026-03-02T14:00:00Z", "2026-03-02T15:00:00Z"),
        booking("ada", "2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z")] })
}

async fn b16_a_window_is_planned_then_open_then_ended(at: Doors) {
    let world = Scenario::at(at, ROOM)
        .begin(town(meetings()), DoorsFixture::with(&["Meeting"]))
        .await;
    let day = shown(&world, None).await;
    let plan = ["planned 09:45-11:15 eve", "planned 13:45-15:15 bob"];
    assert_eq!(told(&day, "Meeting"), plan);
    assert_eq!(
        (day.day.to_string().as_str(), day.timezone.as_str()),
        ("2026-03-02", "Europe/London")
    );
    let first = ("2026-03-02T09:45:00Z".to_owned(), "Meeting", 1);
    assert_eq!(next(&day), Some(first));
    let person = &group(&day, "Meeting").bars[0].people[0];
    let reason = &person.reasons[0];
    assert_eq!(
        (reason.facts[0].to_string().as_str(), reason.rule),
        ("booking b-eve", 1)
    );
    assert_eq!(person.who.name, "Eve Curie");

    world.clock("2026-03-02T10:00:00Z").await;
    let day = shown(&world, None).await;
    let running = ["open 09:45-11:15 eve", "planned 13:45-15:15 bob"];
    assert_eq!(told(&day, "Meeting"), running);
    let opened = group(&day, "Meeting").bars[0].people[0].opened;
    assert_eq!(opened, Some("2026-03-02T09:45:00Z".parse().unwrap()));

    world.clock("2026-03-02T16:00:00Z").await;
    let day = shown(&world, None).await;
    let over = ["ended 09:45-11:15 eve", "ended 13:45-15:15 bob"];
    assert_eq!(told(&day, "Meeting"), over);
    let tomorrow = ("2026-03-03T09:45:00Z".to_owned(), "Meeting", 1);
    assert_eq!(next(&day), Some(tomorrow.clone()));
    let day = shown(&world, Some("2026-03-03")).await;
    assert_eq!(told(&day, "Meeting"), ["planned 09:45-11:15 ada"]);
    assert_eq!(next(&day), Some(tomorrow));
    assert!(day.remarks.is_empty(), "{:?}", day.remarks);
    world.ends_well().await;
}

async fn b16_what_a_vendor_held_up_is_refused_and_then_late(at: Doors) {
    let mut world = Scenario::at(at, ROOM)
        .begin(
            town(meetings()),
            DoorsFixture::with(&["Meeting"]).person("eve"),
        )
        .await;
    let away = json!([{ "match": "*", "status": 500, "times": -1 }]);
    world.faults(away.clone()).await;
    world.clock("2026-03-02T09:50:00Z").await;
    let day = shown(&world, None).await;
    assert_eq!(told(&day, "Meeting")[0], "refused 09:45-11:15 eve");
    let note = group(&day, "Meeting").bars[0].people[0].note.clone();
    let Some(BarNote::Refused { why }) = note else {
        panic!("{note:?}")
    };
    assert!(why.contains("500"), "{why}");
    world.faults(json!([])).await;
    world.clock("2026-03-02T10:10:00Z").await;
    let day = shown(&world, None).await;
    assert_eq!(told(&day, "Meeting")[0], "late 09:45-11:15 eve");
    let note = group(&day, "Meeting").bars[0].people[0].note.clone();
    let Some(BarNote::OpenedLate { seconds, delay }) = note else {
        panic!("{note:?}")
    };
    assert!(seconds >= 300 && delay.is_some_and(|why| why.contains("500")));
    world.clock("2026-03-02T16:00:00Z").await;
    let day = shown(&world, None).await;
    let over = ["late 09:45-11:15 eve", "ended 13:45-15:15 bob"];
    assert_eq!(told(&day, "Meeting"), over);
    world.ends_in_order().await;
}

async fn b16_a_past_day_is_shown_from_its_records_alone(at: Doors) {
    let more = json!({ "memberships": [hot_desk("ada")], "bookings": meetings()["bookings"] });
    let world = Scenario::at(at, &format!("{PLAN}{ROOM}"))
        .begin(town(more), DoorsFixture::with(&["Members", "Meeting"]))
        .await;
    world.clock("2026-03-03T08:00:00Z").await;
    let with_facts = shown(&world, Some("2026-03-02")).await;
    assert_eq!(with_facts.basis, DayBasis::Facts);
    world.clock("2026-03-09T08:00:00Z").await;
    let day = shown(&world, Some("2026-03-02")).await;
    assert_eq!(day.basis, DayBasis::Records);
    let over = ["ended 09:45-11:15 eve", "ended 13:45-15:15 bob"];
    assert_eq!(told(&day, "Meeting"), over);
    assert_eq!(told(&with_facts, "Meeting"), over);
    let record = &group(&day, "Meeting").bars[0].people[0].record;
    assert!(
        record
            .as_ref()
            .is_some_and(|why| why.contains("booking b-eve")),
        "{record:?}"
    );
    assert_eq!(told(&day, "Members"), ["open 08:00-00:00 ada"]);
    world.ends_well().await;
}

async fn b16_whole_day_members_are_one_bar(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada"), hot_desk("bob"), hot_desk("eve")] });
    let world = Scenario::at(at, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    let day = shown(&world, None).await;
    assert_eq!(told(&day, "Members"), ["open 00:00-00:00 ada bob eve"]);
    assert_eq!(next(&day), None);
    let tomorrow = shown(&world, Some("2026-03-03")).await;
    let bars = told(&tomorrow, "Members");
    assert_eq!(bars, ["open 00:00-00:00 ada bob eve"], "it goes on");
    world.ends_well().await;
}

async fn b16_a_cancelled_booking_is_shown_by_its_records(at: Doors) {
    let world = Scenario::at(at, ROOM)
        .begin(town(meetings()), DoorsFixture::with(&["Meeting"]))
        .await;
    world.clock("2026-03-02T10:00:00Z").await;
    world
        .change_and_deliver(json!({ "remove": { "bookings": ["b-eve"] } }))
        .await;
    let day = shown(&world, None).await;
    let bars = told(&day, "Meeting");
    assert_eq!(bars, ["ended 09:45-10:00 eve", "planned 13:45-15:15 bob"]);
    let person = &group(&day, "Meeting").bars[0].people[0];
    assert!(person.reasons.is_empty(), "no fact opens it now");
    assert!(
        person
            .record
            .as_ref()
            .is_some_and(|why| why.contains("booking b-eve"))
    );
    world.ends_well().await;
}

async fn b16_a_site_that_observes_only_plans(at: Doors) {
    let world = Scenario::at(at, ROOM)
        .mode("observe")
        .begin(town(meetings()), DoorsFixture::with(&["Meeting"]))
        .await;
    world.clock("2026-03-02T12:00:00Z").await;
    let day = shown(&world, None).await;
    let plan = ["planned 09:45-11:15 eve", "planned 13:45-15:15 bob"];
    assert_eq!(told(&day, "Meeting"), plan);
    assert_eq!(next(&day), None);
    world.ends_well().await;
}

async fn b16_a_closed_day_is_shown_as_closed(at: Doors) {
    let rules = format!("{ROOM}[[closed]]\ndays = \"2026-03-02\"\n");
    let world = Scenario::at(at, &rules)
        .begin(town(meetings()), DoorsFixture::with(&["Meeting"]))
        .await;
    let day = shown(&world, None).await;
    let bars = told(&day, "Meeting");
    assert_eq!(bars, ["closed 09:45-11:15 eve", "closed 13:45-15:15 bob"]);
    let bar = &group(&day, "Meeting").bars[0];
    assert_eq!(bar.state, BarState::Closed);
    assert!(matches!(&bar.people[0].note, Some(BarNote::Closed { .. })));
    let tuesday = ("2026-03-03T09:45:00Z".to_owned(), "Meeting", 1);
    assert_eq!(next(&day), Some(tuesday));
    world.ends_well().await;
}
