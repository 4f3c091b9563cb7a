//! One site's turn: bells mark people due, then whoever is due is served, earliest first, until the time is used up.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Instant;

use jiff::Timestamp;

use super::identity;
use super::look::{Heard, Looker};
use super::order::Next;
use super::turn::Turn;
use crate::delivery::Mention;
use crate::error::Result;
use crate::ledger::dues::{Due, Subject};
use crate::ledger::sites::Stored;
use crate::line::{Bell, Ring};
use crate::outside::Outside;
use crate::platform::told::outdated::{drop_arrivals, drop_rosters};
use crate::site::Site;

/// Serves the bells of one site.
pub async fn serve(outside: &Outside, stored: &Stored, rings: &[Ring]) -> Result<()> {
    let began = Instant::now();
    let site = &stored.site()?;
    let mut until = outside.time.now();
    for ring in rings {
        match &ring.bell {
            Bell::Things(_) | Bell::Account { .. } | Bell::Due | Bell::Roster => {}
            Bell::Alarm(minute) => until = until.max(*minute),
            Bell::Unread => outside.bus.want_reconcile(&site.id).await,
        }
    }
    // Each part of a roster rings, and only the last one to come makes it whole.
    if let Some(contract) = site.platform.kind.vendor().contract()
        && rings.iter().any(|ring| ring.bell == Bell::Roster)
        && drop_rosters(contract, &outside.ledger, &site.id, outside.time.now()).await?
    {
        outside.bus.want_reconcile(&site.id).await;
    }
    let mut marked = look_at_all(outside, site, rings).await?;
    marked.extend(of_accounts(outside, site, rings).await?);
    // Looking took its time: whom it marked in a minute that had not begun yet is due all the same.
    until = until.max(outside.time.now());
    let mut turn = Turn::new(outside, stored, site);
    loop {
        let dues = all_due(outside, site, until, &marked).await?;
        turn.get_to_know(&dues).await?;
        match turn.order.next(dues, began.elapsed()) {
            Next::Done => return Ok(()),
            Next::Ring => {
                outside.ledger.put_dues(&site.id, &marked).await?;
                let bell = Bell::Alarm(until.max(outside.time.now()));
                return outside.line.ring(&Ring::new(&site.id, bell), None).await;
            }
            Next::Serve(portion, slice) => {
                let mut served: HashSet<String> = slice.iter().map(|due| due.mark().to_owned()).collect();
                for due in turn.serve(portion, slice, until).await? {
                    served.remove(due.mark());
                }
                marked.retain(|due| !served.contains(due.mark()));
            }
        }
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
    let things = mentions.iter().map(|(mention, _)| *mention).collect::<Vec<_>>();
    let looker = Looker::in_passing(outside, site).await?;
    for (mention, heard) in mentions {
        looker.look(mention, 0, &heard).await?;
    }
    if let Some(contract) = site.platform.kind.vendor().contract() {
        drop_arrivals(contract, &outside.ledger, &site.id, &things).await?;
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

/// Everything due, earliest first, and then whoever was `marked` in passing, from the first on.
async fn all_due(outside: &Outside, site: &Site, until: Timestamp, marked: &[Due]) -> Result<Vec<Due>> {
    let mut dues = outside.ledger.due_until(&site.id, until).await?;
    dues.extend_from_slice(marked);
    Ok(dues)
}
