//! The calls of Spacebring's interface, by their paths.

use crate::sandbox::ask::Ask;

/// One list of the interface.
pub struct List {
    /// Its path, without the version and the id.
    path: &'static [&'static str],
    /// The name of the list in a world.
    pub world: &'static str,
    /// The key of the records in an answer.
    pub many: &'static str,
    /// The key of a single record; empty where there is no lookup by id.
    pub one: &'static str,
    /// The parameters that it takes beside the page.
    pub filters: &'static [&'static str],
    /// The parameters of which it needs at least one.
    pub needed: &'static [&'static str],
    /// Whether it comes in pages.
    pub is_paged: bool,
    /// Whether an invalid size of a page counts as none, and a larger one is cut. The document says
    /// so of some lists. `[D]` Of the others it has only the bounds.
    pub cuts_limit: bool,
}

/// A call.
pub enum Call {
    /// A list.
    List(&'static List),
    /// One thing by its id.
    One(&'static List, String),
    /// The networks of the API client.
    Networks,
    /// The day passes of a company or membership.
    Balances(String),
}

const LOCATION: &[&str] = &["locationRef"];
const DATES: &[&str] = &[
    "locationRef",
    "resourceRef",
    "customerRef",
    "order",
    "singleBookings",
    "status",
    "type",
    "startDate[gt]",
    "startDate[gte]",
    "startDate[lt]",
    "startDate[lte]",
    "endDate[gt]",
    "endDate[gte]",
    "endDate[lt]",
    "endDate[lte]",
];

/// All lists `[D]`. A longer path comes before the shorter one that begins it.
const CALLS: &[List] = &[
    List {
        path: &["locations", "v1"],
        world: "locations",
        many: "locations",
        one: "location",
        filters: &[],
        needed: &[],
        is_paged: false,
        cuts_limit: false,
    },
    List {
        path: &["floors", "v1"],
        world: "floors",
        many: "floors",
        one: "",
        filters: &["locationRef", "limit", "nextPageToken"],
        needed: LOCATION,
        is_paged: false,
        cuts_limit: false,
    },
    List {
        path: &["plans", "v1"],
        world: "plans",
        many: "plans",
        one: "plan",
        filters: LOCATION,
        needed: &[],
        is_paged: true,
        cuts_limit: true,
    },
    List {
        path: &["resources", "v1", "assignments"],
        world: "assignments",
        many: "assignments",
        one: "",
        filters: LOCATION,
        needed: LOCATION,
        is_paged: false,
        cuts_limit: false,
    },
    List {
        path: &["resources", "bookings", "v1"],
        world: "bookings",
        many: "bookings",
        one: "booking",
        filters: DATES,
        needed: &["locationRef", "resourceRef"],
        is_paged: true,
        cuts_limit: true,
    },
    List {
        path: &["resources", "v1"],
        world: "resources",
        many: "resources",
        one: "resource",
        filters: &["locationRef", "types"],
        needed: LOCATION,
        is_paged: true,
        cuts_limit: true,
    },
    List {
        path: &["community", "companies", "v1"],
        world: "companies",
        many: "companies",
        one: "company",
        filters: &["locationRef", "title", "types"],
        needed: LOCATION,
        is_paged: true,
        cuts_limit: false,
    },
    List {
        path: &["community", "memberships", "v1", "deleted"],
        world: "memberships",
        many: "memberships",
        one: "",
        filters: &["locationRef", "userEmail"],
        needed: LOCATION,
        is_paged: true,
        cuts_limit: false,
    },
    List {
        path: &["community", "memberships", "v1"],
        world: "memberships",
        many: "memberships",
        one: "membership",
        filters: &[
            "locationRef",
            "companyRef",
            "userEmail",
            "userRef",
            "status",
            "types",
        ],
        needed: LOCATION,
        is_paged: true,
        cuts_limit: false,
    },
    List {
        path: &["subscriptions", "v1"],
        world: "subscriptions",
        many: "subscriptions",
        one: "subscription",
        filters: &[
            "locationRef",
            "customerRef",
            "planRef",
            "status",
            "order",
            "createDate[gte]",
            "createDate[lte]",
        ],
        needed: &[],
        is_paged: true,
        cuts_limit: true,
    },
    List {
        path: &["visitors", "visits", "v1"],
        world: "visits",
        many: "visits",
        one: "visit",
        filters: &[
            "locationRef",
            "userRefHost",
            "createDate[gte]",
            "createDate[lte]",
            "date[gte]",
            "date[lte]",
        ],
        needed: LOCATION,
        is_paged: true,
        cuts_limit: false,
    },
    List {
        path: &["transactions", "day_passes", "v1"],
        world: "dayPasses",
        many: "transactions",
        one: "",
        filters: &[
            "locationRef",
            "customerRef",
            "type",
            "createDate[gte]",
            "createDate[lte]",
        ],
        needed: &[],
        is_paged: true,
        cuts_limit: true,
    },
    // The uses of day passes that are still to come. A world has none.
    List {
        path: &["transactions", "day_passes", "scheduled", "v1"],
        world: "scheduledTransactions",
        many: "scheduledTransactions",
        one: "",
        filters: &["customerRef", "subscriptionRef"],
        needed: &[],
        is_paged: true,
        cuts_limit: true,
    },
];

impl List {
    /// Returns whether it is the list of removed memberships.
    pub fn is_of_removed(&self) -> bool {
        self.path.last() == Some(&"deleted")
    }
}

/// Returns the path pattern of a call; `None` for unknown paths.
pub fn pattern(ask: &Ask) -> Option<String> {
    Some(match call(ask)? {
        Call::List(list) => format!("/{}", list.path.join("/")),
        Call::One(list, _) => format!("/{}/{{id}}", list.path.join("/")),
        Call::Networks => "/networks/v1".to_owned(),
        Call::Balances(_) => "/transactions/v1/balances/{id}/day_passes".to_owned(),
    })
}

/// Returns the call of a path.
pub fn call(ask: &Ask) -> Option<Call> {
    let parts: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["networks", "v1"] => return Some(Call::Networks),
        ["transactions", "v1", "balances", id, "day_passes"] if !id.is_empty() => {
            return Some(Call::Balances((*id).to_owned()));
        }
        _ => {}
    }
    CALLS
        .iter()
        .find_map(|list| match parts.strip_prefix(list.path)? {
            [] => Some(Call::List(list)),
            [id] if !id.is_empty() && !list.one.is_empty() => {
                Some(Call::One(list, (*id).to_owned()))
            }
            _ => None,
        })
}
