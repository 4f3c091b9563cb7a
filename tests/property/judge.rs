//! Compares the door systems with the reference model, and the stored data with the door systems.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::play::{Play, seconds, written};
use super::scenario::{Doors, GeneratedScenario, PROTECTED};
use super::times;
use crate::reference_model::{Entry, Minute, list, text, who};

/// The memberships that exist beside those of the model.
#[derive(Default)]
pub struct Expected {
    /// Added by hand. Doorstep never removes them.
    pub by_hand: BTreeSet<Entry>,
}

impl Expected {
    /// Returns the initial members that stay for every state of the platform: protected people and,
    /// in groups that Doorstep shares, members without an entitlement.
    pub fn taken_over(
        &mut self,
        scenario: &GeneratedScenario,
        doors: &Doors,
        inside: &[(String, &'static str)],
        world: &Value,
    ) {
        let lag = if scenario.platform_quirks.contains(&"lag") {
            120
        } else {
            0
        };
        let open = scenario.open(world, scenario.start + lag);
        for (email, group) in inside {
            let entry = (email.clone(), doors.name.to_owned(), (*group).to_owned());
            let ruled = scenario
                .rules()
                .any(|rule| rule.doors == doors.name && rule.opens.contains(group));
            let spared = PROTECTED.contains(&email.as_str()) || !doors.exclusive || !ruled;
            if spared && !(ruled && open.contains(&entry)) {
                self.by_hand.insert(entry);
            }
        }
    }
}

/// A group member that is valid now.
struct Line {
    entry: Entry,
    until: Option<Minute>,
    state: String,
}

async fn lines(play: &Play, doors: &Doors) -> Vec<Line> {
    let now = play.now();
    let world = play.get(doors.kind).await;
    let users: BTreeMap<&str, &Value> = list(&world, "users")
        .iter()
        .filter_map(|user| Some((text(user, "id")?, user)))
        .collect();
    let mut lines = Vec::new();
    for group in list(&world, "groups") {
        for member in list(group, "members") {
            let user = users[text(member, "user").expect("a user")];
            let entry = (
                who(user),
                doors.name.to_owned(),
                text(group, "name").unwrap_or_default().to_owned(),
            );
            let bound = |field| text(member, field).map(seconds);
            if bound("valid_from").is_none_or(|from| from <= now)
                && bound("valid_until").is_none_or(|until| now < until)
            {
                let state = text(user, "state").unwrap_or("subscribed").to_owned();
                lines.push(Line {
                    entry,
                    until: bound("valid_until"),
                    state,
                });
            }
        }
    }
    lines
}

/// Returns whether every group has exactly the expected members, and those whose removal waits for
/// an approval.
pub async fn doors(play: &Play, held: &BTreeSet<Entry>) -> Result<(), String> {
    let may = play.scenario.open(&play.world().await, play.now());
    let mut wanted = may.clone();
    wanted.extend(play.expected.by_hand.iter().chain(held).cloned());
    let mut inside = BTreeSet::new();
    let mut suspended = Vec::new();
    for doors in &play.scenario.doors {
        for line in lines(play, doors).await {
            // If a person is added by hand after Doorstep suspended the account, resuming it is
            // manual too.
            if line.state == "suspended" && may.contains(&line.entry) {
                suspended.push(line.entry.clone());
            }
            // Of a protected person no membership is removed: a shorter one ends by itself.
            let ends = PROTECTED.contains(&line.entry.0.as_str()) && line.until.is_some();
            let spared = ends || play.expected.by_hand.contains(&line.entry);
            if !inside.insert(line.entry.clone()) && !spared {
                return Err(format!("twice in a group: {:?}", line.entry));
            }
        }
    }
    let out: Vec<&Entry> = wanted.difference(&inside).collect();
    let over: Vec<&Entry> = inside.difference(&wanted).collect();
    if out.is_empty() && over.is_empty() && suspended.is_empty() {
        return Ok(());
    }
    Err(format!(
        "at {}: shut out {out:?}, let in {over:?}, asleep {suspended:?}",
        written(play.now())
    ))
}

/// Notes how many members each group has, and all of them together.
pub async fn sizes(play: &mut Play) {
    let mut sizes = BTreeMap::new();
    for doors in play.scenario.doors.clone() {
        for line in lines(play, &doors).await {
            let (_, _, group) = line.entry;
            *sizes.entry(Some((doors.name, group))).or_insert(0) += 1;
            *sizes.entry(None).or_insert(0) += 1;
        }
    }
    for (scope, size) in sizes {
        let most = play.most.entry(scope).or_insert(0);
        *most = size.max(*most);
    }
}

/// Returns whether every membership of Doorstep's at Kisi ends with its window, as far as the model
/// knows.
pub async fn ends(play: &Play) -> Result<(), String> {
    let (world, now) = (play.world().await, play.now());
    let Some(kisi) = play
        .scenario
        .doors
        .iter()
        .find(|doors| doors.kind == "kisi")
    else {
        return Ok(());
    };
    let ours: Vec<Line> = lines(play, kisi)
        .await
        .into_iter()
        .filter(|line| !play.expected.by_hand.contains(&line.entry))
        .collect();
    if ours.is_empty() {
        return Ok(());
    }
    let mut coming = times::after(&world, &play.scenario, now);
    let next = play.scenario.next.iter();
    coming.extend(next.flat_map(|next| next.times_after(now)));
    coming.extend(
        ours.iter()
            .filter_map(|line| line.until)
            .flat_map(|until| [until - 60, until]),
    );
    coming.retain(|at| *at > now && *at < now + 3 * 86_400);
    let seen: Vec<(Minute, BTreeSet<Entry>)> = coming
        .into_iter()
        .map(|at| (at, play.scenario.open(&world, at)))
        .collect();
    // Of a protected person no membership is removed: a shorter one stays beside the longer one.
    let is_outlived = |line: &Line| {
        let others = ours.iter().filter(|other| other.entry == line.entry);
        let last = others.map(|other| other.until.unwrap_or(Minute::MAX)).max();
        PROTECTED.contains(&line.entry.0.as_str())
            && line.until.is_some_and(|until| Some(until) < last)
    };
    for line in ours.iter().filter(|line| !is_outlived(line)) {
        let end = seen
            .iter()
            .find(|(_, open)| !open.contains(&line.entry))
            .map(|(at, _)| *at);
        let near = line.until.filter(|until| *until < now + 3 * 86_400);
        if near != end {
            let text = |at: Option<Minute>| at.map_or("never".to_owned(), written);
            return Err(format!(
                "{:?} ends at {} and should at {}",
                line.entry,
                text(line.until),
                text(end)
            ));
        }
    }
    Ok(())
}

/// Returns whether the audit chain has no gap and every hash is correct.
pub fn chain(audit: &Value) -> Result<(), String> {
    let mut previous = String::new();
    for (place, record) in audit.as_array().expect("a list").iter().enumerate() {
        if record["seq"].as_u64() != Some(place as u64 + 1) || record["previous"] != previous {
            return Err(format!("the audit chain breaks at {record}"));
        }
        previous = text(record, "hash").unwrap_or_default().to_owned();
        let right: doorstep_core::model::audit::Record =
            serde_json::from_value(record.clone()).map_err(|wrong| wrong.to_string())?;
        let bare = doorstep_core::model::audit::Record {
            hash: String::new(),
            ..right
        };
        if previous != hex::encode(Sha256::digest(serde_json::to_vec(&bare).expect("JSON"))) {
            return Err(format!("the audit record has a wrong hash: {record}"));
        }
    }
    Ok(())
}
