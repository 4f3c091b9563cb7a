//! The contents of one door system's place: groups, people and members, in the form of all door worlds. It keeps
//! everything it is given. Each vendor decides how to show it.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::object::{Object, list, object};
use super::quirks;
use super::table::{Item, Shelf, Table};

/// The limit of stored crossings. When it is reached, the list is cleared.
const MOST_CROSSINGS: usize = 100_000;

/// A group or a person, found by its `id` ignoring case.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thing(pub Object);

impl Item for Thing {
    fn key(&self) -> String {
        self.id().to_lowercase()
    }
}

impl Thing {
    /// Returns its id, as given.
    pub fn id(&self) -> &str {
        self.0.text("id").unwrap_or_default()
    }
}

/// One member of a group.
#[derive(Serialize, Deserialize)]
pub struct Member {
    /// Its own id.
    pub id: u64,
    /// Key of the group.
    pub group: String,
    /// Key of the person.
    pub user: String,
    /// Start of its validity.
    pub from: Option<Timestamp>,
    /// End of its validity, exclusive.
    pub until: Option<Timestamp>,
    /// When it was created, if by a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Timestamp>,
    /// The form that `_world` shows.
    pub shown: Object,
}

impl Item for Member {
    fn key(&self) -> String {
        self.id.to_string()
    }
}

/// A person who was added to a group or removed from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// Id of the group.
    pub group: String,
    /// Id of the person.
    pub user: String,
    /// Id of the membership. Ids are never reused.
    pub line: u64,
    /// Whether the person was added. Otherwise the person was removed.
    pub entered: bool,
    /// End of the membership's validity, exclusive.
    pub until: Option<Timestamp>,
    /// Whether it was changed by hand and not through the vendor's interface.
    pub by_hand: bool,
}

/// Values that were given out, and must not be given or accepted again.
#[derive(Default, Serialize, Deserialize)]
struct Counters {
    member: u64,
    user: u64,
    /// Refresh tokens that were used.
    #[serde(default)]
    spent: BTreeSet<String>,
}

/// The id format of a vendor.
pub struct Ids {
    /// Returns whether a text is a valid id.
    pub sound: fn(&str) -> bool,
    /// The description of the format.
    pub are: &'static str,
}

/// One place.
#[derive(Default)]
pub struct Doors {
    /// Groups, in order.
    pub groups: Table<Thing>,
    /// People, in order.
    pub users: Table<Thing>,
    /// Members of groups, in order.
    pub members: Table<Member>,
    /// The other keys of `_world`.
    pub top: Object,
    counters: Counters,
    top_unsaved: bool,
    /// The crossings since the last read, oldest first. They are not stored.
    crossings: Vec<Crossing>,
    by_hand: bool,
}

impl Doors {
    /// Creates a place from a `_world` body.
    ///
    /// # Errors
    /// A message about the first invalid part.
    pub fn new(given: Value, ids: &Ids) -> Result<Doors, String> {
        let mut top = object(given, "a world")?;
        let mut take = |name: &str| list(top.0.remove(name).unwrap_or_else(|| json!([])), name);
        let (groups, users) = (take("groups")?, take("users")?);
        check_top(&top)?;
        let mut doors = Doors { top, top_unsaved: true, by_hand: true, ..Doors::default() };
        for user in users {
            let user = sound(object(user, "a user")?, ids, "users")?;
            let number = user.text("id").and_then(|id| id.parse().ok()).unwrap_or(0);
            doors.counters.user = doors.counters.user.max(number);
            if !doors.users.add(Thing(user)) {
                return Err("users: an id is there twice".into());
            }
        }
        for group in groups {
            doors.add_group(group, ids)?;
        }
        doors.by_hand = false;
        Ok(doors)
    }

    fn add_group(&mut self, group: Value, ids: &Ids) -> Result<(), String> {
        let mut group = sound(object(group, "a group")?, ids, "groups")?;
        let members = list(group.0.remove("members").unwrap_or_else(|| json!([])), "members")?;
        let group = Thing(group);
        let key = group.key();
        if !self.groups.add(group) {
            return Err("groups: an id is there twice".into());
        }
        for member in members {
            let mut member = object(member, "a member")?;
            let user = member.text("user").ok_or("members: user must be a text")?.to_lowercase();
            if self.users.get(&user).is_none() {
                return Err("members: a user is not among users".into());
            }
            let from = bound(&mut member, "valid_from")?;
            let until = bound(&mut member, "valid_until")?;
            self.add_member(Member { id: 0, group: key.clone(), user, from, until, made: None, shown: member });
        }
        Ok(())
    }

    /// Adds a person to the end of a group's list. Assigns the membership's id and returns it.
    pub fn add_member(&mut self, member: Member) -> u64 {
        self.counters.member += 1;
        self.top_unsaved = true;
        let id = self.counters.member;
        let member = Member { id, ..member };
        self.note(&member, true);
        self.members.add(member);
        id
    }

    /// Removes one membership. Returns `false` if it does not exist.
    pub fn remove_member(&mut self, id: &str) -> bool {
        let member = self.members.remove(id);
        if let Some(member) = &member {
            self.note(member, false);
        }
        member.is_some()
    }

    /// Removes every membership for which `gone` returns true.
    pub fn remove_members(&mut self, gone: impl Fn(&Member) -> bool) {
        let ids: Vec<String> = self.members.iter().filter(|member| gone(member)).map(Item::key).collect();
        for id in ids {
            self.remove_member(&id);
        }
    }

    fn note(&mut self, member: &Member, entered: bool) {
        let (group, user) = (member.group.clone(), member.user.clone());
        let (line, until, by_hand) = (member.id, member.until, self.by_hand);
        if self.crossings.len() >= MOST_CROSSINGS {
            self.crossings.clear();
        }
        self.crossings.push(Crossing { group, user, line, entered, until, by_hand });
    }

    /// Takes the crossings since the last call.
    pub fn take_crossings(&mut self) -> Vec<Crossing> {
        std::mem::take(&mut self.crossings)
    }

    /// Adds and removes people by hand: `members` of a `_change`, and `remove` with all memberships to remove.
    ///
    /// # Errors
    /// A message about the first invalid part. Earlier parts have been applied.
    pub fn hands(&mut self, change: &mut Object) -> Result<(), String> {
        let entering = list(change.0.remove("members").unwrap_or_else(|| json!([])), "members")?;
        let mut remove = object(change.0.remove("remove").unwrap_or_else(|| json!({})), "remove")?;
        let leaving = list(remove.0.remove("members").unwrap_or_else(|| json!([])), "members")?;
        self.by_hand = true;
        let done = self.by_hand(entering, leaving);
        self.by_hand = false;
        done
    }

    fn by_hand(&mut self, entering: Vec<Value>, leaving: Vec<Value>) -> Result<(), String> {
        for member in entering {
            let (mut member, group, user) = self.named(member)?;
            let (from, until) = (bound(&mut member, "valid_from")?, bound(&mut member, "valid_until")?);
            member.0.remove("group");
            self.add_member(Member { id: 0, group, user, from, until, made: None, shown: member });
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

    /// Returns a new number for a person.
    pub fn next_user(&mut self) -> u64 {
        self.counters.user += 1;
        self.top_unsaved = true;
        self.counters.user
    }

    /// Changes one of the other keys of `_world`.
    pub fn set_top(&mut self, name: &str, value: impl Into<Value>) {
        self.top_unsaved = true;
        self.top.set(name, value);
    }

    /// Uses a refresh token that works once. Returns `false` if it was used before.
    pub fn spend(&mut self, token: &str) -> bool {
        self.top_unsaved = true;
        self.counters.spent.insert(token.to_owned())
    }

    /// Removes a person, including all memberships. Returns `false` if the person does not exist.
    pub fn remove_user(&mut self, key: &str) -> bool {
        self.keep_tags_of(key);
        self.remove_members(|member| member.user == key);
        self.users.remove(key).is_some()
    }

    /// Returns the members of one group.
    pub fn members_of(&self, group: &str) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |member| member.group == group)
    }

    /// Returns the number of people in each group.
    pub fn group_sizes(&self) -> HashMap<&str, usize> {
        let mut sizes = HashMap::new();
        for member in self.members.iter() {
            *sizes.entry(member.group.as_str()).or_default() += 1;
        }
        sizes
    }

    /// Returns the number of groups of each person.
    pub fn group_counts(&self) -> HashMap<&str, usize> {
        let mut counts = HashMap::new();
        for member in self.members.iter() {
            *counts.entry(member.user.as_str()).or_default() += 1;
        }
        counts
    }

    /// Returns the other keys of `_world` for changes.
    pub fn change_top(&mut self) -> &mut Object {
        self.top_unsaved = true;
        &mut self.top
    }

    /// Returns whether a quirk is on.
    pub fn quirk(&self, name: &str) -> bool {
        quirks::on(&self.top, name)
    }

    /// Returns everything, as `_world` shows it.
    pub fn show(&self) -> Value {
        let mut by_group: HashMap<&str, Vec<&Object>> = HashMap::new();
        for member in self.members.iter() {
            by_group.entry(&member.group).or_default().push(&member.shown);
        }
        let group = |group: &Thing| {
            let mut shown = group.0.clone();
            shown.set("members", json!(by_group.get(group.key().as_str()).map_or(&[] as &[_], Vec::as_slice)));
            shown
        };
        let mut shown = self.top.clone();
        shown.set("groups", json!(self.groups.iter().map(group).collect::<Vec<_>>()));
        shown.set("users", json!(self.users.iter().collect::<Vec<_>>()));
        shown.set_missing("tags", json!([]));
        Value::Object(shown.0)
    }

    /// Writes what changed since the last write.
    pub fn save(&mut self, shelf: &Shelf<'_>) {
        self.groups.save(shelf, "groups");
        self.users.save(shelf, "users");
        self.members.save(shelf, "members");
        if std::mem::take(&mut self.top_unsaved) {
            shelf.put("top", &self.top);
            shelf.put("counters", &self.counters);
        }
    }

    /// Loads a stored place.
    pub fn load(shelf: &Shelf<'_>) -> Doors {
        Doors {
            groups: Table::load(shelf, "groups"),
            users: Table::load(shelf, "users"),
            members: Table::load(shelf, "members"),
            top: Object(shelf.get::<Map<_, _>>("top").unwrap_or_default()),
            counters: shelf.get("counters").unwrap_or_default(),
            top_unsaved: false,
            crossings: Vec::new(),
            by_hand: false,
        }
    }

    /// Removes a stored place.
    pub fn erase(shelf: &Shelf<'_>) {
        Table::<Thing>::erase(shelf, "groups");
        Table::<Thing>::erase(shelf, "users");
        Table::<Member>::erase(shelf, "members");
    }
}

fn sound(thing: Object, ids: &Ids, list: &str) -> Result<Object, String> {
    let id = thing.text("id").ok_or_else(|| format!("{list}: every id must be a text: {}", ids.are))?;
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
    for name in ["tags", "quirks", "locks", "entries", "events", "integrations"] {
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
        Some(Value::String(text)) => text.parse().map(Some).map_err(|_| format!("members: {name} must be RFC 3339")),
        Some(_) => Err(format!("members: {name} must be a text or null")),
    }
}
