//! Kisi's interface: people, groups and assignments, cards, locks, and the webhooks for access attempts.

mod assignments;
mod cards;
mod error;
mod events;
mod integrations;
mod list;
mod people;
mod wire;

use std::collections::BTreeSet;

use jiff::Timestamp;
use list::{Page, among, fuzzy};
use serde_json::Value;

use super::answer::{self, Answer};
use super::ask::Ask;
use super::doors::{Doors, Ids, MembershipChange, Thing};
use super::route::{self, Found, Route};
use super::table::{Item, Shelf};
use super::vendor::{self, Post};

/// One organisation (or place) of Kisi.
pub struct World(Doors);

#[derive(Clone, Copy)]
enum Call {
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

const ROUTES: &[Route<Call>] = &[
    ("GET", "/places", Call::Places),
    ("GET", "/locks", Call::Locks),
    ("GET", "/groups", Call::Groups),
    ("GET", "/groups/{id}", Call::Group),
    ("GET", "/users", Call::Users),
    ("POST", "/users", Call::MakeUser),
    ("GET", "/users/{id}", Call::User),
    ("PATCH", "/users/{id}", Call::ChangeUser),
    ("DELETE", "/users/{id}", Call::DeleteUser),
    ("GET", "/role_assignments", Call::Assignments),
    ("POST", "/role_assignments", Call::Assign),
    ("GET", "/role_assignments/{id}", Call::Assignment),
    ("PATCH", "/role_assignments/{id}", Call::ChangeAssignment),
    ("DELETE", "/role_assignments/{id}", Call::Unassign),
    ("GET", "/guests", Call::Guests),
    ("POST", "/guests", Call::MakeGuest),
    ("DELETE", "/guests/{id}", Call::DeleteGuest),
    ("GET", "/integrations", Call::Integrations),
    ("POST", "/integrations", Call::MakeIntegration),
    ("GET", "/integrations/{id}", Call::Integration),
    ("PATCH", "/integrations/{id}", Call::ChangeIntegration),
    ("DELETE", "/integrations/{id}", Call::DeleteIntegration),
    ("GET", "/cards", Call::Cards),
    ("GET", "/card_assignments", Call::CardAssignments),
    ("POST", "/card_assignments", Call::AssignCard),
    ("GET", "/card_assignments/{id}", Call::CardAssignment),
    ("DELETE", "/card_assignments/{id}", Call::TakeCard),
];

/// On the wire ids are whole numbers. In worlds they are the same numbers as text.
const IDS: Ids = Ids {
    sound: |id| id.parse::<u64>().is_ok_and(|number| number > 0 && number.to_string() == id),
    are: "whole numbers written as text, for example \"17\", as Kisi's are",
};

/// Returns the path pattern of a call; `None` for unknown paths.
pub fn pattern(ask: &Ask) -> Option<String> {
    match route::find(ROUTES, ask.method.as_str(), &ask.segments) {
        Found::Call(_, pattern, _) | Found::OtherMethod(pattern) => Some(pattern.to_owned()),
        Found::Nothing => None,
    }
}

/// Returns whether this person has no Kisi account.
fn is_guest(person: &Thing) -> bool {
    person.0.flag("guest") || person.0.text("email").is_none_or(str::is_empty)
}

impl World {
    /// Creates a place from a `_world` body.
    ///
    /// # Errors
    /// A message about the first invalid part.
    pub fn new(given: Value) -> Result<World, String> {
        Ok(World(Doors::new(given, &IDS)?))
    }

    /// Loads a stored place.
    pub fn load(shelf: &Shelf<'_>) -> World {
        World(Doors::load(shelf))
    }

    fn call(&mut self, call: Call, id: &str, ask: &Ask) -> Result<Answer, Answer> {
        match call {
            Call::Places => self.places(ask),
            Call::Locks => self.locks(ask),
            Call::Groups => self.groups(ask),
            Call::Group => self.one_group(id, ask),
            Call::Users => self.users(ask),
            Call::MakeUser => self.make_user(ask),
            Call::User => self.one_user(id),
            Call::ChangeUser => self.change_user(id, ask),
            Call::DeleteUser => self.delete_user(id),
            Call::Assignments => self.assignments(ask),
            Call::Assign => self.assign(ask),
            Call::Assignment => self.one_assignment(id),
            Call::ChangeAssignment => self.change_assignment(id, ask),
            Call::Unassign => self.unassign(id),
            Call::Guests => self.guests(ask),
            Call::MakeGuest => self.make_guest(ask),
            Call::DeleteGuest => self.delete_guest(id),
            Call::Integrations => self.integrations(ask),
            Call::MakeIntegration => self.make_integration(ask),
            Call::Integration => self.one_integration(id),
            Call::ChangeIntegration => self.change_integration(id, ask),
            Call::DeleteIntegration => self.delete_integration(id),
            Call::Cards => self.cards(ask),
            Call::CardAssignments => self.card_assignments(ask),
            Call::AssignCard => self.assign_card(ask),
            Call::CardAssignment => self.one_card_assignment(id),
            Call::TakeCard => self.take_card(id),
        }
    }

    /// Lists the places that groups name, and the one that the caller names.
    fn places(&self, ask: &Ask) -> Result<Answer, Answer> {
        let page = Page::read(ask, 50, 250)?;
        let named = self.0.groups.iter().filter_map(|group| group.0.text("place"));
        let all: BTreeSet<&str> = named.chain(ask.of.as_deref()).filter(|id| id.parse::<u64>().is_ok()).collect();
        let all: Vec<&str> = all.into_iter().filter(|id| among(ask, id)).collect();
        Ok(page.of(&all, |id| wire::place(id)))
    }

    fn groups(&self, ask: &Ask) -> Result<Answer, Answer> {
        let page = Page::read(ask, 10, 250)?;
        let place = ask.param("place_id");
        let here = |group: &Thing| place.is_none_or(|place| group.0.text("place").is_none_or(|own| own == place));
        let asked = |group: &&Thing| {
            here(group) && among(ask, group.id()) && fuzzy(ask, &[group.0.text("name").unwrap_or_default()])
        };
        let mut all: Vec<&Thing> = self.0.groups.iter().filter(asked).collect();
        match ask.param("sort") {
            Some("name") => all.sort_by_key(|group| group.0.text("name")),
            Some("-name") => all.sort_by_key(|group| std::cmp::Reverse(group.0.text("name"))),
            _ => {}
        }
        let sizes = self.0.group_sizes();
        let size = |group: &Thing| sizes.get(group.key().as_str()).copied().unwrap_or(0);
        Ok(page.of(&all, |group| wire::group(group, size(group), place)))
    }

    fn one_group(&self, id: &str, ask: &Ask) -> Result<Answer, Answer> {
        let group = self.0.groups.get(id).ok_or_else(error::not_found)?;
        Ok(answer::json(200, &wire::group(group, self.0.members_of(id).count(), ask.of.as_deref())))
    }
}

impl vendor::World for World {
    fn show(&self) -> Value {
        self.0.show()
    }

    fn serve(&mut self, ask: &Ask) -> Answer {
        if ask.credentials("KISI-LOGIN").is_none() {
            return error::unauthorized();
        }
        match route::find(ROUTES, ask.method.as_str(), &ask.segments) {
            Found::Call(call, _, filled) => {
                let id = filled.first().map_or("", String::as_str);
                let mut answer = self.call(call, id, ask).unwrap_or_else(|refusal| refusal);
                if self.0.quirk("no-collection-range") {
                    answer.headers_mut().remove(list::RANGE);
                }
                answer
            }
            Found::OtherMethod(_) => error::plain(405, "Method Not Allowed", "a1e405"),
            Found::Nothing => error::not_found(),
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
