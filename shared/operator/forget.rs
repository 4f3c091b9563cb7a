//! Forgets a person: removes the names, the address and the card numbers of the person from the whole table. The audit
//! chain stays whole, because it never held any of them. The work is safe to repeat: the same address still finds a
//! person who is half erased, because the pointers to the person are deleted last, in one transaction. A retired site
//! can still forget.

use doorstep_core::model::ids::SiteId;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use doorstep_cloud::bus::Notice;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::people::{People, free_account, free_email, free_profile, put, unlist};
use doorstep_cloud::store::{Step, conflict};
use doorstep_core::decide::cards::shown;
use doorstep_core::model::account::AccountId;
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{Fact, FactId, Holder, Kind, What};
use doorstep_core::model::person::{Person, email_key};
use doorstep_core::model::record::{Record, Source};
use doorstep_core::model::subject::Subject;
use doorstep_core::site::Site;
use doorstep_vendors::platform::found::Lookup;
use doorstep_vendors::platform::{PlatformVendor, push};

/// How often the transaction is tried again after a conflict on the audit chain.
const TRIES: usize = 5;

/// The person to forget, by one of the two keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Doorstep's person id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The person is forgotten.
    Forgotten(Forgotten),
    /// The person is not forgotten, because the next read would bring them back or they still have access. Each text
    /// says what to do first.
    Refused(Vec<String>),
    /// No person matches. A forgotten person matches no more.
    Nobody,
}

/// The result for a forgotten person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// The site.
    pub site: SiteId,
    /// The random ids of the person. They stay in audit records and identify no one.
    pub people: Vec<String>,
    /// How many things about the person were erased.
    pub erased: usize,
    /// What remains elsewhere, and what to do about it.
    pub remains: Vec<String>,
}

/// Forgets a person.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site and for a text that is not an e-mail address; [`Error::Retry`] if the
/// platform cannot say whether it still has the person, or if the table is unavailable. The same call may then be
/// repeated.
pub async fn forget(environment: &Environment, site: &SiteId, wanted: &Wanted) -> Result<Outcome> {
    let Some(place) = Place::of(environment, site).await? else { return Ok(Outcome::Nobody) };
    let site = place.site();
    let Some(somebody) = find(environment, site, wanted).await? else { return Ok(Outcome::Nobody) };
    if let Place::Served(site) = &place {
        let obstacles = obstacles(environment, site, &somebody).await?;
        if !obstacles.is_empty() {
            return Ok(Outcome::Refused(obstacles));
        }
    }
    let erased = erase(environment, &place, &somebody).await?;
    let remains = remains(&place, &somebody);
    let people = unlink(environment, site, somebody).await?;
    tracing::info!(site = site.id.as_str(), people = people.len(), erased, "somebody was forgotten");
    Ok(Outcome::Forgotten(Forgotten { site: site.id.clone(), people, erased, remains }))
}

/// The site at which a person is forgotten.
enum Place {
    /// A site in service: its platform may still list the person.
    Served(Site),
    /// A retired site: no platform is read for it, and no access is revoked there.
    Retired(Site),
}

impl Place {
    /// Loads the site; `None` for a retired site of which only the audit chain is left.
    async fn of(environment: &Environment, site: &SiteId) -> Result<Option<Place>> {
        if let Some(stored) = environment.store.active(site).await? {
            return Ok(Some(Place::Served(stored.file()?)));
        }
        match environment.store.last_version(site).await? {
            Some(last) => Ok(Some(Place::Retired(last.file()?))),
            None if environment.store.has_chain(site).await? => Ok(None),
            None => Err(Error::invalid(format!("there is no site {site}"))),
        }
    }

    fn site(&self) -> &Site {
        match self {
            Place::Served(site) | Place::Retired(site) => site,
        }
    }
}

/// Everything in the table about a person.
struct Somebody {
    /// The e-mail address, in its normalized form.
    email: Option<String>,
    /// The people with this address, or with an account that has it.
    people: Vec<Person>,
    /// Their profiles at the platform.
    profiles: BTreeSet<FactId>,
    /// The facts of these profiles, gone or not.
    facts: Vec<Record>,
    /// Teams with the person's name: a company of one person, or a member that is a team.
    teams: Vec<Record>,
    /// The number of people with unreadable items. Each may be the same person under another address.
    unreadable: usize,
}

async fn find(environment: &Environment, site: &Site, wanted: &Wanted) -> Result<Option<Somebody>> {
    let People { known: everybody, unreadable } = environment.store.everybody(&site.id).await?;
    let email = match (&wanted.email, &wanted.person) {
        (Some(email), None) => Some(email_key(email).ok_or_else(|| Error::invalid("this is no e-mail address"))?),
        (None, Some(id)) => match everybody.iter().find(|person| person.id == *id) {
            Some(person) => person.email.clone(),
            None if unreadable.contains(id) => return Err(unreadable_person(environment, site, id).await),
            None => return Ok(None),
        },
        _ => return Err(Error::invalid("say who: email or person")),
    };
    let known_by = |address: Option<&str>| address.is_some() && address.and_then(email_key) == email;
    let meant = |person: &Person| {
        let accounts = || person.accounts.values().any(|linked| known_by(linked.account.email.as_deref()));
        wanted.person.as_ref() == Some(&person.id) || known_by(person.email.as_deref()) || accounts()
    };
    if let Some(email) = &email
        && let Some(id) = environment.store.id_of_email(&site.id, email).await?.filter(|id| unreadable.contains(id))
    {
        return Err(unreadable_person(environment, site, &id).await);
    }
    let people: Vec<Person> = everybody.into_iter().filter(meant).collect();
    let mut profiles: BTreeSet<FactId> = people.iter().flat_map(|person| person.profiles.iter().cloned()).collect();
    let mut facts = Vec::new();
    for kind in Kind::PROFILES {
        let theirs = |record: &Record| {
            let mut said = std::iter::once(&record.fact).chain(&record.confirmed);
            profiles.contains(&record.fact.name()) || said.any(|fact| known_by(email_of(fact)))
        };
        facts.extend(environment.store.facts_of(&site.id, kind).await?.into_iter().filter(theirs));
    }
    profiles.extend(facts.iter().map(|record| record.fact.name()));
    if people.is_empty() && profiles.is_empty() {
        return Ok(None);
    }
    let teams = teams(environment, site, &people, &facts).await?;
    let unreadable = unreadable.len();
    Ok(Some(Somebody { email, people, profiles, facts, teams, unreadable }))
}

/// Returns the error for a person with an unreadable item: it holds what must be erased, and the pointers to the person
/// are unknown.
async fn unreadable_person(environment: &Environment, site: &Site, id: &str) -> Error {
    let why = environment.store.person(&site.id, id).await.err();
    let why = why.map_or_else(|| "it can be read again".to_owned(), |error| error.why().to_owned());
    Error::invalid(format!("{why}; restore the item from a backup of the table, or delete it there, and forget again"))
}

fn email_of(fact: &Fact) -> Option<&str> {
    match &fact.what {
        What::Member(profile) | What::Visitor(profile) => profile.email.as_deref(),
        _ => None,
    }
}

fn name_of(fact: &Fact) -> Option<String> {
    let name = match &fact.what {
        What::Member(profile) | What::Visitor(profile) => profile.name.as_str(),
        What::Team(team) => team.name.as_str(),
        _ => return None,
    };
    Some(name.trim().to_lowercase()).filter(|name| !name.is_empty())
}

/// Returns the current and the confirmed content of a record.
fn said(record: &Record) -> impl Iterator<Item = &Fact> {
    std::iter::once(&record.fact).chain(&record.confirmed).map(AsRef::as_ref)
}

async fn teams(environment: &Environment, site: &Site, people: &[Person], facts: &[Record]) -> Result<Vec<Record>> {
    let mut names: BTreeSet<String> = facts.iter().flat_map(said).filter_map(name_of).collect();
    let accounts = people.iter().flat_map(|person| person.accounts.values());
    names.extend(accounts.map(|linked| linked.account.name.trim().to_lowercase()).filter(|name| !name.is_empty()));
    let teams = environment.store.facts_of(&site.id, Kind::Team).await?;
    let alike = |record: &Record| said(record).filter_map(name_of).any(|name| names.contains(&name));
    Ok(teams.into_iter().filter(alike).collect())
}

/// Returns what must be done first, one text for each obstacle.
async fn obstacles(environment: &Environment, site: &Site, somebody: &Somebody) -> Result<Vec<String>> {
    let mut obstacles = Vec::new();
    for (doors, config) in &site.doors {
        if somebody.email.as_deref().is_some_and(|email| config.protects(email)) {
            obstacles.push(format!("the site file protects them at {doors}: take the address out and push it"));
        }
    }
    for person in &somebody.people {
        // Doorstep cannot reach a door system that the file no longer has: see `remains`.
        for claim in person.claims.iter().filter(|claim| site.doors.contains_key(&claim.doors)) {
            obstacles.push(format!(
                "they are still in group {} at {}: end what opens it at the platform, and let it be closed",
                claim.group, claim.doors
            ));
        }
        if person.has_begun() {
            obstacles.push("something is being changed for them right now: try again in some minutes".to_owned());
        }
        for (doors, linked) in &person.accounts {
            let tags = linked.cards.iter().map(|card| {
                let tag = shown(&card.number);
                format!("tag {tag} at {doors} is theirs because of Doorstep: take it back there, and compare once")
            });
            obstacles.extend(tags);
        }
    }
    let platform = environment.platform(site).await?;
    let gone: BTreeSet<FactId> =
        somebody.facts.iter().filter(|record| record.gone).map(|record| record.fact.name()).collect();
    for profile in somebody.profiles.difference(&gone) {
        let is_known = match platform.look(profile).await? {
            Lookup::Fact(fact) => name_of(&fact).is_some() || email_of(&fact).is_some(),
            Lookup::Unreadable(_) => true,
            Lookup::Missing => false,
        };
        if is_known {
            obstacles.push(format!(
                "the platform still has them as {profile}: delete them there first, or they would be back with the \
                 next read"
            ));
        }
    }
    Ok(obstacles)
}

/// Erases what is stored about the person, except the pointers to them. Returns how many things there were.
async fn erase(environment: &Environment, place: &Place, somebody: &Somebody) -> Result<usize> {
    let site = place.site();
    let (store, id) = (&environment.store, &site.id);
    let mut erased = 0;
    if let Some(contract) = site.platform.kind.vendor().contract() {
        push::reader::tidy(contract, store, id, environment.time.now()).await?;
        erased += push::forget::forget(contract, store, id, &somebody.profiles).await?;
    }
    for record in &somebody.facts {
        store.erase_fact(id, record).await?;
    }
    for record in &somebody.teams {
        let began = environment.time.now();
        let now = match place {
            Place::Served(site) => environment.platform(site).await?.look(&record.fact.name()).await?,
            Place::Retired(_) => Lookup::Missing,
        };
        match now {
            // A team that still exists keeps its current name and loses its earlier one.
            Lookup::Fact(fact) => drop(store.keep_fact(id, &Record::new(fact, began, Source::Refetch)).await?),
            Lookup::Unreadable(unreadable) => return Err(Error::retry(unreadable.to_string())),
            Lookup::Missing => store.erase_fact(id, record).await?,
        }
    }
    erased += somebody.facts.len();
    erased += erase_gone(environment, id, somebody).await?;
    if let Some(email) = &somebody.email {
        erased += store.erase_versions(id, email).await?;
    }
    let profiles = somebody.profiles.iter().cloned().map(Subject::Profile);
    let people = somebody.people.iter().map(|person| Subject::Person(person.id.clone()));
    let refetches: Vec<Subject> = profiles.chain(people).collect();
    store.forget_dues(id, &refetches).await?;
    Ok(erased)
}

/// Erases the gone facts that name the person's profiles, and the versions of the profiles, because an id may be an
/// e-mail address. Returns how many facts there were.
async fn erase_gone(environment: &Environment, site: &SiteId, somebody: &Somebody) -> Result<usize> {
    let store = &environment.store;
    let mut erased = 0;
    // The profiles themselves are erased already.
    for kind in Kind::ALL.into_iter().filter(|kind| !Kind::PROFILES.contains(kind)) {
        for record in store.facts_of(site, kind).await?.iter().filter(|record| record.gone) {
            let holders = said(record).flat_map(Fact::holders);
            if holders.map(|holder| holder.profile()).any(|profile| somebody.profiles.contains(&profile)) {
                store.erase_fact(site, record).await?;
                erased += 1;
            }
        }
    }
    let teams = somebody.teams.iter().map(|record| Holder::Team(record.fact.id.clone()));
    for holder in teams.chain(somebody.profiles.iter().map(Holder::of_profile)) {
        store.erase_holder(site, &holder).await?;
    }
    Ok(erased)
}

/// Returns what Doorstep cannot erase.
fn remains(place: &Place, somebody: &Somebody) -> Vec<String> {
    let site = place.site();
    let mut remains = Vec::new();
    for person in &somebody.people {
        remains.extend(person.claims.iter().map(|claim| {
            format!("they are still in group {} at {}: take them out at the door system", claim.group, claim.doors)
        }));
        for (doors, linked) in &person.accounts {
            remains.push(format!(
                "account {} at {doors} still has their name and address: delete it at the door system",
                linked.account.id
            ));
        }
    }
    if !remains.is_empty() {
        let days = site.entries.keep_days;
        remains.push(format!("who came and went is kept for {days} days, by account alone; it is nobody's now"));
    }
    let called = somebody.teams.iter().filter(|record| !record.gone);
    remains.extend(called.map(|record| format!("{} at the platform has their name", record.fact.name())));
    if somebody.unreadable > 0 {
        remains.push(format!("{} people cannot be read from the table: `doorstep doctor`", somebody.unreadable));
    }
    remains.push(
        "backups of the table hold what it held until they expire; forget again after one is restored".to_owned(),
    );
    remains
}

/// Deletes the pointers to the person. Only random ids remain. A person without an id gets one for the audit record.
async fn unlink(environment: &Environment, site: &Site, somebody: Somebody) -> Result<Vec<String>> {
    let mut people = somebody.people;
    if people.is_empty() {
        people.push(Person::new(environment.ids.next(), None));
    }
    // A person may have more profiles than one transaction takes.
    let profiles = somebody.profiles.iter().map(|name| free_profile(&site.id, name)).collect();
    environment.store.write_many(profiles).await?;
    let (mut ids, mut notices) = (Vec::new(), Vec::new());
    let last = people.len() - 1;
    for (place, person) in people.into_iter().enumerate() {
        // The sought address leads to all of these people, so it is deleted with the last one.
        let addresses = Addresses { sought: somebody.email.as_deref(), frees_sought: place == last };
        ids.push(person.id.clone());
        notices.push(Notice::Changed(one(environment, site, person, addresses).await?));
    }
    if let Err(error) = environment.bus.publish(&site.id, &notices).await {
        tracing::warn!(site = site.id.as_str(), %error, "that somebody was forgotten could not be published");
    }
    Ok(ids)
}

/// The addresses that point to a person who is forgotten.
struct Addresses<'a> {
    /// The address that was asked for. It may match several people.
    sought: Option<&'a str>,
    /// Whether it is deleted with this person.
    frees_sought: bool,
}

impl<'a> Addresses<'a> {
    /// Returns the addresses that are deleted with a person whose own address is `own`.
    fn gone_with(&self, own: Option<&'a str>) -> impl Iterator<Item = &'a str> {
        let sought = self.sought;
        let own = own.filter(|own| Some(*own) != sought);
        own.into_iter().chain(sought.filter(|_| self.frees_sought))
    }
}

async fn one(environment: &Environment, site: &Site, person: Person, addresses: Addresses<'_>) -> Result<AuditEntry> {
    let (store, id, now) = (&environment.store, &site.id, environment.time.now());
    let because = "asked for by whoever runs the site";
    let action = AuditEntry::new("", &AccountId(String::new()), None, AuditAction::Forgotten, because, "done");
    for _ in 0..TRIES {
        let mut shell = Person {
            forgotten: Some(now),
            records: person.records.clone(),
            version: person.version,
            ..Person::new(person.id.clone(), None)
        };
        let mut chain = store.chain(id).await?;
        let mut writes = chain.join(id, &mut shell, now, std::slice::from_ref(&action))?;
        writes.insert(0, put(id, &shell)?);
        writes.push(unlist(id, &person.id));
        let accounts = person.accounts.iter();
        writes.extend(accounts.map(|(doors, linked)| free_account(id, doors, &linked.account.id)));
        for email in addresses.gone_with(person.email.as_deref()) {
            let points = store.id_of_email(id, email).await?;
            writes.extend(points.map(|owner| free_email(id, email, &owner)));
        }
        match store.write_all(Step::Keep, writes).await {
            Err(error) if error == conflict() => {}
            done => return done.map(|()| action),
        }
    }
    Err(conflict())
}
