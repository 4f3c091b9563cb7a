//! The kinds of things at OfficeRnD, and what its interface offers for each.

/// One kind of thing.
pub struct OfficerndEntity {
    /// Its name in paths and worlds.
    pub name: &'static str,
    /// Its name in webhooks; `None` if it has none `[C]`.
    pub event: Option<&'static str>,
    /// Whether a removal is posted (passes have none) `[C]`.
    pub posts_removal: bool,
    /// The date field that its list can be filtered by `[D]`.
    pub since: Option<&'static str>,
    /// The scope that reading it needs `[C]`.
    pub scope: &'static str,
}

const fn silent(
    name: &'static str,
    since: Option<&'static str>,
    scope: &'static str,
) -> OfficerndEntity {
    OfficerndEntity {
        name,
        event: None,
        posts_removal: false,
        since,
        scope,
    }
}

const fn posted(
    name: &'static str,
    event: &'static str,
    posts_removal: bool,
    scope: &'static str,
) -> OfficerndEntity {
    OfficerndEntity {
        name,
        event: Some(event),
        posts_removal,
        since: Some("modifiedAt"),
        scope,
    }
}

/// All kinds, in the order of webhooks after a `_change` of several.
pub const ENTITIES: [OfficerndEntity; 14] = [
    silent("locations", None, "flex.space.locations.read"),
    silent("floors", None, "flex.space.floors.read"),
    silent("resources", Some("modifiedAt"), "flex.space.resources.read"),
    silent("plans", None, "flex.billing.plans.read"),
    posted(
        "companies",
        "company",
        true,
        "flex.community.companies.read",
    ),
    posted("members", "member", true, "flex.community.members.read"),
    posted(
        "memberships",
        "membership",
        true,
        "flex.community.memberships.read",
    ),
    silent("assignments", None, "flex.space.assignments.read"),
    posted("passes", "pass", false, "flex.space.passes.read"),
    posted("bookings", "booking", true, "flex.space.bookings.read"),
    silent("visitors", None, "flex.community.visitors.read"),
    silent("visits", None, "flex.community.visits.read"),
    silent("checkins", Some("start"), "flex.community.checkins.read"),
    silent("webhooks", None, "flex.settings.webhooks.read"),
];

/// Returns the index in [`ENTITIES`] of the kind with that name.
pub fn find(name: &str) -> Option<usize> {
    ENTITIES.iter().position(|entity| entity.name == name)
}
