//! Translates Nexudus' records into facts. Field names are those of its REST API. `[D][C]`
//!
//! Every field may be missing except ids, the start of a contract and the two times of a booking. A
//! record with an unreadable field becomes [`Unreadable`](crate::platform::found::Unreadable).
//! Without that, it would either seem to be gone or seem to have no limits.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::platform::fields::JsonRecord;
use crate::platform::found::Translated;
use doorstep_core::decide::cards::numbers;
use doorstep_core::model::fact::{
    Assignment, Booking, Checkin, DESK, Fact, Holder, Id, Location, Membership, Pass, Pause, Plan,
    Profile, Resource, Team, What,
};

/// Fields that may contain a location's time zone `[?]`. A value that is not an IANA name is
/// ignored.
const ZONES: [&str; 4] = [
    "SimpleTimeZoneNameIana",
    "TimeZoneIana",
    "TimeZone",
    "SimpleTimeZoneName",
];
/// Reasons for a contract's end that announce a successor: renewed, upgraded or downgraded. `[D]`
const FOLLOWED: std::ops::RangeInclusive<u64> = 11..=13;

/// Prefix of the id of a pass that represents its kind.
pub(super) const UNSOLD: &str = "kind-";

/// Returns a record as a fact; `None` if the record does not say which thing it is.
fn fact(record: &JsonRecord, what: What) -> Option<Fact> {
    Some(Fact {
        id: record.id("Id")?,
        what,
        changed: record.changed("UpdatedOn"),
    })
}

/// Returns a record as a fact, or as unreadable if a requested field cannot be read.
fn translated(record: &JsonRecord, what: What) -> Option<Translated> {
    fact(record, what).map(|fact| record.translated(fact))
}

fn name(record: &JsonRecord, field: &str) -> String {
    record.text(field).unwrap_or_default()
}

/// Translates a location.
pub(super) fn business(value: &Value) -> Option<Fact> {
    let record = &JsonRecord::of(value)?;
    let zones = ZONES.iter().filter_map(|field| record.text(field));
    let timezone = zones.into_iter().find(|zone| TimeZone::get(zone).is_ok());
    fact(
        record,
        What::Location(Location {
            name: name(record, "Name"),
            timezone,
        }),
    )
}

/// Translates a room or another thing that can be booked.
pub(super) fn resource(value: &Value, usual: Option<&str>) -> Option<Fact> {
    let record = &JsonRecord::of(value)?;
    let location = record
        .reference("BusinessId")
        .or_else(|| usual.map(Id::from));
    fact(
        record,
        What::Resource(Resource {
            parent: None,
            name: name(record, "Name"),
            location,
            floor: None,
        }),
    )
}

/// Translates a desk or office of a floor plan.
pub(super) fn desk(value: &Value, usual: Option<&str>) -> Option<Fact> {
    let record = &JsonRecord::of(value)?;
    let location = record
        .reference("FloorPlanBusinessId")
        .or_else(|| usual.map(Id::from));
    let what = What::Resource(Resource {
        parent: None,
        name: name(record, "Name"),
        location,
        floor: None,
    });
    Some(Fact {
        id: format!("{DESK}{}", record.id("Id")?).into(),
        what,
        changed: record.changed("UpdatedOn"),
    })
}

/// Returns the contracts that a desk names, in one text. `[D]`
pub(super) fn contracts_of_desk(value: &Value) -> Vec<Id> {
    let named = JsonRecord::of(value).and_then(|record| record.text("CoworkerContractIds"));
    listed_ids(&named.unwrap_or_default())
}

/// Splits a text such as `1,2` into ids.
fn listed_ids(text: &str) -> Vec<Id> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|id| !id.is_empty())
        .map(Id::from)
        .collect()
}

/// Translates a tariff.
pub(super) fn plan(value: &Value, usual: Option<&str>) -> Option<Fact> {
    let record = &JsonRecord::of(value)?;
    let location = record
        .reference("BusinessId")
        .or_else(|| usual.map(Id::from));
    fact(
        record,
        What::Plan(Plan {
            name: name(record, "Name"),
            location,
        }),
    )
}

/// Translates a team. Nexudus cannot deactivate a team.
pub(super) fn team(value: &Value, usual: Option<&str>) -> Option<Fact> {
    let record = &JsonRecord::of(value)?;
    let location = record
        .reference("BusinessId")
        .or_else(|| usual.map(Id::from));
    fact(
        record,
        What::Team(Team {
            name: name(record, "Name"),
            location,
            active: true,
        }),
    )
}

/// Returns the teams of a coworker; `None` if the record has none. Only a record fetched by its id
/// lists them. `[D]`
pub(super) fn teams_of(value: &Value) -> Option<Vec<Id>> {
    let record = JsonRecord::of(value)?;
    record.value("Teams").map(|_| record.references("Teams"))
}

/// Translates a member or a contact who is in these teams. Suspended and archived people have no
/// access.
pub(super) fn coworker(value: &Value, teams: Vec<Id>, usual: Option<&str>) -> Option<Fact> {
    let record = &JsonRecord::of(value)?;
    let home = ["InvoicingBusinessId", "BusinessId"]
        .iter()
        .find_map(|field| record.reference(field));
    let profile = Profile {
        name: name(record, "FullName").into(),
        email: record.text("Email"),
        teams,
        location: home.or_else(|| usual.map(Id::from)),
        shares_team: true,
        active: record.flag_or("Active", true) && !record.flag("Archived"),
        cards: record
            .text("AccessCardId")
            .map(|text| cards(&text))
            .unwrap_or_default(),
    };
    fact(record, What::Member(profile))
}

/// Splits the card numbers in one field `[D]` and removes duplicates.
fn cards(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for card in numbers(text) {
        if !all.contains(&card) {
            all.push(card);
        }
    }
    all
}

/// Translates a guest of a booking. Returns the booking's id too.
pub(super) fn visitor(value: &Value) -> Option<(Fact, Option<Id>)> {
    let record = &JsonRecord::of(value)?;
    let profile = Profile::guest(name(record, "VisitorFullName"), record.text("VisitorEmail"));
    Some((
        fact(record, What::Visitor(profile))?,
        record.reference("BookingId"),
    ))
}

/// Returns the expected visitor who is this guest of a booking. `[D]`
pub(super) fn visit_of_guest(value: &Value) -> Option<Id> {
    JsonRecord::of(value)?.reference("VisitorId")
}

/// Translates a contract. Its desks are a text in a list and ids in a record fetched by its id.
/// `[D]` The day of cancellation is the last day `[I]`. `RenewalDate` concerns invoices.
pub(super) fn contract(
    value: &Value,
    location: Option<Id>,
    pauses: ContractPauses,
) -> Option<Translated> {
    let record = &JsonRecord::of(value)?;
    let id = record.id("Id")?;
    let (from, until) = (
        record.must("StartDate", record.day("StartDate")),
        record.day("CancellationDate"),
    );
    let pauses = pauses.unwrap_or_else(|field| {
        record.cannot_read(&field);
        Vec::new()
    });
    let over = record.flag("Cancelled") && until.is_none();
    let membership = Membership {
        items: Vec::new(),
        plan: record.reference("TariffId"),
        holder: record.reference("CoworkerId").map(Holder::Member),
        location,
        from,
        until,
        approved: record.flag_or("Active", true) && !over,
        unpaid_since: None,
        assignments: desks(record)
            .into_iter()
            .map(|desk| assignment(&id, &desk))
            .collect(),
        pauses,
        awaits_next: false,
    };
    translated(record, What::Membership(membership))
}

/// The pauses of a contract, or the field of one that cannot be read.
pub(super) type ContractPauses = Result<Vec<Pause>, String>;

fn desks(record: &JsonRecord) -> Vec<Id> {
    if record.value("Desks").is_some_and(Value::is_array) {
        return record.references("Desks");
    }
    listed_ids(&record.text("FloorPlanDeskIds").unwrap_or_default())
}

/// Returns the assignment ids of a contract's desks; `None` if the record does not list its desks.
/// A list may leave them out. `[D]`
pub(super) fn desk_assignments(value: &Value) -> Option<Vec<Id>> {
    let record = &JsonRecord::of(value)?;
    let id = record.id("Id")?;
    let says = value.get("FloorPlanDeskIds").is_some() || record.value("Desks").is_some();
    says.then(|| {
        desks(record)
            .iter()
            .map(|desk| assignment_id(&id, desk))
            .collect()
    })
}

fn assignment_id(contract: &str, desk: &str) -> Id {
    format!("{contract}-{desk}").into()
}

fn assignment(contract: &str, desk: &str) -> Assignment {
    Assignment {
        id: assignment_id(contract, desk),
        resource: format!("{DESK}{desk}").into(),
        from: None,
        until: None,
    }
}

/// Returns the last day of a contract that has a successor.
pub(super) fn followed(value: &Value) -> Option<Date> {
    let record = JsonRecord::of(value)?;
    let reason = record.text("CancellationReason")?.parse::<u64>().ok()?;
    record
        .day("CancellationDate")
        .filter(|_| FOLLOWED.contains(&reason))
}

/// Returns a contract's id with a pause, or with the field that cannot be read. `PauseUntil` is the
/// day on which the plan resumes `[D]`. If it has a time of day, that day is still paused.
pub(super) fn pause(value: &Value) -> Option<(Id, Result<Pause, String>)> {
    let record = &JsonRecord::of(value)?;
    let contract = record.reference("CoworkerContractId")?;
    let (from, day) = (record.day("PauseFrom"), record.day("PauseUntil"));
    if let Some(field) = record.malformed() {
        return Some((contract, Err(format!("{field} of a pause"))));
    }
    let midnight = |text: String| text.get(11..19).is_none_or(|time| time == "00:00:00");
    let until = match day {
        Some(day) if record.text("PauseUntil").is_some_and(midnight) => day.yesterday().ok(),
        day => day,
    };
    Some((
        contract,
        Ok(Pause {
            id: record.id("Id"),
            from: from?,
            until,
        }),
    ))
}

/// A kind of pass.
#[derive(Debug, Clone, Default)]
pub(super) struct PassKind {
    /// Its name.
    pub(super) name: Option<String>,
    /// The location that sells it.
    pub(super) location: Option<Id>,
}

/// Returns a kind of pass and its id.
pub(super) fn time_pass(value: &Value) -> Option<(Id, PassKind)> {
    let record = JsonRecord::of(value)?;
    Some((
        record.id("Id")?,
        PassKind {
            name: record.text("Name"),
            location: record.reference("BusinessId"),
        },
    ))
}

/// Returns a pass without holders that represents its kind. The name of the kind is then known
/// before the first sale.
pub(super) fn unsold(id: &str, kind: &PassKind) -> Fact {
    let pass = Pass {
        name: kind.name.clone(),
        holders: Vec::new(),
        count: Some(0.0),
        used: 0.0,
        from: None,
        until: None,
        location: kind.location.clone(),
        used_at: None,
    };
    Fact {
        id: format!("{UNSOLD}{id}").into(),
        what: What::Pass(pass),
        changed: None,
    }
}

/// Returns the other id of a pass, which check-ins use, and its own id.
pub(super) fn pass_alias(value: &Value) -> Option<(Id, Id)> {
    let record = JsonRecord::of(value)?;
    Some((
        record.text("UniqueId")?.to_lowercase().into(),
        record.id("Id")?,
    ))
}

/// Returns the coworker and the kind of a pass.
pub(super) fn pass_of(value: &Value) -> (Option<Id>, Option<Id>) {
    let record = JsonRecord::of(value);
    let read = |field| record.as_ref().and_then(|record| record.reference(field));
    (read("CoworkerId"), read("TimePassId"))
}

/// Translates a pass with these holders. A pass that is bought at check-in gives no access before
/// the check-in. A used pass without remaining uses gives access until the end of its day.
pub(super) fn pass(
    value: &Value,
    holders: Vec<Holder>,
    name: Option<String>,
    location: Option<Id>,
) -> Option<Translated> {
    let record = &JsonRecord::of(value)?;
    let (used, left) = (record.flag("Used"), record.number("RemainingUses"));
    let until = record.day("ExpireDate");
    let used_at = used_at(record);
    let left = match left {
        _ if record.flag("IsPayAsYouGo") => 0.0,
        Some(left) if left > 0.0 => left,
        Some(_) => 0.0,
        None => f64::from(u8::from(!used)),
    };
    let pass = Pass {
        name: record.text("TimePassName").or(name),
        holders,
        count: Some(left),
        used: 0.0,
        from: None,
        until,
        location: record.reference("BusinessId").or(location),
        used_at,
    };
    translated(record, What::Pass(pass))
}

/// Returns the last use of a pass. A day without a time becomes noon, which is in that day nearly
/// everywhere.
fn used_at(record: &JsonRecord) -> Option<Timestamp> {
    const NOON: SignedDuration = SignedDuration::from_hours(12);
    let field = if record.value("UsedDate").is_some() {
        "UsedDate"
    } else if record.flag("CheckedIn") {
        "UpdatedOn"
    } else {
        return None;
    };
    let at = record.instant(field)?;
    let day_alone = record.text(field).is_some_and(|text| text.len() == 10);
    if day_alone {
        at.checked_add(NOON).ok()
    } else {
        Some(at)
    }
}

/// Translates a booking with its guests. Its two times are UTC. `[D]` A booking without a coworker
/// is a block by staff and gives no one access.
pub(super) fn booking(value: &Value, visitors: Vec<Id>) -> Option<Translated> {
    let record = &JsonRecord::of(value)?;
    let start = record
        .must("FromTime", record.instant("FromTime"))
        .unwrap_or_default();
    let end = record
        .must("ToTime", record.instant("ToTime"))
        .unwrap_or_default();
    let booker = record.reference("CoworkerId");
    let booking = Booking {
        resource: booked(value),
        location: None,
        visitors: if booker.is_some() {
            visitors
        } else {
            Vec::new()
        },
        booker,
        members: Vec::new(),
        teams: Vec::new(),
        start,
        end,
        timezone: None,
        series: None,
        alias: record.id("UniqueId"),
        cancelled: false,
        tentative: record.flag("Tentative"),
        unpaid: record.flag("CancelIfNotPaid") && !record.flag("CoworkerInvoicePaid"),
    };
    translated(record, What::Booking(Box::new(booking)))
}

/// Returns the room or desk that is booked.
pub(super) fn booked(value: &Value) -> Option<Id> {
    let record = JsonRecord::of(value)?;
    let desk = || {
        record
            .reference("FloorPlanDeskId")
            .map(|desk| format!("{DESK}{desk}").into())
    };
    record.reference("ResourceId").or_else(desk)
}

/// Translates a check-in. Returns the other id of the used pass too.
pub(super) fn checkin(value: &Value) -> Option<(Translated, Option<Id>)> {
    let record = &JsonRecord::of(value)?;
    let at = record.must("FromTime", record.instant("FromTime"));
    let (member, location) = (
        record.reference("CoworkerId"),
        record.reference("BusinessId"),
    );
    let id = record
        .id("Id")
        .or_else(|| Some(format!("{}@{}", member.as_deref()?, at?).into()))?;
    let at = at.unwrap_or_default();
    let what = What::Checkin(Checkin {
        member,
        location,
        at,
        pass: None,
    });
    let alias = record
        .text("CoworkerTimePassGuid")
        .map(|alias| alias.to_lowercase().into());
    Some((
        record.translated(Fact {
            id,
            what,
            changed: record.changed("UpdatedOn"),
        }),
        alias,
    ))
}

/// Returns when a booking was cancelled because it moved to another time; `None` for other
/// bookings.
pub(super) fn rebooked(value: &Value) -> Option<Timestamp> {
    let record = JsonRecord::of(value)?;
    record
        .instant("CancelledOn")
        .filter(|_| record.text("CancellationReason").as_deref() == Some("4"))
}

/// Returns whether a field of a record refers to this id.
pub(super) fn is(record: &Value, field: &str, id: &str) -> bool {
    JsonRecord::of(record)
        .and_then(|record| record.reference(field))
        .as_deref()
        == Some(id)
}
