//! Sandbox vendors. Each behaves as its page describes the real one, keeps its own world, and fails
//! on request.
//!
//! A request passes through this module first. It is counted, meets a fault if one is set, and is
//! then answered by the world of the organisation or place that it names. The sandboxes do not know
//! Doorstep's table or queues, and do not set the clock. The time comes from the run's clock. Only
//! a fault's `delay_ms` takes real time.
//!
//! Choices where a vendor's behaviour is unknown (`[?]` on its page), each with the quirk that
//! reverses it:
//!
//! - Kisi: a parameter that the description does not allow, such as a page that is too large, is
//!   refused with 422. An assignment equal to an active one in assignee, group, role and validity
//!   is refused with 409; one with other dates is created (`second-assignment-409` refuses that
//!   too). `?email=` ignores case and is exact (`email-fuzzy`).
//! - SALTO KS: adding a member twice and removing a non-member succeed (`add-twice-409`,
//!   `remove-missing-404`); an existing e-mail is 409 (`email-taken-400`); subscribing without a
//!   free seat is 400 with code 2212 and leaves the user suspended; `eq` ignores case; lists have
//!   pages of 100.
//! - Nexudus: the default order of a list begins with the last change; unknown parameters are
//!   ignored; bodies are UTF-8, and the signature covers the body as sent (`ascii-signature`).
//! - OfficeRnD: never throttles by itself; `lag` lasts one minute.
//! - Spacebring: see its module. It counts ten calls a second only with `rate-limit`.
//!
//! All quirks are in [`QUIRKS`].

#![allow(
    clippy::result_large_err,
    reason = "a refusal is an answer like any other, and is handed on whole"
)]

mod answer;
mod ask;
mod calls;
mod change;
mod doors;
mod fault;
mod kisi;
mod locks;
mod nexudus;
mod object;
mod officernd;
mod platform_tables;
mod post;
mod push;
mod quirks;
mod rate;
mod record;
mod route;
mod salto_ks;
mod shape;
mod spacebring;
mod table;
mod tag;
mod token;
mod vendor;
mod wire_log;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ask::Ask;
use bytes::Bytes;
use calls::CallCounters;
use http::{Method, Request, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::keep::Keep;
pub use doors::MembershipChange;
use doorstep_vendors::time::Time;
use fault::{Course, InjectedFault};
pub use post::Post;
pub use quirks::{QUIRKS, Quirk};
use table::Shelf;
use vendor::Vendor;
use world::World;

/// All sandbox vendors of one run.
#[derive(Clone)]
pub struct Sandboxes {
    state: Arc<Mutex<SandboxState>>,
    clock: Arc<dyn Time>,
}

/// The name of a world: a vendor, and an organisation or place there (empty: the only one).
type WorldName = (Vendor, String);

struct SandboxState {
    keep: Keep,
    worlds: BTreeMap<WorldName, Box<dyn World>>,
    faults: BTreeMap<WorldName, Vec<InjectedFault>>,
    calls: CallCounters,
    /// Crossings of a world that was loaded again before they were read.
    aside: BTreeMap<WorldName, Vec<MembershipChange>>,
}

impl Sandboxes {
    /// Creates sandboxes with the worlds stored in `keep`. `clock` is their time.
    pub fn new(keep: Keep, clock: Arc<dyn Time>) -> Sandboxes {
        Sandboxes {
            state: Arc::new(Mutex::new(SandboxState::load(keep))),
            clock,
        }
    }

    /// Answers one of the vendor's own calls. The request's path is the path below
    /// `/sandbox/{vendor}`. Counts the call, and applies faults.
    pub async fn vendor(
        &self,
        vendor: &str,
        of: Option<&str>,
        request: Request<Bytes>,
    ) -> Response<Bytes> {
        let Some(vendor) = Vendor::find(vendor) else {
            return unknown_vendor();
        };
        let mut ask = Ask::new(request, of, self.clock.now());
        let Some(fault) = self.state().receive(vendor, &ask) else {
            let answer = self.state().serve(vendor, &ask);
            wire_log::note(vendor.word(), &ask, &answer);
            return answer;
        };
        match fault.course() {
            Course::Late => {
                tokio::time::sleep(fault.delay()).await;
                ask.now = self.clock.now();
                self.state().serve(vendor, &ask)
            }
            Course::DoneThenFails => {
                self.state().serve(vendor, &ask);
                tokio::time::sleep(fault.delay()).await;
                fault.answer()
            }
            Course::Lost => {
                tokio::time::sleep(fault.delay()).await;
                self.state().serve_and_forget(vendor, &ask)
            }
            Course::Lies => {
                tokio::time::sleep(fault.delay()).await;
                fault.falsified(self.state().serve(vendor, &ask))
            }
            Course::Fails => {
                tokio::time::sleep(fault.delay()).await;
                fault.answer()
            }
        }
    }

    /// Answers `/_world`, `/_faults` and `/_calls`, each with `?of=`. Always in JSON.
    pub async fn back_door(&self, vendor: &str, request: Request<Bytes>) -> Response<Bytes> {
        let Some(vendor) = Vendor::find(vendor) else {
            return unknown_vendor();
        };
        let ask = Ask::new(request, None, self.clock.now());
        let of = &vendor.one_name(ask.param("of").unwrap_or_default());
        let mut state = self.state();
        match (&ask.method, ask.path.as_str()) {
            (&Method::GET, "/_world") => {
                answer::json(200, &state.world(vendor, std::slice::from_ref(of)).1.show())
            }
            (&Method::PUT, "/_world") => state.replace(vendor, of, &ask),
            (&Method::GET, "/_faults") => answer::json(200, &state.show_faults(vendor, of)),
            (&Method::PUT, "/_faults") => state.set_faults(vendor, of, &ask),
            (&Method::GET, "/_calls") => answer::json(200, &state.calls.show(vendor, of)),
            (&Method::DELETE, "/_calls") => {
                state.calls.reset(vendor, of);
                answer::json(200, &json!({}))
            }
            (_, "/_world" | "/_faults" | "/_calls") => answer::refused(405, "no such method here"),
            _ => answer::refused(404, "no such page: there are _world, _faults and _calls"),
        }
    }

    /// Applies a `_change` to a vendor's world. A platform changes things, and a door system adds
    /// access attempts. Returns the bodies of the webhooks that the vendor would post, in order,
    /// for the caller to sign.
    ///
    /// # Errors
    /// The answer for the caller: 404 for an unknown vendor, 400 for a body that cannot be applied.
    pub async fn change(
        &self,
        vendor: &str,
        of: Option<&str>,
        body: Bytes,
    ) -> Result<Vec<Bytes>, Response<Bytes>> {
        Ok(self
            .post(vendor, of, body)
            .await?
            .into_iter()
            .map(|post| post.body)
            .collect())
    }

    /// Applies a `_change`. Returns the webhooks, each with its address and its form of signature.
    ///
    /// # Errors
    /// As [`Sandboxes::change`].
    pub async fn post(
        &self,
        vendor: &str,
        of: Option<&str>,
        body: Bytes,
    ) -> Result<Vec<Post>, Response<Bytes>> {
        let Some(vendor) = Vendor::find(vendor) else {
            return Err(unknown_vendor());
        };
        let body = serde_json::from_slice(&body)
            .map_err(|_| answer::refused(400, "the body is not JSON"))?;
        self.posts(vendor, of, |world, now| world.change(body, now))
    }

    /// Returns a snapshot of a push platform, in this many push updates.
    ///
    /// # Errors
    /// As [`Sandboxes::change`].
    pub async fn roster(
        &self,
        platform: &str,
        of: Option<&str>,
        parts: usize,
    ) -> Result<Vec<Post>, Response<Bytes>> {
        let Some(vendor) = Vendor::find(platform) else {
            return Err(unknown_vendor());
        };
        self.posts(vendor, of, |world, now| world.roster(parts, now))
    }

    /// Returns who was added to groups of a door system and removed from them since the last call,
    /// oldest first: by hand, or through its interface.
    pub fn membership_changes(&self, vendor: &str, of: Option<&str>) -> Vec<MembershipChange> {
        let Some(vendor) = Vendor::find(vendor) else {
            return Vec::new();
        };
        let mut state = self.state();
        let (name, world) = state.world(vendor, &[of.unwrap_or_default().to_owned()]);
        let new = world.membership_changes();
        let mut changes = state.aside.remove(&name).unwrap_or_default();
        changes.extend(new);
        changes
    }

    fn posts(
        &self,
        vendor: Vendor,
        of: Option<&str>,
        written: impl FnOnce(&mut dyn World, Timestamp) -> Result<Vec<Post>, String>,
    ) -> Result<Vec<Post>, Response<Bytes>> {
        let now = self.clock.now();
        let mut state = self.state();
        let of = vendor.one_name(of.unwrap_or_default());
        let names = [vec![of.clone()], vendor.parts(&of)].concat();
        let (name, world) = state.world(vendor, &names);
        let posts = written(world.as_mut(), now).map_err(|why| answer::refused(400, &why))?;
        state.save(&name);
        Ok(posts)
    }

    fn state(&self) -> MutexGuard<'_, SandboxState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SandboxState {
    fn load(keep: Keep) -> SandboxState {
        let mut state = SandboxState {
            keep,
            worlds: BTreeMap::new(),
            faults: BTreeMap::new(),
            calls: CallCounters::default(),
            aside: BTreeMap::new(),
        };
        for vendor in Vendor::ALL {
            let shelf = vendor_shelf(&state.keep, vendor);
            let names: BTreeSet<String> = shelf.get("worlds").unwrap_or_default();
            let faults: BTreeMap<String, Vec<InjectedFault>> =
                shelf.get("faults").unwrap_or_default();
            state
                .faults
                .extend(faults.into_iter().map(|(of, list)| ((vendor, of), list)));
            for of in names.into_iter().chain([String::new()]) {
                let world = vendor.load(&world_shelf(&state.keep, vendor, &of));
                state.worlds.insert((vendor, of), world);
            }
        }
        state
    }

    /// Counts a call, and returns the fault that it meets. A fault for its organisation or place
    /// comes before one for all.
    fn receive(&mut self, vendor: Vendor, ask: &Ask) -> Option<InjectedFault> {
        let names = names(vendor, ask);
        self.calls.count(vendor, &names, &vendor.pattern(ask));
        let lines = vendor
            .paths(ask)
            .into_iter()
            .map(|path| format!("{} {path}", ask.method))
            .collect::<Vec<_>>();
        for of in names.into_iter().chain([String::new()]) {
            let Some(faults) = self.faults.get_mut(&(vendor, of)) else {
                continue;
            };
            let met = lines.iter().find_map(|line| fault::meet(faults, line));
            if met.is_some() {
                self.save_faults(vendor);
                return met;
            }
        }
        None
    }

    fn serve(&mut self, vendor: Vendor, ask: &Ask) -> Response<Bytes> {
        let (name, world) = self.world(vendor, &names(vendor, ask));
        let answer = world.serve(ask);
        self.save(&name);
        answer
    }

    /// Answers a call as if it were carried out, and restores the world as it was before. Reads and
    /// tokens are served.
    fn serve_and_forget(&mut self, vendor: Vendor, ask: &Ask) -> Response<Bytes> {
        if ask.method == Method::GET || ask.path.ends_with("/token") {
            return self.serve(vendor, ask);
        }
        let (name, world) = self.world(vendor, &names(vendor, ask));
        let before = world.membership_changes();
        let answer = world.serve(ask);
        self.aside.entry(name.clone()).or_default().extend(before);
        let world = vendor.load(&world_shelf(&self.keep, name.0, &name.1));
        self.worlds.insert(name, world);
        answer
    }

    /// Returns the world of the first of `names` that has one, or else the only one.
    fn world(&mut self, vendor: Vendor, names: &[String]) -> (WorldName, &mut Box<dyn World>) {
        let own = names
            .iter()
            .map(|of| (vendor, of.clone()))
            .find(|name| self.worlds.contains_key(name));
        let name = own.unwrap_or((vendor, String::new()));
        let keep = &self.keep;
        let world = self
            .worlds
            .entry(name.clone())
            .or_insert_with(|| vendor.load(&world_shelf(keep, vendor, "")));
        (name, world)
    }

    fn replace(&mut self, vendor: Vendor, of: &str, ask: &Ask) -> Response<Bytes> {
        let Some(given) = ask.json() else {
            return answer::refused(400, "the body is not JSON");
        };
        let unknown = json!(quirks::unknown(&given));
        let world = match vendor.world(given, ask.now) {
            Ok(world) => world,
            Err(why) => return answer::refused(400, &why),
        };
        vendor.erase(&world_shelf(&self.keep, vendor, of));
        let name = (vendor, of.to_owned());
        self.worlds.insert(name.clone(), world);
        let names: Vec<&String> = self
            .worlds
            .keys()
            .filter(|name| name.0 == vendor)
            .map(|name| &name.1)
            .collect();
        vendor_shelf(&self.keep, vendor).put("worlds", &names);
        self.save(&name);
        match unknown {
            Value::Array(none) if none.is_empty() => answer::json(200, &json!({})),
            some => answer::json(200, &json!({ "unknown_quirks": some })),
        }
    }

    fn show_faults(&self, vendor: Vendor, of: &str) -> Value {
        json!(
            self.faults
                .get(&(vendor, of.to_owned()))
                .map_or(&[] as &[InjectedFault], Vec::as_slice)
        )
    }

    fn set_faults(&mut self, vendor: Vendor, of: &str, ask: &Ask) -> Response<Bytes> {
        match InjectedFault::read(&ask.body) {
            Ok(faults) => {
                let shown = json!(faults);
                self.faults.insert((vendor, of.to_owned()), faults);
                self.save_faults(vendor);
                answer::json(200, &shown)
            }
            Err(why) => answer::refused(400, &why),
        }
    }

    fn save(&mut self, name: &WorldName) {
        if let Some(world) = self.worlds.get_mut(name) {
            world.save(&world_shelf(&self.keep, name.0, &name.1));
        }
    }

    fn save_faults(&self, vendor: Vendor) {
        let own: BTreeMap<&String, &Vec<InjectedFault>> = self
            .faults
            .iter()
            .filter(|(name, _)| name.0 == vendor)
            .map(|(name, list)| (&name.1, list))
            .collect();
        vendor_shelf(&self.keep, vendor).put("faults", &own);
    }
}

/// Returns the names that a call may mean: the one in the site file, and the one in the vendor's
/// own path.
fn names(vendor: Vendor, ask: &Ask) -> Vec<String> {
    let mut names: Vec<String> = ask
        .of
        .clone()
        .filter(|of| !of.is_empty())
        .into_iter()
        .collect();
    // A name with several business ids may have its world under any of them.
    let parts: Vec<String> = names.iter().flat_map(|of| vendor.parts(of)).collect();
    names.extend(parts);
    names.extend(
        vendor
            .named_in_path(ask)
            .filter(|of| !names.contains(of))
            .into_iter()
            .collect::<Vec<_>>(),
    );
    names
}

fn vendor_shelf(keep: &Keep, vendor: Vendor) -> Shelf<'_> {
    Shelf {
        keep,
        prefix: format!("sandbox/{}", vendor.word()),
    }
}

/// Returns the place where a world is stored. Names are in hex, so that no name can form the key of
/// another world.
fn world_shelf<'a>(keep: &'a Keep, vendor: Vendor, of: &str) -> Shelf<'a> {
    Shelf {
        keep,
        prefix: format!("sandbox/{}/world-{}", vendor.word(), hex::encode(of)),
    }
}

fn unknown_vendor() -> Response<Bytes> {
    answer::refused(
        404,
        "no such vendor: there are officernd, nexudus, andcards, deskworks, kisi and salto-ks",
    )
}
