//! The contents of one door system's place: groups, people and members, in the form of all door
//! worlds. It keeps everything it is given. Each vendor decides how to show it.

mod given;
mod stored;
mod thing;

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::object::Object;
use super::quirks;
use super::table::{Keyed, ThingTable};
pub use thing::{DoorsThing, Member, MembershipChange};

/// The limit of stored crossings. When it is reached, the list is cleared.
const MOST_MEMBERSHIP_CHANGES: usize = 100_000;

/// Values that were given out, and must not be given or accepted again.
#[derive(Default, Serialize, Deserialize)]
struct Counters {
    member: u64,
    user: u64,
    /// Refresh tokens that were used.
    #[serde(default)]
    used_tokens: BTreeSet<String>,
}

/// The id format of a vendor.
pub struct IdFormat {
    /// Returns whether a text is a valid id.
    pub sound: fn(&str) -> bool,
    /// The description of the format.
    pub are: &'static str,
}

/// One place.
#[derive(Default)]
pub struct DoorsWorld {
    /// Groups, in order.
    pub groups: ThingTable<DoorsThing>,
    /// People, in order.
    pub users: ThingTable<DoorsThing>,
    /// Members of groups, in order.
    pub members: ThingTable<Member>,
    /// The other keys of `_world`.
    pub top: Object,
    counters: Counters,
    top_unsaved: bool,
    /// The crossings since the last read, oldest first. They are not stored.
    membership_changes: Vec<MembershipChange>,
    by_hand: bool,
}

impl DoorsWorld {
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
        let ids: Vec<String> = self
            .members
            .iter()
            .filter(|member| gone(member))
            .map(Keyed::key)
            .collect();
        for id in ids {
            self.remove_member(&id);
        }
    }

    fn note(&mut self, member: &Member, entered: bool) {
        let (group, user) = (member.group.clone(), member.user.clone());
        let (line, until, by_hand) = (member.id, member.until, self.by_hand);
        if self.membership_changes.len() >= MOST_MEMBERSHIP_CHANGES {
            self.membership_changes.clear();
        }
        self.membership_changes.push(MembershipChange {
            group,
            user,
            line,
            entered,
            until,
            by_hand,
        });
    }

    /// Takes the crossings since the last call.
    pub fn take_membership_changes(&mut self) -> Vec<MembershipChange> {
        std::mem::take(&mut self.membership_changes)
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
        self.counters.used_tokens.insert(token.to_owned())
    }

    /// Removes a person, including all memberships. Returns `false` if the person does not exist.
    pub fn remove_user(&mut self, key: &str) -> bool {
        self.keep_tags_of(key);
        self.remove_members(|member| member.user == key);
        self.users.remove(key).is_some()
    }

    /// Returns the members of one group.
    pub fn members_of(&self, group: &str) -> impl Iterator<Item = &Member> {
        self.members
            .iter()
            .filter(move |member| member.group == group)
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
}
