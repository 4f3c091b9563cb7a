//! SALTO KS's identity server and Connect interface, versions 1.1 and 1.2 alike: sites, people,
//! access groups, tags.

mod entries;
mod error;
mod filter;
mod groups;
mod list;
mod tags;
mod token;
mod users;
mod wire;

use filter::Cell;
use jiff::Timestamp;
use list::ListForm;
use serde_json::{Value, json};

use super::answer::{self, Answer};
use super::ask::Ask;
use super::doors::{DoorsWorld, IdFormat, MembershipChange};
use super::object::{Object, list as list_of};
use super::post::Post;
use super::route::{self, Route, RouteMatch};
use super::table::{Keyed, Shelf};
use super::world::World;

/// One site of SALTO KS.
pub struct SaltoWorld(DoorsWorld);

/// An answer, or the vendor's refusal.
type SaltoResult = Result<Answer, Answer>;

#[derive(Clone, Copy)]
enum SaltoCall {
    Sites,
    Site,
    Roles,
    Users,
    MakeUser,
    User,
    ChangeUser,
    DeleteUser,
    Subscribe,
    MakeGuest,
    Keys,
    ChangeKey,
    UserGroups,
    Tags,
    Tag,
    Groups,
    Group,
    GroupUsers,
    Enter,
    EnterAndLeave,
    Leave,
    Schedules,
    Entries,
    Locks,
}

/// The calls below `/v1.1` or `/v1.2`.
const ROUTES: &[Route<SaltoCall>] = &[
    ("GET", "/sites", SaltoCall::Sites),
    ("GET", "/sites/{id}", SaltoCall::Site),
    ("GET", "/sites/{site_id}/roles", SaltoCall::Roles),
    ("GET", "/sites/{site_id}/users", SaltoCall::Users),
    ("POST", "/sites/{site_id}/users", SaltoCall::MakeUser),
    ("GET", "/sites/{site_id}/users/{id}", SaltoCall::User),
    (
        "PATCH",
        "/sites/{site_id}/users/{id}",
        SaltoCall::ChangeUser,
    ),
    (
        "DELETE",
        "/sites/{site_id}/users/{id}",
        SaltoCall::DeleteUser,
    ),
    (
        "PATCH",
        "/sites/{site_id}/users/{id}/subscription",
        SaltoCall::Subscribe,
    ),
    ("POST", "/sites/{site_id}/guests", SaltoCall::MakeGuest),
    (
        "GET",
        "/sites/{site_id}/users/{site_user_id}/keys",
        SaltoCall::Keys,
    ),
    (
        "PATCH",
        "/sites/{site_id}/users/{site_user_id}/keys/{id}",
        SaltoCall::ChangeKey,
    ),
    (
        "GET",
        "/sites/{site_id}/users/{site_user_id}/access_groups",
        SaltoCall::UserGroups,
    ),
    ("GET", "/sites/{site_id}/tags", SaltoCall::Tags),
    ("GET", "/sites/{site_id}/tags/{id}", SaltoCall::Tag),
    ("GET", "/sites/{site_id}/access_groups", SaltoCall::Groups),
    (
        "GET",
        "/sites/{site_id}/access_groups/{access_group_id}",
        SaltoCall::Group,
    ),
    (
        "GET",
        "/sites/{site_id}/access_groups/{access_group_id}/users",
        SaltoCall::GroupUsers,
    ),
    (
        "POST",
        "/sites/{site_id}/access_groups/{access_group_id}/users",
        SaltoCall::Enter,
    ),
    (
        "PATCH",
        "/sites/{site_id}/access_groups/{access_group_id}/users",
        SaltoCall::EnterAndLeave,
    ),
    (
        "DELETE",
        "/sites/{site_id}/access_groups/{access_group_id}/users/{user_id}",
        SaltoCall::Leave,
    ),
    (
        "GET",
        "/sites/{site_id}/access_groups/{access_group_id}/time_schedules",
        SaltoCall::Schedules,
    ),
    ("GET", "/sites/{site_id}/entries", SaltoCall::Entries),
    ("GET", "/sites/{site_id}/locks", SaltoCall::Locks),
];

const IDS: IdFormat = IdFormat {
    sound: wire::is_id,
    are: "UUIDs, as SALTO KS's are",
};

/// Returns the path pattern of a call; `None` for unknown paths.
pub fn pattern(ask: &Ask) -> Option<String> {
    if ask.path == "/connect/token" {
        return Some(ask.path.clone());
    }
    let (version, rest) = versioned(ask)?;
    match route::find(ROUTES, ask.method.as_str(), rest) {
        RouteMatch::Call(_, pattern, _) | RouteMatch::OtherMethod(pattern, _) => {
            Some(format!("/{version}{pattern}"))
        }
        RouteMatch::Nothing => None,
    }
}

fn versioned(ask: &Ask) -> Option<(&str, &[String])> {
    let (version, rest) = ask.segments.split_first()?;
    ["v1.1", "v1.2"]
        .contains(&version.as_str())
        .then_some((version, rest))
}

impl SaltoWorld {
    /// Creates a site from a `_world` body. A person without a site-user id gets one derived from
    /// the platform id.
    ///
    /// # Errors
    /// A message about the first invalid part.
    pub fn new(given: Value, now: Timestamp) -> Result<SaltoWorld, String> {
        let mut doors = DoorsWorld::new(given, &IDS)?;
        let entries = doors
            .change_top()
            .0
            .remove("entries")
            .unwrap_or_else(|| json!([]));
        entries::add(&mut doors, list_of(entries, "entries")?, now)?;
        let keys: Vec<String> = doors.users.iter().map(Keyed::key).collect();
        let mut seen = std::collections::HashSet::new();
        for key in keys {
            let Some(user) = doors.users.change(&key) else {
                continue;
            };
            user.0
                .set_missing("site_user", wire::id_from(&format!("site user {key}")));
            if !wire::is_id(wire::site_user(user)) {
                return Err("users: site_user must be a UUID".into());
            }
            if !seen.insert(wire::site_user(user).to_lowercase()) {
                return Err("users: a site_user is there twice".into());
            }
        }
        Ok(SaltoWorld(doors))
    }

    /// Loads a stored site.
    pub fn load(shelf: &Shelf<'_>) -> SaltoWorld {
        SaltoWorld(DoorsWorld::load(shelf))
    }

    fn bare(&self) -> bool {
        self.0.quirk("bare-array")
    }

    fn answer(&mut self, ask: &Ask) -> SaltoResult {
        if ask.path == "/connect/token" && ask.method == http::Method::POST {
            return Ok(self.token(ask));
        }
        if !token::is_good(ask) {
            return Err(error::unauthorized());
        }
        let (version, rest) = versioned(ask).ok_or_else(error::not_found)?;
        match route::find(ROUTES, ask.method.as_str(), rest) {
            RouteMatch::Call(call, _, filled) => {
                // A site file may name its site otherwise: the sandbox has any place.
                let is_place = |id: &String| ask.of.as_ref() == Some(id);
                if !filled.iter().all(|id| wire::is_id(id) || is_place(id)) {
                    return Err(error::invalid("Invalid id"));
                }
                let part = |place: usize| filled.get(place).map_or("", String::as_str);
                self.call(call, [part(0), part(1), part(2)], ask, version)
            }
            RouteMatch::OtherMethod(_, methods) => {
                let refusal = error::refused(405, 1100, "Method not allowed");
                Err(answer::allowing(refusal, &methods))
            }
            RouteMatch::Nothing => Err(error::not_found()),
        }
    }

    fn call(
        &mut self,
        call: SaltoCall,
        [site, id, inner]: [&str; 3],
        ask: &Ask,
        version: &str,
    ) -> SaltoResult {
        match call {
            SaltoCall::Sites => self.sites(ask, version),
            SaltoCall::Site => Ok(answer::json(200, &self.site(site, true))),
            SaltoCall::Roles => self.roles(ask),
            SaltoCall::Users => self.users(ask, version),
            SaltoCall::MakeUser => self.make_user(ask, version),
            SaltoCall::User => self.one_user(id, ask, version),
            SaltoCall::ChangeUser => self.change_user(id, ask, version),
            SaltoCall::DeleteUser => self.delete_user(id, ask),
            SaltoCall::Subscribe => self.subscribe(id, ask),
            SaltoCall::MakeGuest => self.make_guest(ask, version),
            SaltoCall::Keys => self.keys(id, ask),
            SaltoCall::ChangeKey => self.change_key(id, inner, ask),
            SaltoCall::UserGroups => self.user_groups(id, ask),
            SaltoCall::Tags => self.tags(ask),
            SaltoCall::Tag => self.one_tag(id),
            SaltoCall::Groups => self.groups(ask),
            SaltoCall::Group => self.one_group(id),
            SaltoCall::GroupUsers => self.group_users(id, ask),
            SaltoCall::Enter => self.enter(id, ask),
            SaltoCall::EnterAndLeave => self.enter_and_leave(id, ask),
            SaltoCall::Leave => self.leave(id, inner, ask),
            SaltoCall::Schedules => self.schedules(id, ask),
            SaltoCall::Entries => self.entries(ask),
            SaltoCall::Locks => self.locks(ask),
        }
    }

    /// Lists the one site, named by `of` or by the world's `site`.
    fn sites(&self, ask: &Ask, version: &str) -> SaltoResult {
        let own = self
            .0
            .top
            .0
            .get("site")
            .and_then(|site| site.get("id"))
            .and_then(Value::as_str);
        let unnamed = wire::id_from("site");
        let id = ask
            .of
            .as_deref()
            .filter(|of| wire::is_id(of))
            .or(own)
            .unwrap_or(&unnamed);
        let field = |site: &Value, name: &str| Some(Cell::text(site.get(name)?.as_str()));
        let all = vec![self.site(id, version != "v1.1")];
        ListForm {
            field: &field,
            render: &Value::clone,
            bare: self.bare(),
        }
        .answer(ask, all, &[])
    }

    /// Returns a site. The world's own `site` object overrides the defaults, for example
    /// `installation_state`.
    fn site(&self, id: &str, with_use: bool) -> Value {
        let (used, seats) = self.seats();
        let mut site = Object::default();
        site.set("id", id);
        site.set("customer_reference", "Sandbox");
        site.set("subscribed_user_amount", json!(seats));
        site.set("subscription_valid", seats != Some(0));
        site.set("country_code", "GB");
        site.set("site_uid", Value::Null);
        site.set("time_zone", "Europe/London");
        site.set("installation_state", "released");
        site.set("mkey_compatible", true);
        if with_use {
            site.set("active_user_amount", used);
            site.set("active_iq_amount", 1);
            site.set("pin_enabled", true);
        }
        if let Some(Value::Object(own)) = self.0.top.0.get("site") {
            site.0.extend(own.clone());
            site.set("id", id);
        }
        Value::Object(site.0)
    }

    fn roles(&self, ask: &Ask) -> SaltoResult {
        let field = |code: &&str, name: &str| match name {
            "id" => Some(Cell::text(Some(&wire::id_from(&format!("role {code}"))))),
            "code" | "customer_reference" => Some(Cell::text(Some(code))),
            _ => None,
        };
        let render = |code: &&str| wire::role(code);
        ListForm {
            field: &field,
            render: &render,
            bare: self.bare(),
        }
        .answer(ask, wire::ROLES.to_vec(), &[])
    }
}

impl World for SaltoWorld {
    fn show(&self) -> Value {
        self.0.show()
    }

    /// Applies a `_change`. SALTO KS has no webhooks.
    fn change(&mut self, body: Value, now: Timestamp) -> Result<Vec<Post>, String> {
        self.happen(body, now).map(|()| Vec::new())
    }

    fn serve(&mut self, ask: &Ask) -> Answer {
        if self.0.quirk("delete-later") {
            self.finish_deletions(ask);
        }
        match self.answer(ask) {
            Ok(answer) if self.0.quirk("foreign-page-link") => list::link_elsewhere(answer),
            Ok(answer) => answer,
            Err(mut refusal) => {
                if self.0.quirk("error-in-200")
                    && refusal.status() != http::StatusCode::UNAUTHORIZED
                {
                    *refusal.status_mut() = http::StatusCode::OK;
                }
                refusal
            }
        }
    }

    fn membership_changes(&mut self) -> Vec<MembershipChange> {
        self.0.take_membership_changes()
    }

    fn save(&mut self, shelf: &Shelf<'_>) {
        self.0.save(shelf);
    }
}
