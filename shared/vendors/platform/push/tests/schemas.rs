//! Compares the schemas in `docs/contracts` with the types. `DOORSTEP_WRITE=1` writes the schemas
//! from the types.
#![allow(dead_code, reason = "these types are only described")]

use std::path::Path;

use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, schema_for};
use serde_json::Value;

use crate::platform::andcards::{AndcardsBooking, AndcardsUser, Company, Subscription};
use crate::platform::deskworks::{Billing, DeskworksMember, Reservation};
use crate::platform::push::fields::{Id, Instant};
use crate::platform::push::parse::Removed;
use crate::platform::push::visits::{AndcardsVisit, DeskworksVisit};

/// A push update of andcards.
#[derive(JsonSchema)]
struct Andcards {
    /// The instant of the described state. An update that is older than the known state changes
    /// nothing.
    timestamp: Instant,
    #[serde(flatten)]
    event: AndcardsEvent,
}

#[derive(JsonSchema)]
#[serde(tag = "type", content = "data")]
enum AndcardsEvent {
    #[serde(rename = "user.updated")]
    User(AndcardsUser),
    #[serde(rename = "company.updated")]
    Company(Company),
    #[serde(rename = "subscription.updated")]
    Subscription(Subscription),
    #[serde(rename = "booking.updated")]
    Booking(AndcardsBooking),
    #[serde(rename = "visit.updated")]
    Visit(AndcardsVisit),
    #[serde(rename = "user.removed")]
    UserRemoved(Removed),
    #[serde(rename = "company.removed")]
    CompanyRemoved(Removed),
    #[serde(rename = "subscription.removed")]
    SubscriptionRemoved(Removed),
    #[serde(rename = "booking.removed")]
    BookingRemoved(Removed),
    #[serde(rename = "visit.removed")]
    VisitRemoved(Removed),
    #[serde(rename = "roster.replaced")]
    Snapshot(AndcardsSnapshot),
}

/// A full snapshot, or a part of one. `roster`, `part` and `parts` may be left out if there is one
/// part.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct AndcardsSnapshot {
    /// The id of the snapshot. All parts of one snapshot share it, and each snapshot has its own.
    #[serde(rename = "roster")]
    snapshot: Option<Id>,
    /// The number of this part, starting at 1.
    part: Option<PartNumber>,
    /// The number of parts.
    parts: Option<PartNumber>,
    #[serde(default)]
    users: Vec<AndcardsUser>,
    #[serde(default)]
    companies: Vec<Company>,
    #[serde(default)]
    subscriptions: Vec<Subscription>,
    #[serde(default)]
    bookings: Vec<AndcardsBooking>,
    /// The visits. A snapshot without this list says nothing about visits.
    #[serde(default)]
    visits: Vec<AndcardsVisit>,
}

/// A push update of Deskworks.
#[derive(JsonSchema)]
struct Deskworks {
    /// The instant of the described state. An update that is older than the known state changes
    /// nothing.
    timestamp: Instant,
    #[serde(flatten)]
    event: DeskworksEvent,
}

#[derive(JsonSchema)]
#[serde(tag = "type", content = "data")]
enum DeskworksEvent {
    #[serde(rename = "member.updated")]
    Member(DeskworksMember),
    #[serde(rename = "billing.updated")]
    Billing(Billing),
    #[serde(rename = "reservation.updated")]
    Reservation(Reservation),
    #[serde(rename = "visit.updated")]
    Visit(DeskworksVisit),
    #[serde(rename = "member.removed")]
    MemberRemoved(Removed),
    #[serde(rename = "billing.removed")]
    BillingRemoved(Removed),
    #[serde(rename = "reservation.removed")]
    ReservationRemoved(Removed),
    #[serde(rename = "visit.removed")]
    VisitRemoved(Removed),
    #[serde(rename = "roster.replaced")]
    Snapshot(DeskworksSnapshot),
}

/// A full snapshot, or a part of one. `roster`, `part` and `parts` may be left out if there is one
/// part.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct DeskworksSnapshot {
    /// The id of the snapshot. All parts of one snapshot share it, and each snapshot has its own.
    #[serde(rename = "roster")]
    snapshot: Option<Id>,
    /// The number of this part, starting at 1.
    part: Option<PartNumber>,
    /// The number of parts.
    parts: Option<PartNumber>,
    #[serde(default)]
    members: Vec<DeskworksMember>,
    #[serde(default)]
    billings: Vec<Billing>,
    #[serde(default)]
    reservations: Vec<Reservation>,
    /// The visits. A snapshot without this list says nothing about visits.
    #[serde(default)]
    visits: Vec<DeskworksVisit>,
}

/// The number of a part.
#[derive(JsonSchema)]
#[schemars(transparent)]
#[schemars(rename = "Part")]
struct PartNumber(#[schemars(range(min = 1, max = 1000))] u32);

/// Joins the lines of a description. The width of the source is no part of a contract.
fn join_lines(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
}

fn is_published(name: &str, mut schema: Schema) {
    RecursiveTransform(join_lines).transform(&mut schema);
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../../docs/contracts/{name}.schema.json"));
    let text = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
    if std::env::var_os("DOORSTEP_WRITE").is_some() {
        std::fs::write(&path, &text).expect("it is written");
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == text,
        "{} is not what the types say: run this test with DOORSTEP_WRITE=1",
        path.display()
    );
}

#[test]
fn the_schema_of_andcards_is_what_the_types_say() {
    is_published("andcards", schema_for!(Andcards));
}

#[test]
fn the_schema_of_deskworks_is_what_the_types_say() {
    is_published("deskworks", schema_for!(Deskworks));
}
