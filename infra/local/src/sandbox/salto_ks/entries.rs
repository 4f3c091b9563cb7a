//! SALTO KS's entries, which record access attempts, in pages linked by a token; and its locks.
//!
//! A world, and a `_change`, give `{"entries": [{"id"?, "user", "lock", "at"?, "denied"?,
//! "category"?}]}`. The token is the position where the list continues. Every page except the last
//! has one.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::filter::{Cell, Filter};
use super::list::ListForm;
use super::{IDS, SaltoResult, SaltoWorld, error, wire};
use crate::sandbox::answer;
use crate::sandbox::ask::Ask;
use crate::sandbox::doors::{DoorsThing, DoorsWorld};
use crate::sandbox::locks::{self, Lock};
use crate::sandbox::object::{Object, list, object};

/// Most entries on one page `[?]`.
const PAGE: usize = 100;
/// The header with the continuation token `[D]`.
const TOKEN: &str = "clp-continuation-token";
/// The prefix of the sandbox's tokens.
const OURS: &str = "from-";

fn id_of(name: &str) -> String {
    wire::id_from(&format!("lock {name}"))
}

/// Adds entries to a place, with defaults for missing fields. An entry replaces an earlier one with
/// the same id.
pub fn add(doors: &mut DoorsWorld, given: Vec<Value>, now: Timestamp) -> Result<(), String> {
    let mut all = doors.top.list("entries").to_vec();
    for entry in given {
        let entry = whole(doors, object(entry, "an entry")?, all.len(), now)?;
        match all
            .iter_mut()
            .find(|known| known.get("id") == entry.0.get("id"))
        {
            Some(known) => *known = json!(entry),
            None => all.push(json!(entry)),
        }
    }
    doors.change_top().set("entries", all);
    Ok(())
}

fn whole(
    doors: &DoorsWorld,
    mut entry: Object,
    place: usize,
    now: Timestamp,
) -> Result<Object, String> {
    let at = match entry.text("at").map(str::parse::<Timestamp>) {
        None => now,
        Some(Ok(at)) => at,
        Some(Err(_)) => return Err("entries: at must be RFC 3339".into()),
    };
    // The precision is one second [M].
    entry.set("at", at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    let lock = entry
        .0
        .get("lock")
        .and_then(|lock| locks::named(&doors.top, lock, IDS.sound, &id_of));
    let lock = lock.ok_or("entries: lock must be the id or the name of a lock")?;
    entry.set("lock", lock.id);
    entry.set("lock_name", lock.name);
    let user = match entry.0.get("user") {
        None | Some(Value::Null) => None,
        Some(Value::String(user)) => {
            let them = |thing: &&DoorsThing| {
                wire::same(thing.id(), user)
                    || thing
                        .0
                        .text("email")
                        .is_some_and(|email| wire::same(email, user))
            };
            let found = doors
                .users
                .iter()
                .find(them)
                .ok_or("entries: a user is not among users")?;
            Some(found.id().to_owned())
        }
        Some(_) => return Err("entries: user must be an id or an address".into()),
    };
    entry.set("user", json!(user));
    entry.set_missing("id", wire::id_from(&format!("entry {place} {at}")));
    if !entry.text("id").is_some_and(wire::is_id) {
        return Err("entries: ids must be UUIDs".into());
    }
    Ok(entry)
}

impl SaltoWorld {
    /// Returns the entries in order of time, from the position of the token.
    pub(super) fn entries(&self, ask: &Ask) -> SaltoResult {
        let known = ["$filter", "$orderby", "$top", "$inlinecount"];
        if ask
            .query
            .iter()
            .any(|(name, _)| !known.contains(&name.as_str()))
        {
            return Err(error::invalid("Unknown query parameter"));
        }
        let mut all = self
            .0
            .top
            .list("entries")
            .iter()
            .filter_map(Value::as_object)
            .cloned()
            .map(Object)
            .collect::<Vec<_>>();
        all.sort_by(|one, other| one.text("at").cmp(&other.text("at")));
        match ask.param("$orderby").unwrap_or("utc_date_time") {
            "utc_date_time" | "utc_date_time asc" => {}
            "utc_date_time desc" => all.reverse(),
            _ => return Err(error::invalid("Invalid $orderby")),
        }
        if let Some(filter) = ask.param("$filter") {
            if self.0.quirk("entries-filter-1102") {
                return Err(error::bad_filter());
            }
            let filter = Filter::read(filter).ok_or_else(error::bad_filter)?;
            let mut kept = Vec::new();
            for entry in all {
                if filter
                    .holds(&|name| field(&entry, name))
                    .map_err(|_| error::bad_filter())?
                {
                    kept.push(entry);
                }
            }
            all = kept;
        }
        let top = match ask.param("$top").map(str::parse::<usize>) {
            None => PAGE,
            Some(Ok(top)) => top.clamp(1, PAGE),
            Some(Err(_)) => return Err(error::invalid("Invalid $top")),
        };
        self.page(
            &all,
            top,
            ask.header(TOKEN).filter(|token| !token.is_empty()),
        )
    }

    /// Returns one page. With the quirk `entries-empty-page` every other page is empty and has a
    /// token.
    fn page(&self, all: &[Object], top: usize, token: Option<&str>) -> SaltoResult {
        let stale = || error::invalid("Invalid continuation token");
        let from = match token {
            None => 0,
            Some(token) => token
                .strip_prefix(OURS)
                .and_then(|place| place.trim_end_matches('e').parse().ok())
                .ok_or_else(stale)?,
        };
        let empty =
            self.0.quirk("entries-empty-page") && token.is_some_and(|token| !token.ends_with('e'));
        let end = if empty {
            from
        } else {
            all.len().min(from + top)
        };
        let items: Vec<Value> = all
            .get(from..end)
            .unwrap_or_default()
            .iter()
            .map(|entry| self.shown(entry))
            .collect();
        let mut body = json!({ "items": items, "next_page_link": null, "count": null });
        if empty {
            body["continuation_token"] = json!(format!("{OURS}{end}e"));
        } else if end < all.len() {
            body["continuation_token"] = json!(format!("{OURS}{end}"));
        }
        Ok(answer::json(200, &body))
    }

    /// Returns an entry as on the wire `[M]`.
    fn shown(&self, entry: &Object) -> Value {
        let denied = entry
            .0
            .get("denied")
            .is_some_and(|denied| !denied.is_null() && *denied != json!(false));
        let user = entry
            .text("user")
            .and_then(|id| self.0.users.get(&id.to_lowercase()));
        let tag = user.and_then(|user| user.0.texts("tags").first().map(|tag| (*tag).to_owned()));
        let named = user.filter(|_| !(denied && self.0.quirk("rejected-unnamed")));
        let (first, last) = named.map(|user| wire::names(&user.0)).unzip();
        let at = entry.text("at").unwrap_or_default();
        let local = at
            .parse::<Timestamp>()
            .map(|at| at.to_zoned(TimeZone::UTC).datetime().to_string())
            .unwrap_or_default();
        json!({
            "id": entry.or_null("id"),
            "event_category": entry.or("category", if denied { "lock_rejected" } else { "lock_opened" }),
            "event_detail": entry.0.get("denied").filter(|why| why.is_string()),
            "utc_date_time": at,
            "local_date_time": local,
            "lock_id": entry.or_null("lock"),
            "lock_mac_address": null,
            "lock_customer_reference": entry.or_null("lock_name"),
            "user_id": named.map(|user| user.id().to_owned()),
            "user_first_name": first,
            "user_last_name": last,
            "user_image_url": null,
            "user_alias": named.and_then(|user| user.0.text("alias")),
            "iq_id": wire::id_from("iq"),
            "iq_customer_reference": "IQ 01",
            "iq_mac_address": null,
            "iq_revision": "2.0",
            "exit_requested": false,
            "access_by": if tag.is_some() { "tag" } else { "mkey" },
            "access_detail": tag.or_else(|| entry.text("tag").map(str::to_owned)).unwrap_or_default(),
        })
    }

    pub(super) fn locks(&self, ask: &Ask) -> SaltoResult {
        let mut all = locks::listed(&self.0.top, &id_of);
        for entry in self
            .0
            .top
            .list("entries")
            .iter()
            .filter_map(Value::as_object)
            .cloned()
            .map(Object)
        {
            let (id, name) = (
                entry.text("lock").unwrap_or_default(),
                entry.text("lock_name").unwrap_or_default(),
            );
            if !all.iter().any(|lock| wire::same(&lock.id, id)) {
                all.push(Lock {
                    id: id.to_owned(),
                    name: name.to_owned(),
                });
            }
        }
        let field = |lock: &Lock, name: &str| match name {
            "id" => Some(Cell::text(Some(&lock.id))),
            "customer_reference" => Some(Cell::text(Some(&lock.name))),
            _ => None,
        };
        let render = |lock: &Lock| json!({ "id": lock.id, "customer_reference": lock.name, "mac": null, "online": true });
        ListForm {
            field: &field,
            render: &render,
            bare: self.bare(),
        }
        .answer(ask, all, &[])
    }

    /// Adds entries while the sandbox runs.
    pub(super) fn happen(&mut self, body: Value, now: Timestamp) -> Result<(), String> {
        let mut body = object(body, "a change")?;
        self.0.change_by_hand(&mut body)?;
        let entries = list(
            body.0.remove("entries").unwrap_or_else(|| json!([])),
            "entries",
        )?;
        match body.0.keys().next() {
            Some(other) => Err(format!(
                "there are only entries and members here, not {other}: replace the _world instead"
            )),
            None => add(&mut self.0, entries, now),
        }
    }
}

fn field(entry: &Object, name: &str) -> Option<Cell> {
    Some(match name {
        "id" => Cell::text(entry.text("id")),
        "utc_date_time" => Cell::text(entry.text("at")),
        "lock_id" => Cell::text(entry.text("lock")),
        "user_id" => Cell::text(entry.text("user")),
        _ => return None,
    })
}
