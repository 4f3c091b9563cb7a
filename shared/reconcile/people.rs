//! Judges everybody at once, and marks due whoever is not as they should be.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Report;
use super::doors::Seen;
use super::facts::Known;
use crate::diff::is_valid;
use crate::doors::{AccountId, GroupId};
use crate::entitlement::{Desired, derive, desired, next_boundary};
use crate::error::Result;
use crate::fact::FactId;
use crate::ledger::dues::{Due, Subject};
use crate::person::{Person, email_key};
use crate::settle::{Judged, Move, Scene, View, concerned, judge_person};
use crate::site::Mode;

type Group = (String, GroupId);

/// Judges everybody. Whether anybody is due.
pub async fn judge(scene: &Scene, known: &Known, seen: &Seen, people: &[Person], report: &mut Report) -> Result<bool> {
    let mut bench = Bench::new(scene, known, seen, people);
    for person in people {
        bench.person(person, report);
    }
    bench.unknown_profiles(people, report);
    bench.foreign(people, report);
    let dues = std::mem::take(&mut bench.dues);
    scene.outside.ledger.put_dues(&scene.site.id, &dues).await?;
    Ok(!dues.is_empty())
}

struct Bench<'a> {
    scene: &'a Scene,
    known: &'a Known,
    seen: &'a Seen,
    now: Timestamp,
    /// Groups in which each account has a line.
    lines: BTreeMap<(&'a str, &'a AccountId), Vec<Group>>,
    /// Profiles that belong to somebody.
    owned: BTreeSet<FactId>,
    dues: Vec<Due>,
}

impl<'a> Bench<'a> {
    fn new(scene: &'a Scene, known: &'a Known, seen: &'a Seen, people: &[Person]) -> Self {
        let mut lines: BTreeMap<(&str, &AccountId), Vec<Group>> = BTreeMap::new();
        for (group, rows) in &seen.held {
            for row in rows {
                lines.entry((group.0.as_str(), &row.account)).or_default().push(group.clone());
            }
        }
        let owned = people.iter().flat_map(|person| person.profiles.iter().cloned()).collect();
        Bench { scene, known, seen, now: scene.outside.time.now(), lines, owned, dues: Vec::new() }
    }

    /// One person whom we know.
    fn person(&mut self, person: &Person, report: &mut Report) {
        let profiles: Vec<FactId> = person.profiles.iter().cloned().collect();
        let dossier = self.known.dossier(&profiles);
        let derived = derive(self.scene.rules(), &dossier, self.now);
        let desired = desired(&derived.entitlements);
        let mut groups: Vec<Group> = Vec::new();
        for (doors, linked) in &person.accounts {
            groups.extend(self.lines.get(&(doors.as_str(), &linked.account.id)).into_iter().flatten().cloned());
        }
        let around = concerned(person, &desired, self.now, &groups);
        let judged = judge_person(View {
            person,
            name: dossier.name(),
            desired: &desired,
            groups: &around,
            held: &self.seen.held,
            terms: &self.scene.terms,
            mode: self.scene.site.mode,
            adopt: &self.seen.new,
            stale: self.scene.stale,
            now: self.now,
        });
        count(&judged, report);
        report.problems.extend(person.problems.iter().map(|problem| format!("person {}: {problem}", person.id)));
        let moved = self.has_moved(person, &dossier.profiles);
        let changed = self.changed_accounts(person);
        if self.must_be_settled(person, &desired, &judged, &derived.problems) || moved || !changed.is_empty() {
            let adopt = groups.iter().any(|group| self.seen.new.contains(group));
            let groups = around.into_iter().filter(|group| !adopt || self.seen.new.contains(group)).collect();
            let due = Due::at(self.now, Subject::Person(person.id.clone())).with_groups(groups, adopt);
            self.dues.push(due.with_a_look_at(changed));
            let moved = profiles.into_iter().filter(|_| moved).map(|name| self.due_profile(name));
            self.dues.extend(moved.collect::<Vec<_>>());
        }
    }

    /// Door systems where somebody with access has an account that is not as we know it: suspended or woken, or with
    /// another address.
    fn changed_accounts(&self, person: &Person) -> BTreeSet<String> {
        let changed = person.accounts.iter().filter(|(doors, linked)| {
            let known = &linked.account;
            let now = self.seen.accounts.get(*doors).and_then(|accounts| accounts.get(&known.id));
            person.claims_at(doors) && now.is_some_and(|now| now.standing != known.standing || now.email != known.email)
        });
        changed.map(|(doors, _)| doors.clone()).collect()
    }

    fn due_profile(&self, name: FactId) -> Due {
        Due::at(self.now, Subject::Profile(name))
    }

    /// Whether a profile has another address than its person.
    fn has_moved(&self, person: &Person, profiles: &[FactId]) -> bool {
        profiles.iter().filter_map(|name| self.known.profile(name)).any(|profile| {
            let email = profile.email.as_deref().and_then(email_key);
            email.is_some() && email != person.email
        })
    }

    /// Whoever has a problem is looked at again: it may have been solved at the door system, where nobody tells us.
    fn must_be_settled(&self, person: &Person, desired: &Desired, judged: &Judged, problems: &[String]) -> bool {
        let to_do = match self.scene.site.mode {
            Mode::Observe => false,
            Mode::GrantOnly | Mode::Full => !judged.is_empty() || !person.intents.is_empty(),
        };
        let new_problem = problems.iter().any(|problem| !person.problems.contains(problem));
        let next = next_boundary(desired, self.now);
        to_do || new_problem || !person.problems.is_empty() || person.failures == 0 && person.next != next
    }

    /// Profiles that nobody settled yet. Those with one address are looked at together, with whoever has it already:
    /// what one of them is may shut what another one opens.
    fn unknown_profiles(&mut self, people: &[Person], report: &mut Report) {
        let mut new: BTreeMap<String, Vec<FactId>> = BTreeMap::new();
        for (name, profile) in self.known.profiles().filter(|(name, _)| !self.owned.contains(*name)) {
            let who = profile.email.as_deref().and_then(email_key).unwrap_or_else(|| name.to_string());
            new.entry(who).or_default().push(name.clone());
        }
        let by_email: BTreeMap<&str, &Person> =
            people.iter().filter_map(|person| Some((person.email.as_deref()?, person))).collect();
        for (who, names) in new {
            self.newcomer(names, by_email.get(who.as_str()).copied(), report);
        }
    }

    /// Marks new profiles due that may open something or will, or that join somebody whom we know.
    fn newcomer(&mut self, names: Vec<FactId>, joined: Option<&Person>, report: &mut Report) {
        let all: Vec<FactId> = joined.into_iter().flat_map(|person| &person.profiles).chain(&names).cloned().collect();
        let derived = derive(self.scene.rules(), &self.known.dossier(&all), self.now);
        let desired = desired(&derived.entitlements);
        let awaited = desired.values().flatten().any(|s| s.window.until.is_none_or(|until| until > self.now));
        if !awaited && derived.problems.is_empty() && joined.is_none() {
            return;
        }
        let missing = |(doors, group): &Group| joined.is_none_or(|person| person.claim(doors, group).is_none());
        let open = desired.iter().filter(|(_, stretches)| stretches.iter().any(|s| s.window.holds(self.now)));
        report.granted += open.filter(|(group, _)| missing(group)).count();
        let groups: Vec<Group> = desired.keys().filter(|group| self.seen.new.contains(*group)).cloned().collect();
        let adopt = !groups.is_empty();
        for name in names {
            self.dues.push(self.due_profile(name).with_groups(groups.clone(), adopt));
        }
    }

    /// Lines in ruled groups that are neither ours nor anybody's who is entitled.
    fn foreign(&mut self, people: &[Person], report: &mut Report) {
        let mut claimed: BTreeSet<(&str, &GroupId, &AccountId)> = BTreeSet::new();
        let mut entitled: BTreeSet<(&str, &AccountId)> = BTreeSet::new();
        for person in people {
            for claim in &person.claims {
                claimed.insert((&claim.doors, &claim.group, &claim.account));
            }
            for (doors, linked) in person.accounts.iter().filter(|_| !person.profiles.is_empty()) {
                entitled.insert((doors, &linked.account.id));
            }
        }
        let mut strangers: BTreeMap<(String, AccountId), Vec<Group>> = BTreeMap::new();
        for ((doors, group), rows) in &self.seen.held {
            let Some(terms) = self.scene.terms.get(doors).filter(|terms| terms.ruled.contains(group)) else { continue };
            for row in rows.iter().filter(|row| is_valid(row, self.now)) {
                let ours = claimed.contains(&(doors, group, &row.account));
                if ours || terms.protects(&row.account, None) {
                    continue;
                }
                report.foreign += 1;
                if terms.is_exclusive(group) && !entitled.contains(&(doors, &row.account)) {
                    let groups = strangers.entry((doors.clone(), row.account.clone())).or_default();
                    groups.push((doors.clone(), group.clone()));
                }
            }
        }
        if self.scene.site.mode == Mode::Full {
            for ((doors, id), groups) in strangers {
                let due = self.stranger(&doors, id).map(|due| due.with_groups(groups, false));
                self.dues.extend(due);
            }
        }
    }

    /// Whoever is behind an account that we never linked: perhaps somebody whom the platform knows, who must not be
    /// taken for a stranger. An account that is missing from the list of all is left alone: nobody knows who it is.
    fn stranger(&self, doors: &str, id: AccountId) -> Option<Due> {
        let account = self.seen.accounts.get(doors)?.get(&id)?;
        if self.scene.terms.get(doors)?.protects(&id, Some(account)) {
            return None;
        }
        let email = account.email.as_deref().and_then(email_key);
        let profile = self
            .known
            .profiles()
            .find(|(_, profile)| email.is_some() && profile.email.as_deref().and_then(email_key) == email);
        Some(match profile {
            Some((name, _)) => self.due_profile(name.clone()).with_a_look_at(BTreeSet::from([doors.to_owned()])),
            None => Due::at(self.now, Subject::Account { doors: doors.to_owned(), id }),
        })
    }
}

fn count(judged: &Judged, report: &mut Report) {
    for (_, step) in &judged.moves {
        match step {
            Move::Grant { .. } => report.granted += 1,
            Move::Revoke { foreign: false, .. } => report.revoked += 1,
            Move::Revoke { .. } | Move::Tidy { .. } | Move::Create => {}
            Move::Resume | Move::Rename(_) | Move::Suspend | Move::Delete => {}
        }
    }
}
