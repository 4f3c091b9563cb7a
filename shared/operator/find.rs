//! Finds people by a text that an operator typed, over one site or all of them. No vendor is asked.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;
use futures_util::future::{try_join_all, try_join3};
use serde::{Deserialize, Serialize};

use crate::nearest::in_force;
use doorstep_cloud::environment::Environment;
use doorstep_core::model::email::email_key;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{FactId, Kind, Profile, What};
use doorstep_core::model::ids::{PersonId, SiteId};
use doorstep_core::model::linked::Linked;
use doorstep_core::model::person::Person;
use doorstep_core::model::record::FactRecord;

/// The most people that are returned.
const MOST: usize = 20;
/// The fewest characters of the end of a card number.
const SHORTEST_CARD: usize = 4;

/// One person who was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundPerson {
    /// The site.
    pub site: SiteId,
    /// The id in Doorstep; `None` for a person to whom nothing was ever opened.
    pub id: Option<PersonId>,
    /// The first profile at the platform.
    pub profile: Option<FactId>,
    /// The name at the platform, or else at a door system.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// What the text is a part of.
    pub by: MatchedBy,
}

/// What a text is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MatchedBy {
    /// The person's name.
    Name,
    /// The person's e-mail address.
    Email,
    /// The id in Doorstep, at the platform or of an account.
    Id,
    /// The end of a card number.
    Card,
}

/// How well a text matches, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    Whole,
    Begin,
    BeginOfWord,
    Part,
}

/// Finds people by a part of the name or of the e-mail address, by an id, or by the end of a card
/// number. Returns at most twenty, the best first.
///
/// # Errors
/// [`Error::Invalid`](doorstep_core::model::error::Error::Invalid) for an unknown site.
pub async fn find(
    environment: &Environment,
    text: &str,
    site: Option<&SiteId>,
) -> Result<Vec<FoundPerson>> {
    let Some(wanted) = Wanted::of(text) else {
        return Ok(Vec::new());
    };
    let sites = match site {
        Some(site) => {
            in_force(environment, site).await?;
            vec![site.clone()]
        }
        None => environment.store.site_names().await?,
    };
    let each = sites.iter().map(|site| at_site(environment, site).boxed());
    let known: Vec<KnownPeople> = try_join_all(each).await?;
    let mut found: Vec<(Closeness, FoundPerson)> = sites
        .iter()
        .zip(&known)
        .flat_map(|(site, known)| known.matching(site, &wanted))
        .collect();
    found.sort_by(|one, other| order(one).cmp(&order(other)));
    found.truncate(MOST);
    Ok(found.into_iter().map(|(_, person)| person).collect())
}

fn order(
    (closeness, found): &(Closeness, FoundPerson),
) -> (
    Closeness,
    String,
    &SiteId,
    Option<&PersonId>,
    Option<String>,
) {
    let name = found.name.as_deref().unwrap_or_default().to_lowercase();
    let profile = found.profile.as_ref().map(ToString::to_string);
    (*closeness, name, &found.site, found.id.as_ref(), profile)
}

/// The text, in compared form.
struct Wanted(String);

impl Wanted {
    fn of(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        (!text.is_empty()).then_some(Wanted(text))
    }

    /// Returns how well the text matches a name or an address.
    fn part_of(&self, text: &str) -> Option<Closeness> {
        let text = text.to_lowercase();
        let Wanted(wanted) = self;
        if text == *wanted {
            return Some(Closeness::Whole);
        }
        let place = text.find(wanted.as_str())?;
        let before = text.get(..place).and_then(|before| before.chars().last());
        Some(match before {
            None => Closeness::Begin,
            Some(last) if !last.is_alphanumeric() => Closeness::BeginOfWord,
            Some(_) => Closeness::Part,
        })
    }

    fn is_id(&self, id: &str) -> bool {
        id.to_lowercase() == self.0
    }

    /// Returns whether the text names a profile: by its id, or by its kind and its id.
    fn is_profile(&self, name: &FactId) -> bool {
        let whole = [' ', ':'].map(|between| format!("{}{between}{}", name.kind.word(), name.id));
        self.is_id(&name.id) || whole.iter().any(|whole| self.is_id(whole))
    }

    fn is_end_of_card(&self, number: &str) -> bool {
        let number = number.to_lowercase();
        number == self.0 || (self.0.len() >= SHORTEST_CARD && number.ends_with(&self.0))
    }
}

/// The people and the profiles of one site.
struct KnownPeople {
    people: Vec<Person>,
    profiles: BTreeMap<FactId, FactRecord>,
}

async fn at_site(environment: &Environment, site: &SiteId) -> Result<KnownPeople> {
    let store = &environment.store;
    let (people, members, visitors) = try_join3(
        store.all_people(site),
        store.facts_of(site, Kind::Member),
        store.facts_of(site, Kind::Visitor),
    )
    .await?;
    let live = members.into_iter().chain(visitors);
    let live = live.filter(|record| !record.gone);
    Ok(KnownPeople {
        people: people.known,
        profiles: live.map(|record| (record.fact.name(), record)).collect(),
    })
}

impl KnownPeople {
    fn matching(&self, site: &SiteId, wanted: &Wanted) -> Vec<(Closeness, FoundPerson)> {
        let settled: BTreeSet<&FactId> = self
            .people
            .iter()
            .flat_map(|person| person.profiles.iter())
            .collect();
        let stored = self.people.iter();
        let stored = stored.map(|person| Candidate {
            person: Some(person),
            profiles: person
                .profiles
                .iter()
                .filter_map(|name| self.profile(name))
                .collect(),
        });
        let others = self.profiles.keys().filter(|name| !settled.contains(name));
        let others = others.filter_map(|name| self.profile(name));
        let others = by_address(others.collect());
        stored
            .chain(others)
            .filter_map(|candidate| candidate.matched(site, wanted))
            .collect()
    }

    fn profile<'k>(&'k self, name: &'k FactId) -> Option<NamedProfile<'k>> {
        match &self.profiles.get(name)?.fact.what {
            What::Member(profile) | What::Visitor(profile) => Some(NamedProfile { name, profile }),
            _ => None,
        }
    }
}

/// A profile with its name.
#[derive(Clone, Copy)]
struct NamedProfile<'k> {
    name: &'k FactId,
    profile: &'k Profile,
}

/// Returns the profiles that no person has, those of one address together.
fn by_address(profiles: Vec<NamedProfile<'_>>) -> Vec<Candidate<'_>> {
    let mut together: BTreeMap<Result<String, &FactId>, Vec<NamedProfile<'_>>> = BTreeMap::new();
    for one in profiles {
        let address = one.profile.email.as_deref().and_then(email_key);
        together
            .entry(address.ok_or(one.name))
            .or_default()
            .push(one);
    }
    let candidates = together.into_values();
    candidates
        .map(|profiles| Candidate {
            person: None,
            profiles,
        })
        .collect()
}

/// A person whom the text may mean.
struct Candidate<'k> {
    person: Option<&'k Person>,
    profiles: Vec<NamedProfile<'k>>,
}

impl Candidate<'_> {
    fn matched(&self, site: &SiteId, wanted: &Wanted) -> Option<(Closeness, FoundPerson)> {
        let (closeness, by) = self.closeness(wanted)?;
        let person = self.person;
        let address = || {
            self.profiles
                .iter()
                .find_map(|one| one.profile.email.clone())
        };
        let first = person.and_then(|person| person.profiles.first().cloned());
        let found = FoundPerson {
            site: site.clone(),
            id: person.map(|person| person.id.clone()),
            profile: first.or_else(|| Some(self.profiles.first()?.name.clone())),
            name: self.names().next().map(str::to_owned),
            email: person
                .and_then(|person| person.email.clone())
                .or_else(address),
            by,
        };
        Some((closeness, found))
    }

    fn closeness(&self, wanted: &Wanted) -> Option<(Closeness, MatchedBy)> {
        let is_id = self.ids(wanted);
        let is_card = self.cards().any(|number| wanted.is_end_of_card(number));
        let exact = |is: bool, by| is.then_some((Closeness::Whole, by));
        let names = self.names().filter_map(|name| wanted.part_of(name)).min();
        let emails = self
            .emails()
            .filter_map(|email| wanted.part_of(email))
            .min();
        let each = [
            names.map(|closeness| (closeness, MatchedBy::Name)),
            emails.map(|closeness| (closeness, MatchedBy::Email)),
            exact(is_id, MatchedBy::Id),
            exact(is_card, MatchedBy::Card),
        ];
        each.into_iter().flatten().min()
    }

    fn accounts(&self) -> impl Iterator<Item = &Linked> {
        let people = self.person.into_iter();
        people.flat_map(|person| person.accounts.values().map(AsRef::as_ref))
    }

    fn ids(&self, wanted: &Wanted) -> bool {
        let person = self.person.is_some_and(|person| {
            wanted.is_id(&person.id) || person.profiles.iter().any(|name| wanted.is_profile(name))
        });
        let profile = |one: &NamedProfile<'_>| wanted.is_profile(one.name);
        person
            || self.profiles.iter().any(profile)
            || self
                .accounts()
                .any(|linked| wanted.is_id(&linked.account.id.0))
    }

    /// Iterates over the names, those at the platform first.
    fn names(&self) -> impl Iterator<Item = &str> {
        let profiles = self.profiles.iter().map(|one| one.profile.name.as_str());
        let accounts = self.accounts().map(|linked| linked.account.name.as_str());
        profiles.chain(accounts).filter(|name| !name.is_empty())
    }

    fn emails(&self) -> impl Iterator<Item = &str> {
        let own = self.person.and_then(|person| person.email.as_deref());
        let profiles = self.profiles.iter();
        let profiles = profiles.filter_map(|one| one.profile.email.as_deref());
        let accounts = self.accounts();
        let accounts = accounts.filter_map(|linked| linked.account.email.as_deref());
        own.into_iter().chain(profiles).chain(accounts)
    }

    fn cards(&self) -> impl Iterator<Item = &str> {
        let known = self.profiles.iter().flat_map(|one| &one.profile.cards);
        let assigned = self.accounts().flat_map(|linked| &linked.cards);
        let assigned = assigned.map(|card| card.number.as_str());
        known.map(String::as_str).chain(assigned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_matches_the_begin_of_a_name_better_than_its_middle() {
        let wanted = Wanted::of(" aDa ").expect("a text");
        let close = |text: &str| wanted.part_of(text);
        let closeness = [
            close("Ada"),
            close("Ada Byron"),
            close("Byron, Ada"),
            close("Nevada"),
            close("Bob"),
        ];
        let wanted = [
            Some(Closeness::Whole),
            Some(Closeness::Begin),
            Some(Closeness::BeginOfWord),
            Some(Closeness::Part),
            None,
        ];
        assert_eq!(closeness, wanted);
        assert!(closeness[..4].is_sorted());
        assert!(Wanted::of("  ").is_none());
    }

    #[test]
    fn the_end_of_a_card_number_needs_four_characters() {
        let ends = |text: &str| Wanted::of(text).expect("a text").is_end_of_card("00A1B2C3");
        assert_eq!(
            ["b2c3", "2c3", "00a1b2c3", "00a1"].map(ends),
            [true, false, true, false]
        );
    }

    #[test]
    fn a_profile_is_named_by_its_id_with_or_without_its_kind() {
        let name = FactId::new(Kind::Member, "603D");
        let names = |text: &str| Wanted::of(text).expect("a text").is_profile(&name);
        assert_eq!(
            ["603d", "member 603d", "Member:603d", "visitor:603d", "603"].map(names),
            [true, true, true, false, false]
        );
    }
}
