//! SALTO KS's access groups. Their people are named by platform id. The site-user id finds no one
//! here `[M]`.

use std::collections::HashSet;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::filter::Cell;
use super::list::{self, ListForm};
use super::{SaltoResult, SaltoWorld, error, wire};
use crate::sandbox::answer::{self, Answer};
use crate::sandbox::ask::Ask;
use crate::sandbox::doors::{DoorsThing, Member};
use crate::sandbox::object::Object;
use crate::sandbox::shape::{Field, FieldKind, may_null, must};
use crate::sandbox::table::Keyed;

/// How long the quirk `just-created` lasts after a create, in seconds of the run's clock.
const JUST: i64 = 60;

const ONE: &[Field] = &[must("user_id", FieldKind::Uuid)];
const MANY: &[Field] = &[
    may_null("add_ids", FieldKind::Uuids),
    may_null("remove_ids", FieldKind::Uuids),
];

impl SaltoWorld {
    fn group(&self, id: &str) -> Result<&DoorsThing, Answer> {
        self.0
            .groups
            .get(&id.to_lowercase())
            .ok_or_else(error::not_found)
    }

    pub(super) fn groups(&self, ask: &Ask) -> SaltoResult {
        let sizes = self.0.group_sizes();
        let size = |group: &DoorsThing| sizes.get(group.key().as_str()).copied().unwrap_or(0);
        let render = |group: &&DoorsThing| wire::group(group, size(group));
        let field = |group: &&DoorsThing, name: &str| wire::group_field(group, name);
        ListForm {
            field: &field,
            render: &render,
            bare: self.bare(),
        }
        .answer(ask, self.0.groups.iter().collect(), &[])
    }

    pub(super) fn one_group(&self, id: &str) -> SaltoResult {
        let group = self.group(id)?;
        Ok(answer::json(
            200,
            &wire::group(group, self.0.members_of(&group.key()).count()),
        ))
    }

    pub(super) fn group_users(&self, id: &str, ask: &Ask) -> SaltoResult {
        let key = self.group(id)?.key();
        let environment = list::flag(ask, "excluded")?;
        let all: Vec<&DoorsThing> = if environment {
            let inside: HashSet<&str> = self
                .0
                .members_of(&key)
                .map(|member| member.user.as_str())
                .collect();
            self.0
                .users
                .iter()
                .filter(|user| !inside.contains(user.key().as_str()))
                .collect()
        } else {
            self.0
                .members_of(&key)
                .filter_map(|member| self.0.users.get(&member.user))
                .collect()
        };
        let render = |user: &&DoorsThing| wire::member(user);
        let field = |user: &&DoorsThing, name: &str| wire::member_field(user, name);
        ListForm {
            field: &field,
            render: &render,
            bare: self.bare(),
        }
        .answer(ask, all, &["excluded"])
    }

    pub(super) fn user_groups(&self, site_user: &str, ask: &Ask) -> SaltoResult {
        let user = self.by_site_user(site_user)?;
        self.just_created(user, ask)?;
        let key = user.key();
        let own = self.0.members.iter().filter(|member| member.user == key);
        let all: Vec<&DoorsThing> = own
            .filter_map(|member| self.0.groups.get(&member.group))
            .collect();
        let render = |group: &&DoorsThing| json!({ "id": group.id(), "customer_reference": group.0.or_null("name") });
        let field = |group: &&DoorsThing, name: &str| wire::group_field(group, name);
        ListForm {
            field: &field,
            render: &render,
            bare: self.bare(),
        }
        .answer(ask, all, &[])
    }

    /// Lists the schedules of a group. A group without a schedule opens nothing `[M]`.
    pub(super) fn schedules(&self, id: &str, ask: &Ask) -> SaltoResult {
        let group = self.group(id)?;
        let all = if group.0.or("schedule", true) == json!(false) {
            Vec::new()
        } else {
            vec![wire::schedule(group)]
        };
        let field = |schedule: &Value, name: &str| Some(Cell::text(schedule.get(name)?.as_str()));
        ListForm {
            field: &field,
            render: &Value::clone,
            bare: self.bare(),
        }
        .answer(ask, all, &[])
    }

    pub(super) fn enter(&mut self, id: &str, ask: &Ask) -> SaltoResult {
        let group = self.group(id)?.key();
        let given = Object(error::body(ask, ONE)?);
        let user = self.member_key(given.text("user_id").unwrap_or_default(), ask)?;
        self.may_enter(&group, &user)?;
        self.put_in(&group, &user, ask);
        let user = self.0.users.get(&user).ok_or_else(error::not_found)?;
        Ok(answer::json(200, &wire::member(user)))
    }

    pub(super) fn leave(&mut self, id: &str, user: &str, ask: &Ask) -> SaltoResult {
        let group = self.group(id)?.key();
        let user = self.member_key(user, ask)?;
        self.may_leave(&group, &user)?;
        self.take_out(&group, &user);
        Ok(answer::empty(204))
    }

    /// Adds and removes people: all of them, or none if one id is refused `[?]`.
    pub(super) fn enter_and_leave(&mut self, id: &str, ask: &Ask) -> SaltoResult {
        let group = self.group(id)?.key();
        let given = Object(error::body(ask, MANY)?);
        let mut keys = [Vec::new(), Vec::new()];
        for (list, name) in keys.iter_mut().zip(["add_ids", "remove_ids"]) {
            for user in given.texts(name) {
                list.push(self.member_key(user, ask)?);
            }
        }
        let [adds, removals] = keys;
        adds.iter()
            .try_for_each(|user| self.may_enter(&group, user))?;
        removals
            .iter()
            .try_for_each(|user| self.may_leave(&group, user))?;
        for user in &adds {
            self.put_in(&group, user, ask);
        }
        for user in &removals {
            self.take_out(&group, user);
        }
        Ok(answer::empty(204))
    }

    /// Returns the key of the person of that platform id, if calls about groups find the person
    /// yet.
    fn member_key(&self, id: &str, ask: &Ask) -> Result<String, Answer> {
        let user = self
            .0
            .users
            .get(&id.to_lowercase())
            .ok_or_else(error::not_found)?;
        self.just_created(user, ask)?;
        Ok(user.key())
    }

    /// Refuses a new user with the quirk `just-created`. One in three users is refused for a while,
    /// each in one of two ways, always the same.
    fn just_created(&self, user: &DoorsThing, ask: &Ask) -> Result<(), Answer> {
        let made = user
            .0
            .text("created_at")
            .and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let is_new = made.is_some_and(|made| ask.now.as_second() - made.as_second() < JUST);
        if !is_new || !self.0.quirk("just-created") {
            return Ok(());
        }
        let first = Sha256::digest(user.key().as_bytes())
            .first()
            .copied()
            .unwrap_or(0);
        match first % 6 {
            0 => Err(error::not_allowed()),
            3 => Err(error::not_found()),
            _ => Ok(()),
        }
    }

    fn is_in(&self, group: &str, user: &str) -> bool {
        self.0
            .members
            .iter()
            .any(|member| member.user == user && member.group == group)
    }

    fn may_enter(&self, group: &str, user: &str) -> Result<(), Answer> {
        match self.0.quirk("add-twice-409") && self.is_in(group, user) {
            true => Err(error::refused(
                409,
                1101,
                "The user is in the access group already",
            )),
            false => Ok(()),
        }
    }

    fn may_leave(&self, group: &str, user: &str) -> Result<(), Answer> {
        match self.0.quirk("remove-missing-404") && !self.is_in(group, user) {
            true => Err(error::not_found()),
            false => Ok(()),
        }
    }

    fn put_in(&mut self, group: &str, user: &str, ask: &Ask) {
        if self.is_in(group, user) {
            return;
        }
        let mut shown = Object::default();
        shown.set("user", self.0.users.get(user).map_or(user, DoorsThing::id));
        shown.set("valid_from", Value::Null);
        shown.set("valid_until", Value::Null);
        let (group, user) = (group.to_owned(), user.to_owned());
        self.0.add_member(Member {
            id: 0,
            group,
            user,
            from: None,
            until: None,
            made: Some(ask.now),
            shown,
        });
    }

    fn take_out(&mut self, group: &str, user: &str) {
        self.0
            .remove_members(|member| member.user == user && member.group == group);
    }
}
