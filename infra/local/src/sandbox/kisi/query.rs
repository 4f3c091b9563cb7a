//! The parameters of Kisi's lists that have a type or a set of values, also those that choose
//! nothing here. A value that the interface description does not allow is refused with 422 `[?]`.

use super::error;
use super::list::whole;
use super::{Answer, KisiCall};
use crate::sandbox::ask::Ask;

/// The type of a parameter.
#[derive(Clone, Copy)]
enum Kind {
    /// A whole number.
    Whole,
    /// `true` or `false`.
    Flag,
    /// One of these texts.
    OneOf(&'static [&'static str]),
}

use Kind::{Flag, OneOf, Whole};

const NAME: Kind = OneOf(&["name", "-name"]);
const FAVORITE: Kind = OneOf(&["true", "false", "*"]);
const FAVORITE_OR_NAME: Kind = OneOf(&["favorite", "name", "-name"]);
const SCOPE: Kind = OneOf(&["organization", "place"]);
const PERSON: Kind = OneOf(&["User", "Guest"]);

/// Returns the typed parameters of a list `[D]`, without those of its page.
const fn parameters(call: KisiCall) -> &'static [(&'static str, Kind)] {
    match call {
        KisiCall::Places => &[("favorite", FAVORITE), ("sort", FAVORITE_OR_NAME)],
        KisiCall::Locks => &[
            ("floor_id", Whole),
            ("place_id", Whole),
            ("configured", Flag),
            ("online", Flag),
            ("unlocked", Flag),
            ("locked_down", Flag),
            ("favorite", FAVORITE),
            ("sort", FAVORITE_OR_NAME),
        ],
        KisiCall::Groups => &[("scope", SCOPE), ("sort", NAME)],
        KisiCall::Users => &[
            ("place_id", Whole),
            ("group_id", Whole),
            (
                "sort",
                OneOf(&[
                    "name",
                    "-name",
                    "unlock",
                    "-unlock",
                    "access_enabled",
                    "-access_enabled",
                ]),
            ),
        ],
        KisiCall::Assignments => &[
            ("assignee_type", OneOf(&["User", "Team", "Guest"])),
            ("assignee_id", Whole),
            (
                "applies_to_type",
                OneOf(&["Organization", "Place", "Group"]),
            ),
            ("applies_to_id", Whole),
            ("scope", OneOf(&["organization", "place", "group", "team"])),
            ("place_id", Whole),
            ("group_id", Whole),
            ("sort", OneOf(&["user.name", "-user.name"])),
        ],
        KisiCall::CardAssignments => &[
            ("assignee_type", PERSON),
            ("assignee_id", Whole),
            ("status", OneOf(&["activated", "deactivated"])),
            ("guest_id", Whole),
        ],
        KisiCall::Cards => &[
            ("status", OneOf(&["activated", "deactivated", "unassigned"])),
            ("facility_code", Whole),
            ("activated", Flag),
            ("card_number", Whole),
            ("card_id", Whole),
            ("sort", OneOf(&["last_used_at", "-last_used_at"])),
        ],
        KisiCall::Integrations => &[
            ("place_id", Whole),
            ("scope", SCOPE),
            ("group_id", Whole),
            ("enabled", Flag),
        ],
        _ => &[],
    }
}

/// Checks the query of a call.
///
/// # Errors
/// Kisi's refusal.
pub fn check(call: KisiCall, ask: &Ask) -> Result<(), Answer> {
    for (name, kind) in parameters(call) {
        let choices = match kind {
            Kind::Whole => {
                whole(ask, name)?;
                continue;
            }
            Kind::Flag => &["true", "false"],
            Kind::OneOf(choices) => *choices,
        };
        if ask
            .param(name)
            .is_some_and(|given| !choices.contains(&given))
        {
            return Err(error::invalid(name, "is not included in the list"));
        }
    }
    Ok(())
}
