//! Rules of a site file: which facts open which groups. Names are kept as the operator wrote them;
//! `resolve` turns them into ids.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sheet::{SheetTable, Value};
use super::{Bookings, DoorsConfig, Hours, words};
use crate::model::ids::DoorsName;

/// One `[[rule]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The line of its `[[rule]]`, counted from 1.
    pub line: usize,
    /// The kind of fact that the rule is about.
    pub selector: Selector,
    /// The things that the rule is about.
    pub wanted: ThingSelection,
    /// The door system whose groups the rule opens. One of [`super::Site::doors`].
    pub doors: DoorsName,
    /// Names or ids of the groups that the rule opens. Never empty.
    pub opens: Vec<String>,
    /// Minutes of access before a booking or visit. 0 in a rule about anything else.
    pub before: u32,
    /// Minutes of access after a booking or visit. 0 in a rule about anything else.
    pub after: u32,
    /// Whether a booking of the room that this one is part of opens too. `false` in a rule that is
    /// not about bookings.
    pub with_parent: bool,
    /// The people for whom a booking opens. Everyone, in a rule that is not about bookings.
    pub audience: Audience,
    /// The locations to which the rule is limited.
    pub at: Option<ThingSelection>,
    /// The hours to which the rule is limited, in local time.
    pub hours: Option<Hours>,
    /// Whether the rule goes on when the site is closed.
    pub open_when_closed: bool,
}

impl Rule {
    /// Returns whether this rule and `other` differ in nothing but their line.
    pub fn says_the_same(&self, other: &Rule) -> bool {
        let Rule {
            line: _,
            selector,
            wanted,
            doors,
            opens,
            before,
            after,
            with_parent,
            audience,
            at,
            hours,
            open_when_closed,
        } = self;
        (selector, wanted, doors, opens)
            == (&other.selector, &other.wanted, &other.doors, &other.opens)
            && (before, after, with_parent, audience)
                == (
                    &other.before,
                    &other.after,
                    &other.with_parent,
                    &other.audience,
                )
            && (at, hours, open_when_closed) == (&other.at, &other.hours, &other.open_when_closed)
    }
}

/// The kind of fact that a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Selector {
    /// Memberships on a plan.
    Plan,
    /// Memberships with an assignment at a location.
    Location,
    /// Memberships with an assignment on a floor.
    Floor,
    /// Memberships with this desk or office assigned.
    Assignable,
    /// Bookings of a resource.
    Resource,
    /// Expected visitors without a booking, at a location.
    Visitor,
    /// Passes.
    Pass,
}

impl Selector {
    /// Every selector, in the order in which the docs name them.
    pub const ALL: [Selector; 7] = [
        Selector::Plan,
        Selector::Resource,
        Selector::Assignable,
        Selector::Floor,
        Selector::Location,
        Selector::Visitor,
        Selector::Pass,
    ];

    /// Returns its key in a site file.
    pub fn word(self) -> &'static str {
        match self {
            Selector::Plan => "plan",
            Selector::Location => "location",
            Selector::Floor => "floor",
            Selector::Assignable => "assignable",
            Selector::Resource => "resource",
            Selector::Visitor => "visitor",
            Selector::Pass => "pass",
        }
    }
}

/// The things that a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ThingSelection {
    /// `"*"`: all of them.
    Any,
    /// The things with these names or ids. Never empty.
    Named(Vec<String>),
}

/// The people for whom a booking opens. Decided for each person separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// People with a membership that runs at the booking's start.
    Members,
    /// Everyone else, guests included.
    NonMembers,
    /// Both.
    Everyone,
}

impl Audience {
    /// Every audience, in the order in which the docs name them.
    pub const ALL: [Audience; 3] = [Audience::Members, Audience::NonMembers, Audience::Everyone];

    /// Returns its word in a site file.
    pub fn word(self) -> &'static str {
        match self {
            Audience::Members => "members",
            Audience::NonMembers => "non-members",
            Audience::Everyone => "everyone",
        }
    }
}

/// Reads one `[[rule]]`. `doors` holds the door systems of the file. It is `None` if they could not
/// be read; then the rule's `doors` is not checked.
pub(super) fn read(
    table: &SheetTable<'_>,
    doors: Option<&BTreeMap<DoorsName, DoorsConfig>>,
    bookings: &Bookings,
) -> Option<Rule> {
    let selected = selected(table);
    let doors = doors_of(table, doors);
    let opens = table.required(
        "opens",
        "the groups it opens: opens = [\"Members\"]",
        groups,
    );
    let at = table.maybe("at", wanted);
    let hours = table.maybe("hours", |value| value.read(Hours::parse));
    let open_when_closed = table.optional("open_when_closed", false, |value| value.flag());
    let booked = selected
        .as_ref()
        .is_none_or(|(selector, _)| *selector == Selector::Resource);
    let timed = selected
        .as_ref()
        .is_none_or(|(selector, _)| matches!(selector, Selector::Resource | Selector::Visitor));
    let before = minutes_of(table, timed, "before", bookings.before);
    let after = minutes_of(table, timed, "after", bookings.after);
    let audience = booking_only(table, booked, "for", Audience::Everyone, |value| {
        value.choice(&Audience::ALL.map(|audience| (audience.word(), audience)))
    });
    let with_parent = booking_only(table, booked, "with_parent", false, |value| value.flag());
    table.finish();
    let (selector, wanted) = selected?;
    Some(Rule {
        line: table.line,
        selector,
        wanted,
        doors: doors?,
        opens: opens?,
        before: before?,
        after: after?,
        with_parent: with_parent?,
        audience: audience?,
        at: at?,
        hours: hours?,
        open_when_closed: open_when_closed?,
    })
}

/// Reads the one selector key of a rule and its value.
fn selected(table: &SheetTable<'_>) -> Option<(Selector, ThingSelection)> {
    let mut given: Vec<(Selector, Value<'_>)> = Selector::ALL
        .into_iter()
        .filter_map(|selector| Some((selector, table.value(selector.word())?)))
        .collect();
    given.sort_by_key(|(_, value)| value.line);
    match given.as_slice() {
        [(selector, value)] => Some((*selector, wanted_by(*selector, value)?)),
        [] => {
            let words: Vec<&str> = Selector::ALL.into_iter().map(Selector::word).collect();
            table.faults.add(
                table.line,
                format!(
                    "[[rule]] says of nothing what it opens: write one of {}",
                    words.join(", ")
                ),
            );
            None
        }
        [(first, _), others @ ..] => {
            for (selector, value) in others {
                value.wrong::<()>(format!(
                    "this rule is about `{}` already: write a [[rule]] of its own for `{}`",
                    first.word(),
                    selector.word()
                ));
            }
            None
        }
    }
}

fn wanted_by(selector: Selector, value: &Value<'_>) -> Option<ThingSelection> {
    let names = value.texts()?;
    any_or_named(names).map_or_else(
        || {
            value.wrong(format!(
                "\"*\" stands for every {} and must stand alone",
                selector.word()
            ))
        },
        Some,
    )
}

pub(super) fn wanted(value: Value<'_>) -> Option<ThingSelection> {
    any_or_named(value.texts()?).map_or_else(
        || value.wrong("\"*\" stands for every location and must stand alone"),
        Some,
    )
}

/// Returns `None` if `"*"` is one of several names.
fn any_or_named(mut names: Vec<String>) -> Option<ThingSelection> {
    if !names.iter().any(|name| name == "*") {
        let mut seen = Vec::new();
        names.retain(|name| {
            !seen.contains(name) && {
                seen.push(name.clone());
                true
            }
        });
        return Some(ThingSelection::Named(names));
    }
    (names.len() == 1).then_some(ThingSelection::Any)
}

fn groups(value: Value<'_>) -> Option<Vec<String>> {
    match any_or_named(value.texts()?) {
        Some(ThingSelection::Named(names)) => Some(names),
        _ => value.wrong("\"*\" is no group: name every group that this rule opens, by name or id"),
    }
}

fn doors_of(
    table: &SheetTable<'_>,
    doors: Option<&BTreeMap<DoorsName, DoorsConfig>>,
) -> Option<DoorsName> {
    let value = table.value("doors");
    let doors = doors?;
    let all = || {
        doors
            .keys()
            .map(|name| format!("\"{name}\""))
            .collect::<Vec<_>>()
            .join(" or ")
    };
    match (value, doors.len()) {
        (Some(value), _) => match value.text()? {
            name if doors.contains_key(name) => Some(name.into()),
            _ => value.wrong(format!("there is no such [doors.*]: write {}", all())),
        },
        (None, 1) => doors.keys().next().cloned(),
        (None, _) => {
            table.faults.add(
                table.line,
                format!(
                    "[[rule]] does not say in which doors: write doors = {}",
                    all()
                ),
            );
            None
        }
    }
}

/// Reads a key that only a rule about bookings may have.
fn booking_only<'t, T>(
    table: &SheetTable<'t>,
    booked: bool,
    key: &'static str,
    otherwise: T,
    read: impl FnOnce(Value<'t>) -> Option<T>,
) -> Option<T> {
    match table.value(key) {
        None => Some(otherwise),
        Some(value) if booked => read(value),
        Some(value) => value.wrong(
            "this counts for bookings only: write it in a rule with `resource`, or leave it out",
        ),
    }
}

/// Reads minutes, which only a rule about bookings or visits may have.
fn minutes_of(
    table: &SheetTable<'_>,
    timed: bool,
    key: &'static str,
    otherwise: u32,
) -> Option<u32> {
    match table.value(key) {
        None => Some(if timed { otherwise } else { 0 }),
        Some(value) if timed => value.read(words::minutes),
        Some(value) => value.wrong(
            "this counts for bookings and visits only: write it in a rule with `resource` or `visitor`, or leave it out",
        ),
    }
}
