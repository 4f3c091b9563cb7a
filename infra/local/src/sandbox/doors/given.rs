//! Reads the bodies of `_world` and `_change`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{DoorsThing, DoorsWorld, IdFormat, Member};
use crate::sandbox::object::{Object, list, object};
use crate::sandbox::table::Keyed;

impl DoorsWorld {
    /// Creates a place from a `_world` body.
    ///
    /// # Errors
    /// A message about the first invalid part.
    pub fn new(given: Value, ids: &IdFormat) -> Result<DoorsWorld, String> {
        let mut top = object(given, "a world")?;
        let mut take = |name: &str| list(top.0.remove(name).unwrap_or_else(|| json!([])), name);
        let (groups, users) = (take("groups")?, take("users")?);
        check_top(&top)?;
        let mut doors = DoorsWorld {
            top,
            top_unsaved: true,
            by_hand: true,
            ..DoorsWorld::default()
        };
        for user in users {
            let user = sound(object(user, "a user")?, ids, "users")?;
            let number = user.text("id").and_then(|id| id.parse().ok()).unwrap_or(0);
            doors.counters.user = doors.counters.user.max(number);
            if !doors.users.add(DoorsThing(user)) {
                return Err("users: an id is there twice".into());
            }
        }
        for group in groups {
            doors.add_group(group, ids)?;
        }
        doors.by_hand = false;
        Ok(doors)
    }

    fn add_group(&mut self, group: Value, ids: &IdFormat) -> Result<(), String> {
        let mut group = sound(object(group, "a group")?, ids, "groups")?;
        let members = list(
            group.0.remove("members").unwrap_or_else(|| json!([])),
            "members",
        )?;
        let group = DoorsThing(group);
        let key = group.key();
        if !self.groups.add(group) {
            return Err("groups: an id is there twice".into());
        }
        for member in members {
            let mut member = object(member, "a member")?;
            let user = member
                .text("user")
                .ok_or("members: user must be a text")?
                .to_lowercase();
            if self.users.get(&user).is_none() {
                return Err("members: a user is not among users".into());
            }
            let from = bound(&mut member, "valid_from")?;
            let until = bound(&mut member, "valid_until")?;
            self.add_member(Member {
                id: 0,
                group: key.clone(),
                user,
                from,
                until,
                made: None,
                shown: member,
            });
        }
        Ok(())
    }

    /// Adds and removes people by hand: `members` of a `_change`, and `remove` with all memberships
    /// to remove.
    ///
    /// # Errors
    /// A message about the first invalid part. Earlier parts have been applied.
    pub fn change_by_hand(&mut self, change: &mut Object) -> Result<(), String> {
        let entering = list(
            change.0.remove("members").unwrap_or_else(|| json!([])),
            "members",
        )?;
        let mut remove = object(
            change.0.remove("remove").unwrap_or_else(|| json!({})),
            "remove",
        )?;
        let leaving = list(
            remove.0.remove("members").unwrap_or_else(|| json!([])),
            "members",
        )?;
        self.by_hand = true;
        let done = self.by_hand(entering, leaving);
        self.by_hand = false;
        done
    }

    fn by_hand(&mut self, entering: Vec<Value>, leaving: Vec<Value>) -> Result<(), String> {
        for member in entering {
            let (mut member, group, user) = self.named(member)?;
            let (from, until) = (
                bound(&mut member, "valid_from")?,
                bound(&mut member, "valid_until")?,
            );
            member.0.remove("group");
            self.add_member(Member {
                id: 0,
                group,
                user,
                from,
                until,
                made: None,
                shown: member,
            });
        }
        for member in leaving {
            let (_, group, user) = self.named(member)?;
            self.remove_members(|member| member.group == group && member.user == user);
        }
        Ok(())
    }

    fn named(&self, member: Value) -> Result<(Object, String, String), String> {
        let member = object(member, "a member")?;
        let key = |name: &str| member.text(name).map(str::to_lowercase).unwrap_or_default();
        let (group, user) = (key("group"), key("user"));
        match self.groups.get(&group).is_some() && self.users.get(&user).is_some() {
            true => Ok((member, group, user)),
            false => Err("members: group and user must be ids of a group and a user".into()),
        }
    }
}

fn sound(thing: Object, ids: &IdFormat, list: &str) -> Result<Object, String> {
    let id = thing
        .text("id")
        .ok_or_else(|| format!("{list}: every id must be a text: {}", ids.are))?;
    if !(ids.sound)(id) {
        return Err(format!("{list}: ids must be {}", ids.are));
    }
    let email = thing.0.get("email");
    match email {
        None | Some(Value::Null | Value::String(_)) => Ok(thing),
        Some(_) => Err(format!("{list}: email must be a text or null")),
    }
}

fn check_top(top: &Object) -> Result<(), String> {
    for name in [
        "tags",
        "quirks",
        "locks",
        "entries",
        "events",
        "integrations",
    ] {
        if top.0.get(name).is_some_and(|value| !value.is_array()) {
            return Err(format!("{name} must be a list"));
        }
    }
    match top.0.get("seats") {
        None | Some(Value::Null) => Ok(()),
        Some(seats) if seats.is_u64() => Ok(()),
        Some(_) => Err("seats must be a whole number, or null for no limit".into()),
    }
}

/// Returns a bound of validity. A missing one becomes null.
fn bound(member: &mut Object, name: &str) -> Result<Option<Timestamp>, String> {
    member.set_missing(name, Value::Null);
    match member.0.get(name) {
        Some(Value::Null) | None => Ok(None),
        Some(Value::String(text)) => text
            .parse()
            .map(Some)
            .map_err(|_| format!("members: {name} must be RFC 3339")),
        Some(_) => Err(format!("members: {name} must be a text or null")),
    }
}
