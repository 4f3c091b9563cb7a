//! One rule of a site file: whose facts open which groups. Names are as the operator wrote them; see `resolve`.

use std::collections::BTreeMap;

use super::sheet::{Table, Value};
use super::{Bookings, DoorsConfig, Hours, words};

/// One `[[rule]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The line of its `[[rule]]`, counted from 1.
    pub line: usize,
    /// What kind of fact it is about.
    pub selector: Selector,
    /// Which of them.
    pub wanted: Wanted,
    /// The door system whose groups it opens; one of [`super::Site::doors`].
    pub doors: String,
    /// Names or ids of groups; never empty.
    pub opens: Vec<String>,
    /// Minutes of access before a booking; 0 for what is not booked.
    pub before: u32,
    /// Minutes of access after a booking; 0 for what is not booked.
    pub after: u32,
    /// Whom a booking opens for; everyone, for what is not booked.
    pub audience: Audience,
    /// Only for facts of these locations.
    pub at: Option<Wanted>,
    /// Only in these hours, local time.
    pub hours: Option<Hours>,
}

impl Rule {
    /// Whether this and `other` ask for the very same, wherever they stand.
    pub fn says_the_same(&self, other: &Rule) -> bool {
        *self == Rule { line: self.line, ..other.clone() }
    }
}

/// What kind of fact a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    /// Passes.
    Pass,
}

impl Selector {
    /// Every selector, in the order in which the docs name them.
    pub const ALL: [Selector; 6] =
        [Selector::Plan, Selector::Resource, Selector::Assignable, Selector::Floor, Selector::Location, Selector::Pass];

    /// Its key in a site file.
    pub fn word(self) -> &'static str {
        match self {
            Selector::Plan => "plan",
            Selector::Location => "location",
            Selector::Floor => "floor",
            Selector::Assignable => "assignable",
            Selector::Resource => "resource",
            Selector::Pass => "pass",
        }
    }
}

/// Which things a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// `"*"`: all of them.
    Any,
    /// Those with these names or ids; never empty.
    Named(Vec<String>),
}

/// Whom a booking opens for. Judged person by person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// People with a membership that runs at the booking's start.
    Members,
    /// Everybody else, guests included.
    NonMembers,
    /// Both.
    Everyone,
}

/// Reads one `[[rule]]`. `doors` is what the file has, or `None` where it could not be read: then no name is judged.
pub(super) fn read(
    table: &Table<'_>,
    doors: Option<&BTreeMap<String, DoorsConfig>>,
    bookings: &Bookings,
) -> Option<Rule> {
    let selected = selected(table);
    let doors = doors_of(table, doors);
    let opens = table.required("opens", "the groups it opens: opens = [\"Members\"]", groups);
    let at = table.maybe("at", wanted);
    let hours = table.maybe("hours", |value| value.read(Hours::parse));
    let booked = selected.as_ref().is_none_or(|(selector, _)| *selector == Selector::Resource);
    let own = |key, otherwise| {
        booking_only(table, booked, key, if booked { otherwise } else { 0 }, |v| v.read(words::minutes))
    };
    let before = own("before", bookings.before);
    let after = own("after", bookings.after);
    let audience = booking_only(table, booked, "for", Audience::Everyone, |value| {
        value.choice(&[
            ("members", Audience::Members),
            ("non-members", Audience::NonMembers),
            ("everyone", Audience::Everyone),
        ])
    });
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
        audience: audience?,
        at: at?,
        hours: hours?,
    })
}

/// The one selector key of a rule and its value.
fn selected(table: &Table<'_>) -> Option<(Selector, Wanted)> {
    let mut given: Vec<(Selector, Value<'_>)> =
        Selector::ALL.into_iter().filter_map(|selector| Some((selector, table.value(selector.word())?))).collect();
    given.sort_by_key(|(_, value)| value.line);
    match given.as_slice() {
        [(selector, value)] => Some((*selector, wanted_by(*selector, value)?)),
        [] => {
            let words: Vec<&str> = Selector::ALL.into_iter().map(Selector::word).collect();
            table
                .faults
                .add(table.line, format!("[[rule]] says of nothing what it opens: write one of {}", words.join(", ")));
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

fn wanted_by(selector: Selector, value: &Value<'_>) -> Option<Wanted> {
    let names = value.texts()?;
    any_or_named(names)
        .map_or_else(|| value.wrong(format!("\"*\" stands for every {} and must stand alone", selector.word())), Some)
}

fn wanted(value: Value<'_>) -> Option<Wanted> {
    any_or_named(value.texts()?)
        .map_or_else(|| value.wrong("\"*\" stands for every location and must stand alone"), Some)
}

/// `None` where `"*"` stands among others.
fn any_or_named(mut names: Vec<String>) -> Option<Wanted> {
    if !names.iter().any(|name| name == "*") {
        let mut seen = Vec::new();
        names.retain(|name| {
            !seen.contains(name) && {
                seen.push(name.clone());
                true
            }
        });
        return Some(Wanted::Named(names));
    }
    (names.len() == 1).then_some(Wanted::Any)
}

fn groups(value: Value<'_>) -> Option<Vec<String>> {
    match any_or_named(value.texts()?) {
        Some(Wanted::Named(names)) => Some(names),
        _ => value.wrong("\"*\" is no group: name every group that this rule opens, by name or id"),
    }
}

fn doors_of(table: &Table<'_>, doors: Option<&BTreeMap<String, DoorsConfig>>) -> Option<String> {
    let value = table.value("doors");
    let doors = doors?;
    let all = || doors.keys().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" or ");
    match (value, doors.len()) {
        (Some(value), _) => match value.text()? {
            name if doors.contains_key(name) => Some(name.to_owned()),
            _ => value.wrong(format!("there is no such [doors.*]: write {}", all())),
        },
        (None, 1) => doors.keys().next().cloned(),
        (None, _) => {
            table.faults.add(table.line, format!("[[rule]] does not say in which doors: write doors = {}", all()));
            None
        }
    }
}

/// A key that only a rule about bookings may have.
fn booking_only<'t, T>(
    table: &Table<'t>,
    booked: bool,
    key: &'static str,
    otherwise: T,
    read: impl FnOnce(Value<'t>) -> Option<T>,
) -> Option<T> {
    match table.value(key) {
        None => Some(otherwise),
        Some(value) if booked => read(value),
        Some(value) => {
            value.wrong("this counts for bookings only: write it in a rule with `resource`, or leave it out")
        }
    }
}
