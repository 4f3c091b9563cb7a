//! The words of the page.

use doorstep_core::site::{Audience, Selector};

/// Returns the name of a tab.
pub(super) fn tab(selector: Selector) -> &'static str {
    match selector {
        Selector::Plan => "Plans",
        Selector::Resource => "Bookings",
        Selector::Assignable => "Desks and offices",
        Selector::Floor => "Floors",
        Selector::Location => "Locations",
        Selector::Visitor => "Visitors",
        Selector::Pass => "Passes",
    }
}

/// Returns what the table of a selector shows.
pub(super) fn heading(selector: Selector) -> &'static str {
    match selector {
        Selector::Plan => "Who is on a plan, and what opens",
        Selector::Resource => "Who books a room, and what opens",
        Selector::Assignable => "Who has a desk or office, and what opens",
        Selector::Floor => "Who has a desk or office on a floor, and what opens",
        Selector::Location => "Who has a desk or office at a location, and what opens",
        Selector::Visitor => "Who is expected as a visitor, and what opens",
        Selector::Pass => "Who has a pass, and what opens",
    }
}

/// Returns the name of the row about everything.
pub(super) fn every(selector: Selector) -> &'static str {
    match selector {
        Selector::Plan => "Every plan",
        Selector::Resource => "Every room and resource",
        Selector::Assignable => "Every desk and office",
        Selector::Floor => "Every floor",
        Selector::Location => "Every location",
        Selector::Visitor => "Every visitor, anywhere",
        Selector::Pass => "Every pass",
    }
}

/// Returns for whom a booking opens.
pub(super) fn audience(audience: Audience) -> &'static str {
    match audience {
        Audience::Members => "members only",
        Audience::NonMembers => "non-members only",
        Audience::Everyone => "everyone",
    }
}

/// Returns whether rules with this selector have minutes.
pub(super) fn has_minutes(selector: Selector) -> bool {
    matches!(selector, Selector::Resource | Selector::Visitor)
}
