//! The kinds of things at Nexudus, their paths in its interface, and the webhooks for each.

/// The numbers of the webhook actions for a created, changed and removed thing.
pub struct Actions {
    /// Created.
    pub create: u16,
    /// Changed.
    pub update: u16,
    /// Removed.
    pub delete: u16,
}

/// One kind of thing.
pub struct NexudusWorldEntity {
    /// Its name in worlds.
    pub name: &'static str,
    /// Its name in filters.
    pub filter: &'static str,
    /// Its path below `/api`.
    pub path: &'static str,
    /// Its webhooks; `None` if it has none `[D]`.
    pub actions: Option<Actions>,
    /// Fields that only a read by id shows `[D]`.
    pub collections: &'static [&'static str],
    /// Whether a change of it also posts `AccessControlUpdate` for its coworker `[D]`.
    pub access: bool,
    /// Whether worlds may leave its id out, because nothing refers to it.
    pub nameless: bool,
}

const fn silent(
    name: &'static str,
    filter: &'static str,
    path: &'static str,
) -> NexudusWorldEntity {
    NexudusWorldEntity {
        name,
        filter,
        path,
        actions: None,
        collections: &[],
        access: false,
        nameless: false,
    }
}

const fn actions(create: u16, update: u16, delete: u16) -> Option<Actions> {
    Some(Actions {
        create,
        update,
        delete,
    })
}

/// The action that announces a person whose access changed.
pub const ACCESS_CONTROL_UPDATE: u16 = 61;
/// The action for a contract that was cancelled, in place of the update.
pub const CONTRACT_CANCEL: u16 = 11;

/// The action for a visitor who came. No other change of a visitor is posted `[D]`.
pub const VISITOR_CHECKED_IN: u16 = 41;

/// All kinds, in the order of webhooks after a `_change` of several.
pub const ENTITIES: [NexudusWorldEntity; 17] = [
    silent("Businesses", "Business", "sys/businesses"),
    NexudusWorldEntity {
        actions: actions(74, 76, 75),
        ..silent("Tariffs", "Tariff", "billing/tariffs")
    },
    silent("TimePasses", "TimePass", "billing/timepasses"),
    silent("Resources", "Resource", "spaces/resources"),
    NexudusWorldEntity {
        actions: actions(71, 73, 72),
        ..silent("FloorPlanDesks", "FloorPlanDesk", "sys/floorplandesks")
    },
    NexudusWorldEntity {
        actions: actions(57, 58, 59),
        collections: &["TeamMembers"],
        access: true,
        ..silent("Teams", "Team", "spaces/teams")
    },
    NexudusWorldEntity {
        actions: actions(3, 2, 50),
        collections: &["Teams"],
        ..silent("Coworkers", "Coworker", "spaces/coworkers")
    },
    NexudusWorldEntity {
        actions: actions(62, 60, 77),
        collections: &["Desks"],
        access: true,
        ..silent(
            "CoworkerContracts",
            "CoworkerContract",
            "billing/coworkercontracts",
        )
    },
    NexudusWorldEntity {
        access: true,
        nameless: true,
        ..silent(
            "ContractPausedPeriods",
            "ContractPausedPeriod",
            "billing/contractpausedperiods",
        )
    },
    silent(
        "CoworkerInvoices",
        "CoworkerInvoice",
        "billing/coworkerinvoices",
    ),
    NexudusWorldEntity {
        access: true,
        ..silent(
            "CoworkerTimePasses",
            "CoworkerTimePass",
            "billing/coworkertimepasses",
        )
    },
    NexudusWorldEntity {
        actions: actions(47, 48, 49),
        access: true,
        nameless: true,
        ..silent("Checkins", "Checkin", "spaces/checkins")
    },
    NexudusWorldEntity {
        nameless: true,
        ..silent(
            "BookingVisitors",
            "BookingVisitor",
            "spaces/bookingvisitors",
        )
    },
    NexudusWorldEntity {
        actions: actions(42, VISITOR_CHECKED_IN, 64),
        ..silent("Visitors", "Visitor", "spaces/visitors")
    },
    NexudusWorldEntity {
        actions: actions(6, 7, 8),
        ..silent("Bookings", "Booking", "spaces/bookings")
    },
    NexudusWorldEntity {
        nameless: true,
        ..silent(
            "CancelledBookings",
            "CancelledBooking",
            "spaces/cancelledbookings",
        )
    },
    NexudusWorldEntity {
        nameless: true,
        ..silent("WebHooks", "WebHook", "sys/webhooks")
    },
];

/// Returns the index in [`ENTITIES`] of the kind with that name.
pub fn find(name: &str) -> Option<usize> {
    ENTITIES.iter().position(|entity| entity.name == name)
}

/// Returns the index in [`ENTITIES`] of the kind at that path.
pub fn at(area: &str, list: &str) -> Option<usize> {
    ENTITIES
        .iter()
        .position(|entity| entity.path.split_once('/') == Some((area, list)))
}
