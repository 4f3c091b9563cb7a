//! Kisi's role assignments: who is in which group, with validity. Roles for the whole organisation
//! are read-only.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::list::{PageRequest, among, fuzzy, whole};
use super::{KisiWorld, error, is_guest, wire};
use crate::sandbox::answer::{self, Answer};
use crate::sandbox::ask::Ask;
use crate::sandbox::doors::{DoorsThing, Member};
use crate::sandbox::object::Object;
use crate::sandbox::shape::{Field, FieldKind, may, may_null, must};
use crate::sandbox::table::Keyed;

/// The first id of the assignments that represent a person's role.
const ROLES: u64 = 9_000_000_000;

const NEW: &[Field] = &[
    must(
        "applies_to_type",
        FieldKind::OneOf(&["Organization", "Place", "Group"]),
    ),
    must("applies_to_id", FieldKind::Whole),
    must(
        "assignee_type",
        FieldKind::OneOf(&["User", "Team", "Guest"]),
    ),
    must("assignee_id", FieldKind::Whole),
    must("role_id", FieldKind::Text),
    may_null("user_id", FieldKind::Whole),
    may("group_id", FieldKind::Whole),
    may("notify", FieldKind::Flag),
    may_null("valid_from", FieldKind::Instant),
    may_null("valid_until", FieldKind::Instant),
];

/// Validity cannot be patched `[I]`.
const CHANGED: &[Field] = &[
    may("role_id", FieldKind::Text),
    may("notify", FieldKind::Flag),
];

/// An assignment to a group, or the one that represents a person's role.
enum AssignmentRow<'a> {
    Group(&'a Member),
    Role(&'a DoorsThing, String),
}

impl KisiWorld {
    pub(super) fn assignments(&self, ask: &Ask) -> Result<Answer, Answer> {
        let page = PageRequest::read(ask, 10, 250)?;
        let asked = AssignmentQuery::read(ask)?;
        let groups = self.0.members.iter().map(AssignmentRow::Group);
        let roles = self
            .0
            .users
            .iter()
            .filter_map(|user| Some(AssignmentRow::Role(user, role_line(user)?)));
        let all: Vec<AssignmentRow<'_>> = groups
            .chain(roles)
            .filter(|line| asked.takes(self, line, ask))
            .collect();
        Ok(page.of(&all, |line| self.line(line)))
    }

    fn line(&self, line: &AssignmentRow<'_>) -> Value {
        match line {
            AssignmentRow::Group(member) => wire::assignment(self, member),
            AssignmentRow::Role(user, id) => wire::organization_role(self, user, id),
        }
    }

    pub(super) fn one_assignment(&self, id: &str) -> Result<Answer, Answer> {
        let member = self.0.members.get(id).map(AssignmentRow::Group);
        let role = || {
            self.role_holder(id)
                .map(|user| AssignmentRow::Role(user, id.to_owned()))
        };
        let line = member.or_else(role).ok_or_else(error::not_found)?;
        Ok(answer::json(200, &self.line(&line)))
    }

    fn role_holder(&self, id: &str) -> Option<&DoorsThing> {
        let user = id.parse::<u64>().ok()?.checked_sub(ROLES)?.to_string();
        self.0
            .users
            .get(&user)
            .filter(|user| role_line(user).is_some())
    }

    pub(super) fn assign(&mut self, ask: &Ask) -> Result<Answer, Answer> {
        let given = Object(error::body(ask, "role_assignment", NEW)?);
        if given.text("applies_to_type") != Some("Group") {
            return Err(error::forbidden());
        }
        if !given
            .text("role_id")
            .is_some_and(|role| role.starts_with("group_"))
        {
            return Err(error::invalid("role_id", "is invalid"));
        }
        let (group, user) = (id(&given, "applies_to_id"), id(&given, "assignee_id"));
        let person = self
            .0
            .users
            .get(&user)
            .filter(|user| given.text("assignee_type") == Some(kind(user)));
        if self.0.groups.get(&group).is_none() || person.is_none() {
            return Err(error::not_found());
        }
        let instant = |name: &str| {
            given
                .text(name)
                .and_then(|text| text.parse::<Timestamp>().ok())
        };
        let (from, until) = (instant("valid_from"), instant("valid_until"));
        if from.is_some_and(|from| until.is_some_and(|until| until <= from)) {
            return Err(error::invalid("valid_until", "must be after valid_from"));
        }
        let role = given.text("role_id").unwrap_or_default();
        let shown = shown(&given, &user);
        let new = Member {
            id: 0,
            group,
            user,
            from,
            until,
            made: Some(ask.now),
            shown,
        };
        if self.conflicts(&new, role, ask.now) {
            return Err(error::conflict());
        }
        let id = self.0.add_member(new).to_string();
        self.one_assignment(&id)
    }

    /// Returns whether an active assignment makes Kisi refuse the new one: an equal one always
    /// `[C]`, any other with a quirk.
    fn conflicts(&self, new: &Member, role: &str, now: Timestamp) -> bool {
        let any = self.0.quirk("second-assignment-409");
        let live = |member: &Member| member.until.is_none_or(|until| until > now);
        let same = |member: &Member| {
            (member.from, member.until) == (new.from, new.until)
                && member.shown.text("role_id").unwrap_or("group_basic") == role
        };
        self.0
            .members_of(&new.group)
            .any(|member| member.user == new.user && live(member) && (any || same(member)))
    }

    pub(super) fn change_assignment(&mut self, id: &str, ask: &Ask) -> Result<Answer, Answer> {
        self.one_assignment(id)?;
        let given: Map<String, Value> = error::body(ask, "role_assignment", CHANGED)?;
        let member = self.0.members.change(id).ok_or_else(error::forbidden)?;
        member.shown.0.extend(given);
        Ok(answer::empty(204))
    }

    pub(super) fn unassign(&mut self, id: &str) -> Result<Answer, Answer> {
        self.one_assignment(id)?;
        if self.0.remove_member(id) {
            Ok(answer::empty(204))
        } else {
            Err(error::forbidden())
        }
    }
}

/// The query of a list of assignments.
struct AssignmentQuery {
    group: Option<String>,
    user: Option<String>,
    assignee: Option<String>,
    applies_to: Option<String>,
}

impl AssignmentQuery {
    fn read(ask: &Ask) -> Result<AssignmentQuery, Answer> {
        Ok(AssignmentQuery {
            group: whole(ask, "group_id")?,
            user: ask.param("user_id").map(str::to_owned),
            assignee: whole(ask, "assignee_id")?,
            applies_to: whole(ask, "applies_to_id")?,
        })
    }

    fn takes(&self, world: &KisiWorld, line: &AssignmentRow<'_>, ask: &Ask) -> bool {
        let (id, user, to, to_type, role) = match line {
            AssignmentRow::Group(member) => {
                let role = member.shown.text("role_id").unwrap_or("group_basic");
                (
                    member.id.to_string(),
                    member.user.as_str(),
                    member.group.as_str(),
                    "Group",
                    role,
                )
            }
            AssignmentRow::Role(user, id) => (
                id.clone(),
                user.id(),
                "1",
                "Organization",
                user.0.text("role").unwrap_or(""),
            ),
        };
        let is = |wanted: Option<&str>, own: &str| wanted.is_none_or(|wanted| wanted == own);
        let simple = is(ask.param("applies_to_type"), to_type)
            && is(
                ask.param("scope"),
                if to_type == "Group" {
                    "group"
                } else {
                    "organization"
                },
            )
            && is(self.applies_to.as_deref(), to)
            && is(self.assignee.as_deref(), user)
            && is(self.user.as_deref(), user)
            && self
                .group
                .as_deref()
                .is_none_or(|group| to_type == "Group" && group == to)
            && is(ask.param("role_id"), role)
            && among(ask, &id);
        let deep = ["assignee_type", "user_id", "query"]
            .iter()
            .any(|name| ask.param(name).is_some());
        simple
            && (!deep
                || world
                    .0
                    .users
                    .get(user)
                    .is_some_and(|person| self.suits(person, ask)))
    }

    fn suits(&self, person: &DoorsThing, ask: &Ask) -> bool {
        ask.param("assignee_type")
            .is_none_or(|wanted| wanted == kind(person))
            && (self.user.is_none() || !is_guest(person))
            && fuzzy(
                ask,
                &[
                    person.0.text("name").unwrap_or_default(),
                    person.0.text("email").unwrap_or_default(),
                ],
            )
    }
}

fn role_line(user: &DoorsThing) -> Option<String> {
    user.0.text("role")?;
    Some((ROLES + user.key().parse::<u64>().ok()?).to_string())
}

fn kind(person: &DoorsThing) -> &'static str {
    if is_guest(person) { "Guest" } else { "User" }
}

fn id(given: &Object, name: &str) -> String {
    given
        .0
        .get(name)
        .and_then(Value::as_u64)
        .map(|number| number.to_string())
        .unwrap_or_default()
}

/// Returns a new assignment as `_world` shows it.
fn shown(given: &Object, user: &str) -> Object {
    let mut shown = Object::default();
    shown.set("user", user);
    shown.set("valid_from", given.or_null("valid_from"));
    shown.set("valid_until", given.or_null("valid_until"));
    if given.flag("notify") {
        shown.set("notify", true);
    }
    if given.text("role_id") != Some("group_basic") {
        shown.set("role_id", given.or_null("role_id"));
    }
    shown
}
