//! One site's turn: bells mark people due, then whoever is due is served, earliest first, until the time is used up.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::crowd::is_crowd;
use super::identity;
use super::look::{Heard, Looker};
use super::round::settle_people;
use super::scene::Scene;
use crate::bus::Notice;
use crate::delivery::Mention;
use crate::doors::Standing;
use crate::error::Result;
use crate::ledger::dues::{Due, Subject};
use crate::ledger::sites::Stored;
use crate::line::{Bell, Ring};
use crate::outside::Outside;
use crate::platform::told::reader::waits;
use crate::site::Site;

/// How long one run may serve before it rings again for the rest. The function may take longer to finish a slice.
const TURN: Duration = Duration::from_secs(45);
/// How long a slice shall take. Nothing of it is committed before its last change is made, so one that the function
/// does not live to see the end of would begin again and again.
const SLICE_TIME: Duration = Duration::from_secs(8);
/// Fewest and most due items that are served together, where each may cost calls of its own.
const SLICES: (usize, usize) = (5, 500);
/// Most due items that are served together, where many of them share one call.
const MOST: usize = 2_000;

/// Serves the bells of one site.
pub async fn serve(outside: &Outside, stored: &Stored, rings: &[Ring]) -> Result<()> {
    let began = Instant::now();
    let site = &stored.site()?;
    let mut until = outside.time.now();
    for ring in rings {
        match &ring.bell {
            Bell::Things(_) | Bell::Account { .. } | Bell::Due | Bell::Roster => {}
            Bell::Alarm(minute) => until = until.max(*minute),
            Bell::Unread => outside.bus.publish(&site.id, &[Notice::ReconcileWanted]).await?,
        }
    }
    // Each part of a roster rings, and only the last one to come makes it whole.
    if rings.iter().any(|ring| ring.bell == Bell::Roster)
        && waits(&outside.ledger, &site.id, outside.time.now()).await?
    {
        outside.bus.publish(&site.id, &[Notice::ReconcileWanted]).await?;
    }
    let mut marked = look_at_all(outside, site, rings).await?;
    marked.extend(of_accounts(outside, site, rings).await?);
    // Looking took its time: whom it marked in a minute that had not begun yet is due all the same.
    until = until.max(outside.time.now());
    let mut size = first_size(site);
    let (mut longest, mut crowded) = (Duration::ZERO, None);
    loop {
        let dues = all_due(outside, site, until, &marked).await?;
        if dues.is_empty() {
            return Ok(());
        }
        if began.elapsed() + longest > TURN {
            outside.ledger.put_dues(&site.id, &marked).await?;
            let bell = Bell::Alarm(until.max(outside.time.now()));
            return outside.line.ring(&Ring::new(&site.id, bell), None).await;
        }
        let started = Instant::now();
        let crowd = match crowded {
            Some(known) => known,
            None => *crowded.insert(is_crowd(outside, site, &dues).await?),
        };
        let slice = slice_of(outside, site, dues, size).await?;
        let passing = slice.iter().filter(|due| due.passing).count();
        serve_slice(outside, (stored, site), slice, crowd, until).await?;
        marked.drain(..passing);
        longest = longest.max(started.elapsed());
        size = next_size(size, started.elapsed());
        until = until.max(outside.time.now());
    }
}

/// Looks at everything that the bells are about, each thing once, and gives whom that marked in passing.
async fn look_at_all(outside: &Outside, site: &Site, rings: &[Ring]) -> Result<Vec<Due>> {
    let mut mentions: Vec<(&Mention, Heard)> = Vec::new();
    for ring in rings {
        if let Bell::Things(more) = &ring.bell {
            for mention in more {
                if !mentions.iter().any(|(known, _)| *known == mention) {
                    mentions.push((mention, Heard::of(ring)));
                }
            }
        }
    }
    if mentions.is_empty() {
        return Ok(Vec::new());
    }
    let looker = Looker::in_passing(outside, site).await?;
    for (mention, heard) in mentions {
        looker.look(mention, 0, &heard).await?;
    }
    Ok(looker.marked())
}

/// Whoever has the accounts that the bells are about, each once. What is theirs is read again, and so is the account.
async fn of_accounts(outside: &Outside, site: &Site, rings: &[Ring]) -> Result<Vec<Due>> {
    let accounts = rings.iter().filter_map(|ring| match &ring.bell {
        Bell::Account { doors, id } => Some(((doors, id), Heard::of(ring))),
        Bell::Things(_) | Bell::Alarm(_) | Bell::Due | Bell::Unread | Bell::Roster => None,
    });
    let mut dues = Vec::new();
    for ((doors, id), heard) in accounts.collect::<BTreeMap<_, _>>() {
        let person = identity::whose(outside, site, doors, id).await?;
        dues.extend(person.map(|person| {
            let due = heard.due(outside.time.now(), Subject::Person(person));
            due.with_a_look_at(BTreeSet::from([doors.clone()])).in_passing()
        }));
    }
    Ok(dues)
}

/// How many are served together at first: vendors with bulk calls get one call a group for all of them; where each
/// person costs calls of their own, the rate limit says how many a function can serve.
fn first_size(site: &Site) -> usize {
    let bulk = site.doors.values().all(|config| config.kind.has_bulk_calls());
    if bulk { 100 } else { 20 }
}

/// Twice as many where there is time for it, half as many where there was not.
fn next_size(size: usize, took: Duration) -> usize {
    let (fewest, most) = SLICES;
    let next = if took > SLICE_TIME {
        size / 2
    } else if took * 3 < SLICE_TIME {
        size.saturating_mul(2)
    } else {
        size
    };
    next.clamp(fewest, most)
}

/// Everything due, earliest first, and then whoever was `marked` in passing, from the first on.
async fn all_due(outside: &Outside, site: &Site, until: Timestamp, marked: &[Due]) -> Result<Vec<Due>> {
    let mut dues = outside.ledger.due_until(&site.id, until).await?;
    dues.extend_from_slice(marked);
    Ok(dues)
}

/// The first of these: `size` that may cost calls of their own, and among and behind them those that do not.
async fn slice_of(outside: &Outside, site: &Site, mut dues: Vec<Due>, size: usize) -> Result<Vec<Due>> {
    dues.truncate(MOST);
    if dues.len() > size {
        let cheap = cheap(outside, site, &dues).await?;
        let mut dear = 0;
        dues.retain(|due| {
            let is_cheap = matches!(&due.subject, Subject::Person(id) if cheap.contains(id));
            dear += usize::from(!is_cheap);
            is_cheap || dear <= size
        });
    }
    Ok(dues)
}

/// The people among these whose coming and going is a line in a call that others share: they have an account wherever
/// they could need one, and every door system takes many people at once.
async fn cheap(outside: &Outside, site: &Site, dues: &[Due]) -> Result<BTreeSet<String>> {
    if !site.doors.values().all(|config| config.kind.has_bulk_calls()) {
        return Ok(BTreeSet::new());
    }
    let ids: Vec<String> = dues
        .iter()
        .filter_map(|due| match &due.subject {
            Subject::Person(id) if due.look_at.is_empty() => Some(id.clone()),
            _ => None,
        })
        .collect();
    let people = outside.ledger.people(&site.id, &ids).await?;
    let ready = people.into_iter().filter(|person| {
        let mut accounts = site.doors.keys().map(|doors| person.accounts.get(doors));
        accounts.all(|linked| linked.is_some_and(|linked| linked.account.standing == Standing::Active))
    });
    Ok(ready.map(|person| person.id).collect())
}

async fn serve_slice(
    outside: &Outside,
    (stored, site): (&Stored, &Site),
    slice: Vec<Due>,
    crowded: bool,
    now: Timestamp,
) -> Result<()> {
    let (looks, people): (Vec<Due>, Vec<Due>) =
        slice.into_iter().partition(|due| matches!(due.subject, Subject::Look { .. }));
    if !looks.is_empty() {
        let looker = Looker::new(outside, site).await?;
        for due in &looks {
            if let Subject::Look { mention, looks, delivery } = &due.subject {
                let heard = Heard { delivery: delivery.clone(), rung: None };
                looker.look(mention, *looks, &heard).await?;
            }
        }
        outside.ledger.cross_out(&site.id, &looks).await?;
    }
    if people.is_empty() {
        return Ok(());
    }
    let (scene, writers) = Scene::set(outside, stored, site.clone(), crowded).await?;
    let summons = identity::summon(outside, &site.id, people).await?;
    settle_people(&scene, &writers, summons, now).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_grows_while_there_is_time_and_shrinks_before_a_function_dies_of_it() {
        assert_eq!(next_size(100, Duration::from_millis(900)), 200);
        assert_eq!(next_size(400, Duration::from_millis(900)), 500);
        assert_eq!(next_size(100, Duration::from_secs(5)), 100);
        assert_eq!(next_size(100, Duration::from_secs(30)), 50);
        assert_eq!(next_size(5, Duration::from_secs(30)), 5);
    }
}
