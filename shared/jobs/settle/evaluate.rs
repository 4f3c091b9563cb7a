//! The evaluation of one person: pure. It derives from the facts and the rules which access the person should have.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::identity::WorkItem;
use super::load::PersonState;
use super::site_context::SiteContext;
use doorstep_core::decide::cards::Number;
use doorstep_core::decide::entitlement::{Derived, Desired, derive, desired};
use doorstep_core::decide::guest_seats::resume_at;
use doorstep_core::decide::person::concerned;
use doorstep_core::model::account::GroupRef;

/// One person's evaluation in one round.
pub struct Evaluation {
    /// The person and the facts, as loaded.
    pub case: PersonState,
    /// The entitlements that follow from facts and rules.
    pub derived: Derived,
    /// The desired access: the entitlements, merged.
    pub desired: Desired,
    /// Groups to compare.
    pub groups: BTreeSet<GroupRef>,
    /// This is the last try of this run.
    pub last: bool,
    /// The instant of the request. It lies before `now` if earlier tries failed.
    pub asked: Timestamp,
    /// What requested this evaluation, as text; `None` if a minute had come.
    pub cause: Option<String>,
    /// Groups whose members are to be adopted.
    pub adopt: BTreeSet<GroupRef>,
    /// Door systems where the account must be fetched.
    pub look_at: BTreeSet<String>,
    /// The person's card numbers.
    pub numbers: Vec<Number>,
    /// Door systems whose cards are to be adopted.
    pub adopt_cards: BTreeSet<String>,
    /// The next instant at which a window of the person opens or closes, or an account is to be resumed.
    pub next: Option<Timestamp>,
}

/// Evaluates one person: the entitlements that follow from facts and rules, and the groups to compare. `last` marks the
/// last try of this run.
pub fn evaluate(
    scene: &SiteContext,
    case: PersonState,
    called: Option<&WorkItem>,
    last: bool,
    now: Timestamp,
) -> Evaluation {
    let derived = derive(scene.rules(), &case.dossier, now);
    let desired = desired(&derived.entitlements);
    let more = called.map(|summons| summons.groups.as_slice()).unwrap_or_default();
    let groups = concerned(&case.person, &desired, now, more);
    let adopt = called.map(|summons| summons.adopt.clone()).unwrap_or_default();
    let look_at = called.map(|summons| summons.look_at.clone()).unwrap_or_default();
    let adopt_cards = called.map(|summons| summons.adopt_cards.clone()).unwrap_or_default();
    let numbers = case.dossier.cards();
    let next = scene.baseline.next_boundary(scene.rules(), &case.dossier, &desired, now);
    let next = next.into_iter().chain(resume_at(&case.person, &desired, &scene.terms, now)).min();
    let asked = called.map_or(now, |summons| summons.asked(now));
    let asked = case.person.waiting.map_or(asked, |waiting| waiting.min(asked));
    let cause = called.and_then(WorkItem::cause);
    Evaluation { next, case, derived, desired, groups, last, asked, cause, adopt, look_at, numbers, adopt_cards }
}
