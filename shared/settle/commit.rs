//! The end of one person's round: claims, audit records, next boundary and due item, in one transaction.

use jiff::Timestamp;

use super::apply::Task;
use super::moves::Move;
use super::problems::problems_of;
use super::round::Sitting;
use super::scene::Scene;
use crate::audit::Deed;
use crate::bus::Notice;
use crate::entitlement::{Entitlement, next_boundary};
use crate::error::Result;
use crate::ledger::audits::Chain;
use crate::ledger::dues::{Due, Subject};
use crate::ledger::people::put;
use crate::ledger::{MOST_IN_ONE, Step};
use crate::person::Person;
use crate::window::minutes_later;

/// Most entitlements that are kept with a person for showing.
const MOST_SHOWN: usize = 200;
/// Most records in one transaction: each is two items.
const MOST_DEEDS: usize = 40;

/// What became of one person's round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do.
    Settled,
    /// Something was done from which more may follow.
    Again,
    /// Something failed.
    Failed,
    /// It failed too often; the person is due at a later minute.
    GaveUp,
}

/// Writes down what one person's round came to. The end of the audit chain is handed from one person to the next.
pub async fn commit(
    scene: &Scene,
    sitting: Sitting,
    mut task: Task,
    now: Timestamp,
    chain: &mut Option<Chain>,
) -> Result<Outcome> {
    // A refusal, too, may be over in a minute: a key renewed, a field freed, a vendor that was wrong about it.
    let failed = !task.failures.is_empty();
    if failed && !sitting.last && task.person == sitting.case.person && task.deeds.is_empty() {
        return Ok(Outcome::Failed);
    }
    let problems = problems_of(scene, &sitting, &task);
    let before = sitting.case.person;
    let person = &mut task.person;
    person.problems = problems;
    person.entitlements = shown(sitting.derived.entitlements, now);
    person.next = next_boundary(&sitting.desired, now);
    let outcome = match (failed, sitting.last) {
        (false, _) => {
            person.failures = 0;
            if needs_aftercare(&task.moves) { Outcome::Again } else { Outcome::Settled }
        }
        (true, false) => Outcome::Failed,
        (true, true) => {
            person.failures += 1;
            let retry = minutes_later(now, back_off(person.failures));
            person.next = Some(person.next.map_or(retry, |next| next.min(retry)));
            Outcome::GaveUp
        }
    };
    let written = match write(scene, &before, &mut task, now, chain).await {
        Ok(()) => Ok(outcome),
        // Somebody was faster: what was done stays an intent, and the next round finds out.
        Err(error) if error.may_pass() && !sitting.last => Ok(Outcome::Failed),
        Err(error) => Err(error),
    };
    tell(scene, &task.deeds).await;
    written
}

/// After somebody left their last group, their account may be suspended or deleted.
fn needs_aftercare(moves: &[(String, Move)]) -> bool {
    moves.iter().any(|(_, step)| matches!(step, Move::Revoke { .. } | Move::Tidy { .. }))
}

/// Minutes until somebody who failed this often is tried again.
fn back_off(failures: u32) -> i64 {
    1 << failures.saturating_sub(4).min(3)
}

fn shown(mut entitlements: Vec<Entitlement>, now: Timestamp) -> Vec<Entitlement> {
    entitlements.retain(|entitlement| entitlement.window.until.is_none_or(|until| until > now));
    entitlements.sort_by_key(|entitlement| entitlement.window);
    entitlements.truncate(MOST_SHOWN);
    entitlements
}

async fn write(
    scene: &Scene,
    before: &Person,
    task: &mut Task,
    now: Timestamp,
    known: &mut Option<Chain>,
) -> Result<()> {
    let (site, ledger) = (scene.site.id.as_str(), &scene.outside.ledger);
    let person = &mut task.person;
    if *person == *before && task.deeds.is_empty() && task.writes.is_empty() {
        return Ok(());
    }
    let me = Subject::Person(person.id.clone());
    let mut writes = std::mem::take(&mut task.writes);
    if let Some(next) = person.next {
        // An alarm that turns out to be needless does no harm; a due item without an alarm would wait for reconcile.
        scene.alarm(crate::window::floor_minute(next)).await?;
        writes.push(Due::at(next, me.clone()).put(site)?);
    }
    let moved = before.next.filter(|&old| old > now && person.next != Some(old));
    writes.extend(moved.map(|old| Due::delete(site, old, &me)));
    let mut chain = match known.take() {
        Some(chain) => chain,
        None => ledger.chain(site).await?,
    };
    let (early, late) = task.deeds.split_at(task.deeds.len().saturating_sub(MOST_DEEDS));
    for deeds in early.chunks(MOST_DEEDS) {
        ledger.write_all(Step::Keep, chain.join(site, &person.id, now, deeds)?).await?;
    }
    writes.extend(chain.join(site, &person.id, now, late)?);
    debug_assert!(writes.len() < MOST_IN_ONE, "links and records of one person fit one transaction");
    writes.insert(0, put(site, person)?);
    ledger.write_all(Step::Commit, writes).await?;
    *known = Some(chain);
    person.version += 1;
    Ok(())
}

/// Publishes what was done. The chain is the record; a bus that is away takes nothing from it.
async fn tell(scene: &Scene, deeds: &[Deed]) {
    let notices: Vec<Notice> = deeds.iter().cloned().map(Notice::Changed).collect();
    if let Err(error) = scene.outside.bus.publish(&scene.site.id, &notices).await {
        tracing::warn!(site = scene.site.id, %error, "what was done could not be published");
    }
}
