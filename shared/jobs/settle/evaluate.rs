//! The evaluation of one person: pure. It derives from the facts and the rules which access the
//! person should have.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::attempts::Attempts;
use super::identity::WorkItem;
use super::load::PersonState;
use super::site_context::SiteContext;
use doorstep_core::decide::cards::Number;
use doorstep_core::decide::entitlement::{Derived, Desired, derive, desired};
use doorstep_core::decide::guest_seats::resume_at;
use doorstep_core::decide::person::concerned;
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::cause::Cause;
use doorstep_core::model::ids::DoorsName;

/// One person's evaluation in one round.
pub struct Evaluation {
    /// The person and the facts, as loaded.
    pub state: PersonState,
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
    /// What requested this evaluation; `None` if a minute had come.
    pub cause: Option<Cause>,
    /// Groups whose members are to be adopted.
    pub adopt: BTreeSet<GroupRef>,
    /// Door systems where the account must be fetched.
    pub refetch_at: BTreeSet<DoorsName>,
    /// The person's card numbers.
    pub numbers: Vec<Number>,
    /// Door systems whose cards are to be adopted.
    pub adopt_cards: BTreeSet<DoorsName>,
    /// The next instant at which a window of the person opens or closes, or an account is to be
    /// resumed.
    pub next: Option<Timestamp>,
}

/// Evaluates everyone in a round.
pub fn evaluate(
    context: &SiteContext,
    attempts: &Attempts,
    people: Vec<PersonState>,
) -> Vec<Evaluation> {
    people
        .into_iter()
        .map(|state| evaluate_one(context, attempts, state))
        .collect()
}

fn evaluate_one(context: &SiteContext, attempts: &Attempts, state: PersonState) -> Evaluation {
    let (item, last) = (
        attempts.item(&state.person.id),
        attempts.is_last_try(&state.person.id),
    );
    let now = context.now;
    let derived = derive(context.rules(), &state.facts, now);
    let desired = desired(&derived.entitlements);
    let more = item.map(|item| item.groups.as_slice()).unwrap_or_default();
    let groups = concerned(&state.person, &desired, now, more);
    let adopt = item.map(|item| item.adopt.clone()).unwrap_or_default();
    let refetch_at = item.map(|item| item.refetch_at.clone()).unwrap_or_default();
    let adopt_cards = item
        .map(|item| item.adopt_cards.clone())
        .unwrap_or_default();
    let numbers = state.facts.cards();
    let next = context
        .baseline
        .next_boundary(context.rules(), &state.facts, &desired, now);
    let next = next
        .into_iter()
        .chain(resume_at(&state.person, &desired, &context.systems, now))
        .min();
    let asked = item.map_or(now, |item| item.asked(now));
    let asked = state
        .person
        .waiting
        .map_or(asked, |waiting| waiting.min(asked));
    let cause = item.and_then(WorkItem::cause);
    Evaluation {
        next,
        state,
        derived,
        desired,
        groups,
        last,
        asked,
        cause,
        adopt,
        refetch_at,
        numbers,
        adopt_cards,
    }
}
