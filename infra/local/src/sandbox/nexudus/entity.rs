//! The kinds of things that Nexudus holds, where its interface has them, and which webhooks it posts about each.

/// The numbers of the actions that are posted when a thing is made, altered and removed.
pub struct Actions {
    /// Made.
    pub create: u16,
    /// Altered.
    pub update: u16,
    /// Removed.
    pub delete: u16,
}

/// One kind of thing.
pub struct Entity {
    /// As worlds say it.
    pub name: &'static str,
    /// As filters say it.
    pub filter: &'static str,
    /// Where it is, below `/api`.
    pub path: (&'static str, &'static str),
    /// Its webhooks; `None` where there are none `[D]`.
    pub actions: Option<Actions>,
    /// Fields that only a read by id shows `[D]`.
    pub collections: &'static [&'static str],
    /// Whether somebody's change of it is told by `AccessControlUpdate` too `[D]`.
    pub access: bool,
    /// Whether worlds may leave its id out, because nothing refers to it.
    pub nameless: bool,
}

const fn silent(name: &'static str, filter: &'static str, path: (&'static str, &'static str)) -> Entity {
    Entity { name, filter, path, actions: None, collections: &[], access: false, nameless: false }
}

const fn actions(create: u16, update: u16, delete: u16) -> Option<Actions> {
    Some(Actions { create, update, delete })
}

/// Tells whoever may come in differently now.
pub const ACCESS_CONTROL_UPDATE: u16 = 61;
/// A contract was cancelled, and not only altered.
pub const CONTRACT_CANCEL: u16 = 11;

/// All kinds. Their order is the order of webhooks after a `_change` of several.
pub const ENTITIES: [Entity; 15] = [
    silent("Businesses", "Business", ("sys", "businesses")),
    Entity { actions: actions(74, 76, 75), ..silent("Tariffs", "Tariff", ("billing", "tariffs")) },
    silent("TimePasses", "TimePass", ("billing", "timepasses")),
    silent("Resources", "Resource", ("spaces", "resources")),
    Entity { actions: actions(71, 73, 72), ..silent("FloorPlanDesks", "FloorPlanDesk", ("sys", "floorplandesks")) },
    Entity {
        actions: actions(57, 58, 59),
        collections: &["TeamMembers"],
        access: true,
        ..silent("Teams", "Team", ("spaces", "teams"))
    },
    Entity {
        actions: actions(3, 2, 50),
        collections: &["Teams"],
        ..silent("Coworkers", "Coworker", ("spaces", "coworkers"))
    },
    Entity {
        actions: actions(62, 60, 77),
        collections: &["Desks"],
        access: true,
        ..silent("CoworkerContracts", "CoworkerContract", ("billing", "coworkercontracts"))
    },
    Entity {
        access: true,
        nameless: true,
        ..silent("ContractPausedPeriods", "ContractPausedPeriod", ("billing", "contractpausedperiods"))
    },
    Entity { access: true, ..silent("CoworkerTimePasses", "CoworkerTimePass", ("billing", "coworkertimepasses")) },
    Entity {
        actions: actions(47, 48, 49),
        access: true,
        nameless: true,
        ..silent("Checkins", "Checkin", ("spaces", "checkins"))
    },
    Entity { nameless: true, ..silent("BookingVisitors", "BookingVisitor", ("spaces", "bookingvisitors")) },
    Entity { actions: actions(6, 7, 8), ..silent("Bookings", "Booking", ("spaces", "bookings")) },
    Entity { nameless: true, ..silent("CancelledBookings", "CancelledBooking", ("spaces", "cancelledbookings")) },
    Entity { nameless: true, ..silent("WebHooks", "WebHook", ("sys", "webhooks")) },
];

/// Where in [`ENTITIES`] the kind of that name is.
pub fn find(name: &str) -> Option<usize> {
    ENTITIES.iter().position(|entity| entity.name == name)
}

/// Where in [`ENTITIES`] the kind at that path is.
pub fn at(area: &str, list: &str) -> Option<usize> {
    ENTITIES.iter().position(|entity| entity.path == (area, list))
}
