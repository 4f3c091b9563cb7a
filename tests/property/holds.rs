//! Removals that wait for an operator.

use std::collections::{BTreeMap, BTreeSet};

use super::play::Play;
use super::scenario::SITE;
use crate::reference_model::{Entry, list, text, who};
use doorstep_core::model::ids::SiteId;

/// The guard holds whatever empties a group of at least so many people.
const EMPTIED: usize = 3;
/// Otherwise it holds nothing of fewer people.
const BASE: usize = 10;

/// Returns the members whose removal is held.
///
/// # Errors
/// A hold that the guard must not make: neither its groups nor the site ever had enough people.
pub async fn held(play: &mut Play) -> Result<BTreeSet<Entry>, String> {
    let site = SiteId::from(SITE);
    let all = play.machine.holds(Some(&site)).await;
    let all = all.map_err(|wrong| wrong.to_string())?;
    let mut held = BTreeSet::new();
    for opened in all.iter().filter(|one| one.hold.approved.is_none()) {
        let mut large = play.most.get(&None).is_some_and(|most| *most >= BASE);
        for waiting in &opened.waiting {
            let doors = play.scenario.doors.iter();
            let doors = doors.clone().find(|doors| waiting.doors == doors.name);
            let (Some(doors), Some(account), Some(group)) =
                (doors.cloned(), &waiting.account, &waiting.group)
            else {
                continue;
            };
            let group = doors.group_name(&group.0);
            let scope = Some((doors.name, group.clone()));
            large |= play.most.get(&scope).is_some_and(|most| *most >= EMPTIED);
            let id = account.0.trim_start_matches("guest:").to_lowercase();
            let names = names(play, doors.kind).await;
            let name = names.get(&id).cloned().unwrap_or_default();
            held.insert((name, doors.name.to_owned(), group));
        }
        if !large {
            return Err(format!("held without need: {opened}"));
        }
    }
    if !held.is_empty() {
        play.note(format!("held: {held:?}"));
    }
    Ok(held)
}

/// Returns the people of a door system by the ids of their accounts.
async fn names(play: &Play, kind: &str) -> BTreeMap<String, String> {
    let world = play.get(kind).await;
    let users = list(&world, "users").iter();
    let named = |user| Some((text(user, "id")?.to_lowercase(), who(user)));
    users.filter_map(named).collect()
}

/// The operator approves everything that is held.
pub async fn approve_all(play: &mut Play) -> Result<(), String> {
    let site = SiteId::from(SITE);
    let all = play.machine.holds(Some(&site)).await;
    for opened in all.map_err(|wrong| wrong.to_string())? {
        if opened.hold.approved.is_none() {
            play.note(format!("{} is approved", opened.hold.checksum));
            let approved = play.machine.approve(Some(&site), &opened.hold.checksum);
            approved.await.map_err(|wrong| wrong.to_string())?;
        }
    }
    play.machine.quiet().await;
    Ok(())
}
