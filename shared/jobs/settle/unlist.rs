//! Removal of what people no longer need: profiles whose facts are gone, and the list entry of a
//! person of whom nothing is left. Pure; commit writes it with the person.

use doorstep_cloud::store::Write;
use doorstep_cloud::store::people::{free_email, free_profile, unlist};
use doorstep_core::decide::entitlement::PersonFacts;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::person::Person;

/// Most profiles that one commit drops: each is a write of one transaction.
const MOST: usize = 10;

/// Drops profiles whose facts are gone. Guests get a new profile with each booking, and a person is
/// loaded with all of them. The last profile stays: it says whether the person was a guest, and a
/// person without an address is found only by it.
pub fn drop_gone_profiles(site: &SiteId, person: &mut Person, facts: &PersonFacts) -> Vec<Write> {
    let is_known =
        |name: &&FactId| facts.facts.contains_key(*name) || facts.confirmed.contains_key(*name);
    let most = person.profiles.len().saturating_sub(1).min(MOST);
    let gone: Vec<FactId> = person
        .profiles
        .iter()
        .filter(|name| !is_known(name))
        .take(most)
        .cloned()
        .collect();
    for name in &gone {
        person.profiles.remove(name);
    }
    gone.iter().map(|name| free_profile(site, name)).collect()
}

/// Returns whether nothing is left of a person but the places of the audit entries.
pub fn is_shell(person: &Person) -> bool {
    let Person {
        profiles,
        accounts,
        claims,
        intents,
        ..
    } = person;
    profiles.is_empty() && accounts.is_empty() && claims.is_empty() && intents.is_empty()
}

/// Removes a person of whom nothing is left from the list of all people. The audit entries still
/// find the person.
pub fn unlist_shell(site: &SiteId, person: &mut Person) -> Vec<Write> {
    if !is_shell(person) || person.forgotten.is_some() {
        return Vec::new();
    }
    let email = person.email.take();
    person.problems.clear();
    let free = email.map(|email| free_email(site, &email, &person.id));
    free.into_iter().chain([unlist(site, &person.id)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_core::model::fact::Kind;
    use doorstep_core::model::ids::PersonId;

    #[test]
    fn profiles_go_with_their_facts_and_the_last_one_stays() {
        let mut person = Person::new(PersonId::from("p"), None);
        for n in 0..25 {
            person
                .profiles
                .insert(FactId::new(Kind::Visitor, format!("v{n:02}")));
        }
        let nothing = PersonFacts::default();
        let dropped: Vec<usize> = (0..4)
            .map(|_| drop_gone_profiles(&SiteId::from("s"), &mut person, &nothing).len())
            .collect();
        assert_eq!((dropped, person.profiles.len()), (vec![10, 10, 4, 0], 1));
        assert!(!is_shell(&person), "a person whose last profile is gone");
    }
}
