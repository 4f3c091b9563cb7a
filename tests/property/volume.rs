//! The deciding code against the reference model, at volume. The platform's sandbox answers the
//! platform's own reader, and the deciding code derives the windows of everyone from what was read.
//! No table, queue or door system takes part: the stories beside this module play those.
//!
//! Each story has two worlds, the first one and that after all of its changes. In each, the derived
//! windows are compared with the model at instants at which access may begin or end, and a minute
//! before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Uri};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::change::change;
use super::dice::Dice;
use super::scenario::{GROUPS, GeneratedScenario};
use super::story::Story;
use super::things::written;
use super::{number, platform, things, times};
use crate::reference_model::{Entry, Minute, list, may_be_in};
use crate::support::Platform;
use doorstep_core::decide::entitlement::{
    Desired, RuleIndex, Rules, derive_by, desired, is_awaited_anywhere, next_boundary, open_at,
};
use doorstep_core::model::account::{Group, GroupId};
use doorstep_core::model::fact::{Fact, FactId, Id, What};
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::platform_kind::PlatformKind;
use doorstep_core::model::record::{FactRecord, Source};
use doorstep_core::site::Site;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::resolve::{Resolved, resolve};
use doorstep_jobs::compare::facts::FactIndex;
use doorstep_jobs::compare::people::{AddressSource, Projection};
use doorstep_local::keep::Keep;
use doorstep_local::sandbox::Sandboxes;
use doorstep_vendors::access::{Access, ApiSecrets, Extras};
use doorstep_vendors::http::Http;
use doorstep_vendors::platform::{PlatformVendor, ReadPlatform, Span};
use doorstep_vendors::secret::Secret;
use doorstep_vendors::time::Time;

/// The most edges of access that are compared in one world.
const EDGES: usize = 8;

/// A clock that tests set, in milliseconds. A wait takes its time by it.
#[derive(Default)]
struct SetClock(AtomicI64);

impl SetClock {
    fn set(&self, at: Minute) {
        self.0.store(at * 1000, Ordering::Relaxed);
    }
}

#[async_trait]
impl Time for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).expect("an instant")
    }

    async fn pass(&self, span: Duration) {
        let span = i64::try_from(span.as_millis()).expect("a short wait");
        self.0.fetch_add(span + 1, Ordering::Relaxed);
    }
}

/// The sandbox vendors, which every story gives a world of its own.
struct Vendors {
    sandboxes: Sandboxes,
    clock: Arc<SetClock>,
    http: Http,
}

impl Vendors {
    fn new(platform: Platform) -> Vendors {
        let clock = Arc::new(SetClock::default());
        let sandboxes = Sandboxes::new(Keep::memory(), clock.clone());
        let answering = sandboxes.clone();
        let http = Http::from_fn(move |request: Request<Bytes>| {
            let sandboxes = answering.clone();
            async move {
                let (mut parts, body) = request.into_parts();
                let path = parts.uri.path_and_query().expect("a path").as_str();
                parts.uri = path.parse::<Uri>().expect("a path");
                let request = Request::from_parts(parts, body);
                sandboxes.vendor(platform.word(), None, request).await
            }
        });
        Vendors {
            sandboxes,
            clock,
            http,
        }
    }

    async fn put(&self, platform: Platform, world: &Value) {
        let own = platform::own(platform, world);
        let body = own.as_ref().unwrap_or(world).to_string();
        let (mut parts, body) = Request::new(Bytes::from(body)).into_parts();
        (parts.method, parts.uri) = (Method::PUT, Uri::from_static("/_world"));
        let request = Request::from_parts(parts, body);
        let answer = self.sandboxes.back_door(platform.word(), request).await;
        assert!(answer.status().is_success(), "{answer:?}");
    }

    fn reader(&self, platform: Platform, site: &Site) -> Box<dyn ReadPlatform> {
        let secret = || Some(Secret::new("sandbox".to_owned()));
        let secrets = ApiSecrets {
            client_id: secret(),
            client_secret: secret(),
            username: secret(),
            password: secret(),
            api_key: secret(),
            ..ApiSecrets::default()
        };
        let name = "platform".to_owned();
        let access = Access {
            url: Some(format!("sandbox://{}", platform.word())),
            extras: Extras::of(site),
            ..Access::new(self.http.clone(), self.clock.clone(), secrets, name)
        };
        let of = site.platform.organization.as_deref().unwrap_or_default();
        site.platform.kind.api().reader(of, access)
    }
}

/// Reads every list of a platform, as reconcile does. A membership comes with its assignments.
async fn read(reader: &dyn ReadPlatform, now: Timestamp) -> Result<Vec<Fact>, String> {
    let span = Span {
        changed_since: None,
        checkins_from: now - SignedDuration::from_hours(3 * 24),
    };
    let mut facts = Vec::new();
    for kind in reader.kinds() {
        let listed = reader.read(kind, &span).await;
        let listed = listed.map_err(|wrong| format!("{}: {wrong}", kind.plural()))?;
        if !listed.unreadable.is_empty() || listed.nameless > 0 {
            return Err(format!("unreadable: {:?}", listed.unreadable));
        }
        facts.extend(listed.facts);
    }
    let is_resource = |fact: &&Fact| matches!(fact.what, What::Resource(_));
    let resources: Vec<Id> = facts
        .iter()
        .filter(is_resource)
        .map(|one| one.id.clone())
        .collect();
    let assigned = reader.assignments(&resources).await;
    for (membership, assignment) in assigned.map_err(|wrong| wrong.to_string())?.read {
        for fact in facts.iter_mut().filter(|fact| fact.id == membership) {
            if let What::Membership(one) = &mut fact.what {
                one.assignments.push(assignment.clone());
            }
        }
    }
    Ok(facts)
}

/// Returns the facts of a world that a platform without a read API pushes.
fn pushed(kind: PlatformKind, own: &Value) -> Result<Vec<Fact>, String> {
    let contract = kind.vendor().contract().expect("a contract");
    let mut facts: BTreeMap<FactId, Fact> = BTreeMap::new();
    for entity in contract.entities {
        for thing in list(own, entity.list) {
            let thing = (entity.read)(thing).map_err(|why| format!("{}{why}", entity.word))?;
            facts.extend(thing.facts().into_iter().map(|fact| (fact.name(), fact)));
        }
    }
    let spoken_of: BTreeSet<FactId> = facts
        .values()
        .flat_map(|fact| fact.what.speaks_of())
        .collect();
    for about in spoken_of {
        if !facts.contains_key(&about) {
            facts.extend((contract.unknown)(&about).map(|fact| (about, fact)));
        }
    }
    Ok(facts.into_values().collect())
}

/// A site and everything that its platform says.
struct ReadSite {
    site: Site,
    resolved: Resolved,
    catalogue: Catalogue,
    facts: FactIndex,
}

impl ReadSite {
    fn of(scenario: &GeneratedScenario, facts: Vec<Fact>, now: Timestamp) -> ReadSite {
        let site = Site::parse(&scenario.file()).expect("a site file");
        let catalogue = Catalogue::without_passes(&facts);
        let groups = scenario.doors.iter().map(|doors| {
            let group = |name: &str| Group {
                id: GroupId(name.to_owned()),
                name: name.to_owned(),
                problem: None,
            };
            (DoorsName::from(doors.name), GROUPS.map(group).into())
        });
        let resolved = resolve(&site, &catalogue, &groups.collect(), None);
        let mut index = FactIndex::default();
        for fact in facts {
            index.put(&FactRecord::new(fact, now, Source::Read));
        }
        ReadSite {
            site,
            resolved,
            catalogue,
            facts: index,
        }
    }

    /// Derives the windows of everyone, as seen at `now`.
    fn windows(&self, now: Timestamp) -> Vec<(String, Desired)> {
        let index = RuleIndex::of(Rules {
            site: &self.site,
            resolved: &self.resolved,
            catalogue: &self.catalogue,
        });
        let projection = Projection::of(AddressSource::Confirmed, &[], &self.facts);
        let windows = projection.people.iter().map(|projected| {
            let person = &projected.person;
            let facts = self.facts.facts_of(person.profiles.iter());
            let name = person.email.as_deref().or(facts.name()).unwrap_or_default();
            let derived = derive_by(&index, &facts, now);
            (name.to_lowercase(), desired(&derived.entitlements))
        });
        windows.collect()
    }
}

/// Returns everyone with an open window at `at`.
fn open(windows: &[(String, Desired)], at: Timestamp) -> BTreeSet<Entry> {
    let mut entries = BTreeSet::new();
    for (name, desired) in windows {
        for group in desired
            .keys()
            .filter(|group| open_at(desired, group, at).is_some())
        {
            entries.insert((
                name.clone(),
                group.doors.to_string(),
                group.group.to_string(),
            ));
        }
    }
    entries
}

fn instant(at: Minute) -> Timestamp {
    Timestamp::from_second(at).expect("an instant")
}

/// One story at one platform.
struct Compared<'a> {
    vendors: &'a Vendors,
    scenario: GeneratedScenario,
    dice: Dice,
}

impl Compared<'_> {
    /// Reads a world and compares it with the model. Returns the number of compared instants.
    async fn world(&mut self, world: &Value, now: Minute) -> Result<usize, String> {
        let (vendors, platform) = (self.vendors, self.scenario.platform);
        let own = platform::own(platform, world).unwrap_or_default();
        vendors.clock.set(now);
        let site = Site::parse(&self.scenario.file()).map_err(|wrong| format!("{wrong:?}"))?;
        let facts = match platform.pushes() {
            true => pushed(site.platform.kind, &own)?,
            false => {
                vendors.put(platform, world).await;
                let now = if self.scenario.platform_quirks.contains(&"lag") {
                    now + 120
                } else {
                    now
                };
                vendors.clock.set(now);
                read(vendors.reader(platform, &site).as_ref(), instant(now)).await?
            }
        };
        let read = ReadSite::of(&self.scenario, facts, instant(now));
        let windows = read.windows(instant(now));
        let mut edges: Vec<Minute> = times::after(world, &self.scenario, now)
            .into_iter()
            .collect();
        let mut chosen = vec![now];
        for _ in 0..EDGES.min(edges.len()) {
            let edge = edges.swap_remove(self.dice.index(edges.len()).expect("an edge"));
            chosen.extend([edge - 60, edge]);
        }
        chosen.retain(|at| *at >= now);
        for at in &chosen {
            let model = may_be_in(world, &self.scenario.site, *at);
            differs("", &model, &open(&windows, instant(*at)), *at)?;
        }
        // Seen from one of these instants, the windows are the same there.
        if let Some(at) = self.dice.index(chosen.len()).map(|place| chosen[place]) {
            let model = may_be_in(world, &self.scenario.site, at);
            differs(
                "seen from there, ",
                &model,
                &open(&read.windows(instant(at)), instant(at)),
                at,
            )?;
        }
        boundaries(&windows, instant(now))?;
        Ok(chosen.len() + 1)
    }
}

/// Returns whether an interval that is not over has a boundary, and no interval is open beyond it.
fn boundaries(windows: &[(String, Desired)], now: Timestamp) -> Result<(), String> {
    for (name, desired) in windows {
        let ends = |until: Option<Timestamp>| until.is_some_and(|until| until > now);
        let intervals = || desired.values().flatten();
        let some = intervals().any(|one| one.window.from > now || ends(one.window.until));
        if next_boundary(desired, now).is_some() != some {
            return Err(format!("{name} has a boundary: {}", !some));
        }
        if some && !is_awaited_anywhere(desired, now) {
            return Err(format!("{name} has a boundary and awaits nothing"));
        }
    }
    Ok(())
}

fn differs(
    from: &str,
    model: &BTreeSet<Entry>,
    derived: &BTreeSet<Entry>,
    at: Minute,
) -> Result<(), String> {
    let (out, over): (Vec<_>, Vec<_>) = (
        model.difference(derived).collect(),
        derived.difference(model).collect(),
    );
    if out.is_empty() && over.is_empty() {
        return Ok(());
    }
    Err(format!(
        "at {}, {from}shut out {out:?}, let in {over:?}",
        written(at)
    ))
}

async fn compared(vendors: &Vendors, story: &Story, platform: Platform) -> Result<usize, String> {
    let scenario = GeneratedScenario::of(story, platform);
    let now = scenario.start;
    let mut world = things::world(story, now, &scenario.platform_quirks);
    platform::add(platform, story, &mut world, now);
    platform::fit(platform, &mut world);
    let mut compared = Compared {
        vendors,
        scenario,
        dice: Dice(story.scenario ^ 0x766f_6c75_6d65),
    };
    let first = compared.world(&world, now).await?;
    let mut later = now;
    for (place, step) in story.steps.iter().enumerate() {
        let mut dice = Dice(*step);
        later += dice.any(&[0, 60, 1800, 3 * 3600, 11 * 3600]);
        let change = change(&mut dice, &world, &format!("new{place}"), later, platform);
        platform::apply(&mut world, &change);
        platform::fit(platform, &mut world);
    }
    let second = compared.world(&world, later).await;
    Ok(first + second.map_err(|wrong| format!("after the changes, {wrong}"))?)
}

/// Returns the story of a seed.
fn story(seed: u64) -> Story {
    let mut next = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut number = || {
        next = next.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (next ^ (next >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let mut some = |least: u64, most: u64| -> Vec<u64> {
        let count = least + number() % (most - least + 1);
        (0..count).map(|_| number()).collect()
    };
    Story {
        scenario: some(1, 1)[0],
        rules: some(2, 6),
        members: some(2, 6),
        visitors: some(0, 3),
        inside: Vec::new(),
        memberships: some(0, 5),
        assignments: some(0, 3),
        bookings: some(0, 5),
        passes: some(0, 3),
        checkins: some(0, 2),
        visits: some(0, 3),
        steps: some(1, 6),
    }
}

/// Returns a shorter story that fails too.
fn shorter(story: &Story, fails: impl Fn(&Story) -> bool) -> Story {
    type List = fn(&mut Story) -> &mut Vec<u64>;
    let lists: [List; 10] = [
        |one| &mut one.steps,
        |one| &mut one.rules,
        |one| &mut one.bookings,
        |one| &mut one.memberships,
        |one| &mut one.assignments,
        |one| &mut one.passes,
        |one| &mut one.checkins,
        |one| &mut one.visits,
        |one| &mut one.visitors,
        |one| &mut one.members,
    ];
    let mut story = story.clone();
    for list in lists {
        let mut place = 0;
        while place < list(&mut story).len() {
            let mut tried = story.clone();
            list(&mut tried).remove(place);
            if fails(&tried) {
                story = tried;
            } else {
                place += 1;
            }
        }
    }
    story
}

/// Plays the stories of these seeds at a platform.
fn stories_of(platform: Platform, seeds: std::ops::Range<u64>) {
    let (began, count) = (Instant::now(), seeds.end - seeds.start);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let vendors = Vendors::new(platform);
    let one = |story: &Story| runtime.block_on(compared(&vendors, story, platform));
    let mut instants = 0;
    for seed in seeds {
        let story = story(seed);
        match one(&story) {
            Ok(compared) => instants += compared,
            Err(_) => {
                let short = shorter(&story, |story| one(story).is_err());
                let wrong = one(&short).expect_err("it fails too");
                let file = GeneratedScenario::of(&short, platform).file();
                panic!(
                    "{} seed {seed}: {wrong}\n{short:?}\n{file}",
                    platform.word()
                );
            }
        }
    }
    let took = began.elapsed().as_secs_f64();
    let word = platform.word();
    println!("{word}: {count} stories, {instants} instants, {took:.0} s");
}

/// `make test` plays these few; `make differential STORIES=100000` plays many.
#[test]
fn the_windows_of_everyone_are_those_of_the_model() {
    for platform in Platform::ALL {
        // A story of Spacebring takes seconds.
        let most = if platform == Platform::Spacebring {
            4
        } else {
            60
        };
        stories_of(platform, 0..most);
    }
}

/// `DOORSTEP_STORIES` is the number of stories, `DOORSTEP_SEED` the first seed, `DOORSTEP_PLATFORM`
/// the only platform.
#[test]
#[ignore = "make differential STORIES=100000"]
fn the_windows_of_as_many_as_are_asked_for() {
    let (first, count) = (number("DOORSTEP_SEED", 0), number("DOORSTEP_STORIES", 1000));
    let word = std::env::var("DOORSTEP_PLATFORM").unwrap_or_default();
    let wanted = |platform: &Platform| word.is_empty() || platform.word() == word;
    for platform in Platform::ALL.into_iter().filter(wanted) {
        stories_of(
            platform,
            u64::from(first)..u64::from(first) + u64::from(count),
        );
    }
}
