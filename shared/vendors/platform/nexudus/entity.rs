//! Paths of Nexudus' records, and the names of their filters.

use doorstep_core::model::fact::Kind;

/// One kind of record.
pub(super) struct NexudusEntity {
    /// The first part of its filters' names: `Booking_Coworker=`. `[D]`
    pub(super) name: &'static str,
    /// Its path below `/api`. `[D]`
    pub(super) path: [&'static str; 2],
}

const fn entity(name: &'static str, area: &'static str, list: &'static str) -> NexudusEntity {
    NexudusEntity {
        name,
        path: [area, list],
    }
}

pub(super) const BUSINESS: NexudusEntity = entity("Business", "sys", "businesses");
pub(super) const COWORKER: NexudusEntity = entity("Coworker", "spaces", "coworkers");
pub(super) const TEAM: NexudusEntity = entity("Team", "spaces", "teams");
pub(super) const TARIFF: NexudusEntity = entity("Tariff", "billing", "tariffs");
pub(super) const CONTRACT: NexudusEntity =
    entity("CoworkerContract", "billing", "coworkercontracts");
pub(super) const INVOICE: NexudusEntity = entity("CoworkerInvoice", "billing", "coworkerinvoices");
pub(super) const PAUSE: NexudusEntity =
    entity("ContractPausedPeriod", "billing", "contractpausedperiods");
pub(super) const TIME_PASS: NexudusEntity = entity("TimePass", "billing", "timepasses");
pub(super) const PASS: NexudusEntity = entity("CoworkerTimePass", "billing", "coworkertimepasses");
pub(super) const RESOURCE: NexudusEntity = entity("Resource", "spaces", "resources");
pub(super) const DESK: NexudusEntity = entity("FloorPlanDesk", "sys", "floorplandesks");
pub(super) const BOOKING: NexudusEntity = entity("Booking", "spaces", "bookings");
pub(super) const VISITOR: NexudusEntity = entity("BookingVisitor", "spaces", "bookingvisitors");
/// An expected visitor, who may also be the guest of a booking.
pub(super) const VISIT: NexudusEntity = entity("Visitor", "spaces", "visitors");
pub(super) const CANCELLED: NexudusEntity =
    entity("CancelledBooking", "spaces", "cancelledbookings");
pub(super) const CHECKIN: NexudusEntity = entity("Checkin", "spaces", "checkins");
pub(super) const WEBHOOK: NexudusEntity = entity("WebHook", "sys", "webhooks");

/// Returns the kind of record behind a fact, and the record's id. Desks are numbered apart from
/// other resources. `None` for kinds that Nexudus does not have.
pub(super) fn of(kind: Kind, id: &str) -> Option<(&'static NexudusEntity, &str)> {
    Some(match kind {
        Kind::Location => (&BUSINESS, id),
        Kind::Floor => return None,
        Kind::Resource => match id.strip_prefix(doorstep_core::model::fact::DESK) {
            Some(desk) => (&DESK, desk),
            None => (&RESOURCE, id),
        },
        Kind::Plan => (&TARIFF, id),
        Kind::Team => (&TEAM, id),
        Kind::Member => (&COWORKER, id),
        Kind::Visitor => match super::visits::visit_of(id) {
            Some(visit) => (&VISIT, visit),
            None => (&VISITOR, id),
        },
        Kind::Visit => (&VISIT, id),
        Kind::Membership => (&CONTRACT, id),
        Kind::Booking => (&BOOKING, id),
        Kind::Pass => match id.strip_prefix(super::wire::UNSOLD) {
            Some(kind) => (&TIME_PASS, kind),
            None => (&PASS, id),
        },
        Kind::Checkin => (&CHECKIN, id),
    })
}

impl NexudusEntity {
    /// Returns the filter of a field: `Booking_Coworker`.
    pub(super) fn filter(&self, field: &str) -> String {
        format!("{}_{field}", self.name)
    }

    /// Returns the filter of a field's lower bound: `from_Booking_ToTime`.
    pub(super) fn from(&self, field: &str) -> String {
        format!("from_{}_{field}", self.name)
    }
}
