//! What people need no longer: profiles whose facts are gone, and the place in the list of all of whom nothing is left.
//! Pure; commit writes it with the person.

use doorstep_cloud::store::Write;
use doorstep_cloud::store::people::{free_email, free_profile, unlist};
use doorstep_core::decide::entitlement::PersonFacts;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::person::Person;

/// So many profiles are dropped at once: each is a write of one transaction.
const MOST: usize = 10;

/// Drops profiles whose facts are gone: guests get a new one with each booking, and a person is read with all of them.
/// The last one stays, for it says whether they were a guest, and a person without an address is found by nothing else.
pub fn drop_gone_profiles(site: &str, person: &mut Person, dossier: &PersonFacts) -> Vec<Write> {
    let is_known = |name: &&FactId| dossier.facts.contains_key(*name) || dossier.vouched.contains_key(*name);
    let most = person.profiles.len().saturating_sub(1).min(MOST);
    let gone: Vec<FactId> = person.profiles.iter().filter(|name| !is_known(name)).take(most).cloned().collect();
    for name in &gone {
        person.profiles.remove(name);
    }
    gone.iter().map(|name| free_profile(site, name)).collect()
}

/// Whether anything is left of a person but the places of their records.
pub fn is_shell(person: &Person) -> bool {
    let Person { profiles, accounts, claims, intents, .. } = person;
    profiles.is_empty() && accounts.is_empty() && claims.is_empty() && intents.is_empty()
}

/// Takes a person of whom nothing is left out of the list of all. Their records still find them.
pub fn unlist_shell(site: &str, person: &mut Person) -> Vec<Write> {
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

    #[test]
    fn profiles_go_with_their_facts_and_the_last_one_stays() {
        let mut person = Person::new("p".to_owned(), None);
        for n in 0..25 {
            person.profiles.insert(FactId::new(Kind::Visitor, format!("v{n:02}")));
        }
        let nothing = PersonFacts::default();
        let dropped: Vec<usize> = (0..4).map(|_| drop_gone_profiles("s", &mut person, &nothing).len()).collect();
        assert_eq!((dropped, person.profiles.len()), (vec![10, 10, 4, 0], 1));
        assert!(!is_shell(&person), "somebody whose last profile is gone");
    }
}
