//! Which roster counts: the newest whole one that can be believed.
//!
//! A platform that cannot be asked cannot be asked again either, so a roster is judged as a whole, against what was
//! known when it was made: one that has none of what there was, or lost half of it, is not believed. Nothing is revoked
//! because of it, and somebody is told. A later roster is judged anew; what was said in three reads alike is believed as
//! far as the guard goes: a human approves what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Contract, Entity, Record};
use crate::delivery::Rank;
use crate::error::{Error, Result};
use crate::guard::credibility::{BELIEVED_AFTER, lost_half};
use crate::ledger::Ledger;
use crate::ledger::sites::Disbelief;
use crate::ledger::told::{Believed, Head, Letter, Rosters, rank_of};

/// The parts of one roster are made within this; a longer time between them means that an id was used twice.
const TOGETHER: SignedDuration = SignedDuration::from_hours(1);
/// After this long a roster that is not whole is worth a word.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// Which thing: what kind, in the platform's word, and its id.
pub(super) type Name = (&'static str, String);

/// Everything that a roster lists.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Listed {
    /// Which roster.
    pub(super) believed: Believed,
    /// Each thing as it was listed.
    pub(super) things: BTreeMap<Name, Value>,
}

/// A roster of which every part is there.
struct Whole<'r> {
    roster: &'r str,
    rank: Rank,
    heads: Vec<&'r Head>,
}

/// What was decided about the rosters that are kept.
pub(super) struct Choice {
    /// The roster that counts, if any does.
    pub(super) base: Option<Listed>,
    /// What is not believed, and why.
    pub(super) doubts: Vec<String>,
    /// What the newest roster said that is not believed, or is only because it was repeated.
    pub(super) doubted: Option<Disbelief>,
    /// Parts that nobody needs any more.
    pub(super) spent: Vec<Head>,
}

impl Choice {
    /// What counts is believed only because it was repeated.
    pub(super) fn is_doubted(&self) -> bool {
        self.doubted.as_ref().is_some_and(|said| said.times >= BELIEVED_AFTER)
    }
}

/// Decides which roster counts, given every letter that there was.
///
/// # Errors
/// [`Error::Later`] where the table is away, [`Error::Report`] where the roster that counted is no longer there.
pub(super) async fn choose(
    ledger: &Ledger,
    site: &str,
    contract: &Contract,
    rosters: &Rosters,
    letters: &[Letter],
    now: Timestamp,
) -> Result<Choice> {
    let (wholes, mut doubts) = wholes(&rosters.heads, rosters.believed.as_ref(), now);
    let believed = rosters.believed.as_ref();
    let newest = wholes.last().filter(|newest| believed.is_none_or(|believed| believed.rank < newest.rank));
    let before = believed.and_then(|believed| wholes.iter().find(|whole| whole.is(believed)));
    let mut base = match before {
        Some(whole) => Some(listed(ledger, site, contract, whole).await?),
        None => None,
    };
    let mut doubted = None;
    if let Some(newest) = newest {
        let overwritten = believed.filter(|_| base.is_none());
        match listed(ledger, site, contract, newest).await {
            Ok(new) => match judge(contract, base.as_ref(), overwritten, letters, &new) {
                None => base = Some(new),
                Some(why) => {
                    let things: Vec<_> = new.things.iter().collect();
                    let said = Disbelief::of(&things, rosters.doubted.as_ref());
                    if said.times >= BELIEVED_AFTER {
                        base = Some(new);
                    } else {
                        doubts.push(why);
                    }
                    doubted = Some(said);
                }
            },
            Err(Error::Report(why)) => doubts.push(why),
            Err(error) => return Err(error),
        }
    }
    if base.is_none() && believed.is_some() {
        doubts.push("the roster that counted was told anew in part: send a whole one with a new id".to_owned());
        return Err(Error::report(doubts.join("; ")));
    }
    let spent = spent(&rosters.heads, &wholes, base.as_ref());
    Ok(Choice { base, doubts, doubted, spent })
}

/// Whether there is a whole roster that is newer than the one that is believed.
pub(super) fn is_news(rosters: &Rosters, now: Timestamp) -> bool {
    let (wholes, _) = wholes(&rosters.heads, rosters.believed.as_ref(), now);
    let believed = rosters.believed.as_ref().map(|believed| &believed.rank);
    wholes.last().is_some_and(|newest| believed.is_none_or(|believed| *believed < newest.rank))
}

/// Parts of rosters that are neither believed nor the newest, nor wait for others of a newer one.
fn spent(heads: &[Head], wholes: &[Whole<'_>], base: Option<&Listed>) -> Vec<Head> {
    let base = base.map(|base| &base.believed.rank);
    let newest = wholes.last().map(|newest| &newest.rank);
    let is_spent = |head: &&Head| match wholes.iter().find(|whole| whole.heads.contains(head)) {
        Some(whole) => Some(&whole.rank) != base && Some(&whole.rank) != newest,
        None => base.is_some_and(|base| head.rank.at < base.at),
    };
    heads.iter().filter(is_spent).cloned().collect()
}

impl Whole<'_> {
    fn is(&self, believed: &Believed) -> bool {
        self.roster == believed.roster && self.rank == believed.rank
    }
}

/// The rosters of which every part is there, oldest first, and what to say of the others.
fn wholes<'r>(heads: &'r [Head], believed: Option<&Believed>, now: Timestamp) -> (Vec<Whole<'r>>, Vec<String>) {
    let mut by_roster: BTreeMap<&str, Vec<&Head>> = BTreeMap::new();
    for head in heads {
        by_roster.entry(&head.roster).or_default().push(head);
    }
    let (mut wholes, mut doubts) = (Vec::new(), Vec::new());
    for (roster, heads) in by_roster {
        let rank = rank_of(&heads);
        let newer = believed.is_none_or(|believed| believed.rank < rank);
        let latest = heads.iter().map(|head| head.rank.at).max().unwrap_or(rank.at);
        let parts = heads.iter().map(|head| head.parts).collect::<BTreeSet<_>>();
        let why = match parts.first() {
            Some(_) if parts.len() > 1 => Some("its parts do not agree on how many there are".to_owned()),
            _ if latest.duration_since(rank.at) > TOGETHER => {
                Some("its parts were made more than an hour apart, so they are not of one roster".to_owned())
            }
            Some(&parts) if heads.len() < parts as usize => {
                let waits = now.duration_since(latest) <= PATIENCE;
                let missing = parts as usize - heads.len();
                if waits {
                    continue;
                }
                Some(format!("{missing} of its {parts} parts never came"))
            }
            _ => None,
        };
        match why {
            None => wholes.push(Whole { roster, rank, heads }),
            Some(why) if newer => {
                doubts.push(format!("a roster counts for nothing: {why}; send it again with a new id"))
            }
            Some(_) => {}
        }
    }
    wholes.sort_by(|a, b| a.rank.cmp(&b.rank));
    (wholes, doubts)
}

/// Everything that a roster lists.
async fn listed(ledger: &Ledger, site: &str, contract: &Contract, whole: &Whole<'_>) -> Result<Listed> {
    let mut things = BTreeMap::new();
    for head in &whole.heads {
        let unreadable = || Error::report("a roster in the table cannot be read");
        let text = ledger.roster_text(site, head).await?;
        let Ok(Value::Object(lists)) = serde_json::from_str(&text) else { return Err(unreadable()) };
        for (list, items) in lists {
            let entity = contract.entities.iter().find(|entity| entity.list == list).ok_or_else(unreadable)?;
            let Value::Array(items) = items else { return Err(unreadable()) };
            for item in items {
                let id = (entity.read)(&item).map_err(|_| unreadable())?.id().to_owned();
                if things.insert((entity.word, id), item).is_some() {
                    return Err(Error::report(format!(
                        "the last roster has one of its {list} twice and is not believed"
                    )));
                }
            }
        }
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (word, _) in things.keys() {
        *counts.entry((*word).to_owned()).or_default() += 1;
    }
    let believed = Believed { roster: whole.roster.to_owned(), rank: whole.rank.clone(), counts };
    Ok(Listed { believed, things })
}

/// Believes a roster, or says why not.
fn judge(
    contract: &Contract,
    base: Option<&Listed>,
    overwritten: Option<&Believed>,
    letters: &[Letter],
    new: &Listed,
) -> Option<String> {
    let at = new.believed.rank.at;
    let known = known(contract, base, letters.iter().filter(|letter| letter.rank < new.believed.rank));
    let refused =
        |why: String| Some(format!("the last roster {why}: it is not believed, and nothing is revoked because of it"));
    let total = known.len() + overwritten.map_or(0, |overwritten| overwritten.counts.values().sum());
    if new.things.is_empty() && total > 0 {
        return refused(format!("is empty, and there were {total} things"));
    }
    for entity in contract.entities {
        let live = |(name, data): &(&Name, &Value)| name.0 == entity.word && !is_over(entity, data, at);
        let listed = |name: &&Name| new.things.contains_key(*name);
        let names: Vec<&Name> = known.iter().filter(live).map(|(name, _)| name).collect();
        let now = new.believed.counts.get(entity.word).copied().unwrap_or_default();
        let (before, missing) = match overwritten.and_then(|overwritten| overwritten.counts.get(entity.word)) {
            Some(&before) => (before, before.saturating_sub(now)),
            None => (names.len(), names.len() - names.iter().copied().filter(|name| listed(name)).count()),
        };
        if now == 0 && before > 0 && !entity.may_run_out {
            return refused(format!("has no {}, and there were {before}", entity.list));
        }
        if lost_half(before, missing) {
            return refused(format!("lost {missing} of {before} {}", entity.list));
        }
    }
    None
}

fn is_over(entity: &Entity, data: &Value, at: Timestamp) -> bool {
    (entity.read)(data).is_ok_and(|thing: Box<dyn Record>| thing.is_over(at))
}

/// What is there, by a roster and the letters that are newer.
fn known<'k>(
    contract: &Contract,
    base: Option<&'k Listed>,
    letters: impl Iterator<Item = &'k Letter>,
) -> BTreeMap<Name, Value> {
    let mut known: BTreeMap<Name, Value> = base.map(|base| base.things.clone()).unwrap_or_default();
    for letter in letters {
        overlay(contract, base, letter, &mut known);
    }
    known
}

/// Lays a letter over what is known, if it is newer than the roster.
pub(super) fn overlay(contract: &Contract, base: Option<&Listed>, letter: &Letter, known: &mut BTreeMap<Name, Value>) {
    let Some(entity) = contract.entity(&letter.entity) else { return };
    if base.is_some_and(|base| letter.rank < base.believed.rank) {
        return;
    }
    let name = (entity.word, letter.id.clone());
    match letter.data.as_deref().map(serde_json::from_str) {
        Some(Ok(data)) => drop(known.insert(name, data)),
        Some(Err(_)) => {}
        None => drop(known.remove(&name)),
    }
}
