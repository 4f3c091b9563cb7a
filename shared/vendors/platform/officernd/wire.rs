//! Translates OfficeRnD's records into facts. Field names and values are those of its second API.
//! `[C]`
//!
//! A record with an unreadable field becomes [`Unreadable`](crate::platform::found::Unreadable).
//! Without that, it would either seem to be gone or seem to have no limits. A membership without an
//! end runs on. A booking must have a start and an end.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::platform::fields::{self, JsonRecord};
use crate::platform::found::{Translated, UnreadableAssignment};
use doorstep_core::decide::cards::numbers;
use doorstep_core::decide::recurrence::occurrences;
use doorstep_core::model::fact::{
    Assignment, Booking, Checkin, Fact, Floor, Holder, Id, Kind, Location, Membership, Pass, Plan,
    Profile, Resource, Series, Team, Visit, What,
};

/// Returns the id of a record.
pub(super) fn id(record: &Value) -> Option<Id> {
    JsonRecord::of(record)?.id("_id")
}

/// Translates a record into a fact of `kind`; `None` if the record does not say which thing it is.
pub(super) fn fact(kind: Kind, record: &Value) -> Option<Translated> {
    let record = &JsonRecord::of(record)?;
    let what = match kind {
        Kind::Location => What::Location(Location {
            name: record.name(),
            timezone: record.text("timezone"),
        }),
        Kind::Floor => What::Floor(Floor {
            name: record.name(),
            location: record.reference("location"),
        }),
        Kind::Resource => What::Resource(Resource {
            parent: None,
            name: record.name(),
            location: record.reference("location"),
            floor: record.reference("floor"),
        }),
        Kind::Plan => What::Plan(Plan {
            name: record.name(),
            location: None,
        }),
        Kind::Team => What::Team(Team {
            name: record.name(),
            location: record.reference("location"),
            active: true,
        }),
        Kind::Member => What::Member(member(record)),
        Kind::Visitor => What::Visitor(visitor(record)),
        Kind::Membership => What::Membership(membership(record)),
        Kind::Booking => What::Booking(Box::new(booking(record))),
        Kind::Pass => What::Pass(pass(record)),
        Kind::Checkin => return checkin(record),
        Kind::Visit => What::Visit(visit(record)),
    };
    let fact = Fact {
        id: record.id("_id")?,
        what,
        changed: record.changed("modifiedAt"),
    };
    Some(record.translated(fact))
}

/// Content of an assignment's record.
pub(super) enum AssignmentContent {
    /// The membership with which the assignment comes, and the assignment.
    To(Id, Assignment),
    /// The assignment comes without a membership.
    ToNone,
    /// The assignment cannot be read.
    Unreadable(UnreadableAssignment),
}

/// Translates an assignment; `None` if the record does not say which assignment it is. An
/// assignment without dates has those of its membership.
pub(super) fn assignment(record: &Value) -> Option<AssignmentContent> {
    let record = JsonRecord::of(record)?;
    let id = record.id("_id")?;
    let (from, until) = (record.day("startDate"), record.day("endDate"));
    let (resource, membership) = (
        record.must("resource", record.reference("resource")),
        record.reference("membership"),
    );
    Some(match (record.malformed(), resource, membership) {
        (None, Some(resource), Some(membership)) => AssignmentContent::To(
            membership,
            Assignment {
                id,
                resource,
                from,
                until,
            },
        ),
        (None, ..) => AssignmentContent::ToNone,
        (Some(field), ..) => AssignmentContent::Unreadable(UnreadableAssignment { id, field }),
    })
}

/// Returns the member, or the company if no member is named. The company means all its members.
/// `[D]`
fn holder(record: &JsonRecord) -> Option<Holder> {
    let member = record.reference("member").map(Holder::Member);
    member.or_else(|| record.reference("company").map(Holder::Team))
}

/// Translates a member. People who left, are not yet members or were rejected get no access through
/// their company.
fn member(record: &JsonRecord) -> Profile {
    let apart = matches!(
        record.text("status").as_deref(),
        Some("former" | "lead" | "not_approved")
    );
    Profile {
        name: record.name().into(),
        email: record.text("email"),
        teams: record.reference("company").into_iter().collect(),
        location: record.reference("location"),
        shares_team: !apart,
        active: true,
        cards: Vec::new(),
    }
}

/// Returns the card numbers in a property of a member: a text, a number or a list of these. The
/// property is not one of OfficeRnD's own fields, so any other value is ignored.
pub(super) fn cards(record: &Value, property: &str) -> Vec<String> {
    let of = |value: &Value| match value {
        Value::String(text) => numbers(text),
        Value::Number(number) => numbers(&number.to_string()),
        _ => Vec::new(),
    };
    match record
        .get("properties")
        .and_then(|properties| properties.get(property))
    {
        Some(Value::Array(values)) => values.iter().flat_map(of).collect(),
        Some(value) => of(value),
        None => Vec::new(),
    }
}

/// Translates a guest. The member and the company in the record are the hosts. They give the guest
/// no access but the booking's.
fn visitor(record: &JsonRecord) -> Profile {
    Profile {
        location: record.reference("location"),
        ..Profile::guest(record.name(), record.text("email"))
    }
}

/// Translates a visit. The first API documents its fields `[D]`, where a location is an office.
/// Whether a cancelled visit stays in the list is unknown `[?]`.
fn visit(record: &JsonRecord) -> Visit {
    let location = record.reference("location");
    let start = record.must("start", record.instant("start"));
    Visit {
        visitor: record
            .must("visitor", record.reference("visitor"))
            .unwrap_or_default(),
        location: location.or_else(|| record.reference("office")),
        start: start.unwrap_or_default(),
        end: record.instant("end"),
        approved: !record.flag("isCancelled") && !record.flag("canceled"),
    }
}

fn membership(record: &JsonRecord) -> Membership {
    let (from, until) = (
        record.must("startDate", record.day("startDate")),
        record.day("endDate"),
    );
    Membership {
        items: Vec::new(),
        plan: record.reference("plan"),
        holder: holder(record),
        location: record.reference("location"),
        from,
        until,
        approved: approved(record),
        unpaid_since: None,
        assignments: Vec::new(),
        pauses: Vec::new(),
        awaits_next: false,
    }
}

/// Returns whether a membership counts: only `approved` does. If OfficeRnD leaves the status out,
/// the calculated status decides. If both are missing, the membership is not approved.
fn approved(record: &JsonRecord) -> bool {
    match (record.text("status"), record.text("calculatedStatus")) {
        (Some(status), _) => status == "approved",
        (None, Some(status)) => matches!(status.as_str(), "not_started" | "active" | "expired"),
        (None, None) => false,
    }
}

/// Translates a booking, or a series in one record. Preparation time (`serviceSlots`) gives no
/// access.
fn booking(record: &JsonRecord) -> Booking {
    let booking = Booking {
        resource: record.reference("resource"),
        location: record.reference("location"),
        booker: record.reference("member"),
        members: record.references("members"),
        visitors: record.references("visitors"),
        start: record
            .must("start", record.instant("start"))
            .unwrap_or_default(),
        end: record
            .must("end", record.instant("end"))
            .unwrap_or_default(),
        timezone: record.text("timezone"),
        series: series(record),
        alias: None,
        cancelled: record.flag("isCancelled"),
        tentative: record.flag("isTentative"),
        unpaid: false,
        teams: Vec::new(),
    };
    if record.malformed().is_none() && !repeats_readably(&booking) {
        record.cannot_read("recurrence.rrule");
    }
    booking
}

/// Returns whether the rule of a series can be read. A booking that ends before it starts is not
/// checked here.
fn repeats_readably(booking: &Booking) -> bool {
    let until = booking
        .start
        .saturating_add(SignedDuration::from_secs(1))
        .unwrap_or(Timestamp::MAX);
    booking.series.is_none()
        || booking.end < booking.start
        || occurrences(booking, &TimeZone::UTC, booking.start, until).is_ok()
}

/// Returns the series; `None` for a single booking. An occurrence that is cancelled by its day or
/// by its local time alone is appended to the rule as an `EXDATE` line, because only the expansion
/// knows the zone.
fn series(record: &JsonRecord) -> Option<Series> {
    let recurrence = record.must("recurrence", JsonRecord::of(record.value("recurrence")?))?;
    recurrence.value("rrule")?;
    let mut rule = record.must("recurrence.rrule", recurrence.text("rrule"))?;
    let mut except = Vec::new();
    let dates = recurrence
        .value("exdates")
        .map(|dates| record.must("recurrence.exdates", dates.as_array()));
    for date in dates.flatten().into_iter().flatten() {
        match date.as_str().and_then(exdate) {
            Some(line) => rule.extend(["\nEXDATE:", &line]),
            None => except.extend(record.must("recurrence.exdates", fields::instant(date))),
        }
    }
    Some(Series {
        rule,
        except,
        until: record.instant("seriesEnd"),
    })
}

/// Returns a day, or a day and a time without a zone, in the format of `EXDATE`.
fn exdate(text: &str) -> Option<String> {
    if let Some(day) = (text.len() == 10)
        .then(|| text.parse::<Date>().ok())
        .flatten()
    {
        return Some(day.strftime("%Y%m%d").to_string());
    }
    let zoned = text.parse::<Timestamp>().is_ok() || text.ends_with(['Z', 'z']);
    let local = if zoned {
        None
    } else {
        text.parse::<DateTime>().ok()
    };
    local.map(|local| local.strftime("%Y%m%dT%H%M%S").to_string())
}

/// Translates a pass: days bought in advance. OfficeRnD's passes have no names. A pass without a
/// count is a single day. A pass with the status `used` has no days left.
fn pass(record: &JsonRecord) -> Pass {
    let count = record.number("count").unwrap_or(1.0);
    let used = record.number("usedCount").unwrap_or(0.0);
    let all_used = record.text("status").as_deref() == Some("used");
    let (from, until) = (record.day("validFrom"), record.day("validTo"));
    Pass {
        name: record.text("name"),
        holders: holder(record).into_iter().collect(),
        count: Some(count),
        used: if all_used { used.max(count) } else { used },
        from,
        until,
        location: None,
        used_at: None,
    }
}

/// Translates a check-in. A check-in without an id gets one from the member and the time.
fn checkin(record: &JsonRecord) -> Option<Translated> {
    let (at, member) = (
        record.must("start", record.instant("start")),
        record.reference("member"),
    );
    let id = record
        .id("_id")
        .or_else(|| Some(format!("{}@{}", member.as_deref()?, at?).into()))?;
    let at = at.unwrap_or_default();
    let what = What::Checkin(Checkin {
        member,
        location: record.reference("location"),
        at,
        pass: None,
    });
    Some(record.translated(Fact {
        id,
        what,
        changed: record.changed("modifiedAt"),
    }))
}
