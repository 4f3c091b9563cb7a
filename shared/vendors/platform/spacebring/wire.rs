//! Translates Spacebring's records into facts: places, plans and people. Field names and values are
//! those of the vendor's OpenAPI document. `[D]`
//!
//! A record with an unreadable field becomes [`Unreadable`](crate::platform::found::Unreadable).
//! Without that, it would either seem to be gone or seem to have no limits.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::platform::fields::JsonRecord;
use crate::platform::found::Translated;
use doorstep_core::model::fact::{Fact, Floor, Id, Location, Plan, Profile, Resource, Team, What};

/// Returns whether a record is kept only to say that the thing is gone.
pub(super) fn is_deleted(record: &Value) -> bool {
    JsonRecord::of(record).is_some_and(|record| record.text("deleteDate").is_some())
}

/// Wraps what a record says; `None` if the record does not say which thing it is. Bookings alone
/// say when they changed.
pub(super) fn fact(record: &JsonRecord<'_>, what: What) -> Option<Translated> {
    let fact = Fact {
        id: record.id("id")?,
        what,
        changed: record.changed("updateDate"),
    };
    Some(record.translated(fact))
}

fn title(record: &JsonRecord<'_>) -> String {
    record.text("title").unwrap_or_default()
}

/// Translates a location.
pub(super) fn location(record: &Value) -> Option<Translated> {
    let record = &JsonRecord::of(record)?;
    let location = Location {
        name: title(record),
        timezone: record.text("timezoneId"),
    };
    fact(record, What::Location(location))
}

/// Translates a floor.
pub(super) fn floor(record: &Value) -> Option<Translated> {
    let record = &JsonRecord::of(record)?;
    let floor = Floor {
        name: title(record),
        location: record.reference("locationRef"),
    };
    fact(record, What::Floor(floor))
}

/// Returns the resources that a floor's drawing shows. A shape of the drawing maps to the resources
/// in it `[I]`.
pub(super) fn resources_on(floor: &Value) -> impl Iterator<Item = Id> {
    let mappings = floor.get("mappings").and_then(Value::as_object);
    let shown = mappings.into_iter().flat_map(|all| all.values());
    let ids = shown.filter_map(Value::as_array).flatten();
    ids.filter_map(Value::as_str).map(Id::from)
}

/// Translates a resource, which is on `floor`.
pub(super) fn resource(record: &Value, floor: Option<Id>) -> Option<Translated> {
    let record = &JsonRecord::of(record)?;
    let resource = Resource {
        name: title(record),
        location: record.reference("locationRef"),
        floor,
        parent: record.reference("parentRef"),
    };
    fact(record, What::Resource(resource))
}

/// Translates a plan.
pub(super) fn plan(record: &Value) -> Option<Translated> {
    let record = &JsonRecord::of(record)?;
    let plan = Plan {
        name: title(record),
        location: record.reference("locationRef"),
    };
    fact(record, What::Plan(plan))
}

/// Translates a company.
pub(super) fn company(record: &Value) -> Option<Translated> {
    let record = &JsonRecord::of(record)?;
    let team = Team {
        name: title(record),
        location: record.reference("locationRef"),
        active: true,
    };
    fact(record, What::Team(team))
}

/// Translates a membership of the community: one person at one location. A person who only asked to
/// join gets nothing through a company.
pub(super) fn member(record: &Value) -> Option<Translated> {
    let record = &JsonRecord::of(record)?;
    let user = person(record, "user");
    let profile = Profile {
        teams: record.reference("companyRef").into_iter().collect(),
        location: record.reference("locationRef"),
        shares_team: record.text("status").as_deref() != Some("requested"),
        ..user
    };
    fact(record, What::Member(profile))
}

/// Returns the name and the address of the person in a field.
pub(super) fn person(record: &JsonRecord<'_>, field: &str) -> Profile {
    let empty = Value::Object(serde_json::Map::new());
    let user = record.value(field).unwrap_or(&empty);
    let (name, email) = JsonRecord::of(user).map_or_else(Default::default, |user| {
        let names = [user.text("name"), user.text("surname")];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        (name, user.text("email"))
    });
    Profile::guest(name, email)
}

/// Returns the local day of an instant. Spacebring writes midnight of the location as an instant
/// `[I]`. Without the location's zone the day cannot be read: a day of another zone would end
/// access hours too early.
pub(super) fn day(record: &JsonRecord<'_>, field: &str, zone: Option<&TimeZone>) -> Option<Date> {
    let at: Timestamp = record.instant(field)?;
    let zone = record.must(field, zone)?;
    Some(at.to_zoned(zone.clone()).date())
}

/// Returns the last local day before an instant. Without a zone it cannot be read, see [`day`].
pub(super) fn last_day(
    record: &JsonRecord<'_>,
    field: &str,
    zone: Option<&TimeZone>,
) -> Option<Date> {
    let end = record.instant(field)?;
    let zone = record.must(field, zone)?;
    let last = end.checked_sub(SignedDuration::from_secs(1)).unwrap_or(end);
    Some(last.to_zoned(zone.clone()).date())
}
