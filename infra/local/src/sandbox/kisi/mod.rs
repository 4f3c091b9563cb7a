//! Kisi's interface: people, groups and assignments, cards, locks, and the webhooks for access
//! attempts.

mod assignments;
mod cards;
mod error;
mod events;
mod integrations;
mod list;
mod people;
mod query;
mod wire;

use std::collections::BTreeSet;

use jiff::Timestamp;
use list::{PageRequest, among, fuzzy};
use serde_json::Value;

use super::answer::{self, Answer};
use super::ask::Ask;
use super::doors::{DoorsThing, DoorsWorld, IdFormat, MembershipChange};
use super::post::Post;
use super::rate::Rate;
use super::route::{self, Route, RouteMatch};
use super::table::{Keyed, Shelf};
use super::world::World;

/// One organisation (or place) of Kisi.
pub struct KisiWorld(DoorsWorld, Rate);

/// Most calls in one second. `[D]`
const CALLS_A_SECOND: usize = 5;

#[derive(Clone, Copy)]
enum KisiCall {
    Places,
    Locks,
    Groups,
    Group,
    Users,
    MakeUser,
    User,
    ChangeUser,
    DeleteUser,
    Assignments,
    Assign,
    Assignment,
    ChangeAssignment,
    Unassign,
    Guests,
    MakeGuest,
    DeleteGuest,
    Integrations,
    MakeIntegration,
    Integration,
    ChangeIntegration,
    DeleteIntegration,
    Cards,
    CardAssignments,
    AssignCard,
    CardAssignment,
    TakeCard,
}

const ROUTES: &[Route<KisiCall>] = &[
    ("GET", "/places", KisiCall::Places),
    ("GET", "/locks", KisiCall::Locks),
    ("GET", "/groups", KisiCall::Groups),
    ("GET", "/groups/{id}", KisiCall::Group),
    ("GET", "/users", KisiCall::Users),
    ("POST", "/users", KisiCall::MakeUser),
    ("GET", "/users/{id}", KisiCall::User),
    ("PATCH", "/users/{id}", KisiCall::ChangeUser),
    ("DELETE", "/users/{id}", KisiCall::DeleteUser),
    ("GET", "/role_assignments", KisiCall::Assignments),
    ("POST", "/role_assignments", KisiCall::Assign),
    ("GET", "/role_assignments/{id}", KisiCall::Assignment),
    (
        "PATCH",
        "/role_assignments/{id}",
        KisiCall::ChangeAssignment,
    ),
    ("DELETE", "/role_assignments/{id}", KisiCall::Unassign),
    ("GET", "/guests", KisiCall::Guests),
    ("POST", "/guests", KisiCall::MakeGuest),
    ("DELETE", "/guests/{id}", KisiCall::DeleteGuest),
    ("GET", "/integrations", KisiCall::Integrations),
    ("POST", "/integrations", KisiCall::MakeIntegration),
    ("GET", "/integrations/{id}", KisiCall::Integration),
    ("PATCH", "/integrations/{id}", KisiCall::ChangeIntegration),
    ("DELETE", "/integrations/{id}", KisiCall::DeleteIntegration),
    ("GET", "/cards", KisiCall::Cards),
    ("GET", "/card_assignments", KisiCall::CardAssignments),
    ("POST", "/card_assignments", KisiCall::AssignCard),
    ("GET", "/card_assignments/{id}", KisiCall::CardAssignment),
    ("DELETE", "/card_assignments/{id}", KisiCall::TakeCard),
];

/// On the wire ids are whole numbers. In worlds they are the same numbers as text.
const IDS: IdFormat = IdFormat {
    sound: |id| {
        id.parse::<u64>()
            .is_ok_and(|number| number > 0 && number.to_string() == id)
    },
    are: "whole numbers written as text, for example \"17\", as Kisi's are",
};

/// Returns the path pattern of a call; `None` for unknown paths.
pub fn pattern(ask: &Ask) -> Option<String> {
    match route::find(ROUTES, ask.method.as_str(), &ask.segments) {
        RouteMatch::Call(_, pattern, _) | RouteMatch::OtherMethod(pattern, _) => {
            Some(pattern.to_owned())
        }
        RouteMatch::Nothing => None,
    }
}

/// Returns whether this person has no Kisi account.
fn is_guest(person: &DoorsThing) -> bool {
    person.0.flag("guest") || person.0.text("email").is_none_or(str::is_empty)
}

impl KisiWorld {
    /// Creates a place from a `_world` body.
    ///
    /// # Errors
    /// A message about the first invalid part.
    pub fn new(given: Value) -> Result<KisiWorld, String> {
        Ok(KisiWorld(
            DoorsWorld::new(given, &IDS)?,
            Rate::new(CALLS_A_SECOND),
        ))
    }

    /// Loads a stored place.
    pub fn load(shelf: &Shelf<'_>) -> KisiWorld {
        KisiWorld(DoorsWorld::load(shelf), Rate::new(CALLS_A_SECOND))
    }

    fn call(&mut self, call: KisiCall, id: &str, ask: &Ask) -> Result<Answer, Answer> {
        query::check(call, ask)?;
        match call {
            KisiCall::Places => self.places(ask),
            KisiCall::Locks => self.locks(ask),
            KisiCall::Groups => self.groups(ask),
            KisiCall::Group => self.one_group(id, ask),
            KisiCall::Users => self.users(ask),
            KisiCall::MakeUser => self.make_user(ask),
            KisiCall::User => self.one_user(id),
            KisiCall::ChangeUser => self.change_user(id, ask),
            KisiCall::DeleteUser => self.delete_user(id),
            KisiCall::Assignments => self.assignments(ask),
            KisiCall::Assign => self.assign(ask),
            KisiCall::Assignment => self.one_assignment(id),
            KisiCall::ChangeAssignment => self.change_assignment(id, ask),
            KisiCall::Unassign => self.unassign(id),
            KisiCall::Guests => self.guests(ask),
            KisiCall::MakeGuest => self.make_guest(ask),
            KisiCall::DeleteGuest => self.delete_guest(id),
            KisiCall::Integrations => self.integrations(ask),
            KisiCall::MakeIntegration => self.make_integration(ask),
            KisiCall::Integration => self.one_integration(id),
            KisiCall::ChangeIntegration => self.change_integration(id, ask),
            KisiCall::DeleteIntegration => self.delete_integration(id),
            KisiCall::Cards => self.cards(ask),
            KisiCall::CardAssignments => self.card_assignments(ask),
            KisiCall::AssignCard => self.assign_card(ask),
            KisiCall::CardAssignment => self.one_card_assignment(id),
            KisiCall::TakeCard => self.take_card(id),
        }
    }

    /// Lists the places that groups name, and the one that the caller names.
    fn places(&self, ask: &Ask) -> Result<Answer, Answer> {
        let page = PageRequest::read(ask, 50, 250)?;
        let named = self
            .0
            .groups
            .iter()
            .filter_map(|group| group.0.text("place"));
        let all: BTreeSet<&str> = named
            .chain(ask.of.as_deref())
            .filter(|id| id.parse::<u64>().is_ok())
            .collect();
        let all: Vec<&str> = all.into_iter().filter(|id| among(ask, id)).collect();
        Ok(page.of(&all, |id| wire::place(id)))
    }

    fn groups(&self, ask: &Ask) -> Result<Answer, Answer> {
        let page = PageRequest::read(ask, 10, 250)?;
        let place = ask.param("place_id");
        let here = |group: &DoorsThing| {
            place.is_none_or(|place| group.0.text("place").is_none_or(|own| own == place))
        };
        let asked = |group: &&DoorsThing| {
            here(group)
                && among(ask, group.id())
                && fuzzy(ask, &[group.0.text("name").unwrap_or_default()])
        };
        let mut all: Vec<&DoorsThing> = self.0.groups.iter().filter(asked).collect();
        match ask.param("sort") {
            Some("name") => all.sort_by_key(|group| group.0.text("name")),
            Some("-name") => all.sort_by_key(|group| std::cmp::Reverse(group.0.text("name"))),
            _ => {}
        }
        let sizes = self.0.group_sizes();
        let size = |group: &DoorsThing| sizes.get(group.key().as_str()).copied().unwrap_or(0);
        Ok(page.of(&all, |group| wire::group(group, size(group), place)))
    }

    fn one_group(&self, id: &str, ask: &Ask) -> Result<Answer, Answer> {
        let group = self.0.groups.get(id).ok_or_else(error::not_found)?;
        Ok(answer::json(
            200,
            &wire::group(group, self.0.members_of(id).count(), ask.of.as_deref()),
        ))
    }
}

impl World for KisiWorld {
    fn show(&self) -> Value {
        self.0.show()
    }

    fn serve(&mut self, ask: &Ask) -> Answer {
        if self.0.quirk("rate-limit") && !self.1.admits(ask.now) {
            return error::plain(429, "Too Many Requests", "a1e429");
        }
        if ask.credentials("KISI-LOGIN").is_none() {
            return error::unauthorized();
        }
        match route::find(ROUTES, ask.method.as_str(), &ask.segments) {
            RouteMatch::Call(call, _, filled) => {
                let id = filled.first().map_or("", String::as_str);
                let mut answer = self.call(call, id, ask).unwrap_or_else(|refusal| refusal);
                if self.0.quirk("no-collection-range") {
                    answer.headers_mut().remove(list::RANGE);
                }
                answer
            }
            RouteMatch::OtherMethod(_, methods) => {
                let refusal = error::plain(405, "Method Not Allowed", "a1e405");
                answer::allowing(refusal, &methods)
            }
            RouteMatch::Nothing => error::not_found(),
        }
    }

    fn change(&mut self, body: Value, now: Timestamp) -> Result<Vec<Post>, String> {
        Ok(self.happen(body, now)?.iter().map(Post::of).collect())
    }

    fn membership_changes(&mut self) -> Vec<MembershipChange> {
        self.0.take_membership_changes()
    }

    fn save(&mut self, shelf: &Shelf<'_>) {
        self.0.save(shelf);
    }
}
